"""Suggestions: the likeliest originals of a phrase, with and without what stands around it."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

import despin
from despin import DespinError, suggesting
from despin.resources import Resources


@pytest.mark.parametrize(
    ("phrase", "left", "right", "best"),
    [
        ("bosom malignancy", "a history of", "in the family", "breast cancer"),
        ("bosom malignancy", "", "", "breast cancer"),
        ("important signs", "the nurse took his", "at noon", "vital signs"),
        ("resulting from an mistake", "", "in the sum", "due to an error"),
    ],
)
def test_the_likeliest_original_comes_first(phrase: str, left: str, right: str, best: str) -> None:
    assert best in [suggestion.text for suggestion in despin.suggest(phrase, left=left, right=right, n=3)]
    assert (
        despin.suggest(phrase, left=left, right=right, n=1) == despin.suggest(phrase, left=left, right=right, n=3)[:1]
    )


def confidence(phrase: str, text: str, left: str = "", right: str = "") -> float:
    return next((s.confidence for s in despin.suggest(phrase, left=left, right=right, n=50) if s.text == text), 0.0)


@pytest.mark.parametrize(
    ("phrase", "original", "left", "right"),
    [
        ("important", "vital", "the nurse took his", "signs at noon"),
        ("malignancy", "cancer", "she was treated for breast", ""),
        ("bosom", "breast", "", "cancer"),
    ],
)
def test_the_words_around_a_phrase_speak_for_what_goes_with_them(
    phrase: str, original: str, left: str, right: str
) -> None:
    around = confidence(phrase, original, left, right)
    assert around > confidence(phrase, original) + 0.05


def test_only_the_nearest_words_count() -> None:
    near = despin.suggest("bosom malignancy", left="a history of", right="in the")
    assert (
        despin.suggest("bosom malignancy", left="They wrote that there is a history of", right="in the family.") == near
    )


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_n_is_the_most_that_are_given(n: int) -> None:
    assert len(despin.suggest("bosom malignancy", n=n)) == n


def test_a_phrase_that_no_row_knows_has_no_suggestion() -> None:
    assert despin.suggest("qqzx vrrgh") == ()


def test_evidence_names_the_rows(resources: Resources) -> None:
    best = despin.suggest("bosom malignancy", left="a history of")[0]
    by_maps, by_context, by_term = best.evidence
    assert (by_maps.rule, by_context.rule, by_term.rule) == ("spin.map", "spin.context", "spin.term")
    assert by_maps.source == "breast <- bosom; cancer <- malignancy"
    assert by_context.nats > 0
    assert by_term.nats > 0


def test_every_signal_has_a_weight_and_every_weight_a_signal(resources: Resources) -> None:
    assert list(resources.suggest_weights) == list(suggesting.SIGNALS)


def test_signals_are_those_of_the_wording_against_what_stands_there(resources: Resources) -> None:
    ways, table = suggesting.weighed("bosom malignancy", "a history of", "", resources)
    signals = dict(zip(suggesting.SIGNALS, table[[way.words for way in ways].index(("breast", "cancer"))], strict=True))
    assert (signals["always"], signals["in_context"], signals["steps"], signals["longer"]) == (1, 1, 2, 0)
    assert signals["term"] == 1
    assert signals["common"] > 0 < signals["ngrams"]
    _, alone = suggesting.weighed("bosom malignancy", "", "", resources)
    assert not alone[:, suggesting.SIGNALS.index("in_context")].any()


phrases = st.lists(
    st.sampled_from(
        "bosom malignancy important signs an mistake inside of purchase the house Risk-free prior to".split()
    ),
    min_size=1,
    max_size=5,
).map(" ".join)


@settings(max_examples=40)
@given(phrases, st.sampled_from(["", "a history of", "It was so."]), st.sampled_from(["", "in the family", ". Then"]))
@example("bosom malignancy", "a history of", "in the family")
def test_laws(phrase: str, left: str, right: str) -> None:
    found = despin.suggest(phrase, left=left, right=right, n=20)
    assert found == despin.suggest(phrase, left=left, right=right, n=20)
    texts = [suggestion.text for suggestion in found]
    assert len(set(texts)) == len(texts)
    assert " ".join(phrase.lower().replace("-", " ").split()) not in texts
    confidences = [suggestion.confidence for suggestion in found]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) <= 1.001
    assert all(suggestion.evidence[0].rule == "spin.map" for suggestion in found)
    assert found[:2] == despin.suggest(phrase, left=left, right=right, n=2)


@pytest.mark.parametrize("phrase", ["", "  ", "...", "12"])
def test_a_phrase_without_a_word_is_refused(phrase: str) -> None:
    with pytest.raises(DespinError, match="give a phrase with at least one word"):
        despin.suggest(phrase)


def test_bytes_are_refused() -> None:
    with pytest.raises(TypeError, match="reads str, not bytes; decode bytes first"):
        despin.suggest(b"bosom malignancy")  # type: ignore[arg-type]


@pytest.mark.parametrize("phrase", ["bosom malignancy.", "bosom malignancy?", "He died. bosom malignancy was rare"])
def test_stops_leave_no_stray_blanks(phrase: str) -> None:
    for suggestion in despin.suggest(phrase):
        assert suggestion.text == " ".join(suggestion.text.split())
