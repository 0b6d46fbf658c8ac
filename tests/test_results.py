"""`Repair`: what it works out from its steps, and undoing through it."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from despin.edits import DependentEdits, EditError, Record, apply, undo
from despin.results import PassageScore, Repair, Score
from despin.values import Edit, Refusal, Step

ORIGINAL = "A  important sign, an mistake."
STEPS = (
    Step("letters", (Edit(1, 3, "  ", " ", "surface.space", 0.99),)),
    Step("wording", (
        Edit(0, 11, "A important", "A vital", "spin.map", 0.9),
        Edit(18, 28, "an mistake", "an error", "spin.map", 0.8),
    )),
)  # fmt: skip
REFUSALS = (Refusal(12, 16, "sign", "mark", "spin.map", 0.2, "not sure enough"),)


@pytest.fixture
def repair() -> Repair:
    return Repair(ORIGINAL, "A vital sign, an error.", STEPS, REFUSALS, "despin test")


def test_edits_are_one_list_in_the_offsets_of_the_original(repair: Repair) -> None:
    assert [(e.start, e.before, e.after) for e in repair.edits] == [
        (0, "A  important", "A vital"),
        (19, "an mistake", "an error"),
    ]
    assert apply(ORIGINAL, repair.edits) == repair.text
    assert repair.edits is repair.edits  # worked out once


def test_undo(repair: Repair) -> None:
    assert repair.undo() == ORIGINAL
    first, second = repair.edits
    assert repair.undo(only=[second]) == "A vital sign, an mistake."
    assert repair.undo(only=[first]) == "A  important sign, an error."  # both edits that it is made of
    assert repair.undo(only=[STEPS[1].edits[0]]) == "A important sign, an error."
    assert repair.undo(only=[(1, STEPS[1].edits[1])]) == "A vital sign, an mistake."
    assert repair.undo(only=repair.edits) == ORIGINAL
    with pytest.raises(DependentEdits) as caught:
        repair.undo(only=STEPS[0].edits)
    assert caught.value.edits == (STEPS[1].edits[0],)
    with pytest.raises(EditError, match="not in the record"):
        repair.undo(only=[Edit(5, 6, "x", "y", "r", 1.0)])


def test_the_record_undoes_without_the_repair(repair: Repair) -> None:
    record = Record.from_json(repair.to_json(id="doc-17"))
    assert record == repair.record(id="doc-17")
    assert (record.id, record.signature, record.steps) == ("doc-17", "despin test", STEPS)
    assert undo(repair.text, record) == ORIGINAL


def test_offsets_are_followed_both_ways(repair: Repair) -> None:
    offsets = repair.offset_map()
    assert offsets.to_result(ORIGINAL.index("sign"), "right") == repair.text.index("sign")
    assert offsets.to_source(repair.text.index("sign"), "right") == ORIGINAL.index("sign")


def test_explain_names_edits_and_refusals(repair: Repair) -> None:
    shown = repair.explain()
    assert "2 edits" in shown
    assert "'an mistake' was put back to 'an error'" in shown
    assert "'sign' was kept, not 'mark': not sure enough" in shown
    assert "\x1b" not in shown
    assert "\x1b" in repair.explain(color=True)


def test_a_repair_is_a_value(repair: Repair) -> None:
    same = Repair(ORIGINAL, repair.text, STEPS, REFUSALS, "despin test")
    assert repair.edits
    assert repair == same
    assert hash(repair) == hash(same)
    for other in (pickle.loads(pickle.dumps(repair)), copy.deepcopy(repair)):
        assert other == repair
        assert other.undo() == ORIGINAL
    with pytest.raises(dataclasses.FrozenInstanceError):
        repair.text = ""  # type: ignore[misc]


def test_a_repair_without_edits() -> None:
    clean = Repair("As it was.", "As it was.", (Step("letters", ()), Step("wording", ())), (), "despin test")
    assert clean.edits == ()
    assert clean.undo() == clean.undo(only=[]) == "As it was."
    assert undo("As it was.", Record.from_json(clean.to_json())) == "As it was."


def test_scores_are_values() -> None:
    score = Score(0.5, "abstain", "too short: 3 words", 50.0, "", 1.0, 3, (), "despin test")
    passage = PassageScore(0, 10, score)
    assert pickle.loads(pickle.dumps(passage)) == passage
    assert hash(passage) == hash(PassageScore(0, 10, score))
