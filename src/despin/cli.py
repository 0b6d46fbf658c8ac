"""The command line. Start with `repair`; `read_text` and `deliver` are the only ways in and out.

Texts and records go to standard output, or to files that are written whole or not at all; everything else goes to
standard error. Bytes are kept as they are: line ends, and a byte order mark, which belongs to the file and not to the
text that is repaired.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

import despin
from despin import cli_batch
from despin import decisions as decisions_
from despin import edits as edits_
from despin import explain as explain_
from despin.edits import Record
from despin.report import report_page
from despin.results import Repair, Score
from despin.settings import LEVELS
from despin.values import DespinError, Edit

STDIN = "-"
# The options that name files of the user's own knowledge, as `despin.load_resources` calls them.
OWN = ("maps", "words", "confusions")
BOM = "\ufeff"
# Those of despin.detect.citations, which is not imported for its names alone: `--help` should be quick.
CITATION_STYLES = ("brackets", "parentheses", "superscript", "bare")
FLAGGED = 1
INPUT_ERROR = 2
# What a shell reports for a program that a closed pipe ended: 128 + SIGPIPE.
PIPE_CLOSED = 141

EXIT_CODES = """\b
Exit codes:
  0    done
  1    `score --exit-code` flagged a text
  2    wrong usage or input: nothing was written
  141  the reader of the output closed it early"""

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


class Failure(click.ClickException):
    """Input that cannot be used: one line on standard error."""

    exit_code = INPUT_ERROR

    def show(self, file: Any = None) -> None:
        """Say it in one line, whatever the message holds."""
        click.echo(
            f"despin: error: {explain_.visible(self.format_message())}",
            file=file,
            err=True,
        )


class Commands(click.Group):
    """The commands, with the library's errors told as one line each."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except DespinError as error:
            raise Failure(str(error)) from error
        except BrokenPipeError:
            # Python would complain once more when it flushes on exit; give it somewhere to flush to.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(PIPE_CLOSED)


@click.group(
    cls=Commands,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(despin.__version__, prog_name="despin")
def main() -> None:
    """Find machine-rewritten and misread English, put the original wording back, and undo any of it."""


# ---------------------------------------------------------------------------------------------------------------------
# Options that several commands share

file_argument = click.argument("file", default=STDIN, type=click.Path(allow_dash=True))
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON in place of text.")
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Write to this file, whole or not at all, in place of standard output.",
)


context_option = click.option(
    "--context",
    type=click.Choice(("default", "lm")),
    default="default",
    show_default=True,
    help="Who judges wordings: the shipped n-grams, or SmolLM2 on top of them (the extra lm).",
)


def own_options(command: Wrapped) -> Wrapped:
    """The options that name files of the user's own knowledge."""
    for option in reversed(cli_batch.OWN_OPTIONS):
        command = option(command)
    return command


def with_tables(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the files of the user's own knowledge read."""
    from despin.own import words_of

    rest = {name: value for name, value in settings.items() if name not in OWN}
    own = {**{name: settings[name] for name in OWN}, "words": words_of(settings["words"])}
    return {**rest, "resources": despin.load_resources(settings.get("lang", "en"), **own)}


def repair_options(command: Wrapped) -> Wrapped:
    """The options that decide how a text is repaired."""
    for option in reversed(
        (
            click.option(
                "--level",
                type=click.Choice(list(LEVELS)),
                default="balanced",
                show_default=True,
                help="How much evidence a change needs.",
            ),
            context_option,
            click.option(
                "--lang", default="en", show_default=True, help="Language of the text; others than English get less."
            ),
            click.option(
                "--citation-style",
                type=click.Choice(CITATION_STYLES),
                help="How citations are written.  [default: as elsewhere in the text]",
            ),
            click.option(
                "--protect",
                multiple=True,
                metavar="TERM",
                help="Never change this term. May be repeated.",
            ),
            cli_batch.WITHOUT_OPTION,
            *cli_batch.OWN_OPTIONS,
        )
    ):
        command = option(command)
    return command


# ---------------------------------------------------------------------------------------------------------------------
# Commands


@main.command(epilog=EXIT_CODES)
@file_argument
@output_option
@click.option(
    "--record",
    "record_file",
    type=click.Path(),
    help="Write the record that `despin undo` needs.",
)
@click.option(
    "--decisions",
    "decisions_file",
    type=click.Path(),
    help="Make just the edits that were decided on in the page of `despin report`.",
)
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="Say nothing on standard error when all is well.",
)
@json_option
@repair_options
def repair(
    file: str,
    output: str | None,
    record_file: str | None,
    decisions_file: str | None,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Repair FILE, or standard input.

    With --json the output is one object: the text, the record, the scores before and after. With --decisions the
    options that decide how a text is repaired are not used: they were when the report was made.
    """
    if record_file is not None and output is not None and os.path.realpath(record_file) == os.path.realpath(output):
        raise click.UsageError("--record and --output name the same file.")
    if record_file is not None and file != STDIN and os.path.realpath(record_file) == os.path.realpath(file):
        raise click.UsageError("--record names the text itself, which would be lost; name another file.")
    mark, text = read_text(file)
    if decisions_file is not None:
        result = as_decided(text, decisions_file)
    else:
        result = despin.repair(text, **with_tables(settings))
    record = result.record(id="" if file == STDIN else file)
    written: dict[str | None, str] = {}
    if record_file is not None:
        written[record_file] = record.to_json() + "\n"
    written[output] = one_line(repair_values(result, record)) if as_json else mark + result.text
    deliver(written)
    if not quiet:
        click.echo(f"despin: {summary(result)}", err=True)


@main.command(epilog=EXIT_CODES)
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True), metavar="[FILE]...")
@click.option("--passages", is_flag=True, help="Score each passage as well.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when a text is flagged.")
@context_option
@own_options
@json_option
def score(files: tuple[str, ...], passages: bool, exit_code: bool, as_json: bool, **settings: Any) -> None:
    """Say how likely each FILE, or standard input, is to have been rewritten by a machine.

    With --json the output is one object for each file, a line each.
    """
    flagged = False
    settings = with_tables(settings)
    pieces: list[str] = []
    for file, (_, text) in [(file, read_text(file)) for file in files or (STDIN,)]:
        whole = despin.score(text, **settings)
        parts = despin.passages(text, **settings) if passages else ()
        flagged = flagged or whole.verdict == "flag"
        if as_json:
            value: dict[str, Any] = {"file": file, **dataclasses.asdict(whole)}
            if passages:
                value["passages"] = [dataclasses.asdict(part) for part in parts]
            pieces.append(one_line(value))
        else:
            pieces.append(f"{explain_.visible(file)}: {score_words(whole)}\n")
            pieces += (f"  {part.start}-{part.end}: {score_words(part.score)}\n" for part in parts)
    deliver({None: "".join(pieces)})
    if exit_code and flagged:
        click.get_current_context().exit(FLAGGED)


@main.command(epilog=EXIT_CODES)
@file_argument
@output_option
@json_option
@repair_options
def explain(file: str, output: str | None, as_json: bool, **settings: Any) -> None:
    """Say what would be changed in FILE, or standard input, what would not, and why.

    The numbers of the edits are those that `despin undo --only` takes.
    """
    _, text = read_text(file)
    result = despin.repair(text, **with_tables(settings))
    if as_json:
        deliver({output: one_line(explain_values(result))})
    else:
        color = output is None and wants_color()
        parts: list[str] = []
        if result.before:
            parts += (f"score: {score_words(result.before)}", *explain_.because(result.before.evidence, color), "")
        deliver({output: "\n".join([*parts, result.explain(color)])})


main.add_command(cli_batch.run)


@main.command(epilog=EXIT_CODES)
@click.argument("record", type=click.Path(allow_dash=True))
@click.argument("text", default=STDIN, type=click.Path(allow_dash=True))
@output_option
@click.option(
    "--only",
    type=int,
    multiple=True,
    metavar="N",
    help="Undo just this edit. May be repeated.",
)
@click.option(
    "--list",
    "listed",
    is_flag=True,
    help="List the record's edits with their numbers; change nothing.",
)
def undo(record: str, text: str, output: str | None, only: tuple[int, ...], listed: bool) -> None:
    """Give the original back from RECORD and the repaired TEXT, or standard input.

    TEXT must be exactly what `despin repair` wrote: the record's digests are checked first. With --only the record no
    longer fits what is written.

    Where RECORD is the output folder of `despin run`, all input files of the run are written to --output, a folder, or
    to its subfolder `originals`.
    """
    if os.path.isdir(record):
        if listed or only or text != STDIN:
            raise click.UsageError("a folder is undone as a whole; only --output goes with it.")
        cli_batch.undo_folder(record, output)
        return
    if record == text == STDIN and not listed:
        raise click.UsageError("RECORD and TEXT cannot both be read from standard input.")
    stored = read_record(record)
    if listed:
        flat = edits_.compose(stored.steps)
        lines = (
            f"{number}. {edit.start}-{edit.end}: {explain_.sentence(edit)}\n" for number, edit in enumerate(flat, 1)
        )
        deliver({output: "".join(lines)})
        return
    mark, repaired = read_text(text)
    deliver({output: mark + edits_.undo(repaired, stored, numbered(stored, only) if only else None)})


@main.command(epilog=EXIT_CODES)
@click.argument("phrase")
@click.option("--left", default="", help="What stands before the phrase.")
@click.option("--right", default="", help="What stands after the phrase.")
@click.option(
    "-n",
    "count",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="How many at most.",
)
@context_option
@own_options
@json_option
def suggest(phrase: str, left: str, right: str, count: int, as_json: bool, **settings: Any) -> None:
    """Say what PHRASE may have been before it was rewritten, best first."""
    found = despin.suggest(phrase, left=left, right=right, n=count, **with_tables(settings))
    if as_json:
        deliver({None: "".join(one_line(dataclasses.asdict(one)) for one in found)})
        return
    for one in found:
        reasons = "; ".join(explain_.reason(evidence) for evidence in one.evidence)
        deliver({None: f"{one.confidence:.2f}  {explain_.visible(one.text)}{f'  ({reasons})' if reasons else ''}\n"})
    if not found:
        click.echo("despin: nothing better is known for this phrase", err=True)


@main.command(epilog=EXIT_CODES)
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True), metavar="FILE...")
@click.option("-o", "--output", type=click.Path(), required=True, help="Write the page to this file.")
@repair_options
def report(files: tuple[str, ...], output: str, **settings: Any) -> None:
    """Write a page about each FILE on which every edit can be looked at, accepted and rejected.

    The page is one file and needs no network. "Download decisions" in it writes a file for `despin repair --decisions`.
    """
    if any(file != STDIN and os.path.realpath(file) == os.path.realpath(output) for file in files):
        raise click.UsageError("--output names one of the texts, which would be lost; name another file.")
    texts = [(file, read_text(file)[1]) for file in files]
    settings = with_tables(settings)
    repairs = [(file, despin.repair(text, **settings)) for file, text in texts]
    scored = {"context": settings["context"], "resources": settings["resources"]}
    page = report_page(
        (file, result, despin.passages(result.original, **scored) if result.before else ()) for file, result in repairs
    )
    deliver({output: page})
    click.echo(
        f"despin: {output} holds {len(texts)} text{'s' if len(texts) > 1 else ''}; open it in a browser", err=True
    )


@main.command(epilog=EXIT_CODES)
@click.option(
    "--plain",
    is_flag=True,
    help="Write the spun page and nothing else, to try the other commands on.",
)
@repair_options
def demo(plain: bool, **settings: Any) -> None:
    """Repair a spun page that comes with despin, and say what was done to it."""
    page = resources.files("despin").joinpath("demo.txt").read_bytes().decode("utf-8")
    if plain:
        deliver({None: page})
        return
    result = despin.repair(page, **with_tables(settings))
    color = wants_color()
    undone = "undone again, it is the page as it was" if result.undo() == page else "undoing it failed"
    parts = [
        heading("As it was found", color) + page,
        heading("Repaired", color) + result.text,
        heading("What was changed", color) + explain_.diff(page, result.edits, color),
        heading("Why", color) + result.explain(color),
        f"\n{summary(result)}; {undone}.\n",
    ]
    deliver({None: "\n".join(parts)})


# ---------------------------------------------------------------------------------------------------------------------
# In


def read_text(file: str) -> tuple[str, str]:
    """The byte order mark of a UTF-8 file, if it has one, and the text after it with its line ends as they are."""
    name = "standard input" if file == STDIN else file
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as error:
        raise Failure(f"{name} cannot be read: {error.strerror}.") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        hint, encoding = ("UTF-16", "utf-16") if wide else ("another encoding", "latin1")
        raise Failure(
            f"{name} is not UTF-8 (byte 0x{data[error.start]:02x} at {error.start}), perhaps {hint}: "
            f"convert it first, as with `iconv -f {encoding} -t utf-8`."
        ) from None
    return (BOM, text[1:]) if text.startswith(BOM) else ("", text)


def read_record(file: str) -> Record:
    """The record in a file; its errors name the file."""
    _, text = read_text(file)
    try:
        return Record.from_json(text)
    except DespinError as error:
        raise Failure(f"{'standard input' if file == STDIN else file}: {error}") from error


def as_decided(text: str, file: str) -> Repair:
    """The repair that a reader's file of decisions asks for; its errors name the file."""
    try:
        return decisions_.repair_as_decided(text, read_text(file)[1])
    except DespinError as error:
        raise Failure(f"{file}: {error}") from error


def numbered(record: Record, numbers: Iterable[int]) -> Iterator[tuple[int, Edit]]:
    """The recorded edits that make up the edits with these numbers, counted from 1 in the composed list."""
    traced = edits_.trace(record.steps)
    for number in numbers:
        if not 1 <= number <= len(traced):
            raise Failure(f"--only {number}: the record has edits 1 to {len(traced)}; see `despin undo --list`.")
        yield from traced[number - 1][1]


# ---------------------------------------------------------------------------------------------------------------------
# Out


def deliver(written: Mapping[str | None, str]) -> None:
    """Write each text to its file, or for None to standard output: files first, and all of them or none.

    Each file is written under another name beside it and then put in its place at once.
    """
    with contextlib.ExitStack() as stack:
        ready = [(draft(file, text, stack), file) for file, text in written.items() if file is not None]
        for temporary, file in ready:
            place(temporary, file)
    if None in written:
        stream = sys.stdout.buffer
        stream.write(encoded(written[None]))
        stream.flush()


def draft(file: str, text: str, stack: contextlib.ExitStack) -> str:
    """Write the text to a temporary file beside the one that is meant; the stack removes it if it is left over."""
    target = os.path.realpath(file)  # a link is kept, and what it names is written
    try:
        if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
            fail_to_write(file, "it is not a regular file")
        handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(target)}.", dir=os.path.dirname(target))
        stack.callback(discard, temporary)
        with os.fdopen(handle, "wb") as stream:
            os.chmod(temporary, mode_of(target))
            stream.write(encoded(text))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        fail_to_write(file, str(error.strerror))
    return temporary


def place(temporary: str, file: str) -> None:
    """Put a finished file in the place of the one that is meant."""
    try:
        os.replace(temporary, os.path.realpath(file))
    except OSError as error:
        fail_to_write(file, str(error.strerror))


def mode_of(target: str) -> int:
    """The permissions of the file, or those that a new one gets; a temporary file has none for others."""
    if os.path.exists(target):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def discard(temporary: str) -> None:
    """Remove a temporary file, if it is still there."""
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def fail_to_write(file: str, why: str) -> NoReturn:
    """Say that a file cannot be written."""
    raise Failure(f"{file} cannot be written: {why}.")


def encoded(text: str) -> bytes:
    """UTF-8; surrogates can stand in a record, see `Record.to_json`."""
    return text.encode("utf-8", "surrogatepass")


def wants_color() -> bool:
    """Whether standard output is a terminal that shows colours and nobody asked for none (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


# ---------------------------------------------------------------------------------------------------------------------
# Words and JSON


def summary(result: Repair) -> str:
    """A repair in a few words."""
    counts = (("edit", len(result.edits)), ("refusal", len(result.refusals)))
    said = [f"{count} {what}{'s' * (count != 1)}" for what, count in counts]
    if result.before and result.before.verdict == "abstain":
        said.append(f"no verdict on rewriting ({explain_.visible(result.before.reason)})")
    elif result.before and result.after:
        said.append(f"probability of rewriting {result.before.probability:.2f} -> {result.after.probability:.2f}")
    if result.note:
        said.append(result.note)
    return ", ".join(said)


def score_words(score: Score) -> str:
    """A score in a few words."""
    family = f", like {score.family}" if score.family else ""
    return (
        f"{score.verdict}, probability of rewriting {score.probability:.2f}{family} ({explain_.visible(score.reason)})"
    )


def heading(words: str, color: bool) -> str:
    """A line that opens a part of what is shown."""
    return f"{click.style(words, bold=True) if color else words}\n{'-' * len(words)}\n"


def repair_values(result: Repair, record: Record) -> dict[str, Any]:
    """What `repair --json` writes."""
    return {
        "text": result.text,
        "record": json.loads(record.to_json()),
        "before": result.before and dataclasses.asdict(result.before),
        "after": result.after and dataclasses.asdict(result.after),
    }


def explain_values(result: Repair) -> dict[str, Any]:
    """What `explain --json` writes."""
    return {
        "before": result.before and dataclasses.asdict(result.before),
        "after": result.after and dataclasses.asdict(result.after),
        "edits": [{**dataclasses.asdict(edit), "sentence": explain_.sentence(edit)} for edit in result.edits],
        "refusals": [
            {**dataclasses.asdict(refusal), "sentence": explain_.refused(refusal)} for refusal in result.refusals
        ],
        "signature": result.signature,
    }


def one_line(value: Mapping[str, Any]) -> str:
    """A value as JSON on a line of its own, ASCII only."""
    return json.dumps(value) + "\n"
