"""The tables of what was measured: how they are read, and that a fault is named with file and line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from despin.detect.spin import SIGNALS
from despin.measured import (
    Calibration,
    Densities,
    Quantiles,
    ScoreWeights,
    load_calibration,
    load_densities,
    load_quantiles,
    load_score_weights,
    load_steps,
    load_weights,
)
from despin.resources import Resources
from despin.tables import TableError

DENSITIES = "kind\tnats\tclean\tdamaged\tnote\n"
QUANTILES = "words\tpercentile\tnats\tnote\n"
WEIGHTS = "signal\tweight\tnote\n"
STEPS = "rewriter\tsignal\tfrom\tnats\tnote\n"
BANDS = "words\tslope\toffset\tnote\n"
FEATURES = "feature\tmean\twithin\tbetween\twordings\tsynonyms\tround_trip\tnote\n"


def load_two(path: Path) -> ScoreWeights:
    return load_score_weights(path, ("a", "b"))


def table(folder: Path, content: str) -> Path:
    path = folder / "table.tsv"
    path.write_text(content, "utf-8")
    return path


def test_densities_come_by_kind_and_rising_strength(tmp_path: Path) -> None:
    rows = "# why\nspin.map\t2\t0.001\t0.003\tx\n\ndebris\t1\t0.00002\t0.002\t\nspin.map\t-0.5\t0.004\t0.007\tx\n"
    found = load_densities(table(tmp_path, DENSITIES + rows))
    assert dict(found) == {
        "spin.map": (Densities(-0.5, 0.004, 0.007), Densities(2.0, 0.001, 0.003)),
        "debris": (Densities(1.0, 0.00002, 0.002),),
    }
    with pytest.raises(TypeError):
        found["spin.map"] = ()  # type: ignore[index]


def test_quantiles_come_by_rising_length(tmp_path: Path) -> None:
    rows = "120\t99\t2.5\t\n50\t99\t1.5\t\n120\t1\t-1\t\n50\t1\t-0.5\t\n50\t50\t0\t\n"
    assert load_quantiles(table(tmp_path, QUANTILES + rows)) == (
        Quantiles(50, (1.0, 50.0, 99.0), (-0.5, 0.0, 1.5)),
        Quantiles(120, (1.0, 99.0), (-1.0, 2.5)),
    )


def test_steps_come_by_rewriter_and_signal(tmp_path: Path) -> None:
    rows = "synonyms\tleft\t1\t-0.5\t\nsynonyms\tleft\t-inf\t2\t\nround_trip\tleft\t-inf\t0\t\n"
    found = load_steps(table(tmp_path, STEPS + rows))
    assert set(found) == {"synonyms", "round_trip"}
    assert found["synonyms"]["left"].edges.tolist() == [1.0]
    assert found["synonyms"]["left"].nats.tolist() == [2.0, -0.5]
    assert found["round_trip"]["left"].edges.tolist() == []


def test_weights_come_in_the_order_of_the_features(tmp_path: Path) -> None:
    rows = "b\t1\t2\t3\t4\t5\t6\t\na\t0\t1\t1\t0\t0\t7\t\noffset\t\t\t\t-1\t-2\t-3\tfitted\n"
    found = load_two(table(tmp_path, FEATURES + rows))
    assert found.mean.tolist() == [0.0, 1.0]
    assert found.between.tolist() == [1.0, 3.0]
    assert found.weight.tolist() == [[0.0, 0.0, 7.0], [4.0, 5.0, 6.0]]
    assert found.offset.tolist() == [-1.0, -2.0, -3.0]


def test_the_calibration_comes_by_rising_length(tmp_path: Path) -> None:
    found = load_calibration(table(tmp_path, BANDS + "120\t1.2\t0.1\t\n50\t0.8\t-0.1\t\n"))
    assert found == (Calibration(50, 0.8, -0.1), Calibration(120, 1.2, 0.1))


def test_weights_come_by_signal(tmp_path: Path) -> None:
    found = load_weights(table(tmp_path, WEIGHTS + "row\t0.7\tfitted\nalways\t-1.6\t\n"))
    assert dict(found) == {"row": 0.7, "always": -1.6}
    with pytest.raises(TypeError):
        found["row"] = 1.0  # type: ignore[index]


Load = Callable[[Path], object]


@pytest.mark.parametrize(
    ("load", "content", "fault"),
    [
        (
            load_densities,
            DENSITIES + "spin.map\t1\t0.1\t0.2\t\nspin.map\ttwo\t0.1\t0.2\t\n",
            ":3: nats, clean and damaged must be",
        ),
        (load_densities, DENSITIES + "spin.map\t1\tfew\t0.2\t\n", ":2: nats, clean and damaged must be numbers"),
        (
            load_densities,
            DENSITIES + "spin.map\t1\t0.2\t0.1\t\n",
            ":2: densities per word must satisfy 0 < clean < damaged < 1",
        ),
        (load_densities, DENSITIES + "spin.map\t1\t0\t0.1\t\n", ":2: densities per word must satisfy"),
        (load_densities, DENSITIES + "spin.map\t1\t0.2\t1\t\n", ":2: densities per word must satisfy"),
        (load_densities, DENSITIES + "spin.map\t1\tnan\t0.1\t\n", ":2: densities per word must satisfy"),
        (
            load_densities,
            DENSITIES + "# a remark\n\nspin.map\t1\t0.2\n",
            ":4: 3 cells where 5 are needed; cells end at TABs",
        ),
        (load_densities, QUANTILES, ":1: the header must be kind nats clean damaged note (TAB separated)"),
        (load_densities, "", ": empty; the first row must be the header kind nats clean damaged note"),
        (load_quantiles, QUANTILES + "50\t1\tlow\t\n", ":2: words, percentile and nats must be numbers"),
        (load_quantiles, QUANTILES + "50\t1\t0\t\nfifty\t1\t0\t\n", ":3: words, percentile and nats must be numbers"),
        (load_quantiles, QUANTILES + "50\tfirst\t0\t\n", ":2: words, percentile and nats must be numbers"),
        (load_quantiles, QUANTILES + "50\t1\n", ":2: 2 cells where 4 are needed"),
        (load_quantiles, WEIGHTS, ":1: the header must be words percentile nats note"),
        (load_weights, WEIGHTS + "row\t0.7\t\nalways\tmuch\t\n", ":3: weight 'much' is no number"),
        (load_weights, WEIGHTS + "row\n", ":2: 1 cells where 3 are needed"),
        (load_weights, "", ": empty; the first row must be the header signal weight note"),
        (load_steps, STEPS + "synonyms\tleft\tlow\t0\t\n", ":2: from and nats must be numbers"),
        (load_calibration, BANDS + "fifty\t1\t0\t\n", ": words, slope and offset must be numbers"),
        (load_two, FEATURES + "a\tmuch\t1\t1\t0\t0\t0\t\n", ":2: all cells but the note must be numbers"),
        (load_two, FEATURES + "a\t0\t1\t1\t0\t0\t0\t\n", " has no row for b, offset: run python -m benchmarks"),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, load: Load, content: str, fault: str) -> None:
    path = table(tmp_path, content)
    with pytest.raises(TableError, match=re.escape(f"{path}{fault}")):
        load(path)


@pytest.mark.parametrize("load", [load_densities, load_quantiles, load_weights])
def test_a_missing_table_is_named(tmp_path: Path, load: Load) -> None:
    with pytest.raises(TableError, match=re.escape(f"table {tmp_path / 'none.tsv'} is missing; reinstall despin")):
        load(tmp_path / "none.tsv")


@pytest.mark.parametrize("load", [load_densities, load_quantiles, load_weights])
def test_a_table_that_is_not_utf_8_is_named(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "table.tsv"
    path.write_bytes(b"kind\xff")
    with pytest.raises(TableError, match=re.escape(f"table {path} is not UTF-8 at byte 4; save it as UTF-8")):
        load(path)


# --- the shipped tables -----------------------------------------------------------------------------------------------


def test_shipped_densities_are_those_of_the_kinds_that_are_counted(resources: Resources) -> None:
    assert {"spin.map", "spin.pair", "citations", "debris"} <= set(resources.densities)
    # ordinary wordings are only looked for where the damage is plain, so they must not vouch for it
    assert "spin.common" not in resources.densities
    for rows in resources.densities.values():
        floors = [row.floor for row in rows]
        assert floors == sorted(set(floors))


def test_shipped_quantiles_rise(resources: Resources) -> None:
    lengths = [band.words for band in resources.quantiles]
    assert lengths == sorted(set(lengths))
    for band in resources.quantiles:
        assert list(band.percentiles) == sorted(set(band.percentiles))
        assert list(band.nats) == sorted(set(band.nats))
        assert 0 < band.percentiles[0] < band.percentiles[-1] < 100


def test_each_signal_has_its_weight(resources: Resources) -> None:
    weights = resources.spin_weights
    assert set(weights) == set(SIGNALS)
    # what stands there counts against a change, what would fit better for it
    assert weights["original_fits"] > 0 > weights["spun_fits"]
    assert weights["original_repeats"] > 0 > weights["spun_repeats"]
    assert min(weights[name] for name in ("row", "capital", "article")) > 0


@pytest.mark.parametrize(
    ("load", "content"), [(load_weights, WEIGHTS + "row\tnan\t\n"), (load_quantiles, QUANTILES + "50\t1\tinf\t\n")]
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, load: Load, content: str) -> None:
    with pytest.raises(TableError, match=":2: "):
        load(table(tmp_path, content))
