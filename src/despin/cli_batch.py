"""The commands for many documents: `despin run`, and `despin undo` of a folder. Start with `run`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from despin.settings import LEVELS
from despin.values import DespinError

# Those of despin.batch.options, which is not imported for its names alone: `--help` should be quick.
KEEP = ("flag", "no-flag", "abstain", "all")
INTERRUPTED = 130


WITHOUT_OPTION = click.option(
    "--without", multiple=True, metavar="RULE", help="Leave this rule out, as spin.pair, or this kind. May be repeated."
)
OWN_OPTIONS = (
    click.option("--map", "maps", multiple=True, type=click.Path(), metavar="FILE", help="A synonym map of your own."),
    click.option("--words", multiple=True, type=click.Path(), metavar="FILE", help="Words of your own, one a line."),
    click.option(
        "--confusions", multiple=True, type=click.Path(), metavar="FILE", help="Confusions of letters of your own."
    ),
)


def read_config(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """Take the options of a TOML file as the defaults of this command."""
    if value is None:
        return None
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
    except ImportError:
        raise DespinError("a config file needs the package tomli: pip install 'despin[batch]'") from None
    try:
        given = tomllib.loads(Path(value).read_text(encoding="utf-8"))
    except OSError as error:
        raise DespinError(f"{value} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DespinError(f"{value} is no TOML: {error}") from None
    context.default_map = {**(context.default_map or {}), **config_values(given, context.command, value)}
    return value


def config_values(given: Mapping[str, Any], command: click.Command, file: str) -> dict[str, Any]:
    """The settings of a config file by the names of the command's parameters; keys are the long names of options."""
    names = {str(option.name): option for option in command.params if option.name not in ("config", "resume", "help")}
    # an option that may be repeated is called after one of its values: --map gives maps
    called = {option.opts[-1].lstrip("-").replace("-", "_"): name for name, option in names.items()}
    values = {}
    for key, value in given.items():
        name = key.replace("-", "_")
        name = called.get(name, name)
        if name not in names:
            known = ", ".join(sorted(one.replace("_", "-") for one in called))
            raise DespinError(f"{file}: {key!r} is no setting; use {known}")
        many = names[name].multiple if isinstance(names[name], click.Option) else names[name].nargs == -1
        values[name] = [value] if many and not isinstance(value, list) else value
    return values


@click.command(
    epilog="""\b
Exit codes:
  0    done; rejected records and files are counted, and listed in rejected.jsonl
  2    wrong usage, or the run cannot begin or go on
  130  interrupted; --resume goes on"""
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", required=True, type=click.Path(), metavar="DIR", help="The folder to write to.")
@click.option("--resume", is_flag=True, help="Go on with the run that DIR holds; begin where it holds none.")
@click.option("--dry-run", is_flag=True, help="Read and count, write no file.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="How many processes.")
@click.option(
    "--level",
    type=click.Choice(list(LEVELS)),
    default="balanced",
    show_default=True,
    help="How much evidence a change needs.",
)
@click.option("--context", default="default", show_default=True, help="The context model.")
@click.option("--protect", multiple=True, metavar="TERM", help="Never change this term. May be repeated.")
@WITHOUT_OPTION
@OWN_OPTIONS[0]
@OWN_OPTIONS[1]
@OWN_OPTIONS[2]
@click.option("--score-only", is_flag=True, help="Write score and verdict, change no text.")
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(KEEP),
    default=("all",),
    show_default=True,
    help="Keep records with this verdict, set the others aside. May be repeated.",
)
@click.option("--text-column", default="text", show_default=True, metavar="NAME", help="Where records have their text.")
@click.option("--id-column", default="id", show_default=True, metavar="NAME", help="Where records have their name.")
@click.option("--prefix", default="despin_", show_default=True, help="What the added columns' names begin with.")
@click.option(
    "--max-chars",
    type=click.IntRange(1),
    default=1_000_000,
    show_default=True,
    help="Reject records with longer texts.",
)
@click.option("--delimiter", default=",", show_default=True, help="What stands between the fields of .csv files.")
@click.option(
    "--config",
    type=click.Path(),
    metavar="FILE",
    is_eager=True,
    callback=read_config,
    help="A TOML file with these options, by their long names.",
)
def run(
    inputs: tuple[str, ...], output: str, resume: bool, dry_run: bool, workers: int, config: str | None, **settings: Any
) -> None:
    """Repair all documents in files, folders and patterns, and write the same kind of files to DIR.

    Reads .txt, .jsonl, .csv, .tsv and .parquet, plain or with .gz or .zst. The output has score and verdict in two
    columns more; DIR/edits holds what undoes each change, DIR/aside every record that is not in the output,
    rejected.jsonl those that could not be read and why, stats.json what was counted. The statistics also go to
    standard output. `despin undo DIR` gives all input files back.
    """  # fmt: skip
    from despin.batch.options import Options
    from despin.batch.runner import run as run_batch

    try:
        stats = run_batch(inputs, output, Options(**settings), workers, resume, dry_run, say=say)
    except KeyboardInterrupt:
        say("interrupted" if dry_run else "interrupted; run it again with --resume to go on")
        click.get_current_context().exit(INTERRUPTED)
    click.echo(json.dumps(stats, indent=2))
    if stats["rejected"] or stats["files"]["rejected"]:
        say(
            f"{stats['rejected']} records and {stats['files']['rejected']} files were rejected; "
            f"see {Path(output) / 'rejected.jsonl'}"
        )


def undo_folder(folder: str, output: str | None) -> None:
    """Give the input files of a run back."""
    from despin.batch.undoing import ORIGINALS, undo_run

    count = undo_run(folder, output)
    say(f"{count} files written to {output or Path(folder) / ORIGINALS}")


def say(line: str) -> None:
    """A line for people."""
    from despin.explain import visible

    click.echo(f"despin: {visible(line)}", err=True)
