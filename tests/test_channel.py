"""The noisy channel: alignment, candidates, and what is in which case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from despin.channel import Alignment, Channel, Confusions, bit_count, coded_rows, in_case, read_confusions
from despin.resources import load
from despin.tables import TableError

CONFUSIONS = Confusions([("h", "li", 10, 1000), ("rn", "m", 20, 1000), ("e", "c", 5, 1000), ("e", "", 1, 1000)])


def aligned(seen: str, true: str, confusions: Confusions = CONFUSIONS) -> float:
    (one, lengths), (other, others) = coded_rows([seen]), coded_rows([true])
    return float(Alignment([confusions]).nats(one, lengths, other, others)[0, 0])


@pytest.mark.parametrize(
    ("seen", "true", "share"),
    [
        ("tlie", "the", 0.01),
        ("modem", "modern", 0.02),
        ("thc", "the", 0.005),
        ("th", "the", 0.001),
        ("the", "the", 1.0),
    ],
)
def test_alignment_takes_the_counts(seen: str, true: str, share: float) -> None:
    assert aligned(seen, true) == pytest.approx(np.log(share), abs=1e-4)


def test_alignment_of_two_confusions_is_their_product() -> None:
    assert aligned("tlic", "the") == pytest.approx(np.log(0.01 * 0.005), abs=1e-4)


def test_rows_are_aligned_apart_from_each_other() -> None:
    seen, true = ["tlie", "a", "modem"], ["the", "b", "modern"]
    (one, lengths), (other, others) = coded_rows(seen), coded_rows(true)
    together = Alignment([CONFUSIONS]).nats(one, lengths, other, others)[:, 0]
    assert together.tolist() == pytest.approx([aligned(s, t) for s, t in zip(seen, true, strict=True)])


def test_eras_are_aligned_apart_from_each_other() -> None:
    other_era = Confusions([("h", "li", 1, 1000), ("e", "c", 50, 1000)])
    (one, lengths), (other, others) = coded_rows(["tlie", "thc"]), coded_rows(["the", "the"])
    by_era = Alignment([CONFUSIONS, other_era]).nats(one, lengths, other, others)
    assert by_era.tolist() == [[aligned(s, "the", era) for era in (CONFUSIONS, other_era)] for s in ("tlie", "thc")]


def test_candidates_come_in_the_case_of_what_was_read() -> None:
    channel = Channel(["the", "then"], [False, False], [-3.0, -6.0], [CONFUSIONS])
    (found,) = channel.candidates(["Tlie"])
    assert found[0].word == "The"
    assert channel.candidates([]) == []
    assert channel.candidates(["x" * 40, "\u4e2d\u6587"]) is not None


@pytest.mark.parametrize(
    ("word", "seen", "expected"),
    [
        ("the", "Tlie", "The"),
        ("the", "TBE", "THE"),
        ("the", "tbe", "the"),
        ("register", "RBGISTEr", "REGISTER"),
        ("a", "I", "A"),
    ],
)
def test_in_case(word: str, seen: str, expected: str) -> None:
    assert in_case([word], seen) == [expected]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_bit_count(numbers: list[int]) -> None:
    assert bit_count(np.array(numbers, np.uint64)).tolist() == [number.bit_count() for number in numbers]


def test_shipped_channel_knows_common_misreadings() -> None:
    seen = "tlie tbe aud whioh arrivcd commitec".split()
    best = [found[0].word for found in load().channel.candidates(seen)]
    assert best[:5] == "the the and which arrived".split()


def test_a_broken_table_names_its_line(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "confusions_old.tsv"
    path.write_text("true\tseen\tcount\tof\ne\tc\tmany\t10\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"confusions_old\.tsv:2"):
        read_confusions(path)


def test_other_marks_count_as_one() -> None:
    confusions = Confusions([("h", "»", 1, 100), ("h", "«", 1, 100), ("t", "7", 1, 100)])
    assert aligned("t*e", "the", confusions) == pytest.approx(np.log(0.02), abs=1e-4)
    assert aligned("9he", "the", confusions) == pytest.approx(np.log(0.01), abs=1e-4)


def test_what_is_remembered_changes_nothing() -> None:
    channel = Channel(["the", "then"], [False, False], [-3.0, -6.0], [CONFUSIONS])
    first = channel.candidates(["tlie", "thc"])
    assert channel.candidates(["thc", "tlie", "thc"]) == [first[1], first[0], first[1]]
