"""Edits by example: what each error says, what meets what when steps are combined, what a stored record looks like."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from despin.edits import (
    DependentEdits,
    Digest,
    EditError,
    OffsetMap,
    Record,
    RecordError,
    SchemaError,
    TextMismatch,
    apply,
    carried_back,
    compose,
    from_utf8,
    from_utf16,
    replay,
    to_utf8,
    to_utf16,
    trace,
    undo,
    without,
)
from despin.values import DespinError, Edit, Evidence, Refusal, Step

SOURCE = "Liver dysfunction.two Presented an mistake in important signs."


def edit(start: int, before: str, after: str, rule: str = "spin.map", confidence: float = 0.9) -> Edit:
    return Edit(start, start + len(before), before, after, rule, confidence)


def at(text: str, before: str, after: str, rule: str = "spin.map") -> Edit:
    return edit(text.index(before), before, after, rule)


def repaired(source: str, *steps: list[tuple[str, str]]) -> tuple[str, Record]:
    """The source repaired by (before, after) pairs, each at its first place, and the record."""
    text, written = source, []
    for step in steps:
        edits = tuple(sorted((at(text, *pair) for pair in step), key=lambda e: e.start))
        text = apply(text, edits)
        written.append(Step("wording", edits))
    return text, Record(Digest.of(source), Digest.of(text), "despin test", tuple(written), "doc-17")


RESULT, RECORD = repaired(
    SOURCE, [("two", "2"), ("an mistake", "an error")], [("Presented", "Given"), ("important signs", "vital signs")]
)


def test_a_repair_and_its_undoing() -> None:
    assert RESULT == "Liver dysfunction.2 Given an error in vital signs."
    assert undo(RESULT, RECORD) == SOURCE
    assert replay(SOURCE, RECORD) == RESULT
    for stored in (RECORD.to_json(), json.loads(RECORD.to_json())):
        assert undo(RESULT, stored) == SOURCE
        assert replay(SOURCE, stored) == RESULT
        assert without(RESULT, stored, []) == RECORD


def test_touching_edits_and_insertions_beside_them_are_valid() -> None:
    assert apply("abcd", [edit(0, "ab", "x"), edit(2, "", "-"), edit(2, "cd", "y"), edit(4, "", "!")]) == "x-y!"


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([edit(0, "abc", "x"), edit(2, "c", "y")], "edit 1 .* starts before the end of the edit before it"),
        ([edit(3, "d", "x"), edit(0, "a", "y")], "edit 1 .* stands before the edit before it: sort"),
        ([edit(2, "", "x"), edit(2, "", "y")], "edit 1 .* same place .*: join them"),
        ([edit(2, "cde", "x")], "edit 0 .* does not lie within the text of 4 code points"),
        ([Edit(-1, 0, "a", "b", "r", 1.0)], "edit 0 .* does not lie within"),
        ([Edit(3, 2, "", "b", "r", 1.0)], "does not lie within"),
        ([Edit(0, 2, "a", "b", "r", 1.0)], "before has 1 code points, the span 2"),
    ],
)
def test_edits_that_are_not_valid(edits: list[Edit], said: str) -> None:
    with pytest.raises(EditError, match=said):
        apply("abcd", edits)


def test_before_must_stand_in_the_text() -> None:
    with pytest.raises(TextMismatch, match=r"0-1 'b' -> 'x' wants 'b' at 0, but 'a' stands there"):
        apply("abcd", [edit(0, "b", "x")])


def test_control_characters_are_escaped_in_messages() -> None:
    with pytest.raises(TextMismatch) as caught:
        apply("\x1b]0;owned\x07", [edit(0, "\x1b[2J", "x")])
    assert str(caught.value).isprintable()


def test_undo_wants_the_very_text() -> None:
    with pytest.raises(TextMismatch, match=r"another text: .* has 50 code points, this text 51"):
        undo(RESULT + "\n", RECORD)
    with pytest.raises(TextMismatch, match="another SHA-256"):
        undo(RESULT.replace("Liver", "liver"), RECORD)
    with pytest.raises(TextMismatch, match="The repair was undone already"):
        undo(SOURCE, RECORD)
    with pytest.raises(TextMismatch, match="replayed already"):
        replay(RESULT, RECORD)


def test_a_record_that_contradicts_itself_is_found_out() -> None:
    moved = Step("wording", (edit(0, "Mumps", "Liver"),))
    for steps in ((), (moved,), (Step("wording", (edit(1, "x", "Liver"),)),)):
        false = Record(RECORD.source, RECORD.result, "", steps)
        with pytest.raises(RecordError, match="contradicts itself"):
            undo(RESULT, false)
        with pytest.raises(RecordError, match="contradicts itself"):
            replay(SOURCE, false)


def test_undoing_one_edit_keeps_the_others() -> None:
    two, mistake = RECORD.steps[0].edits
    presented, important = RECORD.steps[1].edits
    assert undo(RESULT, RECORD, [two]) == "Liver dysfunction.two Given an error in vital signs."
    assert undo(RESULT, RECORD, [mistake, presented]) == "Liver dysfunction.2 Presented an mistake in vital signs."
    assert undo(RESULT, RECORD, []) == RESULT
    rest = without(RESULT, RECORD, [two, important])
    assert undo(undo(RESULT, RECORD, [two, important]), rest) == SOURCE


def test_undo_refuses_what_later_edits_stand_on_and_says_which() -> None:
    result, record = repaired("a bc d", [("bc", "bx")], [("x", "yz")], [("yz d", "q"), ("a", "A")])
    (first,) = record.steps[0].edits
    with pytest.raises(DependentEdits, match=r"step 1: 3-4 'x' -> 'yz'; step 2: 3-7 'yz d' -> 'q'\. Choose") as caught:
        undo(result, record, [first])
    assert caught.value.edits == (record.steps[1].edits[0], record.steps[2].edits[1])
    assert caught.value.chosen == ((1, record.steps[1].edits[0]), (2, record.steps[2].edits[1]))
    assert undo(result, record, [first, *caught.value.edits]) == "A bc d"
    with pytest.raises(DependentEdits, match="step 2"):
        undo(result, record, [record.steps[1].edits[0]])
    assert undo(result, record, [record.steps[2].edits[0]]) == "a bq"  # on the last step nothing depends


def test_an_insertion_at_the_place_of_a_deletion_depends_on_it() -> None:
    """Put back, the deleted text could stand before the insertion or after it: nobody can say."""
    _, record = repaired("ab", [("a", "")])
    insertion = Step("wording", (edit(0, "", "x"),))
    record = Record(record.source, Digest.of("xb"), "", (*record.steps, insertion))
    with pytest.raises(DependentEdits) as caught:
        undo("xb", record, [record.steps[0].edits[0]])
    assert caught.value.chosen == ((1, insertion.edits[0]),)


def test_long_lists_of_dependent_edits_are_cut_in_the_message_only() -> None:
    error = DependentEdits([(1, edit(n, "a", "b")) for n in range(9)])
    assert str(error).endswith("; and 4 more. Choose these too (the error's .edits).")
    assert len(error.edits) == 9
    assert pickle.loads(pickle.dumps(error)).edits == error.edits


def test_errors_are_all_despin_errors_and_value_errors() -> None:
    for kind in (EditError, RecordError, SchemaError, TextMismatch, DependentEdits):
        assert issubclass(kind, DespinError)
        assert issubclass(kind, ValueError)


def test_equal_edits_in_two_steps_are_told_apart() -> None:
    """The first step changes the second "ab"; what it puts before moves another "ab" to the same offset."""
    source = "ab ab "
    first = Step("letters", (edit(0, "", "ab "), edit(3, "ab", "AB")))
    middle = apply(source, first.edits)
    second = Step("wording", (edit(3, "ab", "AB"),))
    result = apply(middle, second.edits)
    assert (middle, result) == ("ab ab AB ", "ab AB AB ")
    record = Record(Digest.of(source), Digest.of(result), "", (first, second))
    equal = first.edits[1]
    assert equal == second.edits[0]
    assert equal is not second.edits[0]
    # The objects of the record itself are never mistaken for each other.
    assert undo(result, record, [first.edits[1]]) == "ab AB ab "
    assert undo(result, record, [second.edits[0]]) == "ab ab AB "
    # An equal edit made elsewhere could be either, or the composed one.
    again = edit(3, "ab", "AB")
    with pytest.raises(EditError, match=r"can mean several of the record. Choose it as \(step index, edit\)"):
        undo(result, record, [again])
    assert undo(result, record, [(0, again)]) == "ab AB ab "
    assert undo(result, record, [(1, again)]) == "ab ab AB "
    # One object that stands in both steps says no more than an equal one.
    shared = Record(record.source, record.result, "", (first, Step("wording", (equal,))))
    with pytest.raises(EditError, match="several"):
        undo(result, shared, [equal])
    assert undo(result, shared, [(1, equal)]) == "ab ab AB "


def test_only_edits_of_the_record_can_be_chosen() -> None:
    with pytest.raises(EditError, match="not in the record"):
        undo(RESULT, RECORD, [edit(0, "Liver", "Kidney")])
    with pytest.raises(EditError, match="not in step 1"):
        undo(RESULT, RECORD, [(1, RECORD.steps[0].edits[0])])
    with pytest.raises(TypeError, match="choose edits"):
        undo(RESULT, RECORD, ["two"])  # type: ignore[list-item]


def test_deletions_that_met_can_be_undone_apart() -> None:
    text, record = repaired("ab", [("a", ""), ("b", "")])
    first, second = record.steps[0].edits
    assert text == ""
    assert undo(text, record, [first]) == "a"
    assert undo(text, record, [second]) == "b"
    assert undo(text, record, [first, second]) == "ab"


@pytest.mark.parametrize(
    ("source", "steps", "flat"),
    [
        # apart: only offsets move
        ("a b", [[(0, "a", "xx")], [(3, "b", "c")]], [(0, "a", "xx"), (2, "b", "c")]),
        # touching: still two edits
        ("ab", [[(0, "a", "x")], [(1, "b", "y")]], [(0, "a", "x"), (1, "b", "y")]),
        ("ab", [[(0, "a", "")], [(0, "b", "y")]], [(0, "a", ""), (1, "b", "y")]),
        ("ab", [[(0, "a", "x")], [(1, "", "-")]], [(0, "a", "x"), (1, "", "-")]),
        # overlapping: one edit that names all text it covers
        ("abc", [[(1, "b", "xy")], [(0, "ax", "q")]], [(0, "ab", "qy")]),
        ("abcd", [[(0, "a", "x"), (3, "d", "y")], [(0, "xbcy", "z")]], [(0, "abcd", "z")]),
        ("abcd", [[(0, "ab", "xy")], [(0, "x", "1"), (1, "yc", "2")]], [(0, "abc", "12")]),
        # an insertion at a deletion's place, or at an insertion's edge, has no place of its own
        ("ab", [[(0, "a", "")], [(0, "", "x")]], [(0, "a", "x")]),
        ("ab", [[(1, "", "x")], [(1, "", "y")]], [(1, "", "yx")]),
        ("ab", [[(1, "", "x")], [(2, "", "y")]], [(1, "", "xy")]),
        ("ab", [[(1, "", "wxyz")], [(1, "", "-"), (1, "wxy", "q")]], [(1, "", "-qz")]),
        # what is put back comes to nothing
        ("ab", [[(0, "a", "x")], [(0, "x", "a")]], []),
        ("a b", [[(0, "a", "x")], [(0, "x", "y")], [(0, "y", "z"), (2, "b", "c")]], [(0, "a", "z"), (2, "b", "c")]),
    ],
)
def test_what_meets_is_joined(
    source: str, steps: list[list[tuple[int, str, str]]], flat: list[tuple[int, str, str]]
) -> None:
    written = [Step("wording", tuple(edit(*change) for change in step)) for step in steps]
    composed = compose(written)
    assert [(e.start, e.before, e.after) for e in composed] == flat
    text = source
    for step in written:
        text = apply(text, step.edits)
    assert apply(source, composed) == text


def test_a_joined_edit_names_its_rules_its_least_confidence_and_all_evidence() -> None:
    reasons = (Evidence(1.0, "surface.space"), Evidence(2.0, "spin.map"))
    steps = [
        Step("letters", (Edit(0, 1, "a", "x", "surface.space", 0.8, reasons[:1]),)),
        Step("wording", (Edit(0, 1, "x", "y", "spin.map", 0.9, reasons[1:]),)),
    ]
    ((joined, made_of),) = trace(steps)
    assert (joined.rule, joined.confidence, joined.evidence) == ("surface.space+spin.map", 0.8, reasons)
    assert made_of == ((0, steps[0].edits[0]), (1, steps[1].edits[0]))


def test_steps_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(EditError, match="do not fit together: 'q' is wanted at 0, but 'x' ends at 1"):
        compose([Step("letters", (edit(0, "a", "x"),)), Step("wording", (edit(0, "q", "z"),))])


def test_the_record_is_the_schema_of_the_design() -> None:
    record = Record(Digest.of("fourteen"), Digest.of("14"), "despin 0.1.0", (
        Step("wording", (Edit(0, 8, "fourteen", "14", "citations.orphan_number", 0.99),)),), "doc-17")  # fmt: skip
    assert json.loads(record.to_json()) == {
        "schema": "despin.edits/1",
        "id": "doc-17",
        "unit": "codepoint",
        "source": {"sha256": hashlib.sha256(b"fourteen").hexdigest(), "length": 8},
        "result": {"sha256": hashlib.sha256(b"14").hexdigest(), "length": 2},
        "signature": "despin 0.1.0",
        "steps": [{"name": "wording", "edits": [[0, 8, "fourteen", "14", "citations.orphan_number", 0.99]]}],
    }


def test_offsets_from_numpy_can_be_written() -> None:
    start, end, confidence = (kind(value) for kind, value in ((np.int32, 0), (np.int64, 1), (np.float32, 0.5)))
    scalars: Any = (start, end, "a", "b", "r", confidence)
    change = Edit(*scalars)
    record = Record(Digest.of("a"), Digest.of("b"), "", (Step("wording", (change,)),))
    assert Record.from_json(record.to_json()) == record


def test_surrogates_that_look_like_a_pair_come_back_as_two() -> None:
    text, record = repaired("a", [("a", "\ud83d\ude00")])
    assert len(text) == 2
    assert undo(text, Record.from_json(record.to_json())) == "a"
    assert repaired("a", [("a", "\U0001f600\ud83d é")])[1].to_json().isascii()


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    value = json.loads(RECORD.to_json())
    change(value)
    return dict(value)


def put(*path: str | int, value: object) -> Callable[[dict[str, Any]], object]:
    def change(root: Any) -> None:
        for key in path[:-1]:
            root = root[key]
        root[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v.pop("source"), "^source: missing"),
        (lambda v: v.pop("signature"), "^signature: missing"),
        (lambda v: v["result"].pop("length"), r"^result\.length: missing"),
        (put("unit", value="byte"), "^unit: .*'byte'"),
        (put("id", value=5), "^id: str is wanted, not int"),
        (put("steps", value={}), "^steps: list is wanted, not dict"),
        (put("steps", 1, value=[]), r"^steps\[1\]: an object"),
        (put("steps", 0, "name", value=None), r"^steps\[0\]\.name: str is wanted"),
        (put("steps", 0, "edits", 1, value=[1, 2]), r"^steps\[0\]\.edits\[1\]: an edit is a list of 6"),
        (put("steps", 0, "edits", 1, 0, value="28"), r"^steps\[0\]\.edits\[1\]: start and end are whole numbers"),
        (put("steps", 0, "edits", 1, 0, value=True), r"^steps\[0\]\.edits\[1\]: start and end are whole numbers"),
        (put("steps", 0, "edits", 1, 2, value=None), r"^steps\[0\]\.edits\[1\]: before, after and rule"),
        (put("steps", 0, "edits", 1, 5, value=1.5), r"^steps\[0\]\.edits\[1\]: confidence .* not 1\.5"),
        (put("steps", 0, "edits", 1, 5, value=float("nan")), r"^steps\[0\]\.edits\[1\]: confidence .* not nan"),
        (put("steps", 0, "edits", 1, 0, value=31), r"^steps\[0\]: edit 1 .* before has 10 code points, the span 11"),
        (lambda v: v["steps"][0]["edits"].reverse(), r"^steps\[0\]: edit 1 .* sort them"),
        (put("source", "length", value=10), r"^steps\[0\]: edit 0 .* does not lie within"),
        (put("source", "sha256", value="xyz"), r"^source\.sha256: 'xyz' is not 64"),
        (put("source", "length", value=-1), r"^source\.length"),
        (put("result", "length", value=3), r"^result\.length: the steps lead to 50 code points, the record says 3"),
        (put("schema", value=1), "^schema: str is wanted"),
    ],
)
def test_malformed_records_are_refused_with_the_place(change: Callable[[dict[str, Any]], object], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        Record.from_json(changed(change))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("despin.edits/2", "this despin reads 'despin.edits/1'. Install a newer despin"),
        ("despin.edits/99999999999999999999", "Install a newer"),
        ("despin.edits/x", "Give a record that despin wrote"),
        ("other/1", "Give a record that despin wrote"),
    ],
)
def test_other_schemas_are_refused(schema: str, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        Record.from_json(changed(put("schema", value=schema)))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"schema": ' + "9" * 10_000 + "}"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        Record.from_json(text)


def test_keys_of_the_future_are_ignored() -> None:
    assert Record.from_json(changed(put("extra", value=1))) == RECORD
    assert Record.from_json(RECORD.to_json()) == RECORD


def test_the_offset_map_and_its_sides() -> None:
    #       0123456789
    source = "a two  bcd"
    edits = [edit(2, "two", "2"), edit(5, " ", ""), edit(7, "", "XX")]
    assert apply(source, edits) == "a 2 XXbcd"
    offsets = OffsetMap(edits, len(source))
    assert [offsets.to_result(n) for n in range(11)] == [0, 1, 2, 2, 2, 3, 3, 4, 7, 8, 9]
    assert [offsets.to_result(n, "right") for n in range(11)] == [0, 1, 2, 3, 3, 3, 3, 6, 7, 8, 9]
    assert [offsets.to_source(n) for n in range(10)] == [0, 1, 2, 5, 7, 7, 7, 8, 9, 10]
    assert [offsets.to_source(n, "right") for n in range(10)] == [0, 1, 2, 6, 7, 7, 7, 8, 9, 10]
    assert (offsets.source_length, offsets.result_length) == (10, 9)
    assert offsets.to_result(np.array([[0, 10]])).tolist() == [[0, 9]]
    assert offsets.to_result([]).tolist() == []
    assert type(offsets.to_result(3)) is int


def test_a_map_without_edits_changes_nothing() -> None:
    offsets = OffsetMap([], 3)
    assert offsets.to_result(3) == 3
    assert offsets.to_source([0, 2]).tolist() == [0, 2]


def test_offsets_outside_are_refused() -> None:
    offsets = OffsetMap([edit(0, "a", "bc")], 1)
    for wrong in (-1, 2):
        with pytest.raises(EditError, match=f"offset {wrong} lies outside the text, which has 1 units"):
            offsets.to_result(wrong)
    with pytest.raises(EditError, match="offset 3 lies outside"):
        offsets.to_source([0, 3])
    with pytest.raises(TypeError, match="whole numbers"):
        offsets.to_result(0.5)
    with pytest.raises(ValueError, match="'left' or 'right'"):
        offsets.to_result(0, "middle")  # type: ignore[call-overload]


def test_units_of_other_encodings() -> None:
    text = "aé€\U0001f600\ud83d!"
    assert to_utf8(text, range(7)).tolist() == [0, 1, 3, 6, 10, 13, 14]
    assert to_utf16(text, range(7)).tolist() == [0, 1, 2, 3, 5, 6, 7]
    assert from_utf8(text, 10) == 4
    assert from_utf16(text, 5) == 4
    with pytest.raises(EditError, match="offset 2 falls inside a character"):
        from_utf8(text, [0, 2])
    with pytest.raises(EditError, match="offset 4 falls inside a character"):
        from_utf16(text, 4)
    with pytest.raises(EditError, match="lies outside"):
        to_utf8(text, 7)


def test_nothing_is_quadratic() -> None:
    """Fifty thousand edits, in two steps that meet everywhere: seconds if it were linear, hours if it were not."""
    source = "ab " * 50_000
    first = Step("letters", tuple(edit(3 * n, "a", "xy") for n in range(50_000)))
    middle = apply(source, first.edits)
    second = Step("wording", (edit(0, middle[:-4], "z"),))
    result = apply(middle, second.edits)
    flat = compose([first, second])
    assert len(flat) == 2
    assert apply(source, flat) == result
    record = Record(Digest.of(source), Digest.of(result), "", (first, second))
    assert undo(result, record, [(0, first.edits[-1])]) == "zab "
    assert undo(result, record, [*first.edits, *second.edits]) == source


def test_what_is_neither_a_record_nor_json_is_refused() -> None:
    for wrong in (None, 5, b"{}", [RECORD]):
        with pytest.raises(RecordError, match="an object with named fields is wanted"):
            undo(RESULT, wrong)  # type: ignore[arg-type]


# --- refusals in the offsets of the original --------------------------------------------------------------------------

# "pub lic" and "w0rk" are put right, a soft hyphen is taken out and a stop put in.
SCANNED = "The pub lic w0rk of\xad art It was"
MENDED = ((4, "pub lic", "public"), (12, "w0rk", "work"), (19, "\xad", ""), (24, "", "."))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("The", "A", ("The", "A")),
        ("It", "He", ("It", "He")),
        ("public", "people", ("pub lic", "people")),
        # part of an edit: the whole of it is shown
        ("lic", "ful", ("pub lic", "pubful")),
        ("c w", "x", ("pub lic w0rk", "publixork")),
        ("of", "in", ("of\xad", "in")),
        (" art", "", ("\xad art", ".")),
        # what stood there already is no other wording
        ("work", "w0rk", None),
    ],
)
def test_refusals_are_carried_back_through_edits(before: str, after: str, expected: tuple[str, str] | None) -> None:
    edits = tuple(edit(start, old, new, "surface.x") for start, old, new in MENDED)
    result = apply(SCANNED, edits)
    start = result.index(before)
    refusal = Refusal(start, start + len(before), before, after, "spin.map", 0.5, "why")
    carried = carried_back([refusal], edits, SCANNED, result)
    assert [(one.before, one.after) for one in carried] == ([expected] if expected else [])
    for one in carried:
        assert SCANNED[one.start : one.end] == one.before
        assert (one.rule, one.confidence, one.reason) == ("spin.map", 0.5, "why")
        # the same text as the edits and then the refused one would have made
        rest = [other for other in edits if other.end < one.start or other.start > one.end]
        together = sorted([*rest, edit(one.start, one.before, one.after)], key=lambda change: change.start)
        assert apply(SCANNED, together) == result[:start] + after + result[start + len(before) :]


def test_refusals_stay_where_nothing_was_edited() -> None:
    refusal = Refusal(4, 7, "pub", "bar", "spin.map", 0.5, "why")
    assert carried_back([refusal], (), SCANNED, SCANNED) == (refusal,)
