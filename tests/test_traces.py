"""Traces that name no original: what shows each kind, and the near misses."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from despin.reading import Reading
from despin.resources import Resources, load
from despin.tokens import tokenize
from despin.traces import COMMON, KINDS, ODD, BoolArray, broken_articles, odd_words, stray_capitals, traces

PAGES = Path(__file__).parent / "cases" / "pages"


def read(text: str) -> Reading:
    return Reading(tokenize(text), load("en").context)


def shown(reading: Reading, marked: BoolArray) -> list[str]:
    return [reading.word(item) for item in range(len(reading)) if marked[item]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is Secure and can be used.", ["Secure"]),
        ("We saw the Doctor again and the Nurse too.", ["Doctor", "Nurse"]),
        # names look the same, and are told apart by how common the word is
        ("We saw the Qqzxton again.", ["Qqzxton"]),
        # a sentence begins
        ("Secure sites can be used.", []),
        ("It is so. Secure sites can be used.", []),
        ("It is so.\nSecure sites can be used.", []),
        ("It blocks the receptor.two Given that, it is so.", []),
        # among capitals: a name or a title
        ("We saw Doctor Watson again.", []),
        ("We saw the Royal Society again.", []),
        # not a capital followed by small letters
        ("We saw the NATO again and a McDonald too, and a B of it.", []),
        ("", []),
        ("Secure", []),
    ],
)
def test_stray_capitals(text: str, expected: list[str]) -> None:
    reading = read(text)
    assert shown(reading, stray_capitals(reading)) == expected


def test_only_common_words_count_as_traces() -> None:
    reading = read("We saw the Qqzxton again and the Nurse too.")
    assert shown(reading, traces(reading)["trace.capital"]) == ["Nurse"]
    assert reading.context.vocabulary.id("nurse") < COMMON <= reading.context.vocabulary.id("qqzxton")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was an mistake.", ["an"]),
        ("It was a error.", ["a"]),
        ("An mistake was made.", ["An"]),
        ("It was an new and a old one.", ["an", "a"]),
        ("It was an error and a mistake, a unit, an hour, an MRI and a European.", []),
        # labels, lists and what a mark parts
        ("It was group a F of it.", []),
        ("The vowels are a, e and i.", []),
        ("It is plan a. Every plan is.", []),
        ("It was an.", []),
        ("", []),
    ],
)
def test_broken_articles(text: str, expected: list[str]) -> None:
    reading = read(text)
    assert shown(reading, broken_articles(reading)) == expected


def test_odd_words_are_those_that_do_not_follow() -> None:
    usual = read("They went to the house and had a meal there in the evening.")
    assert shown(usual, odd_words(usual)) == []
    mixed = read("They went to of house and had the them there in the evening.")
    odd = odd_words(mixed)
    assert odd.any()
    assert ((mixed.nats - mixed.alone)[odd] < ODD).all()


def test_what_opens_a_sentence_or_is_not_known_is_never_odd() -> None:
    reading = read("Of qqzxton vrrghvv. Them qqzxton. 17 qqzxton.")
    assert shown(reading, odd_words(reading)) == []


def test_spun_pages_show_more_traces_than_their_originals() -> None:
    def count(kind: str) -> int:
        pages = (read(path.read_text(encoding="utf-8")) for path in sorted(PAGES.glob(f"*.{kind}.txt")))
        return sum(int(marked.sum()) for reading in pages for marked in traces(reading).values())

    assert count("spun") > 2 * count("original")


@pytest.mark.parametrize(
    "text", ["Much vitamin A is lost.", "Hepatitis A infection is rare.", "They had type A influenza."]
)
def test_a_label_is_no_article(text: str) -> None:
    reading = read(text)
    assert shown(reading, broken_articles(reading)) == []


def test_each_kind_has_its_density(resources: Resources) -> None:
    assert set(KINDS) == {kind for kind in resources.densities if kind.startswith("trace.")}


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from("A an the Mistake error of Nurse 5 . , \n b qqzx".split(" ")) | st.characters()).map(
        " ".join
    )
)
def test_traces_are_marks_on_items_of_any_text(text: str) -> None:
    reading = read(text)
    found = traces(reading)
    assert set(found) == set(KINDS)
    for name, marked in found.items():
        assert marked.shape == (len(reading),)
        assert marked.dtype == bool
        assert reading.words[marked].all(), name
