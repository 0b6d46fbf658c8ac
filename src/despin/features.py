"""What speaks for rewriting, in figures that any stretch of a text has: start reading at `FEATURES` and `Measure`.

Each feature is a mean over words: of a figure that every word has (how well it fits its neighbours, how likely it is
that it was put in by a spinner) or of a count (findings, traces). So it can be taken of any stretch from running sums,
and stretches of any length can be compared once the mean is set against what human text of that length varies by.

A word's `doubt` is the log odds that it was put in, an additive model of its signals (data/score_words.tsv): how likely
it is after the two words before it and how likely the word after it is, each against how likely it is anywhere; how
common it is; how much of its use a spinner would account for that replaced every word by its synonyms
(data/lexicon/spun_share.npy); and how much better the words that a thesaurus would take it for (originals.npy) fit in
its place. `python -m benchmarks.calibrate_score` fits the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from despin.context import PADDING, WORD_BITS, FloatArray, IntArray, Vocabulary
from despin.maps import FUNCTION_WORDS
from despin.measured import NeuralWeights, ScoreWeights, Steps
from despin.reading import Reading
from despin.traces import traces
from despin.values import Finding

BoolArray = npt.NDArray[np.bool_]

# What is known of a word, see `Items`.
WORD_SIGNALS: Final = ("left", "right", "alone", "share", "original")

# Originals are only tried for words that their neighbours make less than this much likelier, in nats: a word that fits
# well was hardly put in, and each trial costs.
FITS: Final = 0.5

# Log odds for an original are believed up to this, either way; the lowest is also that of words without any.
MOST_ORIGINAL: Final = 12.0

# A word's doubt counts as much as that of e**8 at most: beyond that the tables know nothing.
MOST_DOUBT: Final = 8.0

# A neural model's opinion of a word counts up to this many nats, either way.
MOST_GAIN: Final = 10.0

# Shares of altered words at which a passage's words are judged together: a lightly and a heavily spun page.
LIGHT, SOME, HEAVY = 0.03, 0.1, 0.2

# An original fits better, or clearly better, where the odds for it, were every word replaced, are above these.
BETTER: Final = (0.0, 2.0)

# A word looks put in where the odds are this much higher than those of any word.
PUT_IN: Final = 1.5

# A word hardly fits where it is this many nats less likely after its neighbours than anywhere.
HARDLY: Final = (-1.0, -2.0)

# A feature counts as so many standard deviations at most: one odd habit alone is no proof.
MOST_DEVIATIONS: Final = 3.5

# Findings are told apart by strength, in nats, as in data/rates.tsv; a finding counts up to this many.
STRENGTHS: Final = (0.0, 2.0, 4.0)
MOST_NATS: Final = 6.0

# name of a feature -> what it is, for people. "words" are judged by what synonyms do to a text, "moved" by what a round
# trip through another language does.
FEATURES: Final[Mapping[str, str]] = {
    "words.light": "words that look put in, if few were",
    "words.heavy": "words that look put in, if many were",
    "words.content": "content words that look put in",
    "words.function": "function words that look put in",
    "words.put_in": "words that surely look put in",
    "original.any": "words for which a usual synonym fits better",
    "original.clear": "words for which a usual synonym fits much better",
    "original.nats": "how much better usual synonyms fit",
    "moved.light": "words that look moved or translated, if few were",
    "moved.heavy": "words that look moved or translated, if many were",
    "moved.function": "function words that look moved or translated",
    "moved.pairs": "pairs of words, or kinds of words, as translations put them side by side",
    "fit.content": "how little content words fit their neighbours",
    "fit.function": "how little function words fit their neighbours",
    "fit.poorly": "words that fit poorly",
    "fit.hardly": "words that hardly fit",
    "text.noise": "lone letters and words that nobody knows",
    "found.nats": "strength of the wordings that have a likelier original",
    "found.any": "wordings that may have an original",
    "found.fair": "wordings that probably have an original",
    "found.strong": "wordings that nearly surely have an original",
    "found.pairs": "broken fixed terms",
    "found.citations": "citation numbers turned into words",
    "found.debris": "injected link text, doubled words and web-form remains",
    "trace.capital": "stray capitals",
    "trace.article": "a for an, or an for a",
}

# What a neural model adds, where one reads the text: means over words that begin where its words begin.
NEURAL_FEATURES: Final[Mapping[str, str]] = {
    "neural.fit": "how little the words fit, to the neural model",
    "neural.content": "how little content words fit, to the neural model",
    "neural.beyond": "how much less they fit than to the n-grams",
    "neural.hardly": "words that hardly fit, to the neural model",
}

_WORDS = tuple(name for name in FEATURES if name.startswith(("words.", "original.")))
_TRACES = tuple(name for name in FEATURES if name.startswith(("found.", "trace.")))

# What each kind of rewriter is weighed by. A spinner whose wordings no map has leaves no findings: to count their
# absence for a person would be to know one's own tables only.
WEIGHED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "wordings": (*_WORDS, *_TRACES, "text.noise"),
    "synonyms": (*_WORDS, "fit.poorly", "fit.hardly", "trace.capital", "trace.article", "text.noise"),
    "round_trip": (
        "moved.light", "moved.heavy", "moved.function", "moved.pairs", "words.light", "fit.content", "fit.function",
        "fit.hardly", "trace.article", "text.noise",
    ),
}  # fmt: skip

# Features that may only speak for rewriting: more findings never lower a score.
ONLY_FOR: Final = tuple(name for name in FEATURES if not name.startswith(("fit.", "text.")))


@dataclass(frozen=True, slots=True, eq=False)
class SpunLexicon:
    """What spinners do to single words, all by word number.

    share: ln of a spinner's use over people's. originals: shape (frequent words, originals), the words that each most
    often stands for, PADDING for none; replaced: ln of how often those are replaced by it. lowercase: whether nobody
    gives the word a capital inside a sentence. Made by scripts/build_spun_share.py and scripts/build_lowercase.py.
    """

    share: FloatArray
    originals: IntArray
    replaced: FloatArray
    lowercase: BoolArray

    @classmethod
    def load(cls, folder: Path) -> SpunLexicon:
        """Read spun_share.npy, originals.npy and lowercase.npy. Raises FileNotFoundError with advice."""
        share, originals, bits = (_read(folder / f"{name}.npy") for name in ("spun_share", "originals", "lowercase"))
        return cls.unpacked(share, originals, np.unpackbits(bits, count=len(share)).astype(np.bool_))

    @classmethod
    def unpacked(cls, share: npt.NDArray[Any], originals: npt.NDArray[Any], lowercase: BoolArray) -> SpunLexicon:
        """From the arrays as the files hold them, the last one unpacked."""
        packed = originals.astype(np.int64)
        none = packed == NO_ORIGINAL
        words, eighths = packed & (1 << WORD_BITS) - 1, packed >> WORD_BITS
        return cls(share / SHARE_STEPS, np.where(none, PADDING, words), np.where(none, 0.0, -eighths / 8), lowercase)


# As scripts/build_spun_share.py writes them: steps of a nat, and what stands for no original.
SHARE_STEPS: Final = 16
NO_ORIGINAL: Final = 2**32 - 1


def _read(path: Path) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f"no table at {path}; reinstall despin, or build it with the scripts/") from None
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What is known of each item of a reading, before anything is weighed; all arrays by item.

    starts: offsets. words: whether it is a word. judged: whether it is one whose use can be judged: names, words that
    open a sentence with a capital apart, words that the vocabulary lacks and their neighbours are not. common: whether
    it is one of the most frequent. noise: whether it is a lone letter or a word in lower case that nobody knows.
    pairs: the classes of the item before it and of itself, as one number. signals: shape (WORD_SIGNALS, items).
    events: how many findings and traces of each kind begin there.
    """

    starts: npt.NDArray[np.int64]
    words: BoolArray
    judged: BoolArray
    common: BoolArray
    noise: BoolArray
    pairs: IntArray
    signals: FloatArray
    events: Mapping[str, FloatArray]


def items_of(reading: Reading, findings: Sequence[Finding], lexicon: SpunLexicon) -> Items:
    """The items of a reading."""
    unknown = reading.ids == reading.context.vocabulary.unknown
    scraps = reading.words & _letters(reading.context.vocabulary)[reading.ids]
    # beside a word that nobody knows the n-grams know nothing: in noisy OCR every other word would look odd
    beside = np.zeros(len(reading), np.bool_)
    beside[1:] |= (unknown | scraps)[:-1]
    beside[:-1] |= (unknown | scraps)[1:]
    known = reading.words & (reading.ids < reading.context.vocabulary.unknown)
    judged = known & (reading.opens | ~reading.capital) & ~beside
    common = reading.ids < FUNCTION_WORDS
    return Items(
        reading.tokens.starts[reading.index].astype(np.int64),
        reading.words,
        judged,
        common,
        scraps | (reading.words & unknown & ~reading.capital),
        pairs_of(reading),
        word_signals(reading, judged, common, lexicon),
        _events(reading, findings, lexicon.lowercase),
    )


def pairs_of(reading: Reading) -> IntArray:
    """Each item's class and that of the item before it, as one number; before the first is the end of a sentence."""
    vocabulary = reading.context.vocabulary
    classes = vocabulary.classes[np.append(vocabulary.boundary, reading.ids)]
    pairs: IntArray = classes[:-1] * len(vocabulary.class_names) + classes[1:]
    return pairs


def _letters(vocabulary: Vocabulary) -> BoolArray:
    """For each word number whether it is a single letter that is no word."""
    letters = np.zeros(len(vocabulary), np.bool_)
    letters[vocabulary.encode("bcdefghjklmnopqrstuvwxyz")] = True
    letters[vocabulary.unknown] = False
    return letters


def word_signals(reading: Reading, judged: BoolArray, common: BoolArray, lexicon: SpunLexicon) -> FloatArray:
    """The signals of each item, shape (WORD_SIGNALS, items)."""
    known = reading.words & (reading.ids < reading.context.vocabulary.unknown)
    gain = reading.nats - reading.alone
    left, right = np.where(reading.opens, 0.0, gain), np.zeros(len(reading))
    right[:-1] = np.where(known[1:], gain[1:], 0.0)
    share = lexicon.share[np.minimum(reading.ids, len(lexicon.share) - 1)]
    tried = np.flatnonzero(judged & ~common & (left + right < FITS) & (reading.ids < len(lexicon.originals)))
    original = np.full(len(reading), -MOST_ORIGINAL)
    original[tried] = original_nats(reading, tried, lexicon)
    return np.stack([left, right, reading.alone, share, original])


def original_nats(reading: Reading, at: IntArray, lexicon: SpunLexicon) -> FloatArray:
    """Log odds that each of the items `at` stands for one of its originals, were every word replaced."""
    padding = np.full(2, PADDING, np.int64)
    ids = np.concatenate([padding, reading.ids, padding])
    # two words before, the slot, two words after
    rows = np.stack([ids[at + shift] for shift in range(5)], axis=1)
    own = reading.context.rows(rows, 2, 4)
    found = np.full(len(at), -np.inf)
    for words, channel in zip(lexicon.originals[rows[:, 2]].T, lexicon.replaced[rows[:, 2]].T, strict=True):
        some = words != PADDING
        tried = rows[some]
        tried[:, 2] = words[some]
        nats = reading.context.rows(tried, 2, 4) - own[some] + channel[some]
        found[some] = np.logaddexp(found[some], nats)
    rounded: FloatArray = np.round(np.clip(found, -MOST_ORIGINAL, MOST_ORIGINAL), 4)
    return rounded


def doubt(signals: FloatArray, tables: Mapping[str, Steps]) -> FloatArray:
    """Each item's log odds of having been put in against any word's, from its signals."""
    total = np.zeros(signals.shape[1])
    for name, values in zip(WORD_SIGNALS, signals, strict=True):
        steps = tables[name]
        total += steps.nats[np.searchsorted(steps.edges, values, side="right")]
    return np.clip(total, -MOST_DOUBT, MOST_DOUBT)


def mixed(excess: FloatArray, altered: float) -> FloatArray:
    """ln of the likelihood ratio of each word on a page where a share `altered` of them was put in.

    excess: e to the words' doubts, less 1.
    """
    ratio: FloatArray = np.log1p(altered * excess)
    return ratio


class Measure:
    """The features of a text, of which any stretch can be asked."""

    def __init__(self, items: Items, tables: Mapping[str, Mapping[str, Steps]], pairs: FloatArray) -> None:
        """tables: the steps of a word's doubt, by rewriter ("synonyms" or "round_trip") and signal. pairs: what each
        pair of classes says for a round trip, in nats."""
        self.items = items
        judged, content, function = items.judged, items.judged & ~items.common, items.judged & items.common
        doubts = doubt(items.signals, tables["synonyms"])
        self.put_in: BoolArray = judged & (doubts > PUT_IN)
        # odds less 1, of which each mixture is made
        put, moved = np.expm1(doubts), np.expm1(doubt(items.signals, tables["round_trip"]))
        left, original = items.signals[0], items.signals[4]
        self._words = _running(items.words)
        running = {id(among): _running(among) for among in (judged, content, function, items.words)}
        self._sums: dict[str, FloatArray] = {}
        self._counts: dict[str, FloatArray] = {}
        some = mixed(put, SOME)
        for name, values, among in (
            ("words.light", mixed(put, LIGHT), judged),
            ("words.heavy", mixed(put, HEAVY), judged),
            ("words.content", some, content),
            ("words.function", some, function),
            ("words.put_in", self.put_in, judged),
            ("original.any", original > BETTER[0], content),
            ("original.clear", original > BETTER[1], content),
            ("original.nats", mixed(np.expm1(np.minimum(original, MOST_DOUBT)), SOME), content),
            ("moved.light", mixed(moved, LIGHT), judged),
            ("moved.heavy", mixed(moved, HEAVY), judged),
            ("moved.function", mixed(moved, SOME), function),
            ("moved.pairs", pairs[items.pairs], items.words),
            ("fit.content", -left, content),
            ("fit.function", -left, function),
            ("fit.poorly", left < HARDLY[0], judged),
            ("fit.hardly", left < HARDLY[1], judged),
        ):
            self._sums[name], self._counts[name] = _running(values * among), running[id(among)]
        for name, events in (("text.noise", items.noise), *items.events.items()):
            self._sums[name], self._counts[name] = _running(events), self._words

    def add_neural(self, starts: IntArray, nats: FloatArray) -> None:
        """Take in what a neural model says: ln p of the words that begin at these offsets, given those before them."""
        items = self.items
        at = np.searchsorted(items.starts, starts)
        # where a quotation mark or bracket comes first, the model's word begins before the item
        there = (at < len(items.starts)) & (items.starts[np.minimum(at, len(items.starts) - 1)] == starts)
        at, nats = at[there], nats[there]
        read = np.zeros(len(items.starts), np.bool_)
        read[at] = True
        read &= items.judged
        gain = np.zeros(len(items.starts))
        gain[at] = nats
        gain = np.clip(gain - items.signals[2], -MOST_GAIN, MOST_GAIN)
        for name, values, among in (
            ("neural.fit", -gain, read),
            ("neural.content", -gain, read & ~items.common),
            ("neural.beyond", items.signals[0] - gain, read),
            ("neural.hardly", gain < HARDLY[0], read),
        ):
            self._sums[name], self._counts[name] = _running(values * among), _running(among)

    def edges(self, spans: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The first item of each span of offsets and the first after it, shape (spans, 2)."""
        return np.searchsorted(self.items.starts, np.asarray(spans, np.int64).reshape(-1, 2))

    def words(self, edges: npt.NDArray[np.int64]) -> FloatArray:
        """How many words there are between each pair of edges."""
        return _between(self._words, edges)

    def means(
        self, edges: npt.NDArray[np.int64], names: Iterable[str] = tuple(FEATURES)
    ) -> tuple[FloatArray, FloatArray]:
        """Each feature's mean between each pair of edges, and over how many words; shape (pairs, features) both."""
        names = tuple(names)
        counts = np.stack([_between(self._counts[name], edges) for name in names], axis=1)
        sums = np.stack([_between(self._sums[name], edges) for name in names], axis=1)
        return sums / np.maximum(counts, 1.0), counts


def deviations(means: FloatArray, counts: FloatArray, weights: ScoreWeights | NeuralWeights) -> FloatArray:
    """How far features lie from those of human texts of that length, in standard deviations, cut at MOST_DEVIATIONS."""
    spread = np.sqrt(weights.within / np.maximum(counts, 1.0) + weights.between)
    away: FloatArray = np.clip((means - weights.mean) / spread, -MOST_DEVIATIONS, MOST_DEVIATIONS)
    return away


def _running(values: npt.ArrayLike) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _between(running: FloatArray, edges: npt.NDArray[np.int64]) -> FloatArray:
    difference: FloatArray = running[edges[:, 1]] - running[edges[:, 0]]
    return difference


def _events(reading: Reading, findings: Sequence[Finding], lowercase: BoolArray) -> dict[str, FloatArray]:
    """How many findings and traces of each kind there are at each item."""
    starts = reading.tokens.starts[reading.index]
    events = {name: np.zeros(len(reading)) for name in FEATURES if name.startswith(("found.", "trace."))}
    for kind, shown in traces(reading, lowercase).items():
        events[kind] += shown
    # a wording that comes again is the same habit of the author: only its strongest instance counts
    strongest: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = finding.rule, finding.before.lower()
        held = strongest.get(key)
        if held is None or (finding.best.nats, -finding.start) > (held.best.nats, -held.start):
            strongest[key] = finding
    for finding in strongest.values():
        item = max(int(np.searchsorted(starts, finding.start, side="right")) - 1, 0)
        nats = min(finding.best.nats, MOST_NATS)
        if item < len(reading) and nats >= 0:
            for name, amount in _counted(finding, nats):
                events[name][item] += amount
    return events


def _counted(finding: Finding, nats: float) -> list[tuple[str, float]]:
    """What a finding counts for, and how much."""
    if finding.kind in ("citations", "debris"):
        return [(f"found.{finding.kind}", 1.0)]
    # ordinary wordings are looked for only where the damage is plain, so they must not vouch for it
    if finding.kind != "spin" or finding.rule == "spin.common":
        return []
    counted = [("found.nats", nats), ("found.pairs", float(finding.rule == "spin.pair"))]
    names = ("found.any", "found.fair", "found.strong")
    return counted + [(name, 1.0) for name, floor in zip(names, STRENGTHS, strict=True) if nats >= floor]
