"""Candidate recall: an original is named when the maps lead to it, in one step or piece by piece, and not otherwise."""

from __future__ import annotations

import pytest
from benchmarks.recall import HALVES, Case, half_of, named, recall, words_of

from despin.maps import MapIndex, Row
from despin.resources import Resources, load


@pytest.fixture(scope="module")
def resources() -> Resources:
    return load()


def index(resources: Resources, *pairs: tuple[str, str]) -> MapIndex:
    rows = [Row(original, spun, "n", "fam", 0.5, "author", (), "") for original, spun in pairs]
    return MapIndex(rows, resources.forms, resources.context)


PAIRS = (
    ("breast", "bosom"),
    ("cancer", "malignancy"),
    ("supply chain", "offer chain"),
    ("", "here"),
    ("party", "get together"),
)


@pytest.mark.parametrize(
    ("spun", "original", "expected"),
    [
        ("bosom malignancy", "breast cancer", True),
        ("Bosom Malignancies", "breast cancers", True),
        ("bosom tumor", "breast tumor", True),
        ("offer chain", "supply chain", True),
        ("third-get together", "third-party", True),
        ("a here test", "a test", True),
        ("bosom malignancy", "breast tumor", False),
        ("bosom", "breast cancer", False),
        ("offer", "supply", False),
    ],
)
def test_named(resources: Resources, spun: str, original: str, expected: bool) -> None:
    assert named(Case(spun, original, "g", "seen"), index(resources, *PAIRS), resources) is expected


def test_recall_is_counted_by_group(resources: Resources) -> None:
    cases = [Case("bosom", "breast", "b", "seen"), Case("tumor", "cancer", "a", "seen")]
    assert recall(cases, index(resources, *PAIRS), resources) == {"a": (0, 1), "b": (1, 1), "all": (1, 2)}


def test_halves_do_not_depend_on_case_and_both_occur() -> None:
    assert half_of("Supply chain") == half_of("supply chain")
    assert {half_of(str(number)) for number in range(20)} == set(HALVES)


def test_words_of_a_wording() -> None:
    assert words_of("Third-party Seller’s") == ["third", "party", "seller's"]
