"""`benchmarks.spin` counts what it says: ranks, groups, confidences; its peers rank as they say."""

from __future__ import annotations

import pytest
from benchmarks import spin_peers as peers
from benchmarks.data import MissingData
from benchmarks.spin import Answer, Question, grouped, judge, print_reliability, row, variant, words_of

from despin.resources import load


def question(wording: str = "bosom malignancy", original: str = "breast cancer", half: str = "seen") -> Question:
    return Question(wording, "", "", frozenset({words_of(original)}), "2 words", half)


def test_the_rank_of_the_right_answer_is_found_whatever_its_case_and_hyphens() -> None:
    answers = judge([question(original="Third-Party")], lambda *_: ["first party", "third party"])
    assert [(answer.rank, answer.answered, answer.named) for answer in answers] == [(1, True, True)]


def test_no_answer_is_told_from_a_wrong_one() -> None:
    wrong, silent = judge([question()], lambda *_: ["chest cold"])[0], judge([question()], lambda *_: [])[0]
    assert (wrong.rank, wrong.answered) == (-1, True)
    assert (silent.rank, silent.answered) == (-1, False)


def test_a_row_counts_first_and_among_five_apart() -> None:
    answers = [Answer(question(), rank, True, named=rank >= 0) for rank in (0, 3, 7, -1)]
    cells = row("x", answers)
    assert [cell.split()[0] for cell in cells[1:]] == ["4", "0.250", "0.500", "1.000", "0.750"]


def test_answers_are_grouped_by_half_and_by_length() -> None:
    answers = [Answer(question(half=half), 0, True) for half in ("seen", "unseen", "unseen")]
    assert [(name.strip(), len(held)) for name, held in grouped(answers)] == [
        ("seen", 1),
        ("unseen", 2),
        ("2 words", 3),
    ]


def test_reliability_compares_what_was_said_with_what_was_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_reliability("t", [(0.8, True), (0.8, False), (1.0, True)])
    out = capsys.readouterr().out
    assert "expected calibration error 0.200" in out
    assert "0.70-0.85" in out
    assert "0.95-1.00" in out


def test_a_variant_replaces_one_table_and_leaves_the_shipped_ones_alone() -> None:
    shipped = load()
    changed = variant(shipped, spin_weights={"row": 0.0})
    assert changed.spin_weights == {"row": 0.0}
    assert changed.maps is shipped.maps
    assert shipped.spin_weights != {"row": 0.0}


def test_pairs_of_words_beat_single_ones_where_they_belong_together() -> None:
    assert peers.chained(("supply", "chain")) > peers.chained(("offer", "chain"))
    assert peers.unigram("the") > peers.unigram("thesaurus")


def test_what_a_peer_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    peers.screened.cache_clear()
    with pytest.raises(MissingData, match="pip install torturephrases-estimator"):
        peers.screened()
