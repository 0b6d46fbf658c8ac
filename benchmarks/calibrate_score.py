"""Fit what the score is weighed by, and write it into ``data/``: score_words.tsv, score_weights.tsv, score_bands.tsv,
score.tsv, and score_neural.tsv for the context "lm".

    python -m benchmarks.spun_corpus          # once: the passages, some minutes
    python -m benchmarks.neural               # once, for the context "lm": some minutes
    python -m benchmarks.calibrate_score      # minutes

(1) Words: an additive model of the log odds that a word was put in, from where the engines put words in. (2) Weights:
logistic regressions of the features of passages, one for each kind of rewriter. (3) Calibration of their mixture by
length, and (4) quantiles of human text, both from scores of a passage by models that saw neither its register nor its
engine: so a stranger's text is what probability and verdict are honest for. Start reading at `fitted` and
`out_of_sample`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import neural, registers, spun_corpus
from benchmarks.spun_corpus import Passage
from despin.features import (
    FEATURES,
    NEURAL_FEATURES,
    ONLY_FOR,
    WEIGHED_BY,
    WORD_SIGNALS,
    Items,
    Measure,
    SpunLexicon,
    deviations,
    items_of,
    word_signals,
)
from despin.measured import (
    FEATURE_COLUMNS,
    NEURAL_COLUMNS,
    PAIR_COLUMNS,
    REWRITERS,
    STEP_COLUMNS,
    Calibration,
    NeuralWeights,
    Quantiles,
    ScoreWeights,
    Steps,
)
from despin.pipeline import propose, rounds_of
from despin.reading import Reading
from despin.resources import Resources
from despin.scoring import LEAST_LONG, mixed_rewriters, scale
from despin.tokens import tokenize

DATA = Path(__file__).parents[1] / "data"

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# The kinds of rewriters that have weights of their own, and the engines that teach them.
ENGINES = {
    "wordings": ("seed-like", "other-seen", "roundtrip-like"),
    "synonyms": ("wordnet", "wordnet-inflected", "mythes", "moby", "unmapped"),
    "round_trip": ("apertium-spa", "apertium-cat", "apertium-gl"),
}
KIND_OF = {engine: kind for kind, engines in ENGINES.items() for engine in engines}

# Which engines are left out together, one of a kind at most but for the last two, and the one thesaurus that the
# lexicon is then made from: none that an engine left out draws on. (MyThes' thesaurus is derived from WordNet.)
TURNS = (
    ("moby", ("seed-like", "wordnet", "apertium-spa")),
    ("moby", ("other-seen", "wordnet-inflected", "apertium-cat")),
    ("moby", ("roundtrip-like", "mythes", "apertium-gl")),
    ("wordnet", ("moby", "unmapped")),
)

# Folds of registers: each is judged by models that saw none of its registers.
REGISTER_FOLDS = 4

# Passages with fewer of their words replaced teach nothing and are measured apart.
LEAST_DENSITY = 0.06

# Steps of a word signal, and how strongly the fits are drawn to zero (scikit-learn's C).
STEPS = 12
ORIGINAL_STEPS = (-11.99, -6.0, -4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 4.0, 6.0)
WORD_C, WEIGHT_C, NEURAL_C = 0.05, 0.02, 0.1

# Passages that a neural model must have read for its part to be fitted.
LEAST_READ = 300

# Words that the word model is fitted on: more change nothing in the second digit.
MOST_WORDS = 250_000

# Bands of length of the calibration and the quantiles, in words, and the percentiles that are kept.
BANDS = (50, 90, 140, 220)
# At the default verdict, which flags 1 % of human passages of all registers, no register of LARGE passages may be
# flagged more often than this; the quantiles from RAISED on are raised for it.
LARGE, MOST_FLAGGED, RAISED = 200, 0.02, 97
PERCENTILES = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 97, 98, 99, 99.5, 99.8)


# The plain arrays of `Items`, in its order.
ARRAYS = ("starts", "words", "judged", "common", "noise", "pairs")


@dataclass(frozen=True, eq=False)
class Corpus:
    """Passages and all their items in one row.

    signals: signals of the items with other lexicons, by name. edges: (first, end) items of each passage. put_in: which
    items an engine put in.
    """

    passages: tuple[Passage, ...]
    items: Items
    signals: Mapping[str, Floats]
    edges: npt.NDArray[np.int64]
    put_in: Mask

    def of(self, field: Callable[[Passage], object]) -> npt.NDArray[np.generic]:
        """A value of each passage."""
        return np.array([field(passage) for passage in self.passages])

    def with_lexicon(self, name: str) -> Items:
        """The items as a lexicon gives them; "" is the shipped one."""
        return replace(self.items, signals=self.signals[name]) if name else self.items

    def part(self, chosen: Mask) -> Corpus:
        """These passages alone."""
        kept = chosen[self.owner]
        items = self.items
        ends = np.cumsum(np.diff(self.edges[chosen], axis=1)[:, 0])
        return Corpus(
            tuple(passage for passage, kept_too in zip(self.passages, chosen.tolist(), strict=True) if kept_too),
            Items(
                *(getattr(items, name)[kept] for name in ARRAYS),
                items.signals[:, kept],
                {name: events[kept] for name, events in items.events.items()},
            ),
            {name: signals[:, kept] for name, signals in self.signals.items()},
            np.stack([np.concatenate([[0], ends[:-1]]), ends], axis=1),
            self.put_in[kept],
        )

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """The passage of each item."""
        return np.repeat(np.arange(len(self.edges)), np.diff(self.edges, axis=1)[:, 0])

    @property
    def words(self) -> Floats:
        """How many words each passage has."""
        return np.bincount(self.owner[self.items.words], minlength=len(self.edges)).astype(float)


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted score. lexicon: the name of the one that it was fitted with."""

    lexicon: str
    words: Mapping[str, Mapping[str, Steps]]
    pairs: Floats
    weights: ScoreWeights

    def sums(self, corpus: Corpus) -> Floats:
        """The mixture of the rewriters for every passage, in nats, not yet calibrated."""
        means, counts = Measure(corpus.with_lexicon(self.lexicon), self.words, self.pairs).means(corpus.edges)
        return mixed_rewriters(deviations(means, counts, self.weights), self.weights)[0]


def read(passages: Sequence[Passage], resources: Resources, lexicons: Mapping[str, SpunLexicon]) -> Corpus:
    """All passages as the score reads them, with the shipped lexicon and with others."""
    parts: list[Items] = []
    signals: dict[str, list[Floats]] = {name: [] for name in lexicons}
    put_in = []
    for passage in passages:
        reading = Reading(tokenize(passage.text), resources.context)
        part = items_of(reading, propose(reading, resources, rounds_of()["wording"]), resources.spun_lexicon)
        for name, lexicon in lexicons.items():
            # single precision: there are millions of them
            signals[name].append(word_signals(reading, part.judged, part.common, lexicon).astype(np.float32))
        put = np.zeros(len(reading), np.bool_)
        for first, last in np.searchsorted(part.starts, np.array(passage.places, np.int64).reshape(-1, 2)).tolist():
            put[first:last] = True
        parts.append(part)
        put_in.append(put)
    ends = np.cumsum([len(part.starts) for part in parts])
    joined = Items(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS),
        np.concatenate([part.signals for part in parts], axis=1),
        {name: np.concatenate([part.events[name] for part in parts]) for name in parts[0].events},
    )
    edges = np.stack([np.concatenate([[0], ends[:-1]]), ends], axis=1)
    others = {name: np.concatenate(found, axis=1) for name, found in signals.items()}
    return Corpus(tuple(passages), joined, others, edges, np.concatenate(put_in))


# --- the fits ----------------------------------------------------------------------------------------


def fit_words(items: Items, put_in: Mask, used: Mask) -> dict[str, Steps]:
    """The additive model of a word's doubt, from the items that are `used`."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    chosen = np.flatnonzero(used & items.judged)
    if len(chosen) > MOST_WORDS:
        chosen = np.sort(np.random.default_rng(1).choice(chosen, MOST_WORDS, replace=False))
    edges = [
        # most words have no original that was tried: quantiles would all be that
        np.array(ORIGINAL_STEPS)
        if name == "original"
        else np.unique(np.round(np.quantile(values[chosen], np.arange(1, STEPS) / STEPS), 3))
        for name, values in zip(WORD_SIGNALS, items.signals, strict=True)
    ]
    places = [
        np.searchsorted(edge, values[chosen], side="right") for edge, values in zip(edges, items.signals, strict=True)
    ]
    offsets = np.cumsum([0, *(len(edge) + 1 for edge in edges)])
    columns = np.stack([place + offset for place, offset in zip(places, offsets, strict=False)], axis=1)
    rows = np.arange(0, columns.size + 1, columns.shape[1])
    table = csr_matrix((np.ones(columns.size), columns.ravel(), rows), shape=(len(chosen), offsets[-1]))
    model = LogisticRegression(C=WORD_C, max_iter=300).fit(table, put_in[chosen])
    share = put_in[chosen].mean()
    # against any word's odds; the first signal's steps hold what belongs to none
    nats = model.coef_[0].copy()
    nats[: offsets[1]] += model.intercept_[0] - np.log(share / (1 - share))
    return {
        name: Steps(edge, np.round(nats[first:last], 3))
        for name, edge, first, last in zip(WORD_SIGNALS, edges, offsets[:-1], offsets[1:], strict=True)
    }


# A pair of classes must have been seen so often to say anything; so many more of each kind are taken to have been seen,
# and no pair says more than this, in nats: a few passages must not make a rule. What says less is left out.
LEAST_SEEN, MORE_SEEN, MOST_PAIR, LEAST_PAIR = 10, 3.0, 2.5, 0.15


def fit_pairs(items: Items, human: Mask, moved: Mask) -> Floats:
    """How much likelier each pair of classes is in text that was translated and back than in human text, in nats."""
    size = len(Resources().context.vocabulary.class_names) ** 2
    one, other = (
        np.bincount(items.pairs[chosen & items.words], minlength=size).astype(float) for chosen in (human, moved)
    )
    share = (one + other) / (one.sum() + other.sum())
    said = [np.log((seen + MORE_SEEN) / (seen.sum() * share + MORE_SEEN)) for seen in (other, one)]
    nats = np.clip(said[0] - said[1], -MOST_PAIR, MOST_PAIR)
    return np.where((one + other < LEAST_SEEN) | (np.abs(nats) < LEAST_PAIR), 0.0, np.round(nats, 1))


def fit_spread(means: Floats, counts: Floats, human: Mask, register: npt.NDArray[np.generic]) -> ScoreWeights:
    """Mean, variance within and between texts of each feature in human text, each register alike; weights all 0."""
    sizes = {name: int((register[human] == name).sum()) for name in np.unique(register[human])}
    weight = np.array([1 / sizes[name] for name in register[human]])
    weight /= weight.sum()
    values, inverse = means[human], 1 / np.maximum(counts[human], 1.0)
    mean = weight @ values
    squares = (values - mean) ** 2
    # squares = within / n + between, by least squares with neither below a little of the whole
    within, between = np.empty(len(mean)), np.empty(len(mean))
    for k in range(len(mean)):
        design = np.stack([inverse[:, k], np.ones(len(inverse))], axis=1) * np.sqrt(weight)[:, None]
        (_, rest), *_ = np.linalg.lstsq(design, squares[:, k] * np.sqrt(weight), rcond=None)
        whole = float(weight @ squares[:, k])
        typical = float(weight @ inverse[:, k])
        between[k] = min(max(rest, 0.1 * whole), 0.9 * whole)
        within[k] = max((whole - between[k]) / typical, 1e-12)
    return ScoreWeights(mean, within, between, np.zeros((len(mean), len(REWRITERS))), np.zeros(len(REWRITERS)))


def fit_weights(away: Floats, spun: Mask, weight: Floats, names: Sequence[str]) -> tuple[Floats, float]:
    """Weights of the features and offset of one logistic regression on the features of these names; the others have 0.

    Features that may only speak for rewriting have none below 0.
    """
    from sklearn.linear_model import LogisticRegression

    used = np.isin(list(FEATURES), names)
    while True:
        model = LogisticRegression(C=WEIGHT_C, max_iter=2000).fit(away[:, used], spun, sample_weight=weight)
        found = np.zeros(len(used))
        found[used] = model.coef_[0]
        wrong = np.isin(list(FEATURES), ONLY_FOR) & (found < 0)
        if not wrong.any():
            return found, float(model.intercept_[0])
        used &= ~wrong


def fitted(corpus: Corpus, used: Mask, lexicon: str = "") -> Model:
    """The model of the passages that are `used`. Registers weigh alike, engines of a kind too, and spun as human."""
    register, engine = corpus.of(lambda p: p.register), corpus.of(lambda p: p.engine)
    spun, items = engine != "", corpus.with_lexicon(lexicon)
    trip = np.isin(engine, ENGINES["round_trip"])
    # noise is human text, but no place to learn from where rewriters put words
    taught = used & ~is_noisy(register)
    owner = corpus.owner
    words = {
        "synonyms": fit_words(items, corpus.put_in, (taught & ~trip)[owner]),
        "round_trip": fit_words(items, corpus.put_in, (taught & (trip | ~spun))[owner]),
    }
    human = used & ~spun
    # the pairs of a passage are judged by those of other documents, or they would seem to say more than they do
    half = np.array(
        [hashlib.sha256(name.encode()).digest()[1] % 2 for name in corpus.of(lambda p: p.group).astype(str)]
    )
    apart = [
        fit_pairs(items, (taught & human & (half != k))[owner], (taught & trip & (half != k))[owner]) for k in (0, 1)
    ]
    (means, counts), (others, _) = (Measure(items, words, pairs).means(corpus.edges) for pairs in apart)
    means = np.where((half == 0)[:, None], means, others)
    pairs = fit_pairs(items, (taught & human)[owner], (taught & trip)[owner])
    spread = fit_spread(means, counts, human, register)
    away = deviations(means, counts, spread)
    columns = []
    for kind in REWRITERS:
        chosen = human | (used & np.isin(engine, ENGINES[kind]))
        weight = balanced(spun[chosen], register[chosen], engine[chosen])
        columns.append(fit_weights(away[chosen], spun[chosen], weight, WEIGHED_BY[kind]))
    weights = replace(
        spread,
        weight=np.round(np.stack([found for found, _ in columns], axis=1), 4),
        offset=np.round([offset for _, offset in columns], 4),
    )
    return Model(lexicon, words, pairs, weights)


def is_noisy(register: npt.NDArray[np.generic]) -> Mask:
    """Which of the registers are noisy OCR."""
    return np.char.startswith(register.astype(str), "OCR")


# --- out of sample -----------------------------------------------------------------------------------


def register_fold(name: str) -> int:
    """The fold of a register; learners' English and noise go their own ways."""
    return hashlib.sha256(name.encode()).digest()[0] % REGISTER_FOLDS


def out_of_sample(corpus: Corpus, progress: Callable[[str], None] = lambda _: None) -> Floats:
    """Each passage's sum by models that saw neither its register nor its engine; of human ones, the turns' mean."""
    register, engine = corpus.of(lambda p: p.register), corpus.of(lambda p: p.engine)
    document = corpus.of(lambda p: p.group)
    fold = np.array([register_fold(name) for name in register])
    spun, dense = engine != "", is_dense(corpus)
    sums = np.zeros(len(spun))
    for lexicon, left_out in TURNS:
        mine = np.isin(engine, left_out)
        for number in range(REGISTER_FOLDS):
            # a learner's text and the clean one that it was made from share a document
            apart = ~np.isin(document, document[fold == number])
            used = (fold != number) & apart & ~mine & dense
            found = fitted(corpus, used, lexicon).sums(corpus)
            sums[mine & (fold == number)] = found[mine & (fold == number)]
            sums[~spun & (fold == number)] += found[~spun & (fold == number)] / len(TURNS)
            progress(f"without {', '.join(left_out)}, fold {number}")
    return sums


def is_dense(corpus: Corpus) -> Mask:
    """Which passages are human or spun densely enough to teach."""
    return np.array([not passage.spun or passage.density >= LEAST_DENSITY for passage in corpus.passages])


def single_lexicons(resources: Resources) -> dict[str, SpunLexicon]:
    """Lexicons of one thesaurus each."""
    sys.path.insert(0, str(DATA.parent / "scripts"))
    import build_spun_share

    words = resources.context.vocabulary.words
    found = {}
    for name in ("wordnet", "moby"):
        pairs = build_spun_share.replaced(words, build_spun_share.thesauri(name))
        share, originals = build_spun_share.shares(words, pairs), build_spun_share.originals(words, pairs)
        found[name] = SpunLexicon.unpacked(share, originals, resources.spun_lexicon.lowercase)
    return found


# --- calibration -------------------------------------------------------------------------------------


def calibrate(sums: Floats, words: Floats, spun: Mask, weight: Floats) -> tuple[Calibration, ...]:
    """Platt's scaling (1999) in each band of length, neighbours of a band counting half."""
    from sklearn.linear_model import LogisticRegression

    rows = []
    for number, low in enumerate(BANDS):
        band = np.searchsorted(BANDS, words, side="right") - 1
        near = np.select([band == number, abs(band - number) == 1], [1.0, 0.5], 0.0) * weight
        kept = near > 0
        model = LogisticRegression(C=100.0).fit(sums[kept, None], spun[kept], sample_weight=near[kept])
        rows.append(Calibration(low, round(float(model.coef_[0, 0]), 4), round(float(model.intercept_[0]), 4)))
    return tuple(rows)


def balanced(spun: Mask, register: npt.NDArray[np.generic], engine: npt.NDArray[np.generic]) -> Floats:
    """Weights by which spun and human, each register and each engine count alike."""
    weight = np.zeros(len(spun))
    for side, key in ((~spun, register), (spun, engine)):
        if side.any():
            names, place = np.unique(key[side], return_inverse=True)
            weight[side] = 1 / np.bincount(place)[place] / len(names)
    return weight * len(spun) / 2


def calibrated(sums: Floats, words: Floats, bands: Sequence[Calibration]) -> Floats:
    """Nats of the sums of passages of so many words."""
    slope, offset = scale(words, bands)
    return np.round(slope * sums + offset, 4)


def strangers_nats(corpus: Corpus, sums: Floats) -> Floats:
    """Nats of out-of-sample sums, calibrated on passages of other registers and other engines."""
    register, engine = corpus.of(lambda p: p.register), corpus.of(lambda p: p.engine)
    fold = np.array([register_fold(name) for name in register])
    spun, dense, words = engine != "", is_dense(corpus), corpus.words
    nats = np.zeros(len(sums))
    for _, left_out in TURNS:
        mine = np.isin(engine, left_out)
        for number in range(REGISTER_FOLDS):
            used = dense & (fold != number) & ~mine
            weight = balanced(spun[used], register[used], engine[used])
            bands = calibrate(sums[used], words[used], spun[used], weight)
            judged = (fold == number) & (mine | ~spun)
            nats[judged] += calibrated(sums[judged], words[judged], bands) * np.where(spun[judged], 1, 1 / len(TURNS))
    return nats


def weighted_quantiles(values: Floats, weight: Floats, percentiles: Iterable[float]) -> list[float]:
    """Quantiles of values that weigh differently."""
    order = np.argsort(values)
    share = np.cumsum(weight[order]) / weight.sum()
    return [float(values[order][min(np.searchsorted(share, p / 100), len(order) - 1)]) for p in percentiles]


def quantiles(
    nats: Floats,
    words: Floats,
    weight: Floats,
    bands: Sequence[int] = BANDS,
    register: npt.NDArray[np.generic] | None = None,
) -> tuple[Quantiles, ...]:
    """Of human passages by length; the upper ones raised until no large register is flagged too often."""
    found = []
    for low, high in zip(bands, (*bands[1:], np.inf), strict=True):
        held = (words >= low) & (words < high)
        if not held.any():
            continue
        values = weighted_quantiles(nats[held], weight[held], PERCENTILES)
        # strictly rising, so that a percentile belongs to each value
        steps = np.arange(len(values)) / 1000
        rising = np.maximum.accumulate(np.round(values, 3) - steps) + steps
        found.append(Quantiles(low, PERCENTILES, tuple(rising.round(3).tolist())))
    if register is None:
        return tuple(found)
    raised = raise_needed(nats, words, found, register)
    return tuple(
        replace(
            band,
            nats=tuple(
                round(value + (raised if percentile >= RAISED else 0.0), 3)
                for percentile, value in zip(band.percentiles, band.nats, strict=True)
            ),
        )
        for band in found
    )


def raise_needed(nats: Floats, words: Floats, bands: Sequence[Quantiles], register: npt.NDArray[np.generic]) -> float:
    """By how many nats the upper quantiles must rise, so that no large register is flagged more than MOST_FLAGGED."""
    place = np.maximum(np.searchsorted([band.words for band in bands], words, side="right") - 1, 0)
    threshold = np.array([band.nats[PERCENTILES.index(99)] for band in bands])[place]
    above = nats - threshold
    needed = [0.0]
    for name in np.unique(register):
        mine = np.sort(above[register == name])[::-1]
        if len(mine) >= LARGE:
            # the one that may not be flagged any more lies just below
            needed.append(float(mine[int(MOST_FLAGGED * len(mine))]) + 0.001)
    return round(max(needed), 3)


# --- the neural part ---------------------------------------------------------------------------------


def neural_means(corpus: Corpus) -> tuple[Mask, Floats, Floats]:
    """Which passages SmolLM2 has read (see `benchmarks.neural`), and the neural features and counts of all."""
    read_already = neural.load()
    known = np.array([neural.key(passage.text) in read_already for passage in corpus.passages])
    means = np.zeros((len(known), len(NEURAL_FEATURES)))
    counts = np.ones_like(means)
    no_pairs = np.zeros(int(corpus.items.pairs.max(initial=0)) + 1)
    for number in np.flatnonzero(known).tolist():
        first, last = corpus.edges[number].tolist()
        items = corpus.items
        part = Items(
            *(getattr(items, name)[first:last] for name in ARRAYS),
            items.signals[:, first:last],
            {},
        )
        measure = Measure(part, NOTHING, no_pairs)
        measure.add_neural(*read_already[neural.key(corpus.passages[number].text)])
        found, among = measure.means(np.array([[0, last - first]]), NEURAL_FEATURES)
        means[number], counts[number] = found[0], among[0]
    return known, means, counts


# A model of words that doubts none: for the features that need none.
NOTHING = {
    kind: {name: Steps(np.zeros(0), np.zeros(1)) for name in WORD_SIGNALS} for kind in ("synonyms", "round_trip")
}


def fit_neural(nats: Floats, means: Floats, counts: Floats, corpus: Corpus, used: Mask) -> NeuralWeights:
    """Weights of the neural features beside the nats of the score without them."""
    from sklearn.linear_model import LogisticRegression

    register, engine = corpus.of(lambda p: p.register), corpus.of(lambda p: p.engine)
    spun = engine != ""
    spread = fit_spread(means, counts, used & ~spun, register)
    table = np.column_stack([nats, deviations(means, counts, spread)])[used]
    weight = balanced(spun[used], register[used], engine[used])
    model = LogisticRegression(C=NEURAL_C, max_iter=2000).fit(table, spun[used], sample_weight=weight)
    default, *found = np.round(model.coef_[0], 4).tolist()
    offset = round(float(model.intercept_[0]), 4)
    return NeuralWeights(spread.mean, spread.within, spread.between, np.array(found), default, offset)


def neural_sums(nats: Floats, means: Floats, counts: Floats, weights: NeuralWeights) -> Floats:
    """Nats of passages with the neural part."""
    added = deviations(means, counts, weights) @ weights.weight
    return np.round(weights.default * nats + added + weights.offset, 4)


def neural_strangers(corpus: Corpus, nats: Floats) -> tuple[Mask, Floats]:
    """Which passages SmolLM2 has read, and their nats by weights that saw neither their register nor their engine."""
    register, engine = corpus.of(lambda p: p.register), corpus.of(lambda p: p.engine)
    fold = np.array([register_fold(name) for name in register])
    spun, dense = engine != "", is_dense(corpus)
    known, means, counts = neural_means(corpus)
    found = np.zeros(len(nats))
    for _, left_out in TURNS:
        mine = np.isin(engine, left_out)
        for number in range(REGISTER_FOLDS):
            used = known & dense & (fold != number) & ~mine
            weights = fit_neural(nats, means, counts, corpus, used)
            judged = known & (fold == number) & (mine | ~spun)
            values = neural_sums(nats[judged], means[judged], counts[judged], weights)
            found[judged] += values * np.where(spun[judged], 1, 1 / len(TURNS))
    return known, found


# --- the tables --------------------------------------------------------------------------------------


def write_words(words: Mapping[str, Mapping[str, Steps]], note: str, path: Path) -> None:
    lines = ["\t".join(STEP_COLUMNS)]
    for rewriter, signals in words.items():
        for name, steps in signals.items():
            for edge, nats in zip([-np.inf, *steps.edges], steps.nats, strict=True):
                lines.append(f"{rewriter}\t{name}\t{edge:g}\t{nats:.3f}\t{note}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_pairs(pairs: Floats, note: str, path: Path) -> None:
    names = Resources().context.vocabulary.class_names
    lines = ["\t".join(PAIR_COLUMNS)]
    for place in np.flatnonzero(pairs).tolist():
        before, word = divmod(place, len(names))
        lines.append(f"{names[before]}\t{names[word]}\t{pairs[place]:.1f}\t{note if len(lines) == 1 else ''}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_weights(weights: ScoreWeights, note: str, path: Path) -> None:
    lines = ["\t".join(FEATURE_COLUMNS)]
    columns = (weights.mean, weights.within, weights.between)
    for k, (name, said) in enumerate(FEATURES.items()):
        cells = [f"{column[k]:.6g}" for column in columns]
        lines.append("\t".join((name, *cells, *(f"{weight:.4f}" for weight in weights.weight[k]), said)))
    lines.append("\t".join(("offset", "", "", "", *(f"{offset:.4f}" for offset in weights.offset), note)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_neural(weights: NeuralWeights, note: str, path: Path) -> None:
    lines = ["\t".join(NEURAL_COLUMNS)]
    for k, (name, said) in enumerate(NEURAL_FEATURES.items()):
        cells = [f"{column[k]:.6g}" for column in (weights.mean, weights.within, weights.between)]
        lines.append("\t".join((name, *cells, f"{weights.weight[k]:.4f}", said)))
    lines.append(f"default\t\t\t\t{weights.default:.4f}\tthe score without the neural model")
    lines.append(f"offset\t\t\t\t{weights.offset:.4f}\t{note}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_bands(bands: Sequence[Calibration], note: str, path: Path) -> None:
    lines = ["words\tslope\toffset\tnote"]
    lines += [f"{band.words}\t{band.slope:.4f}\t{band.offset:.4f}\t{note}" for band in bands]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_quantiles(rows: Sequence[tuple[Quantiles, str]], path: Path) -> None:
    lines = ["words\tpercentile\tnats\tnote"]
    for band, note in rows:
        for percentile, nats in zip(band.percentiles, band.nats, strict=True):
            lines.append(f"{band.words}\t{percentile:g}\t{nats:.3f}\t{note}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def long_texts(most: int = 12, words: int = 5000) -> list[Passage]:
    """Beginnings of whole documents of `LEAST_LONG` words and more, at most `most` of a register."""
    found = []
    for register in spun_corpus.REGISTERS:
        held = [
            " ".join(document.text.split(" ")[:words])
            for document in registers.sample(register, None, documents=most * 12)
            if len(document.text.split()) >= LEAST_LONG
        ]
        found += [Passage(register.name, "", text) for text in held[:most]]
    return found


def document_nats(texts: Sequence[Passage], resources: Resources) -> Floats:
    """The evidence of whole documents as the score weighs them, passages one by one included."""
    from despin import scoring
    from despin.tokens import passages

    found = []
    for text in texts:
        reading = Reading(tokenize(text.text), resources.context)
        tally = scoring.Tally(reading, propose(reading, resources, rounds_of()["wording"]), resources)
        spans = passages(reading.tokens).astype(np.int64)
        found.append(scoring.evidence_of(tally, (0, len(text.text)), spans)[0])
    return np.array(found)


def write_tables(corpus: Corpus, sums: Floats, documents: Sequence[Passage], progress: Callable[[str], None]) -> None:
    """Fit all and write the tables.

    sums: see `out_of_sample`. documents: human texts of many passages, for the quantiles of long texts.
    """
    register, engine = corpus.of(lambda p: p.register), corpus.of(lambda p: p.engine)
    spun, dense, words = engine != "", is_dense(corpus), corpus.words
    weight = balanced(spun, register, engine) * dense
    bands = calibrate(sums, words, spun, weight)
    nats = calibrated(sums, words, bands)
    model = fitted(corpus, dense)
    progress("fitted on all")

    note = f"{len(spun)} passages, {len(np.unique(register))} registers, {len(np.unique(engine)) - 1} engines"
    write_words(model.words, note, DATA / "score_words.tsv")
    write_pairs(model.pairs, note, DATA / "score_pairs.tsv")
    write_weights(model.weights, note, DATA / "score_weights.tsv")
    write_bands(bands, f"out of sample, {note}", DATA / "score_bands.tsv")
    known, neural_figures, counts = neural_means(corpus)
    if known.sum() >= LEAST_READ:
        neural_weights = fit_neural(strangers_nats(corpus, sums), neural_figures, counts, corpus, known & dense)
        write_neural(neural_weights, f"{known.sum()} passages read by SmolLM2", DATA / "score_neural.tsv")
    else:
        progress(f"score_neural.tsv left as it is: {known.sum()} passages read; run python -m benchmarks.neural")
    human = ~spun
    short = [
        (band, "human passages of this length and more, registers alike, out of sample")
        for band in quantiles(nats[human], words[human], weight[human], register=register[human])
    ]
    write_quantiles(short, DATA / "score.tsv")
    lasting = document_nats(documents, Resources())
    rows = np.array([text.register for text in documents])
    even = balanced(np.zeros(len(rows), np.bool_), rows, rows)
    # these registers taught the model: strangers' long texts are held to what passages are held to at least
    (long,) = quantiles(lasting, np.full(len(rows), float(LEAST_LONG)), even, (LEAST_LONG,))
    long = replace(
        long,
        nats=tuple(
            max(value, upper)
            if percentile >= RAISED
            else min(value, short[-1][0].nats[PERCENTILES.index(RAISED)] - 0.001)
            for percentile, value, upper in zip(PERCENTILES, long.nats, short[-1][0].nats, strict=True)
        ),
    )
    write_quantiles([*short, (long, f"{len(rows)} human documents, registers alike")], DATA / "score.tsv")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate_score", description=__doc__.splitlines()[0])
    parser.add_argument("--part", type=int, default=1, help="take each PART-th passage only, for a quick look")
    options = parser.parse_args(arguments)
    began = time.perf_counter()

    def progress(what: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {what}", file=sys.stderr, flush=True)

    resources = Resources()
    corpus = read(spun_corpus.load()[:: options.part], resources, single_lexicons(resources))
    progress(f"read {len(corpus.passages)} passages")
    sums = out_of_sample(corpus, progress)
    write_tables(corpus, sums, long_texts(max(8 // options.part, 2)), progress)
    progress("written; now: python scripts/check_data.py --write")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
