"""What is never rewritten: quotations, code and addresses, names, part numbers, the caller's own terms.

Start reading at `protected_spans`. Repairs of letters are held back by less, see `protected_letters`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import regex

from despin.settings import SettingsError
from despin.tokens import Kind, Tokens

Span = tuple[int, int, str]

# A quotation is an opening mark, at least three words and the closing mark, within a paragraph and within 600
# characters; a shorter one is a term in scare quotes, which spinners rewrite like any other word. Straight marks must
# stand at word edges, so that inches and feet open nothing; single marks too, and one that letters touch on both sides
# is an apostrophe. Curly marks pair, so that what they hold may go over a line's end, but not over an empty line.
_LONGEST_QUOTATION = 600
_LINE = r"\n(?![^\S\n]*\n)"
_QUOTATIONS = regex.compile(
    rf"“(?:[^“”\n]|{_LINE}){{1,{_LONGEST_QUOTATION}}}+”"
    rf"|«(?:[^«»\n]|{_LINE}){{1,{_LONGEST_QUOTATION}}}+»"
    rf"|„(?:[^„“”\n]|{_LINE}){{1,{_LONGEST_QUOTATION}}}+[“”]"
    rf"|(?<!\w)‘(?=\w)(?:[^‘’\n]|{_LINE}|(?<=\w)’(?=\w)){{1,{_LONGEST_QUOTATION}}}+’(?!\w)"
    rf'|(?<![\w"])"(?=\w)[^"\n]{{1,{_LONGEST_QUOTATION}}}+(?<=[\w.,!?…])"(?!\w)'
)
_LEAST_WORDS = 3

CODE_IS = "code or an address"

# What stands between the tags of code, and lines that a mail or Markdown quotes.
_CODE_TAG = regex.compile(r"<(/?)(code|pre|kbd|samp)\b[^<>\n]{0,300}+>", regex.I)
_QUOTED_LINES = regex.compile(r"(?m)^[ ]{0,3}>.*+(?:\n[ ]{0,3}>.*+)*+")

# Markdown takes lines as code that four blanks or a tab set in after an empty line. First lines of paragraphs in old
# print, verses and the ends of letters are set in as well: half of a block's lines, at least, must look like code.
_SET_IN = regex.compile(r"(?: {4}|\t)[^\S\n]*(?=\S)")
_LOOKS_LIKE_CODE = regex.compile(
    r"^(?:[$%]|>>>|\.\.\.) |[{}]|[=!<>+*/-]=|\w ?= ?[\w\"'\[(]|->|=>|::|&&|\|\||</?\p{L}|\p{L}_\p{L}"
    r"|\p{L}\.\p{L}\w*\("
    r"|\p{L}\w*\((?:\)|[^()\s]+\))|\p{L}\[\w+\]|(?<=\s)--\p{L}[\p{L}-]*=|\\\p{L}|(?<!\S)[./~]+/\w"
    r"|^(?:import|from) [\w.]+$|^(?:from [\w.]+ import|#include|sudo|git|pip3?|npm|docker|curl|wget|apt-get|conda) \S"
    r"|^(?:def|class) \w+.*:$|^(?:else|try|finally):$|^(?:if|for|while|elif|with|except) [^,]{1,60}:$|^return$"
)

# A name of several words: words with capitals, next to each other or joined by at most two little words ("Institute on
# Deafness", "Society for the Protection of Birds").
_CAPITALISED = r"\p{Lu}[\p{L}\p{M}’'-]*+"
_LINK = r"(?:of|on|for|the|in|at|by|to|de|la|del|von|van|and|&)"
_NAMES = regex.compile(rf"(?<![\p{{L}}’'-]){_CAPITALISED}(?:[ ](?:{_LINK}[ ]){{0,2}}{_CAPITALISED})++")
_HAS_CAPITAL = regex.compile(rf"(?<![\p{{L}}’'-]){_CAPITALISED}")
_PLAIN = regex.compile(r"(?<![\p{L}’'-])\p{Ll}[\p{L}’'-]*+")
# What the sentence around a name is cut at, and how far it is looked at: in a text without stops time must not grow
# with the square of its length.
_SENTENCE_END = regex.compile(r"[.!?…:;\n]")
_SENTENCE_REACH = 300


def protected_spans(tokens: Tokens, terms: Sequence[str] = ()) -> list[Span]:
    """Spans (start, end, what it is) that no wording edit may touch: sorted, not overlapping.

    terms: wordings of the caller's that stay as they are, whatever their case. Raises SettingsError for an empty term.
    """
    text = tokens.text
    spans = (
        *_quotations(text),
        *_fixed_tokens(tokens),
        *_code(text),
        *_set_in(text),
        *_names(text),
        *_terms(text, terms),
    )
    return _merged(sorted(spans))


def protected_letters(tokens: Tokens, terms: Sequence[str] = ()) -> list[Span]:
    """Spans (start, end, what it is) that no edit of letters may touch: code, addresses and the caller's terms.

    A quotation's letters are misread like any others, and a number that was misread looks like a name with digits.
    """
    code = [span for span in _fixed_tokens(tokens) if span[2] == CODE_IS]
    return _merged(sorted([*code, *_code(tokens.text), *_set_in(tokens.text), *_terms(tokens.text, terms)]))


def _quotations(text: str) -> Iterator[Span]:
    for match in _QUOTATIONS.finditer(text):
        if len(match.group().split()) >= _LEAST_WORDS:
            yield match.start(), match.end(), "a quotation"
    for match in _QUOTED_LINES.finditer(text):
        yield match.start(), match.end(), "a quotation"


def _code(text: str) -> Iterator[Span]:
    name, begin = "", 0
    for match in _CODE_TAG.finditer(text):
        closes, found = match.group(1), match.group(2).lower()
        if not closes and not name:
            name, begin = found, match.start()
        elif closes and found == name:
            yield begin, match.end(), CODE_IS
            name = ""


def _set_in(text: str) -> Iterator[Span]:
    """Blocks of code that are set in, see _SET_IN; each from its first line to its last."""
    if "\n    " not in text and "\n\t" not in text and not _SET_IN.match(text):
        return
    offset, begin, end, lines, codes, empty = 0, -1, 0, 0, 0, True
    for line in (*text.splitlines(keepends=True), "."):
        if line.isspace():
            empty = True
        elif (inset := _SET_IN.match(line)) is not None and (empty or begin >= 0):
            begin = begin if begin >= 0 else offset
            end = offset + len(line.rstrip())
            lines, codes = lines + 1, codes + (_LOOKS_LIKE_CODE.search(line[inset.end() :].rstrip()) is not None)
            empty = False
        else:
            if begin >= 0 and 2 * codes >= lines:
                yield begin, end, CODE_IS
            begin, lines, codes, empty = -1, 0, 0, False
        offset += len(line)


def _names(text: str) -> Iterator[Span]:
    """Names of several words inside a sentence.

    A heading has capitals all over and is none; nor are two words that "and" alone joins, since spinners put single
    words in with a capital ("is both Safe and Effective").
    """
    for match in _NAMES.finditer(text):
        left = _SENTENCE_END.split(text[max(match.start() - _SENTENCE_REACH, 0) : match.start()])[-1]
        right = _SENTENCE_END.split(text[match.end() : match.end() + _SENTENCE_REACH], 1)[0]
        capitals = [found.start() for found in _HAS_CAPITAL.finditer(match.group())]
        if not left.strip():
            capitals = capitals[1:]  # the capital that opens the sentence says nothing
        plain = len(_PLAIN.findall(left)) + len(_PLAIN.findall(right))
        joined = " and " in match.group() and len(capitals) < 3
        if len(capitals) >= 2 and not joined and plain >= len(capitals):
            yield match.start() + capitals[0], match.end(), "a name"


def _fixed_tokens(tokens: Tokens) -> Iterator[Span]:
    for kind, what in ((Kind.CODE, CODE_IS), (Kind.NAME, "a name with digits")):
        for i in np.flatnonzero(tokens.kinds == kind).tolist():
            yield int(tokens.starts[i]), int(tokens.starts[i + 1]), what


def checked_terms(terms: Sequence[str]) -> Sequence[str]:
    """The caller's terms, as they are. Raises SettingsError for what is no sequence of terms, or an empty one."""
    if isinstance(terms, str):
        raise SettingsError("protect takes a sequence of terms; put the one term into a list: protect=['term']")
    if terms is None or not all(isinstance(term, str) and term.strip() for term in terms):
        raise SettingsError("protect takes a sequence of terms that are text and not empty, such as ['vital signs']")
    return terms


def _terms(text: str, terms: Sequence[str]) -> Iterator[Span]:
    if checked_terms(terms):
        yield from _TermTrie(terms).spans(text)


# The parts by which terms are compared: words, single marks, and white space, of whatever kind and length.
_PART = regex.compile(r"\w+|[^\w\s]|\s+")


def _part(string: str) -> str:
    """A part as it is compared: in lower case, any apostrophe straight, any white space one blank."""
    return " " if string.isspace() else string.lower().replace("’", "'").replace("ʼ", "'")


class _TermTrie:
    """Terms by their parts, so that ten thousand of them cost no more than one."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._root: dict[str, Any] = {}
        for term in terms:
            node = self._root
            for match in _PART.finditer(term.strip()):
                node = node.setdefault(_part(match.group()), {})
            node[""] = True  # a term ends here; no part is empty

    def spans(self, text: str) -> Iterator[Span]:
        """Where the terms stand, whatever their case, not within longer words; overlapping ones too."""
        bounds = [match.span() for match in _PART.finditer(text)]
        parts = [_part(text[start:end]) for start, end in bounds]
        for first, part in enumerate(parts):
            node, last = self._root.get(part), first
            longest = -1
            while node is not None:
                if "" in node:
                    longest = last
                last += 1
                node = node.get(parts[last]) if last < len(parts) else None
            if longest >= 0:
                yield bounds[first][0], bounds[longest][1], "a protected term"


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end, what in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
        else:
            merged.append((start, end, what))
    return merged
