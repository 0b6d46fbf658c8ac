"""How well a word goes with what the text around it is about: "lesion" and "sore", "algorithm" and "calculation".

The n-grams see two words on either side. The dense table knows for any two words how much likelier one makes the other
behind it, which for words of one topic is much; so the topical words of some lines around a place say which of two
wordings their author would have used. Start reading at `Topic.fits`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from despin.context import FloatArray
from despin.dense import DenseBigrams
from despin.maps import FUNCTION_WORDS
from despin.reading import Reading

IntArray = npt.NDArray[np.int64]

# Items on either side of a place whose topical words are asked: about three sentences. Twice as many say less.
WINDOW = 40

# Of those words the ones that speak most for a wording count. The others belong to what else the text tells.
MOST = 16

# No two words count for more than the first, or for less than the second: the table is a small model's opinion.
MOST_NATS = 8.0
LEAST_NATS = -5.0

# Wordings that are asked at a time, each with some eighty words around it.
_CHUNK = 512


class Topic:
    """The topical words of one reading: those of the dense table that are not among the most frequent."""

    def __init__(self, reading: Reading, dense: DenseBigrams) -> None:
        self._dense = dense
        self._at = np.flatnonzero(reading.words & self._topical(reading.ids))
        self._words = reading.ids[self._at]

    def _topical(self, ids: IntArray) -> npt.NDArray[np.bool_]:
        held: npt.NDArray[np.bool_] = (ids >= FUNCTION_WORDS) & (ids < len(self._dense))
        return held

    def fits(self, at: IntArray, length: IntArray, ids: IntArray) -> FloatArray:
        """PMI in nats of wordings with the topical words around their places, the mean of the MOST greatest.

        at, length: the places, in items. ids: word numbers, one row a wording; those of no topic are passed over.
        Returns 0 for a wording without a topical word, and where none stands around it.
        """
        row, column = np.nonzero(self._topical(ids))
        total = np.zeros(len(at))
        if not len(row) or not len(self._at):
            return total
        asked = ids[row, column]
        # one row a place: the topical words around it
        first, last = (np.searchsorted(self._at, edge) for edge in (at - WINDOW, at + length + WINDOW))
        begin, end = (np.searchsorted(self._at, edge) for edge in (at, at + length))
        reach = np.arange(2 * WINDOW + int(length.max()))
        places = first[:, None] + reach
        around = (places < last[:, None]) & ((places < begin[:, None]) | (places >= end[:, None]))
        nearby = self._words[np.minimum(places, len(self._at) - 1)]
        counts = np.bincount(row, minlength=len(at))
        for start in range(0, len(row), _CHUNK):
            part = slice(start, start + _CHUNK)
            held = around[row[part]]
            nats = np.full(held.shape, -np.inf)
            wording = np.broadcast_to(asked[part][:, None], held.shape)
            nats[held] = self._pmi(nearby[row[part]][held], wording[held])
            nats = -np.sort(-nats, axis=1)[:, :MOST]
            told = np.isfinite(nats)
            mean = np.where(told, nats, 0.0).sum(axis=1) / np.maximum(told.sum(axis=1), 1)
            np.add.at(total, row[part], mean / counts[row[part]])
        # sums of many products: the last decimals differ between processors
        return np.round(total, 3)

    def _pmi(self, before: IntArray, asked: IntArray) -> FloatArray:
        """How much likelier each word `before` makes that of `asked` behind it, in nats, bounded; word by word."""
        nats = self._dense.log_prob(before, asked) - self._dense.log_start(asked)
        bounded: FloatArray = np.clip(nats, LEAST_NATS, MOST_NATS)
        return bounded
