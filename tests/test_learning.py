"""Learning a map of one's own from pairs of texts."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

import despin
from despin.learning import MOST_WORDS, learn_map
from despin.maps import lint, read_map

PAIRS = [
    ("Doctors monitor the vital signs of patients.", "Physicians monitor the important signs of patients."),
    ("Vital signs were stable; doctors waited.", "Important signs were stable; physicians waited."),
    ("They made it possible to act.", "They enabled to act."),
]


def learnt(pairs: list[tuple[str, str]], least: int = 1) -> dict[tuple[str, str], float]:
    return {(row.original, row.spun): row.weight for row in learn_map(pairs, least=least).rows}


def test_substitutions_are_counted_against_how_often_the_wording_stands() -> None:
    assert learnt(PAIRS) == {
        ("doctors", "physicians"): 0.5,
        ("made it possible", "enabled"): 0.3333,
        ("vital", "important"): 0.5,
    }
    assert learnt([*PAIRS, ("An important day.", "An important day.")])["vital", "important"] == 0.4


def test_what_was_seen_too_rarely_is_left_out() -> None:
    assert ("made it possible", "enabled") not in learnt(PAIRS, least=2)


@pytest.mark.parametrize(
    ("original", "spun"),
    [
        ("It was in 1905.", "It was in 1906."),  # no wording: a number
        ("The same text.", "The same text."),
        ("One ends. Two begins.", "One ends; Two begins."),  # a mark for a mark
        ("Left out here now.", "Left now."),  # nothing stands in its place
        ("a b c d e f g x", "h i j k l m n x"),  # longer than any dictionary entry
    ],
)
def test_what_is_no_substitution_is_not_learnt(original: str, spun: str) -> None:
    assert learnt([(original, spun)]) == {}


def test_a_map_is_written_as_the_linter_wants_it(tmp_path: Path) -> None:
    learned = learn_map(PAIRS, family="ours")
    path = learned.save(tmp_path)
    assert path == tmp_path / "ours.tsv"
    assert list(lint([path])) == []
    assert tuple(read_map(path)) == learned.rows
    assert [file.name for file in tmp_path.iterdir()] == ["ours.tsv"]


def test_texts_too_long_to_align_are_refused() -> None:
    with pytest.raises(despin.DespinError, match=r"pair 1 .* paragraphs as pairs"):
        learn_map([("a", "b"), ("word " * (MOST_WORDS + 1), "b")])


@given(st.lists(st.tuples(st.text("ab .-’é\t\n1"), st.text("ab .-’é\t\n1")), max_size=4))
def test_whatever_is_learnt_is_a_map(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
    path = learn_map(pairs).save(tmp_path_factory.mktemp("maps"))
    assert list(lint([path])) == []


def test_hyphenated_words_stay_whole() -> None:
    (row,) = learn_map([("Read the quarterly report - now.", "Read the three-monthly dossier - now.")]).rows
    assert (row.original, row.spun, row.note) == ("quarterly report", "three-monthly dossier", "seen 1 time of 1")
