"""Reading a citation marker whose digits may be words: where one may stand, its numbers, what is around it.

Start reading at `sites`: a quick scan proposes places (`Words.gate`), `_site` reads the whole marker there (lists and
ranges, digits among the words). Nothing is judged here; `detect/citations.py` weighs what was read.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from despin.detect.numerals import LANGUAGES, Grammar, grammar_in, one_of
from despin.tables import TableError, read_rows
from despin.tokens import Kind, Tokens

# A list has at most a dozen markers; the bound keeps the scan linear.
MOST_ITEMS = 12
# How far back a list's first item or a sentence's words are looked for, in characters.
ITEM_REACH = 45
SENTENCE_REACH = 300

CONTEXT_COLUMNS = ("lang", "class", "word", "note")
CONTEXT_CLASSES = frozenset(
    {"opener", "label", "numbered", "abbreviation", "quantity", "kin", "finding", "report", "proper", "step"}
    | {"determiner", "homograph", "joiner", "software", "preposition", "counting", "collective"}
)
Context = Mapping[str, frozenset[str]]

# for use inside character classes: the first one escaped, or it would make a range of what stands before it
DASH = r"\-" "\u2010\u2011\u2012\u2013\u2014\u2212"
STOP = ".!?…"
CLOSER = "\"”’')]»"
# Kinds of tokens that are never rewritten.
_UNTOUCHED = (int(Kind.CODE), int(Kind.NAME))
_CLOSING = {"[": "]", "(": ")"}

# Digits as one item of a marker: at most three, no decimal and no unit behind; a capital may be glued on ("13In").
_DIGITS = re.compile(r"\d{1,3}(?![\d%°]|[^\W\d_A-Z]|[.]\d)")
# The same, read backwards from a list sign: nothing before it that makes it part of a name or a decimal (IL-6, 3.12).
_DIGITS_BEFORE = re.compile(r"(?<![\w-])(?<!\d[.])\d{1,3}\Z")
# Spinners also stop halfway: 25 becomes "twenty 5" as well as "twenty five".
_TENS = range(20, 100, 10)
_UNIT = re.compile(r"[ -]([1-9])(?![\w%°]|[.,]\d)")
# Letters up to a capital glued to them: "nineteenPharmacological".
_CAPITAL_GLUED = re.compile(r"[^\W\d_A-Z]+(?=[A-Z][a-z])")
# What makes the number part of something longer: two-thirds, twenty-first, four.five, two's, five%.
_GOES_ON = re.compile(rf"[{DASH}/'’%°$€£]|[.,:]\w")
# What follows a marker: a gap, perhaps an opening mark, two words.
_RIGHT = re.compile(r"(\s*)([\"“‘'(\[]?)([^\W\d_][^\W_]*(?:['’-][^\W_]+)*)?[ ]?([^\W\d_][^\W_]*)?")
# The end of a sentence inside a stretch of text, glued or not.
_SENTENCE_END = re.compile(r"[.!?…][\"”’')\]]*\s*(?=[\"“‘(\[]?[A-Z])")


class HasTables(Protocol):
    """All that reading a marker needs of the resources."""

    @property
    def lang(self) -> str: ...

    @property
    def folder(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class Item:
    """One number of a marker: `text[start:end]`, in words or in digits."""

    start: int
    end: int
    value: int
    in_words: bool


@dataclass(frozen=True, slots=True)
class Site:
    """A marker and what stands around it in its paragraph.

    items: its numbers, at least one of them in words; string: the marker as it stands; bracket: "[", "(" or "".
    left: up to SENTENCE_REACH characters before it (before its bracket). Of them: word, stop, closers and gap, which
        tell what it is glued to: "dysfunction", ".", "”", "".
    next_gap, opening, next_word, second_word: what follows: " ", "“", "Given", "limited".
    right: up to SENTENCE_REACH characters after it (after its bracket); at_end: nothing but closing marks follow.
    breaks_line: it opens a paragraph after one that has no stop, and both are short: perhaps only a wrapped line.
    """

    items: tuple[Item, ...]
    string: str
    bracket: str
    left: str
    word: str
    stop: str
    closers: str
    gap: str
    next_gap: str
    opening: str
    next_word: str
    second_word: str
    right: str
    at_end: bool
    breaks_line: bool

    @property
    def start(self) -> int:
        return self.items[0].start

    @property
    def end(self) -> int:
        return self.items[-1].end

    @property
    def value(self) -> int:
        return self.items[0].value

    @property
    def several(self) -> bool:
        return len(self.items) > 1

    @property
    def mixed(self) -> bool:
        return not all(item.in_words for item in self.items)

    @property
    def ascending(self) -> bool:
        values = [item.value for item in self.items]
        return all(first < second for first, second in itertools.pairwise(values))

    @property
    def before_capital(self) -> bool:
        """A sentence follows, to all appearances."""
        return self.next_word[:1].isupper()

    @property
    def sentence(self) -> str:
        """What stands before the marker in its sentence; for a glued marker, the sentence that it closes."""
        ends = [found.end() for found in _SENTENCE_END.finditer(self.left)]
        return self.left[ends[-1] :] if ends else self.left


@dataclass(frozen=True, slots=True)
class Words:
    """One language's number grammar and context words."""

    numbers: Grammar
    context: Context
    gate: re.Pattern[str]
    joint: re.Pattern[str]
    joint_before: re.Pattern[str]

    def has(self, kind: str, word: str) -> bool:
        return word in self.context.get(kind, ())


def load_context(folder: Path) -> dict[str, Context]:
    """Read `folder/numerals/context.tsv`: per language and class, the words that tell a marker from a number.

    Raises TableError where the table is missing or malformed (the message names file and line).
    """
    path = folder / "numerals" / "context.tsv"
    words: dict[str, dict[str, set[str]]] = {lang: {} for lang in LANGUAGES}
    for line, (lang, kind, word, _) in read_rows(path, CONTEXT_COLUMNS):
        if lang not in words:
            raise TableError(f"{path}:{line}: lang {lang!r} is not one of {', '.join(LANGUAGES)}")
        if kind not in CONTEXT_CLASSES:
            raise TableError(f"{path}:{line}: class {kind!r} is not one of {', '.join(sorted(CONTEXT_CLASSES))}")
        words[lang].setdefault(kind, set()).add(word)
    return {lang: {kind: frozenset(held) for kind, held in kinds.items()} for lang, kinds in words.items()}


@cache
def words_of(lang: str, folder: Path) -> Words:
    """A language's number words and context words by the tables of a data folder, made once per process.

    Raises TableError where a table is missing or malformed.
    """
    numbers, context = grammar_in(folder, lang), load_context(folder)[lang]
    joiners = "|".join(re.escape(word) for word in sorted(context.get("joiner", ())))
    joint = rf" ?[,;] ?| ?[{DASH}] ?| (?:{joiners}) "
    return Words(numbers, context, _gate(numbers), re.compile(joint), re.compile(rf"(?:{joint})\Z"))


def _gate(numbers: Grammar) -> re.Pattern[str]:
    """Where a marker may stand: a number word's first word, in lower case, right after a mark or a line's start; with a
    capital, as spinners leave them, only glued to the stop of a sentence.

    One character class leads, so that clean text is passed over at the speed of a character search. Lists are met at
    their second item at the latest (", five"), by its comma or dash.
    """
    heads = one_of(head for head in numbers.heads if " " not in head)
    capitals = one_of(head.capitalize() for head in numbers.heads if " " not in head)
    return re.compile(
        rf"(?:\A|[{STOP}{re.escape(CLOSER)}(\[,:;\n{DASH}])[ \u00a0]{{0,2}}(?={heads})|(?<=[^\W\d_])[.](?={capitals})"
    )


def sites(tokens: Tokens, words: Words) -> Iterator[Site]:
    """The markers of a text, from left to right; each once, though a list is met at each of its numbers."""
    text = tokens.text
    starts = [found.end() for found in words.gate.finditer(text)]
    if words.numbers.starts.match(text):
        starts.insert(0, 0)
    starts = [start for start in starts if _item(text, start, words) is not None]
    if not starts:
        return
    # all at once: one look-up costs as much as a thousand
    offsets = np.array(starts, tokens.starts.dtype)
    kinds = tokens.kinds[np.searchsorted(tokens.starts, offsets, side="right") - 1].tolist()
    paragraphs = [(int(first), int(last)) for first, last in tokens.paragraphs()]
    reached = paragraph = 0
    for start, kind in zip(starts, kinds, strict=True):
        if start < reached or kind in _UNTOUCHED:
            continue
        while paragraph < len(paragraphs) - 1 and paragraphs[paragraph + 1][0] <= start:
            paragraph += 1
        first, last = paragraphs[paragraph]
        before = text[max(paragraphs[paragraph - 1][0], first - SENTENCE_REACH) : first] if paragraph else ""
        items = (
            *_items_before(text, start, max(first, reached), words),
            *_items_from(text, start, last, words),
        )
        reached = items[-1].end
        site = _site(text, items, (first, last), before)
        if site is not None:
            yield site


def _item(text: str, start: int, words: Words) -> Item | None:
    """The number at `start`: digits, or number words in lower case."""
    if text[start : start + 1].isdigit():
        digits = _DIGITS.match(text, start)
        return None if digits is None else Item(start, digits.end(), int(digits.group()), False)
    glued = _CAPITAL_GLUED.match(text, start)
    # at its own end, or cut before a capital that is glued to it
    for limit in (None, glued.end()) if glued is not None else (None,):
        match = words.numbers.match(text, start, limit)
        if match is not None:
            end, value = match
            unit = _UNIT.match(text, end) if value in _TENS and words.numbers.lang == "en" else None
            if unit is not None:
                end, value = unit.end(), value + int(unit.group(1))
            # "fourteen one The": the grammar takes capitals as well, a marker is in lower case or glued to a stop
            plain = text[start + (text[start - 1 : start] == ".") : end].islower()
            return Item(start, end, value, True) if plain else None
    return None


def _items_from(text: str, start: int, last: int, words: Words) -> list[Item]:
    """The numbers from `start` on, with only list or range signs between them."""
    items: list[Item] = []
    position = start
    while len(items) < MOST_ITEMS and (item := _item(text, position, words)) is not None:
        items.append(item)
        joint = words.joint.match(text, item.end, last)
        if joint is None:
            break
        position = joint.end()
    return items


def _items_before(text: str, start: int, floor: int, words: Words) -> list[Item]:
    """The numbers that end just before `start`, parted from it and from each other by list or range signs only."""
    items: list[Item] = []
    while len(items) < MOST_ITEMS:
        low = max(floor, start - ITEM_REACH)
        joint = words.joint_before.search(text[low:start])
        item = None if joint is None else _item_ending(text, low, low + joint.start(), words)
        if item is None:
            break
        items.insert(0, item)
        start = item.start
    return items


def _item_ending(text: str, low: int, end: int, words: Words) -> Item | None:
    """The longest number that ends at `end` and starts at `low` or later."""
    digits = _DIGITS_BEFORE.search(text[low:end])
    if digits is not None:
        return Item(low + digits.start(), end, int(digits.group()), False)
    for found in words.numbers.starts.finditer(text, low, end):
        match = words.numbers.match(text, found.start(), end)
        if match is not None and match[0] == end and text[found.start() : end].islower():
            return Item(found.start(), end, match[1], True)
    return None


def _site(text: str, items: tuple[Item, ...], paragraph: tuple[int, int], before: str) -> Site | None:
    """A marker with what stands around it; None where what follows makes it something else."""
    first, last = paragraph
    begin, end = items[0].start, items[-1].end
    if _GOES_ON.match(text, end, last):
        return None
    left, bracket = text[max(first, begin - SENTENCE_REACH) : begin], ""
    if left[-1:] in ("[", "("):
        bracket = left[-1]
        if text[end : end + 1] != _CLOSING[bracket]:
            return None
        left, end = left[:-1], end + 1
    elif text[end : end + 1] in (")", "]"):
        return None
    following = _RIGHT.match(text, end, last)
    assert following is not None  # every part of the pattern may be empty
    body = left.rstrip()
    unclosed = body.rstrip(CLOSER)
    unstopped = unclosed.rstrip(STOP)
    return Site(
        items=items,
        string=text[begin : items[-1].end],
        bracket=bracket,
        left=left,
        word=unstopped.rsplit(None, 1)[-1] if unstopped.strip() else "",
        stop=unclosed[len(unstopped) :],
        closers=body[len(unclosed) :],
        gap=left[len(body) :],
        next_gap=following.group(1),
        opening=following.group(2),
        next_word=following.group(3) or "",
        second_word=following.group(4) or "",
        right=text[end : min(last, end + SENTENCE_REACH)],
        at_end=not text[end : min(last, end + SENTENCE_REACH)].strip(CLOSER + " "),
        breaks_line=not left and _breaks_line(text[begin : min(last, begin + SENTENCE_REACH)], before),
    )


# Printed lines and terminals are at most this wide; a longer line was not wrapped by hand.
_WRAPPED = 90


def _breaks_line(paragraph: str, before: str) -> bool:
    """Two short lines, the first without a stop: the second may go on with the first one's sentence."""
    held = before.rstrip()
    if not held or "\n\n" in before[len(held) :] or held.rstrip(CLOSER)[-1:] in (*STOP, ":"):
        return False
    line = paragraph.split("\n", 1)[0]
    return len(line) <= _WRAPPED and len(held.rsplit("\n", 1)[-1]) <= _WRAPPED


def enumeration(sites: list[Site]) -> set[int]:
    """Starts of the sites that number their paragraphs: one ..., two ..., three ..., each opening one."""
    opening = [site for site in sites if not site.left and not site.several and not site.bracket]
    values = [site.value for site in opening]
    if len(opening) > 1 and values == list(range(values[0], values[0] + len(values))):
        return {site.start for site in opening}
    return set()
