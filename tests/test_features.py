"""Features of a text: any stretch from running sums, what counts and how, and that findings never lower a score."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from despin.features import (
    FEATURES,
    FITS,
    LIGHT,
    MOST_DEVIATIONS,
    MOST_DOUBT,
    MOST_ORIGINAL,
    ONLY_FOR,
    WEIGHED_BY,
    WORD_SIGNALS,
    Items,
    Measure,
    deviations,
    doubt,
    items_of,
    mixed,
    original_nats,
)
from despin.measured import REWRITERS, ScoreWeights, Steps, load_pairs
from despin.pipeline import propose, rounds_of
from despin.reading import Reading
from despin.resources import Resources, load
from despin.tables import TableError
from despin.tokens import tokenize

PAGES = Path(__file__).parent / "cases" / "pages"


def read(text: str) -> tuple[Reading, Items]:
    tables = load("en")
    reading = Reading(tokenize(text), tables.context)
    return reading, items_of(reading, propose(reading, tables, rounds_of()["wording"]), tables.spun_lexicon)


def test_a_stretch_has_the_means_of_its_words(resources: Resources) -> None:
    _, items = read((PAGES / "abstract.spun.txt").read_text(encoding="utf-8"))
    measure = Measure(items, resources.word_doubts, resources.pair_nats)
    count = len(items.starts)
    means, counts = measure.means(np.array([[0, count], [0, count // 2], [count // 2, count]]))
    assert means.shape == counts.shape == (3, len(FEATURES))
    # the halves make up the whole
    assert np.allclose(means[0] * counts[0], means[1] * counts[1] + means[2] * counts[2])
    place = list(FEATURES).index("fit.content")
    content = items.judged & ~items.common
    assert means[0, place] == pytest.approx(-items.signals[0][content].mean())
    assert counts[0, place] == content.sum()


def test_pairs_are_of_words_and_of_endings(resources: Resources) -> None:
    reading, items = read("The running of the. Zorbling, in 1905")
    names = resources.context.vocabulary.class_names
    said = [(names[pair // len(names)], names[pair % len(names)]) for pair in items.pairs.tolist()]
    assert said == [
        ("(stop)", "the"), ("the", "-ing"), ("-ing", "of"), ("of", "the"), ("the", "(stop)"), ("(stop)", "(unknown)"),
        ("(unknown)", "in"), ("in", "(number)"),
    ]  # fmt: skip
    assert len(items.pairs) == len(reading)
    place = list(FEATURES).index("moved.pairs")
    means, _ = Measure(items, resources.word_doubts, resources.pair_nats).means(np.array([[0, len(reading)]]))
    assert means[0, place] == pytest.approx(resources.pair_nats[items.pairs][items.words].mean())


def test_a_table_of_pairs_is_read_by_names(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("before\tword\tnats\tnote\nof\t-ing\t0.5\t\n", encoding="utf-8")
    assert load_pairs(path, ["-ing", "of"]).tolist() == [0.0, 0.0, 0.5, 0.0]
    path.write_text("before\tword\tnats\tnote\nof\t-ink\t0.5\t\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"pairs\.tsv:2: '-ink' is no class of words"):
        load_pairs(path, ["-ing", "of"])


def test_no_text_has_no_features(resources: Resources) -> None:
    _, items = read("")
    means, counts = Measure(items, resources.word_doubts, resources.pair_nats).means(np.array([[0, 0]]))
    assert not means.any()
    assert not counts.any()


def test_a_doubt_adds_up_the_steps_of_the_signals() -> None:
    nothing = Steps(np.zeros(0), np.zeros(1))
    tables = dict.fromkeys(WORD_SIGNALS, nothing)
    tables["left"] = Steps(np.array([-1.0, 2.0]), np.array([3.0, 0.0, -1.0]))
    tables["share"] = Steps(np.array([0.0]), np.array([0.0, 50.0]))
    signals = np.zeros((len(WORD_SIGNALS), 4))
    signals[0] = [-5.0, -1.0, 2.0, 9.0]
    signals[3] = [-1.0, -1.0, -1.0, 1.0]
    # what stands on an edge belongs above it; nothing counts without bound
    assert doubt(signals, tables).tolist() == [3.0, 0.0, -1.0, MOST_DOUBT]


def test_a_page_with_few_altered_words_makes_little_of_one_that_fits() -> None:
    ratio = mixed(np.expm1([-MOST_DOUBT, 0.0, MOST_DOUBT]), LIGHT)
    assert ratio[0] == pytest.approx(np.log1p(-LIGHT), abs=1e-3)
    assert ratio[1] == 0.0
    assert ratio[2] > 4


def test_originals_are_tried_where_a_word_does_not_fit(resources: Resources) -> None:
    _, items = read("The doctor took the vital signs of the patient. The doctor took the essential signs of the man.")
    gain = items.signals[0] + items.signals[1]
    tried = items.signals[WORD_SIGNALS.index("original")] > -MOST_ORIGINAL
    assert tried.any()
    assert (gain[tried] < FITS).all()
    assert not tried[items.common | ~items.judged].any()
    # "a good deal" for "a good trade": the usual word is likelier than the one that stands there
    odd, _ = read("He was able to acquire a job at the bank.")
    at = np.array([item for item in range(len(odd)) if odd.word(item) == "acquire"])
    fine, _ = read("He was able to find a job at the bank.")
    there = np.array([item for item in range(len(fine)) if fine.word(item) == "find"])
    lexicon = resources.spun_lexicon
    assert original_nats(odd, at, lexicon)[0] > original_nats(fine, there, lexicon)[0]


def test_deviations_shrink_with_the_text() -> None:
    zeros = np.zeros((1, len(REWRITERS)))
    weights = ScoreWeights(np.array([0.1]), np.array([1.0]), np.array([0.0]), zeros, zeros[0])
    short, long = (deviations(np.array([[0.2]]), np.array([[count]]), weights)[0, 0] for count in (25.0, 400.0))
    assert (short, long) == (pytest.approx(0.5), pytest.approx(2.0))
    assert deviations(np.array([[9.0]]), np.array([[1e6]]), weights)[0, 0] == MOST_DEVIATIONS


def test_findings_and_traces_never_lower_the_score(resources: Resources) -> None:
    weights = resources.score_weights.weight
    for name, row in zip(FEATURES, weights, strict=True):
        if name in ONLY_FOR:
            assert row.min() >= 0, name
    assert {name for names in WEIGHED_BY.values() for name in names} == set(FEATURES)
    for kind, column in zip(REWRITERS, weights.T, strict=True):
        unused = [name not in WEIGHED_BY[kind] for name in FEATURES]
        assert not column[unused].any()


@settings(max_examples=40)
@given(st.lists(st.sampled_from("A an the Mistake error of Nurse 5 . , \n acquire qqzx".split(" "))).map(" ".join))
def test_features_of_any_text_are_finite(text: str) -> None:
    _, items = read(text)
    means, counts = Measure(items, load("en").word_doubts, load("en").pair_nats).means(
        np.array([[0, len(items.starts)]])
    )
    assert np.isfinite(means).all()
    assert (counts <= len(items.starts)).all()


def test_what_stands_beside_an_unknown_word_is_not_judged() -> None:
    _, items = read("The prioe one penny is the price of one penny.")
    # "prioe" is unknown: neither it nor "The" and "one" beside it are judged
    assert items.judged.tolist()[:5] == [False, False, False, True, True]
    assert items.judged[4:10].all()


def test_noise_is_what_nobody_knows(resources: Resources) -> None:
    _, items = read("The prioe of o t penny, a Mr Zetlandov said, and I b agree.")
    reading, _ = read("The prioe of o t penny, a Mr Zetlandov said, and I b agree.")
    # names are no noise, nor are the letters that are words
    assert [reading.word(item) for item in range(len(reading)) if items.noise[item]] == ["prioe", "o", "t", "b"]
