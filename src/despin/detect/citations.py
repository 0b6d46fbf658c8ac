"""Citation markers whose digits were turned into words: "dysfunction.two Given" was "dysfunction.2 Given".

A number word is a marker only where its place says so. Start reading at `find`: `detect/markers.py` reads the marker
and what stands around it, `_place` says which kind of place it is, and one function per kind (`_glued`, `_orphan`,
`_bracketed` ...) weighs the reasons.

Weights are natural log odds, judged by hand and held in check by the trap cases (`tests/cases/citations.tsv`) and by
the false alarms that `benchmarks/numerals.py` counts; they are no measured frequencies. Their sum is the log odds in
an otherwise clean document. Where it reaches `CLEAR` the finding needs no document rate. Where it does not, it is
proposed only if the document has citations in digits or clear damage elsewhere, and the document's rate decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Literal, get_args

from despin.detect.markers import DASH, HasTables, Item, Site, Words, enumeration, sites, words_of
from despin.detect.numerals import language
from despin.settings import SettingsError
from despin.tokens import Tokens
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

# "thirty five", "twenty 5": people write a hyphen.
_UNHYPHENATED = re.compile(r"[a-z]ty (?:[1-9]\b|one|two|three|four|five|six|seven|eight|nine)")
# Reference lists rarely pass 999, and years and sums begin there.
MOST_VALUE = 999

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
PLAIN_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

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


class Document:
    """What the whole document tells: its citations in digits, by form. Counted when first asked for."""

    # One pattern per form, matched at its digits, or at the bracket before them. Superscripts only after a stop or a
    # long word: "m²" is a unit.
    FORMS: Mapping[str, re.Pattern[str]] = {
        "brackets": re.compile(rf"\[(\d{{1,3}})(?:[,;{DASH}] ?\d{{1,3}})*\]"),
        "parentheses": re.compile(rf"\((\d{{1,3}})(?:[,;{DASH}] ?\d{{1,3}})*\)"),
        "superscript": re.compile(r"(?:(?<=[^\W\d_]{3})|(?<=[^\W\d_][.,;)]))([⁰¹²³⁴-⁹]{1,3})"),
        "bare": re.compile(
            rf"(?<=[^\W\d_][.!?)”\"])(\d{{1,3}})(?:[,;{DASH}] ?\d{{1,3}})*"
            r"(?=[\"”)]*(?:\s+[\"“(\[]?[^\W\d_a-z]|\s*\Z|\s*\n))"
        ),
        "comma": re.compile(r"(?<=[^\W\d_],)(\d{1,3})(?= )"),
        "orphan": re.compile(
            rf"(?:(?<![^\n])|(?<=[^\W\d_][.!?] ))(\d{{1,3}})(?:[,;{DASH}] ?\d{{1,3}})* (?=[A-Z][a-z]+ [a-z])"
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
                seen[form].append(int(found.group(1).translate(PLAIN_DIGITS)))
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


def find(tokens: Tokens, resources: HasTables, style: Style | None = None) -> list[Finding]:
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
    words, text = words_of(lang, resources.folder), tokens.text
    markers = list(sites(tokens, words))
    if not markers:
        return []
    document, blank = Document(text), Document("")
    numbered = enumeration(markers)
    weighed = []
    for site in markers:
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
    if site.string[0].isupper():
        _capital_on_number(site, words, reasons)
    else:
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


def _capital_on_number(site: Site, words: Words, reasons: Reasons) -> None:
    """ "pain.Two Given": a sentence that lost its gap may begin so, but no opening word with a capital goes on."""
    opens = words.has("opener", site.next_word) and site.next_gap and site.second_word[:1].islower()
    if opens and not _title(site.right):
        reasons.add(1.5, "glued", f"after {site.word[-20:]}{site.stop} and before another capital")
    else:
        reasons.add(-9, "glued", "a sentence may begin with the number")


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
