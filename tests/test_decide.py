"""The decision: thresholds, guarded meanings, protection, and the overlap of findings against brute force."""

from __future__ import annotations

import itertools
import math
import random

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from despin.decide import GUARDED, decide, meaning_changed, what_protects, with_articles
from despin.edits import apply
from despin.rates import HEAVY, Rate
from despin.settings import LEVELS, Level
from despin.values import Alternative, Edit, Evidence, Finding, Refusal

# On a page of this rate a finding's evidence stands as it is.
HEAVY_PAGE = {"wording": Rate(HEAVY, 1.0), "letters": Rate(HEAVY, 1.0)}
EVEN = Level("even", 0.04, 0.5, 1.0)


def finding(
    start: int, end: int, *nats: float, before: str = "", rule: str = "spin.map", family: str = "", free: bool = False
) -> Finding:
    alternatives = tuple(Alternative(f"new{i}", (Evidence(value, rule),)) for i, value in enumerate(nats))
    return Finding(start, end, before or "x" * (end - start), rule, alternatives, family, free)


def outcome(
    *findings: Finding, level: Level = EVEN, rate: float = HEAVY
) -> tuple[tuple[Edit, ...], tuple[Refusal, ...]]:
    return decide(findings, {"wording": Rate(rate, 1.0), "letters": Rate(rate, 1.0)}, level)


def log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


# --- thresholds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS.values(), ids=lambda level: level.name)
def test_the_level_is_the_least_confidence(level: Level) -> None:
    (edit,), _ = outcome(finding(0, 3, log_odds(level.confidence) + 0.01), level=level)
    assert level.confidence <= edit.confidence < level.confidence + 0.01
    assert (edit.start, edit.end, edit.before, edit.after, edit.rule) == (0, 3, "xxx", "new0", "spin.map")
    edits, (refusal,) = outcome(finding(0, 3, log_odds(level.confidence) - 0.01), level=level)
    assert edits == ()
    assert (
        refusal.reason
        == f"not sure enough: {refusal.confidence:.0%} where level {level.name} asks for {level.confidence:.0%}"
    )


def test_levels_are_nested() -> None:
    confidences = [LEVELS[name].confidence for name in ("safe", "balanced", "bold")]
    meanings = [LEVELS[name].meaning_nats for name in ("safe", "balanced", "bold")]
    assert confidences == sorted(confidences, reverse=True)
    assert meanings == sorted(meanings, reverse=True)


def test_the_rate_of_the_document_counts() -> None:
    on_heavy, _ = outcome(finding(0, 3, 3.0))
    on_clean, refused = outcome(finding(0, 3, 3.0), rate=0.0004)
    assert (len(on_heavy), len(on_clean), len(refused)) == (1, 0, 1)
    rate = Rate(0.0004, 1.0).nats
    assert refused[0].evidence[-1] == Evidence(rate, "rate", "0.0% of the words seem altered")
    assert refused[0].confidence == pytest.approx(1 / (1 + math.exp(-3.0 - rate)), abs=1e-4)


def test_some_findings_need_no_rate() -> None:
    (edit,), _ = outcome(finding(0, 3, 3.0, free=True), rate=0.0004)
    assert edit.confidence == pytest.approx(1 / (1 + math.exp(-3)), abs=1e-4)
    assert all(reason.rule != "rate" for reason in edit.evidence)


def test_alternatives_compete_with_each_other() -> None:
    (sure,), _ = outcome(finding(0, 3, 2.0))
    (unsure,), _ = outcome(finding(0, 3, 2.0, 1.5))
    assert sure.confidence == pytest.approx(math.exp(2) / (1 + math.exp(2)), abs=1e-4)
    assert unsure.confidence == pytest.approx(math.exp(2) / (1 + math.exp(2) + math.exp(1.5)), abs=1e-4)
    assert outcome(finding(0, 3, 2.0, 1.99, 1.98))[0] == ()


def test_extreme_evidence_is_still_a_probability() -> None:
    (edit,), (refusal,) = outcome(finding(0, 3, 500.0), finding(5, 8, -500.0))
    assert (edit.confidence, refusal.confidence) == (1.0, 0.0)


# --- guarded meanings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("is not", "is", "a negation"),
        ("isn't good", "is good", "a negation"),
        ("isn’t good", "is good", "a negation"),
        ("isn't good", "is not good", ""),
        ("is not good", "isn’t good", ""),
        ("cannot", "can", "a negation"),
        ("most of", "all of", "a quantity"),
        ("often", "always", "a frequency"),
        ("must", "may", "a modality"),
        ("two miles", "two km", "a unit"),
        ("five pounds", "five dollars", "a currency"),
        ("$5", "£5", "a number"),
        ("two tablets", "two pills", "a dosage"),
        ("a daily dose", "a daily amount", "a dosage"),
        ("twelve people", "ten people", "a number"),
        ("24 hours", "48 hours", "a number"),
        ("the 24 hours", "those 24 hours", ""),
        # put in or taken out as well as exchanged
        ("of the", "of all the", "a quantity"),
        # the same words in another order, in other case, or inside other words, change nothing
        ("Not all", "all not", ""),
        ("knot", "node", ""),
        ("important signs", "vital signs", ""),
        ("", "", ""),
    ],
)
def test_meaning_changed(before: str, after: str, expected: str) -> None:
    assert meaning_changed(before, after) == expected


@pytest.mark.parametrize(("what", "word"), [(what, word) for what, words in GUARDED.items() for word in words])
def test_every_guarded_word_is_guarded(what: str, word: str) -> None:
    assert meaning_changed(f"so {word} it", "so it") == what
    assert meaning_changed("so it", f"so {word.upper()} it") == what


def changing(nats: float, **options: bool) -> Finding:
    return Finding(0, 5, "often", "spin.map", (Alternative("always", (Evidence(nats, "spin.map"),)),), "", **options)


@pytest.mark.parametrize("level", LEVELS.values(), ids=lambda level: level.name)
def test_a_changed_meaning_needs_more(level: Level) -> None:
    needed = log_odds(level.confidence) + level.meaning_nats
    edits, (refusal,) = outcome(changing(needed - 0.01), level=level)
    assert edits == ()
    assert refusal.reason == "would change a frequency, and the evidence is not strong enough for that"
    assert len(outcome(changing(needed + 0.01), level=level)[0]) == 1
    assert len(outcome(changing(needed - 0.01, rate_free=True), level=level)[0]) == 1


# --- protection -------------------------------------------------------------------------------------------------------

PROTECTED = [(10, 20, "a quotation"), (30, 40, "code or an address")]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (12, 15, "a quotation"), (5, 11, "a quotation"), (19, 25, "a quotation"), (5, 25, "a quotation"),
        (15, 35, "code or an address"), (15, 15, "a quotation"),
        (5, 10, ""), (20, 30, ""), (20, 20, ""), (10, 10, ""), (40, 45, ""), (0, 3, ""),
    ],
)  # fmt: skip
def test_what_protects(start: int, end: int, expected: str) -> None:
    assert what_protects(finding(start, end, 5.0), PROTECTED) == expected


def test_protected_text_is_refused() -> None:
    edits, (refusal,) = decide([finding(12, 15, 50.0)], HEAVY_PAGE, EVEN, PROTECTED)
    assert edits == ()
    assert refusal.reason == "inside a quotation, which is not rewritten"


# --- overlaps ---------------------------------------------------------------------------------------------------------


def overlap(one: Finding, other: Finding) -> bool:
    """Two findings cannot both be taken: they share a character, or both put something in at one place."""
    if one.start == one.end == other.start == other.end:
        return True
    return one.start < other.end and other.start < one.end


def gain(item: Finding, level: Level) -> float:
    """Log odds of an accepted finding beyond what the level asks, as the decision weighs it."""
    confidence = round(1 / (1 + math.exp(-item.best.nats)), 4)
    return round(log_odds(min(max(confidence, 1e-9), 1 - 1e-9)) - log_odds(level.confidence), 4) + 1e-6


def best_total(findings: list[Finding], level: Level) -> float:
    """The greatest total gain of any set of findings that do not overlap, by trying all sets."""
    best = 0.0
    for many in range(1, len(findings) + 1):
        for chosen in itertools.combinations(findings, many):
            if not any(overlap(one, other) for one, other in itertools.combinations(chosen, 2)):
                best = max(best, sum(gain(item, level) for item in chosen))
    return best


spans = st.tuples(st.integers(0, 12), st.integers(0, 5), st.floats(1.2, 8).map(lambda nats: round(nats, 3)))
many = st.lists(spans, max_size=7).map(
    lambda rows: [finding(start, start + length, nats) for start, length, nats in rows]
)


@given(many)
def test_the_best_set_is_taken(findings: list[Finding]) -> None:
    level = LEVELS["balanced"]
    edits, refusals = outcome(*findings, level=level)
    assert len(edits) + len(refusals) == len(findings)
    taken = {(edit.start, edit.end): edit for edit in edits}
    assert len(taken) == len(edits)
    for one, other in itertools.combinations(edits, 2):
        assert not overlap(finding(one.start, one.end, 1.0), finding(other.start, other.end, 1.0))
    total = sum(
        max(gain(item, level) for item in findings if (item.start, item.end) == place) for place in taken
    )  # fmt: skip
    assert total == pytest.approx(best_total(findings, level), abs=1e-3)
    assert all(refusal.reason.startswith("overlaps an edit with more evidence: ") for refusal in refusals)


@given(many, st.randoms(use_true_random=False))
def test_the_order_of_findings_makes_no_difference(findings: list[Finding], chance: random.Random) -> None:
    shuffled = list(findings)
    chance.shuffle(shuffled)
    assert outcome(*shuffled) == outcome(*findings)


@given(many)
def test_edits_can_be_applied(findings: list[Finding]) -> None:
    text = "x" * 20
    edits, refusals = outcome(*findings)
    assert list(edits) == sorted(edits, key=lambda edit: (edit.start, edit.end))
    assert list(refusals) == sorted(refusals, key=lambda refusal: (refusal.start, refusal.end))
    assert len(apply(text, edits)) == 20 + sum(len(edit.after) - len(edit.before) for edit in edits)


@given(many, st.sampled_from(["safe", "balanced"]))
def test_a_bolder_level_takes_at_least_as_much_evidence(findings: list[Finding], name: str) -> None:
    """Where nothing overlaps, what a careful level takes a bolder one takes too."""
    assume(not any(overlap(one, other) for one, other in itertools.combinations(findings, 2)))
    careful, _ = outcome(*findings, level=LEVELS[name])
    bold, _ = outcome(*findings, level=LEVELS["bold"])
    assert set(careful) <= set(bold)


def test_no_findings_no_edits() -> None:
    assert outcome() == ((), ())


# --- articles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        # the next edit's wording decides
        ("it was usually a mistake", [("usually a", "a"), ("mistake", "error")], "it was an error"),
        ("it was usually an error", [("usually an", "an"), ("error", "mistake")], "it was a mistake"),
        # the word that stands there decides
        ("it is regarded as error", [("regarded as", "a")], "it is an error"),
        # no second article
        (
            "it is regarded as an mistake",
            [("regarded as", "seen as a"), ("an mistake", "an error")],
            "it is seen as an error",
        ),
        # what fits already, and words that only end alike, stay
        ("it was usually a mistake", [("usually a", "a")], "it was a mistake"),
        ("the whole pizza idea", [("whole pizza", "banana")], "the banana idea"),
        ("a vitamin A. And then", [("a vitamin A", "vitamin A")], "vitamin A. And then"),
    ],
)
def test_articles_fit_the_word_that_follows_at_last(text: str, changes: list[tuple[str, str]], expected: str) -> None:
    edits = []
    for before, after in changes:
        start = text.index(before)
        edits.append(Edit(start, start + len(before), before, after, "spin.map", 0.9))
    assert apply(text, with_articles(text, edits)) == expected
