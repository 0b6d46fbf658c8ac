"""What may have stood beside a place: the context of a word whose neighbours were replaced too.

On a spun page one word in five is a substitute, so every other word has one among the two words on either side, and the
context lies about it: beside "interface" a model likes "client" as little as "user" before "boundary". So each place is
weighed among what stands beside it and among the likeliest originals of that, each by the probability that it stood
there: for places that touch, or have one word between them, this sums over both places at once, as a forward-backward
pass does, cut off behind the neighbour. Start reading at `likely`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from despin.context import PADDING, FloatArray
from despin.maps import CONTEXT_MOST, LONGEST, REACH, MapIndex
from despin.reading import Reading

IntArray = npt.NDArray[np.int64]

# Originals of its neighbours that a place is weighed among, on either side. With four of them as few more places are
# put right as with two, for twice the time.
OTHERS = 2

# However likely its originals are, what stands beside a place counts for this much.
LEAST_STANDING = 0.1

# Items of its sentence on either side of a place that tell how damaged the text is just there.
SENTENCE = 40

# The share of words that is replaced on a heavily damaged page, which a sentence is taken to have before its words are
# known: worth this many words.
USUAL = 0.2
PRIOR_WORDS = 5.0

# A pair of neighbours less likely than this says nothing.
LEAST_SHARE = 0.003


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What may stand on either side of each item.

    left: the two words before item i, shape (items + 1, 1 + OTHERS, REACH); what stands there comes first. right: the
    two words from item i on. left_share, right_share: how likely each is, shape (items + 1, 1 + OTHERS); 0 for none.
    """

    reading: Reading
    left: IntArray
    left_share: FloatArray
    right: IntArray
    right_share: FloatArray

    def fits(self, at: IntArray, length: IntArray, ids: IntArray, lengths: IntArray, alone: FloatArray) -> FloatArray:
        """PMI in nats, bounded by CONTEXT_MOST, of each wording with what may stand around its place.

        at, length: the places, in items. ids, lengths: the words of the wordings, shape (places, LONGEST), and how many
        each has. alone: ln p of each without a context.
        """
        after = at + length
        total = np.full(len(at), -np.inf)
        for before in range(1 + OTHERS):
            for behind in range(1 + OTHERS):
                share = self.left_share[at, before] * self.right_share[after, behind]
                held = np.flatnonzero(share >= LEAST_SHARE)
                if len(held):
                    left, right = self.left[at[held], before], self.right[after[held], behind]
                    nats = self._among(left, ids[held], lengths[held], right) - alone[held]
                    bounded = np.clip(nats, -CONTEXT_MOST, CONTEXT_MOST) + np.log(share[held])
                    total[held] = np.logaddexp(total[held], bounded)
        bounded_total: FloatArray = np.clip(total, -CONTEXT_MOST, CONTEXT_MOST)
        return bounded_total

    def _among(self, left: IntArray, ids: IntArray, lengths: IntArray, right: IntArray) -> FloatArray:
        """ln p of wordings and the words after them, given those before, less ln p of the words after them alone."""
        context = self.reading.context
        table = np.concatenate([left, ids, np.full((len(ids), REACH), PADDING)], axis=1)
        rows = np.arange(len(ids))
        for step in range(REACH):
            table[rows, REACH + lengths + step] = right[:, step]
        by_themselves = np.where(right == PADDING, 0.0, context.alone(np.maximum(right, 0)))
        nats: FloatArray = context.rows(table, REACH, table.shape[1] - 1) - by_themselves.sum(axis=1)
        return nats


def likely(
    reading: Reading, index: MapIndex, at: IntArray, length: IntArray, candidate: IntArray, share: FloatArray
) -> Neighbours:
    """What may stand beside each item, from the originals of all places.

    at, length: where what each candidate may be the original of stands, in items. share: the probability of each.
    """
    items = np.concatenate([np.full(REACH, PADDING), reading.ids, np.full(REACH + 1, PADDING)])
    # nothing stood there: that is no neighbour
    held = index.lengths[candidate] > 0
    at, length, candidate, share = at[held], length[held], candidate[held], share[held]
    ids, words, after = index.ids[candidate], index.lengths[candidate], at + length
    first, last = ids[:, 0], ids[np.arange(len(ids)), words - 1]
    # the two last words of each original, with the word before it where it has but one; and the two first
    next_to_last = np.where(words > 1, ids[np.arange(len(ids)), np.maximum(words - 2, 0)], items[at + REACH - 1])
    second = np.where(words > 1, ids[:, 1], items[after + REACH])

    count = len(reading)
    joined = np.append(reading.joined, False)
    touching_left = joined[after - 1]
    apart_left = touching_left & joined[np.minimum(after, count)]
    left = _best(
        np.concatenate([after[touching_left], after[apart_left] + 1]),
        np.concatenate([next_to_last[touching_left], last[apart_left]]),
        np.concatenate([last[touching_left], items[after[apart_left] + REACH]]),
        np.concatenate([share[touching_left], share[apart_left]]),
        np.stack([items[: count + 1], items[1 : count + 2]], axis=1),
    )
    touching_right = (at > 0) & joined[np.maximum(at - 1, 0)]
    apart_right = touching_right & (at > 1) & joined[np.maximum(at - 2, 0)]
    right = _best(
        np.concatenate([at[touching_right], at[apart_right] - 1]),
        np.concatenate([first[touching_right], items[at[apart_right] - 1 + REACH]]),
        np.concatenate([second[touching_right], first[apart_right]]),
        np.concatenate([share[touching_right], share[apart_right]]),
        np.stack([items[REACH : count + 1 + REACH], items[1 + REACH : count + 2 + REACH]], axis=1),
    )
    return Neighbours(reading, *left, *right)


@dataclass(frozen=True, slots=True)
class Damage:
    """How much of each sentence seems replaced.

    running: running sum, one longer than the items, of each item's probability that it was replaced. words: of the
    items that are words. sentence: shape (2, items), where the sentence of each item begins and ends.
    """

    running: FloatArray
    words: FloatArray
    sentence: IntArray

    def nearby(self, at: IntArray, length: IntArray) -> FloatArray:
        """ln of the share of the words around each place, its sentence's, that seems replaced, against USUAL."""
        begin = np.maximum(self.sentence[0, at], at - SENTENCE)
        end = np.minimum(self.sentence[1, at], at + length + SENTENCE)
        end = np.maximum(end, at + length)
        replaced, words = (
            running[at] - running[begin] + running[end] - running[at + length] for running in (self.running, self.words)
        )
        nats: FloatArray = np.round(np.log((replaced + PRIOR_WORDS * USUAL) / (words + PRIOR_WORDS) / USUAL), 4)
        return nats


def damage_of(reading: Reading, at: IntArray, length: IntArray, which: IntArray, share: FloatArray) -> Damage:
    """The damage around all places, from the probability of each original of each.

    at, length, which: the place of each original, in items and by number.
    """
    replaced = np.zeros(len(reading))
    _, first = np.unique(which, return_index=True)
    of_place = np.bincount(which, share)[which[first]]
    for step in range(LONGEST):
        held = length[first] > step
        # of wordings that overlap the likelier counts; one of several words is one replacement
        np.maximum.at(replaced, at[first[held]] + step, of_place[held] / length[first[held]])
    stops = reading.ids == reading.context.vocabulary.boundary
    stop = np.flatnonzero(stops)
    items = np.arange(len(reading))
    begins = np.concatenate([[0], stop + 1])[np.searchsorted(stop, items)]
    ends = np.concatenate([stop, [len(reading)]])[np.searchsorted(stop, items)]
    words = np.concatenate([[0.0], np.cumsum(reading.words)])
    return Damage(np.concatenate([[0.0], np.cumsum(replaced)]), words, np.stack([begins, ends]))


def _best(
    item: IntArray, first: IntArray, second: IntArray, share: FloatArray, standing: IntArray
) -> tuple[IntArray, FloatArray]:
    """(words, shares) of what may stand beside each item: what stands there, then the OTHERS likeliest originals."""
    # a stable order, and shares that are rounded: the same on every processor
    share = np.round(share, 4)
    order = np.lexsort((second, first, -share, item))
    item, first, second, share = item[order], first[order], second[order], share[order]
    rank = np.arange(len(item)) - np.searchsorted(item, item)
    held = rank < OTHERS
    words = np.full((len(standing), 1 + OTHERS, REACH), PADDING)
    shares = np.zeros((len(standing), 1 + OTHERS))
    words[:, 0] = standing
    words[item[held], 1 + rank[held]] = np.stack([first[held], second[held]], axis=1)
    shares[item[held], 1 + rank[held]] = share[held]
    others = shares.sum(axis=1)
    shares *= np.minimum(1.0, (1.0 - LEAST_STANDING) / np.maximum(others, 1e-9))[:, None]
    shares[:, 0] = 1.0 - shares.sum(axis=1)
    return words, shares


def standing_at(reading: Reading, at: IntArray, length: IntArray) -> IntArray:
    """The word numbers of what stands at each place, shape (places, LONGEST), padded at the end."""
    steps = np.arange(LONGEST)
    items = np.minimum(at[:, None] + steps, len(reading) - 1)
    return np.where(steps < length[:, None], reading.ids[items], PADDING)
