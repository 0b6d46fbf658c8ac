"""The few statistics that the benchmarks share, and a plain table. Start reading at `wilson`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

# A cell that is a number and nothing else.
NUMBER = re.compile(r"-?[\d,.]+ ?%?")

# The normal quantile of a two-sided 95 % interval.
Z95 = 1.959964


def wilson(hits: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927): honest near 0 and 1, where rates of damage lie.

    >>> [round(bound, 4) for bound in wilson(1, 10)]
    [0.0179, 0.4042]
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} hits in {trials} trials is no share")
    if not trials:
        return 0.0, 1.0
    share = hits / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    # where nothing or all was hit, rounding must not leave the bound beside 0 or 1
    return (0.0 if not hits else max(middle - half, 0.0)), (1.0 if hits == trials else min(middle + half, 1.0))


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The share of pairs in which the positive scores higher; ties count half (Mann-Whitney)."""
    low = np.sort(np.asarray(negatives, float))
    high = np.asarray(positives, float)
    if not len(low) or not len(high):
        return math.nan
    below, upto = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + upto).mean() / 2 / len(low))


def share_above(positives: Sequence[float], negatives: Sequence[float], fpr: float) -> float:
    """The share of positives above the least threshold that at most a share `fpr` of the negatives passes."""
    if not positives or not negatives:
        return math.nan
    ranked = sorted(negatives, reverse=True)
    # the scores at which floor(fpr n) negatives may lie strictly above
    threshold = ranked[min(int(fpr * len(ranked) + 1e-9), len(ranked) - 1)]
    return sum(score > threshold for score in positives) / len(positives)


def one_in(rate: float) -> str:
    """A small rate as people read it: "1 in 5,000", or "none".

    >>> one_in(0.0002)
    '1 in 5,000'
    """
    return f"1 in {1 / rate:,.0f}" if rate else "none"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns of text; those that hold numbers are set to the right."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    numeric = [all(NUMBER.fullmatch(line[column]) for line in lines[1:]) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.rjust(w) if n else cell.ljust(w) for cell, w, n in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )
