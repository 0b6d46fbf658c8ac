"""Input files: which there are, what they become, how each is cut into blocks. Start with `find_shards`."""

from __future__ import annotations

import codecs
import glob
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from despin.batch import parquet
from despin.batch.formats import Csv, Format, Jsonl, Txt, Unit
from despin.batch.options import BatchError, Options
from despin.batch.streams import CHUNK, Hashed, Unreadable, chunks, packing_of
from despin.batch.units import Block

# What files are read, by the suffix before that of the packing.
FORMATS: dict[str, Callable[[Options], Format]] = {
    ".txt": Txt,
    ".jsonl": Jsonl,
    ".ndjson": Jsonl,
    ".csv": Csv,
    ".tsv": lambda options: Csv(options, "\t"),
}
PARQUET = ".parquet"
SUFFIXES = (*FORMATS, PARQUET)

# Names in the output folder that the run itself uses.
OWN_NAMES = ("aside", "edits", "manifest.json", "originals", "rejected.jsonl", "stats.json")

# Bytes of a block: some tenths of a second of work, so that workers end together and little is done again on resuming.
BLOCK = 200_000


@dataclass(frozen=True, slots=True)
class Shard:
    """An input file. name: that of its output, relative to the output folder. kind: one of `SUFFIXES`."""

    path: Path
    name: str
    kind: str
    packing: str


class Position(NamedTuple):
    """How far a file was read: blocks, and units before the next block; the digest of the content up to there."""

    blocks: int
    units: int
    digest: str


class Stamp(NamedTuple):
    """What the file system says of a file, in which a change of it shows."""

    size: int
    time: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """From what `os.stat` gives."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


class Changed(BatchError):
    """A file was changed while it was read."""


class End(NamedTuple):
    """What is known of a file when it was read to its end.

    sha256: of the file as it is. schemas: of a table, for its output and for what is set aside, as text.
    """

    position: Position
    stamp: Stamp
    sha256: str
    schemas: Mapping[str, str] = MappingProxyType({})


# ---------------------------------------------------------------------------------------------------------------------
# Finding


def kind_of(path: Path) -> str:
    """The suffix that tells the format of a file; "" for one that is not read."""
    suffix = Path(path.stem if packing_of(path) else path.name).suffix.lower()
    return suffix if suffix in SUFFIXES and not (suffix == PARQUET and packing_of(path)) else ""


def find_shards(inputs: Sequence[str | os.PathLike[str]], output: Path) -> tuple[list[Shard], int]:
    """All input files in the order of their names, and how many files in folders are of other kinds.

    A folder is searched for all files that can be read, and their places in it are kept; a pattern is that of `glob`.
    Raises BatchError for what is not there or cannot be read, and where two would be written to one place.
    """
    found: dict[str, Shard] = {}
    left_out = 0
    for given in inputs:
        files, others = _files(os.fspath(given), output)
        left_out += others
        for path, name in files:
            other = found.setdefault(name, Shard(path, name, kind_of(path), packing_of(path)))
            if os.path.realpath(other.path) != os.path.realpath(path):
                raise BatchError(f"{other.path} and {path} would both be written to {name}; run them one by one")
            if Path(name).parts[0] in OWN_NAMES:
                raise BatchError(f"{path} would be written to {name}, which the run itself uses; rename it")
            if os.path.realpath(output / name) == os.path.realpath(path):
                raise BatchError(f"{path} would be written over; choose another output folder")
    if not found:
        raise BatchError(f"no file to read; files that end in {', '.join(SUFFIXES)}, also with .gz or .zst, are read")
    return [found[name] for name in sorted(found)], left_out


def _files(given: str, output: Path) -> tuple[list[tuple[Path, str]], int]:
    """(path, name) of the files that one input stands for, and how many were left out."""
    path = Path(given)
    if path.is_dir():
        if Path(os.path.realpath(output)).is_relative_to(os.path.realpath(path)):
            raise BatchError(f"the output folder {output} lies in the input folder {path}; choose another")
        inside = sorted(one for one in path.rglob("*") if one.is_file() and not _is_hidden(one.relative_to(path)))
        read = [(one, one.relative_to(path).as_posix()) for one in inside if kind_of(one)]
        return read, len(inside) - len(read)
    if path.is_file():
        if not kind_of(path):
            raise BatchError(f"{path} is of no kind that is read: {', '.join(SUFFIXES)}, also with .gz or .zst")
        return [(path, path.name)], 0
    matches = [Path(one) for one in sorted(glob.glob(given, recursive=True))]
    inside = [one for one in matches if one.is_file()]
    if not inside:
        raise BatchError(f"{given} is not there, and as a pattern it fits no file")
    root = Path(os.path.commonpath([one.parent for one in inside]))
    read = [(one, one.relative_to(root).as_posix()) for one in inside if kind_of(one)]
    return read, len(inside) - len(read)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


# ---------------------------------------------------------------------------------------------------------------------
# Reading


def read_blocks(shard: Shard, options: Options) -> Iterator[tuple[Any, Position] | End]:
    """The blocks of a file, each with the position after it, and at last the end.

    The same file gives the same blocks each time. Raises Unreadable where the whole file cannot be used, Changed where
    it was changed meanwhile.
    """
    try:
        with shard.path.open("rb") as file:
            stamp = Stamp.of(os.fstat(file.fileno()))
            source = Hashed(file)
            if shard.kind == PARQUET:
                yield from _table_blocks(shard, source, stamp, options)
            else:
                yield from _unit_blocks(shard, source, stamp, options)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror or error}") from None


def _unit_blocks(
    shard: Shard, source: Hashed, stamp: Stamp, options: Options
) -> Iterator[tuple[Block, Position] | End]:
    shape = FORMATS[shard.kind](options)
    if isinstance(shape, Txt):
        _check_encoding(shard)
    digest = hashlib.sha256()
    units: list[Unit] = []
    header, size, blocks, first, number = "", 0, 0, 0, 0

    for unit in shape.units(_checked(chunks(source, shard.packing))):
        if number == 0 and not unit.more:
            header = shape.header(unit.raw)
        digest.update(unit.raw)
        units.append(unit)
        size += len(unit.raw)
        number += not unit.more
        if size >= BLOCK:
            blocks += 1
            yield Block(shard.name, shard.packing, first, header, units), Position(blocks, number, digest.hexdigest())
            units, size, first = [], 0, number
    if units:
        blocks += 1
        yield Block(shard.name, shard.packing, first, header, units), Position(blocks, number, digest.hexdigest())
    _check_unchanged(shard, source, stamp)
    yield End(Position(blocks, number, digest.hexdigest()), stamp, source.digest.hexdigest())


def _table_blocks(shard: Shard, source: Hashed, stamp: Stamp, options: Options) -> Iterator[tuple[Any, Position] | End]:
    while source.read(CHUNK):
        pass
    sha256 = source.digest.hexdigest()
    blocks = rows = 0
    table = parquet.open_table(shard.path, options)
    for block in parquet.read_blocks(table, shard.name, options):
        blocks, rows = blocks + 1, block.number + block.rows
        yield block, Position(blocks, rows, sha256)
    _check_unchanged(shard, source, stamp)
    yield End(Position(blocks, rows, sha256), stamp, sha256, parquet.schemas(table, options))


def _check_encoding(shard: Shard) -> None:
    """Raises Unreadable where a text file is not UTF-8: pieces of it must not be judged one by one."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    with shard.path.open("rb") as file:
        try:
            for piece in _checked(chunks(Hashed(file), shard.packing)):
                held = len(decoder.getstate()[0])
                decoder.decode(piece)
                done += len(piece)
            held = len(decoder.getstate()[0])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            place = done - held + error.start
            raise Unreadable(
                f"it is not UTF-8 (byte 0x{error.object[error.start]:02x} at {place:,}); convert it, as with iconv"
            ) from None


def _checked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a file that does not begin as UTF-16 does. Raises Unreadable for one that does."""
    for number, piece in enumerate(pieces):
        if number == 0 and piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Unreadable("it is UTF-16, not UTF-8; convert it, as with iconv -f utf-16 -t utf-8")
        yield piece


def _check_unchanged(shard: Shard, source: Hashed, stamp: Stamp) -> None:
    while source.read(CHUNK):  # what stands after the end of compressed data
        pass
    if not Stamp.of(os.fstat(source.file.fileno())) == Stamp.of(shard.path.stat()) == stamp:
        raise Changed(f"{shard.path} was changed while it was read; go on with --resume when nothing writes to it")
