"""What may a phrase have been? Start reading at `suggest`.

The phrase is read as a lattice: each stretch of it either stays or becomes an original that the synonym maps give for
it. The likeliest ways through by the maps alone (a beam) are then weighed as a whole: how well the words go with each
other and with the context, by the n-gram table and by the dense table that a large model was distilled into, and
whether they form a fixed term.
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
from despin.reranking import NGRAMS, RIGHT, weigh
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

# Share of the dense table in the probability of a word after another. Without a sentence the opinions of a large model
# on pairs of words tell more than counts: on tortured phrases .6 put the expected one first more often than 0 or 1.
DENSE_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class _Way:
    """A way through the lattice: the words so far, the evidence of the maps for them, and which rows gave it."""

    words: tuple[str, ...]
    nats: float
    rows: tuple[str, ...]


def suggest(
    phrase: str, left: str, right: str, n: int, resources: Resources, model: ContextModel | None = None
) -> tuple[Suggestion, ...]:
    """The `n` likeliest originals of `phrase`, best first; the phrase itself is not among them.

    left, right: text around it, as much as is known. model: a neural model that judges the likeliest ways once more.
    Raises DespinError for a phrase without a word.
    """
    reading = Reading(tokenize(phrase), resources.context)
    if not reading.word_count:
        raise DespinError(f"nothing to look for in {phrase!r}: give a phrase with at least one word")
    if reading.word_count > MOST_WORDS:
        raise DespinError(f"a phrase of {reading.word_count} words; at most {MOST_WORDS} are read, use despin.repair")
    before, after = _edge(left, resources, -2), _edge(right, resources, 2)
    ways = _ways(reading, _indexes(reading, resources), resources.spin_weights)
    standing = tuple(reading.word(item) for item in range(len(reading)) if reading.word(item))
    naturals = _naturalness([way.words for way in ways] + [standing], before, after, resources)
    weights = resources.spin_weights
    scored = []
    for way, natural in zip(ways, naturals[:-1].tolist(), strict=True):
        if way.words == tuple(word.lower() for word in standing):
            continue
        evidence = (
            Evidence(way.nats, "spin.map", "; ".join(way.rows)),
            Evidence(
                round(weights["original_fits"] * (natural - float(naturals[-1])), 4), NGRAMS, "ngrams and dense table"
            ),
        )
        scored.append(Alternative(" ".join(way.words), evidence))
    scored.sort(key=_place)
    if model is not None:
        scored = _judged(" ".join(standing), scored[:MOST_READ], left, right, resources, model)
    total = math.log(1.0 + math.fsum(math.exp(min(one.nats, 50.0)) for one in scored))
    return tuple(
        Suggestion(one.text, round(math.exp(min(one.nats, 50.0) - total), 4), one.evidence)
        for one in scored[: max(n, 0)]
    )


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
    (scores,) = model.log_probs([window])
    return list(weigh(finding, scores, model.name, resources.rerank_weights, least=-math.inf).alternatives)


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
            nats = weights["always"] + weights["row"] * float(index.weight_nats[number])
            row = f"{index.originals[number]} <- {index.spun[int(matches.entry[match])]}"
            steps.setdefault(at, []).append((length, index.originals[number], nats, row))
    best: list[list[_Way]] = [[] for _ in range(len(reading) + 1)]
    best[0] = [_Way((), 0.0, ())]
    for item in range(len(reading)):
        standing = (reading.word(item).lower(),) if reading.word(item) else ()
        for way in _narrowed(best[item]):
            best[item + 1].append(_Way(way.words + standing, way.nats, way.rows))
            for length, original, nats, row in steps.get(item, ()):
                words = tuple(original.lower().split())
                best[item + length].append(_Way(way.words + words, round(way.nats + nats, 4), (*way.rows, row)))
    return _narrowed(best[-1])


def _narrowed(ways: Sequence[_Way]) -> list[_Way]:
    """The best way to each wording, the BEAM best wordings."""
    best: dict[tuple[str, ...], _Way] = {}
    for way in ways:
        if way.words not in best or way.nats > best[way.words].nats:
            best[way.words] = way
    return sorted(best.values(), key=lambda way: (-way.nats, way.words))[:BEAM]


def _naturalness(
    wordings: Sequence[tuple[str, ...]], before: list[int], after: list[int], resources: Resources
) -> FloatArray:
    """How well the words of each wording go with each other and the context: PMI of the whole, in nats."""
    vocabulary, context = resources.context.vocabulary, resources.context
    flat: list[int] = []
    ends = []
    for words in wordings:
        parts = [part for word in words for part in word.replace("-", " ").split()]
        flat += [*before, *vocabulary.encode(parts).tolist(), *after, vocabulary.boundary]
        ends.append(len(flat))
    ids = np.array([vocabulary.boundary, *flat], np.int64)
    pair = _mixed(ids[:-1], ids[1:], resources)
    alone = context.log_prob(np.full(len(flat), PADDING), np.full(len(flat), PADDING), ids[1:])
    known = (ids[:-1] != vocabulary.boundary) & (ids[1:] != vocabulary.boundary)
    gains = np.where(known, pair - alone, 0.0)
    term = known & resources.terms.holds(ids[:-1], ids[1:])
    gains += np.where(term, resources.spin_weights["original_term"] / resources.spin_weights["original_fits"], 0.0)
    running = np.concatenate([[0.0], np.cumsum(gains)])
    whole: FloatArray = np.round(running[ends] - running[[0, *ends[:-1]]], 4)
    return whole


def _mixed(before: IntArray, word: IntArray, resources: Resources) -> FloatArray:
    """ln p(word | before): the n-gram table, mixed with the dense table where that knows both words."""
    ngram = resources.context.log_prob(np.full(len(word), PADDING), before, word)
    known = np.flatnonzero((before < len(resources.dense)) & (word < len(resources.dense)) & (before >= 0))
    mixed: FloatArray = ngram.copy()
    dense = resources.dense.log_prob(before[known], word[known])
    mixed[known] = np.logaddexp(np.log(DENSE_SHARE) + dense, np.log(1 - DENSE_SHARE) + ngram[known])
    return mixed
