"""Synonym spin: wording that a spinner put where something more usual stood.

Start reading at `find`. It looks twice. The first look takes only wordings that say by themselves, or with a clear word
from the context, that something was replaced. Where such strong traces stand close together the second look takes
every wording of the maps, however ordinary; clean text, which has hardly any traces, is not looked at again.

The evidence for an original o over the spun s in a context c is
``log odds(weight) + PMI(o; c) - PMI(s; c)``: the row's weight was judged without a context, so that the context adds
only how much better o goes with its neighbours, not how much more frequent it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from despin.context import FloatArray
from despin.maps import CONTEXT_MOST, CONTEXT_SCALE, MapIndex, Matches, Row, holds
from despin.reading import Reading
from despin.traces import stray_capitals
from despin.values import Alternative, Evidence, Finding
from despin.words import article, fold, in_case_of

if TYPE_CHECKING:
    from despin.resources import Resources

IntArray = npt.NDArray[np.int64]

# A finding with less evidence than this on a heavily damaged page would be refused on any page.
LEAST = -1.0

# The first look: evidence that counts as a strong trace, in nats on a heavily damaged page.
STRONG = 2.0

# The first look passes over rows of less weight than this (log odds of .25): ordinary English in the main.
FIRST_LOOK_WEIGHT = -1.1

# The second look is for stretches with this many strong traces within this many words.
CLOSE_TRACES = 3
CLOSE_WORDS = 150

# A capital on a common word inside a sentence: this family of spinners capitalises 5 to 10 % of what it puts in,
# people fewer than 1 % of such words (names of products, headings, emphasis).
CAPITAL = 2.0

# "an mistake": the article was right for the word that stood there. People get it wrong in 1 of about 300 cases,
# spinners leave it wrong whenever the first sound changes, which is in about 1 of 4.
ARTICLE = 3.0


def find(reading: Reading, resources: Resources) -> list[Finding]:
    """Wordings of the synonym maps that may stand for something else. Offsets are those of the text that was read."""
    index = resources.maps
    if not len(reading):
        return []
    matches = index.find(reading)
    first = index.expand(matches)
    heavy = index.weight_nats[first[1]] >= FIRST_LOOK_WEIGHT
    which, candidate, nats = _weigh(reading, index, matches, first[0][heavy], first[1][heavy])
    strong = np.unique(matches.at[which[nats >= STRONG]])
    near = _close(strong, len(reading))
    if near.any():
        again = near[matches.at[first[0]]] & ~heavy
        more = _weigh(reading, index, matches, first[0][again], first[1][again])
        which, candidate, nats = (np.concatenate(pair) for pair in zip((which, candidate, nats), more, strict=True))
    return list(_findings(reading, index, matches, which, candidate, nats))


def _close(strong: IntArray, count: int) -> npt.NDArray[np.bool_]:
    """Which items lie in a stretch of CLOSE_WORDS items that holds at least CLOSE_TRACES strong traces."""
    edges = np.zeros(count + 1, np.int64)
    if len(strong) >= CLOSE_TRACES:
        first, last = strong[: -CLOSE_TRACES + 1], strong[CLOSE_TRACES - 1 :]
        room = CLOSE_WORDS - (last - first)
        held = room >= 0
        np.add.at(edges, np.maximum(first[held] - room[held], 0), 1)
        np.add.at(edges, np.minimum(last[held] + room[held] + 1, count), -1)
    return np.cumsum(edges[:-1]) > 0


def _weigh(
    reading: Reading, index: MapIndex, matches: Matches, which: IntArray, candidate: IntArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """The candidates with at least LEAST nats: (which match, which candidate, evidence without the article's)."""
    if not len(which):
        return which, candidate, np.zeros(0)
    base = index.weight_nats[candidate]
    if reading.capital.any():
        base = base + CAPITAL * stray_capitals(reading)[matches.at[which]]
    # what the context at most can add, and what a broken article can
    possible = base + CONTEXT_MOST * CONTEXT_SCALE + ARTICLE >= LEAST
    which, candidate, base = which[possible], candidate[possible], base[possible]
    shift = index.context_shift(reading, matches.at[which], matches.length[which], candidate)
    nats = np.round(base + shift, 4)
    kept = nats >= LEAST - ARTICLE
    return which[kept], candidate[kept], nats[kept]


def _findings(
    reading: Reading, index: MapIndex, matches: Matches, which: IntArray, candidate: IntArray, nats: FloatArray
) -> Iterator[Finding]:
    """One finding for each place and each family; its alternatives best first."""
    order = np.lexsort((candidate, which))
    groups: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for w, c, n in zip(which[order].tolist(), candidate[order].tolist(), nats[order].tolist(), strict=True):
        groups.setdefault((int(matches.at[w]), int(matches.length[w])), []).append((c, n))
    for (at, length), candidates in groups.items():
        finding = _finding(reading, index, at, length, candidates)
        if finding is not None:
            yield finding


def _finding(
    reading: Reading, index: MapIndex, at: int, length: int, candidates: list[tuple[int, float]]
) -> Finding | None:
    text = reading.tokens.text
    start, end = reading.span(at, at + length - 1)
    model = text[start:end]
    opens = bool(reading.opens[at])
    alone = not opens and bool(stray_around(reading, at, length))
    before = reading.word(at - 1)
    by_text: dict[str, tuple[float, Alternative, Row]] = {}
    for number, nats in candidates:
        row = index.rows[number]
        if any(holds(condition, reading, at, length) for condition in row.keep_if):
            continue
        original = index.originals[number]
        wording = in_case_of(original, model, opens_sentence=opens, alone=alone)
        if wording == model:
            continue
        reasons = [Evidence(round(float(index.weight_nats[number]), 4), "spin.map", f"{row.family}: {original} <- {model.lower()}")]
        if model[:1].isupper() and not opens and alone:
            reasons.append(Evidence(CAPITAL, "spin.capital", "a capital inside a sentence"))
        context = round(nats - sum(reason.nats for reason in reasons), 4)
        if context:
            reasons.append(Evidence(context, "spin.context", reading.context.name))
        broken = fold(before) in ("a", "an") and article(model) != fold(before)
        if broken and article(original) == fold(before):
            reasons.append(Evidence(ARTICLE, "spin.article", f"{before} {model}"))
        alternative = Alternative(wording, tuple(reasons))
        known = by_text.get(wording)
        if known is None or alternative.nats > known[0]:
            by_text[wording] = (alternative.nats, alternative, row)
    ranked = sorted(by_text.values(), key=lambda item: (-round(item[0], 4), item[1].text))
    if not ranked or ranked[0][0] < LEAST:
        return None
    alternatives = tuple(alternative for _, alternative, _ in ranked[:5])
    family = ranked[0][2].family
    return _with_article(reading, at, Finding(start, end, model, "spin.map", alternatives, family))


def _with_article(reading: Reading, at: int, finding: Finding) -> Finding:
    """The finding stretched over the article before it where an alternative needs the other one."""
    before = reading.word(at - 1)
    if fold(before) not in ("a", "an") or not reading.joined[at - 1]:
        return finding
    if all(article(alternative.text) == fold(before) for alternative in finding.alternatives):
        return finding
    start, _ = reading.span(at - 1, at - 1)
    between = reading.tokens.text[start + len(before) : finding.start]
    alternatives = tuple(
        Alternative(_article_like(before, alternative.text) + between + alternative.text, alternative.evidence)
        for alternative in finding.alternatives
    )
    return Finding(start, finding.end, before + between + finding.before, finding.rule, alternatives, finding.family)


def _article_like(before: str, wording: str) -> str:
    needed = article(wording)
    if before.isupper() and len(before) > 1:
        return needed.upper()
    return needed.capitalize() if before[0].isupper() else needed


def stray_around(reading: Reading, at: int, length: int) -> bool:
    """Whether the words next to items `at` to `at + length` inside the sentence are in lower case."""
    left = at == 0 or not reading.capital[at - 1]
    after = at + length
    right = after >= len(reading) or not reading.capital[after]
    return bool(left and right)
