"""Parquet files: rows in, rows out, all other columns untouched. Start with `read_blocks`, then `treat_table`.

Between the processes, and in a file that is not finished, rows stand as Arrow streams, one a block: those can be
appended to and cut off, which a Parquet file cannot. `finish` makes a Parquet file of them.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from despin.batch.formats import Unfit
from despin.batch.options import BatchError, Options, Treat
from despin.batch.streams import Unreadable
from despin.batch.units import Tally, Treated, count, decoded_side, index_line, side_line, treated
from despin.edits import undo
from despin.values import DespinError

# Rows that are read at once: few, as each may hold a long text.
ROWS = 64
# Bytes of a block's rows; see `shards.BLOCK`.
BLOCK = 200_000
# Bytes of a row group, in memory: as much as readers like, and as little as is held here without harm.
ROW_GROUP = 32 << 20


@dataclass(slots=True)
class TableBlock:
    """Some consecutive rows: number is that of the first, payload an Arrow stream of them."""

    file: str
    number: int
    rows: int
    payload: bytes

    def split(self) -> Iterator[TableBlock]:
        """The same as blocks of one row."""
        batch = read_stream(self.payload)
        for row in range(self.rows):
            yield TableBlock(self.file, self.number + row, 1, stream_of(batch.slice(row, 1)))


def pyarrow_module() -> Any:
    """The package pyarrow, with its Parquet part. Raises BatchError that says how to get it."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BatchError("Parquet files need the package pyarrow: pip install 'despin[batch]'") from None
    return pyarrow


# ---------------------------------------------------------------------------------------------------------------------
# In


def open_table(path: Path, options: Options) -> Any:
    """The Parquet file. Raises Unreadable for one that is damaged or has no such column of strings."""
    arrow = pyarrow_module()
    try:
        # with a buffer a column is read piece by piece, however large a row group is
        table = arrow.parquet.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable(f"it is no whole Parquet file ({_first_line(error)}); fetch it again") from None
    schema, column = table.schema_arrow, options.text_column
    if len(schema.get_all_field_indices(column)) != 1:
        have = ", ".join(map(repr, schema.names[:8]))
        raise Unreadable(
            f"it has not one column {column!r}, but {have}; name the one that holds the text (--text-column)"
        )
    if not _is_string(schema.field(column).type):
        raise Unreadable(f"its column {column!r} holds {schema.field(column).type}, not strings")
    for name in (options.score_column, options.verdict_column):
        if name in schema.names:
            raise Unreadable(f"it has a column {name!r} already; choose another --prefix")
    return table


def read_blocks(table: Any, file: str, options: Options) -> Iterator[TableBlock]:
    """The rows in blocks, the same each time. Raises Unreadable where the file turns out to be damaged."""
    arrow = pyarrow_module()
    number = 0
    try:
        for batch in table.iter_batches(batch_size=ROWS):
            # as many rows as make up a block at this batch's mean size
            rows = max(1, min(ROWS, BLOCK * batch.num_rows // max(batch.nbytes, 1)))
            for start in range(0, batch.num_rows, rows):
                part = batch.slice(start, rows)
                yield TableBlock(file, number, part.num_rows, stream_of(part))
                number += part.num_rows
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable(f"it is damaged after {number:,} rows ({_first_line(error)}); fetch it again") from None


def _is_string(kind: Any) -> bool:
    types = pyarrow_module().types
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]


# ---------------------------------------------------------------------------------------------------------------------
# Rows


def treat_table(block: TableBlock, options: Options, treat: Treat) -> Treated:
    """What becomes of each row of a block."""
    arrow = pyarrow_module()
    batch = read_stream(block.payload)
    names = _identities(batch, options, block)
    lines: dict[str, list[bytes]] = {"edits": [], "index": []}
    tally: Tally = Counter()
    texts: list[bytes] = []
    added: list[tuple[float, str]] = []
    kept: list[bool] = []
    for row, raw in enumerate(_bytes_of(batch, options.text_column)):
        number = block.number + row
        try:
            text = _decoded(raw)
            repair, score = treated(text, options, treat)
            keeps = options.keeps(score.verdict)
            if keeps and any(step.edits for step in repair.steps):
                line = side_line(repair, names[row], {"number": number})
                _check(repair.text, text, line)
                lines["edits"].append(line)
        except Unfit as error:
            tally["rejected"] += 1
            lines["index"].append(
                index_line(block.file, number, names[row], 1, "rejected", str(error), _shown(batch, row))
            )
            kept.append(False)
            continue
        count(tally, repair, score, keeps)
        kept.append(keeps)
        if keeps:
            texts.append(repair.text.encode())
            added.append((score.probability, score.verdict))
        else:
            reason = f"verdict {score.verdict}"
            lines["index"].append(index_line(block.file, number, names[row], 1, "dropped", reason))
    mask = arrow.array(kept, arrow.bool_())
    output = _with_columns(batch.filter(mask), texts, added, options)
    aside = batch.filter(arrow.compute.invert(mask))
    result = Treated(tally=tally)
    result.streams = {
        "output": stream_of(output) if output.num_rows else b"",
        "edits": b"".join(lines["edits"]),
        "aside": stream_of(aside) if aside.num_rows else b"",
        "index": b"".join(lines["index"]),
    }
    return result


def reject(block: TableBlock, reason: str) -> Treated:
    """A block of one row that is rejected without being looked at."""
    line = index_line(block.file, block.number, f"{block.file}:{block.number}", 1, "rejected", reason)
    return Treated({"output": b"", "edits": b"", "aside": block.payload, "index": line}, Counter({"rejected": 1}))


def joined(parts: Sequence[Treated]) -> Treated:
    """What the rows of one block became, when they were treated one by one: the same as if they had been together."""
    whole = Treated()
    for part in parts:
        whole.add(part)
    for name in ("output", "aside"):
        batches = list(streams_in(whole.streams[name]))
        if batches:
            whole.streams[name] = stream_of(
                pyarrow_module().Table.from_batches(batches).combine_chunks().to_batches()[0]
            )
    return whole


def _bytes_of(batch: Any, column: str) -> list[bytes | None]:
    """The column's strings as they are stored: Parquet does not promise that they are UTF-8."""
    arrow = pyarrow_module()
    strings = batch.column(batch.schema.get_field_index(column))
    kind = arrow.large_binary() if arrow.types.is_large_string(strings.type) else arrow.binary()
    values: list[bytes | None] = strings.cast(kind).to_pylist()
    return values


def _decoded(raw: bytes | None) -> str:
    if raw is None:
        raise Unfit("its text is null")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unfit(f"its text is not UTF-8: byte 0x{raw[error.start]:02x} at byte {error.start}") from None


def _check(repaired: str, original: str, line: bytes) -> None:
    try:
        repaired.encode()
        if undo(repaired, decoded_side(line)) != original:
            raise Unfit("its repair could not be undone exactly")
    except (DespinError, UnicodeEncodeError) as error:
        raise Unfit(f"its repair could not be undone ({error})") from None


def _identities(batch: Any, options: Options, block: TableBlock) -> list[str]:
    places = [f"{block.file}:{block.number + row}" for row in range(batch.num_rows)]
    if len(batch.schema.get_all_field_indices(options.id_column)) != 1:
        return places
    try:
        values = batch.column(batch.schema.get_field_index(options.id_column)).to_pylist()
    except ValueError:  # strings that are not UTF-8
        return places
    return [place if value is None else str(value) for place, value in zip(places, values, strict=True)]


def _shown(batch: Any, row: int) -> str | None:
    """A row for people to read, where it can be shown; the folder `aside` has it as it is."""
    try:
        shown = json.dumps(batch.slice(row, 1).to_pylist()[0], ensure_ascii=False, default=str)
    except ValueError:
        return None
    return shown if len(shown) <= 10_000 else None


def _with_columns(batch: Any, texts: list[bytes], added: list[tuple[float, str]], options: Options) -> Any:
    arrow = pyarrow_module()
    place = batch.schema.get_field_index(options.text_column)
    columns = batch.columns
    kind = batch.schema.field(place).type
    is_large = arrow.types.is_large_string(kind)
    columns[place] = arrow.array(texts, arrow.large_binary() if is_large else arrow.binary()).cast(kind)
    columns += [
        arrow.array([score for score, _ in added], arrow.float64()),
        arrow.array([verdict for _, verdict in added], arrow.string()),
    ]
    return arrow.RecordBatch.from_arrays(columns, schema=output_schema(batch.schema, options))


# ---------------------------------------------------------------------------------------------------------------------
# Out


def output_schema(schema: Any, options: Options) -> Any:
    """The schema with the added columns; where Hugging Face's features are described in it, those too."""
    arrow = pyarrow_module()
    score = arrow.field(options.score_column, arrow.float64())
    verdict = arrow.field(options.verdict_column, arrow.string())
    metadata = dict(schema.metadata or {})
    if b"huggingface" in metadata:
        # datasets refuses columns that the description does not name
        try:
            described = json.loads(metadata[b"huggingface"])
            described["info"]["features"] |= {
                score.name: {"dtype": "float64", "_type": "Value"},
                verdict.name: {"dtype": "string", "_type": "Value"},
            }
            metadata[b"huggingface"] = json.dumps(described).encode()
        except (ValueError, KeyError, TypeError):
            del metadata[b"huggingface"]
    return schema.append(score).append(verdict).with_metadata(metadata or None)


def stream_of(batch: Any) -> bytes:
    """A batch as an Arrow stream."""
    arrow = pyarrow_module()
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read_stream(data: bytes) -> Any:
    """The one batch of an Arrow stream."""
    return pyarrow_module().ipc.open_stream(data).read_next_batch()


def streams_in(source: Any) -> Iterator[Any]:
    """The batches of Arrow streams that stand one after another, in bytes or in a file."""
    arrow = pyarrow_module()
    file = arrow.BufferReader(source) if isinstance(source, bytes) else arrow.PythonFile(source, mode="r")
    size = len(source) if isinstance(source, bytes) else source.seek(0, 2)
    file.seek(0)
    while file.tell() < size:
        yield from arrow.ipc.open_stream(file)


def schemas(table: Any, options: Options) -> dict[str, str]:
    """The schemas of a table's output and of what is set aside, in base64: what `schema_from` reads."""
    schema = table.schema_arrow
    both = {"output": output_schema(schema, options), "aside": schema}
    return {name: base64.b64encode(one.serialize().to_pybytes()).decode() for name, one in both.items()}


def schema_from(text: str) -> Any:
    """The schema that `schemas` wrote."""
    arrow = pyarrow_module()
    return arrow.ipc.read_schema(arrow.BufferReader(base64.b64decode(text)))


def write_table(batches: Iterator[Any], target: Path, schema: Any) -> None:
    """Write batches as a Parquet file in row groups of a fair size."""
    arrow = pyarrow_module()
    with arrow.parquet.ParquetWriter(target, schema) as writer:
        held: list[Any] = []
        size = 0
        for batch in batches:
            held.append(batch)
            size += batch.nbytes
            if size >= ROW_GROUP:
                writer.write_table(arrow.Table.from_batches(held, schema))
                held, size = [], 0
        if held:
            writer.write_table(arrow.Table.from_batches(held, schema))


# ---------------------------------------------------------------------------------------------------------------------
# Back


class Rows:
    """The rows of a Parquet file that despin wrote, or of none, taken some at a time."""

    def __init__(self, path: Path | None) -> None:
        self._batches = iter(())
        self._rest: Any = None
        if path is not None:
            table = pyarrow_module().parquet.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
            self._batches = table.iter_batches(batch_size=ROWS)

    def take(self, count: int) -> Iterator[Any]:
        """The next rows, in batches. Raises BatchError where there are fewer."""
        while count:
            if self._rest is None or not self._rest.num_rows:
                self._rest = next(self._batches, None)
            if self._rest is None:
                raise BatchError("a file ends before all of its rows were found")
            batch = self._rest.slice(0, count)
            self._rest = self._rest.slice(batch.num_rows)
            count -= batch.num_rows
            yield batch


def restore(
    output: Rows,
    aside: Rows,
    sides: Iterator[Mapping[str, Any]],
    away: Iterator[int],
    rows: int,
    schema: Any,
    options: Options,
) -> Iterator[Any]:
    """The rows as they were, in batches.

    sides: the lines of the side file. away: the numbers of the rows that were set aside. rows: how many there are.
    """
    number = 0
    side = next(sides, None)
    for stop in itertools.chain(away, (rows,)):
        for batch in output.take(stop - number):
            own = []
            while side is not None and side["number"] < number + batch.num_rows:
                own.append(side)
                side = next(sides, None)
            yield _restored(batch, own, number, schema, options)
            number += batch.num_rows
        if stop < rows:
            yield from (one.cast(schema) for one in aside.take(1))
            number += 1


def _restored(batch: Any, sides: Sequence[Mapping[str, Any]], number: int, schema: Any, options: Options) -> Any:
    arrow = pyarrow_module()
    texts = _bytes_of(batch, options.text_column)
    for side in sides:
        row = side["number"] - number
        texts[row] = undo(_decoded(texts[row]), side).encode()
    place = schema.get_field_index(options.text_column)
    kind = schema.field(place).type
    binary = arrow.large_binary() if arrow.types.is_large_string(kind) else arrow.binary()
    columns = batch.columns[: len(schema)]
    columns[place] = arrow.array(texts, binary).cast(kind)
    return arrow.RecordBatch.from_arrays(columns, schema=schema)
