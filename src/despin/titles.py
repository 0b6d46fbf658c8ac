"""Titles by which link farms name their pages and links: a frame around the words that the page is to be found by.

Start reading at `Titles.find`. The frames are a table (data/debris/titles.tsv); "X" stands for the page's words. "New
Step by Step Map For garden sheds" is written by no person; "The Ultimate Guide To Garden Sheds" may be, and tells less.
Letter case counts: the frames have capitals of their own, and the words that are set into them often have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import regex

from despin.reading import Reading
from despin.tables import TableError, read_rows

BoolArray = npt.NDArray[np.bool_]

COLUMNS = ("frame", "nats", "note")

# Below this, people write such titles about as often.
TELLING = 1.0

# A title is a short line; around a word of a frame that stands in running text this much is looked at, either way.
MOST_CHARACTERS = 160

# Frames with two capitals or more are titles in capitals: words in lower case were set into them.
SET_IN_NATS = 1.0

# One to ten words that a page is to be found by, without an end of a sentence between.
_WORDS = r"[^\W_][\w'’&+-]*(?: [\w'’&+-]+){0,9}?"
# Inside running text fewer, so that a frame does not reach over what is no title.
_FEW_WORDS = r"[^\W_][\w'’&+-]*(?: [\w'’&+-]+){0,5}?"
# A title stands by itself in running text: after a sentence's end or the start, before a capital or the end.
_BEFORE = r"(?:(?<=[.!?…\"”’)\]] )|(?<=\A|\n))"
_AFTER = r"(?=[ ]*(?:\Z|\n)|[.]? \p{Lu})"


@dataclass(frozen=True, slots=True)
class Title:
    """A title at `text[start:end]`. nats: log odds, on a heavily damaged page, that a link farm wrote it. whole: it has
    a line of its own; opens: that line is the first, or is a copy of the first: the page's own title; closed: it is
    known where the title ends."""

    start: int
    end: int
    frame: str
    nats: float
    whole: bool
    opens: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class _Frame:
    name: str
    nats: float
    capitals: int
    line: regex.Pattern[str]
    within: regex.Pattern[str] | None
    closed: bool


class Titles:
    """The frames of titles, by the word that each is looked for at. Read-only."""

    def __init__(self, frames: Mapping[str, float]) -> None:
        self._by_word: dict[str, list[_Frame]] = {}
        for name, nats in frames.items():
            self._by_word.setdefault(_longest_word(name), []).append(_frame(name, nats))

    @classmethod
    def load(cls, folder: Path) -> Titles:
        """Read `folder/titles.tsv`. Raises TableError naming file and line."""
        path = folder / "titles.tsv"
        frames: dict[str, float] = {}
        for line, (frame, nats, _) in read_rows(path, COLUMNS):
            if frame.split().count("X") != 1 or len(frame.split()) < 2:
                raise TableError(f"{path}:{line}: frame {frame!r} needs one X and a word or more")
            if frame in frames:
                raise TableError(f"{path}:{line}: frame {frame!r} is there twice")
            try:
                frames[frame] = float(nats)
            except ValueError:
                raise TableError(f"{path}:{line}: nats {nats!r} is no number") from None
        return cls(frames)

    def find(self, reading: Reading) -> list[Title]:
        """The titles of a text, in order, not overlapping."""
        text = reading.tokens.text
        found: list[Title] = []
        items = np.flatnonzero(reading.among(self._by_word))
        offsets = reading.tokens.starts[reading.index[items]].tolist() if len(items) else []
        own = _first_line(text)
        for item, offset in zip(items.tolist(), offsets, strict=True):
            if found and offset < found[-1].end:
                continue
            frames = self._by_word[reading.folded[reading.tokens.type_ids[reading.index[item]]]]
            floor = found[-1].end if found else 0
            title = next(_matches(text, offset, floor, frames, own), None)
            if title is not None:
                found.append(title)
        return found


def marks(reading: Reading, titles: Titles) -> BoolArray:
    """Which items of the reading begin a title of a link farm, the page's own among them: a trace that the score can
    count (trace.title). Where it is the page's own it is not taken out: what stood there is not known."""
    begins = np.zeros(len(reading), np.bool_)
    starts = reading.tokens.starts[reading.index]
    for title in titles.find(reading):
        if title.nats >= TELLING:
            begins[int(np.searchsorted(starts, title.start))] = True
    return begins


def _longest_word(frame: str) -> str:
    """The word of a frame that is the least common, as far as length tells; not one that digits or a hyphen touch."""
    words = regex.findall(r"(?<![\w-])\p{L}{2,}(?:['’]\p{L}+)*+(?![\w-])", frame)
    return str(max(words, key=len)).lower()


def _frame(name: str, nats: float) -> _Frame:
    before, after = (
        regex.escape(part, special_only=True, literal_spaces=True).replace("'", "['’]") for part in _around_x(name)
    )
    line = regex.compile(rf"{before}(?P<x>{_WORDS}){after}[.]?")
    # where nothing of the frame follows its words, they go over into the text: the start alone is seen
    rest = rf"(?P<x>{_FEW_WORDS}){after}{_AFTER}" if after else r"(?P<x>\w+)"
    within = regex.compile(rf"{_BEFORE}{before}{rest}") if before else None
    capitals = sum(word[0].isupper() for word in name.split() if word != "X")
    return _Frame(name, nats, capitals, line, within, bool(after))


def _around_x(frame: str) -> tuple[str, str]:
    words = frame.split()
    at = words.index("X")
    before, after = " ".join(words[:at]), " ".join(words[at + 1 :])
    return before and before + " ", after and " " + after


def _first_line(text: str) -> str:
    stripped = text.lstrip()
    return stripped[: MOST_CHARACTERS + 1].split("\n", 1)[0].strip()


def _matches(text: str, offset: int, floor: int, frames: list[_Frame], own: str) -> Iterator[Title]:
    """The titles around an offset, those with a line of their own first."""
    start = text.rfind("\n", max(offset - MOST_CHARACTERS, floor), offset) + 1 or max(offset - MOST_CHARACTERS, floor)
    end = text.find("\n", offset, offset + MOST_CHARACTERS)
    end = end if end >= 0 else min(len(text), offset + MOST_CHARACTERS)
    line = text[start:end].strip()
    begin = start + (len(text[start:end]) - len(text[start:end].lstrip()))
    own_line = (not start or text[start - 1] == "\n") and (end == len(text) or text[end] in "\r\n")
    for frame in frames:
        if own_line and (match := frame.line.fullmatch(line)):
            yield Title(begin, begin + len(line), frame.name, _nats(frame, match), True, line == own, True)
        elif (
            frame.within and (match := frame.within.search(text, start, end)) and match.start() <= offset < match.end()
        ):
            yield Title(match.start(), match.end(), frame.name, _nats(frame, match), False, False, frame.closed)


def _nats(frame: _Frame, match: regex.Match[str]) -> float:
    set_in = frame.capitals > 1 and match["x"].islower()
    return frame.nats + (SET_IN_NATS if set_in else 0.0)
