"""What was measured on human and on damaged text: densities of findings, and quantiles of scores.

Start reading at `Densities`. The tables are made by `python -m benchmarks.calibrate`, from texts that are not shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from despin.tables import TableError, read_rows

DENSITY_COLUMNS = ("kind", "nats", "clean", "damaged", "note")
WEIGHT_COLUMNS = ("signal", "weight", "note")
QUANTILE_COLUMNS = ("words", "percentile", "nats", "note")


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


def load_densities(path: Path) -> Mapping[str, tuple[Densities, ...]]:
    """kind -> densities by rising strength. Raises TableError naming file and line."""
    table: dict[str, list[Densities]] = {}
    for number, (kind, nats, clean, damaged, _) in read_rows(path, DENSITY_COLUMNS):
        try:
            row = Densities(float(nats), float(clean), float(damaged))
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
            table.setdefault(int(words), []).append((float(percentile), float(nats)))
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
            weights[signal] = float(weight)
        except ValueError:
            raise TableError(f"{path}:{number}: weight {weight!r} is no number") from None
    return MappingProxyType(weights)
