"""Taking a whole run back, from what it wrote alone. Start with `undo_run`."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from despin.batch import parquet
from despin.batch.formats import Unfit, decoded
from despin.batch.options import BatchError, Options
from despin.batch.shards import FORMATS, PARQUET
from despin.batch.store import described, placed, read_manifest
from despin.batch.streams import GZIP, GZIP_LEVEL, PLAIN, ZSTD, ZSTD_LEVEL, Hashed, chunks, pack_file, zstandard_module
from despin.batch.units import decoded_side, restored
from despin.values import DespinError

ORIGINALS = "originals"


def undo_run(folder: str | os.PathLike[str], output: str | os.PathLike[str] | None = None) -> int:
    """Write the input files of a finished run again, into `output` or the run's own folder `originals`.

    Returns how many. Plain files get their very bytes back; compressed ones the very bytes of their content, which are
    packed anew; tables every value of every row. Raises BatchError, and leaves no file, where something that the run
    wrote was changed or is missing, or where a file would be written over.
    """
    source = Path(folder)
    target = source / ORIGINALS if output is None else Path(output)
    manifest = read_manifest(source)
    options = Options.from_values(manifest["run"]["options"])
    for name in manifest["files"]:
        if (target / name).exists():
            raise BatchError(f"{target / name} is there already; choose another output folder")
    for name, entry in manifest["files"].items():
        _check_whole(source, name, entry)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}.made")
        try:
            _restore(source, name, entry, options, made)
            os.replace(made, path)
        except (Unfit, KeyError, TypeError, DespinError) as error:
            raise BatchError(f"{name} cannot be undone: {error}") from None
        finally:
            made.unlink(missing_ok=True)
    return len(manifest["files"])


def _check_whole(folder: Path, name: str, entry: Mapping[str, Any]) -> None:
    """Raises BatchError where a file is not what the run wrote."""
    for stream in ("output", "edits", "aside", "index"):
        path = folder / placed(stream, name)
        if stream in entry:
            if not path.exists():
                raise BatchError(f"{path} is missing; nothing of {name} was written")
            if described(path) != entry[stream]:
                raise BatchError(f"{path} was changed since the run wrote it; nothing of {name} was written")


def _restore(folder: Path, name: str, entry: Mapping[str, Any], options: Options, made: Path) -> None:
    if "rejected" in entry:
        with (folder / placed("aside", name)).open("rb") as source, made.open("wb") as target:
            pack_file(source, target, PLAIN)
    elif entry["kind"] == PARQUET:
        _restore_table(folder, name, entry, options, made)
    else:
        _restore_units(folder, name, entry, options, made)


def _restore_units(folder: Path, name: str, entry: Mapping[str, Any], options: Options, made: Path) -> None:
    shape = FORMATS[entry["kind"]](_patient(options))
    digest = hashlib.sha256()
    with ExitStack() as stack:
        target = stack.enter_context(_packed(made, entry["packing"]))

        def put(data: bytes) -> None:
            digest.update(data)
            target.write(data)

        output = Content(stack, folder, name, entry, "output")
        aside = Content(stack, folder, name, entry, "aside")
        sides, index = _lines(stack, folder, name, entry, "edits"), _lines(stack, folder, name, entry, "index")
        units = shape.units(iter(output)) if shape.has_columns else iter(())
        side, away = next(sides, None), next(index, None)
        header = ""
        for number in range(entry["units"]):
            if away is not None and away["number"] == number:
                while away is not None and away["number"] == number:
                    for piece in aside.take(away["size"]):
                        put(piece)
                    away = next(index, None)
                continue
            own = side if side is not None and side["number"] == number else None
            raw = next(units).raw if shape.has_columns else b"".join(output.take(own["size"] if own else 0))
            if number == 0 and shape.has_header:
                raw = shape.drop_columns(decoded(raw)).encode()
                header = shape.header(raw)
            else:
                raw = restored(raw, own, number, header, shape)
            put(raw)
            if own is not None:
                side = next(sides, None)
    if digest.hexdigest() != entry["input"]["content_sha256"]:
        raise BatchError("what came out is not what the run read; its files do not belong together")


def _restore_table(folder: Path, name: str, entry: Mapping[str, Any], options: Options, made: Path) -> None:
    with ExitStack() as stack:
        sides, index = _lines(stack, folder, name, entry, "edits"), _lines(stack, folder, name, entry, "index")
        paths = [folder / placed(stream, name) if stream in entry else None for stream in ("output", "aside")]
        output, aside = (parquet.Rows(path) for path in paths)
        schema = parquet.schema_from(entry["schema"])
        rows = parquet.restore(
            output, aside, sides, (line["number"] for line in index), entry["units"], schema, options
        )
        parquet.write_table(rows, made, schema)


def _patient(options: Options) -> Options:
    """Options with which all that was written is read: a repaired record may be longer than the longest that was."""
    return replace(options, max_chars=4 * options.max_chars + 1_000_000)


class Content:
    """The unpacked content of a stream, taken a number of bytes at a time."""

    def __init__(self, stack: ExitStack, folder: Path, name: str, entry: Mapping[str, Any], stream: str) -> None:
        self._pieces: Iterator[bytes] = iter(())
        self._rest = b""
        if stream in entry:
            file = stack.enter_context((folder / placed(stream, name)).open("rb"))
            self._pieces = chunks(Hashed(file), entry["packing"], is_own=True)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def take(self, size: int) -> Iterator[bytes]:
        """The next bytes, in pieces. Raises BatchError where there are fewer."""
        while size:
            self._rest = self._rest or next(self._pieces, b"")
            if not self._rest:
                raise BatchError("a file ends before all of its records were found")
            piece, self._rest = self._rest[:size], self._rest[size:]
            size -= len(piece)
            yield piece


def _lines(
    stack: ExitStack, folder: Path, name: str, entry: Mapping[str, Any], stream: str
) -> Iterator[dict[str, Any]]:
    """The lines of a side file or an index."""
    if stream in entry:
        file = stack.enter_context((folder / placed(stream, name)).open("rb"))
        for line in file:
            yield json.loads(decoded_side(line))


def _packed(path: Path, packing: str) -> Any:
    """A file that is written to, packed as the input was."""
    if packing == GZIP:
        return gzip.GzipFile(path, "wb", GZIP_LEVEL, mtime=0)
    if packing == ZSTD:
        return zstandard_module().ZstdCompressor(level=ZSTD_LEVEL).stream_writer(path.open("wb"))
    return path.open("wb")
