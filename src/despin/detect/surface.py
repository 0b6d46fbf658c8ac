"""Damage to the characters themselves, which leaves the words as they were: broken encodings, ligatures, look-alikes.

Start reading at `find`: one small function a rule, in `RULES`, asked only where the text has a character that the rule
is about. Each looks for characters that sound text does not have in that place; typographic quotes, dashes and spaces
are sound. What joins or parts letters in a script that needs it (ZWJ in emoji and Indic scripts, ZWNJ in Persian, ZWSP
in Thai) is left alone.

Nothing here depends on how damaged the document is: an "Ã©" is a broken "é" anywhere. Broken encodings are put right by
ftfy (Speer 2019), which wordfreq needs as well.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import regex

from despin.lexicon import Tier
from despin.reading import Reading
from despin.tokens import Kind
from despin.values import Alternative, Evidence, Finding
from despin.words import fold, frequencies

if TYPE_CHECKING:
    from despin.resources import Resources

# A thousand to one: no sound text has the characters in that place. The rules that look at words weigh them.
CERTAIN = math.log(1000)

# Scripts in which characters of no width mean nothing.
_PLAIN = r"[\p{Latin}\p{Greek}\p{Cyrillic}]"


def find(reading: Reading, resources: Resources) -> list[Finding]:
    """Damaged characters. Offsets are those of the text that was read."""
    text = reading.tokens.text
    parted = list(_parted_ligatures(reading, resources))
    if text.isascii():
        return parted
    strange = "".join(sorted(set(text)))
    found = [finding for sign, rule in RULES if sign.search(strange) for finding in rule(text, resources)]
    if _LIGATURE.search(strange):
        found += _ligatures(reading, resources)
    # a ligature within a word that is joined goes with it
    held = {place for whole in parted for place in range(whole.start, whole.end)}
    return [*parted, *(finding for finding in found if finding.start not in held)]


def _finding(start: int, before: str, after: str, rule: str, source: str, nats: float = CERTAIN) -> Finding:
    evidence = (Evidence(round(nats, 4), f"surface.{rule}", source),)
    return Finding(
        start, start + len(before), before, f"surface.{rule}", (Alternative(after, evidence),), rate_free=True
    )


# --- broken encodings ------------------------------------------------------------------------------------------------

# Two characters in a row that are not ASCII: UTF-8 that was read as another encoding has them always, as each of its
# characters takes two bytes or more. The longest run bounds what is judged at once in texts without spaces.
_PAIR = re.compile(r"[^\x00-\x7f\s]{2,40}")


def _mojibake(text: str, resources: Resources) -> Iterator[Finding]:
    """UTF-8 that was decoded as another encoding: "cafÃ©", "â€œ"."""
    for match in _PAIR.finditer(text):
        mended = _mended(match.group())
        if mended != match.group():
            yield _finding(match.start(), match.group(), mended, "mojibake", "ftfy")


@cache
def _ftfy() -> Callable[[str], str]:
    import ftfy  # 20 ms: imported when a text first has two such characters in a row

    # only what a wrong encoding broke, and what would be damage in the mended text itself
    settings = ftfy.TextFixerConfig(
        unescape_html=False, remove_terminal_escapes=False, uncurl_quotes=False, fix_character_width=False,
        fix_line_breaks=False, fix_surrogates=False, remove_control_chars=False, explain=False,
    )  # fmt: skip
    return lambda text: ftfy.fix_text(text, settings)


# Two characters alone are sign enough only where they are bytes of the commonest encodings and give a letter or sign of
# Latin, Greek or Cyrillic text: "»ü" would be "ȟ" in another.
_LIKELY = re.compile(r"[\u00a0-\u024f\u0370-\u04ff]")


def _mended(run: str) -> str:
    import ftfy

    # ftfy is asked whether the encoding is broken; only then is the rest put in order with it
    plain = ftfy.fix_encoding(run)
    if plain == run or (len(run) == 2 and not (_as_windows_1252(run) == plain and _LIKELY.fullmatch(plain))):
        return run
    return _ftfy()(run)


def _as_windows_1252(run: str) -> str:
    try:
        return run.encode("sloppy-windows-1252").decode("utf-8")  # a codec of ftfy's
    except UnicodeError:
        return ""


# Bytes 80 to 9F of Windows-1252 that were read as Latin-1, where they are control characters: mostly quotes and dashes.
# 85 is left: it is a line end of its own.
_CONTROL = regex.compile(r"[\x80-\x84\x86-\x9f]")


def _controls(text: str, resources: Resources) -> Iterator[Finding]:
    for match in _CONTROL.finditer(text):
        after = match.group().encode("latin-1").decode("cp1252", "ignore")
        if after:
            yield _finding(match.start(), match.group(), after, "control", "Windows-1252")


# An apostrophe that became U+FFFD, the mark for what could not be decoded: don�t.
_LOST_APOSTROPHE = regex.compile(r"(?<=\p{L})\uFFFD(?=(?:s|t|d|m|re|ve|ll)(?!\p{L}))")


def _lost_apostrophes(text: str, resources: Resources) -> Iterator[Finding]:
    for match in _LOST_APOSTROPHE.finditer(text):
        yield _finding(match.start(), match.group(), "’", "apostrophe", "U+FFFD before an ending")


# Quotation marks made of two single ones, as typewriters and TeX write them.
_DOUBLED_QUOTE = regex.compile(r"(?<![‘’‚])(?:‘‘|’’|‚‚)(?![‘’‚])")
_DOUBLE = {"‘‘": "“", "’’": "”", "‚‚": "„"}


def _doubled_quotes(text: str, resources: Resources) -> Iterator[Finding]:
    for match in _DOUBLED_QUOTE.finditer(text):
        yield _finding(match.start(), match.group(), _DOUBLE[match.group()], "quote", "two single marks")


# --- accents ---------------------------------------------------------------------------------------------------------

# A letter with marks of its own that Unicode has as one character. Eight marks are more than any letter bears; longer
# runs are decoration, and putting them in order would take time with the square of their length.
_DECOMPOSED = regex.compile(rf"{_PLAIN}\p{{Mn}}{{1,8}}+(?!\p{{M}})")

# An accent that stands by itself in front of its letter, inside a word: "Schr¨odinger", from fonts without accents.
_LOOSE_ACCENT = regex.compile(r"(?<=\p{L})[´¨˜ˆ¸˚](\p{Latin})(?=\p{L}|\b)")
_COMBINING = {"´": "\u0301", "¨": "\u0308", "˜": "\u0303", "ˆ": "\u0302", "¸": "\u0327", "˚": "\u030a"}


def _decomposed(text: str, resources: Resources) -> Iterator[Finding]:
    for match in _DECOMPOSED.finditer(text):
        after = unicodedata.normalize("NFC", match.group())
        if len(after) < len(match.group()):
            yield _finding(match.start(), match.group(), after, "nfc", "one character in NFC")


def _loose_accents(text: str, resources: Resources) -> Iterator[Finding]:
    for match in _LOOSE_ACCENT.finditer(text):
        letter = {"ı": "i"}.get(match[1], match[1])
        after = unicodedata.normalize("NFC", letter + _COMBINING[match.group()[0]])
        if len(after) == 1:
            yield _finding(match.start(), match.group(), after, "accent", "an accent before its letter")


# --- characters of no width ------------------------------------------------------------------------------------------

# Between a letter, digit or mark of a plain script, or a gap, and another; not at the very start, where U+FEFF says how
# the file is encoded.
_BESIDE = r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Nd}\p{P}\s]"
_NO_WIDTH = regex.compile(
    rf"(?<={_BESIDE})[\u200B\u2060\uFEFF\u00AD]{{1,20}}+(?={_BESIDE}|\Z)"  # spaces, joiners and soft hyphens
    rf"|(?<={_PLAIN})[\u200C\u200D]{{1,20}}+(?={_PLAIN})"  # (non-)joiners, which other scripts and emoji need
)


def _no_width(text: str, resources: Resources) -> Iterator[Finding]:
    """Soft hyphens and spaces of no width are taken out; what alone parts two words becomes a plain space."""
    for match in _NO_WIDTH.finditer(text):
        signs, (start, end) = match.group(), match.span()
        if "\u00ad" in signs and text[end : end + 1].isspace():
            continue  # a word parted at a line end, which is another detector's
        rule = "soft_hyphen" if "\u00ad" in signs else "zero_width"
        after = " " if "\u200b" in signs and _parts_words(text, start, end, resources.lang) else ""
        yield _finding(start, signs, after, rule, f"U+{ord(signs[0]):04X}")


def _parts_words(text: str, start: int, end: int, lang: str) -> bool:
    first, last = _word_around(text, start, start)[0], _word_around(text, end, end)[1]
    left, right = fold(text[first:start]), fold(text[end:last])
    known = frequencies(lang)
    return left in known and right in known and left + right not in known


# --- letters ---------------------------------------------------------------------------------------------------------

_LIGATURE = regex.compile(r"[ﬀ-ﬆ]")

# A text of so many long s, most of those that its spelling asks for (all but the last of a word), is set in them.
LONG_S_TEXT = 5
LONG_S_SHARE = 0.5
_LONG_S = regex.compile("ſ")
_OTHER_S = regex.compile(r"(?<!\p{Lu})s(?=\p{Ll})")

# It is the spelling of its time, not damage; who repairs boldly may want it modern. Log odds of 0.6.
LONG_S_NATS = 0.4


# A transcript of old print keeps its ligatures on purpose, as it keeps the spelling: log odds of .85, below what "safe"
# asks, so that it leaves the page as it was set.
OLD_LIGATURE_NATS = 1.7


def _ligatures(reading: Reading, resources: Resources) -> Iterator[Finding]:
    nats = OLD_LIGATURE_NATS if _is_old(reading, resources) else CERTAIN
    for match in _LIGATURE.finditer(reading.tokens.text):
        after = unicodedata.normalize("NFKC", match.group())
        yield _finding(match.start(), match.group(), after, "ligature", "one character for several letters", nats)


def _is_old(reading: Reading, resources: Resources) -> bool:
    """Whether a text has the spelling of before 1800; told of English alone."""
    if resources.lang != "en":
        return False
    tokens, lexicon = reading.tokens, resources.lexicon
    tiers = np.where(tokens.type_kinds == Kind.WORD, lexicon.tiers(tokens.types), Tier.UNKNOWN)
    return lexicon.is_old(reading.folded, tiers, tokens.type_ids, reading.word_count)


def _long_s(text: str, resources: Resources) -> Iterator[Finding]:
    places = [match.start() for match in _LONG_S.finditer(text)]
    if not places:
        return
    throughout = len(places) >= LONG_S_TEXT and len(places) > LONG_S_SHARE * (
        len(places) + sum(1 for _ in _OTHER_S.finditer(text))
    )
    source = "a text set in long s" if throughout else "a long s among round ones"
    for place in places:
        yield _finding(place, "ſ", "s", "long_s", source, LONG_S_NATS if throughout else CERTAIN)


# Letters of other alphabets that no eye can tell from Latin ones, and those Latin letters.
_CYRILLIC = dict(zip("асеорхуіјѕԁһԛԝАВСЕНІЈКМОРЅТХУ", "aceopxyijsdhqwABCEHIJKMOPSTXY", strict=True))
_GREEK = dict(zip("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX", strict=True))
TO_LATIN: Mapping[str, str] = {**_CYRILLIC, **_GREEK}
TO_CYRILLIC: Mapping[str, str] = {latin: letter for letter, latin in _CYRILLIC.items()}

_OTHER_ALPHABET = regex.compile(r"[\p{Cyrillic}\p{Greek}]{1,40}+")
_LATIN = regex.compile(r"\p{Latin}")
_LONGEST_WORD = 60


def _look_alikes(text: str, resources: Resources) -> Iterator[Finding]:
    """A word in two alphabets is written in the one that has most of its letters, if the others have a double there."""
    done = 0
    for match in _OTHER_ALPHABET.finditer(text):
        beside = text[max(match.start() - 1, 0) : match.start()] + text[match.end() : match.end() + 1]
        if match.start() < done or not _LATIN.search(beside):
            continue
        start, done = _word_around(text, *match.span())
        word = text[start:done]
        latin = set(_LATIN.findall(word))
        mostly_latin = 2 * sum(letter in latin for letter in word) > len(word)
        table = TO_LATIN if mostly_latin else TO_CYRILLIC
        strange = {letter for letter in word if letter.isalpha()} - latin if mostly_latin else latin
        if len(word) > 2 and strange <= set(table):
            mended = "".join(table[letter] if letter in strange else letter for letter in word)
            yield _finding(start, word, mended, "look_alike", "a letter of another alphabet")


def _word_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The run of letters that holds a span, as far as a word reaches."""
    first, last = max(start - _LONGEST_WORD, 0), min(end + _LONGEST_WORD, len(text))
    while start > first and text[start - 1].isalpha():
        start -= 1
    while end < last and text[end].isalpha():
        end += 1
    return start, end


# Each rule with what must be among the text's characters for it to be asked.
RULES: tuple[tuple[regex.Pattern[str], Callable[[str, Resources], Iterator[Finding]]], ...] = (
    # letters and signs of the encodings of one byte; quotes and dashes alone are no sign of a broken one
    (regex.compile(r"[\u0080-\u04FF]"), _mojibake),
    (_CONTROL, _controls),
    (regex.compile("\ufffd"), _lost_apostrophes),
    (regex.compile("[‘’‚]"), _doubled_quotes),
    (regex.compile(r"\p{Mn}"), _decomposed),
    (regex.compile("[´¨˜ˆ¸˚]"), _loose_accents),
    (regex.compile(r"[\u200B-\u200D\u2060\uFEFF\u00AD]"), _no_width),
    (_LONG_S, _long_s),
    (_OTHER_ALPHABET, _look_alikes),
)


# --- ligatures that were parted --------------------------------------------------------------------------------------

LIGATURES = ("ffi", "ffl", "ff", "fi", "fl")

# The joined word is so many times more frequent than the rarer of its parts, and no rare word itself.
PARTED_TIMES = 100.0
PARTED_LEAST = 1e-7


def _parted_ligatures(reading: Reading, resources: Resources) -> Iterator[Finding]:
    """Words with white space beside a ligature, as they come out of page files: "veri fi cation", "signi ficant"."""
    tokens = reading.tokens
    begins = tokens.per_type(lambda string: string.startswith(("fi", "fl", "ff", "ﬁ", "ﬂ", "ﬀ", "ﬃ", "ﬄ")))
    ends = tokens.per_type(lambda string: string.endswith(("fi", "fl", "ff", "ﬁ", "ﬂ", "ﬀ", "ﬃ", "ﬄ")))
    # token i is a word, i + 1 one space, i + 2 a word in lower case
    words = tokens.kinds == Kind.WORD
    lower = words & tokens.per_type(str.islower)
    space = tokens.per_type(lambda string: string == " ")
    if len(tokens) < 3:
        return
    pairs = words[:-2] & space[1:-1] & lower[2:] & (ends[:-2] | begins[2:])
    known = frequencies(resources.lang)
    last = -1
    for i in np.flatnonzero(pairs).tolist():
        if i < last:
            continue  # the middle of three parts
        for parts in (3, 2):
            finding = _joined(reading, i, parts, known)
            if finding:
                yield finding
                last = i + 2 * parts - 2
                break


def _joined(reading: Reading, first: int, parts: int, known: Mapping[str, float]) -> Finding | None:
    tokens = reading.tokens
    end = first + 2 * parts - 1
    strings = [tokens.types[number] for number in tokens.type_ids[first:end].tolist()]
    if len(strings) < 2 * parts - 1 or any(gap != " " for gap in strings[1::2]):
        return None
    pieces = [unicodedata.normalize("NFKC", fold(piece)) for piece in strings[::2]]
    if parts == 3 and pieces[1] not in LIGATURES:
        return None
    if not all(piece.isalpha() for piece in pieces):
        return None
    whole = known.get("".join(pieces), 0.0)
    rarest = min((known.get(piece, 0.0) for piece in pieces if piece not in LIGATURES), default=1.0)
    # between two others a ligature alone is no word: the joined word need only be one
    if whole < PARTED_LEAST or (parts == 2 and whole < PARTED_TIMES * rarest):
        return None
    start, stop = int(tokens.starts[first]), int(tokens.starts[end])
    before = tokens.text[start:stop]
    after = unicodedata.normalize("NFKC", before.replace(" ", ""))
    return _finding(start, before, after, "parted_ligature", "the joined word")
