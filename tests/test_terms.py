"""Fixed terms: which neighbours belong together, in few terms written for the test and in the shipped list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from despin.context import PADDING, Vocabulary
from despin.resources import Resources
from despin.tables import TableError
from despin.terms import WEAK_SOURCE, TermPairs
from despin.words import Forms

TERMS = {
    "vital sign": "author",
    "breast cancer": "mesh,wordnet",
    "lower back pain": "mesh",
    "third-party cookie": "author",
    "extra fee": WEAK_SOURCE,
    "free speech": f"author,{WEAK_SOURCE}",
    "qqzxqq rate": "author",
    "wing": "author",
}


@pytest.fixture(scope="module")
def vocabulary(resources: Resources) -> Vocabulary:
    return resources.context.vocabulary


@pytest.fixture(scope="module")
def terms(resources: Resources, vocabulary: Vocabulary) -> TermPairs:
    return TermPairs(TERMS, resources.forms, vocabulary)


def holds(terms: TermPairs, vocabulary: Vocabulary, pair: str) -> bool:
    before, after = vocabulary.encode(pair.split())
    (held,) = terms.holds(np.array([before]), np.array([after]))
    return bool(held)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ("vital sign", True),
        ("breast cancer", True),
        ("free speech", True),
        # plurals count as singulars, on either side
        ("vital signs", True),
        ("breasts cancers", True),
        # the order counts
        ("sign vital", False),
        ("cancer breast", False),
        # each pair of neighbours of a longer term, and no other
        ("lower back", True),
        ("back pain", True),
        ("lower pain", False),
        # hyphens part words
        ("third party", True),
        ("party cookies", True),
        # only the bigram counts vouch for it
        ("extra fee", False),
        # words that the vocabulary does not know are all one: no pair is made of them
        ("qqzxqq rate", False),
        ("vrrghvv rate", False),
        ("vital cancer", False),
        # other forms than plurals are other words
        ("lowered back", False),
    ],
)
def test_pairs(terms: TermPairs, vocabulary: Vocabulary, pair: str, expected: bool) -> None:
    assert holds(terms, vocabulary, pair) is expected


def test_pairs_are_counted_once(resources: Resources, vocabulary: Vocabulary, terms: TermPairs) -> None:
    # vital sign, breast cancer, lower back, back pain, third party, party cookie, free speech
    assert len(terms) == 7
    again = TermPairs(
        {"vital sign": "author", "vital signs": "mesh", "vital sign chart": "mesh"}, resources.forms, vocabulary
    )
    assert len(again) == 2


def test_sentence_ends_numbers_and_padding_are_in_no_term(terms: TermPairs, vocabulary: Vocabulary) -> None:
    special = np.array([vocabulary.unknown, vocabulary.number, vocabulary.boundary, PADDING, -2])
    sign = np.full(len(special), vocabulary.id("sign"))
    assert not terms.holds(special, sign).any()
    assert not terms.holds(sign, special).any()
    assert not terms.holds(special, special).any()


def test_whole_arrays_are_looked_up_element_by_element(terms: TermPairs, vocabulary: Vocabulary) -> None:
    words = vocabulary.encode("he took vital signs of breast cancer at once".split())
    assert terms.holds(words[:-1], words[1:]).tolist() == [False, False, True, False, False, True, False, False]


@pytest.mark.parametrize("pair", ["vital signs", "breast cancer", "interest rate", "supply chain"])
def test_the_shipped_list(resources: Resources, vocabulary: Vocabulary, pair: str) -> None:
    assert holds(resources.terms, vocabulary, pair)
    first, second = pair.split()
    assert not holds(resources.terms, vocabulary, f"{second} {first}")


def test_a_list_is_read_from_a_folder(tmp_path: Path, resources: Resources, vocabulary: Vocabulary) -> None:
    (tmp_path / "terms.tsv").write_text(
        "term\tsources\tmillions\nvital sign\tauthor\t0\nextra fee\tbigram\t3\n", "utf-8"
    )
    terms = TermPairs.load(tmp_path, resources.forms, vocabulary)
    assert len(terms) == 1
    assert holds(terms, vocabulary, "vital signs")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("term\tsources\n", "terms.tsv:1: the header must be term sources millions"),
        ("term\tsources\tmillions\nvital sign\tauthor\n", "terms.tsv:2: 2 cells where 3 are needed"),
        ("", "terms.tsv: empty"),
        (None, "terms.tsv is missing"),
    ],
)
def test_a_faulty_list_is_named_with_its_line(
    tmp_path: Path, vocabulary: Vocabulary, content: str | None, fault: str
) -> None:
    if content is not None:
        (tmp_path / "terms.tsv").write_text(content, "utf-8")
    with pytest.raises(TableError, match=fault):
        TermPairs.load(tmp_path, Forms({}), vocabulary)


def test_an_empty_list_holds_nothing(resources: Resources, vocabulary: Vocabulary) -> None:
    assert not holds(TermPairs({}, resources.forms, vocabulary), vocabulary, "vital sign")
