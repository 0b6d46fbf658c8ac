"""Traces of rewriting that name no original: stray capitals, articles that do not fit, odd word pairs.

Start reading at `traces`. They cannot be repaired by themselves; the score counts them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from despin.reading import Reading
from despin.words import article, fold

BoolArray = npt.NDArray[np.bool_]

# A capital is stray only on a word that is common enough to be no name: the 20,000 most frequent words.
COMMON = 20_000

# A word is odd where it is this many nats less likely after its neighbour than anywhere: about once in 150 words of
# human text, where it is mostly a list, a heading or a topic of its own.
ODD = -3.0


def traces(reading: Reading) -> dict[str, BoolArray]:
    """For each kind of trace, which items of the reading show it."""
    return {name: find(reading) for name, find in KINDS.items()}


def stray_capitals(reading: Reading) -> BoolArray:
    """Common words with a capital inside a sentence, between neighbours that have none."""
    before = np.concatenate([[True], reading.capital[:-1]]) | reading.opens
    after = np.concatenate([reading.capital[1:], [False]])
    titled = reading.tokens.per_type(lambda string: len(string) > 1 and string[:1].isupper() and string[1:].islower())
    stray: BoolArray = titled[reading.index] & reading.words & ~before & ~after
    return stray


def common_stray_capitals(reading: Reading) -> BoolArray:
    """Stray capitals on words that are no names."""
    return stray_capitals(reading) & (reading.ids < COMMON)


def broken_articles(reading: Reading) -> BoolArray:
    """Items "a" or "an" whose next word asks for the other."""
    # "A" inside a sentence is a label: vitamin A, hepatitis A infection
    articles = reading.among(("a", "an")) & reading.joined & (reading.opens | ~reading.capital)
    broken = np.zeros(len(reading), np.bool_)
    for item in np.flatnonzero(articles).tolist():
        following = reading.word(item + 1)
        # "a a" is a list or a formula; one letter or a capital alone is a label: "a B"
        broken[item] = len(following) > 1 and article(following) != fold(reading.word(item))
    return broken


def odd_words(reading: Reading) -> BoolArray:
    """Words that are much less likely here than anywhere."""
    known = reading.words & (reading.ids < reading.context.vocabulary.unknown) & ~reading.opens
    return known & (reading.nats - reading.alone < ODD)


KINDS: dict[str, Callable[[Reading], BoolArray]] = {
    "trace.capital": common_stray_capitals,
    "trace.article": broken_articles,
    "trace.odd": odd_words,
}
