"""What was measured on human and on damaged text: densities of findings, and quantiles of scores.

Start reading at `Densities`. The tables are made by `python -m benchmarks.calibrate`, from texts that are not shipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from despin.tables import TableError, read_rows

DENSITY_COLUMNS = ("kind", "nats", "clean", "damaged", "note")
WEIGHT_COLUMNS = ("signal", "weight", "note")
QUANTILE_COLUMNS = ("words", "percentile", "nats", "note")
STEP_COLUMNS = ("rewriter", "signal", "from", "nats", "note")

# Kinds of rewriting that the score tells apart: by wordings that the maps know, by other synonyms, by translation.
REWRITERS = ("wordings", "synonyms", "round_trip")
FEATURE_COLUMNS = ("feature", "mean", "within", "between", *REWRITERS, "note")
NEURAL_COLUMNS = ("feature", "mean", "within", "between", "weight", "note")
CALIBRATION_COLUMNS = ("words", "slope", "offset", "note")


@dataclass(frozen=True, slots=True)
class Densities:
    """Findings per word of one kind and strength: in clean text, and on a heavily damaged page."""

    floor: float
    clean: float
    damaged: float


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Evidence that human texts of a length reach: nats[i] is reached or passed by all but percentiles[i] per cent."""

    words: int
    percentiles: tuple[float, ...]
    nats: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A step function: nats[i] holds from edges[i - 1] on, nats[0] below edges[0]."""

    edges: npt.NDArray[np.float64]
    nats: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreWeights:
    """What each feature of a stretch of text weighs, all arrays by feature.

    mean: of human text. within: variance of one word's figure. between: variance of texts' own means. A mean over n
    words lies about sqrt(within / n + between) off.  weight: shape (features, REWRITERS), nats for each such standard
    deviation. offset: by rewriter, nats where every feature is as in human text.
    """

    mean: npt.NDArray[np.float64]
    within: npt.NDArray[np.float64]
    between: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class NeuralWeights:
    """What a neural model's features weigh beside the score without it; mean, within and between as in `ScoreWeights`.

    weight: nats for each standard deviation, by feature. default: what the score without it counts. offset: in nats.
    """

    mean: npt.NDArray[np.float64]
    within: npt.NDArray[np.float64]
    between: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    default: float
    offset: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """From `words` words on, a weighed sum x means `slope` * x + `offset` nats."""

    words: int
    slope: float
    offset: float


def _finite(cell: str) -> float:
    """The number of a cell. Raises ValueError for what is none, and for nan and infinite ones."""
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(f"{cell!r} is no finite number")
    return number


def load_steps(path: Path) -> Mapping[str, Mapping[str, Steps]]:
    """rewriter -> signal -> its step function; the first row of each begins at -inf. Raises TableError."""
    table: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for number, (rewriter, signal, edge, nats, _) in read_rows(path, STEP_COLUMNS):
        try:
            table.setdefault(rewriter, {}).setdefault(signal, []).append((float(edge), _finite(nats)))
        except ValueError:
            raise TableError(f"{path}:{number}: from and nats must be numbers") from None
    return MappingProxyType(
        {
            rewriter: MappingProxyType(
                {
                    signal: Steps(np.array(sorted(rows))[1:, 0], np.array(sorted(rows))[:, 1])
                    for signal, rows in signals.items()
                }
            )
            for rewriter, signals in table.items()
        }
    )


PAIR_COLUMNS = ("before", "word", "nats", "note")


def load_pairs(path: Path, names: Sequence[str]) -> npt.NDArray[np.float64]:
    """What each pair of classes of words says, in nats, 0 where nothing is known; by their numbers among `names`, the
    first times how many there are plus the second. Raises TableError."""
    numbers = {name: number for number, name in enumerate(names)}
    nats = np.zeros(len(names) ** 2)
    for number, (before, word, value, _) in read_rows(path, PAIR_COLUMNS):
        try:
            nats[numbers[before] * len(names) + numbers[word]] = _finite(value)
        except KeyError as error:
            raise TableError(f"{path}:{number}: {error.args[0]!r} is no class of words") from None
        except ValueError:
            raise TableError(f"{path}:{number}: nats must be a number") from None
    return nats


def load_score_weights(path: Path, features: Iterable[str]) -> ScoreWeights:
    """The weights of these features, in this order; the row "offset" has only weights. Raises TableError."""
    table, others = _by_feature(path, FEATURE_COLUMNS, features, ("offset",))
    mean, within, between = table[:, :3].T
    return ScoreWeights(mean, within, between, table[:, 3:], others["offset"])


def load_neural_weights(path: Path, features: Iterable[str]) -> NeuralWeights:
    """The weights of these features, in this order; the rows "default" and "offset" have only a weight."""
    table, others = _by_feature(path, NEURAL_COLUMNS, features, ("default", "offset"))
    mean, within, between, weight = table.T
    return NeuralWeights(mean, within, between, weight, float(others["default"][0]), float(others["offset"][0]))


def _by_feature(
    path: Path, columns: Sequence[str], features: Iterable[str], others: Iterable[str]
) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
    """The numbers of these features, a row each, and the weights, without the three columns before them, of others."""
    rows: dict[str, tuple[float, ...]] = {}
    for number, (feature, *cells, _) in read_rows(path, columns):
        try:
            rows[feature] = tuple(_finite(cell or "0") for cell in cells)
        except ValueError:
            raise TableError(f"{path}:{number}: all cells but the note must be numbers") from None
    features, others = tuple(features), tuple(others)
    if missing := [name for name in (*features, *others) if name not in rows]:
        raise TableError(f"{path} has no row for {', '.join(missing)}: run python -m benchmarks.calibrate_score")
    return np.array([rows[name] for name in features]), {name: np.array(rows[name][3:]) for name in others}


def load_calibration(path: Path) -> tuple[Calibration, ...]:
    """By rising length. Raises TableError."""
    try:
        rows = [
            Calibration(int(words), _finite(slope), _finite(offset))
            for _, (words, slope, offset, _) in read_rows(path, CALIBRATION_COLUMNS)
        ]
    except ValueError:
        raise TableError(f"{path}: words, slope and offset must be numbers") from None
    return tuple(sorted(rows, key=lambda row: row.words))


def load_densities(path: Path) -> Mapping[str, tuple[Densities, ...]]:
    """kind -> densities by rising strength. Raises TableError naming file and line."""
    table: dict[str, list[Densities]] = {}
    for number, (kind, nats, clean, damaged, _) in read_rows(path, DENSITY_COLUMNS):
        try:
            row = Densities(_finite(nats), float(clean), float(damaged))
        except ValueError:
            raise TableError(f"{path}:{number}: nats, clean and damaged must be numbers") from None
        if not 0 < row.clean < row.damaged < 1:
            raise TableError(f"{path}:{number}: densities per word must satisfy 0 < clean < damaged < 1")
        table.setdefault(kind, []).append(row)
    return MappingProxyType({kind: tuple(sorted(rows, key=lambda row: row.floor)) for kind, rows in table.items()})


def load_quantiles(path: Path) -> tuple[Quantiles, ...]:
    """Quantiles by rising length. Raises TableError naming file and line."""
    table: dict[int, list[tuple[float, float]]] = {}
    for number, (words, percentile, nats, _) in read_rows(path, QUANTILE_COLUMNS):
        try:
            table.setdefault(int(words), []).append((_finite(percentile), _finite(nats)))
        except ValueError:
            raise TableError(f"{path}:{number}: words, percentile and nats must be numbers") from None
    return tuple(
        Quantiles(words, *(tuple(column) for column in zip(*sorted(rows), strict=True)))
        for words, rows in sorted(table.items())
    )


def load_weights(path: Path) -> Mapping[str, float]:
    """signal -> weight of a fitted model. Raises TableError naming file and line."""
    weights = {}
    for number, (signal, weight, _) in read_rows(path, WEIGHT_COLUMNS):
        try:
            weights[signal] = _finite(weight)
        except ValueError:
            raise TableError(f"{path}:{number}: weight {weight!r} is no number") from None
    return MappingProxyType(weights)
