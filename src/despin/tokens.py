"""The tokenizer: cuts a text into words, numbers, marks and gaps, and loses nothing.

Start reading at `PATTERN`: one regular expression whose every branch is explained. It is run by one `findall` in C;
each distinct token ("type") gets a number, so that later parts look each word up once per document and go on with
integer arrays. Sentences and passages are computed when asked for.

Every branch is linear: what may repeat is possessive, what looks ahead is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import regex

IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


class Kind(IntEnum):
    """What a token is. CODE and NAME are never rewritten."""

    GAP = 0  # white space, however long
    WORD = 1  # letters with inner apostrophes; dotted abbreviations (e.g., U.S.)
    NUMBER = 2  # digits with inner points and commas; superscripts, fractions, Roman numeral signs
    MARK = 3  # punctuation, symbols, emoji, and whatever else there is
    CODE = 4  # URL, e-mail, DOI, file name, markup, source code
    NAME = 5  # letters and digits in one: IL-6, 5-HT3, B12, v2.1, 5mg


# Letters of any script with their combining marks. Possessive: a run is never taken back.
LETTERS = r"[\p{L}\p{M}]++"

# Straight and typographic apostrophes inside a word: isn't, patient’s. U+02BC is the letter apostrophe.
# Repeats of a group are bounded here and below: each costs memory, and no word has more than a few.
WORD = rf"{LETTERS}(?:['’ʼ]{LETTERS}){{0,8}}+"

# Last labels that make a dotted lower-case run an address or a file and not two sentences glued by a full stop
# ("example.com" against "dysfunction.two"). Only endings that are no English words.
ENDINGS = (
    r"(?:com|org|net|edu|gov|info|io|uk|html?|php|aspx?|pdf|docx?|xlsx?|csv|json|xml|yaml|txt|py|js|css|jpe?g|png|gif"
    r"|zip)"
)

# The rest of an address: up to white space or a quote, but the marks at its end belong to the sentence. Brackets are
# part of it in pairs, or where more follows: ".../Foo_(bar)" keeps both, "(see www.example.org/x)." leaves ")." out.
ADDRESS = (
    r"""(?:[^\s<>"“”.,;:!?()\[\]'’]++|\([^\s<>"“”()]{0,200}+\)"""
    r"""|[.,;:!?()\[\]'’]{1,8}+(?=[^\s<>"“”.,;:!?()\[\]'’]))++"""
)

CODE = rf"""
    (?:https?|ftp)://{ADDRESS}                                   # URL
  | www\.{ADDRESS}                                              # URL without scheme
  | (?=[^\s@]{{1,64}}@)[\p{{L}}\p{{N}}._%+\-]{{1,64}}+@           # e-mail; lengths of RFC 5321
        [\p{{L}}\p{{N}}\-]{{1,63}}+(?:\.[\p{{L}}\p{{N}}\-]{{1,63}}+){{1,8}}+
  | 10\.\d{{4,9}}/{ADDRESS}                                     # DOI: the registrant has 4 to 9 digits
  | [\p{{Ll}}\p{{N}}][\p{{Ll}}\p{{N}}\-]{{0,62}}+(?:\.[\p{{Ll}}\p{{N}}\-]{{1,63}}+){{0,3}}   # host or file name
        (?<=\.{ENDINGS})(?![\p{{L}}\p{{N}}])
  | </?\p{{L}}[^<>\n]{{0,300}}+>                                # a tag left by a scraper; real tags are short
  | &(?:\p{{L}}{{2,8}}|\#\d{{1,7}}|\#x[0-9A-Fa-f]{{1,6}});      # a character entity
  | ```(?s:.{{0,4000}}?)```                                     # Markdown code block
  | `[^`\n]{{1,200}}+`                                          # Markdown code in a line
"""

# Letters and digits in one word, with inner hyphens: chemical names, part numbers, versions, numbers with a glued
# unit, and what OCR makes of numbers (l9O5). At least one of each; hyphens must be followed by more. Not the half of a
# number that is in words: thirty-3.
NAME = r"""
    (?!(?:twen|thir|for|fif|six|seven|eigh|nine)ty-\p{Nd}(?![\p{L}\p{N}]))
    (?:[\p{L}\p{M}]{1,40}+[\-‐‑]?\p{Nd}|\p{Nd}{1,40}+[\-‐‑]?(?=\p{L}))[\p{L}\p{M}\p{Nd}]{0,80}+
        (?:[\-‐‑.](?=[\p{L}\p{Nd}]*\p{Nd})[\p{L}\p{Nd}]{1,40}+){0,6}+       # IL-6, 5-HT3, CD4-2b, v2.1.0
  | [NOSCRDL][\-‐‑]\p{Ll}{3,40}+                                            # N-methyl, L-dopa, S-nitroso
"""

# Digits with single inner points and commas: 3.5, 1,500, 1.2.3, 12,13. Then superscripts, fractions, Roman signs.
NUMBER = r"\p{Nd}++(?:[.,]\p{Nd}++){0,40}+|[\p{No}\p{Nl}]++"

# A dotted abbreviation of single letters: e.g., i.e., U.S.A. Two letters at least, so that "I." ends a sentence.
DOTTED = r"\p{L}(?:\.\p{L}){1,5}+(?![\p{L}\p{M}\p{N}])\.?"

# What follows a word or number that is surely over. Most tokens are settled here, without a look at the branches for
# names and addresses, which all go on with a digit, an @, or one of these joints and more text.
WORD_IS_OVER = r"(?![\p{N}@]|[\-‐‑.:_+]\S)"
NUMBER_IS_OVER = r"(?![\p{L}/@]|[\-‐‑._+]\S)"

PATTERN = regex.compile(
    rf"""(?x)
    \x20(?!\s)                         # the most frequent gap of all
  | {WORD}{WORD_IS_OVER}
  | \s++
  | (?:{NUMBER}){NUMBER_IS_OVER}
  | [;:!?\[\]{{}}"'“”‘’…–—/%+|~^$§£€©®°•·]       # marks that open none of the longer tokens below
  | \.++ | ,++ | \(++ | \)++ | -++ | =++ | \*++ | \#++   # runs of one mark are one token, however long
  | {CODE}
  | {NAME}
  | {DOTTED}
  | {WORD}
  | {NUMBER}
  | _++
  | [\U0001F1E6-\U0001F1FF]{{1,2}}+[\p{{M}}\u200D]*+   # a flag; for \X each would mean counting all flags before it
  | \X                                 # one grapheme: emoji sequences stay whole
  | (?s:.)                             # anything: nothing is lost
    """,
    regex.V1,
)

_KIND = regex.compile(
    rf"""(?x)
    (?P<GAP>\s++) | (?P<NUMBER>{NUMBER}) | (?P<CODE>{CODE}) | (?P<NAME>{NAME}) | (?P<WORD>{WORD}|{DOTTED})
  | (?P<MARK>(?s:.+))
    """,
    regex.V1,
)


# Batch runs meet the same words in one document after another: remembering the kinds of this many halves the cost of
# a short document.
@lru_cache(maxsize=1 << 16)
def kind_of(string: str) -> Kind:
    """The kind of a token, which its string alone decides."""
    match = _KIND.fullmatch(string)
    assert match, "MARK takes any non-empty string"
    assert match.lastgroup
    return Kind[match.lastgroup]


@dataclass(frozen=True, slots=True)
class Token:
    """One token as an object, made only when asked for. `start` and `end` count code points."""

    text: str
    start: int
    end: int
    kind: Kind


# A long text is cut piece by piece, so that only the distinct strings stay in memory. No branch of the pattern looks
# or reaches further than _REACH (a code block of 4,000 characters), runs of one class apart, which may be endless.
_PIECE = 1 << 17
_REACH = 5000


def _pieces(text: str) -> Iterator[list[str]]:
    """The token strings in lists, the same as one ``PATTERN.findall(text)``: tokens that end within reach of a piece's
    end are left to the next piece, which is made longer where nothing else was found."""
    position, size = 0, _PIECE
    while position < len(text):
        end = position + size
        strings: list[str] = PATTERN.findall(text, position, end)
        if end < len(text):
            beyond = end
            while strings and beyond > end - _REACH:
                beyond -= len(strings.pop())
            if not strings:
                size *= 2
                continue
            position, size = beyond, _PIECE
        else:
            position = len(text)
        yield strings


class _Numbering(dict[str, int]):
    """Gives each new key the next number: the whole loop over a document's tokens then runs in C."""

    def __missing__(self, key: str) -> int:
        number = self[key] = len(self)
        return number


class Tokens(Sequence[Token]):
    """A text cut into tokens. Arrays for machines, `Token` objects for people.

    text: the text; the strings of the tokens joined give it back exactly.
    starts: offsets, one more than tokens: token i is ``text[starts[i]:starts[i + 1]]``.
    types: the distinct strings, in order of first appearance; ``types[type_ids[i]] == strings[i]``.
    type_ids: one number a token.
    """

    __slots__ = ("__dict__", "starts", "text", "type_ids", "types")

    def __init__(self, text: str) -> None:
        self.text = text
        numbering = _Numbering()
        pieces = [np.fromiter(map(numbering.__getitem__, strings), np.int32, len(strings)) for strings in _pieces(text)]
        self._take(np.concatenate(pieces) if pieces else np.zeros(0, np.int32), list(numbering))

    def _take(self, type_ids: IntArray, types: list[str]) -> None:
        self.type_ids: IntArray = type_ids
        self.types: list[str] = types
        count = len(self.type_ids)
        lengths = np.fromiter(map(len, self.types), np.int32, len(self.types))
        self.starts: IntArray = np.zeros(count + 1, np.int32)
        np.cumsum(lengths[self.type_ids], out=self.starts[1:])

    def replaced(self, changes: Sequence[tuple[int, int, str]]) -> Tokens:
        """The tokens of the text with other strings at some places, the same as `tokenize` gives.

        changes: (start, end, string), sorted, not overlapping. Far from all changes the tokens are what they were.
        """
        text, last = self.text, 0
        parts: list[str] = []
        for start, end, after in changes:
            parts += (text[last:start], after)
            last = end
        changed = "".join((*parts, text[last:]))
        # around each change more is cut again than is taken over
        if not changes or len(changes) * 4 * _REACH > len(text):
            return Tokens(changed)
        return _recut(self, changed, changes)

    @classmethod
    def _of(cls, text: str, type_ids: IntArray, types: list[str]) -> Tokens:
        """From types that may lack their order, or stand in no token."""
        first = np.full(len(types), len(type_ids), np.int64)
        first[type_ids[::-1]] = np.arange(len(type_ids))[::-1]
        order = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(type_ids))]
        number = np.zeros(len(types), np.int32)
        number[order] = np.arange(len(order), dtype=np.int32)
        tokens = cls.__new__(cls)
        tokens.text = text
        tokens._take(number[type_ids], [types[i] for i in order.tolist()])
        return tokens

    def __len__(self) -> int:
        return len(self.type_ids)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # one signature for int and slice
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        i = range(len(self))[index]
        return Token(self.strings[i], int(self.starts[i]), int(self.starts[i + 1]), Kind(self.kinds[i]))

    @cached_property
    def strings(self) -> list[str]:
        """One string a token; equal strings are one object."""
        return list(map(self.types.__getitem__, self.type_ids.tolist()))

    @cached_property
    def type_kinds(self) -> npt.NDArray[np.uint8]:
        """The kind of each type."""
        return np.fromiter(map(kind_of, self.types), np.uint8, len(self.types))

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """The kind of each token."""
        return self.type_kinds[self.type_ids]

    def per_type(self, test: Callable[[str], bool]) -> BoolArray:
        """One truth value a token from a function of the token's string, called once per type."""
        truth: BoolArray = np.fromiter(map(test, self.types), np.bool_, len(self.types))[self.type_ids]
        return truth

    def at(self, offset: int) -> int:
        """The index of the token that holds `offset`. Raises IndexError outside the text."""
        if not 0 <= offset < len(self.text):
            raise IndexError(f"offset {offset} is outside the text of {len(self.text)} code points")
        return int(np.searchsorted(self.starts, np.int32(offset), side="right")) - 1

    @cached_property
    def paragraph_ends(self) -> IntArray:
        """Token indices of the gaps that end a paragraph."""
        return _paragraph_ends(self)

    @cached_property
    def sentence_starts(self) -> IntArray:
        """Token indices at which a sentence starts; the first is 0 where there is any token."""
        return _sentence_starts(self)

    def sentences(self) -> IntArray:
        """Offsets of the sentences, shape (n, 2): from the first to the last character that is not white space."""
        return self._trimmed(self.sentence_starts)

    def paragraphs(self) -> IntArray:
        """Offsets of the paragraphs, shape (n, 2), without the white space around them."""
        starts = np.concatenate([[0], self.paragraph_ends + 1]) if len(self) else np.zeros(0, np.int64)
        return self._trimmed(starts.astype(np.int32))

    def _trimmed(self, firsts: IntArray) -> IntArray:
        """Offsets of the stretches that begin at the tokens `firsts`, white space at both ends left out."""
        solid = np.flatnonzero(self.kinds != Kind.GAP)
        bounds = np.searchsorted(solid, np.append(firsts, len(self)))
        held = bounds[1:] > bounds[:-1]
        first, last = solid[bounds[:-1][held]], solid[bounds[1:][held] - 1]
        spans: IntArray = np.stack([self.starts[first], self.starts[last + 1]], axis=1)
        return spans


def _recut(tokens: Tokens, text: str, changes: Sequence[tuple[int, int, str]]) -> Tokens:
    """The tokens of `text`, which `changes` made of that of `tokens`: those near a change are cut again.

    A token depends on no more than `_REACH` characters before and behind it. So tokens that end that far before a
    change stay, and so do those that begin that far behind it, from where a new token begins where an old one does.
    """
    starts, numbering = tokens.starts, _Numbering(zip(tokens.types, range(len(tokens.types)), strict=True))
    parts: list[IntArray] = []
    left = deque(changes)
    at = shift = 0  # the next old token, and how far its place in the new text lies ahead
    while left:
        begin = max(int(np.searchsorted(starts, left[0][0] - _REACH, side="right")) - 1, at)
        parts.append(tokens.type_ids[at:begin])
        position = int(starts[begin]) + shift
        end, strings = -1, None
        while strings is None:
            at = min(int(np.searchsorted(starts, end + _REACH)), len(tokens))
            if end < 0 or (left and left[0][0] <= int(starts[at]) + 2 * _REACH):
                # it is cut with the one before
                start, end, after = left.popleft()
                shift += len(after) - (end - start)
                continue
            meeting = int(starts[at]) + shift
            strings = _up_to(PATTERN.findall(text, position, min(meeting + _REACH, len(text))), meeting - position)
            end = int(starts[at])
        parts.append(np.fromiter(map(numbering.__getitem__, strings), np.int32, len(strings)))
    parts.append(tokens.type_ids[at:])
    return Tokens._of(text, np.concatenate(parts), list(numbering))


def _up_to(strings: list[str], length: int) -> list[str] | None:
    """The first strings, so many that they have this length together; None where no number of them has."""
    total = 0
    for count, string in enumerate(strings):
        if total >= length:
            return strings[:count] if total == length else None
        total += len(string)
    return strings if total == length else None


def tokenize(text: str) -> Tokens:
    """Cut `text` into tokens; joining their strings gives `text` back, for any `str`.

    Raises TypeError for anything but a `str` (bytes must be decoded first).

    Examples:
        >>> [token.text for token in tokenize("dysfunction.two Given")]
        ['dysfunction', '.', 'two', ' ', 'Given']
    """
    if not isinstance(text, str):
        raise TypeError(f"despin reads str, not {type(text).__name__}; decode bytes first: text.decode('utf-8')")
    return Tokens(text)


# A text is hard-wrapped (line ends mean nothing) when no line is longer than a terminal or a book's line and there
# are enough lines to tell; otherwise, as in scraped pages, each line is a paragraph.
_WRAPPED_WIDTH = 100
_WRAPPED_LINES = 4

# In a hard-wrapped text a line end still ends a paragraph after a stop, when the line was left clearly short.
_SHORT_LINE = 0.7


_LINE_ENDS = frozenset("\n\r\u2028\u2029")


def _paragraph_ends(tokens: Tokens) -> IntArray:
    breaks = tokens.per_type(lambda string: not _LINE_ENDS.isdisjoint(string))
    breaks &= tokens.kinds == Kind.GAP
    at = np.flatnonzero(breaks)
    if not len(at):
        return at.astype(np.int32)
    blank = tokens.per_type(lambda string: len(string.splitlines()) > 1 or "\u2029" in string)[at]
    edges = np.concatenate([[0], tokens.starts[at], [len(tokens.text)]])
    widths = np.diff(edges)
    if len(at) < _WRAPPED_LINES or widths.max() > _WRAPPED_WIDTH:
        return at.astype(np.int32)
    short = widths[:-1] < _SHORT_LINE * np.median(widths)
    ends_well = (at > 0) & tokens.per_type(lambda string: string[-1] in '.!?:"”’)]')[at - 1]
    ends: IntArray = at[blank | (short & ends_well)].astype(np.int32)
    return ends


# Abbreviations whose full stop is followed by a name, a number or a lower-case word more often than by a sentence.
ABBREVIATIONS = frozenset(
    "al approx art ca capt cf ch co col corp cp dept dr ed eds eq eqs esp est etc fig figs gen gov hon inc jr lt ltd "
    "messrs mr mrs ms mt mts no nos op p pp prof rep resp rev sec sen sgt sr st v viz vol vols vs".split()
)

_STOPS = frozenset(".!?…‽。！？")
_CLOSERS = frozenset("\"'”’»)]}")


def _sentence_starts(tokens: Tokens) -> IntArray:
    """A stop ends a sentence where a gap follows, or, glued, where a capital follows a word in lower case. A full stop
    does not before a lower-case letter, nor after an abbreviation or an initial. Paragraph ends always do."""
    count = len(tokens)
    if not count:
        return np.zeros(0, np.int32)
    # plain lists and numbers: this loop runs once for every stop of the text
    strings, kinds = tokens.strings, tokens.kinds.tolist()
    gap, number, word_kind = int(Kind.GAP), int(Kind.NUMBER), int(Kind.WORD)
    starts = {0, *(i + 1 for i in tokens.paragraph_ends.tolist() if i + 1 < count)}
    for i in np.flatnonzero(tokens.per_type(lambda string: string[0] in _STOPS)).tolist():
        word = strings[i - 1] if i else ""
        after = i + 1
        while after < count and strings[after] in _CLOSERS:
            after += 1
        # a citation glued to the stop belongs to the sentence that it closes: "antagonism.31 The"
        if after + 1 < count and kinds[after] == number and kinds[after + 1] == gap and not word[-1:].isdigit():
            after += 1
        if after >= count:
            continue
        if kinds[after] == gap:
            following = strings[after + 1] if after + 1 < count else ""
            if following[:1].islower() and strings[i][0] in ".…":
                continue
            initial = len(word) == 1 and word.isupper() and word != "I"
            if strings[i] == "." and (initial or word.lower() in ABBREVIATIONS):
                continue
            starts.add(min(after + 1, count - 1))
        elif kinds[after] == word_kind and strings[after][0].isupper() and len(word) > 1 and word[-1].islower():
            starts.add(after)
    return np.array(sorted(starts), np.int32)


# DESIGN: a passage reaches about 60 words, and the score needs about 50. Longer paragraphs are cut into windows of
# at most twice that, at sentence starts.
PASSAGE_WORDS = 60
PASSAGE_MOST = 120


def passages(tokens: Tokens) -> IntArray:
    """Offsets of the passages, shape (n, 2): paragraphs, short neighbours merged, long ones cut at sentence starts.

    Passages do not overlap and hold every word. All but those of a very short text reach about 60 words; a single
    sentence longer than 120 words stays whole.
    """
    if not len(tokens):
        return np.zeros((0, 2), np.int32)
    words = np.concatenate([[0], np.cumsum((tokens.kinds == Kind.WORD) | (tokens.kinds == Kind.NAME))])
    paragraph_firsts = {0, *(int(i) + 1 for i in tokens.paragraph_ends)}
    firsts = [0]
    for start in tokens.sentence_starts[1:].tolist():
        held = words[start] - words[firsts[-1]]
        left = words[-1] - words[start]
        long_enough = start in paragraph_firsts or held >= PASSAGE_MOST - PASSAGE_WORDS // 2
        # a rest too short to be scored joins the passage before it
        if held >= PASSAGE_WORDS and long_enough and left >= PASSAGE_WORDS // 2:
            firsts.append(start)
    return tokens._trimmed(np.array(firsts, np.int32))
