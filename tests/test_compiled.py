"""Compiled tables give what their sources give, and are passed over where the sources have changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from despin import compiled
from despin.maps import MapIndex, RowLines, compile_rows, read_map
from despin.resources import Resources
from despin.tables import data_folder

STRINGS = [[], [""], ["a"], ["", "", "é ü"], ["a b", "", "c"]]


@pytest.mark.parametrize("strings", STRINGS)
def test_strings_come_back(strings: list[str]) -> None:
    assert compiled.parted(compiled.joined(strings)) == strings


def test_parts_come_back_read_only_and_the_same_parts_give_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "source.tsv"
    source.write_text("a")
    parts = {"numbers": np.arange(3), "weights": np.array([0.1, 0.2])}
    for name in ("one.npz", "two.npz"):
        compiled.write(tmp_path / name, [source], parts)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    found = compiled.read(tmp_path / "one.npz", [source])
    assert found is not None
    assert {name: array.tolist() for name, array in found.items()} == {"numbers": [0, 1, 2], "weights": [0.1, 0.2]}
    assert not any(array.flags.writeable for array in found.values())


def test_parts_of_other_sources_are_not_read(tmp_path: Path) -> None:
    source, path = tmp_path / "source.tsv", tmp_path / "table.npz"
    source.write_text("a")
    compiled.write(path, [source], {"numbers": np.arange(3)})
    source.write_text("b")
    assert compiled.read(path, [source]) is None


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"no archive"])
def test_what_is_missing_or_damaged_is_not_read(content: bytes | None, tmp_path: Path) -> None:
    source, path = tmp_path / "source.tsv", tmp_path / "table.npz"
    source.write_text("a")
    if content is not None:
        path.write_bytes(content)
    assert compiled.read(path, [source]) is None


def test_the_shipped_tables_are_of_their_sources() -> None:
    tables = Resources()
    assert all(compiled.read(*tables.compiled(name)) is not None for name in ("maps", "terms"))


@pytest.fixture
def small(tmp_path: Path) -> Resources:
    """Resources with one small map, and nothing compiled."""
    for name in ("lexicon", "context"):
        (tmp_path / name).symlink_to(data_folder() / name)
    (tmp_path / "synonym_maps").mkdir()
    shutil.copy(data_folder() / "synonym_maps" / "as_well.tsv", tmp_path / "synonym_maps")
    return Resources(folder=tmp_path)


def test_a_compiled_map_is_the_map_of_its_rows(small: Resources) -> None:
    path, sources = small.compiled("maps")
    rows = list(read_map(small.map_paths[0]))
    compiled.write(path, sources, compile_rows(rows, small.forms, small.context))
    parts = compiled.read(path, sources)
    assert parts is not None
    ready, made = MapIndex.ready(parts, RowLines(small.map_paths)), MapIndex(rows, small.forms, small.context)
    assert list(ready.rows) == list(made.rows)
    for name, there in vars(made).items():
        same = np.array_equal if isinstance(there, np.ndarray) else lambda one, other: list(one) == list(other)
        assert name == "_width" or same(there, getattr(ready, name)), name


def test_a_changed_map_is_read_from_its_rows(small: Resources) -> None:
    path, sources = small.compiled("maps")
    rows = list(read_map(small.map_paths[0]))
    compiled.write(path, sources, compile_rows(rows[:5], small.forms, small.context))
    table = small.map_paths[0]
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert len(small.maps.spun) > len(compiled.parted(compile_rows(rows[:5], small.forms, small.context)["spun"]))
