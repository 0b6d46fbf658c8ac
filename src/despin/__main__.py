"""``python -m despin``: the command line of `despin.cli`."""

from despin.cli import main

if __name__ == "__main__":
    main(prog_name="despin")
