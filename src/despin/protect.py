"""What is never rewritten: quotations, code and addresses, names, part numbers, the caller's own terms.

Start reading at `protected_spans`. Repairs of letters are held back by less, see `protected_letters`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import regex

from despin.settings import SettingsError
from despin.tokens import Kind, Tokens

Span = tuple[int, int, str]

# A quotation is an opening mark, at least three words and the closing mark, within a paragraph and within 600
# characters; a shorter one is a term in scare quotes, which spinners rewrite like any other word. Straight marks must
# stand at word edges, so that inches and feet open nothing.
_LONGEST_QUOTATION = 600
_QUOTATIONS = regex.compile(
    rf"“[^“”\n]{{1,{_LONGEST_QUOTATION}}}+”"
    rf"|«[^«»\n]{{1,{_LONGEST_QUOTATION}}}+»"
    rf'|(?<![\w"])"(?=\w)[^"\n]{{1,{_LONGEST_QUOTATION}}}+(?<=[\w.,!?…])"(?!\w)'
)
_LEAST_WORDS = 3

CODE_IS = "code or an address"

# A name of several words: words with capitals, next to each other or joined by at most two little words ("Institute on
# Deafness", "Society for the Protection of Birds").
_CAPITALISED = r"\p{Lu}[\p{L}\p{M}’'-]*+"
_LINK = r"(?:of|on|for|the|in|at|by|to|de|la|del|von|van|and|&)"
_NAMES = regex.compile(rf"(?<![\p{{L}}’'-]){_CAPITALISED}(?:[ ](?:{_LINK}[ ]){{0,2}}{_CAPITALISED})++")
_HAS_CAPITAL = regex.compile(rf"(?<![\p{{L}}’'-]){_CAPITALISED}")
_PLAIN = regex.compile(r"(?<![\p{L}’'-])\p{Ll}[\p{L}’'-]*+")
# What the sentence around a name is cut at.
_SENTENCE_ENDS = ".!?…:;\n"


def protected_spans(tokens: Tokens, terms: Sequence[str] = ()) -> list[Span]:
    """Spans (start, end, what it is) that no wording edit may touch: sorted, not overlapping.

    terms: wordings of the caller's that stay as they are, whatever their case. Raises SettingsError for an empty term.
    """
    text = tokens.text
    return _merged(sorted([*_quotations(text), *_fixed_tokens(tokens), *_names(text), *_terms(text, terms)]))


def protected_letters(tokens: Tokens, terms: Sequence[str] = ()) -> list[Span]:
    """Spans (start, end, what it is) that no edit of letters may touch: code, addresses and the caller's terms.

    A quotation's letters are misread like any others, and a number that was misread looks like a name with digits.
    """
    code = [span for span in _fixed_tokens(tokens) if span[2] == CODE_IS]
    return _merged(sorted([*code, *_terms(tokens.text, terms)]))


def _quotations(text: str) -> Iterator[Span]:
    for match in _QUOTATIONS.finditer(text):
        if len(match.group().split()) >= _LEAST_WORDS:
            yield match.start(), match.end(), "a quotation"


def _names(text: str) -> Iterator[Span]:
    """Names of several words inside a sentence.

    A heading has capitals all over and is none; nor are two words that "and" alone joins, since spinners put single
    words in with a capital ("is both Safe and Effective").
    """
    for match in _NAMES.finditer(text):
        begin = max(text.rfind(mark, 0, match.start()) for mark in _SENTENCE_ENDS) + 1
        end = min((place for mark in _SENTENCE_ENDS if (place := text.find(mark, match.end())) >= 0), default=len(text))
        capitals = [found.start() for found in _HAS_CAPITAL.finditer(match.group())]
        if not text[begin : match.start()].strip():
            capitals = capitals[1:]  # the capital that opens the sentence says nothing
        around = text[begin : match.start()] + text[match.end() : end]
        plain = len(_PLAIN.findall(around))
        joined = " and " in match.group() and len(capitals) < 3
        if len(capitals) >= 2 and not joined and plain >= len(capitals):
            yield match.start() + capitals[0], match.end(), "a name"


def _fixed_tokens(tokens: Tokens) -> Iterator[Span]:
    for kind, what in ((Kind.CODE, CODE_IS), (Kind.NAME, "a name with digits")):
        for i in np.flatnonzero(tokens.kinds == kind).tolist():
            yield int(tokens.starts[i]), int(tokens.starts[i + 1]), what


def _terms(text: str, terms: Sequence[str]) -> Iterator[Span]:
    if isinstance(terms, str):
        raise SettingsError("protect takes a sequence of terms; put the one term into a list: protect=['term']")
    if terms is None or not all(isinstance(term, str) and term.strip() for term in terms):
        raise SettingsError("protect takes a sequence of terms that are text and not empty, such as ['vital signs']")
    wanted = sorted(set(terms), key=len, reverse=True)
    if wanted:
        pattern = regex.compile(r"(?<!\w)\L<terms>(?!\w)", regex.I, terms=wanted)
        for match in pattern.finditer(text, overlapped=True):
            yield match.start(), match.end(), "a protected term"


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end, what in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
        else:
            merged.append((start, end, what))
    return merged
