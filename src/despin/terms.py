"""Fixed terms of two words: supply chain, breast cancer, vital signs. Start reading at `TermPairs`.

The list (data/lexicon/terms.tsv) says which neighbours belong together; terms of more words count by each pair of
neighbours in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from despin.compiled import Parts
from despin.context import WORD_BITS, Vocabulary
from despin.tables import read_rows
from despin.words import Forms

IntArray = npt.NDArray[np.int64]

COLUMNS = ("term", "sources", "millions")

# Terms that only the bigram counts vouch for hold free phrases ("extra fee"): they are passed over.
WEAK_SOURCE = "bigram"


class TermPairs:
    """Pairs of words that are, or are part of, a fixed term. Plurals count as their singulars."""

    def __init__(self, terms: Mapping[str, str], forms: Forms, vocabulary: Vocabulary) -> None:
        """terms: wording -> its sources, parted by commas."""
        self._take(compile_terms(terms, forms, vocabulary))

    @classmethod
    def ready(cls, parts: Parts) -> TermPairs:
        """The pairs whose parts `compile_terms` made."""
        pairs = cls.__new__(cls)
        pairs._take(parts)
        return pairs

    def _take(self, parts: Parts) -> None:
        self._singular: IntArray = parts["singular"].astype(np.int64)
        self._keys: IntArray = parts["keys"]

    @classmethod
    def load(cls, folder: Path, forms: Forms, vocabulary: Vocabulary) -> TermPairs:
        """Read ``terms.tsv`` of `folder`. Raises TableError naming file and line."""
        return cls(read_terms(folder / "terms.tsv"), forms, vocabulary)

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self._keys)

    def holds(self, before: IntArray, after: IntArray) -> npt.NDArray[np.bool_]:
        """Whether two word numbers stand in this order in a fixed term, element by element; never for negative ones."""
        keys = self._singular[before] << WORD_BITS | self._singular[after]
        if not len(self._keys):
            return np.zeros(len(before), np.bool_)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        found: npt.NDArray[np.bool_] = (self._keys[place] == keys) & (before >= 0) & (after >= 0)
        return found


def read_terms(path: Path) -> dict[str, str]:
    """Wording -> its sources, parted by commas. Raises TableError naming file and line."""
    return {term: sources for _, (term, sources, _) in read_rows(path, COLUMNS)}


def compile_terms(terms: Mapping[str, str], forms: Forms, vocabulary: Vocabulary) -> dict[str, npt.NDArray[Any]]:
    """What `TermPairs` looks up. singular: for each word number that of its singular, or itself; keys: the pairs of
    singulars, sorted, as word << WORD_BITS | next word."""
    singular = np.arange(len(vocabulary), dtype=np.int32)
    nouns = [(lemma, cell) for (lemma, kind), cell in forms.rows.items() if kind == "n" and cell.startswith("NNS=")]
    plurals = vocabulary.encode(cell.removeprefix("NNS=") for _, cell in nouns)
    singular[plurals] = vocabulary.encode(lemma for lemma, _ in nouns)
    singular[vocabulary.unknown :] = np.arange(vocabulary.unknown, len(vocabulary))
    pairs = [
        pair
        for term, sources in terms.items()
        if sources != WEAK_SOURCE
        for words in (term.replace("-", " ").split(),)
        for pair in pairwise(words)
    ]
    before = singular[vocabulary.encode(first for first, _ in pairs)].astype(np.int64)
    after = singular[vocabulary.encode(second for _, second in pairs)]
    known = (before < vocabulary.unknown) & (after < vocabulary.unknown)
    return {"singular": singular, "keys": np.unique(before[known] << WORD_BITS | after[known])}
