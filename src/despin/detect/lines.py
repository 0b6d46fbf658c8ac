"""Words that were parted at a line end: "consid-\\nered" is "considered", and so is "consid- ered" in folded lines.

Start reading at `find`. A hyphen at a line end is either the typesetter's, and goes, or the word's own ("well-known"),
and stays. What tells is the lexicon and how the document writes the word elsewhere; where neither does, the text is
left as it is. So are hyphens that stand for a dash or for the rest of a compound ("first- and second-class"), and lines
that belong to the page and not to the text: running heads, page numbers, the ends of other columns.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import regex

from despin.reading import Reading
from despin.values import Alternative, Evidence, Finding
from despin.words import fold, frequencies

if TYPE_CHECKING:
    from despin.resources import Resources

# A hyphen between letters with a line end or one space behind it. Soft hyphens and "¬" (how transcribers and word
# processors write one) are no word's own; "¬" within a line is left, as transcripts keep it there.
_PARTED = regex.compile(
    # the lookbehind stands after the sign: there are few signs, and many letters
    r"[-‐\u00AD¬⸗](?<=\p{L}\p{L}.)(?:\u00AD?[ \t]{0,4}+(?:\r\n|\n|\r)[ \t]{0,40}+|(?<=[-‐])[ ])(?=\p{L}\p{L})"
)
# In Gothic type the hyphen looks like this, and is read so.
_GOTHIC = regex.compile(r"=(?<=\p{L}\p{L}=)[ \t]{0,4}+(?:\r\n|\n|\r)[ \t]{0,40}+(?=\p{Ll}\p{L})")
_NO_HYPHEN = frozenset("\u00ad¬⸗")

_BEFORE = regex.compile(r"(?r)\p{L}{2,40}+")
_AFTER = regex.compile(r"(\p{L}{2,40}+)(\S{0,20}+)([ \t]{0,4}+)")
_HYPHENATED = regex.compile(r"[-‐](?<=(?<![\p{L}\-‐])(\p{L}{2,40}).)(\p{L}{2,40}+)(?![\p{L}\-‐])")

# The joined word is so many times more frequent than chance would put its two halves side by side.
JOINED_TIMES = 3.0
# Words below this are in the list by accident; the rest of a word that is none counts as this.
LEAST_FREQUENCY = 1e-8
# Compounds are rarer than this in one word: "selfconscious", but not "nonsense" or "highway".
RARE_FREQUENCY = 1e-7
# Shorter than this are abbreviations and scraps; typesetters leave no single letter.
LEAST_LETTERS = 4

# How sure a join is as wording says nothing of whether it is wanted: print has a hyphen there, and careful transcripts
# keep it. Log odds of .85, below what "safe" asks, so that it leaves the page as it was set.
LAYOUT_NATS = 1.7
# No page has a sign inside a line that is always a typesetter's.
DAMAGE_NATS = 3.5

# After a hyphen these go on with the next of several compounds: "first- and second-class".
_AND = frozenset("and or to nor but und oder bis sowie et ou y e o en of".split())

# First parts of compounds that are written with a hyphen, where joined or apart would be another word or none.
_COMPOUND_FIRST = frozenset(
    "all anti co cross ever ex half high ill long low mid multi never new non old post pre pro quasi self semi short "
    "sub twenty thirty forty fifty sixty seventy eighty ninety two three four five six seven eight nine ten vice well"
    "".split()
)

# A line that comes so often, whatever its digits, is a running head or foot.
REPEATED_LINE = 3
_LONGEST_HEAD = 60
_DIGITS = regex.compile(r"\d+")


@dataclass(frozen=True)
class _Document:
    """How the document itself writes words; worked out when a parted word is first found."""

    reading: Reading

    @cached_property
    def hyphenated(self) -> frozenset[str]:
        return frozenset(f"{fold(left)}-{fold(right)}" for left, right in _HYPHENATED.findall(self.reading.tokens.text))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.reading.folded)

    @cached_property
    def heads(self) -> frozenset[str]:
        """Short lines that are repeated, without their digits."""
        counts = Counter(map(_bare, self.reading.tokens.text.splitlines()))
        return frozenset(line for line, count in counts.items() if count >= REPEATED_LINE and line)


def _bare(line: str) -> str:
    return _DIGITS.sub("", line).strip() if len(line) <= _LONGEST_HEAD else ""


def find(reading: Reading, resources: Resources) -> list[Finding]:
    """Parted words. Offsets are those of the text that was read."""
    text = reading.tokens.text
    document, known = _Document(reading), frequencies(resources.lang)
    patterns = (_PARTED, _GOTHIC) if resources.lang == "de" else (_PARTED,)
    places = (match.span() for pattern in patterns for match in pattern.finditer(text))
    found = (_parted(text, start, end, document, known) for start, end in places)
    return [finding for finding in found if finding]


def _parted(text: str, start: int, end: int, document: _Document, known: Mapping[str, float]) -> Finding | None:
    before = _BEFORE.search(text, max(start - 40, 0), start)
    after = _AFTER.match(text, end)
    if not before or before.end() != start or not after:
        return None
    left, right, tail, gap = before.group(), after[1], after[2], after[3]
    # capitals go on in capitals
    if right[0].isupper() and not (left.isupper() and right.isupper()):
        return None
    at_line_end = text[start:end].strip("-‐\u00ad¬⸗= ") != ""
    soft = text[start] in _NO_HYPHEN
    sign, source = _sign(fold(left), fold(right), soft, document, known)
    if sign is None or (at_line_end and _is_head(text, end, document)):
        return None
    # "¬" at a line end, or a hyphen and a space where lines were put together, is how transcripts keep the page's
    # hyphen; a soft hyphen nobody sees
    nats = DAMAGE_NATS if text[start] == "\u00ad" or (soft and not at_line_end) else LAYOUT_NATS
    rule = "lines.hyphen" if sign else "lines.joined"
    stop, made = end, sign
    if at_line_end:
        # the line ends after the whole word, so that the lines stay what they were
        stop = end + len(right) + len(tail)
        made = sign + right + tail
        following = text[stop + len(gap) : stop + len(gap) + 1]
        if gap and following not in ("", "\n", "\r"):
            stop += len(gap)
            made += "\n"
    evidence = (Evidence(nats, rule, source),)
    return Finding(start, stop, text[start:stop], rule, (Alternative(made, evidence),), rate_free=True)


def _sign(left: str, right: str, soft: bool, document: _Document, known: Mapping[str, float]) -> tuple[str | None, str]:
    """What belongs between the halves, "" or a hyphen, and why; None where it cannot be told."""
    joined, hyphenated = left + right, f"{left}-{right}"
    if soft:
        return "", "a hyphen of typesetters alone"
    if hyphenated in document.hyphenated:
        return "-", "written so elsewhere in the document"
    frequency = known.get(joined, 0.0)
    of_words = left in known and right in known
    if len(joined) >= LEAST_LETTERS and joined in document.words and (frequency or not of_words):
        return "", "written so elsewhere in the document"
    if right in _AND and left in known and frequency < 10 * RARE_FREQUENCY:
        return None, ""
    if left in _COMPOUND_FIRST and right in known and frequency < RARE_FREQUENCY:
        return "-", "a first part of compounds"
    chance = max(known.get(left, 0.0), LEAST_FREQUENCY) * max(known.get(right, 0.0), LEAST_FREQUENCY)
    if len(joined) >= LEAST_LETTERS and frequency >= LEAST_FREQUENCY and frequency >= JOINED_TIMES * chance:
        return "", f"{math.log10(frequency) + 9:.1f} on the Zipf scale"
    return None, ""


def _is_head(text: str, start: int, document: _Document) -> bool:
    """Whether the line that begins at an offset is a running head or foot."""
    end = start + _LONGEST_HEAD + 1
    line = (text[start:end].splitlines() or [""])[0]
    return bool(_bare(line)) and _bare(line) in document.heads
