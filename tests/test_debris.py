"""Debris: the rows of cases/debris.tsv as a heavily damaged page would have them, and what a deletion leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

import despin
from despin.decide import decide
from despin.detect import debris
from despin.edits import apply
from despin.protect import protected_spans
from despin.rates import HEAVY, Rate
from despin.reading import Reading
from despin.resources import load
from despin.settings import level_named
from despin.tables import read_rows
from despin.tokens import tokenize
from despin.values import Finding

CASES = Path(__file__).parent / "cases" / "debris.tsv"
COLUMNS = ("id", "kind", "input", "expected", "note")
ROWS = [dict(zip(COLUMNS, cells, strict=True)) for _, cells in read_rows(CASES, COLUMNS)]

# Rows that are not repaired yet, and why; one that passes is to be taken out.
KNOWN_FAILURES = {
    "anchor-fires-05": "'learn more hot water' reads too well: not sure enough",
    "anchor-fires-09": "'website' is kept after 'the': that is ordinary English",
    "anchor-fires-15": "'try this' is ordinary English and its row light: not found",
}


def find(text: str) -> list[Finding]:
    tables = load("en")
    found = debris.find(Reading(tokenize(text), tables.context), tables)
    for finding in found:
        assert text[finding.start : finding.end] == finding.before
        assert finding.kind == "debris"
        assert finding.best.text == ""
    return found


def on_a_heavily_damaged_page(text: str) -> str:
    """What `text` becomes where one word in five is known to be damaged."""
    rates = {"wording": Rate(HEAVY, 1.0), "letters": Rate(HEAVY, 1.0)}
    edits, _ = decide(find(text), rates, level_named("balanced"), protected_spans(tokenize(text)))
    return apply(text, edits)


def cases() -> list[object]:
    return [
        pytest.param(
            row["input"],
            row["expected"],
            id=row["id"],
            marks=[pytest.mark.xfail(strict=True, reason=KNOWN_FAILURES[row["id"]])]
            if row["id"] in KNOWN_FAILURES
            else [],
        )
        for row in ROWS
    ]


@pytest.mark.parametrize(("text", "expected"), cases())
def test_case(text: str, expected: str) -> None:
    assert on_a_heavily_damaged_page(text) == expected


def test_known_failures_are_rows_that_fire() -> None:
    assert set(KNOWN_FAILURES) <= {row["id"] for row in ROWS if row["kind"] == "fires"}
    # most of what must go goes
    assert len(KNOWN_FAILURES) < 0.4 * sum(row["kind"] == "fires" for row in ROWS)


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] == "keeps"], ids=lambda row: row["id"])
def test_keeps_stay_by_themselves_too(row: dict[str, str]) -> None:
    assert despin.repair(row["input"]).text == row["input"]
    assert [edit for edit in despin.repair(row["input"], level="bold").edits if edit.rule.startswith("debris")] == []


# --- doubled words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", sorted(debris.NEVER_TWICE))
def test_each_function_word_is_found_twice_and_not_once(word: str) -> None:
    (finding,) = find(f"They saw it {word} {word} house again.")
    assert (finding.rule, finding.before) == ("debris.doubled", f" {word}")
    assert finding.best.nats == debris.TWICE_NATS
    assert [found for found in find(f"They saw it {word} house again.") if found.rule == "debris.doubled"] == []


@pytest.mark.parametrize(
    "text",
    [
        "They had had it.",
        "They said that that was it.",
        "It is for, for all they know, a house.",
        "It is a walk-the-the dog.",
        "They came from. From then on it was well.",
        "They said THE The house.",
        "Vitamin A A house.",
        "the-the house is it",
        "It is in the\nthe house.",
        "It is in the\n\nthe house.",
        "It is in the house of the house.",
        "It is in the. the house.",
    ],
)
def test_what_is_no_doubled_word(text: str) -> None:
    assert [finding for finding in find(text) if finding.rule == "debris.doubled"] == []


def test_a_line_of_verse_may_begin_with_the_word_that_the_line_before_ended_with() -> None:
    assert find("the hills that we came from, and the house of\nof our fathers, the well of\nthe old garden") == []


def test_three_times_is_doubled_twice() -> None:
    assert on_a_heavily_damaged_page("They saw the the the house.") == "They saw the house."


# --- injected links ---------------------------------------------------------------------------------------------------


def test_injected_link_text_is_found_with_its_row_and_context() -> None:
    (finding,) = (
        f for f in find("It works by blocking NMDA get more info receptors in the brain.") if "get" in f.before
    )
    assert (finding.rule, finding.before) == ("debris.anchor", " get more info")
    assert [reason.rule for reason in finding.best.evidence] == ["debris.anchor", "spin.context"]
    assert finding.best.evidence[0].source == "get more info"


@pytest.mark.parametrize(
    "text",
    [
        # at the edge of a clause link text may be meant
        "The tablets work by slowing. Click here for the heart.",
        "The tablets work by slowing, click here the heart.",
        "The tablets work by slowing click here.",
        "Click here the heart is slow.",
        # words of a link with a capital are a heading or a button
        "The tablets work by slowing Click Here the heart.",
        # near misses of the wording
        "The tablets work by slowing click the heart.",
        "The tablets work by slowing here click the heart.",
        # the row's condition
        "You are asked to click here the heart.",
        "",
    ],
)
def test_where_link_text_is_left_alone(text: str) -> None:
    assert find(text) == []


# --- deletions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They saw the the house.", "They saw the house."),
        ("They saw the  the house.", "They saw the house."),
        ("They saw the the\nold house.", "They saw the\nold house."),
        ("They saw\nthe the old house.", "They saw\nthe old house."),
        ("They saw\r\nthe the\r\nold house.", "They saw\r\nthe\r\nold house."),
        ("They saw it.\n\nIn the the house.\n", "They saw it.\n\nIn the house.\n"),
        ("Most lenders ask for three click here payslips.", "Most lenders ask for three payslips."),
        ("They saw the\tthe house.", "They saw the house."),
    ],
)
def test_a_deletion_leaves_single_blanks_and_all_line_breaks(text: str, expected: str) -> None:
    repaired = on_a_heavily_damaged_page(text)
    assert repaired == expected
    assert "  " not in repaired
    assert repaired.count("\n") == text.count("\n")
