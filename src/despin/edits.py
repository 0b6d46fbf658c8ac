"""Edits as plain values: apply them, undo them, write them down, and follow offsets through them.

Start with `apply`, which says what a list of edits means, and `undo`, which takes it back. `Record` is what is stored:
digests of the text before and after, and the steps between. `compose` turns several steps into one flat list in the
offsets of the very first text; `OffsetMap` follows an offset through such a list, both ways.

A list of edits is *valid* for a text when it is sorted, no two edits overlap, all lie within the text, and no two stand
at the very same place (two insertions at one offset have no order of their own). Edits may touch. All takes time linear
in the text and in the number of edits. Nothing changes its arguments: a refusal leaves all as it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index, itemgetter
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from despin.values import DespinError, Edit, Refusal, Step

SCHEMA = "despin.edits/1"
Offsets = npt.NDArray[np.int64]
Side = Literal["left", "right"]
Chosen = tuple[int, Edit]
"""An edit and the index of its step: what names an edit without doubt, as equal edits may stand in two steps."""
Place = tuple[int, int]
"""The index of a step and the number of an edit in it."""


class EditError(DespinError):
    """Edits that cannot be applied to any such text: unsorted, overlapping, outside it, or not part of the record."""


class RecordError(DespinError):
    """A stored record that is malformed or contradicts itself."""


class SchemaError(RecordError):
    """A record of another schema than this version of despin reads."""


class TextMismatch(DespinError):
    """The text is not the one that the edits or the record were made for."""


class DependentEdits(DespinError):
    """Later edits stand on the text of the chosen ones, so those cannot be undone alone.

    edits: all of the dependent edits, also those that depend on dependent ones. Choosing them as well always works.
    chosen: the same as (step index, edit) pairs.
    """

    def __init__(self, chosen: Sequence[Chosen]) -> None:
        super().__init__(tuple(chosen))
        self.chosen: tuple[Chosen, ...] = tuple(chosen)
        self.edits: tuple[Edit, ...] = tuple(edit for _, edit in chosen)

    def __str__(self) -> str:
        shown = "; ".join(f"step {step}: {_name(edit)}" for step, edit in self.chosen[:5])
        more = f"; and {len(self.chosen) - 5} more" if len(self.chosen) > 5 else ""
        return f"later edits depend on the chosen ones: {shown}{more}. Choose these too (the error's .edits)."


# ---------------------------------------------------------------------------------------------------------------------
# The record


@dataclass(frozen=True, slots=True)
class Digest:
    """What is remembered of a text: the SHA-256 of its UTF-8 form (surrogates passed) and its length in code points."""

    sha256: str
    length: int

    @classmethod
    def of(cls, text: str) -> Digest:
        """The digest of a text."""
        return cls(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), len(text))


@dataclass(frozen=True, slots=True)
class Record:
    """All that is needed to undo a repair: the JSON schema ``despin.edits/1``.

    source, result: digests of the text before the first step and after the last.
    signature: the versions, data and settings that made it.
    steps: in the order in which they were applied.
    id: the caller's name for the document, or "".
    """

    source: Digest
    result: Digest
    signature: str
    steps: tuple[Step, ...]
    id: str = ""

    def to_json(self) -> str:
        """The record as one line of JSON, ASCII only.

        One kind of text needs more than ASCII: where a high surrogate stands before a low one as two characters of a
        `str`, JSON's escapes would read them back as one. They are then left unescaped, and a file of such a record
        is written and read with ``errors="surrogatepass"``.
        """
        value = {
            "schema": SCHEMA,
            "id": self.id,
            "unit": "codepoint",
            "source": {"sha256": self.source.sha256, "length": self.source.length},
            "result": {"sha256": self.result.sha256, "length": self.result.length},
            "signature": self.signature,
            "steps": [{"name": step.name, "edits": [_row(edit) for edit in step.edits]} for step in self.steps],
        }
        raw = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if raw.isascii() or _SURROGATE_PAIR.search(raw):
            return raw
        return json.dumps(value, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, value: str | Mapping[str, Any]) -> Record:
        """Read a record from JSON text, or from the object that it parses to.

        Raises SchemaError for another schema or a newer one, RecordError (naming the place) for anything malformed.
        Keys that the schema does not know are ignored.
        """
        return _record(value)


# Two lone surrogates that JSON's \uXXXX escapes would fuse into one character when read back.
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def _row(edit: Edit) -> list[int | str | float]:
    # index() and float() because offsets and confidences may come as numpy scalars, which json refuses.
    return [index(edit.start), index(edit.end), edit.before, edit.after, edit.rule, float(edit.confidence)]


def _record(value: str | Mapping[str, Any]) -> Record:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"the record is not JSON: {error}. Give the text that to_json() wrote.") from None
    root = object_at(value, "the record")
    schema = field_of(root, "schema", str, "")
    if schema != SCHEMA:
        raise SchemaError(_schema_message(schema))
    if (unit := field_of(root, "unit", str, "")) != "codepoint":
        raise RecordError(f"unit: offsets are in {_quote(unit)}, but this schema counts in 'codepoint'.")
    source, result = read_digest(root, "source"), read_digest(root, "result")
    length, steps = source.length, []
    for number, item in enumerate(field_of(root, "steps", list, "")):
        step = read_step(item, f"steps[{number}]")
        try:
            length = _check(step.edits, length)
        except EditError as error:
            raise RecordError(f"steps[{number}]: {error}") from None
        steps.append(step)
    if length != result.length:
        raise RecordError(
            f"result.length: the steps lead to {length} code points, the record says {result.length}; it was altered."
        )
    name = field_of(root, "id", str, "") if "id" in root else ""
    return Record(source, result, field_of(root, "signature", str, ""), tuple(steps), name)


def _schema_message(schema: str) -> str:
    family, _, version = schema.partition("/")
    if family == SCHEMA.partition("/")[0] and version.isdecimal() and int(version[:9]) > 1:
        return f"schema: the record is {_quote(schema)}, this despin reads {SCHEMA!r}. Install a newer despin."
    return f"schema: {_quote(schema)} is not {SCHEMA!r}. Give a record that despin wrote."


def read_digest(root: Mapping[str, Any], key: str) -> Digest:
    """The digest that stands under a key of a stored object. Raises RecordError naming the place."""
    value = object_at(field_of(root, key, dict, ""), key)
    sha256, length = field_of(value, "sha256", str, key), field_of(value, "length", int, key)
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise RecordError(f"{key}.sha256: {_quote(sha256)} is not 64 lower-case hexadecimal digits.")
    if length < 0:
        raise RecordError(f"{key}.length: {length} is less than nothing.")
    return Digest(sha256, length)


def read_step(item: object, where: str) -> Step:
    """A stored step, whose place is `where`. Raises RecordError naming the place."""
    value = object_at(item, where)
    rows = field_of(value, "edits", list, where)
    return Step(
        field_of(value, "name", str, where), tuple(_edit(row, f"{where}.edits[{n}]") for n, row in enumerate(rows))
    )


def _edit(row: object, where: str) -> Edit:
    if not isinstance(row, list | tuple) or len(row) != 6:
        raise RecordError(f"{where}: an edit is a list of 6: start, end, before, after, rule, confidence.")
    start, end, before, after, rule, confidence = row
    # type(), not isinstance: true and false are ints to Python, but no offsets.
    if type(start) is not int or type(end) is not int:
        raise RecordError(f"{where}: start and end are whole numbers, not {_quote(start)} and {_quote(end)}.")
    if not (isinstance(before, str) and isinstance(after, str) and isinstance(rule, str)):
        raise RecordError(f"{where}: before, after and rule are strings.")
    if type(confidence) not in (int, float) or not 0 <= confidence <= 1:
        raise RecordError(f"{where}: confidence is a number from 0 to 1, not {_quote(confidence)}.")
    return Edit(start, end, before, after, rule, float(confidence))


def object_at(value: object, where: str) -> Mapping[str, Any]:
    """The value, which must be a JSON object. Raises RecordError naming the place."""
    if not isinstance(value, Mapping):
        raise RecordError(f"{where}: an object with named fields is wanted, not {type(value).__name__}.")
    return value


def field_of(value: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    """A field of a stored object, which must be of that type. Raises RecordError naming the place."""
    path = f"{where}.{key}" if where else key
    if key not in value:
        raise RecordError(f"{path}: missing. Every {SCHEMA!r} record has it.")
    field = value[key]
    if not isinstance(field, kind) or isinstance(field, bool):
        raise RecordError(f"{path}: {kind.__name__} is wanted, not {type(field).__name__}.")
    return field


# ---------------------------------------------------------------------------------------------------------------------
# Apply, undo, replay


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made.

    Raises EditError for edits that are not valid, TextMismatch where `before` is not what stands in the text.
    """
    _check(edits, len(text))
    pieces: list[str] = []
    done = 0
    for edit in edits:
        if not text.startswith(edit.before, edit.start):
            raise TextMismatch(_mismatch(text, edit.start, edit.before, edit))
        pieces += (text[done : edit.start], edit.after)
        done = edit.end
    pieces.append(text[done:])
    return "".join(pieces)


Stored = Record | str | Mapping[str, Any]
"""A record, or what `Record.from_json` reads as one."""


def undo(text: str, record: Stored, only: Iterable[Edit | Chosen] | None = None) -> str:
    """The text before the repair; with `only`, the text with just those edits undone.

    record: as it was made, or in its stored form.
    only: edits of `record.steps`, or of `compose(record.steps)`; or (step index, edit) pairs, which are needed where
    an equal edit stands in two steps.

    The digests and every edit's text are checked first. Raises TextMismatch when the text is not the record's result,
    RecordError when the record contradicts itself, EditError when `only` names an edit that is not in the record or
    is there twice, DependentEdits when later edits depend on a chosen one.
    """
    record = _read(record)
    source = _undo_all(text, record)
    if only is None:
        return source
    return _splice(text, _take_out(record.steps, _select(record.steps, only))[0])


def without(text: str, record: Stored, only: Iterable[Edit | Chosen]) -> Record:
    """The record of the repair without those edits: it undoes and replays what `undo(text, record, only)` leaves.

    Steps keep their number, even where no edit of them is left. Raises what `undo` raises.
    """
    record = _read(record)
    _undo_all(text, record)
    changes, steps = _take_out(record.steps, _select(record.steps, only))
    return Record(record.source, Digest.of(_splice(text, changes)), record.signature, steps, record.id)


def replay(text: str, record: Stored) -> str:
    """Make a recorded repair again on its source text. Raises TextMismatch or RecordError, like `undo`."""
    record = _read(record)
    _match(text, record.source, "source", record.result, "The record was replayed already.")
    for number, step in enumerate(record.steps):
        try:
            text = apply(text, step.edits)
        except DespinError as error:
            raise RecordError(f"the record contradicts itself: steps[{number}]: {error}") from None
    if Digest.of(text) != record.result:
        raise RecordError("the record contradicts itself: its steps do not lead to its result. It was altered.")
    return text


def _read(record: Stored) -> Record:
    return record if isinstance(record, Record) else Record.from_json(record)


def _undo_all(text: str, record: Record) -> str:
    _match(text, record.result, "result", record.source, "The repair was undone already.")
    for number in reversed(range(len(record.steps))):
        text = _undo_step(text, record.steps[number], number)
    if Digest.of(text) != record.source:
        raise RecordError("the record contradicts itself: undoing its steps does not lead to its source.")
    return text


def _undo_step(text: str, step: Step, number: int) -> str:
    pieces: list[str] = []
    done, shift = 0, 0
    for edit in step.edits:
        start = edit.start + shift
        if start < done or not text.startswith(edit.after, start):
            raise RecordError(
                f"the record contradicts itself: steps[{number}]: {_mismatch(text, start, edit.after, edit)}"
            )
        pieces += (text[done:start], edit.before)
        done = start + len(edit.after)
        shift += len(edit.after) - len(edit.before)
    pieces.append(text[done:])
    text = "".join(pieces)
    try:
        _check(step.edits, len(text))
    except EditError as error:
        raise RecordError(f"the record contradicts itself: steps[{number}]: {error}") from None
    return text


def _match(text: str, wanted: Digest, role: str, other: Digest, hint: str) -> None:
    have = Digest.of(text)
    if have == wanted:
        return
    if have == other:
        raise TextMismatch(f"the text is not the record's {role}, but the other end of it. {hint}")
    if have.length != wanted.length:
        detail = f"the record's {role} has {wanted.length} code points, this text {have.length}"
    else:
        detail = (
            f"same length as the record's {role}, but another SHA-256 ({have.sha256[:12]}, not {wanted.sha256[:12]})"
        )
    raise TextMismatch(
        f"the record belongs to another text: {detail}. Give the exact text, line ends and BOM included."
    )


def _check(edits: Sequence[Edit], length: int) -> int:
    """Raise EditError unless the edits are valid for a text of that length; return the length that they lead to."""
    last_start, last_end, grown = -1, 0, 0
    for number, edit in enumerate(edits):
        start, end = edit.start, edit.end
        if not 0 <= start <= end <= length:
            raise EditError(f"edit {number} ({_name(edit)}) does not lie within the text of {length} code points.")
        if start < last_end:
            what = "starts before the end of" if start >= last_start else "stands before"
            raise EditError(f"edit {number} ({_name(edit)}) {what} the edit before it: sort them and leave no overlap.")
        if start == last_start and end == last_end:
            raise EditError(f"edit {number} ({_name(edit)}) stands at the same place as the edit before it: join them.")
        if len(edit.before) != end - start:
            raise EditError(
                f"edit {number} ({_name(edit)}): before has {len(edit.before)} code points, the span {end - start}."
            )
        last_start, last_end = start, end
        grown += len(edit.after) - (end - start)
    return length + grown


def _mismatch(text: str, start: int, wanted: str, edit: Edit) -> str:
    stands = text[start : start + max(len(wanted), 1)]
    return f"edit {_name(edit)} wants {_quote(wanted)} at {start}, but {_quote(stands)} stands there."


def _name(edit: Edit) -> str:
    return f"{edit.start}-{edit.end} {_quote(edit.before)} -> {_quote(edit.after)}"


def _quote(value: object) -> str:
    """A value for an error message: control characters escaped, cut to a length that can be read."""
    shown = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:40]}...{shown[-12:]}"


# ---------------------------------------------------------------------------------------------------------------------
# Several steps as one


class _Change(NamedTuple):
    """An edit while it is being combined with others, and the recorded edits that it is made of."""

    start: int
    end: int
    before: str
    after: str
    made_of: tuple[Chosen, ...] = ()


def compose(steps: Sequence[Step]) -> tuple[Edit, ...]:
    """Several steps as one flat list of edits, in the offsets of the text before the first step.

    Edits of different steps that overlap become one: its rule names both ("surface.space+spin.map"), its confidence is
    that of the less certain one. Merged edits that come to nothing (put right, then put back) are left out.
    Raises EditError when the steps do not fit together.
    """
    return tuple(edit for edit, _ in trace(steps))


def trace(steps: Sequence[Step]) -> tuple[tuple[Edit, tuple[Chosen, ...]], ...]:
    """Like `compose`, each edit with the (step index, edit) pairs that it is made of."""
    flat: list[_Change] = []
    for number, step in enumerate(steps):
        changes = [_Change(e.start, e.end, e.before, e.after, ((number, e),)) for e in step.edits]
        flat = _chain(flat, changes) if flat else changes
    return tuple(
        (_joined(change), change.made_of)
        for change in flat
        if len(change.made_of) == 1 or change.before != change.after
    )


def _joined(change: _Change) -> Edit:
    start, end, before, after, made_of = change
    _, first = made_of[0]
    if len(made_of) == 1:
        return (
            first
            if first.start == start
            else Edit(start, end, before, after, first.rule, first.confidence, first.evidence, first.others)
        )
    edits = [edit for _, edit in made_of]
    rules = dict.fromkeys(edit.rule for edit in edits)
    evidence = tuple(reason for edit in edits for reason in edit.evidence)
    return Edit(start, end, before, after, "+".join(rules), min(edit.confidence for edit in edits), evidence)


class _Part(NamedTuple):
    """A change laid over the text between two steps (the middle): where the first step wrote or the second reads."""

    start: int
    filled: bool  # whether it takes up any of the middle
    second: bool  # whether it is of the second step
    end: int
    change: _Change

    @property
    def text(self) -> str:
        """What stands there in the middle."""
        return self.change.before if self.second else self.change.after


def _chain(first: Sequence[_Change], second: Sequence[_Change]) -> list[_Change]:
    """One list that does what `first` and then `second` do, in the offsets of the text before `first`.

    Changes that meet in the middle are fused; all others only need their offsets moved.
    """
    parts = [_Part(c.start, c.end > c.start, True, c.end, c) for c in second]
    shift = 0  # middle offset minus source offset
    for c in first:
        start = c.start + shift
        parts.append(_Part(start, c.after != "", False, start + len(c.after), c))
        shift += len(c.after) - len(c.before)
    # At one offset: what is empty in the middle first, then the first step's; so whatever meets stands side by side.
    parts.sort(key=itemgetter(0, 1, 2))
    out: list[_Change] = []
    group: list[_Part] = []
    last: list[_Part | None] = [None, None]  # the group's last part of either step
    shift = grown = 0  # the shift at the left and at the right end of the group
    for part in parts:
        near = last[not part.second]
        if group and (near is None or not _meet(near, part)):
            out.append(_fuse(group, shift))
            group, last, shift = [], [None, None], grown
        group.append(part)
        last[part.second] = part
        if not part.second:
            grown += len(part.change.after) - len(part.change.before)
    if group:
        out.append(_fuse(group, shift))
    return out


def _meet(left: _Part, right: _Part) -> bool:
    """Do two parts of different steps meet, of which `right` comes later?

    They do where they overlap. They also do where the second step inserts at an edge of what the first inserted, or at
    the place of what it deleted: as two edits they would stand at one place, or in an order that says nothing.
    """
    if right.start != left.end:
        return right.start < left.end
    first, second = (right, left) if left.second else (left, right)
    return not second.filled and (not first.filled or first.change.before == "")


def _fuse(group: list[_Part], shift: int) -> _Change:
    """The changes of one group as one. `shift` is the middle offset minus the source offset at the group's left end."""
    start, _, second, end, change = group[0]
    if len(group) == 1:
        if not second or not shift:
            return change
        return _Change(start - shift, end - shift, change.before, change.after, change.made_of)
    middle = _middle(group)
    ours = [part for part in group if not part.second]
    theirs = [part for part in group if part.second]
    before = _filled_in(middle, start, [(part.start, part.end, part.change.before) for part in ours])
    after = _filled_in(middle, start, [(part.start, part.end, part.change.after) for part in theirs])
    made_of = tuple(made for part in (*ours, *theirs) for made in part.change.made_of)
    return _Change(start - shift, start - shift + len(before), before, after, made_of)


def _middle(group: list[_Part]) -> str:
    """The text between two steps, where a group stands: each part was written by the first or read by the second."""
    pieces: list[str] = []
    done, last = group[0].start, ""  # the part that reaches furthest, and how far
    for part in group:
        text = part.text
        seen = min(done - part.start, len(text))  # so much of it was told by `last`
        if not last.startswith(text[:seen], len(last) - (done - part.start)):
            wanted = f"{_quote(text)} is wanted at {part.start}"
            raise EditError(f"the steps do not fit together: {wanted}, but {_quote(last)} ends at {done}.")
        if seen < len(text):
            pieces.append(text[seen:])
            last, done = text, part.end
    return "".join(pieces)


def _filled_in(text: str, offset: int, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text, which begins at `offset`, with each span (start, end, replacement) replaced."""
    pieces: list[str] = []
    done = offset
    for start, end, replacement in spans:
        pieces += (text[done - offset : start - offset], replacement)
        done = end
    pieces.append(text[done - offset :])
    return "".join(pieces)


# ---------------------------------------------------------------------------------------------------------------------
# Undoing some edits and keeping the rest


def _select(steps: Sequence[Step], only: Iterable[Edit | Chosen]) -> list[set[int]]:
    """For each step, the numbers of the chosen edits."""
    chosen: list[set[int]] = [set() for _ in steps]
    objects: dict[int, list[Place]] = {}
    numbers: dict[Chosen, int] = {}
    for step, whole in enumerate(steps):
        for number, edit in enumerate(whole.edits):
            objects.setdefault(id(edit), []).append((step, number))
            numbers[step, edit] = number
    meanings: dict[Edit, set[frozenset[Place]]] | None = None
    for item in only:
        # The very object cannot be mistaken. Equal edits, as from a record that was read again, come after that.
        if isinstance(item, Edit) and len(places := objects.get(id(item), ())) == 1:
            group = frozenset(places)
        elif isinstance(item, Edit):
            meanings = _meanings(steps, numbers) if meanings is None else meanings
            group = _meaning(item, meanings)
        else:
            group = frozenset({_place(item, numbers)})
        for step, number in group:
            chosen[step].add(number)
    return chosen


def _meanings(steps: Sequence[Step], numbers: Mapping[Chosen, int]) -> dict[Edit, set[frozenset[Place]]]:
    """What an edit may stand for: itself in its step, or, in the composed list, all that it is made of."""
    meanings: dict[Edit, set[frozenset[Place]]] = {}
    for (step, edit), number in numbers.items():
        meanings.setdefault(edit, set()).add(frozenset({(step, number)}))
    for edit, made_of in trace(steps):
        meanings.setdefault(edit, set()).add(frozenset((part[0], numbers[part]) for part in made_of))
    return meanings


def _meaning(edit: Edit, meanings: Mapping[Edit, set[frozenset[Place]]]) -> frozenset[Place]:
    groups = tuple(meanings.get(edit, ()))
    if not groups:
        raise EditError(f"edit {_name(edit)} is not in the record. Choose from record.steps or compose(record.steps).")
    if len(groups) > 1:
        raise EditError(f"edit {_name(edit)} can mean several of the record. Choose it as (step index, edit).")
    return groups[0]


def _place(item: Chosen, numbers: Mapping[Chosen, int]) -> Place:
    if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], Edit)):
        raise TypeError(f"choose edits, or (step index, edit) pairs, not {_quote(item)}.")
    step, edit = item
    if item not in numbers:
        raise EditError(
            f"edit {_name(edit)} is not in step {step} of the record. Choose from record.steps[{step}].edits."
        )
    return step, numbers[item]


def _take_out(steps: Sequence[Step], chosen: Sequence[set[int]]) -> tuple[list[_Change], tuple[Step, ...]]:
    """What turns the steps' result into the result without the chosen edits, and the steps that remain.

    Step by step: `apart` is what turns this step's old input into its new one. An edit of the step that meets a change
    in `apart` cannot stay as it is: it depends on an edit that was chosen. Two insertions in `apart` may come to
    stand at one place, as where deletions that met are undone: they stay in the order of the text.
    """
    apart: list[_Change] = []
    remaining: list[Step] = []
    dependent: list[Chosen] = []
    for number, step in enumerate(steps):
        meeting = _meeting(step.edits, apart)
        dependent += ((number, step.edits[k]) for k in sorted(meeting - chosen[number]))
        gone = meeting | chosen[number]
        kept = [edit for k, edit in enumerate(step.edits) if k not in gone]
        remaining.append(Step(step.name, tuple(_moved(kept, apart))))
        apart = _chain(_inverse(step.edits, gone), _carried(apart, kept))
    if dependent:
        raise DependentEdits(dependent)
    return apart, tuple(remaining)


def _meeting(edits: Sequence[Edit], apart: Sequence[_Change]) -> set[int]:
    """The numbers of the edits that overlap a change, or are insertions at the edge of one that is empty on a side."""
    meeting: set[int] = set()
    k = 0
    for number, edit in enumerate(edits):
        while k < len(apart) and (apart[k].start, apart[k].end) < (edit.start, edit.end):
            k += 1
        # Changes are sorted and do not overlap, so the nearest on either side tell.
        if any(_meets(edit, change) for change in apart[max(k - 1, 0) : k + 1]):
            meeting.add(number)
    return meeting


def _meets(edit: Edit, change: _Change) -> bool:
    if edit.start < change.end and change.start < edit.end:
        return True
    touches = edit.start == edit.end and (change.start == edit.start or change.end == edit.start)
    return touches and (change.before == "" or change.after == "")


def _moved(kept: Sequence[Edit], apart: Sequence[_Change]) -> Iterable[Edit]:
    """The edits, none of which meets a change, with their offsets after the changes."""
    k = shift = 0
    for edit in kept:
        while k < len(apart) and (apart[k].start, apart[k].end) < (edit.start, edit.end):
            shift += len(apart[k].after) - len(apart[k].before)
            k += 1
        yield (
            edit
            if shift == 0
            else Edit(
                edit.start + shift, edit.end + shift, edit.before, edit.after, edit.rule, edit.confidence, edit.evidence
            )
        )


def _carried(apart: Sequence[_Change], kept: Sequence[Edit]) -> list[_Change]:
    """The changes, none of which meets an edit, with their offsets after the edits."""
    carried = []
    k = shift = 0
    for change in apart:
        while k < len(kept) and (kept[k].start, kept[k].end) < (change.start, change.end):
            shift += len(kept[k].after) - len(kept[k].before)
            k += 1
        carried.append(_Change(change.start + shift, change.end + shift, change.before, change.after))
    return carried


def _inverse(edits: Sequence[Edit], gone: set[int]) -> list[_Change]:
    """What undoes the edits in `gone`, in the offsets of the text that all of them led to."""
    inverse, shift = [], 0
    for number, edit in enumerate(edits):
        start = edit.start + shift
        shift += len(edit.after) - len(edit.before)
        if number in gone:
            inverse.append(_Change(start, start + len(edit.after), edit.after, edit.before))
    return inverse


def _splice(text: str, changes: Sequence[_Change]) -> str:
    """The text with the changes made; they are known to be valid for it."""
    pieces: list[str] = []
    done = 0
    for change in changes:
        pieces += (text[done : change.start], change.after)
        done = change.end
    pieces.append(text[done:])
    return "".join(pieces)


# ---------------------------------------------------------------------------------------------------------------------
# Offsets


class OffsetMap:
    """Follows offsets (code points) through one flat list of edits: from the source to the result, and back.

    edits: valid for a text of `length` code points; for a repair in several steps, those of `compose`.

    An offset outside all edits has one image. Where there is a choice, `side` makes it: inside replaced text, "left" is
    the start of what stands there now and "right" its end; at a place where text was inserted, "left" is before it and
    "right" after it. So the character at an offset is followed with "right", and the end of a span with "left".
    """

    __slots__ = ("_ends", "_new_ends", "_new_starts", "_starts", "result_length", "source_length")

    def __init__(self, edits: Sequence[Edit], length: int) -> None:
        self.source_length = length
        self.result_length = _check(edits, length)
        count = len(edits)
        self._starts = np.fromiter((edit.start for edit in edits), np.int64, count)
        self._ends = np.fromiter((edit.end for edit in edits), np.int64, count)
        sizes = np.fromiter((len(edit.after) for edit in edits), np.int64, count)
        self._new_ends = self._ends + np.cumsum(sizes - (self._ends - self._starts))
        self._new_starts = self._new_ends - sizes

    @overload
    def to_result(self, offsets: int, side: Side = "left") -> int: ...
    @overload
    def to_result(self, offsets: npt.ArrayLike, side: Side = "left") -> Offsets: ...
    def to_result(self, offsets: npt.ArrayLike, side: Side = "left") -> int | Offsets:
        """Where offsets of the source stand in the result: an int for an int, else an int64 array of the same shape."""
        return _follow(
            offsets, side, self.source_length, (self._starts, self._ends), (self._new_starts, self._new_ends)
        )

    @overload
    def to_source(self, offsets: int, side: Side = "left") -> int: ...
    @overload
    def to_source(self, offsets: npt.ArrayLike, side: Side = "left") -> Offsets: ...
    def to_source(self, offsets: npt.ArrayLike, side: Side = "left") -> int | Offsets:
        """Where offsets of the result stand in the source: an int for an int, else an int64 array of the same shape."""
        return _follow(
            offsets, side, self.result_length, (self._new_starts, self._new_ends), (self._starts, self._ends)
        )


def carried_back(refusals: Sequence[Refusal], edits: Sequence[Edit], source: str, result: str) -> tuple[Refusal, ...]:
    """Refusals of a text `result` in the offsets of `source`, which the edits turned into it.

    One that touches an edit grows to the whole of it: `before` is what the source has there, and `after` has the rest
    of the edit's text around what was refused. One that would only have undone the edit is left out.
    """
    if not edits or not refusals:
        return tuple(refusals)
    offsets = OffsetMap(edits, len(source))
    starts = offsets.to_source([refusal.start for refusal in refusals], "left")
    ends = offsets.to_source([refusal.end for refusal in refusals], "right")
    lefts, rights = offsets.to_result(starts, "left"), offsets.to_result(ends, "right")
    carried = []
    for refusal, start, end, left, right in zip(
        refusals, starts.tolist(), ends.tolist(), lefts.tolist(), rights.tolist(), strict=True
    ):
        head, tail = result[left : refusal.start], result[refusal.end : right]
        after, *others = (head + wording + tail for wording in (refusal.after, *refusal.others))
        before = source[start:end]
        if before != after:
            carried.append(replace(refusal, start=start, end=end, before=before, after=after, others=tuple(others)))
    return tuple(carried)


def _follow(
    offsets: npt.ArrayLike, side: Side, length: int, old: tuple[Offsets, Offsets], new: tuple[Offsets, Offsets]
) -> int | Offsets:
    if side not in ("left", "right"):
        raise ValueError(f"side is 'left' or 'right', not {side!r}.")
    wanted = _whole(offsets, length)
    (starts, ends), (new_starts, new_ends) = old, new
    if not len(starts):
        return _like(offsets, wanted.copy())
    past = np.searchsorted(ends, wanted, side="right")
    # Text that is empty on this side stands before an offset that is asked for its right, after one asked for its left.
    before = past if side == "right" else np.minimum(past, np.searchsorted(starts, wanted, side="left"))
    shift = np.where(before > 0, (new_ends - ends)[before - 1], 0)
    image = wanted + shift
    near = np.minimum(past, len(starts) - 1)
    inside = (starts[near] < wanted) & (wanted < ends[near])
    return _like(offsets, np.where(inside, (new_starts if side == "left" else new_ends)[near], image))


def _whole(offsets: npt.ArrayLike, length: int) -> Offsets:
    given = np.asarray(offsets)
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(f"offsets are whole numbers, not {given.dtype}.")
    wanted = given.astype(np.int64)
    if wanted.size and (int(wanted.min()) < 0 or int(wanted.max()) > length):
        raise EditError(f"offset {_outside(wanted, length)} lies outside the text, which has {length} units.")
    return wanted


def _outside(wanted: Offsets, length: int) -> int:
    return int(wanted[(wanted < 0) | (wanted > length)].flat[0])


def _like(offsets: npt.ArrayLike, image: Offsets) -> int | Offsets:
    return int(image) if np.ndim(offsets) == 0 else image


@overload
def to_utf8(text: str, offsets: int) -> int: ...
@overload
def to_utf8(text: str, offsets: npt.ArrayLike) -> Offsets: ...
def to_utf8(text: str, offsets: npt.ArrayLike) -> int | Offsets:
    """Byte offsets in the text's UTF-8 form (surrogates passed) of code point offsets."""
    return _like(offsets, _utf8_table(text)[_whole(offsets, len(text))])


@overload
def to_utf16(text: str, offsets: int) -> int: ...
@overload
def to_utf16(text: str, offsets: npt.ArrayLike) -> Offsets: ...
def to_utf16(text: str, offsets: npt.ArrayLike) -> int | Offsets:
    """Offsets in 16-bit units of the text's UTF-16 form, as JavaScript and Java count, of code point offsets."""
    return _like(offsets, _utf16_table(text)[_whole(offsets, len(text))])


@overload
def from_utf8(text: str, offsets: int) -> int: ...
@overload
def from_utf8(text: str, offsets: npt.ArrayLike) -> Offsets: ...
def from_utf8(text: str, offsets: npt.ArrayLike) -> int | Offsets:
    """Code point offsets of UTF-8 byte offsets. Raises EditError for one that falls inside a character."""
    return _back(_utf8_table(text), offsets)


@overload
def from_utf16(text: str, offsets: int) -> int: ...
@overload
def from_utf16(text: str, offsets: npt.ArrayLike) -> Offsets: ...
def from_utf16(text: str, offsets: npt.ArrayLike) -> int | Offsets:
    """Code point offsets of UTF-16 unit offsets. Raises EditError for one that falls inside a character."""
    return _back(_utf16_table(text), offsets)


def _utf8_table(text: str) -> Offsets:
    points = _points(text)
    # One byte up to U+007F, two up to U+07FF, three up to U+FFFF (surrogates are among these), then four.
    return _running(1 + (points > 0x7F).astype(np.int8) + (points > 0x7FF) + (points > 0xFFFF))


def _utf16_table(text: str) -> Offsets:
    return _running(1 + (_points(text) > 0xFFFF).astype(np.int8))


def _points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _running(widths: npt.NDArray[np.int8]) -> Offsets:
    table = np.zeros(len(widths) + 1, np.int64)
    np.cumsum(widths, out=table[1:])
    return table


def _back(table: Offsets, offsets: npt.ArrayLike) -> int | Offsets:
    wanted = _whole(offsets, int(table[-1]))
    found = np.searchsorted(table, wanted, side="left").astype(np.int64)
    if np.any(inside := table[found] != wanted):
        raise EditError(f"offset {int(wanted[inside].flat[0])} falls inside a character. Give the offset of its start.")
    return _like(offsets, found)
