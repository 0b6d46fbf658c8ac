"""Citation markers whose digits were turned into words: "dysfunction.two Given" was "dysfunction.2 Given".

A number word is a marker only where its place says so. Start reading at `find`: a quick scan proposes places
(`_gate`), `_site` reads the whole marker there (lists and ranges, digits among the words), `_place` says which kind of
place it is, and one function per kind (`_glued`, `_orphan`, `_bracketed` ...) weighs the reasons.

Weights are natural log odds, judged by hand and held in check by the trap cases (`tests/cases/citations.tsv`) and by
the false alarms that `benchmarks/numerals.py` counts; they are no measured frequencies. Their sum is the log odds in
an otherwise clean document. Where it reaches `CLEAR` the finding needs no document rate. Where it does not, it is
proposed only if the document has citations in digits or clear damage elsewhere, and the document's rate decides.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np

from despin.detect.numerals import LANGUAGES, Grammar, grammar, language, one_of
from despin.settings import SettingsError
from despin.tables import TableError, data_folder, read_rows
from despin.tokens import Kind, Tokens
from despin.values import Alternative, Evidence, Finding

# How a document writes its markers: [2], (2), ² or 2.
Style = Literal["brackets", "parentheses", "superscript", "bare"]
STYLES: tuple[str, ...] = get_args(Style)

# Log odds of 4 are 98 in 100: such a place is rewritten in a document that shows no other damage.
CLEAR = 4.0
# On a heavily damaged page a place below CLEAR is somewhat likelier to be damage: far less than what the decision takes
# away on a clean page (6 nats), so that only a damaged page gets these.
DAMAGED_PAGE = 1.0
# Places below CLEAR are proposed only in company: where the document shows citations in digits, or clear damage
# elsewhere. In a text of one sentence a weak proposal would be its own evidence that the page is damaged.
LEAST_IN_COMPANY = 1.0

# The most that a document's citations in digits add: 2.5 for the same form, 1 for any, 0.5 for numbers in reach.
DOCUMENT_MOST = 4.0

# A list has at most a dozen markers; the bound keeps the scan linear.
MOST_ITEMS = 12
# "thirty five", "twenty 5": people write a hyphen.
_UNHYPHENATED = re.compile(r"[a-z]ty (?:[1-9]\b|one|two|three|four|five|six|seven|eight|nine)")
# How far back a list's first item or a sentence's words are looked for, in characters.
ITEM_REACH = 45
SENTENCE_REACH = 300
# Reference lists rarely pass 999, and years and sums begin there.
MOST_VALUE = 999

CONTEXT_COLUMNS = ("lang", "class", "word", "note")
CONTEXT_CLASSES = frozenset(
    {"opener", "label", "numbered", "abbreviation", "quantity", "kin", "finding", "report", "proper", "step"}
    | {"determiner", "homograph", "joiner", "software", "preposition", "counting", "collective"}
)
Context = Mapping[str, frozenset[str]]

# for use inside character classes: the first one escaped, or it would make a range of what stands before it
_DASH = r"\-" "\u2010\u2011\u2012\u2013\u2014\u2212"
_STOP = ".!?…"
_CLOSER = "\"”’')]»"
# Kinds of tokens that are never rewritten.
_UNTOUCHED = (int(Kind.CODE), int(Kind.NAME))
_CLOSING = {"[": "]", "(": ")"}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

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
_GOES_ON = re.compile(rf"[{_DASH}/'’%°$€£]|[.,:]\w")
# What follows a marker: a gap, perhaps an opening mark, two words.
_RIGHT = re.compile(r"(\s*)([\"“‘'(\[]?)([^\W\d_][^\W_]*(?:['’-][^\W_]+)*)?[ ]?([^\W\d_][^\W_]*)?")
_AUTHOR = re.compile(r"\bal\.?,?[ ]?\Z")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
# Demonyms that the table need not list: Canadian, Chinese, Finnish. Not historians, physicians, obese, median.
_DEMONYM = re.compile(r"(?!Obese|Cheese)[A-Z][a-z]{2,}(?:(?<!m)ese|ish|(?<!ic)(?<!stor)(?<!rar)(?<!ed)(?<!vil)ians?)\Z")
# Nouns that cannot be counted together with the noun after them: "two Tolerance develops" is no count.
_MASS = re.compile(r"\w+(?:ance|ence|ity|ness|ism|ology|sis|emia|itis|tion)\Z")
# A word that a sentence may end with: letters, perhaps hyphenated or with a closing bracket; or a number.
_PLAIN_WORD = re.compile(r"[(\[\"“‘']?[^\W_]*[^\W\d_][^\W_]*(?:[-–/'’][^\W_]+)*[%)\]”\"’']*|\d+(?:[.,]\d+)*[%)\]]?")
_NO_PLURAL = ("ss", "us", "is", "ics")
_IRREGULAR_PLURALS = frozenset({"men", "women", "children", "people", "mice", "feet", "teeth", "lives"})
# The end of a sentence inside a stretch of text, glued or not.
_SENTENCE_END = re.compile(r"[.!?…][\"”’')\]]*\s*(?=[\"“‘(\[]?[A-Z])")


class HasLanguage(Protocol):
    """All that `find` needs of the resources."""

    @property
    def lang(self) -> str: ...


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


class Document:
    """What the whole document tells: its citations in digits, by form. Counted when first asked for."""

    # One pattern per form, matched at its digits, or at the bracket before them. Superscripts only after a stop or a
    # long word: "m²" is a unit.
    FORMS: Mapping[str, re.Pattern[str]] = {
        "brackets": re.compile(rf"\[(\d{{1,3}})(?:[,;{_DASH}] ?\d{{1,3}})*\]"),
        "parentheses": re.compile(rf"\((\d{{1,3}})(?:[,;{_DASH}] ?\d{{1,3}})*\)"),
        "superscript": re.compile(r"(?:(?<=[^\W\d_]{3})|(?<=[^\W\d_][.,;)]))([⁰¹²³⁴-⁹]{1,3})"),
        "bare": re.compile(
            rf"(?<=[^\W\d_][.!?)”\"])(\d{{1,3}})(?:[,;{_DASH}] ?\d{{1,3}})*"
            r"(?=[\"”)]*(?:\s+[\"“(\[]?[^\W\d_a-z]|\s*\Z|\s*\n))"
        ),
        "comma": re.compile(r"(?<=[^\W\d_],)(\d{1,3})(?= )"),
        "orphan": re.compile(
            rf"(?:(?<![^\n])|(?<=[^\W\d_][.!?] ))(\d{{1,3}})(?:[,;{_DASH}] ?\d{{1,3}})* (?=[A-Z][a-z]+ [a-z])"
        ),
    }
    # The character before the digits says which form it can be.
    _BEFORE: Mapping[str, str] = {
        "[": "brackets",
        "(": "parentheses",
        ",": "comma",
        **dict.fromkeys('.!?)”"', "bare"),
        **dict.fromkeys(("", "\n", " "), "orphan"),
    }
    # One fast scan for runs of one to three digits.
    _DIGITS: re.Pattern[str] = re.compile(r"[0-9]{1,3}(?![0-9])|[⁰¹²³⁴-⁹]{1,3}")

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _seen(self) -> dict[str, list[int]]:
        seen: dict[str, list[int]] = {form: [] for form in self.FORMS}
        for digits in self._DIGITS.finditer(self.text):
            start = digits.start()
            form = self._BEFORE.get(self.text[start - 1 : start] if start else "")
            if not digits.group().isascii():
                form = "superscript"
            if form is None:
                continue
            found = self.FORMS[form].match(self.text, start - (form in ("brackets", "parentheses")))
            if found is not None:
                seen[form].append(int(found.group(1).translate(_PLAIN)))
        return seen

    def count(self, *forms: str) -> int:
        """How often the document cites so in digits."""
        return sum(len(self._seen[form]) for form in forms)

    @cached_property
    def cites(self) -> int:
        """How often the document cites in digits in any form."""
        return self.count(*self.FORMS)

    @cached_property
    def highest(self) -> int:
        return max((value for values in self._seen.values() for value in values), default=0)

    @cached_property
    def glued_style(self) -> Style:
        """How a marker without brackets is written here: superscript digits only where they outnumber bare ones."""
        return "superscript" if self.count("superscript") > self.count("bare") else "bare"


class Reasons(list[Evidence]):
    """Evidence as it is gathered."""

    def add(self, nats: float, rule: str, source: str) -> None:
        self.append(Evidence(nats, f"citations.{rule}", source))

    @property
    def nats(self) -> float:
        return math.fsum(reason.nats for reason in self)


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
def _contexts() -> dict[str, Context]:
    return load_context(data_folder())


@cache
def _words(lang: str) -> Words:
    """Everything `find` needs to know of a language, made once per process."""
    numbers, context = grammar(lang), _contexts()[lang]
    joiners = "|".join(re.escape(word) for word in sorted(context.get("joiner", ())))
    joint = rf" ?[,;] ?| ?[{_DASH}] ?| (?:{joiners}) "
    return Words(numbers, context, _gate(numbers), re.compile(joint), re.compile(rf"(?:{joint})\Z"))


def _gate(numbers: Grammar) -> re.Pattern[str]:
    """Where a marker may stand: a number word's first word, in lower case, right after a mark or a line's start.

    One character class leads, so that clean text is passed over at the speed of a character search. Lists are met at
    their second item at the latest (", five"), by its comma or dash.
    """
    heads = one_of(head for head in numbers.heads if " " not in head)
    return re.compile(rf"(?:\A|[{_STOP}{re.escape(_CLOSER)}(\[,:;\n{_DASH}])[ \u00a0]{{0,2}}(?={heads})")


def find(tokens: Tokens, resources: HasLanguage, style: Style | None = None) -> list[Finding]:
    """The places where number words stand for citation markers, in order, each with the digits to put there.

    style: how markers are written: "brackets" [2], "parentheses" (2), "superscript" ² or "bare" 2. None: words in
    brackets keep theirs; others become bare or superscript digits, as the document has more of.
    Languages without a table of number words give no findings. Raises SettingsError for an unknown style.
    """
    if style is not None and style not in STYLES:
        raise SettingsError(f"citation style {style!r} is not known; use one of {', '.join(STYLES)}, or None")
    lang = language(resources.lang)
    if lang is None:
        return []
    words, text = _words(lang), tokens.text
    sites = list(_sites(tokens, words))
    if not sites:
        return []
    document, blank = Document(text), Document("")
    numbered = _enumeration(sites)
    weighed = []
    for site in sites:
        named = _place(site, words)
        if named is None or site.start in numbered:
            continue
        rule, weigh = named
        # most places are out of reach whatever the document says: then it need not be read
        if _weigh(site, words, weigh, blank).nats >= LEAST_IN_COMPANY - DOCUMENT_MOST:
            weighed.append((site, rule, _weigh(site, words, weigh, document)))
    if not weighed:
        return []
    company = document.cites > 0 or any(reasons.nats >= CLEAR for _, _, reasons in weighed)
    least = LEAST_IN_COMPANY if company else CLEAR
    return [
        _finding(text, site, rule, reasons, style, document) for site, rule, reasons in weighed if reasons.nats >= least
    ]


# --- reading a marker -------------------------------------------------------------------------------------------------


def _sites(tokens: Tokens, words: Words) -> Iterator[Site]:
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
            # "fourteen one The": the grammar takes capitals as well, a marker is in lower case
            return Item(start, end, value, True) if text[start:end].islower() else None
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
    unclosed = body.rstrip(_CLOSER)
    unstopped = unclosed.rstrip(_STOP)
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
        at_end=not text[end : min(last, end + SENTENCE_REACH)].strip(_CLOSER + " "),
        breaks_line=not left and _breaks_line(text[begin : min(last, begin + SENTENCE_REACH)], before),
    )


# Printed lines and terminals are at most this wide; a longer line was not wrapped by hand.
_WRAPPED = 90


def _breaks_line(paragraph: str, before: str) -> bool:
    """Two short lines, the first without a stop: the second may go on with the first one's sentence."""
    held = before.rstrip()
    if not held or "\n\n" in before[len(held) :] or held.rstrip(_CLOSER)[-1:] in (*_STOP, ":"):
        return False
    line = paragraph.split("\n", 1)[0]
    return len(line) <= _WRAPPED and len(held.rsplit("\n", 1)[-1]) <= _WRAPPED


def _enumeration(sites: list[Site]) -> set[int]:
    """Starts of the sites that number their paragraphs: one ..., two ..., three ..., each opening one."""
    opening = [site for site in sites if not site.left and not site.several and not site.bracket]
    values = [site.value for site in opening]
    if len(opening) > 1 and values == list(range(values[0], values[0] + len(values))):
        return {site.start for site in opening}
    return set()


# --- kinds of places: each function gathers the reasons, for (+) and against (-) ------------------------------------

Place = Callable[[Site, Words, Document], Reasons]


def _place(site: Site, words: Words) -> tuple[str, Place] | None:
    """The rule's name and the function that weighs this kind of place; None where no marker stands so."""
    if site.bracket:
        return "bracketed", _square if site.bracket == "[" else _round
    if not site.several and words.has("homograph", site.string):
        return None
    if _AUTHOR.search(site.left):
        return "glued", _author
    listed = "list" if site.several else ""
    if site.stop and not site.gap:
        return listed or "glued", _glued
    if site.stop or not site.left:
        return listed or "orphan", _orphan
    if not site.gap and site.left[-1] in ",;" and site.left[-2:-1].isalpha():
        return listed or "glued", _comma
    if site.several and site.gap:
        return "list", _inline
    return None


def _glued(site: Site, words: Words, document: Document) -> Reasons:
    """ "dysfunction.two Given": no gap after the stop, lower case, and a sentence or nothing after it."""
    reasons = Reasons()
    reasons.add(3.5, "glued", f"in lower case right after {site.word[-20:]}{site.stop}{site.closers}")
    label = words.has("label", site.word.lower())
    if not _PLAIN_WORD.fullmatch(site.word):
        reasons.add(-6, "glued", f"{site.word!r} is no plain word: perhaps a name of a file or host")
    elif words.has("numbered", site.word.lower()):
        reasons.add(-8, "glued", f"{site.word}. is followed by a number in ordinary text")
    elif words.has("software", site.word.lower()):
        reasons.add(-8, "glued", f"{site.word}.{site.string} may be a name in a program")
    if site.at_end:
        reasons.add(1.5, "glued", "nothing follows in the paragraph")
        if not any(letter.isupper() for letter in site.left):
            reasons.add(-3, "glued", "the passage has no capitals: perhaps a chat")
        if label:
            reasons.add(-5, "glued", f"{site.word!r} takes numbers")
        if len(_WORD.findall(site.sentence)) < 4:
            reasons.add(-3, "glued", "the sentence before is very short")
    elif not site.before_capital:
        _lower_case_after(site, words, reasons)
    elif words.has("opener", site.next_word):
        reasons.add(4, "glued", f"{site.next_word} opens a sentence")
    else:
        _capital_after(site, words, reasons, known=2.5, counted=-1.5)
        if label:
            reasons.add(-5, "glued", f"{site.word!r} takes numbers")
        if len(site.sentence.strip()) < 6:
            reasons.add(-3, "glued", "the sentence before is a single short word")
    if document.count("bare", "superscript"):
        reasons.add(2, "document", "citations in digits stand in the same place elsewhere")
    return reasons


def _lower_case_after(site: Site, words: Words, reasons: Reasons) -> None:
    """The text goes on in lower case: careless writing with a real count, or a sentence that lost its capital too."""
    following = (site.next_word.lower(), site.second_word.lower())
    counts = _plural(following[0]) or _plural(following[1]) or words.has("counting", following[0])
    careful = site.sentence[:1].isupper() and len(_WORD.findall(site.sentence)) >= 4
    if site.next_gap and following[0] and careful and not counts:
        reasons.add(-2.5, "glued", "goes on in lower case, with nothing to count")
    else:
        reasons.add(-5, "glued", "goes on in lower case or with a mark")


def _orphan(site: Site, words: Words, document: Document) -> Reasons:
    """ "fourteen Peripheral": a sentence opens with a number in lower case, and its real opening word is next."""
    reasons = Reasons()
    if not site.before_capital or site.at_end or not site.next_gap:
        reasons.add(-9, "orphan", "no capital follows: the number is part of the sentence")
        return reasons
    if site.left:
        reasons.add(1, "orphan", "in lower case after the end of a sentence")
        if words.has("abbreviation", site.word.lower()) or words.has("numbered", site.word.lower()):
            reasons.add(-5, "orphan", f"{site.word}. is an abbreviation, no end of a sentence")
        elif re.fullmatch(r"(?:[^\W\d_]\.)*[^\W\d_]", site.word):
            reasons.add(-4, "orphan", f"{site.word}. may be initials or an abbreviation")
        if "." not in site.stop:
            reasons.add(-3 if site.closers else -1.5, "orphan", "the sentence may go on after such a mark")
    else:
        reasons.add(0.5, "orphan", "opens a paragraph in lower case")
    if site.breaks_line:
        reasons.add(-4, "orphan", "the line may only be wrapped")
    if words.has("opener", site.next_word):
        reasons.add(5, "orphan", f"{site.next_word} opens a sentence")
    else:
        _capital_after(site, words, reasons, known=4, counted=-4)
        if words.has("report", site.next_word):
            reasons.add(3, "orphan", f"{site.next_word} often opens a sentence that reports")
        if words.has("step", site.next_word) and words.has("determiner", site.second_word):
            reasons.add(-4, "orphan", f"{site.next_word} {site.second_word}: perhaps a numbered step")
    if _title(site.right):
        reasons.add(-4, "orphan", "the words that follow have capitals: a title")
    if len(_WORD.findall(site.right)) < 4:
        reasons.add(-3, "orphan", "few words follow: perhaps a heading")
    if site.value >= 10:
        reasons.add(0.5, "orphan", "small counts are likelier to open a phrase")
    if document.count("orphan"):
        reasons.add(2, "document", "sentences open with citations in digits elsewhere")
    return reasons


def _capital_after(site: Site, words: Words, reasons: Reasons, known: float, counted: float) -> None:
    """A capital that is no usual sentence opener: a sentence, or a name that the number counts ("two Germans")?"""
    word, second = site.next_word, site.second_word
    if words.numbers.lang == "de":
        # German nouns have capitals anyway.
        reasons.add(0, "capital", "capitals tell little in German")
        return
    reasons.add(known, "capital", f"{word} has a capital, as at the start of a sentence")
    if words.has("proper", word) or _DEMONYM.match(word):
        reasons.add(-known - 0.5, "capital", f"{word} has a capital anywhere")
    elif words.numbers.match(site.right.lower(), len(site.next_gap + site.opening)):
        reasons.add(-8, "capital", f"{word} is a number too")
    elif word == "I":
        reasons.add(-4, "capital", "I has a capital anywhere")
    elif site.value > 1 and words.numbers.lang == "en" and _plural(word):
        reasons.add(counted, "capital", f"{word} may be what is counted")
    elif site.value > 1 and words.numbers.lang == "en" and second.islower() and _plural(second):
        # Large counts are rare at the start of a sentence, and mass nouns are not counted.
        less = site.value > 12 or _MASS.match(word) is not None
        reasons.add(counted / (8 if less else 2), "capital", f"{word} {second} may be what is counted")
    elif words.numbers.lang != "en" and second.islower() and counted < -2:
        reasons.add(-2, "capital", "plurals are not looked at in this language")


def _square(site: Site, words: Words, document: Document) -> Reasons:
    """ "[thirty five]": nothing but numbers in square brackets; not an editor's word inside a quotation."""
    reasons = Reasons()
    reasons.add(3, "bracketed", "only number words stand in the brackets")
    _in_brackets(site, words, reasons)
    previous = _last_word(site.left)
    closes = site.at_end or site.right[:1] in ".,;:)"
    if closes or site.before_capital:
        reasons.add(2, "bracketed", "a clause ends after it")
    elif site.next_word and _plural(site.next_word):
        reasons.add(-4, "bracketed", f"{site.next_word} may be what is counted")
    else:
        reasons.add(1, "bracketed", "nothing to count follows")
    if _AUTHOR.search(site.left):
        reasons.add(3, "bracketed", "right after et al.")
    if words.has("determiner", previous.lower()):
        reasons.add(-3, "bracketed", f"{previous} wants a word after it: an editor's insertion")
    if site.left.rfind("“") > site.left.rfind("”") or site.left.count('"') % 2:
        reasons.add(-2, "bracketed", "inside a quotation")
    if site.left and not site.gap and site.left[-1:].isalnum():
        reasons.add(-2.5, "bracketed", "glued to a word, as an index is")
    if site.value == 1 and not site.several:
        reasons.add(-1 if closes else -2.5, "bracketed", "one in brackets is often an insertion")
    if site.value > 12 or site.several:
        reasons.add(2, "bracketed", "few insertions are so long")
    if document.count("brackets"):
        reasons.add(2, "document", "citations in digits stand in square brackets elsewhere")
    return reasons


def _round(site: Site, words: Words, document: Document) -> Reasons:
    """ "was shown before (twelve).": numbers alone in round brackets; not a count, an age or a list's letter."""
    reasons = Reasons()
    reasons.add(2, "bracketed", "only number words stand in the brackets")
    _in_brackets(site, words, reasons)
    previous = _last_word(site.left)
    held = [word.lower() for word in _WORD.findall(site.sentence)]
    if site.stop and not site.gap:
        reasons.add(4, "bracketed", "right after a full stop")
    elif not site.left.strip() or site.left.rstrip()[-1:] in ";:,":
        reasons.add(-5, "bracketed", "numbers the item that follows")
    elif site.at_end or site.right[:1] in ".;":
        reasons.add(2, "bracketed", "a sentence ends after it")
    elif site.right[:1] == ",":
        reasons.add(1.5, "bracketed", "a clause ends after it")
    elif words.has("opener", site.next_word):
        reasons.add(2, "bracketed", f"{site.next_word} opens a sentence")
    elif site.next_word and _plural(site.next_word):
        reasons.add(-4, "bracketed", f"{site.next_word} may be what is counted")
    elif site.next_word:
        reasons.add(2 if site.value >= 10 else 0.5, "bracketed", "goes on with nothing to count")
    if _AUTHOR.search(site.left):
        reasons.add(3, "bracketed", "right after et al.")
    elif site.gap and previous:
        if words.has("kin", previous.lower()):
            reasons.add(-5, "bracketed", f"perhaps the age of the {previous}")
        elif words.has("collective", previous.lower()):
            reasons.add(-4, "bracketed", f"perhaps how many make the {previous}")
        elif previous[0].isupper() and not previous.isupper() and len(held) > 1:
            reasons.add(-3, "bracketed", f"perhaps the age or the score of {previous}")
        elif _plural(previous):
            reasons.add(-2.5, "bracketed", f"perhaps how many {previous}")
    if any(words.has("quantity", word) for word in held):
        reasons.add(-3.5, "bracketed", "the sentence speaks of how many")
    if any(words.has("finding", word) for word in held):
        reasons.add(2.6, "bracketed", "the sentence reports what was found")
    if site.value == 1 and not site.several:
        reasons.add(-3, "bracketed", "(one) is often an aside")
    if site.several:
        reasons.add(2, "bracketed", "several in a row")
    if document.count("parentheses"):
        reasons.add(2, "document", "citations in digits stand in round brackets elsewhere")
    return reasons


def _in_brackets(site: Site, words: Words, reasons: Reasons) -> None:
    """What rules a citation out in brackets of either kind: a number or a label right before."""
    previous = _last_word(site.left)
    tail = site.left.rstrip()
    if tail[-1:].isdigit() or (previous and words.numbers.match(previous, 0) is not None and tail.endswith(previous)):
        reasons.add(-9, "bracketed", "repeats the number before it, as contracts do")
    elif words.has("label", previous.lower()) and tail.endswith(previous):
        reasons.add(-4, "bracketed", f"{previous} takes numbers")
    if not site.right.strip() and not site.left.strip():
        reasons.add(-6, "bracketed", "stands alone")


def _author(site: Site, words: Words, document: Document) -> Reasons:
    """ "Barreveld et al.fourteen found": right after an author's name."""
    reasons = Reasons()
    reasons.add(5, "author", "right after et al.")
    if site.next_word and _plural(site.next_word):
        reasons.add(-4, "author", f"{site.next_word} may be what is counted")
    elif site.next_word and words.has("determiner", site.next_word.lower()):
        reasons.add(-3, "author", f"{site.next_word} goes with the number")
    if site.next_gap and site.second_word and _plural(site.second_word) and not site.next_word.endswith("ed"):
        reasons.add(-2, "author", f"{site.second_word} may be what is counted")
    return reasons


def _comma(site: Site, words: Words, document: Document) -> Reasons:
    """ "NMDA,fourteen which": glued to a comma; seen in careless lists as well."""
    reasons = Reasons()
    reasons.add(1, "glued", "in lower case right after a comma")
    if site.next_word and _plural(site.next_word):
        reasons.add(-3, "glued", f"{site.next_word} may be what is counted")
    if not site.next_gap and not site.at_end:
        reasons.add(-3, "glued", "no gap follows")
    if words.has("opener", site.next_word):
        reasons.add(2, "glued", f"{site.next_word} opens a sentence")
    if re.search(r",[^\W\d_]+,?\Z", site.left[:-1]):
        reasons.add(-3, "glued", "the text glues its commas")
    if site.several and min(item.value for item in site.items) >= 10:
        reasons.add(1.5, "glued", "several large numbers")
    if document.count("comma", "superscript"):
        reasons.add(2.5, "document", "citations in digits are glued to commas elsewhere")
    return reasons


def _inline(site: Site, words: Words, document: Document) -> Reasons:
    """ "stimulation four, five However": the stop is lost, but a list of numbers stands before a sentence's opening."""
    reasons = Reasons()
    if not words.has("opener", site.next_word):
        reasons.add(-9, "list", "no sentence opens after it")
        return reasons
    reasons.add(3.5, "list", f"{site.next_word} opens a sentence after it")
    previous = _last_word(site.left)
    if any(words.has(kind, previous.lower()) for kind in ("label", "determiner", "preposition")):
        reasons.add(-4, "list", f"{previous} takes numbers")
    if site.left.rstrip()[-1:] in ",;:":
        reasons.add(-4, "list", "a list of other things goes before")
    return reasons


def _weigh(site: Site, words: Words, place: Place, document: Document) -> Reasons:
    """All reasons for and against a site."""
    reasons = place(site, words, document)
    _weigh_numbers(site, place, document, reasons)
    return reasons


def _weigh_numbers(site: Site, place: Place, document: Document, reasons: Reasons) -> None:
    """What the numbers themselves tell, wherever they stand."""
    values = [item.value for item in site.items]
    if min(values) < 1 or max(values) > MOST_VALUE:
        reasons.add(-8, "number", f"no reference list reaches {max(values)}" if min(values) else "no reference is zero")
    if site.value == 1 and not site.several and place in (_glued, _orphan):
        reasons.add(-1.5, "number", "one is also a pronoun")
    if _UNHYPHENATED.search(site.string):
        reasons.add(1, "number", "its hyphen is lost, as in machine-made number words")
    if site.several:
        if site.ascending:
            reasons.add(1.5, "list", "several numbers, rising")
        else:
            reasons.add(-4, "list", "several numbers that do not rise: a count, a score or a time")
    if site.mixed:
        reasons.add(1.5, "list", "digits stand in the same list")
    if document.cites:
        # A reference list is cited more or less in order: numbers far beyond those seen are less likely.
        near = max(values) <= 1.5 * document.highest + 10
        reasons.add(1, "document", f"the document cites in digits {document.cites} times elsewhere")
        reasons.add(0.5 if near else -0.5, "document", f"the highest number cited in digits is {document.highest}")


def _plural(word: str) -> bool:
    """Looks like an English plural: what a number from two on counts."""
    lower = word.lower()
    return lower in _IRREGULAR_PLURALS or (len(lower) > 3 and lower[-1] == "s" and not lower.endswith(_NO_PLURAL))


def _title(right: str) -> bool:
    """Whether most long words of the rest of the line have capitals. Its first word always has, and does not count."""
    line = right.split("\n", 1)[0]
    long_words: list[str] = [word for word in _WORD.findall(line)[1:9] if len(word) > 3]
    capitals = sum(word[0].isupper() and not word.isupper() for word in long_words)
    return capitals > 0 and 2 * capitals >= len(long_words)


def _last_word(left: str) -> str:
    words = _WORD.findall(left[-40:])
    return words[-1] if words else ""


# --- the rewording ----------------------------------------------------------------------------------------------------


def _finding(text: str, site: Site, rule: str, reasons: Reasons, style: Style | None, document: Document) -> Finding:
    """The proposal for a site."""
    clear = reasons.nats >= CLEAR
    if not clear:
        reasons.add(DAMAGED_PAGE, "page", "on a heavily damaged page")
    start, end, after = _rewording(text, site, style, document)
    return Finding(
        start=start,
        end=end,
        before=text[start:end],
        rule=f"citations.{rule}",
        alternatives=(Alternative(after, tuple(reasons)),),
        rate_free=clear,
    )


def _rewording(text: str, site: Site, style: Style | None, document: Document) -> tuple[int, int, str]:
    """What to put where: digits for words, and no more than that unless a style asks for it."""
    in_brackets: dict[str, Style] = {"[": "brackets", "(": "parentheses"}
    own = in_brackets.get(site.bracket) or document.glued_style
    wanted = style or own
    if (wanted == "bare" and not site.bracket) or wanted == own != "superscript":
        spelled = [item for item in site.items if item.in_words]
        start, end = spelled[0].start, spelled[-1].end
        return start, end, _digits(text, start, end, site.items)
    start, end = site.start - len(site.bracket), site.end + len(site.bracket)
    digits = _digits(text, site.start, site.end, site.items)
    if wanted == "superscript":
        return start, end, digits.replace(" ", "").translate(_SUPERSCRIPT)
    if wanted == "bare":
        return start, end, digits
    return start, end, f"[{digits}]" if wanted == "brackets" else f"({digits})"


def _digits(text: str, start: int, end: int, items: tuple[Item, ...]) -> str:
    """`text[start:end]` with its number words as digits; the signs between them stay."""
    parts, position = [], start
    for item in items:
        if start <= item.start and item.end <= end:
            parts += [text[position : item.start], str(item.value)]
            position = item.end
    return "".join(parts) + text[position:end]
