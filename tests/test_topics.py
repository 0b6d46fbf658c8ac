"""How well words go with the topic of the text around them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from despin.neighbours import standing_at
from despin.reading import Reading
from despin.resources import load
from despin.tokens import tokenize
from despin.topics import LEAST_NATS, MOST_NATS, WINDOW, Topic

SHIPPED = load("en")
MEDICAL = "The surgeon removed tissue from the skin of the patient, and the biopsy showed no tumour near the {}."
CODE = "The processor runs software that sorts data, and the program computes each index with a new {}."


def fit(text: str, word: str) -> float:
    """How well `word` goes with what stands around the last word of `text`."""
    reading = Reading(tokenize(text), SHIPPED.context)
    at = np.flatnonzero(reading.words)[-1:]
    ids = standing_at(Reading(tokenize(word), SHIPPED.context), np.array([0]), np.array([1]))
    return float(Topic(reading, SHIPPED.dense).fits(at, np.array([1]), ids)[0])


def test_the_word_of_the_topic_goes_better() -> None:
    medical, code = MEDICAL.format("place"), CODE.format("place")
    assert fit(medical, "lesion") - fit(medical, "algorithm") > fit(code, "lesion") - fit(code, "algorithm") + 1.0


def test_the_most_frequent_words_have_no_topic() -> None:
    assert fit(MEDICAL.format("place"), "which") == 0.0


def test_nothing_is_known_where_no_topical_word_stands() -> None:
    assert fit("And this is that of the place", "lesion") == 0.0


def test_what_stands_at_the_place_itself_does_not_count() -> None:
    assert fit(MEDICAL.format("lesion"), "lesion") == fit(MEDICAL.format("place"), "lesion")


def test_words_further_away_do_not_count() -> None:
    far = "lesion " + "of the " * WINDOW
    assert fit(far + "place", "lesion") == 0.0


@given(st.lists(st.sampled_from(("lesion", "tumour", "software", "the", "qqzx", ".")), min_size=1, max_size=30))
def test_fits_are_bounded_and_the_same_each_time(words: list[str]) -> None:
    reading = Reading(tokenize(" ".join(words)), SHIPPED.context)
    at, length = np.arange(len(reading)), np.ones(len(reading), np.int64)
    ids = standing_at(reading, at, length)
    topic = Topic(reading, SHIPPED.dense)
    fits = topic.fits(at, length, ids)
    assert ((fits >= LEAST_NATS) & (fits <= MOST_NATS)).all()
    assert (fits == Topic(reading, SHIPPED.dense).fits(at, length, ids)).all()
