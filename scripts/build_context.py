"""Build `data/context/ngrams.*`, the back-off trigram that `despin.context` reads, from three sources.

- `spoken`: the trigram of the PyPI package pocketsphinx (CMU US English), read from its binary trie;
- `web`: the bigram counts of the PyPI package symspellpy, backing off to wordfreq's frequencies;
- `prose`: modified Kneser-Ney counts (Chen and Goodman 1998) of the train split that `scripts/clean_text.py` gathers.

Each becomes a `Model` over the same vocabulary. `mixture` takes the n-grams of all three, gives each the weighted mean
of the three probabilities (static linear interpolation, as SRILM's `-mix-lm` does it), keeps the ones that say most
about running text (`prune`, after Seymore and Rosenfeld 1996), computes the back-off weights anew so that every history
sums to one, and `pack`s the result. Start reading at `build`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import symspellpy
import wordfreq

from despin.context import (
    BACKOFF,
    BIGRAM,
    TRIGRAM,
    WORD_BITS,
    FloatArray,
    FuseLayout,
    IntArray,
    KeyArray,
    Vocabulary,
    gram_keys,
)

MaskArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.uint8]

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "data" / "context"
DEFAULT_CACHE = Path.home() / ".cache" / "despin" / "clean_text"
WORDS = ROOT / "data" / "lexicon" / "words.txt"

# The model inside the pocketsphinx wheel, and the bytes that were read when the tables were built.
SPHINX_MEMBER = "pocketsphinx/model/en-us/en-us.lm.bin"
SPHINX_SHA256 = "db21d0642286677699e6dbc859d2e5395570222361999387ce60f6e1d01995d6"

# Shares of the three models in the mixture: between what expectation maximisation gives on consumer-health answers
# (MedQuAD: 0.30, 0.24, 0.46) and on old print (HIPE-OCRepair gold: 0.26, 0.31, 0.43), neither of which is among the
# sources. On its own held part "prose" would get 0.7 to 1.0. Shares by kind of history gained 1 % of perplexity: not
# worth having.
WEIGHTS = {"spoken": 0.3, "web": 0.25, "prose": 0.45}

# Entries kept: as many as fit into 17.1 MB at 4.5 bytes each, which leaves 0.9 MB of the budget of 18 MB for words.
# Keeping all 9 million would lower the perplexity of unseen text by 6 %.
KEPT = 3_750_000

# Shares of the three special numbers in running text where a source does not know them (wordfreq and symspell).
SPECIAL_SHARES = {"unknown": 0.01, "number": 0.02, "boundary": 0.05}

# How many words the UNKNOWN class stands for. Its share of running text is 0.01 to 0.02 and the rarest words of the
# list have a share of 2e-8: with a million, one unknown word is as rare as the rarest known one.
UNKNOWN_TYPES = 1_000_000

SEED = 20_261_122


@dataclass(frozen=True)
class Model:
    """A back-off model: linear probabilities, and the n-grams in sorted keys of word numbers (oldest word first)."""

    unigrams: FloatArray
    backoffs: FloatArray
    bigrams: IntArray
    bigram_probs: FloatArray
    bigram_backoffs: FloatArray
    trigrams: IntArray
    trigram_probs: FloatArray

    def bigram(self, older: IntArray, word: IntArray) -> FloatArray:
        """p(word | older)."""
        at, found = find(self.bigrams, older << WORD_BITS | word)
        return np.where(found, self.bigram_probs[at], self.backoffs[older] * self.unigrams[word])

    def trigram(self, oldest: IntArray, older: IntArray, word: IntArray) -> FloatArray:
        """p(word | oldest, older)."""
        if not len(self.trigrams):
            return self.bigram(older, word)
        history = oldest << WORD_BITS | older
        at, found = find(self.trigrams, history << WORD_BITS | word)
        where, known = find(self.bigrams, history)
        weight = np.where(known, self.bigram_backoffs[where], 1.0)
        return np.where(found, self.trigram_probs[at], weight * self.bigram(older, word))


def find(keys: IntArray, wanted: IntArray) -> tuple[IntArray, MaskArray]:
    """Where each wanted key is in the sorted keys, and whether it is there at all."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted


def split_key(keys: IntArray) -> tuple[IntArray, IntArray]:
    """A key without its last word, and the last word."""
    return keys >> WORD_BITS, keys & (1 << WORD_BITS) - 1


# --- pocketsphinx ----------------------------------------------------------------------------------


def read_sphinx(data: bytes, vocabulary: Vocabulary) -> Model:
    """The trigram in `en-us.lm.bin`: format of sphinxbase's lm_trie.c, read with array arithmetic.

    The trie is stored by last word first. Its probabilities are in units of ln 1.0001; two quantised 16-bit columns in
    the middle level, one in the last.
    """
    magic = b"Trie Language Model"
    if not data.startswith(magic) or data[len(magic)] != 3:
        raise ValueError("en-us.lm.bin is not a trigram in sphinxbase's trie format")
    at = len(magic) + 1
    counts = struct.unpack_from("<3I", data, at)
    at += 12 + 4  # the counts, and the kind of quantisation
    tables = np.exp(np.frombuffer(data, "<f4", 3 << 16, at).reshape(3, 1 << 16).astype(np.float64) * np.log(1.0001))
    at += tables.size * 4
    unigram_type = np.dtype([("prob", "<f4"), ("backoff", "<f4"), ("next", "<u4")])
    unigrams = np.frombuffer(data, unigram_type, counts[0] + 1, at)
    at += unigrams.nbytes
    word_bits, next_bits = counts[0].bit_length(), counts[2].bit_length()
    middle_bits, last_bits = word_bits + 32 + next_bits, word_bits + 16
    middle_size = ((1 + counts[1]) * middle_bits + 7) // 8 + 8
    last_size = ((1 + counts[2]) * last_bits + 7) // 8 + 8
    middle = np.frombuffer(data, np.uint8, middle_size, at)
    last = np.frombuffer(data, np.uint8, last_size, at + middle_size)
    words = data[at + middle_size + last_size + 4 :].split(b"\0")[: counts[0]]

    ids = sphinx_ids([word.decode("utf-8") for word in words], vocabulary)
    first_children = unigrams["next"].astype(np.int64)
    bigram_count, trigram_count = int(first_children[-1]), counts[2]
    scored = np.repeat(np.arange(counts[0]), np.diff(first_children))
    nearer = bit_column(middle, middle_bits, 0, word_bits, bigram_count)
    bigram_backoffs = tables[1][bit_column(middle, middle_bits, word_bits, 16, bigram_count)]
    bigram_probs = tables[0][bit_column(middle, middle_bits, word_bits + 16, 16, bigram_count)]
    children = bit_column(middle, middle_bits, word_bits + 32, next_bits, bigram_count + 1)
    parent = np.repeat(np.arange(bigram_count), np.diff(children))
    trigram_count = len(parent)
    oldest = bit_column(last, last_bits, 0, word_bits, trigram_count)
    trigram_probs = tables[2][bit_column(last, last_bits, word_bits, 16, trigram_count)]

    starts, ends = ids.as_history, ids.as_word
    single = np.zeros(len(vocabulary))
    single_backoffs = np.ones(len(vocabulary))
    known = ends >= 0
    single[ends[known]] = np.exp(unigrams["prob"][:-1][known].astype(np.float64) * np.log(1.0001))
    known = starts >= 0
    single_backoffs[starts[known]] = np.exp(unigrams["backoff"][:-1][known].astype(np.float64) * np.log(1.0001))
    pairs = joined(starts[nearer], ends[scored])
    # As a history the pair's second word is a history too: </s> is only ever a last word, <s> only ever a first one.
    bigrams, bigram_probs, bigram_backoffs = sorted_columns(pairs, bigram_probs, bigram_backoffs)
    triples = joined(starts[oldest], starts[nearer[parent]], ends[scored[parent]])
    trigrams, trigram_probs = sorted_columns(triples, trigram_probs)
    return Model(single, single_backoffs, bigrams, bigram_probs, bigram_backoffs, trigrams, trigram_probs)


@dataclass(frozen=True)
class SphinxIds:
    """Word numbers of the model's words, -1 where ours has none: <s> counts as a history only, </s> as a word only."""

    as_history: IntArray
    as_word: IntArray


def sphinx_ids(words: list[str], vocabulary: Vocabulary) -> SphinxIds:
    known = dict(zip(vocabulary.words, range(len(vocabulary.words)), strict=True))
    # "mr." is written "mr" in the word list; but "i." and "us." must not be counted as "i" and "us".
    own = set(words)
    plain = [word[:-1] if word.endswith(".") and word[:-1] not in own else word for word in words]
    as_word = np.array([known.get(word, -1) for word in plain], dtype=np.int64)
    as_history = as_word.copy()
    as_history[words.index("<s>")] = vocabulary.boundary
    as_word[words.index("</s>")] = vocabulary.boundary
    return SphinxIds(as_history, as_word)


def bit_column(packed: CodeArray, row_bits: int, offset: int, width: int, count: int) -> IntArray:
    """A column of `width` bits at `offset` of rows of `row_bits` bits, least significant bit first."""
    bits = np.arange(count, dtype=np.int64) * row_bits + offset
    value = np.zeros(count, np.uint64)
    for byte in range((width + 14) // 8):
        value |= packed[(bits >> 3) + byte].astype(np.uint64) << np.uint64(8 * byte)
    column: IntArray = (value >> (bits & 7).astype(np.uint64) & np.uint64((1 << width) - 1)).astype(np.int64)
    return column


def joined(*columns: IntArray) -> IntArray:
    """Keys of the columns' word numbers; -1 where any of them is -1."""
    keys = columns[0]
    for column in columns[1:]:
        keys = keys << WORD_BITS | column
    return np.where(np.min(columns, axis=0) < 0, -1, keys)


def sorted_columns(keys: IntArray, *columns: FloatArray) -> tuple[npt.NDArray[Any], ...]:
    """Rows in the order of their keys, those with the key -1 left out."""
    order = np.argsort(keys, kind="stable")
    order = order[np.searchsorted(keys[order], 0) :]
    return keys[order], *(column[order] for column in columns)


# --- web bigrams -----------------------------------------------------------------------------------


def base_unigrams(vocabulary: Vocabulary) -> FloatArray:
    """wordfreq's frequencies over the vocabulary, with fixed shares for the special numbers."""
    frequencies = wordfreq.get_frequency_dict("en", wordlist="large")
    base = np.zeros(len(vocabulary))
    base[: vocabulary.unknown] = [frequencies[word] for word in vocabulary.words]
    base *= (1 - sum(SPECIAL_SHARES.values())) / base.sum()
    base[[vocabulary.unknown, vocabulary.number, vocabulary.boundary]] = list(SPECIAL_SHARES.values())
    return base


def read_web(folder: Path, vocabulary: Vocabulary) -> Model:
    """symspellpy's bigram counts over its unigram counts; what they leave over goes to wordfreq's frequencies."""
    known = dict(zip(vocabulary.words, range(len(vocabulary.words)), strict=True))
    totals = np.zeros(len(vocabulary))
    for line in (folder / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig").splitlines():
        word, count = line.split()
        if word in known:
            totals[known[word]] = int(count)
    keys, counts = [], []
    for line in (folder / "frequency_bigramdictionary_en_243_342.txt").read_text(encoding="utf-8-sig").splitlines():
        older, word, count = line.split()
        if older in known and word in known:
            keys.append(known[older] << WORD_BITS | known[word])
            counts.append(int(count))
    bigrams, pair_counts = sorted_columns(np.array(keys, dtype=np.int64), np.array(counts, dtype=np.float64))
    first, second = split_key(bigrams)
    seen = np.bincount(first, pair_counts, len(vocabulary))
    # A word's count may be missing or (for words that symspell filtered) below the sum of its pairs; at least a tenth
    # of what follows a word is taken to be pairs too rare for the list.
    totals = np.maximum(totals, seen / 0.9)
    single = base_unigrams(vocabulary)
    probs = pair_counts / totals[first]
    left = 1 - np.bincount(first, probs, len(vocabulary))
    backoffs = left / (1 - np.bincount(first, single[second], len(vocabulary)))
    empty = np.zeros(0)
    return Model(single, backoffs, bigrams, probs, np.ones(len(bigrams)), empty.astype(np.int64), empty)


# --- own counts ------------------------------------------------------------------------------------


def count_prose(ids: IntArray, vocabulary: Vocabulary) -> Model:
    """Interpolated modified Kneser-Ney of a text in word numbers, with wordfreq's frequencies below the unigrams."""
    boundary = vocabulary.boundary
    triples = ids[:-2] << 2 * WORD_BITS | ids[1:-1] << WORD_BITS | ids[2:]
    # A boundary hides what stands before it, and nothing is asked about a boundary after a boundary.
    triples = triples[(ids[1:-1] != boundary)]
    trigrams, trigram_counts = np.unique(triples, return_counts=True)
    pairs = ids[:-1] << WORD_BITS | ids[1:]
    starting = pairs[(ids[:-1] == boundary) & (ids[1:] != boundary)]
    # Continuation counts: in how many different contexts a pair, a word stands. What starts a sentence has no context
    # to its left, so its plain counts are used.
    bigrams, bigram_counts = np.unique(trigrams & (1 << 2 * WORD_BITS) - 1, return_counts=True)
    first_bigrams, first_counts = np.unique(starting, return_counts=True)
    bigrams = np.concatenate([bigrams, first_bigrams])
    bigram_counts = np.concatenate([bigram_counts, first_counts])
    bigrams, bigram_counts = sorted_columns(bigrams, bigram_counts)
    unigram_counts = np.bincount(bigrams & (1 << WORD_BITS) - 1, minlength=len(vocabulary))

    cut, spare = discounted(unigram_counts, np.zeros(len(vocabulary), np.int64), 1)
    single = cut + spare * base_unigrams(vocabulary)
    first, second = split_key(bigrams)
    cut, backoffs = discounted(bigram_counts, first, len(vocabulary))
    bigram_probs = cut + backoffs[first] * single[second]
    where, known = find(bigrams, trigrams >> WORD_BITS)
    assert known.all()
    cut, bigram_backoffs = discounted(trigram_counts, where, len(bigrams))
    lower, found = find(bigrams, trigrams & (1 << 2 * WORD_BITS) - 1)
    assert found.all()
    trigram_probs = cut + bigram_backoffs[where] * bigram_probs[lower]
    return Model(single, backoffs, bigrams, bigram_probs, bigram_backoffs, trigrams, trigram_probs)


def discounted(counts: IntArray, history: IntArray, histories: int) -> tuple[FloatArray, FloatArray]:
    """Each count's share of its history after absolute discounting, and each history's discounted share.

    The three discounts (counts of 1, 2, 3 and more) are Chen and Goodman's estimates from the counts of counts. A
    history without counts gives all of its share away.
    """
    ones, twos, threes, fours = (max(int(np.sum(counts == times)), 1) for times in (1, 2, 3, 4))
    y = ones / (ones + 2 * twos)
    steps = np.array([0.0, 1 - 2 * y * twos / ones, 2 - 3 * y * threes / twos, 3 - 4 * y * fours / threes])
    discount = np.minimum(np.clip(steps, 0.0, None)[np.minimum(counts, 3)], counts)
    totals = np.bincount(history, counts, histories)
    given = np.bincount(history, discount, histories)
    spare = np.divide(given, totals, out=np.ones(histories), where=totals > 0)
    return (counts - discount) / np.maximum(totals, 1)[history], spare


# --- mixture ---------------------------------------------------------------------------------------


def mixture(models: dict[str, Model], weights: dict[str, float], kept: int) -> Model:
    """One model: the weighted mean for every n-gram that any of the models lists, pruned, back-off weights set anew."""
    total = sum(weights[name] for name in models)
    share = {name: weights[name] / total for name in models}

    def mean(ask: Callable[[Model], FloatArray]) -> FloatArray:
        return sum((share[name] * ask(model) for name, model in models.items()), start=np.zeros(1))

    single = mean(lambda model: model.unigrams)
    single /= single.sum()
    bigrams = np.unique(np.concatenate([model.bigrams for model in models.values()]))
    first, second = split_key(bigrams)
    bigram_probs = mean(lambda model: model.bigram(first, second))
    trigrams = np.unique(np.concatenate([model.trigrams for model in models.values()]))
    history, word = split_key(trigrams)
    oldest, older = split_key(history)
    trigram_probs = mean(lambda model: model.trigram(oldest, older, word))

    full = with_backoffs(single, bigrams, bigram_probs, trigrams, trigram_probs)
    keep_bigrams, keep_trigrams = prune(full, kept)
    return with_backoffs(
        single, bigrams[keep_bigrams], bigram_probs[keep_bigrams], trigrams[keep_trigrams], trigram_probs[keep_trigrams]
    )


def with_backoffs(
    single: FloatArray, bigrams: IntArray, bigram_probs: FloatArray, trigrams: IntArray, trigram_probs: FloatArray
) -> Model:
    """A model whose back-off weights make every history sum to one.

    Every history of a trigram is listed among the bigrams of the result; one that was not gets its backed-off
    probability, which changes nothing.
    """
    size = len(single)
    first, second = split_key(bigrams)
    backoffs = spare_share(first, bigram_probs, single[second], size)
    histories = np.unique(trigrams >> WORD_BITS)
    missing = histories[~find(bigrams, histories)[1]]
    first, second = split_key(missing)
    bigrams, bigram_probs = sorted_columns(
        np.concatenate([bigrams, missing]), np.concatenate([bigram_probs, backoffs[first] * single[second]])
    )
    history, word = split_key(trigrams)
    where, _ = find(bigrams, history)
    empty = np.zeros(0)
    lower = Model(single, backoffs, bigrams, bigram_probs, empty, empty.astype(np.int64), empty)
    below = lower.bigram(history & (1 << WORD_BITS) - 1, word)
    bigram_backoffs = spare_share(where, trigram_probs, below, len(bigrams))
    return Model(single, backoffs, bigrams, bigram_probs, bigram_backoffs, trigrams, trigram_probs)


def spare_share(history: IntArray, probs: FloatArray, lower: FloatArray, size: int) -> FloatArray:
    """Each history's back-off weight: what its n-grams leave, over what the shorter history leaves for the rest."""
    # A history may have (nearly) used up everything by rounding; a hundred-thousandth keeps the logarithm finite.
    left = np.maximum(1 - np.bincount(history, probs, size), 1e-5)
    return left / np.maximum(1 - np.bincount(history, lower, size), 1e-5)


def prune(model: Model, kept: int) -> tuple[MaskArray, MaskArray]:
    """Which bigrams and trigrams to keep: those whose loss would change the logarithm of running text most.

    The weighted difference of Seymore and Rosenfeld: p(n-gram) * (ln p(w | h) - ln of what backing off would say). A
    trigram's history costs a place of its own, so it is counted with the histories that are left.
    """
    single = model.unigrams
    first, second = split_key(model.bigrams)
    gain2 = np.abs(np.log(model.bigram_probs / (model.backoffs[first] * single[second])))
    weight2 = single[first] * model.bigram_probs * gain2
    history, word = split_key(model.trigrams)
    oldest, older = split_key(history)
    at, _ = find(model.bigrams, history)
    lower = model.bigram_backoffs[at] * model.bigram(older, word)
    gain3 = np.abs(np.log(model.trigram_probs / lower))
    weight3 = single[oldest] * model.bigram_probs[at] * model.trigram_probs * gain3
    ordered = np.sort(np.concatenate([weight2, weight3]))[::-1]

    def entries(number: int) -> int:
        limit = ordered[min(number, len(ordered)) - 1]
        trigrams = weight3 >= limit
        return int((weight2 >= limit).sum() + trigrams.sum() + len(np.unique(at[trigrams])))

    low, high = 1, len(ordered)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if entries(middle) <= kept else (low, middle - 1)
    limit = ordered[low - 1]
    return weight2 >= limit, weight3 >= limit


# --- tables ----------------------------------------------------------------------------------------


def pack(model: Model) -> dict[str, bytes]:
    """The files of the table, by name."""
    single = np.log(model.unigrams).astype(np.float32)
    codebooks: list[tuple[float, float]] = []

    def quantise(values: FloatArray) -> tuple[CodeArray, FloatArray]:
        # 256 equal steps: a step is about 0.06 nats, so that a value is off by 0.03 at most.
        low, high = round(float(values.min()), 4), round(float(values.max()), 4)
        step = round((high - low) / 255, 6) or 1.0
        codebooks.append((low, step))
        codes = np.clip(np.rint((values - low) / step), 0, 255)
        return codes.astype(np.uint8), low + step * codes

    # Back-off weights are computed from what the table will say, not from what it was meant to say.
    codes2, values2 = quantise(np.log(model.bigram_probs))
    codes3, values3 = quantise(np.log(model.trigram_probs))
    said = with_backoffs(
        np.exp(single.astype(np.float64)), model.bigrams, np.exp(values2), model.trigrams, np.exp(values3)
    )
    histories = np.unique(model.trigrams >> WORD_BITS)
    at, known = find(said.bigrams, histories)
    assert known.all()
    codes1, _ = quantise(np.log(said.bigram_backoffs[at]))
    history, word = split_key(model.trigrams)
    oldest, older = split_key(history)
    keys = np.concatenate(
        [
            gram_keys(BIGRAM, *split_key(model.bigrams)),
            gram_keys(TRIGRAM, oldest, older, word),
            gram_keys(BACKOFF, *split_key(histories)),
        ]
    )
    layout, table = fuse(keys, np.concatenate([codes2, codes3, codes1]))
    about = {
        "format": "despin.ngrams/1",
        "bigrams": len(model.bigrams),
        "trigrams": len(model.trigrams),
        "histories": len(histories),
        "seed": layout.seed,
        "segment_length": layout.segment_length,
        "segments": layout.segments,
        "codebooks": codebooks,
        "unknown_types": UNKNOWN_TYPES,
        "weights": WEIGHTS,
    }
    unigrams = np.stack([single, np.log(said.backoffs).astype(np.float32)])
    return {
        "ngrams.table.npy": array_bytes(table),
        "ngrams.unigrams.npy": array_bytes(unigrams),
        "ngrams.json": (json.dumps(about, indent=1) + "\n").encode(),
    }


def fuse(keys: KeyArray, codes: CodeArray) -> tuple[FuseLayout, npt.NDArray[np.uint32]]:
    """A binary fuse table: a layout, and entries such that each key's three slots give its fingerprint and its code.

    Keys are peeled off in rounds: whatever has a slot for itself can be settled last. The seed moves on until all peel.
    """
    count = len(keys)
    # Sizes as in Graf and Lemire's implementation for three slots.
    length = 1 << int(np.floor(np.log(count) / np.log(3.33) + 2.25))
    slots = count * max(1.125, 0.875 + 0.25 * np.log(1e6) / np.log(count))
    for seed in range(SEED, SEED + 100):
        layout = FuseLayout(seed, length, max(1, int(np.ceil(slots / length)) - 2))
        places, fingerprints = layout.slots(keys)
        rounds = peel(np.stack(places), layout.size)
        if rounds is not None:
            break
    else:
        raise RuntimeError("no seed peels: the keys are not distinct")
    wanted = fingerprints | codes
    table = np.zeros(layout.size, np.uint32)
    for own, slot in reversed(rounds):
        entry = wanted[own]
        for place in places:
            # The slot to settle is still empty, so it may take part in the sum.
            entry = entry ^ table[place[own]]
        table[slot] = entry
    return layout, table


def peel(places: IntArray, size: int) -> list[tuple[IntArray, IntArray]] | None:
    """Rounds of (keys, the slot that is theirs alone), or None if the keys do not all peel off."""
    count = places.shape[1]
    degree = np.bincount(places.ravel(), minlength=size)
    owner = np.zeros(size, np.int64)
    for row in places:
        np.bitwise_xor.at(owner, row, np.arange(count))
    rounds = []
    alone = np.flatnonzero(degree == 1)
    peeled = 0
    while len(alone):
        own, where = np.unique(owner[alone], return_index=True)
        rounds.append((own, alone[where]))
        peeled += len(own)
        touched = places[:, own]
        np.subtract.at(degree, touched.ravel(), 1)
        for row in touched:
            np.bitwise_xor.at(owner, row, own)
        nearby = np.unique(touched)
        alone = nearby[degree[nearby] == 1]
    return rounds if peeled == count else None


def array_bytes(array: npt.NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


# --- reading text ----------------------------------------------------------------------------------

# What the counts see of running text, in the order of trying: a token with a digit; a word, with inner apostrophes (a
# hyphen parts words); an end of sentence; an end of paragraph. Everything else, commas included, is passed over, as it
# is in the other two sources.
TOKEN = re.compile(r"(\w*\d[\w.,]*)|([^\W\d_]+(?:'[^\W\d_]+)*)|([.!?]+(?=[\s\"')\]]|$))|(\n\s*\n)")

# A full stop after one of these, or after a single letter, ends no sentence.
ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "st",
        "prof",
        "vs",
        "etc",
        "no",
        "fig",
        "al",
        "eg",
        "ie",
        "cf",
        "ca",
        "jr",
        "sr",
        "gen",
        "col",
        "sen",
        "rep",
        "gov",
        "hon",
        "rev",
    ]
)


def sentences(text: str) -> list[str]:
    """The words of a text, lower-cased, with "" for each boundary; never two boundaries in a row."""
    words = [""]
    for number, word, stop, _ in TOKEN.findall(text.lower().replace("\u2019", "'")):
        if word or number:
            words.append(word or number)
        elif words[-1] and not (stop == "." and (len(words[-1]) == 1 or words[-1] in ABBREVIATIONS)):
            words.append("")
    return words if not words[-1] else [*words, ""]


def read_registers(cache: Path, part: str, vocabulary: Vocabulary) -> dict[str, IntArray]:
    """The word numbers of one split of the gathered text, by register."""
    paths = sorted(cache.glob("*.jsonl"))
    if not paths:
        raise SystemExit(f"no text in {cache}; gather it with scripts/clean_text.py, or name its folder with --text")
    registers = {}
    for path in paths:
        parts = [np.array([vocabulary.boundary])]
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                document = json.loads(line)
                if document["split"] == part:
                    # A document's leading boundary is the one that closes the document before it.
                    parts.append(vocabulary.encode(sentences(document["text"])[1:]))
        registers[path.stem] = np.concatenate(parts)
    return registers


def sphinx_bytes(wheel: Path) -> bytes:
    """The model inside the wheel; a SystemExit if it is another model than the one the tables were built from."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(SPHINX_MEMBER)
    if hashlib.sha256(data).hexdigest() != SPHINX_SHA256:
        raise SystemExit(f"{wheel} holds another en-us.lm.bin than the one the tables were built from")
    return data


def build(wheel: Path, cache: Path) -> dict[str, bytes]:
    """The files, by name."""
    vocabulary = Vocabulary.load(WORDS)
    text = read_registers(cache, "train", vocabulary)
    models = {
        "spoken": read_sphinx(sphinx_bytes(wheel), vocabulary),
        "web": read_web(Path(symspellpy.__file__).parent, vocabulary),
        "prose": count_prose(np.concatenate(list(text.values())), vocabulary),
    }
    return pack(mixture(models, WEIGHTS, KEPT))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--wheel", type=Path, required=True, help="pocketsphinx wheel (pip download --no-deps pocketsphinx)"
    )
    parser.add_argument("--text", type=Path, default=DEFAULT_CACHE, help="folder that scripts/clean_text.py wrote")
    parser.add_argument("--check", action="store_true", help="compare with the manifest instead of writing")
    parser.add_argument(
        "--manifest", type=Path, default=ROOT / "data" / "MANIFEST.json", help="default data/MANIFEST.json"
    )
    arguments = parser.parse_args()
    files = build(arguments.wheel, arguments.text)
    digests = {f"context/{name}": hashlib.sha256(data).hexdigest() for name, data in files.items()}
    if arguments.check:
        manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
        different = [name for name, digest in digests.items() if manifest.get(name) != digest]
        print(f"differs from the manifest: {', '.join(different)}" if different else "the n-gram tables are as built")
        return 1 if different else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (TARGET / name).write_bytes(data)
    print(json.dumps(digests, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
