"""Traces that name no original: what shows each kind, and the near misses."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from despin.reading import Reading
from despin.resources import Resources, load
from despin.tokens import tokenize
from despin.traces import BoolArray, _asked, broken_articles, needless_capitals, stray_capitals, traces
from despin.words import article

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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We were told that it is Safe and that it helps.", ["Safe"]),
        ("The number of Individuals who came was small.", ["Individuals"]),
        # names, and words that are often part of one
        ("We saw the Qqzxton again and the Party too.", []),
        ("It was sold by the Society for the Protection of Birds in May.", []),
        ("He went to London in the rain.", []),
        # capitals all over: a title, a hymn
        ("It was called Safe in the Arms of Jesus and the Rest.", []),
        ("Safe is what it is.", []),
        ("", []),
    ],
)
def test_needless_capitals(text: str, expected: list[str], resources: Resources) -> None:
    reading = read(text)
    assert shown(reading, needless_capitals(reading, resources.spun_lexicon.lowercase)) == expected


def test_which_words_have_no_capitals(resources: Resources) -> None:
    never = {word: bool(resources.spun_lexicon.lowercase[resources.context.vocabulary.id(word)]) for word in WORDS}
    assert never == WORDS


WORDS = {"safe": True, "individuals": True, "those": True, "party": False, "may": False, "london": False, "god": False}


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


def test_spun_pages_show_more_traces_than_their_originals(resources: Resources) -> None:
    def count(kind: str) -> int:
        pages = (read(path.read_text(encoding="utf-8")) for path in sorted(PAGES.glob(f"*.{kind}.txt")))
        return sum(
            int(marked.sum()) for page in pages for marked in traces(page, resources.spun_lexicon.lowercase).values()
        )

    assert count("spun") > count("original")


@pytest.mark.parametrize(
    "text", ["Much vitamin A is lost.", "Hepatitis A infection is rare.", "They had type A influenza."]
)
def test_a_label_is_no_article(text: str) -> None:
    reading = read(text)
    assert shown(reading, broken_articles(reading)) == []


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from("A an the Mistake error of Nurse 5 . , \n b qqzx".split(" ")) | st.characters()).map(
        " ".join
    )
)
def test_traces_are_marks_on_items_of_any_text(text: str) -> None:
    reading = read(text)
    found = traces(reading, load("en").spun_lexicon.lowercase)
    assert set(found) == {"trace.capital", "trace.article"}
    for name, marked in found.items():
        assert marked.shape == (len(reading),)
        assert marked.dtype == bool
        assert reading.words[marked].all(), name


def test_the_quick_look_at_articles_agrees_with_the_rules(resources: Resources) -> None:
    # single letters are labels, and are never asked about
    for word in resources.context.vocabulary.words[:3000]:
        assert len(word) == 1 or _asked(word) == article(word), word
