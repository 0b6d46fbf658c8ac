"""What web forms say to their users, as it is left in scraped text: labels, limits, failures, captchas, comment boxes.

Start reading at `runs`. A form has few things to say and says them with few verbs, so its lines are known by their
pattern (a field, what must be done with it) and not by whole sentences; each part of a pattern also knows the words
that spinners put for it ("figures" for characters). Only lines that hold next to nothing else count, and only several
different things that a form says, one after the other: prose and manuals speak about forms in sentences of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import regex

from despin.reading import Reading

# A form's line is short; the bound keeps a text without line ends quick.
MOST_CHARACTERS = 400
# Part of a line's words that may be none of a form's: a spinner's word that the patterns do not know.
MOST_OTHER = 0.2


def _any(plain: str, spun: str = "") -> str:
    """A pattern for one of several wordings, given with bars between them; those of spinners are marked as such."""
    return f"(?:{plain}|(?P<spun>{spun}))" if spun else f"(?:{plain})"


_FIELD = _any(
    r"(?:full |first |last |user ?|display |e-?mail |phone |postal |new )?"
    r"(?:name|title|address|password|number)|e-?mail|web ?site|url|subject|message|comments?|reply|phone|city|country"
    r"|company|collection|list|folder|playlist|album|account|code|captcha|fields?|file|image|form|request|input|value"
    r"|nickname",
    r"identify|selection|assortment|series|remarks?|web page|internet site|electronic mail|e mail|pass word"
    r"|industr(?:y|ies)",
)
_YOUR = r"(?:(?:in )?(?:your|a|an|the|this|any) )?"
_AUX = _any(
    r"must(?: not)?|should(?: not)?|can ?not|can't|may not|ha(?:s|ve) to|needs? to|shall",
    r"really should|should really|ought to|will have to|will need to",
)
_BOUND = _any(
    r"less than|fewer than|more than|at least|at most|no more than|no longer than|up to|under|over|shorter than"
    r"|longer than|greater than|exactly|between",
    r"a lot less than|much less than|lower than|lesser than|below|underneath|a lot more than",
)
_UNIT = _any(r"characters?|chars?|letters?|digits?|symbols?|words?", r"figures?|people(?: today)?|personas?|heroes")
_NUMBER = r"(?:\d+(?: (?:and|to) \d+)?|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|\p{L}+(?:ty|teen))"
_NEEDED = _any(r"required|mandatory|compulsory", r"needed|necessary|demanded|essential|obligatory")
_DO = _any(
    r"load|save|add|delete|remove|submit|post|send|process|display|retrieve|fetch|update|open|create|upload|find",
    r"insert|include|preserve|conserve|publish|deliver|get rid of|take away|produce",
)
_UNABLE = _any(r"unable to|failed to|could ?n[o'’]t|can ?not|can['’]t", r"not able to|incapable of|struggling to")
_CAUSE = _any(
    r"due to|because of", r"resulting from|as a result of|on account of|owing to|as a consequence of|thanks to"
)
_ERROR = _any(r"an? (?:\w+ )?(?:error|problem|issue)", r"an? (?:\w+ )?(?:mistake|fault|oversight|miscalculation)")
_ENTER = _any(r"enter|type(?: in)?|input|fill in|copy", r"get into|key in|enter into|sort|kind")
_SHOWN = _any(r"shown|displayed|you see|below|above|in|from", r"revealed|proven|exhibited|demonstrated|you notice")
_PROVE = _any(r"prove|confirm|verify", r"demonstrate|affirm")
_LEAVE = _any(r"leave|post|add|submit", r"depart|go away|publish")
_HIDDEN = _any(r"published|shown|displayed|shared", r"revealed|printed|posted|released|disclosed|unveiled")
_PUT = _any(r"enter|type|choose|select|add|give|provide|fill in", r"pick|opt for|decide on|name|title|label")

_REMARK = _any(r"comments?|reply|replies", r"remarks?|response|answer|feedback")
_ROBOT = r"(?:a )?(?:human|not a (?:ro)?bot)"
_PICTURE = _any(r"image|picture|box|photo", r"graphic|impression|photograph")
_MARKED = _any(r"marked", r"marked out|designated|proclaimed|noted|labeled")
_MARKS = _any(r"indicates|denotes|marks", r"signifies|suggests|implies|signals")
_NOT = _any(r"will not|won['’]t", r"is not going to|would not")

# (what is said, nats that it adds to a run of such lines, its patterns). Log odds on a heavily damaged page, set by
# hand: how much oftener pages have such a line from a form than from an author. Labels head lists and letters as well.
SAID: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    ("label", 0.5, (rf"(?:{_PUT} )?{_YOUR}{_FIELD}(?: address)? ?(?:[:*]|\((?:required|optional)\))",)),
    (
        "limit",
        1.5,
        (rf"{_YOUR}{_FIELD} {_AUX} be {_BOUND} (?:{_NUMBER} {_UNIT}|(?P<spun>){_UNIT})(?: long)?",),
    ),
    ("empty", 1.0, (rf"{_YOUR}{_FIELD} (?:{_AUX} be|is|are) (?:left )?(?:blank|empty|unique|{_NEEDED})",)),
    (
        "failure",
        2.0,
        (
            rf"(?:sorry,? |oops,? )?{_UNABLE} {_DO} {_YOUR}{_FIELD}(?: {_CAUSE} {_ERROR})?",
            rf"{_ERROR} (?:has )?occurred(?: (?:while|when) \w+ing {_YOUR}{_FIELD})?",
        ),
    ),
    ("retry", 0.5, (rf"please {_any('try', 'attempt|check out')}(?: it)? (?:again|once more)(?: later)?",)),
    (
        "required",
        2.0,
        (
            rf"(?:\* ?)?{_MARKS} (?:an? )?{_NEEDED} {_FIELD}",
            rf"{_NEEDED} {_FIELD} (?:are|is) {_MARKED}(?: with)?(?: an asterisk)?(?: ?\*)?",
        ),
    ),
    (
        "captcha",
        2.0,
        (
            rf"(?:please )?{_ENTER} the (?:\w+ )?(?:{_UNIT}|code|numbers?|text|captcha)(?: (?:that )?{_SHOWN}){{1,3}}"
            rf"(?: (?:the|this) (?:\w+ )?{_PICTURE})?",
            rf"(?:please )?{_PROVE} (?:that )?you(?: are|['’]re) {_ROBOT}",
            rf"i(?: am|['’]m) {_ROBOT}",
        ),
    ),
    ("comment", 2.0, (rf"{_LEAVE} (?:a|your) {_REMARK}(?: cancel reply)?",)),
    ("privacy", 2.0, (rf"your {_FIELD}(?: {_any('address', 'tackle|deal with')})? {_NOT} be {_HIDDEN}",)),
    (
        "notify",
        1.5,
        (
            rf"{_any('notify', 'inform|alert')} me (?:of|about|when) [\w -]{{0,30}}?(?:posts?|{_REMARK})"
            r"(?: (?:by|via|through) e-?mail)?",
        ),
    ),
    (
        "remember",
        2.0,
        (
            rf"{_any('save|remember', 'help save|conserve|preserve')} my {_FIELD}[\w, -]{{0,40}}?"
            rf" {_any('in|on', 'within|inside')} this (?:browser|device)(?: for the next time i {_REMARK})?",
        ),
    ),
    ("login", 1.0, (rf"you {_AUX} be (?:logged|signed) in to {_LEAVE} (?:a )?{_REMARK}",)),
)
NATS = {name: nats for name, nats, _ in SAID}


@cache
def _says() -> regex.Pattern[str]:
    """All that forms say, each kind a named group. Compiled when a line first holds a hint: that takes 30 ms."""
    kinds = "|".join(f"(?P<{name}>{'|'.join(patterns)})" for name, _, patterns in SAID)
    return regex.compile(rf"(?<![\w'’-])(?:{kinds})(?![\w'’-])", regex.I)


_WORD = regex.compile(r"\w+(?:['’-]\w+)*")
# Signs of text that speaks about a form or shows one: list marks, quotation marks, code, the bars of a table.
_TOLD = regex.compile(r"\A\s*(?:[-•–+#>]|\*\s(?!\w+ (?:an? )?\w+ \w+\s*\Z)|\d+[.)]\s)|[\"“”«»`|<>=]|(?<!\w)['‘]")

# One of these words stands in all that a form says but for labels: only lines with one are looked at.
_HINTS = frozenset(
    "characters character chars char letters letter digits digit symbols symbol words word figures figure people "
    "personas heroes blank empty unique required mandatory compulsory needed necessary demanded essential "
    "obligatory unable failed able couldn't can't cannot could can occurred code number numbers text captcha "
    "human robot bot reply comment remark response answer published shown displayed shared revealed printed "
    "posted released disclosed unveiled notify inform alert browser device logged signed".split()
)


@dataclass(frozen=True, slots=True)
class Run:
    """Lines of a form, one after the other: `text[start:end]`.

    said: the kinds of things that they say, sorted. spun: the wordings that spinners put in, each once; "" stands for a
    number that got lost.
    """

    start: int
    end: int
    said: tuple[str, ...]
    spun: frozenset[str]

    @property
    def rewritten(self) -> bool:
        """Whether a spinner had its hand in: one rare word may be the author of the form, a lost number is not."""
        return "" in self.spun or len(self.spun) > 1


def runs(reading: Reading) -> list[Run]:
    """The stretches of a text that only a form says: at least two different things, not all of them labels."""
    text = reading.tokens.text
    found: list[Run] = []
    done = 0
    for offset in _hinted(reading):
        if offset < done:
            continue
        lines = _lines_around(text, offset, done)
        done = max(done, text.find("\n", offset) + 1 or len(text))
        if not lines:
            continue
        done = max(done, lines[-1].end)
        said = sorted({kind for line in lines for kind in line.said})
        if len(said) > 1 and not _introduced(text, lines[0].start):
            spun = frozenset(word for line in lines for word in line.spun)
            found.append(Run(lines[0].start, lines[-1].end, tuple(said), spun))
    return found


def _hinted(reading: Reading) -> list[int]:
    """Offsets of the words that a form's lines are looked for at."""
    items = np.flatnonzero(reading.among(_HINTS))
    offsets: list[int] = reading.tokens.starts[reading.index[items]].tolist()
    return offsets


def _lines_around(text: str, offset: int, floor: int) -> list[Run]:
    """The line at an offset and those next to it, as far as they are of a form; empty where that line is of none."""
    start, end = _line(text, offset)
    line = _read(text, start, end)
    if line is None:
        return []
    lines = [line]
    for before in _lines_before(text, start, floor):
        if before is None:
            break
        lines.insert(0, before)
    for after in _lines_after(text, end):
        if after is None:
            break
        lines.append(after)
    return lines


def _line(text: str, offset: int) -> tuple[int, int]:
    """The bounds of the line at an offset; a long one is cut, and then holds too much to be of a form."""
    start = text.rfind("\n", max(offset - MOST_CHARACTERS - 1, 0), offset) + 1 or max(offset - MOST_CHARACTERS - 1, 0)
    end = text.find("\n", offset, offset + MOST_CHARACTERS + 1)
    return start, end if end >= 0 else min(len(text), offset + MOST_CHARACTERS + 1)


def _lines_before(text: str, start: int, floor: int) -> Iterator[Run | None]:
    """The lines that end before `start`, nearest first, empty ones left out."""
    while start > floor:
        first, last = _line(text, start - 1)
        if text[first:last].strip():
            yield _read(text, first, last)
        start = first
    yield None


def _lines_after(text: str, end: int) -> Iterator[Run | None]:
    """The lines that start after `end`, empty ones left out."""
    while end < len(text):
        first, last = _line(text, end + 1)
        if text[first:last].strip():
            yield _read(text, first, last)
        end = max(last, end + 1)
    yield None


def _read(text: str, start: int, end: int) -> Run | None:
    """What a line says, where it is of a form: it begins as a form's lines do, and holds little else."""
    line = text[start:end]
    stripped = len(line) - len(line.lstrip())
    # nearly all lines of prose are told from a form's by their first words
    if not 0 < len(line.strip()) <= MOST_CHARACTERS or not _says().match(line, stripped) or _TOLD.search(line):
        return None
    matches = list(_says().finditer(line))
    words = len(_WORD.findall(line))
    held = sum(len(_WORD.findall(match.group())) for match in matches)
    if not held or words - held > MOST_OTHER * words:
        return None
    said = tuple(sorted({kind for match in matches for kind in NATS if match.group(kind) is not None}))
    spun = frozenset(word.lower() for match in matches for word in match.captures("spun"))
    return Run(start + stripped, start + len(line.rstrip()), said, spun)


def _introduced(text: str, start: int) -> bool:
    """Whether the text before announces what follows, as a manual does: "The form then says:"."""
    return text[max(start - 10, 0) : start].rstrip().endswith(":")
