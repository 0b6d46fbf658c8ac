"""A reader's decisions: read, checked, made, and undone."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

import despin
from despin.decisions import STEP, choices, read_decisions, repair_as_decided
from despin.edits import Digest, EditError, RecordError, SchemaError, TextMismatch
from despin.results import Repair
from despin.values import Edit, Refusal, Step

TEXT = "An mistake in important signs."


def decided(*edits: list[Any], text: str = TEXT, **other: Any) -> dict[str, Any]:
    """A file of decisions about one text, as the page writes it."""
    digest = Digest.of(text)
    document = {
        "name": "page.txt",
        "source": {"sha256": digest.sha256, "length": digest.length},
        "signature": "despin test",
        "edits": list(edits),
        **other,
    }
    return {"schema": "despin.decisions/1", "unit": "codepoint", "documents": [document]}


MISTAKE = [0, 10, "An mistake", "An error", "spin.map", 0.9]
SIGNS = [14, 29, "important signs", "vital signs", "spin.map", 0.9]


def test_the_edits_decided_on_are_made_and_undone() -> None:
    repair = repair_as_decided(TEXT, json.dumps(decided(MISTAKE, SIGNS)))
    assert repair.text == "An error in vital signs."
    assert [step.name for step in repair.steps] == [STEP]
    assert repair.undo() == TEXT == despin.undo(repair.text, repair.to_json())
    assert repair.signature == "despin test reviewed"


def test_no_edit_at_all_is_a_decision() -> None:
    assert repair_as_decided(TEXT, decided()).text == TEXT


def test_of_several_texts_the_right_one_is_taken() -> None:
    both = decided(MISTAKE)
    both["documents"].insert(0, decided(text="Another text.")["documents"][0])
    assert repair_as_decided(TEXT, both).text == "An error in important signs."


def test_decisions_about_another_text_are_refused() -> None:
    with pytest.raises(TextMismatch, match=r"about 'page\.txt', none of which is this text"):
        repair_as_decided(TEXT + " ", decided(MISTAKE))


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(EditError, match="overlap"):
        repair_as_decided(TEXT, decided(MISTAKE, [3, 10, "mistake", "error", "spin.map", 0.5]))


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ("{", RecordError, "not JSON"),
        ("[]", RecordError, "not list"),
        ({"schema": "despin.edits/1"}, SchemaError, "despin.edits/1"),
        ({"schema": "despin.decisions/1"}, RecordError, "documents: missing"),
        ({"schema": "despin.decisions/1", "documents": [7]}, RecordError, r"documents\[0\]"),
        (decided([0, 10, "An mistake"]), RecordError, r"documents\[0\].*edits\[0\]"),
        (decided(edits=None), RecordError, r"documents\[0\]"),
    ],
)
def test_what_is_malformed_is_named(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_decisions(value)


def test_choices_are_edits_and_refusals_by_place() -> None:
    edits = (Edit(0, 10, "An mistake", "An error", "spin.map", 0.9, (), ("A slip",)),)
    refusals = (
        Refusal(14, 29, "important signs", "vital signs", "spin.map", 0.4, "not sure enough"),
        Refusal(0, 2, "An", "A", "spin.map", 0.3, "overlaps"),
        Refusal(3, 7, "text of a later round", "x", "spin.map", 0.3, "not sure enough"),
    )
    repair = Repair(TEXT, "An error in important signs.", (Step("wording", edits),), refusals, "test")
    assert [(one.before, one.wordings, one.accepted) for one in choices(repair)] == [
        ("An", ("A",), False),
        ("An mistake", ("An error", "A slip"), True),
        ("important signs", ("vital signs",), False),
    ]


def test_accepting_all_edits_of_a_repair_gives_the_repair() -> None:
    page = "The vaccine is just not advised for people.two Presented the constrained data, an mistake is likely.\n" * 3
    repair = despin.repair(page, level="bold")
    rows = [
        [one.start, one.end, one.before, one.wordings[0], one.change.rule, one.change.confidence]
        for one in choices(repair)
        if one.accepted
    ]
    assert rows
    assert repair_as_decided(page, decided(*rows, text=page)).text == repair.text


@given(st.text(), st.text())
def test_any_text_can_be_replaced_and_undone(text: str, wording: str) -> None:
    edits = [[0, len(text), text, wording, "x.y", 0.5]] if text or wording else []
    repair = repair_as_decided(text, decided(*edits, text=text))
    assert (repair.text, repair.undo()) == (wording if edits else text, text)
