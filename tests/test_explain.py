"""What people read about edits: plain words, a difference in context, and nothing that can reach a terminal."""

from __future__ import annotations

import math
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

import despin
from despin.explain import CONTEXT, REASONS, diff, odds, quoted, reason, refused, report, sentence, times, visible
from despin.values import Edit, Evidence, Refusal

SGR = re.compile(r"\x1b\[[0-9;]*m")
PAGE = (
    "Heart health\r\n"
    "The drug is just not advised for patients with severe liver dysfunction.two Presented the constrained data, "
    "doctors wait.\r\n"
    "An mistake.\n"
)


def at(before: str, after: str, confidence: float = 0.9, *evidence: Evidence) -> Edit:
    start = PAGE.index(before)
    return Edit(start, start + len(before), before, after, "spin.map", confidence, evidence)


EDITS = [
    at("just not advised", "not recommended"),
    at("two", "2"),
    at("the constrained", "limited"),
    at("An m", "An err"),
]


@pytest.mark.parametrize(
    ("nats", "words"),
    [
        (0.0, "as likely"),
        (0.04, "as likely"),
        (-0.04, "as likely"),
        (0.1, "1.1 times likelier"),
        (math.log(2), "2 times likelier"),
        (math.log(2.5), "2.5 times likelier"),
        (math.log(9.97), "10 times likelier"),
        (math.log(30), "30 times likelier"),
        (-math.log(30), "30 times less likely"),
        (math.log(99.7), "100 times likelier"),
        (math.log(12_345), "12,000 times likelier"),
        (math.log(999_000), "1,000,000 times likelier"),
        (math.log(1e6) + 0.01, "over a million times likelier"),
        (-10_000.0, "over a million times less likely"),
        (math.inf, "over a million times likelier"),
    ],
)
def test_nats_as_times(nats: float, words: str) -> None:
    assert times(nats) == words


def test_confidence_as_odds() -> None:
    assert times(odds(30 / 31)) == "30 times likelier"
    assert times(odds(0.5)) == "as likely"
    assert times(odds(1.0)) == "over a million times likelier"
    assert times(odds(0.0)) == "over a million times less likely"


def test_an_edit_in_plain_words() -> None:
    evidence = (
        Evidence(math.log(12), "spin.map", "phrase_rewriter: vital <- important"),
        Evidence(-math.log(3), "unheard.of"),
    )
    edit = Edit(0, 15, "important signs", "vital signs", "spin.map", 30 / 31, evidence)
    assert sentence(edit) == (
        "'important signs' was put back to 'vital signs': 30 times likelier here; "
        "12 times likelier: how spinners use it, against its ordinary use (phrase_rewriter: vital <- important); "
        "3 times less likely: unheard.of"
    )
    assert sentence(Edit(0, 3, "now", "", "debris.link", 0.5)) == "'now' was taken out: as likely here"
    assert sentence(Edit(0, 0, "", " ", "surface.space", 0.75)) == "' ' was put in: 3 times likelier here"


def test_a_rule_is_named_by_itself_or_by_its_kind() -> None:
    assert "a capital that" in reason(Evidence(1.0, "spin.capital"))
    assert reason(Evidence(1.0, "citations.glued")) == "2.7 times likelier: the place where it stands"
    assert reason(Evidence(1.0, "citations")) == "2.7 times likelier: citation numbers written as words"
    assert reason(Evidence(1.0, "other.rule")).endswith(": other.rule")


def test_every_rule_that_gives_evidence_for_a_spun_page_has_a_name() -> None:
    repair = despin.repair(PAGE.replace("\r", "") * 3)
    assert repair.edits
    assert repair.before is not None
    edits, refusals = (
        [one for value in values for one in value.evidence] for values in (repair.edits, repair.refusals)
    )
    rules = {one.rule for one in (*edits, *refusals, *repair.before.evidence)}
    assert {"rate", "spin.map", "spin.context", "score.length"} <= rules
    for rule in rules:
        assert REASONS.get(rule) or REASONS.get(rule.partition(".")[0] + ".*"), rule


def test_a_refusal_in_plain_words() -> None:
    def refusal(before: str, after: str) -> str:
        return refused(Refusal(0, len(before), before, after, "spin.map", 0.6, "not sure enough"))

    assert (
        refusal("common", "frequent") == "'common' was kept, not 'frequent': not sure enough (1.5 times likelier here)"
    )
    assert refusal("x", "").startswith("'x' was not taken out: ")
    assert refusal("", "x").startswith("'x' was not put in: ")


def test_the_difference_in_context() -> None:
    assert diff(PAGE, EDITS) == (
        "2 | The drug is [-just not advised-]{+not recommended+} for patients with severe liver "
        "dysfunction.[-two-]{+2+} Presented [-the constrained-]{+limited+} data, doctors wait.\n"
        "3 | [-An m-]{+An err+}istake.\n"
    )
    assert diff(PAGE, []) == ""
    assert diff("ab", [Edit(1, 1, "", "-", "r", 1.0), Edit(1, 2, "b", "", "r", 1.0)]) == "1 | a{+-+}[-b-]\n"


def test_long_lines_are_cut_at_spaces() -> None:
    text = "word " * 100 + "bad" + " word" * 100
    (line,) = diff(text, [Edit(500, 503, "bad", "good", "r", 1.0)]).splitlines()
    assert re.fullmatch(r"1 \| \.\.\. (word )+\[-bad-\]\{\+good\+\}( word)+ \.\.\.", line)
    assert len(line) < 2 * CONTEXT + 40
    (line,) = diff("x" * 500, [Edit(250, 251, "x", "y", "r", 1.0)]).splitlines()
    assert len(line) < 2 * CONTEXT + 40


def test_edits_far_apart_get_lines_of_their_own() -> None:
    text = "bad" + " word" * 100 + " bad"
    edits = [Edit(0, 3, "bad", "good", "r", 1.0), Edit(504, 507, "bad", "good", "r", 1.0)]
    assert len(diff(text, edits).splitlines()) == 2


def test_the_report_names_every_edit_and_refusal_with_its_evidence() -> None:
    edits = [at("two", "2", 0.99, Evidence(2.0, "citations.glued", "row 7")), *EDITS[2:]]
    shown = report(
        PAGE, edits, [Refusal(0, 5, "Heart", "Coronary heart", "spin.map", 0.1, "too weak", (Evidence(-1.0, "rate"),))]
    )
    assert "3 edits" in shown
    assert "1 refusal\n" in shown
    assert "1. line 2: 'two' was put back to '2': 99 times likelier here" in shown
    assert "7.4 times likelier: the place where it stands (row 7)" in shown
    assert "3. line 3: 'An m' was put back to 'An err'" in shown
    assert "- 'Heart' was kept, not 'Coronary heart': too weak (9 times less likely here)" in shown
    assert "2.7 times less likely: how damaged this document is" in shown
    assert report(PAGE, [], []) == "no edits\n"


def test_colours_only_when_asked_and_only_around_the_same_words() -> None:
    refusals = [Refusal(0, 5, "Heart", "Hart", "spin.map", 0.1, "too weak", (Evidence(1.0, "r"),))]
    assert "\x1b" not in diff(PAGE, EDITS) + report(PAGE, EDITS, refusals)
    shown = report(PAGE, EDITS, refusals, color=True)
    assert SGR.search(shown)
    assert SGR.sub("", shown) == re.sub(r"\[-|-\]|\{\+|\+\}", "", report(PAGE, EDITS, refusals))
    assert "\x1b[31;9mtwo\x1b[0m\x1b[32m2\x1b[0m" in diff(PAGE, EDITS, color=True)


def test_long_quotations_lose_their_middle() -> None:
    assert quoted("a" * 1000) == "'" + "a" * 35 + " ... " + "a" * 35 + "'"


HOSTILE = "\x1b]0;title\x07\x9b31m\u202egnp.exe\u2066\r\ud800\u200b\u2028"


def test_what_is_not_printable_is_shown_as_an_escape() -> None:
    assert visible(HOSTILE) == r"\x1b]0;title\x07\x9b31m\u202egnp.exe\u2066\r\ud800\u200b\u2028"
    assert visible("naïve café 東京 \U0001f600 (c)") == "naïve café 東京 \U0001f600 (c)"


@given(st.text(st.characters() | st.sampled_from(HOSTILE + "\n ab"), max_size=30), st.data())
def test_nothing_in_a_text_reaches_the_terminal(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    after = data.draw(st.text(st.sampled_from(HOSTILE), max_size=5))
    evidence = (Evidence(1.0, after, text),)
    edit = Edit(start, end, text[start:end], after, after, 0.9, evidence)
    refusal = Refusal(start, end, text[start:end], after, after, 0.9, text, evidence)
    shown = diff(text, [edit]) + report(text, [edit], [refusal]) + sentence(edit) + refused(refusal)
    assert shown.replace("\n", "").isprintable()
    colored = SGR.sub("", diff(text, [edit], color=True) + report(text, [edit], [refusal], color=True))
    assert colored.replace("\n", "").isprintable()
