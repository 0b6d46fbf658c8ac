"""What makes edits valid, and what is said where they are not. Start reading at `check_edits`.

A list of edits is *valid* for a text when it is sorted, no two edits overlap, all lie within the text, and no two stand
at the very same place (two insertions at one offset have no order of their own). Edits may touch.
"""

from __future__ import annotations

from collections.abc import Sequence

from despin.values import DespinError, Edit

Chosen = tuple[int, Edit]
"""An edit and the index of its step: what names an edit without doubt, as equal edits may stand in two steps."""


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
        shown = "; ".join(f"step {step}: {named(edit)}" for step, edit in self.chosen[:5])
        more = f"; and {len(self.chosen) - 5} more" if len(self.chosen) > 5 else ""
        return f"later edits depend on the chosen ones: {shown}{more}. Choose these too (the error's .edits)."


def check_edits(edits: Sequence[Edit], length: int) -> int:
    """Raise EditError unless the edits are valid for a text of that length; return the length that they lead to."""
    last_start, last_end, grown = -1, 0, 0
    for number, edit in enumerate(edits):
        start, end = edit.start, edit.end
        if not 0 <= start <= end <= length:
            raise EditError(f"edit {number} ({named(edit)}) does not lie within the text of {length} code points.")
        if start < last_end:
            what = "starts before the end of" if start >= last_start else "stands before"
            raise EditError(f"edit {number} ({named(edit)}) {what} the edit before it: sort them and leave no overlap.")
        if start == last_start and end == last_end:
            raise EditError(f"edit {number} ({named(edit)}) stands at the same place as the edit before it: join them.")
        if len(edit.before) != end - start:
            raise EditError(
                f"edit {number} ({named(edit)}): before has {len(edit.before)} code points, the span {end - start}."
            )
        last_start, last_end = start, end
        grown += len(edit.after) - (end - start)
    return length + grown


def mismatch(text: str, start: int, wanted: str, edit: Edit) -> str:
    """What an error says of an edit whose text is not what stands there."""
    stands = text[start : start + max(len(wanted), 1)]
    return f"edit {named(edit)} wants {quoted(wanted)} at {start}, but {quoted(stands)} stands there."


def named(edit: Edit) -> str:
    """An edit for an error message."""
    return f"{edit.start}-{edit.end} {quoted(edit.before)} -> {quoted(edit.after)}"


def quoted(value: object) -> str:
    """A value for an error message: control characters escaped, cut to a length that can be read."""
    shown = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:40]}...{shown[-12:]}"
