"""Words parted at line ends: what is joined, which hyphens stay, and what is no parted word at all."""

from __future__ import annotations

import time

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import despin
from despin.detect import lines
from despin.reading import Reading
from despin.resources import load
from despin.tokens import tokenize
from despin.values import Finding

JOINED = [
    # at a line end; the line then ends after the word
    ("It was consid-\nered a good plan.", "It was considered\na good plan."),
    ("It was consid-\r\nered, by some, good.", "It was considered,\nby some, good."),
    ("It was consid-  \n   ered\nby some.", "It was considered\nby some."),
    ("It was consid-\nered", "It was considered"),
    ("CONSID-\nERED BY ALL", "CONSIDERED\nBY ALL"),
    ("some-\ntimes in-\ndeed man-\nkind", "sometimes\nindeed\nmankind"),
    ("It was consid\u00ad\nered so.", "It was considered\nso."),
    ("It was consid¬\nered so.", "It was considered\nso."),
    ("Lincoln-\nshire is flat.", "Lincolnshire\nis flat."),
    # a rare word that the document has elsewhere
    ("The dizocilpine site. The dizocil-\npine site.", "The dizocilpine site. The dizocilpine\nsite."),
    # in a line that was folded
    ("It was con- sidered by a magis- trate.", "It was considered by a magistrate."),
    # hyphens of the word's own
    ("He is well-\nknown here, a well-known man.", "He is well-known\nhere, a well-known man."),
    ("She is twenty-\nfive and self-\nconscious now.", "She is twenty-five\nand self-conscious\nnow."),
    ("A cross- examination of the non- attendance.", "A cross-examination of the non-attendance."),
    ("A blue-green egg, another blue-\ngreen egg.", "A blue-green egg, another blue-green\negg."),
]  # fmt: skip

LEFT = [
    # the rest of a compound
    "a first-\nand second-class ticket", "pine- and oak woods", "two- or three-year-olds",
    # a hyphen that stands for a dash, or is dirt
    "He came to the house-\nwhich was empty.", "striking- him on the head", "It is so -\nand not so.",
    # names and capitals
    "from Stratford-\nUpon-Avon", "Oxford- street", "the Anglo-\nSaxon",
    # lists, numbers, code
    "pros-\n- cons", "pages 5-\n7", "IL-\n6", "a -\nb", "x-\ny",
    # the next line belongs to the page, or to another paragraph
    "It was consid-\n\n24\n\nered good.", "It was consid-\n24 HISTORY\nered good.",
    # neither the word nor its parts tell
    "the zqxwv-\nklmnp thing",
    # within a line transcripts write the sign for a typesetter's hyphen
    "Frank¬reich, pic¬ ture",
    "co-operate, re-enter, well-known, to-day, x-ray",
]  # fmt: skip


def find(text: str, lang: str = "en") -> list[Finding]:
    tables = load(lang)
    found = lines.find(Reading(tokenize(text), tables.context), tables)
    for finding in found:
        assert text[finding.start : finding.end] == finding.before != finding.best.text
        assert finding.kind == "lines"
    return found


def repaired(text: str, level: str = "balanced", lang: str = "en") -> str:
    repair = despin.repair(text, level=level, lang=lang, detectors={"lines": lines.find})
    assert repair.undo() == text
    return repair.text


@pytest.mark.parametrize(("text", "expected"), JOINED)
def test_what_is_joined(text: str, expected: str) -> None:
    assert repaired(text) == repaired(text, "bold") == expected
    assert find(expected) == []


@pytest.mark.parametrize("text", LEFT)
def test_what_is_left(text: str) -> None:
    assert find(text) == []


def test_a_running_head_is_not_glued_to_a_parted_word() -> None:
    page = "It was consid-\nered notes on the history {}\nby all of them.\n"
    pages = "".join(page.format(number) for number in range(1, 4))
    assert find(pages) == []
    assert len(find(page.format(1))) == 1


def test_safe_leaves_the_page_as_it_was_set() -> None:
    assert repaired("It was consid-\nered good.", "safe") == "It was consid-\nered good."
    assert repaired("It was consid¬\nered good.", "safe") == "It was consid¬\nered good."
    assert repaired("It was con- sidered good.", "safe") == "It was con- sidered good."
    assert repaired("It was con- sidered good.", "balanced") == "It was considered good."
    # no page has this
    assert repaired("It was consid\u00ad\nered good.", "safe") == "It was considered\ngood."


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("de", "Die Verhand=\nlung und die Ver-\nsammlung.", "Die Verhandlung\nund die Versammlung."),
        ("de", "Ball- und Woll=\nund Haus-\nund Hof", "Ball- und Woll=\nund Haus-\nund Hof"),
        ("fr", "une administra-\ntion, peut-\nêtre dit peut-être", "une administration,\npeut-être\ndit peut-être"),
        ("en", "x=\nyes and consid=\nered", "x=\nyes and consid=\nered"),
    ],
)
def test_other_languages(lang: str, text: str, expected: str) -> None:
    assert repaired(text, lang=lang) == expected


def pieces() -> st.SearchStrategy[str]:
    return st.lists(
        st.sampled_from(["con", "sid", "ered", "well", "known", "and", "-", "-\n", "- ", "¬\n", "\u00ad\n", "\n", " ", ".", "A", "5", "-\r\n"])
        | st.characters(),
        max_size=30,
    ).map("".join)  # fmt: skip


@settings(max_examples=300)
@given(pieces())
def test_findings_match_the_text_and_can_be_undone(text: str) -> None:
    find(text)
    repaired(text, "bold")


@pytest.mark.parametrize(
    "unit", ["a-\n", "ab-\n", "ab- ", "-\n", "a", "consid-\nered ", "and-\nand-\n", "ab-ab", "ab=\n"]
)
def test_worst_cases_take_time_in_proportion(unit: str) -> None:
    tables = load("en")

    def seconds(length: int) -> float:
        reading = Reading(tokenize((unit * length)[:length]), tables.context)
        began = time.process_time()
        lines.find(reading, tables)
        return time.process_time() - began

    seconds(1000)
    short, long = seconds(8_000), seconds(80_000)
    assert long < max(60 * short, 0.3)
    assert long < 2.0
