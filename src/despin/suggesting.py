"""What may a phrase have been? Start reading at `suggest`.

The phrase is read as a lattice: each stretch of it either stays or becomes an original that the synonym maps give for
it. The likeliest ways through by the maps alone (a beam) are then weighed as a whole (`SIGNALS`): how well the words go
with each other and with the context, by the n-gram table and by the dense table that a large model was distilled into,
whether they form fixed terms, how common they are. The weights are those of a conditional logit model in which all ways
compete with "none of these", so that the confidences are probabilities: ``python -m benchmarks.calibrate``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from despin.context import PADDING, ContextModel, FloatArray, Window
from despin.maps import MapIndex
from despin.reading import Reading
from despin.reranking import NGRAMS, RIGHT, opinions, weigh
from despin.resources import Resources
from despin.tokens import tokenize
from despin.values import Alternative, DespinError, Evidence, Finding, Suggestion
from despin.words import fold

IntArray = npt.NDArray[np.int64]

# Longer texts are for `repair`: the ways through a lattice grow with its length.
MOST_WORDS = 30

# Ways through the lattice that are weighed as a whole.
BEAM = 300

# Ways that a neural model reads.
MOST_READ = 24

# What a model reads before a phrase of which no sentence is known.
LEAD_IN = "This paper is about"

# What a wording is weighed by, in the order of the columns of `signals`: each against what stands there.
SIGNALS = (
    "always",  # 1: what it says at all that the maps lead to a wording
    "in_context",  # 1 where something is known of what stands around the phrase
    "steps",  # rows of the maps that it takes
    "row",  # log odds of those rows' weights, summed
    "ngrams",  # how well the words go with each other and the context, by the n-grams: PMI
    "dense",  # the same by the dense table
    "term",  # pairs of neighbours that form a fixed term
    "common",  # ln p of the words by themselves
    "longer",  # number of words
)


@dataclass(frozen=True, slots=True)
class _Way:
    """A way through the lattice: the words so far, what the maps' rows say for them, and which rows those are."""

    words: tuple[str, ...]
    row: float
    rows: tuple[str, ...]


def suggest(
    phrase: str, left: str, right: str, n: int, resources: Resources, model: ContextModel | None = None
) -> tuple[Suggestion, ...]:
    """The `n` likeliest originals of `phrase`, best first; the phrase itself is not among them.

    left, right: text around it, as much as is known. model: a neural model that judges the likeliest ways once more.
    Raises DespinError for a phrase without a word.
    """
    ways, table = weighed(phrase, left, right, resources)
    weights = np.array([resources.suggest_weights[name] for name in SIGNALS])
    scored = sorted(
        (Alternative(" ".join(way.words), _evidence(way, row)) for way, row in zip(ways, table * weights, strict=True)),
        key=_place,
    )
    if model is not None:
        scored = _judged(phrase, scored[:MOST_READ], left, right, resources, model)
    total = math.log(1.0 + math.fsum(math.exp(min(one.nats, 50.0)) for one in scored))
    return tuple(
        Suggestion(one.text, round(math.exp(min(one.nats, 50.0) - total), 4), one.evidence)
        for one in scored[: max(n, 0)]
    )


def weighed(phrase: str, left: str, right: str, resources: Resources) -> tuple[list[_Way], FloatArray]:
    """The likeliest ways through the lattice of `phrase`, and their signals: one row a way, columns as `SIGNALS` has
    them. Raises DespinError for a phrase without a word, or with too many."""
    reading = Reading(tokenize(phrase), resources.context)
    if not reading.word_count:
        raise DespinError(f"nothing to look for in {phrase!r}: give a phrase with at least one word")
    if reading.word_count > MOST_WORDS:
        raise DespinError(f"a phrase of {reading.word_count} words; at most {MOST_WORDS} are read, use despin.repair")
    before, after = _edge(left, resources, -2), _edge(right, resources, 2)
    standing = tuple(reading.word(item).lower() for item in range(len(reading)) if reading.word(item))
    ways = [
        way for way in _ways(reading, _indexes(reading, resources), resources.suggest_weights) if way.words != standing
    ]
    natural = _naturalness([way.words for way in ways] + [standing], before, after, resources)
    table = np.zeros((len(ways), len(SIGNALS)))
    table[:, 0] = 1.0
    table[:, 1] = float(bool(before or after))
    table[:, 2] = [len(way.rows) for way in ways]
    table[:, 3] = [way.row for way in ways]
    table[:, 4:8] = natural[:-1] - natural[-1]
    table[:, 8] = [len(way.words) - len(standing) for way in ways]
    return ways, np.round(table, 4)


def _evidence(way: _Way, worth: FloatArray) -> tuple[Evidence, ...]:
    """What speaks for a way, by name. worth: its signals times their weights."""
    said = dict(zip(SIGNALS, worth.tolist(), strict=True))
    context, term = round(said["ngrams"] + said["dense"], 4), round(said["term"], 4)
    rest = round(math.fsum(said.values()) - context - term, 4)
    evidence = (
        Evidence(rest, "spin.map", "; ".join(way.rows)),
        Evidence(context, NGRAMS, "ngrams and dense table"),
        Evidence(term, "spin.term", "words that belong together"),
    )
    return tuple(reason for reason in evidence if reason.nats or reason.rule == "spin.map")


def _place(alternative: Alternative) -> tuple[float, str]:
    return -round(alternative.nats, 4), alternative.text


def _judged(
    standing: str,
    alternatives: Sequence[Alternative],
    left: str,
    right: str,
    resources: Resources,
    model: ContextModel,
) -> list[Alternative]:
    """Alternatives with the evidence of a model, best first."""
    if not alternatives:
        return []
    finding = Finding(0, 0, standing, "spin.map", tuple(alternatives))
    wordings = tuple(tuple(one.split()) for one in (standing, *(alternative.text for alternative in alternatives)))
    window = Window(tuple((left or LEAD_IN).split()), wordings, tuple(right.split()[:RIGHT]))
    (opinion,) = opinions([window], model)
    weights = resources.rerank_weights
    return list(weigh(finding, opinion, model.name, weights, least=-math.inf, caution=0.0).alternatives)


def _edge(text: str, resources: Resources, count: int) -> list[int]:
    """Word numbers of the context's words nearest to the phrase."""
    ids: list[int] = Reading(tokenize(text), resources.context).ids.tolist()
    return ids[count:] if count < 0 else ids[:count]


def _indexes(reading: Reading, resources: Resources) -> tuple[MapIndex, ...]:
    """The synonym maps, and what the thesaurus has for the words of the phrase."""
    words = {fold(reading.word(item)) for item in range(len(reading))}
    rows = resources.thesaurus.rows(words)
    return resources.maps, MapIndex(rows, resources.forms, resources.context)


def _ways(reading: Reading, indexes: Sequence[MapIndex], weights: Mapping[str, float]) -> list[_Way]:
    """The BEAM likeliest ways through the lattice by the maps alone."""
    steps: dict[int, list[tuple[int, str, float, str]]] = {}
    for index in indexes:
        matches = index.find(reading)
        which, candidate = index.expand(matches)
        for match, number in zip(which.tolist(), candidate.tolist(), strict=True):
            at, length = int(matches.at[match]), int(matches.length[match])
            row = f"{index.originals[number]} <- {index.spun[int(matches.entry[match])]}"
            steps.setdefault(at, []).append((length, index.originals[number], float(index.weight_nats[number]), row))
    best: list[list[_Way]] = [[] for _ in range(len(reading) + 1)]
    best[0] = [_Way((), 0.0, ())]
    for item in range(len(reading)):
        standing = (reading.word(item).lower(),) if reading.word(item) else ()
        for way in _narrowed(best[item], weights):
            best[item + 1].append(_Way(way.words + standing, way.row, way.rows))
            for length, original, nats, row in steps.get(item, ()):
                words = tuple(original.lower().split())
                best[item + length].append(_Way(way.words + words, round(way.row + nats, 4), (*way.rows, row)))
    return _narrowed(best[-1], weights)


def _narrowed(ways: Sequence[_Way], weights: Mapping[str, float]) -> list[_Way]:
    """The best way to each wording, the BEAM best wordings."""

    def nats(way: _Way) -> float:
        return round(weights["steps"] * len(way.rows) + weights["row"] * way.row, 4)

    best: dict[tuple[str, ...], _Way] = {}
    for way in ways:
        if way.words not in best or nats(way) > nats(best[way.words]):
            best[way.words] = way
    return sorted(best.values(), key=lambda way: (-nats(way), way.words))[:BEAM]


def _naturalness(
    wordings: Sequence[tuple[str, ...]], before: list[int], after: list[int], resources: Resources
) -> FloatArray:
    """One row a wording: how well its words go with each other and the context by the n-grams and by the dense table
    (PMI of the whole, in nats), how many pairs of neighbours are fixed terms, and ln p of its words by themselves."""
    vocabulary, context = resources.context.vocabulary, resources.context
    flat: list[int] = []
    ends = []
    inside: list[bool] = []
    for words in wordings:
        parts = vocabulary.encode([part for word in words for part in word.replace("-", " ").split()]).tolist()
        flat += [*before, *parts, *after, vocabulary.boundary]
        inside += [False] * len(before) + [True] * len(parts) + [False] * (len(after) + 1)
        ends.append(len(flat))
    ids = np.array([vocabulary.boundary, *flat], np.int64)
    nothing = np.full(len(flat), PADDING)
    alone = context.alone(ids[1:])
    known = (ids[:-1] != vocabulary.boundary) & (ids[1:] != vocabulary.boundary)
    columns = (
        np.where(known, context.log_prob(nothing, ids[:-1], ids[1:]) - alone, 0.0),
        np.where(known, _dense(ids[:-1], ids[1:], resources, alone), 0.0),
        known & resources.terms.holds(ids[:-1], ids[1:]),
        np.where(np.array(inside), alone, 0.0),
    )
    running = np.concatenate([np.zeros((1, len(columns))), np.cumsum(np.column_stack(columns), axis=0)])
    gains: FloatArray = running[ends] - running[[0, *ends[:-1]]]
    return gains


def _dense(before: IntArray, word: IntArray, resources: Resources, alone: FloatArray) -> FloatArray:
    """PMI of neighbours by the dense table; 0 where it does not know both."""
    gain = np.zeros(len(word))
    known = np.flatnonzero((before < len(resources.dense)) & (word < len(resources.dense)) & (before >= 0))
    gain[known] = resources.dense.log_prob(before[known], word[known]) - alone[known]
    return gain
