"""What may have stood beside a place: the sum over neighbours' originals, and how damaged a sentence seems."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from despin.context import PADDING
from despin.maps import CONTEXT_MOST, MapIndex, Row
from despin.neighbours import LEAST_STANDING, USUAL, Neighbours, damage_of, likely, standing_at
from despin.reading import Reading
from despin.resources import load
from despin.tokens import tokenize

SHIPPED = load("en")


def index_of(*pairs: tuple[str, str]) -> MapIndex:
    """An index of rows original <- spun."""
    rows = [Row(original, spun, "x", "phrase_rewriter", 0.5, "author", (), "") for original, spun in pairs]
    return MapIndex(rows, SHIPPED.forms, SHIPPED.context)


def around(text: str, share: float, *pairs: tuple[str, str]) -> tuple[Reading, Neighbours]:
    """The neighbours in a text where each original of its wordings is as likely as `share`."""
    reading, index = Reading(tokenize(text), SHIPPED.context), index_of(*pairs)
    matches = index.find(reading)
    which, candidate = index.expand(matches)
    shares = np.full(len(which), share)
    return reading, likely(reading, index, matches.at[which], matches.length[which], candidate, shares)


def fit(reading: Reading, neighbours: Neighbours, word: str, place: str) -> float:
    """How well a word would stand where `place` stands."""
    at = np.array([[reading.word(item) for item in range(len(reading))].index(place)])
    ids = standing_at(Reading(tokenize(word), SHIPPED.context), np.array([0]), np.array([1]))
    one = np.array([1])
    return float(neighbours.fits(at, one, ids, one, SHIPPED.context.alone(ids[:, 0]))[0])


CRISIS = ("crisis", "emergency")


def test_what_was_replaced_beside_it_speaks_for_an_original() -> None:
    text = "The monetary emergency hit every bank."
    standing, known = (around(text, share, CRISIS) for share in (0.0, 0.8))
    assert fit(*known, "financial", "monetary") > fit(*standing, "financial", "monetary") + 1.0


def test_from_the_other_side_and_over_one_word_too() -> None:
    before = "They saw a mechanical revolution in the town."
    standing, known = (around(before, share, ("industrial", "mechanical")) for share in (0.0, 0.8))
    assert fit(*known, "revolution", "revolution") > fit(*standing, "revolution", "revolution") + 1.0
    apart = "It is a matter of existence and death for them."
    standing, known = (around(apart, share, ("life", "existence")) for share in (0.0, 0.8))
    assert fit(*known, "death", "death") > fit(*standing, "death", "death") + 0.5


@pytest.mark.parametrize(
    "text",
    [
        "The monetary, emergency hit every bank.",  # a mark parts them
        "It is monetary. Emergency hit every bank.",  # and the end of a sentence
        "The monetary and the old emergency hit every bank.",  # too far away
    ],
)
def test_what_is_no_neighbour_says_nothing(text: str) -> None:
    standing, known = (around(text, share, CRISIS) for share in (0.0, 0.8))
    assert fit(*known, "financial", "monetary") == fit(*standing, "financial", "monetary")


def test_what_was_put_in_is_no_neighbour() -> None:
    standing, known = (around("The monetary emergency hit.", share, ("", "emergency")) for share in (0.0, 0.8))
    assert fit(*known, "financial", "monetary") == fit(*standing, "financial", "monetary")


WORDS = ("monetary", "emergency", "hit", "the", "bank", ".", ",", "x9")


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.floats(0, 1))
def test_shares_are_probabilities_and_fits_are_bounded(words: list[str], share: float) -> None:
    reading, neighbours = around(" ".join(words), share, CRISIS, ("financial crisis", "monetary emergency"))
    for shares in (neighbours.left_share, neighbours.right_share):
        assert np.allclose(shares.sum(axis=1), 1.0)
        assert (shares[:, 0] >= LEAST_STANDING - 1e-9).all()
    count = len(reading)
    at, length = np.arange(count), np.ones(count, np.int64)
    ids = standing_at(reading, at, length)
    fits = neighbours.fits(at, length, ids, length, SHIPPED.context.alone(np.maximum(ids[:, 0], 0)))
    assert (abs(fits) <= CONTEXT_MOST).all()


def test_standing_words_are_padded() -> None:
    reading = Reading(tokenize("one two three"), SHIPPED.context)
    (row,) = standing_at(reading, np.array([1]), np.array([2])).tolist()
    assert row[:2] == reading.ids[1:].tolist()
    assert set(row[2:]) == {PADDING}


def nearby(text: str, replaced: list[int], place: int) -> float:
    """The damage around one place where the words at other places are as good as known to be replaced."""
    reading = Reading(tokenize(text), SHIPPED.context)
    at = np.array(replaced, np.int64)
    damage = damage_of(reading, at, np.ones(len(at), np.int64), np.arange(len(at)), np.full(len(at), 0.95))
    return float(damage.nearby(np.array([place]), np.array([1]))[0])


TEXT = "This is a line of ten words that was spun. And this is another one of them."


def test_damage_in_the_same_sentence_counts() -> None:
    none, one, two = (nearby(TEXT, replaced, 3) for replaced in ([], [0], [0, 6]))
    assert none < 0 < two
    assert none < one < two


def test_damage_elsewhere_and_of_the_place_itself_does_not() -> None:
    assert nearby(TEXT, [], 3) == nearby(TEXT, [3], 3) == nearby(TEXT, [12, 14], 3)


def test_a_place_without_neighbours_is_as_any_other() -> None:
    assert nearby("Word.", [], 0) == 0.0
    assert USUAL == 0.2  # what nats of the signal are against: `despin.rates.HEAVY`
