"""The score's corpus and fit: passages, learners' errors, error rates, folds that leave out, and the small statistics."""

from __future__ import annotations

import random

import numpy as np
import pytest
from benchmarks import calibrate_score, neural, score, spun_corpus
from benchmarks.calibrate_score import ENGINES, KIND_OF, PERCENTILES, TURNS
from benchmarks.data import Document
from benchmarks.spun_corpus import Passage, distinct, error_rate, learners, passages_of

from despin.measured import REWRITERS, Calibration

SENTENCE = "The gardener went out in the rain to look for the two hens that had not come home. "


def test_passages_are_whole_sentences_of_the_length_that_is_asked_for() -> None:
    document = Document("x", "1", SENTENCE * 20)
    wanted = iter([30, 60, 1000])
    found = list(passages_of(document, lambda: next(wanted)))
    assert [text.count("gardener") for text in found] == [2, 4]
    assert all(text.endswith("home.") for text in found)


def test_a_passage_that_repeats_an_earlier_one_is_left_out() -> None:
    one, other = Passage("x", "1", SENTENCE * 3), Passage("x", "2", "Nothing else was said of it by anyone. " * 3)
    again = Passage("x", "3", SENTENCE * 2 + "And so on.")
    assert distinct([one, other, again]) == [one, other]


def test_learners_change_articles_prepositions_and_endings_only() -> None:
    text = SENTENCE * 10
    changed = learners(text, random.Random(1))
    assert changed != text
    assert learners(text, random.Random(1)) == changed
    kept = {"gardener", "rain", "hens", "hen", "home."}
    assert set(changed.split()) <= {*text.split(), *spun_corpus.PREPOSITIONS, "a", "hen"}
    assert kept & set(changed.split())


@pytest.mark.parametrize(
    ("read", "gold", "rate"),
    [("house", "house", 0.0), ("honse", "house", 0.2), ("", "house", 1.0), ("hous", "house", 0.2), ("x", "", 1.0)],
)
def test_error_rate(read: str, gold: str, rate: float) -> None:
    assert error_rate(read, gold) == pytest.approx(rate)


def test_each_engine_is_left_out_once_and_by_a_lexicon_that_it_does_not_draw_on() -> None:
    left_out = [engine for _, engines in TURNS for engine in engines]
    assert sorted(left_out) == sorted(KIND_OF)
    assert set(ENGINES) == set(REWRITERS)
    for lexicon, engines in TURNS:
        assert not any(engine.startswith(lexicon) for engine in engines)
        assert "unmapped" not in engines or lexicon == "wordnet"


def test_balanced_weights_count_sides_registers_and_engines_alike() -> None:
    spun = np.array([False] * 4 + [True] * 2)
    weight = calibrate_score.balanced(spun, np.array(list("aaabab")), np.array(["", "", "", "", "x", "y"]))
    assert weight[spun].sum() == pytest.approx(weight[~spun].sum())
    assert weight[:3].sum() == pytest.approx(weight[3])


def test_sums_are_calibrated_by_length() -> None:
    bands = (Calibration(50, 1.0, 0.0), Calibration(200, 2.0, -1.0))
    found = calibrate_score.calibrated(np.array([1.0, 1.0, 1.0]), np.array([10.0, 100.0, 5000.0]), bands)
    assert found.tolist() == [1.0, pytest.approx(1.0), 1.0]
    found = calibrate_score.calibrated(np.array([3.0, 3.0]), np.array([50.0, 200.0]), bands)
    assert found.tolist() == [3.0, 5.0]


def test_weighted_quantiles_follow_the_weights() -> None:
    values, weight = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 8.0])
    assert calibrate_score.weighted_quantiles(values, weight, (5, 15, 50)) == [1.0, 2.0, 3.0]


def test_quantiles_rise_strictly() -> None:
    words = np.full(500, 100.0)
    (band,) = calibrate_score.quantiles(np.zeros(500), words, np.ones(500), (50,))
    assert band.percentiles == PERCENTILES
    assert list(band.nats) == sorted(set(band.nats))


def test_upper_quantiles_rise_until_no_large_register_is_flagged_too_often() -> None:
    register = np.array(["a"] * 2000 + ["b"] * 300)
    # one in twenty of b scores high; a person's register, not a spinner's
    nats = np.concatenate([np.linspace(-2, 0, 2000), np.where(np.arange(300) % 20 == 0, 3.0, -1.0)])
    words, weight = np.full(2300, 100.0), np.ones(2300)
    (plain,) = calibrate_score.quantiles(nats, words, weight, (50,))
    (raised,) = calibrate_score.quantiles(nats, words, weight, (50,), register)
    at = PERCENTILES.index(99)
    assert (nats[register == "b"] >= plain.nats[at]).mean() > 0.02
    assert (nats[register == "b"] >= raised.nats[at]).mean() <= 0.02
    assert raised.nats[:5] == plain.nats[:5]
    assert list(raised.nats) == sorted(set(raised.nats))


def test_strangers_are_judged_by_the_other_registers() -> None:
    # register b scores high throughout: by its own threshold hardly any would be flagged
    register = np.array(["a"] * 300 + ["b"] * 300)
    nats = np.concatenate([np.linspace(-2, 0, 300), np.linspace(1, 2, 300)])
    flagged = score.strangers_flagged(nats, np.full(600, 100.0), np.ones(600, np.bool_), register, 0.01)
    assert flagged[300:].all()
    assert not flagged[:300].any()


def test_the_order_of_reading_takes_kinds_by_turns() -> None:
    passages = [Passage("a", "", f"a{n}") for n in range(6)] + [Passage("b", "", f"b{n}") for n in range(2)]
    passages += [Passage("a", "", f"x{n}", engine="x") for n in range(6)]
    first = neural.ordered(passages)[:6]
    assert {passage.register for passage in first if not passage.spun} == {"a", "b"}
    assert sum(passage.spun for passage in first) >= 3
    assert neural.ordered(passages[::-1]) == neural.ordered(passages)
