"""Synonym spin: what makes each rule fire and what must not, on few rows written for the test; some on the real maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from despin.context import NgramContext
from despin.dense import DenseBigrams
from despin.detect import spin
from despin.maps import MapIndex, Row, parse_conditions
from despin.reading import Reading
from despin.resources import Resources, load
from despin.terms import TermPairs
from despin.tokens import tokenize
from despin.values import Finding

PAGES = Path(__file__).parent / "cases" / "pages"


@dataclass(frozen=True)
class Tables:
    """What the detector needs, with few rows."""

    maps: MapIndex
    terms: TermPairs
    spin_weights: dict[str, float]
    context: NgramContext
    dense: DenseBigrams


def row(
    original: str, spun: str, weight: float = 0.9, pos: str = "x", keep_if: str = "", family: str = "phrase_rewriter"
) -> Row:
    return Row(original, spun, pos, family, weight, "author", parse_conditions(keep_if), "")


def find(text: str, *rows: Row, everywhere: bool = False, gift: float = 0.0) -> list[Finding]:
    """What is found with `rows` as the only ones. gift: nats that each match gets beyond its evidence."""
    shipped = load("en")
    weights = {**shipped.spin_weights, "always": shipped.spin_weights["always"] + gift}
    tables = Tables(
        MapIndex(rows, shipped.forms, shipped.context), shipped.terms, weights, shipped.context, shipped.dense
    )
    found = spin.find(Reading(tokenize(text), shipped.context), tables, everywhere=everywhere)  # type: ignore[arg-type]
    for finding in found:
        assert text[finding.start : finding.end] == finding.before
    return found


def propose(text: str, *rows: Row) -> list[Finding]:
    """What is found where no match is refused for its evidence: how findings are made, not which."""
    return find(text, *rows, everywhere=True, gift=20.0)


def changes(found: Sequence[Finding]) -> list[tuple[str, str]]:
    """(what stands there, the best alternative) of each finding."""
    return [(finding.before, finding.best.text) for finding in found]


SIGNS = row("vital signs", "important signs")
BREAST, CANCER = row("breast", "bosom", 0.7), row("cancer", "malignancy", 0.6)

# --- spin.map ---------------------------------------------------------------------------------------------------------


def test_a_wording_of_the_maps_is_found() -> None:
    (finding,) = find("The nurse wrote down his important signs at noon.", SIGNS)
    assert (finding.rule, finding.family, finding.kind) == ("spin.map", "phrase_rewriter", "spin")
    assert (finding.before, finding.best.text) == ("important signs", "vital signs")


@pytest.mark.parametrize(
    "text",
    [
        "The nurse wrote down important, signs at noon.",
        "They were important. Signs were put up at noon.",
        "The nurse wrote down important warning signs at noon.",
        "The nurse wrote down signs important at noon.",
        "The nurse wrote down important\n\nsigns at noon.",
        "The nurse wrote down unimportant signs at noon.",
        "The nurse wrote down vital signs at noon.",
        "",
        ".",
    ],
)
def test_its_words_elsewhere_are_not(text: str) -> None:
    assert find(text, SIGNS, everywhere=True) == []


def test_case_and_kind_of_apostrophe_do_not_hide_a_wording() -> None:
    known = row("the doctor's office", "the physician's office")
    assert changes(find("He rang the physician’s office at noon.", known)) == [
        ("the physician’s office", "the doctor's office")
    ]


def test_of_overlapping_wordings_each_is_a_finding() -> None:
    found = propose("The nurse wrote down his important signs at noon.", SIGNS, row("crucial", "important"))
    assert sorted(changes(found)) == [("important", "crucial"), ("important signs", "vital signs")]


def test_no_more_alternatives_than_are_worth_it() -> None:
    words = "vital main key crucial great big large".split()
    (finding,) = propose("An unusually important signal came.", *(row(word, "important", 0.13) for word in words))
    assert len(finding.alternatives) == spin.MOST_ALTERNATIVES < len(words)


# --- spin.common ------------------------------------------------------------------------------------------------------

VITAL = row("vital", "important", 0.2)
# wordings that nobody uses, each a strong trace
STRONG = [row(f"{word} signs", f"{word} indicatorz", 0.99) for word in ("vital", "warning", "traffic")]
TRACES = [f"They saw {word} indicatorz there." for word in ("vital", "warning", "traffic")]
PLAIN = "The nurse took his important signs at noon."


def filler(words: int) -> str:
    return " ".join("We went out and had a meal." for _ in range(words // 7 + 1))


def test_ordinary_words_are_looked_at_near_strong_traces() -> None:
    found = find(" ".join([*TRACES, PLAIN]), VITAL, *STRONG)
    assert [finding.best.nats >= spin.STRONG for finding in found if finding.rule == "spin.map"] == [True] * 3
    assert [(f.rule, f.before, f.best.text) for f in found if f.rule != "spin.map"] == [
        ("spin.common", "important", "vital")
    ]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        " ".join([*TRACES[:2], PLAIN]),
        " ".join([*TRACES, filler(spin.CLOSE_WORDS), PLAIN]),
        " ".join([PLAIN, filler(spin.CLOSE_WORDS), *TRACES]),
        # three traces, but not close to each other
        " ".join([TRACES[0], filler(spin.CLOSE_WORDS), TRACES[1], filler(spin.CLOSE_WORDS), PLAIN, TRACES[2]]),
    ],
    ids=["alone", "two traces", "after", "before", "scattered"],
)
def test_and_nowhere_else(text: str) -> None:
    assert [finding for finding in find(text, VITAL, *STRONG) if finding.rule == "spin.common"] == []


def test_the_second_look_can_be_asked_for() -> None:
    assert changes(find(PLAIN, VITAL, everywhere=True)) == [("important", "vital")]


def test_the_weight_parts_the_two_rules() -> None:
    rules = {
        weight: [finding.rule for finding in find(PLAIN, row("vital", "important", weight), everywhere=True)]
        for weight in (0.2, 0.24, 0.26, 0.9)
    }
    assert rules == {0.2: ["spin.common"], 0.24: ["spin.common"], 0.26: ["spin.map"], 0.9: ["spin.map"]}


# --- spin.pair --------------------------------------------------------------------------------------------------------


def test_two_neighbours_that_form_a_term_together() -> None:
    found = find("She has a history of bosom malignancy in the family.", BREAST, CANCER)
    (pair,) = (finding for finding in found if finding.rule == "spin.pair")
    assert (pair.before, pair.best.text) == ("bosom malignancy", "breast cancer")
    assert {reason.rule for reason in pair.best.evidence} >= {"spin.map", "spin.context"}
    assert pair.best.evidence[0].source == "breast <- bosom; cancer <- malignancy"


@pytest.mark.parametrize(
    "text",
    [
        "She has a history of bosom, malignancy in the family.",
        "She has a history of bosom or malignancy in the family.",
        "She has a history of malignancy bosom in the family.",
        "She has a history of bosom. Malignancy is in the family.",
        # a name
        "She has worked for Bosom Malignancy since last year.",
    ],
)
def test_no_pair_where_they_are_no_neighbours_or_a_name(text: str) -> None:
    assert [finding for finding in find(text, BREAST, CANCER, everywhere=True) if finding.rule == "spin.pair"] == []


def test_no_pair_without_a_term() -> None:
    # "breast sadness" is no term
    found = find(
        "She has a history of bosom malignancy in it.", BREAST, row("sadness", "malignancy", 0.6), everywhere=True
    )
    assert [finding for finding in found if finding.rule == "spin.pair"] == []


def test_a_pair_keeps_its_hyphen_and_its_article() -> None:
    found = find("It was an bosom-malignancy that he had.", BREAST, CANCER, everywhere=True)
    assert ("an bosom-malignancy", "a breast-cancer") in changes([f for f in found if f.rule == "spin.pair"])


def test_rows_of_a_pair_keep_their_conditions() -> None:
    held = row("breast", "bosom", 0.7, keep_if="prev=of")
    text = "She has a history of bosom malignancy in the family."
    assert [finding for finding in find(text, held, CANCER, everywhere=True) if finding.rule == "spin.pair"] == []


def test_the_family_of_a_pair_is_that_of_the_row_that_was_used() -> None:
    kept = row("breast", "bosom", 0.95, keep_if="prev=of", family="as_well")
    used = row("breast", "bosom", 0.7, family="word_for_word")
    text = "She has a history of bosom malignancy in the family."
    (pair,) = (finding for finding in find(text, kept, used, CANCER) if finding.rule == "spin.pair")
    assert pair.family == "word_for_word"


# --- keep_if ----------------------------------------------------------------------------------------------------------

PLACE = "Then they took his important signs again."


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("next=twice|thrice", "Then they took his important signs twice again."),
        ("prev=the|such", "Then they took such important signs again."),
        ("next_number", "Then they took his important signs 4 times."),
        ("prev_number", "Then they took 4 important signs again."),
        ("next_capital", "Then they took his important signs Monday."),
        ("prev_capital", "Then they took Anna important signs again."),
        ("sentence_start", "Then they left. Important signs were taken again."),
        ("sentence_end", "Then they took his important signs."),
        ("next_comma", "Then they took his important signs, once again."),
    ],
)
def test_conditions_keep_where_they_hold(condition: str, holds: str) -> None:
    assert changes(find(holds, SIGNS)) != []
    assert find(holds, row(SIGNS.original, SIGNS.spun, keep_if=condition)) == []
    assert changes(find(PLACE, row(SIGNS.original, SIGNS.spun, keep_if=condition))) == [
        ("important signs", "vital signs")
    ]
    # and the other way round
    negated = row(SIGNS.original, SIGNS.spun, keep_if=f"not_{condition}")
    assert changes(find(holds, negated)) != []
    assert find(PLACE, negated) == []


def test_one_of_several_conditions_is_enough() -> None:
    held = row(SIGNS.original, SIGNS.spun, keep_if="next=twice; prev=such")
    assert find("Then they took such important signs again.", held) == []
    assert find("Then they took his important signs twice again.", held) == []
    assert find(PLACE, held) != []


def test_a_condition_keeps_its_row_only() -> None:
    held = row("vital signs", "important signs", 0.5, keep_if="next=twice")
    other = row("key signs", "important signs", 0.4)
    assert changes(propose("Then they took his important signs twice again.", held, other)) == [
        ("important signs", "key signs")
    ]


@pytest.mark.parametrize("cell", ["next", "sentence_start=a", "nextt=a", "next=", "next=a||b", "not_not_prev=a"])
def test_conditions_that_are_not_known_are_named(cell: str) -> None:
    with pytest.raises(ValueError, match=r"is not known; write next\|prev"):
        parse_conditions(cell)


# --- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "text", "expected"),
    [
        (row("require", "demand", pos="v"), "This demands a lot of work.", ("demands", "requires")),
        (row("require", "demand", pos="v"), "This was demanding a lot of work.", ("demanding", "requiring")),
        (row("take care of", "attend to", pos="v"), "He attended to the dog.", ("attended to", "took care of")),
        (
            row("vital sign", "important sign", pos="n"),
            "They took his important signs.",
            ("important signs", "vital signs"),
        ),
        (row("child", "kid", pos="n"), "She has two kids at home.", ("kids", "children")),
        (row("good", "nice", pos="a"), "This is a nicer place.", ("nicer", "better")),
    ],
)
def test_both_sides_inflect(known: Row, text: str, expected: tuple[str, str]) -> None:
    assert expected in changes(propose(text, known))


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (row("require", "demand"), "This demands a lot of work."),
        (row("require", "demand", pos="n"), "This was demanding a lot of work."),
        (row("vital sign", "important sign", pos="n"), "They took his more important signal."),
    ],
)
def test_a_row_inflects_as_its_class_does(known: Row, text: str) -> None:
    assert propose(text, known) == []


def test_past_forms_that_fall_together_leave_the_choice_to_the_context() -> None:
    known = row("give", "supply", pos="v")
    (past,) = propose("Last year he supplied me a book.", known)
    (participle,) = propose("Last year I was supplied a book.", known)
    assert (past.best.text, participle.best.text) == ("gave", "given")


# --- a and an ---------------------------------------------------------------------------------------------------------

ERROR = row("error", "mistake", pos="n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was due to an mistake in the sum.", ("mistake", "error")),
        ("It was due to a mistake in the sum.", ("a mistake", "an error")),
        ("A mistake in the sum was found.", ("A mistake", "An error")),
        ("It was due to a  mistake in the sum.", ("mistake", "error")),
        ("It was due to the mistake in the sum.", ("mistake", "error")),
        ("It was due to a, mistake in the sum.", ("mistake", "error")),
        ("It was vitamin A. Mistake in the sum.", ("Mistake", "Error")),
    ],
)
def test_the_article_is_mended_in_the_same_edit(text: str, expected: tuple[str, str]) -> None:
    found = changes(propose(text, ERROR))
    if "  " in text:
        expected = ("a  mistake", "an  error")
    assert found == [expected]


def test_the_article_goes_with_each_alternative() -> None:
    (finding,) = propose("It was due to a mistake in it.", ERROR, row("slip", "mistake", 0.5))
    assert {alternative.text for alternative in finding.alternatives} == {"an error", "a slip"}
    assert finding.before == "a mistake"


def test_a_broken_article_speaks_for_the_original() -> None:
    (broken,) = propose("It was due to an mistake in the sum.", ERROR)
    (sound,) = propose("It was due to a mistake in the sum.", ERROR)
    assert "spin.article" in {reason.rule for reason in broken.best.evidence}
    assert "spin.article" not in {reason.rule for reason in sound.best.evidence}


def test_a_label_is_no_article() -> None:
    known = row("insufficiency", "shortage")
    assert changes(propose("They suffer from vitamin A shortage in winter.", known)) == [("shortage", "insufficiency")]


# --- capitals ---------------------------------------------------------------------------------------------------------

SAFE = row("safe", "risk-free")
EXAM = row("oral exam", "verbal test")


@pytest.mark.parametrize(
    ("known", "text", "expected"),
    [
        (SAFE, "Both are Risk-free and can be used.", [("Risk-free", "safe")]),
        (SAFE, "Risk-free options are rare.", [("Risk-free", "Safe")]),
        (SAFE, "It is so. Risk-free options are rare.", [("Risk-free", "Safe")]),
        # a capital among capitals may be a title
        (SAFE, "They read Big Risk-free Banks at home.", [("Risk-free", "Safe")]),
        (EXAM, "They took the verbal test at home.", [("verbal test", "oral exam")]),
        (EXAM, "They took the Verbal Test at home.", []),
        (EXAM, "Verbal test results are out.", [("Verbal test", "Oral exam")]),
        (row("MRI", "magnetic scan"), "They did a Magnetic scan at home.", [("a Magnetic scan", "an MRI")]),
    ],
)
def test_capitals(known: Row, text: str, expected: list[tuple[str, str]]) -> None:
    assert changes(propose(text, known)) == expected


def test_a_stray_capital_speaks_for_the_original() -> None:
    (stray,) = propose("Both are Risk-free and can be used.", SAFE)
    (plain,) = propose("Both are risk-free and can be used.", SAFE)
    assert stray.best.nats == pytest.approx(plain.best.nats + load("en").spin_weights["capital"], abs=1e-3)
    assert "spin.capital" in {reason.rule for reason in stray.best.evidence}


# --- hyphens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (SAFE, "Both are risk free and can be used."),
        (row("the next day", "to morrow"), "They will come to-morrow at noon."),
    ],
)
def test_a_hyphen_stands_where_the_row_has_one(known: Row, text: str) -> None:
    assert propose(text, known) == []


# --- context ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("The nurse took his important signs at noon.", "vital"),
        ("They walked along the important road to town.", "main"),
    ],
)
def test_the_context_chooses(text: str, best: str) -> None:
    (finding,) = find(text, row("vital", "important", 0.4), row("main", "important", 0.4), everywhere=True)
    assert finding.best.text == best


def test_the_document_chooses() -> None:
    rows = row("physician", "doc", 0.4), row("doctor", "doc", 0.4)
    text = "He saw the doc again."
    once = {alternative.text: alternative.nats for alternative in propose(text, *rows)[0].alternatives}
    repeated = "The physician came. A physician is dear. Ask your physician. "
    often = {a.text: a.nats for a in propose(repeated + text, *rows)[0].alternatives}
    assert often["physician"] - often["doctor"] > once["physician"] - once["doctor"] + 0.5


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_evidence_names_row_and_context(resources: Resources) -> None:
    (finding,) = find("The nurse took his important signs at noon.", SIGNS)
    reasons = {reason.rule: reason.source for reason in finding.best.evidence}
    assert reasons["spin.map"] == "phrase_rewriter: vital signs <- important signs"
    assert reasons["spin.context"] == resources.context.name
    assert all(reason.nats for reason in finding.best.evidence)


def test_heavier_rows_weigh_more() -> None:
    nats = [find(PLAIN, row("vital", "important", weight), everywhere=True)[0].best.nats for weight in (0.3, 0.6, 0.9)]
    assert nats == sorted(nats)
    assert nats[0] < nats[2] - 1


# --- the shipped maps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["supplement.spun", "abstract.spun", "legal.original"])
def test_looking_everywhere_loses_no_place(name: str, resources: Resources) -> None:
    reading = Reading(tokenize((PAGES / f"{name}.txt").read_text(encoding="utf-8")), resources.context)
    # spans may grow over an article where there are more alternatives; ends do not
    usual = {finding.end for finding in spin.find(reading, resources)}
    assert usual
    assert usual <= {finding.end for finding in spin.find(reading, resources, everywhere=True)}


def test_clean_pages_get_no_second_look(resources: Resources) -> None:
    usual = everywhere = 0
    for path in sorted(PAGES.glob("*.clean.txt")):
        reading = Reading(tokenize(path.read_text(encoding="utf-8")), resources.context)
        usual += sum(finding.rule == "spin.common" for finding in spin.find(reading, resources))
        everywhere += sum(finding.rule == "spin.common" for finding in spin.find(reading, resources, everywhere=True))
    assert usual < 0.5 * everywhere


def test_rows_with_a_number_are_found() -> None:
    assert changes(propose("He waited for a 12 months before it came.", row("a year", "a 12 months"))) == [
        ("a 12 months", "a year")
    ]
