"""Words: forms, folding, articles and letter case, with what each rule must leave alone."""

from __future__ import annotations

import pytest

from despin.resources import Resources
from despin.words import article, broken_like, fold, frequencies, in_case_of

AN = """
error apple idea order umbrella unusual unimportant unintended uninteresting untie unless ulcer ultimate umpire urgent
utter usher hour hours hourly honest honesty honour honor heir heirloom herb herbal onion only
FBI MRI FDA X-ray SMS NGO RNA NSAID EU AI HIV LED SUV NIH e-mail 8 8th 80 11 18 11th 18th A F H L M N R S X
élan œuvre ärgerlich
""".split()

A = """
mistake unit unique uniform union university united universal use user useful usual utility European euro eulogy ewe
one once one-off house hotel history heron hesitation hello year yes banana ubiquitous unicorn uranium
NATO BBC USB UN UK UV UNESCO UNICEF UFO
NASA LASER SARS SMART FLOPS CEO PhD DVD u-turn 1 2 7
10 12 100 110 180 B C D G J K P Q T
U V W Y Z
""".split()


@pytest.mark.parametrize("word", AN)
def test_an(word: str) -> None:
    assert article(word) == "an"


@pytest.mark.parametrize("word", A)
def test_a(word: str) -> None:
    assert article(word) == "a"


def test_nothing_takes_a() -> None:
    assert article("") == "a"


@pytest.mark.parametrize(
    ("wording", "model", "opens", "alone", "expected"),
    [
        # the capital of a sentence's first word belongs to the sentence
        ("given", "Presented", True, False, "Given"),
        ("vital signs", "Important signs", True, False, "Vital signs"),
        # a capital inside a sentence, between words in lower case, is damage
        ("safe", "Risk-free", False, True, "safe"),
        ("safe", "risk-free", False, True, "safe"),
        # between other capitals it is a heading
        ("vital", "Important", False, False, "Vital"),
        ("vital signs", "Important Signs", False, False, "Vital Signs"),
        ("rate of return", "Speed of Return", False, False, "Rate Of Return"),
        ("vital signs", "Important signs", False, False, "Vital signs"),
        # all capitals stay all capitals, but not where they are damage
        ("error", "MISTAKE", False, False, "ERROR"),
        ("error", "MISTAKE", True, False, "ERROR"),
        ("error", "MISTAKE", False, True, "error"),
        # one capital letter alone is a first capital
        ("one", "A", True, False, "One"),
        # a wording with capitals of its own keeps them
        ("European", "continental", False, True, "European"),
        ("NMDA", "Something", True, False, "NMDA"),
        # nothing to put in, and a model without letters
        ("", "Important", True, False, ""),
        ("two", "2", True, False, "two"),
    ],
)
def test_in_case_of(wording: str, model: str, opens: bool, alone: bool, expected: str) -> None:
    assert in_case_of(wording, model, opens_sentence=opens, alone=alone) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("The", "the"),
        ("isn’t", "isn't"),
        ("rockʼn", "rock'n"),
        ("CAFE\u0301", "café"),
        ("café", "café"),
        ("", ""),
        ("İ", "i̇"),
    ],
)
def test_fold(word: str, expected: str) -> None:
    assert fold(word) == expected
    assert fold(fold(word)) == fold(word)


@pytest.mark.parametrize(
    ("lemma", "word_class", "expected"),
    [
        ("give", "v", {"VB": "give", "VBZ": "gives", "VBD": "gave", "VBN": "given", "VBG": "giving"}),
        ("child", "n", {"NN": "child", "NNS": "children"}),
        ("big", "a", {"JJ": "big", "JJR": "bigger", "JJS": "biggest"}),
        ("important", "a", {"JJ": "important"}),
        ("xyzzy", "v", {}),
        ("child", "v", {}),
    ],
)
def test_forms(resources: Resources, lemma: str, word_class: str, expected: dict[str, str]) -> None:
    assert resources.forms.of(lemma, word_class) == expected


def test_frequencies_are_shares() -> None:
    english = frequencies("en")
    assert english["the"] > english["disease"] > english["lipoma"] > 0
    assert sum(english.values()) < 1.05
    with pytest.raises(TypeError):
        english["the"] = 0.0  # type: ignore[index]


@pytest.mark.parametrize(
    ("wording", "model", "expected"),
    [
        ("due to an", "as a result\nof an", "due\nto an"),
        ("is not recommended", "is\njust not advised", "is\nnot recommended"),
        ("a b", "p q\r\nr s", "a\r\nb"),
        # nothing to keep, or no place for it
        ("vital signs", "important signs", "vital signs"),
        ("if", "in the\nevent that", "if"),
        ("", "read\nmore", ""),
    ],
)
def test_a_line_break_inside_a_wording_is_kept(wording: str, model: str, expected: str) -> None:
    assert broken_like(wording, model) == expected
