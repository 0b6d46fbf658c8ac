"""Numbers and words in which a scanner took letters for digits or digits for letters: "l9O5", "£l,5OO", "2Ist", "w0rk".

Start reading at `find`: one function a kind of place, in `RULES`. A letter is read as a digit only where nothing but a
number can stand: among digits, after a currency sign, before a unit or the ending of an ordinal. A digit is read as a
letter only where that makes a common word. So B12, O2, H2O, IL-6, part numbers and hashes stay what they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import regex

from despin.reading import Reading
from despin.tokens import Kind
from despin.values import Alternative, Evidence, Finding
from despin.words import fold, frequencies

if TYPE_CHECKING:
    from despin.resources import Resources

# Judged: of such places hardly one in fifty is not a number.
NATS = 4.0

# "0|1" and "12|13" are choices: among figures a bar is a misread 1 only where that makes a year of print.
_PRINTED = regex.compile(r"1[5-9]\d\d|20[0-2]\d")

# Letters that are taken for digits, and those digits. S, B, Z and g are too: but 5s. and 2B are sums and grades.
_DIGITS = str.maketrans("OolI|", "00111")
_LIKE = "OolI|"
# What "|" touches may go on beyond it, and so may what a colon parts: no number begins behind them. Nor with "|"
# itself, which parts the cells of tables ("|2019 |") and commands ("ps |100 lines"); a sign of currency or an ending
# vouches for it.
_EDGE = r"(?<![\p{L}\p{N}£$€.,:/'’_|\-]|\d[ ])"
# A number goes on behind a comma or point that figures, or letters for them, follow: another pattern takes the whole.
_END = r"(?![\p{L}\p{N}/_|\-]|[.,](?:[OolI|]{0,2}\p{N}|[OlI|]{3}(?![\p{L}\p{N}])))"


def find(reading: Reading, resources: Resources) -> list[Finding]:
    """Numbers and words of letters and digits. Offsets are those of the text that was read."""
    text = reading.tokens.text
    found = [finding for rule in RULES for finding in rule(text)]
    return [*found, *_words_with_digits(reading, frequencies(resources.lang))]


def _finding(start: int, before: str, after: str, rule: str, source: str) -> Finding:
    evidence = (Evidence(NATS, f"figures.{rule}", source),)
    return Finding(
        start, start + len(before), before, f"figures.{rule}", (Alternative(after, evidence),), rate_free=True
    )


# --- numbers ---------------------------------------------------------------------------------------------------------

# A number that begins with a figure, or with l or I before two more: 1O, 19O5, l9O5, 5O.3O. The last letter may be no l
# or I, which is a pound in old sums (20l.) and a Roman one. "6o" and "8o" are as often "so".
_NUMBER = regex.compile(
    rf"{_EDGE}(?!\do{_END})(?:\d[\dOolI|]{{0,20}}+|[lI][\dOo]{{2,20}}+)(?:[.:,][\dO]{{1,20}}+)?(?<=[\dOo]){_END}"
)
# A year that ends in l or I, where a year is expected: "in 191l".
_YEAR = regex.compile(
    r"(?<=\b(?:in|since|of|until|till|before|after|about|year|January|February|March|April|May|June|July|August"
    r"|September|October|November|December),?[ ])[1lI|][5-9]\d[lI|](?![\p{L}\p{N}.])"
)
# With a sign of currency a letter is enough.
_SUM = regex.compile(r"(?<=[£$€])[\dOlI|]{1,3}(?:,[\dOlI|]{3})*(?:\.[\dOlI|]{1,2})?(?![\p{L}\p{N}])")
# Groups of three between commas.
_GROUPS = regex.compile(rf"{_EDGE}(?!\|)[\dOlI|]{{1,3}}(?:,[\dOlI|]{{3}})+(?![\p{{L}}\p{{N}}])")
# Before what is counted or measured.
_MEASURED = regex.compile(
    rf"{_EDGE}(?:[lI][Oo]|[lI][lI|]|[lI]\d|\d[lI|])(?=[ ]?(?:per[ ]cents?\b|percent\b|%|o['’]clock\b|[ap]\.[ ]?m\b"
    r"|years\b|months\b|weeks\b|days\b|hours\b|minutes\b|miles\b|yards\b|feet\b|inches\b|acres\b|tons\b|degrees\b))"
)
# The ending tells what number it is.
_ORDINAL = regex.compile(rf"{_EDGE}([\dOolI|]{{1,4}})(st|nd|rd|th)\b")
# Without a figure these alone: "Ist" is a word elsewhere.
_ORDINALS = frozenset("lst |st llth Ilth lIth IIth lOth IOth".split())


def _numbers(text: str) -> Iterator[Finding]:
    for match in _NUMBER.finditer(text):
        before = match.group()
        letters = sum(letter in _LIKE for letter in before)
        figures = sum(letter.isdigit() for letter in before)
        after = before.translate(_DIGITS)
        # at least one figure for every letter
        if 0 < letters <= figures + 1 and ("|" not in before or _PRINTED.fullmatch(after)):
            yield _finding(match.start(), before, after, "number", "letters among figures")


def _places(
    pattern: regex.Pattern[str], rule: str, source: str, least_digits: int = 0
) -> Callable[[str], Iterator[Finding]]:
    """A rule for a pattern whose whole match is a number."""

    def found(text: str) -> Iterator[Finding]:
        for match in pattern.finditer(text):
            before = match.group()
            after = before.translate(_DIGITS)
            if after != before and sum(letter.isdigit() for letter in before) >= least_digits:
                yield _finding(match.start(), before, after, rule, source)

    return found


def _ordinals(text: str) -> Iterator[Finding]:
    for match in _ORDINAL.finditer(text):
        before = match.group()
        number = match[1].translate(_DIGITS)
        has_figure = any(letter.isdigit() for letter in match[1])
        if (
            before[:-2] + match[2] != number + match[2]
            and ((has_figure and before[0] != "|") or before in _ORDINALS)
            and _suffix(number) == match[2]
        ):
            yield _finding(match.start(), before, number + match[2], "ordinal", "the ending of an ordinal")


def _suffix(number: str) -> str:
    """The ending of the ordinal of a number in figures."""
    if number[-2:-1] == "1":
        return "th"
    return {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")


RULES: tuple[Callable[[str], Iterator[Finding]], ...] = (
    _numbers,
    _places(_YEAR, "year", "where a year stands"),
    _places(_SUM, "sum", "after a sign of currency"),
    _places(_GROUPS, "groups", "groups of three figures", 1),
    _places(_MEASURED, "measured", "before a unit"),
    _ordinals,
)


# --- words -----------------------------------------------------------------------------------------------------------

# Digits that are taken for letters, and those letters.
_LETTERS: Mapping[str, str] = {"0": "o", "1": "li", "5": "s", "6": "b", "8": "bs", "9": "g"}
# A word so common, of at least so many letters, is meant.
COMMON = 3e-6
LEAST_LETTERS = 4
MOST_DIGITS = 2


def _words_with_digits(reading: Reading, known: Mapping[str, float]) -> Iterator[Finding]:
    tokens = reading.tokens
    names = np.flatnonzero(tokens.type_kinds == Kind.NAME).tolist()
    meant = {number: word for number in names if (word := _meant(tokens.types[number], known))}
    if not meant:
        return
    for i in np.flatnonzero(np.isin(tokens.type_ids, list(meant))).tolist():
        number = int(tokens.type_ids[i])
        yield _finding(int(tokens.starts[i]), tokens.types[number], meant[number], "word", "a common word")


def _meant(string: str, known: Mapping[str, float]) -> str:
    """The common word that is meant by a string of letters and digits, or ""."""
    digits = [letter for letter in string if letter.isdigit()]
    if not 0 < len(digits) <= MOST_DIGITS or len(string) < LEAST_LETTERS + len(digits) - 1 or not string.isalnum():
        return ""
    if not set(digits) <= _LETTERS.keys():
        return ""
    # "level5" is "level 5" and not "levels", "5end" not "send"
    if fold(string.strip("0123456789")) in known and (string[0].isdigit() or string[-1].isdigit()):
        return ""
    upper = sum(letter.isupper() for letter in string) > 1
    found = []
    for letters in itertools.product(*(_LETTERS.get(letter, letter) for letter in string)):
        word = "".join(letters)
        if known.get(fold(word), 0.0) >= COMMON:
            found.append((known[fold(word)], word.upper() if upper else word))
    word = max(found)[1] if found else ""
    # what looks like an 8 at the start is a capital S or B
    return word[0].upper() + word[1:] if string[0] == "8" and word else word
