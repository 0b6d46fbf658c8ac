"""Where an offset of a text stands once the text was edited, and back; and offsets in UTF-8 and UTF-16.

Start reading at `OffsetMap`. Inside despin offsets count code points; other units are derived here when asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from despin.edit_checks import EditError, check_edits
from despin.values import Edit, Refusal

Offsets = npt.NDArray[np.int64]
Side = Literal["left", "right"]


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
        self.result_length = check_edits(edits, length)
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
