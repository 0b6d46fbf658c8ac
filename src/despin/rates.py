"""How damaged a document is: a damage rate for each kind, from all findings of a round before any is accepted.

Start reading at `estimate`. Findings of each strength turn up at a known small density in clean text, and at a higher
one on a heavily damaged page (data/rates.tsv, see `python -m benchmarks.calibrate`). Their counts are taken as Poisson
counts; the likelihood over a grid of rates and a prior in which most documents are clean give the rate's posterior,
from the findings of the document alone (empirical Bayes after Robbins, 1956).
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from despin.measured import Densities
from despin.values import Finding

FloatArray = npt.NDArray[np.float64]

# A heavily damaged page has one altered place in five; findings' nats are log odds on such a page.
HEAVY = 0.2

# Shares of altered words that are told apart. The first is "clean": its rate is what a slip of a human writer or a
# table's mistake amounts to.
GRID = np.array([0.0004, 0.01, 0.03, 0.07, 0.13, 0.2, 0.3])

# How common each rate is among damaged documents: light damage more than heavy.
AMONG_DAMAGED = np.array([0.2, 0.2, 0.2, 0.2, 0.1, 0.1])

# Findings are not independent (a topic brings its own vocabulary, a habit of the author repeats), so a count is less
# sure than a Poisson count: its log-likelihood is scaled down.
INDEPENDENCE = 0.8

# Kinds of damage that come together share a rate: a spinner turns citation digits into words and injects links too.
GROUPS = MappingProxyType(
    {
        "spin": "wording",
        "citations": "wording",
        "debris": "wording",
        "remains": "wording",
        "surface": "letters",
        "lines": "letters",
        "figures": "letters",
        "ocr": "letters",
    }
)


# The rarer families of spinners, and the share of spun pages that each made. Their wordings are ordinary English in
# part ("as well as" for "and"): a row of theirs was judged on pages known to be theirs, so it counts only as far as the
# document's other findings speak for the family.
RARE_FAMILIES = MappingProxyType({"as_well": 0.05, "news_rewriter": 0.03, "round_trip": 0.05})

# Distinct findings that the shares above are worth.
FAMILY_PRIOR_COUNT = 4.0

# Findings from this strength on say what family made a page.
TELLING = 2.0


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of a document's damage of one group of kinds.

    mean: expected share of altered words. damaged: probability, 0 to 1, that the document is not clean.
    families: for each rare family ln of the probability that this page is of its making.
    """

    mean: float
    damaged: float
    families: Mapping[str, float] = field(default_factory=dict)

    @property
    def nats(self) -> float:
        """Log odds that a finding of this group gains or loses against a heavily damaged page."""
        return round(float(np.log(self.mean / (1 - self.mean)) - np.log(HEAVY / (1 - HEAVY))), 4)


def estimate(
    findings: Sequence[Finding], words: int, densities: Mapping[str, tuple[Densities, ...]], damaged: float
) -> dict[str, Rate]:
    """The rate of each group of kinds in a document of `words` words.

    damaged: the share of documents, 0 to 1, that are taken to be damaged before anything is known of this one.
    """
    counts = {kind: [0] * len(rows) for kind, rows in densities.items()}
    for _, kind, row in tally(findings, densities):
        counts[kind][row] += 1
    likelihood: dict[str, FloatArray] = {group: np.zeros(len(GRID)) for group in set(GROUPS.values())}
    for kind, rows in densities.items():
        group = GROUPS.get(kind.partition(".")[0])
        if group:
            likelihood[group] += log_likelihood(counts[kind], words, density(rows))
    families = _families(findings)
    return {
        group: _posterior(scores, damaged, families if group == "wording" else {})
        for group, scores in sorted(likelihood.items())
    }


def _families(findings: Sequence[Finding]) -> dict[str, float]:
    """ln of the probability of each rare family, from the telling findings: a share with a prior."""
    seen = Counter(family for family, _ in {(f.family, f.before.lower()) for f in findings if f.best.nats >= TELLING})
    total = sum(seen.values()) + FAMILY_PRIOR_COUNT
    return {
        # the finding that is weighed is one of those seen: alone it must not vouch for itself
        family: round(float(np.log((max(seen[family] - 1, 0) + FAMILY_PRIOR_COUNT * share) / total)), 4)
        for family, share in RARE_FAMILIES.items()
    }


def tally(findings: Sequence[Finding], densities: Mapping[str, tuple[Densities, ...]]) -> list[tuple[int, str, int]]:
    """(offset, kind, row of the densities) of each distinct finding: a wording that comes again is the same habit of
    the author, not more evidence, so only its strongest instance counts."""
    strongest: dict[tuple[str, str], tuple[float, int]] = {}
    for finding in findings:
        key = (finding.rule if finding.rule in densities else finding.kind, finding.before.lower())
        here = (finding.best.nats, -finding.start)
        if key[0] in densities and here > strongest.get(key, (-np.inf, 0)):
            strongest[key] = here
    tallied = []
    for (kind, _), (nats, minus_start) in strongest.items():
        floors = [row.floor for row in densities[kind]]
        row = bisect.bisect_right(floors, nats) - 1
        if row >= 0:
            tallied.append((-minus_start, kind, row))
    return sorted(tallied)


def density(rows: Sequence[Densities]) -> FloatArray:
    """Findings per word at each rate of the grid, shape (rows, rates): from clean to heavily damaged in proportion."""
    share = (GRID - GRID[0]) / (HEAVY - GRID[0])
    clean, damaged = np.array([row.clean for row in rows]), np.array([row.damaged for row in rows])
    mixed: FloatArray = clean[:, None] + share * (damaged - clean)[:, None]
    return mixed


def log_likelihood(
    counts: npt.ArrayLike, words: npt.ArrayLike, density: FloatArray, *, summed: bool = True
) -> FloatArray:
    """ln P(counts | rate) for each rate of the grid, up to a constant; scaled by INDEPENDENCE.

    counts: shape (..., rows); words: shape (..., 1) or a number; density: see `density`. Returns shape (..., rates).
    With `summed` false counts are a square of one row each, and each row's own likelihood is returned.
    """
    expected = density.sum(axis=0) if summed else density
    likelihood: FloatArray = np.asarray(counts) @ np.log(density) - np.asarray(words) * expected
    return likelihood * INDEPENDENCE


def _posterior(log_likelihood: FloatArray, damaged: float, families: Mapping[str, float]) -> Rate:
    # rounded, so that another processor's arithmetic gives the same decisions
    prior = np.array([1 - damaged, *(damaged * AMONG_DAMAGED)])
    weights = prior * np.exp(np.round(log_likelihood - log_likelihood.max(), 6))
    weights /= weights.sum()
    return Rate(round(float(weights @ GRID), 8), round(float(1 - weights[0]), 8), families)
