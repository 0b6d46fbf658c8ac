"""One block of a file: what becomes of each unit, and the way back. Start with `treat_block`, then `restored`.

A unit that was read and whose verdict is kept goes to the output; any other is set aside, as it is. What is written is
taken back at once, before it leaves here, and compared: what could not be undone is not done.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from despin.batch.formats import Cell, Format, Unfit, Unit, decoded
from despin.batch.options import Options, Treat
from despin.batch.streams import pack_block
from despin.edits import Record, undo
from despin.results import Repair, Score
from despin.values import DespinError

# The streams that a file's records go to. An index line tells of each record that was set aside.
STREAMS = ("output", "edits", "aside", "index")

# A rejected record is shown in rejected.jsonl up to this size, in bytes; the folder `aside` has it whole.
SHOWN = 10_000

Tally = Counter[str]
"""What was counted, by flat names: "documents", "verdict flag", "edit spin.map"."""


@dataclass(slots=True)
class Block:
    """Some consecutive units of a file: what a worker is given.

    file: the name of the file. packing: how its output is compressed. number: that of the first unit, from 0 in the
    file, blank lines and headers counted. header: what `Format.header` gave; where there is one, it is unit 0.
    """

    file: str
    packing: str
    number: int
    header: str
    units: list[Unit]

    def numbered(self) -> Iterator[tuple[int, Unit]]:
        """The units with their numbers; what goes on with a unit has the number of that unit."""
        number = self.number - 1
        for unit in self.units:
            number += not unit.more
            yield number, unit

    def split(self) -> Iterator[Block]:
        """The same as blocks of one unit."""
        for number, unit in self.numbered():
            # the number of a unit that goes on is that of the next one, less one
            yield Block(self.file, self.packing, number + unit.more, self.header, [unit])


@dataclass(slots=True)
class Treated:
    """What a block became: bytes for each of `STREAMS`, as they are appended to the files, and what was counted."""

    streams: dict[str, bytes] = field(default_factory=lambda: dict.fromkeys(STREAMS, b""))
    tally: Tally = field(default_factory=Counter)

    def add(self, other: Treated) -> None:
        """Put what came after this to its end."""
        for name in STREAMS:
            self.streams[name] += other.streams[name]
        self.tally += other.tally

    def packed(self, packing: str) -> Treated:
        """With output and what was set aside compressed, as their files are."""
        packed = {name: pack_block(self.streams[name], packing) for name in ("output", "aside")}
        return Treated(self.streams | packed, self.tally)


def treat_block(block: Block, shape: Format, options: Options, treat: Treat) -> Treated:
    """What becomes of each unit of a block."""
    out: dict[str, list[bytes]] = {name: [] for name in STREAMS}
    tally: Tally = Counter()
    for number, unit in block.numbered():
        if number == 0 and block.header:
            out["output"].append(shape.add_header(block.header).encode())
            continue
        for name, data in _outcome(unit, number, block, shape, options, treat, tally).items():
            out[name].append(data)
    return Treated({name: b"".join(parts) for name, parts in out.items()}, tally)


def _outcome(
    unit: Unit, number: int, block: Block, shape: Format, options: Options, treat: Treat, tally: Tally
) -> Mapping[str, bytes]:
    if unit.more:
        return {"aside": unit.raw, "index": json_line({"number": number, "size": len(unit.raw), "more": True})}
    name = f"{block.file}:{number}"
    try:
        if unit.reason:
            raise Unfit(unit.reason)
        raw = decoded(unit.raw)
        if shape.is_blank(raw):
            return {"output": unit.raw}
        cell = shape.cell(raw, block.header)
        name = cell.id or name
        repair, score = treated(cell.text, options, treat)
        kept = options.keeps(score.verdict)
        written = _write(raw, number, name, cell, block.header, repair, score, shape) if kept else {}
    except Unfit as error:
        return rejected(unit.raw, number, name, str(error), block.file, tally)
    count(tally, repair, score, kept)
    if kept:
        return written
    reason = f"verdict {score.verdict}"
    return {"aside": unit.raw, "index": index_line(block.file, number, name, len(unit.raw), "dropped", reason)}


def treated(text: str, options: Options, treat: Treat) -> tuple[Repair, Score]:
    """The repair of a text, and the score of the text as it came. Raises Unfit where it cannot be had."""
    if len(text) > options.max_chars:
        raise Unfit(f"its text has {len(text):,} characters; raise --max-chars to read more than {options.max_chars:,}")
    try:
        repair = treat(text)
    except Exception as error:  # whatever it is: one record must not end a run over millions
        raise Unfit(f"it cannot be repaired: {type(error).__name__}: {error}") from None
    if repair.before is None:
        raise Unfit("it was given no score")
    return repair, repair.before


def _write(
    raw: str, number: int, name: str, cell: Cell, header: str, repair: Repair, score: Score, shape: Format
) -> Mapping[str, bytes]:
    """The unit and its line of the side file. Raises Unfit where the unit could not be taken back from them."""
    extra: dict[str, Any] = {"number": number}
    literal = cell.literal
    is_changed = any(step.edits for step in repair.steps)
    if is_changed:
        style, *others = shape.styles(literal)
        style = next((one for one in (style, *others) if shape.written(cell.text, one) == literal), style)
        extra |= {"style": style} if shape.written(cell.text, style) == literal else {"literal": literal}
        literal = shape.written(repair.text, style)
    after = shape.add_columns(cell.after, score) if shape.has_columns else cell.after
    try:
        output = (cell.before + literal + after).encode()
    except UnicodeEncodeError:
        raise Unfit("its repaired text has no UTF-8 form") from None
    if not shape.has_columns:
        # pieces of plain text cannot be told from each other afterwards, and have no place for the score
        extra |= {"size": len(output), "score": score.probability, "verdict": score.verdict}
    line = side_line(repair, name, extra) if is_changed or not shape.has_columns else b""
    try:
        taken_back = restored(output, json.loads(decoded_side(line)) if line else None, number, header, shape)
    except (DespinError, ValueError) as error:
        raise Unfit(f"its repair could not be undone ({error})") from None
    if taken_back != raw.encode():
        raise Unfit("its repair could not be undone exactly")
    return {"output": output, "edits": line}


def restored(output: bytes, side: Mapping[str, Any] | None, number: int, header: str, shape: Format) -> bytes:
    """The unit as it was, from what was written and its line of the side file (None where it has none).

    Raises Unfit, or a DespinError of `despin.undo`, where they do not belong together.
    """
    raw = decoded(output)
    if shape.is_blank(raw):
        return output
    if shape.has_columns:
        raw = shape.drop_columns(raw)
    if side is None:
        return raw.encode()
    cell = shape.cell(raw, header)
    record = Record.from_json(side)
    text = undo(cell.text, record)
    if "literal" in side:
        literal = str(side["literal"])
    elif "style" in side:
        literal = shape.written(text, str(side["style"]))
    else:
        literal = cell.literal
    return (cell.before + literal + cell.after).encode()


# ---------------------------------------------------------------------------------------------------------------------
# Lines of the side files


def side_line(repair: Repair, name: str, extra: Mapping[str, Any]) -> bytes:
    """The record of a repair with what else is needed to find and restore its place; readers ignore keys they do not
    know."""
    line = f"{repair.to_json(name)[:-1]},{json.dumps(extra)[1:]}\n"
    return line.encode("utf-8", "surrogatepass")


def decoded_side(line: bytes) -> str:
    """A line of a side file as text; see `Record.to_json` on surrogates."""
    return line.decode("utf-8", "surrogatepass")


def rejected(raw: bytes, number: int, name: str, reason: str, file: str, tally: Tally) -> Mapping[str, bytes]:
    """What is written of a unit that was rejected."""
    tally["rejected"] += 1
    shown = None
    if len(raw) <= SHOWN:
        with contextlib.suppress(UnicodeDecodeError):
            shown = raw.decode()
    return {"aside": raw, "index": index_line(file, number, name, len(raw), "rejected", reason, shown)}


def index_line(
    file: str, number: int | None, name: str, size: int, why: str, reason: str, record: str | None = None
) -> bytes:
    """What the index says of a record that was set aside.

    number: its place in the file from 0, or None for the whole file. size: in the file of records set aside: bytes, or
    rows of a table. why: "dropped" or "rejected". record: as it came, where it can be shown.
    """
    value = {"file": file, "number": number, "id": name, "why": why, "reason": reason, "size": size}
    return json_line(value | ({"record": record} if why == "rejected" else {}))


def json_line(value: Mapping[str, Any]) -> bytes:
    """A value as a line of JSON, ASCII only."""
    return (json.dumps(value) + "\n").encode()


def count(tally: Tally, repair: Repair, score: Score, kept: bool) -> None:
    """Count a document that was read; the edits of one that was dropped are not made."""
    tally["documents"] += 1
    tally["characters"] += len(repair.original)
    tally[f"verdict {score.verdict}"] += 1
    tally["kept" if kept else "dropped"] += 1
    if kept:
        edits = [edit for step in repair.steps for edit in step.edits]
        tally["edited"] += bool(edits)
        tally["refusals"] += len(repair.refusals)
        tally.update(f"edit {edit.rule}" for edit in edits)
