"""Traces of rewriting that name no original: stray capitals, articles that do not fit.

Start reading at `traces`. They cannot be repaired by themselves; the score counts them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from despin.reading import Reading
from despin.words import article

BoolArray = npt.NDArray[np.bool_]


# Items to each side of a needless capital that have none: a title or a hymn has capitals all over, a spun sentence one.
NEAR = 3


def traces(reading: Reading, lowercase: BoolArray) -> dict[str, BoolArray]:
    """For each kind of trace, which items of the reading show it.

    lowercase: for each word of the vocabulary whether nobody gives it a capital inside a sentence.
    """
    return {"trace.capital": needless_capitals(reading, lowercase), "trace.article": broken_articles(reading)}


def stray_capitals(reading: Reading) -> BoolArray:
    """Words with a capital inside a sentence, between neighbours that have none."""
    before = np.concatenate([[True], reading.capital[:-1]]) | reading.opens
    after = np.concatenate([reading.capital[1:], [False]])
    stray: BoolArray = reading.words & reading.capital & ~before & ~after
    # few are left: NATO and McDonald are no words with one capital
    for item in np.flatnonzero(stray).tolist():
        stray[item] = reading.word(item)[1:].islower()
    return stray


def needless_capitals(reading: Reading, lowercase: BoolArray) -> BoolArray:
    """Stray capitals on words that are never names, with no other capital near.

    Spinners take substitutes over as their tables spell them ("it is Safe and effective"). Institutions are named
    by common words too ("the Society for the Protection of Birds"), but by such as have capitals elsewhere.
    """
    never = lowercase[np.minimum(reading.ids, len(lowercase) - 1)] & (reading.ids < len(lowercase))
    running = np.concatenate([np.zeros(NEAR + 1), np.cumsum(reading.capital & ~reading.opens)])
    running = np.concatenate([running, np.full(NEAR, running[-1])])
    alone = running[2 * NEAR + 1 :] - running[: -2 * NEAR - 1] <= 1
    needless: BoolArray = stray_capitals(reading) & never & alone
    return needless


def broken_articles(reading: Reading) -> BoolArray:
    """Items "a" or "an" whose next word asks for the other."""
    # "A" inside a sentence is a label: vitamin A, hepatitis A infection
    articles = reading.among(("a", "an")) & reading.joined & (reading.opens | ~reading.capital)
    items = np.flatnonzero(articles)
    types, place = np.unique(reading.tokens.type_ids[reading.index[items + 1]], return_inverse=True)
    # "a a" is a list or a formula; one letter or a capital alone is a label: "a B"
    asked = [_asked(reading.tokens.types[i]) if len(reading.tokens.types[i]) > 1 else "" for i in types.tolist()]
    an = reading.among(("an",))[items]
    broken = np.zeros(len(reading), np.bool_)
    broken[items] = np.array(asked, dtype=np.str_)[place] == np.where(an, "a", "an")
    return broken


# First letters of words in lower case that settle the article at a glance; e, h, o and u have exceptions.
_CONSONANTS = frozenset("bcdfgjklmnpqrstvwxyz")
_VOWELS = frozenset("ai")


def _asked(word: str) -> str:
    """The article that a word asks for; most words need no look at the rules."""
    if word.islower():
        if word[0] in _CONSONANTS:
            return "a"
        if word[0] in _VOWELS:
            return "an"
    return article(word)
