"""A text as the context model reads it: the sequence of its words, numbers and sentence ends, without marks and gaps.

Start reading at `Reading`. The tokens stay the only place of offsets; a reading refers to them by index.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from despin.context import FloatArray, NgramContext
from despin.tokens import Kind, Tokens
from despin.words import fold

# Marks that end a sentence for the context model, as in the text that its counts come from. A colon or semicolon
# hides less than a full stop, but what stands on its other side is no neighbour either.
STOPS = frozenset(".!?…:;")

# What may stand between two words of one fixed phrase: third-party, well‑known.
_HYPHENS = frozenset("-‐‑")

_NO_ITEM = -9


class Reading:
    """The words of `tokens`, by number.

    index: token index of each item, rising.
    ids: number of each item in the context model's vocabulary; sentence ends are `boundary`.
    joined: for each item whether nothing but one blank or a hyphen stands between it and the next.
    """

    def __init__(self, tokens: Tokens, context: NgramContext) -> None:
        self.tokens = tokens
        self.context = context
        vocabulary = context.vocabulary
        kinds = tokens.type_kinds
        by_type = np.full(len(tokens.types), _NO_ITEM, np.int64)
        words = np.flatnonzero(kinds == Kind.WORD)
        by_type[words] = vocabulary.encode([tokens.types[i] for i in words.tolist()])
        by_type[kinds == Kind.NUMBER] = vocabulary.number
        by_type[(kinds == Kind.NAME) | (kinds == Kind.CODE)] = vocabulary.unknown
        marks = np.flatnonzero(kinds == Kind.MARK)
        by_type[[i for i in marks.tolist() if tokens.types[i][0] in STOPS]] = vocabulary.boundary
        items = by_type[tokens.type_ids]
        items[tokens.paragraph_ends] = vocabulary.boundary
        self.index: npt.NDArray[np.int64] = np.flatnonzero(items != _NO_ITEM)
        self.ids: npt.NDArray[np.int64] = items[self.index]

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def folded(self) -> list[str]:
        """The folded spelling of each type of the tokens."""
        return [fold(string) for string in self.tokens.types]

    def among(self, words: Container[str]) -> npt.NDArray[np.bool_]:
        """Whether item i is, folded, one of `words`."""
        by_type = np.fromiter((word in words for word in self.folded), np.bool_, len(self.folded))
        found: npt.NDArray[np.bool_] = by_type[self.tokens.type_ids[self.index]]
        return found

    @cached_property
    def word_count(self) -> int:
        """How many of the items are words."""
        return int(self.words.sum())

    @cached_property
    def new(self) -> npt.NDArray[np.bool_]:
        """Whether item i stands in a paragraph that is no copy of one before. What is counted in a text is counted in
        those: a page that comes twice says no more of its author than once."""
        tokens = self.tokens
        ends = np.append(tokens.paragraph_ends, len(tokens))
        lasts = np.searchsorted(self.index, ends).tolist()
        new = np.ones(len(self), np.bool_)
        seen: set[bytes] = set()
        begin = first = 0
        for end, last in zip(ends.tolist(), lasts, strict=True):
            paragraph = tokens.type_ids[begin:end].tobytes()
            if paragraph in seen:
                new[first:last] = False
            seen.add(paragraph)
            begin, first = end + 1, last
        return new

    @cached_property
    def new_word_count(self) -> int:
        """How many words stand in paragraphs that are no copies."""
        return int((self.words & self.new).sum())

    @cached_property
    def joined(self) -> npt.NDArray[np.bool_]:
        """Whether item i and item i + 1 may be words of one phrase."""
        tokens, at = self.tokens, self.index
        if len(at) == 0:
            return np.zeros(0, np.bool_)
        light = tokens.per_type(lambda string: string.isspace() or string in _HYPHENS)
        near = np.zeros(len(at), np.bool_)
        step = at[1:] - at[:-1]
        # neighbours with one gap or hyphen between them; glued tokens (step 1) are words only around a boundary
        near[:-1] = (step == 2) & light[np.minimum(at[:-1] + 1, len(tokens) - 1)]
        boundary = self.context.vocabulary.boundary
        near[:-1] &= (self.ids[:-1] != boundary) & (self.ids[1:] != boundary)
        return near

    @cached_property
    def nats(self) -> FloatArray:
        """ln p of each item given the two before it."""
        return self.context.sequence(self.ids)

    @cached_property
    def running(self) -> FloatArray:
        """Running sum of `nats`, one longer: ln p of items i to j, j excluded, is running[j] - running[i]."""
        return np.concatenate([[0.0], np.cumsum(self.nats)])

    @cached_property
    def alone(self) -> FloatArray:
        """ln p of each item without its neighbours."""
        return self.context.alone(self.ids)

    @cached_property
    def running_alone(self) -> FloatArray:
        """Running sum of `alone`, one longer."""
        return np.concatenate([[0.0], np.cumsum(self.alone)])

    @cached_property
    def opens(self) -> npt.NDArray[np.bool_]:
        """Whether item i is the first word of its sentence; a citation or a list number may stand before it."""
        first = np.ones(len(self), np.bool_)
        first[1:] = self.ids[:-1] == self.context.vocabulary.boundary
        number = self.ids == self.context.vocabulary.number
        # "dysfunction.two Given": a word glued to the stop, in lower case before a capital, stands for such a number
        glued = np.zeros(len(self), np.bool_)
        glued[1:] = self.index[1:] == self.index[:-1] + 1
        number |= glued & self.words & ~self.capital & np.append(self.capital[1:], False)
        first[1:] |= first[:-1] & number[:-1]
        return first

    @cached_property
    def capital(self) -> npt.NDArray[np.bool_]:
        """Whether item i begins with a capital letter."""
        capital: npt.NDArray[np.bool_] = self.tokens.per_type(lambda string: string[:1].isupper())[self.index]
        return capital

    @cached_property
    def words(self) -> npt.NDArray[np.bool_]:
        """Whether item i is a word."""
        is_word: npt.NDArray[np.bool_] = self.tokens.kinds[self.index] == Kind.WORD
        return is_word

    def numbers_in(self, numbering: Mapping[str, int]) -> npt.NDArray[np.int64]:
        """The items by another numbering of folded words; -1 for what it does not hold and for what is no word."""
        tokens = self.tokens
        words = np.flatnonzero((tokens.type_kinds == Kind.WORD) | (tokens.type_kinds == Kind.NUMBER))
        by_type = np.full(len(tokens.types), -1, np.int64)
        by_type[words] = [numbering.get(self.folded[i], -1) for i in words.tolist()]
        numbers: npt.NDArray[np.int64] = by_type[tokens.type_ids[self.index]]
        return numbers

    def word(self, item: int) -> str:
        """The string of an item as the context model takes it: "" for a sentence end or past the text."""
        if not 0 <= item < len(self) or self.ids[item] == self.context.vocabulary.boundary:
            return ""
        word: str = self.tokens.types[self.tokens.type_ids[self.index[item]]]
        return word

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets from the start of item `first` to the end of item `last`."""
        starts = self.tokens.starts
        return int(starts[self.index[first]]), int(starts[self.index[last] + 1])
