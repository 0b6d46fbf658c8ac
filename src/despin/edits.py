"""Edits as plain values: apply them, undo them, and make one list of several steps.

Start with `apply`, which says what a list of edits means, and `undo`, which takes it back; both in whole, and `undo`
edit by edit too. `compose` turns several steps into one flat list in the offsets of the very first text. What makes a
list valid is in `edit_checks.py`, the stored record in `records.py`, maps of offsets in `offsets.py`; their names can
be imported from here as well.

All takes time linear in the text and in the number of edits. Nothing changes its arguments: a refusal leaves all as it
was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from despin.edit_checks import (
    Chosen,
    DependentEdits,
    EditError,
    RecordError,
    SchemaError,
    TextMismatch,
    check_edits,
    mismatch,
    named,
    quoted,
)
from despin.offsets import OffsetMap, Offsets, Side, carried_back, from_utf8, from_utf16, to_utf8, to_utf16
from despin.records import SCHEMA, Digest, Record, field_of, object_at, read_digest, read_step
from despin.values import DespinError, Edit, Step

__all__ = [
    "SCHEMA",
    "Chosen",
    "DependentEdits",
    "Digest",
    "EditError",
    "OffsetMap",
    "Offsets",
    "Record",
    "RecordError",
    "SchemaError",
    "Side",
    "Stored",
    "TextMismatch",
    "apply",
    "carried_back",
    "compose",
    "field_of",
    "from_utf8",
    "from_utf16",
    "object_at",
    "read_digest",
    "read_step",
    "replay",
    "to_utf8",
    "to_utf16",
    "trace",
    "undo",
    "without",
]

Place = tuple[int, int]
"""The index of a step and the number of an edit in it."""


# ---------------------------------------------------------------------------------------------------------------------
# Apply, undo, replay


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made.

    Raises EditError for edits that are not valid, TextMismatch where `before` is not what stands in the text.
    """
    check_edits(edits, len(text))
    pieces: list[str] = []
    done = 0
    for edit in edits:
        if not text.startswith(edit.before, edit.start):
            raise TextMismatch(mismatch(text, edit.start, edit.before, edit))
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
                f"the record contradicts itself: steps[{number}]: {mismatch(text, start, edit.after, edit)}"
            )
        pieces += (text[done:start], edit.before)
        done = start + len(edit.after)
        shift += len(edit.after) - len(edit.before)
    pieces.append(text[done:])
    text = "".join(pieces)
    try:
        check_edits(step.edits, len(text))
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
            wanted = f"{quoted(text)} is wanted at {part.start}"
            raise EditError(f"the steps do not fit together: {wanted}, but {quoted(last)} ends at {done}.")
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
        raise EditError(f"edit {named(edit)} is not in the record. Choose from record.steps or compose(record.steps).")
    if len(groups) > 1:
        raise EditError(f"edit {named(edit)} can mean several of the record. Choose it as (step index, edit).")
    return groups[0]


def _place(item: Chosen, numbers: Mapping[Chosen, int]) -> Place:
    if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], Edit)):
        raise TypeError(f"choose edits, or (step index, edit) pairs, not {quoted(item)}.")
    step, edit = item
    if item not in numbers:
        raise EditError(
            f"edit {named(edit)} is not in step {step} of the record. Choose from record.steps[{step}].edits."
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
