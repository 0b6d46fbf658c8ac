"""The reading: a text's words, numbers and sentence ends by number, and where its items stand in the text."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from despin.context import PADDING
from despin.reading import STOPS, Reading
from despin.resources import Resources, load
from despin.tokens import tokenize


def read(text: str) -> Reading:
    return Reading(tokenize(text), load("en").context)


def items(reading: Reading) -> list[str]:
    """The items as words; numbers, unknown words and sentence ends by a sign."""
    vocabulary = reading.context.vocabulary
    signs = {vocabulary.number: "#", vocabulary.unknown: "?", vocabulary.boundary: "|"}
    return [signs.get(int(number), reading.word(i)) for i, number in enumerate(reading.ids)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Two cats, one (old) dog", ["Two", "cats", "one", "old", "dog"]),
        ("So it is. Then", ["So", "it", "is", "|", "Then"]),
        ("It took 5 days", ["It", "took", "#", "days"]),
        # names with digits, addresses and words of no vocabulary are unknown words
        ("see IL-6 at www.a.org or qqzzxxy", ["see", "?", "at", "?", "or", "?"]),
        ("well-known", ["well", "known"]),
        ("dysfunction.two Given", ["dysfunction", "|", "two", "Given"]),
        # a paragraph ends a sentence
        ("A heading\nIts text", ["A", "heading", "|", "Its", "text"]),
    ],
)
def test_items(text: str, expected: list[str]) -> None:
    assert items(read(text)) == expected


@pytest.mark.parametrize("stop", sorted(STOPS))
def test_each_stop_is_a_sentence_end(stop: str) -> None:
    assert items(read(f"one{stop} two")) == ["one", "|", "two"]


def test_numbers_are_those_of_the_context_model() -> None:
    reading = read("The cats isn’t CAFÉ")
    assert reading.ids.tolist() == [reading.context.vocabulary.id(word) for word in ("the", "cats", "isn't", "café")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two", [True, False]),
        ("one-two", [True, False]),
        ("one‑two", [True, False]),
        ("one, two", [False, False]),
        ("one - two", [False, False]),
        ("one (two", [False, False]),
        ("one. two", [False, False, False]),
        ("one\ntwo", [False, False, False]),
        ("one  two", [True, False]),
        # glued
        ("one/two", [False, False]),
    ],
)
def test_joined(text: str, expected: list[bool]) -> None:
    assert read(text).joined.tolist() == expected


def test_opens_and_capitals() -> None:
    reading = read("The Cat sat. fourteen Then 12 The end")
    assert [reading.word(i) for i in np.flatnonzero(reading.opens) if reading.words[i]] == ["The", "fourteen"]
    assert [reading.word(i) for i in np.flatnonzero(reading.capital)] == ["The", "Cat", "Then", "The"]
    # a citation or list number may stand before the first word
    numbered = read("So it is. 12 The end")
    assert bool(numbered.opens[numbered.ids.tolist().index(numbered.context.vocabulary.number) + 1])


def opening(text: str) -> list[str]:
    reading = read(text)
    return [reading.word(i) for i in np.flatnonzero(reading.opens & reading.words)]


def test_a_citation_turned_into_a_word_stands_before_the_first_word() -> None:
    assert opening("It failed.two Given that") == ["It", "two", "Given"]
    # two sentences glued together; a word after a blank; a name inside a sentence
    assert opening("It failed.Given That is") == ["It", "Given"]
    assert opening("It failed. two Given that") == ["It", "two"]
    assert opening("It failed.two given That") == ["It", "two"]


def test_spans_and_words() -> None:
    reading = read("So, the old cat.")
    assert reading.span(1, 3) == (4, 15)
    assert reading.tokens.text[slice(*reading.span(2, 3))] == "old cat"
    assert [reading.word(i) for i in (-1, 0, 3, 4, 5)] == ["", "So", "cat", "", ""]
    assert reading.word_count == 4


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("one two", 2),
        ("one two\n\nthree", 3),
        # a copy of a paragraph, at once or later, adds nothing
        ("one two.\n\none two.", 2),
        ("one two.\n\nthree\n\none two.\n\none two.", 3),
        # what differs is no copy
        ("one two.\n\none two!", 4),
        ("one two.\n\nOne two.", 4),
    ],
)
def test_words_of_copied_paragraphs_count_once(text: str, count: int) -> None:
    assert read(text).new_word_count == count


def test_another_numbering() -> None:
    reading = read("The cat. the CAT 5 dog")
    assert reading.numbers_in({"the": 7, "cat": 3}).tolist() == [7, 3, -1, 7, 3, -1, -1]


texts = st.lists(
    st.sampled_from(["the", "The", "cat", "isn’t", "12", " ", " ", "-", ". ", "?", "\n", "IL-6", "(", "\ud800", "é", "www.a.org"]) | st.characters(),
    max_size=30,
).map("".join)  # fmt: skip


@given(texts)
def test_a_reading_refers_to_its_tokens(text: str) -> None:
    reading = read(text)
    count = len(reading)
    assert (np.diff(reading.index) > 0).all()
    assert len(reading.ids) == len(reading.joined) == len(reading.opens) == len(reading.capital) == count
    assert reading.word_count <= count
    for item in range(count):
        start, end = reading.span(item, item)
        assert 0 <= start < end <= len(text)
        assert reading.word(item) in ("", text[start:end])
    if count:
        assert bool(reading.opens[0])
        assert not reading.joined[-1]


@given(texts)
def test_running_sums_are_sums(text: str) -> None:
    reading = read(text)
    for running, each in ((reading.running, reading.nats), (reading.running_alone, reading.alone)):
        assert len(running) == len(reading) + 1
        np.testing.assert_allclose(np.diff(running), each, atol=1e-6)


def test_alone_is_without_neighbours(resources: Resources) -> None:
    reading = read("the cat")
    nothing = np.full(2, PADDING, np.int64)
    np.testing.assert_allclose(reading.alone, resources.context.log_prob(nothing, nothing, reading.ids))
    assert reading.alone[0] > reading.alone[1]
