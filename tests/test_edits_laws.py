"""Laws of edits, over arbitrary Unicode: lone surrogates, NUL, combining marks, characters outside the basic plane."""

from __future__ import annotations

import json

import hypothesis.strategies as st
import numpy as np
from hypothesis import example, given, note, settings

from despin.edits import (
    DependentEdits,
    Digest,
    EditError,
    OffsetMap,
    Record,
    apply,
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
from despin.values import Edit, Step

# Characters that break careless code come often, any other now and then.
HARD = '\0\t\r\n "\\ab\x7f\x85é́\u2028\u200b\ufeff\ud83d\ude00\udfff\U0001f600\U0010ffff'
characters = st.sampled_from(HARD) | st.characters()
texts = st.text(characters, max_size=12)
replacements = st.text(characters, max_size=3)
spans = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=5)
rules = st.sampled_from(["spin.map", "surface.space", "ocr.confusion"])


@st.composite
def steps_for(draw: st.DrawFn, text: str) -> Step:
    """A valid step for the text: gaps and lengths laid end to end, no two edits at one place."""
    edits: list[Edit] = []
    end = 0
    for gap, length in draw(spans):
        start, end = end + gap, end + gap + length
        if end > len(text):
            break
        if edits and (edits[-1].start, edits[-1].end) == (start, end):
            continue
        confidence = draw(st.floats(0, 1))
        edits.append(Edit(start, end, text[start:end], draw(replacements), draw(rules), confidence))
    return Step(draw(st.sampled_from(["letters", "wording"])), tuple(edits))


@st.composite
def repairs(draw: st.DrawFn, sources: st.SearchStrategy[str] = texts, most: int = 4) -> tuple[str, str, Record]:
    """A source, its result and the record between."""
    source = text = draw(sources)
    steps = []
    for _ in range(draw(st.integers(0, most))):
        step = draw(steps_for(text))
        text = apply(text, step.edits)
        steps.append(step)
    return source, text, Record(Digest.of(source), Digest.of(text), "despin test", tuple(steps), draw(texts))


@st.composite
def distinct_repairs(draw: st.DrawFn) -> tuple[str, str, Record]:
    """A repair in which no character occurs twice, ever: so a character says where it came from."""
    source = text = "".join(chr(0x4E00 + n) for n in range(draw(st.integers(0, 12))))
    steps, fresh = [], 0x1F300
    for _ in range(draw(st.integers(1, 4))):
        edits = []
        for edit in draw(steps_for(text)).edits:
            after = "".join(chr(fresh + n) for n in range(len(edit.after)))
            fresh += len(after)
            edits.append(Edit(edit.start, edit.end, edit.before, after, edit.rule, edit.confidence))
        text = apply(text, edits)
        steps.append(Step("wording", tuple(edits)))
    return source, text, Record(Digest.of(source), Digest.of(text), "despin test", tuple(steps))


def every(record: Record) -> list[tuple[int, Edit]]:
    return [(number, edit) for number, step in enumerate(record.steps) for edit in step.edits]


@given(repairs())
def test_undo_gives_the_source_back(repair: tuple[str, str, Record]) -> None:
    source, result, record = repair
    assert undo(result, record) == source
    assert replay(source, record) == result


@given(repairs())
@example(("a", "\ud83d\ude00", Record(Digest.of("a"), Digest.of("\ud83d\ude00"), "", (
    Step("x", (Edit(0, 1, "a", "\ud83d\ude00", "r", 1.0),)),), "\ud83d\ude00")))  # fmt: skip
def test_json_gives_the_record_back(repair: tuple[str, str, Record]) -> None:
    _, _, record = repair
    written = record.to_json()
    assert Record.from_json(written) == record
    assert Record.from_json(json.loads(written)) == record
    assert "\n" not in written
    assert "\r" not in written
    assert written.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass") == written


@given(repairs())
def test_composing_does_what_the_steps_do(repair: tuple[str, str, Record]) -> None:
    source, result, record = repair
    flat = compose(record.steps)
    assert apply(source, flat) == result
    assert compose([Step("flat", flat)]) == flat
    inverse, shift = [], 0
    for edit in flat:
        start = edit.start + shift
        inverse.append(Edit(start, start + len(edit.after), edit.after, edit.before, edit.rule, edit.confidence))
        shift += len(edit.after) - len(edit.before)
    assert compose([Step("there", flat)]) == flat
    if len({(edit.start, edit.end) for edit in inverse}) == len(inverse):  # deletions that met would be joined
        assert compose([Step("there", flat), Step("back", tuple(inverse))]) == ()


@given(distinct_repairs())
def test_composed_edits_are_made_of_each_edit_once(repair: tuple[str, str, Record]) -> None:
    _, _, record = repair
    parts = [part for _, made_of in trace(record.steps) for part in made_of]
    assert len(parts) == len(set(parts))
    missing = set(every(record)) - set(parts)
    # Only edits that cancel out are left out: with them taken from the record, the result is the same.
    for _, edit in missing:
        assert not (set(edit.after) - {c for _, other in missing for c in other.before}) & set(repair[1])


@settings(max_examples=500, deadline=None)  # what can meet in four steps is seldom met in a hundred tries
@given(distinct_repairs(), st.data())
def test_selective_undo_is_right_or_refused(repair: tuple[str, str, Record], data: st.DataObject) -> None:
    source, result, record = repair
    places = every(record)
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True)) if places else []
    dependent: tuple[tuple[int, Edit], ...] = ()
    try:
        undo(result, record, chosen)
    except DependentEdits as error:
        note(str(error))
        dependent = error.chosen
    if dependent:
        assert not set(dependent) & set(chosen)
        assert min(step for step, _ in dependent) > min(step for step, _ in chosen)
    chosen = [*chosen, *dependent]
    text = undo(result, record, chosen)  # choosing what depends as well always works
    rest = without(result, record, chosen)
    # What remains of the record is itself a record of what remains of the repair.
    assert rest.source == record.source
    assert rest.result == Digest.of(text)
    assert replay(source, rest) == text
    assert undo(text, rest) == source
    kept = [(step, edit) for step, edit in places if (step, edit) not in chosen]
    assert [(step, e.before, e.after, e.rule, e.confidence) for step, e in every(rest)] == [
        (step, e.before, e.after, e.rule, e.confidence) for step, e in kept
    ]
    # The characters say that everything stands where it should: in the order of the source, and of the result.
    for other in (source, result):
        assert [c for c in text if c in other] == [c for c in other if c in text]
    if len(chosen) == len(places):
        assert text == source
    if not chosen:
        assert text == result


@given(distinct_repairs(), st.data())
def test_undoing_one_by_one_is_undoing_together(repair: tuple[str, str, Record], data: st.DataObject) -> None:
    """From the last step to the first nothing depends on the chosen edit, so any order within a step will do."""
    source, result, record = repair
    text, rest = result, record
    for step in reversed(range(len(record.steps))):
        while rest.steps[step].edits:
            edit = data.draw(st.sampled_from(rest.steps[step].edits))
            text, rest = undo(text, rest, [(step, edit)]), without(text, rest, [(step, edit)])
            assert Digest.of(text) == rest.result
    assert text == source


@given(repairs(most=1), st.data())
def test_one_step_without_edits_is_the_other_edits(repair: tuple[str, str, Record], data: st.DataObject) -> None:
    source, result, record = repair
    edits = [edit for step in record.steps for edit in step.edits]
    chosen = data.draw(st.lists(st.sampled_from(edits), unique_by=id)) if edits else []
    rest = [edit for edit in edits if not any(edit is other for other in chosen)]
    assert undo(result, record, chosen) == apply(source, rest)


@given(distinct_repairs(), st.booleans())
def test_composed_edits_can_be_chosen(repair: tuple[str, str, Record], read_again: bool) -> None:
    source, result, record = repair
    if read_again:
        record = Record.from_json(record.to_json())
    for edit, made_of in trace(record.steps):
        others = [other for other, _ in trace(record.steps) if other != edit]
        said = ""
        try:
            text = undo(result, record, [edit])
        except DependentEdits:  # on it stands an edit that is not in the flat list, as it came to nothing
            continue
        except EditError as error:
            said = str(error)
        if said:
            assert "can mean several" in said
        else:
            assert text == undo(result, record, made_of) == apply(source, others)


@given(distinct_repairs())
def test_offsets_follow_their_character(repair: tuple[str, str, Record]) -> None:
    source, result, record = repair
    flat = compose(record.steps)
    offsets = OffsetMap(flat, len(source))
    assert offsets.result_length == len(result)
    touched = {n for edit in flat for n in range(edit.start, edit.end)}
    for n, character in enumerate(source):
        if n not in touched:
            there = offsets.to_result(n, "right")
            assert result[there] == character
            assert offsets.to_source(there, "right") == n
            assert offsets.to_source(offsets.to_result(n + 1, "left"), "left") == n + 1
    shift = 0
    for edit in flat:
        assert offsets.to_result(edit.start, "left") <= edit.start + shift <= offsets.to_result(edit.end, "right")
        for inside in range(edit.start + 1, edit.end):
            assert offsets.to_result(inside, "left") == edit.start + shift
            assert offsets.to_result(inside, "right") == edit.start + shift + len(edit.after)
        shift += len(edit.after) - len(edit.before)


@given(repairs())
def test_offset_maps_keep_order_and_ends(repair: tuple[str, str, Record]) -> None:
    source, result, record = repair
    offsets = OffsetMap(compose(record.steps), len(source))
    for follow, here, there in (
        (offsets.to_result, len(source), len(result)),
        (offsets.to_source, len(result), len(source)),
    ):
        everywhere = np.arange(here + 1)
        left, right = follow(everywhere, "left"), follow(everywhere, "right")
        assert left.tolist() == [follow(n, "left") for n in range(here + 1)]  # one at a time and all at once agree
        assert right.tolist() == [follow(n, "right") for n in range(here + 1)]
        assert (np.diff(left) >= 0).all()
        assert (np.diff(right) >= 0).all()
        assert (left <= right).all()
        assert left[0] == 0
        assert right[-1] == there


@given(texts)
def test_utf8_and_utf16_offsets_are_those_of_the_encoders(text: str) -> None:
    for n in range(len(text) + 1):
        assert to_utf8(text, n) == len(text[:n].encode("utf-8", "surrogatepass"))
        assert to_utf16(text, n) == sum(len(c.encode("utf-16-le", "surrogatepass")) for c in text[:n]) // 2
    everywhere = np.arange(len(text) + 1)
    assert from_utf8(text, to_utf8(text, everywhere)).tolist() == everywhere.tolist()
    assert from_utf16(text, to_utf16(text, everywhere)).tolist() == everywhere.tolist()
