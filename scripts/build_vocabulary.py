"""Build `data/lexicon/words.txt`: the one vocabulary that every table refers to by line number.

The 100,000 most frequent English words of wordfreq's large list that are made of the letters a-z, with at most one
inner apostrophe; most frequent first, ties in alphabetical order, so that the file is the same on every machine.
Start reading at `vocabulary`.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import wordfreq

TARGET = Path(__file__).parents[1] / "data" / "lexicon" / "words.txt"

# 100,000 words reach down to a frequency of about 2e-8: rarer words have no usable n-gram evidence, and the dense
# context table grows with every row.
SIZE = 100_000

# One inner apostrophe keeps contractions and possessives (isn't, o'clock, patient's); digits and accents have classes
# of their own in the context model.
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def vocabulary(size: int = SIZE) -> list[str]:
    """The `size` most frequent words, most frequent first."""
    frequencies = wordfreq.get_frequency_dict("en", wordlist="large")
    words = [(-frequency, word) for word, frequency in frequencies.items() if WORD.fullmatch(word)]
    return [word for _, word in sorted(words)[:size]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed file instead of writing it")
    arguments = parser.parse_args()
    built = "\n".join(vocabulary()) + "\n"
    if arguments.check:
        same = TARGET.read_text(encoding="utf-8") == built
        print("words.txt is as built" if same else "words.txt differs from what the installed wordfreq gives")
        return 0 if same else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(built, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
