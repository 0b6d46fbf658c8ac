"""Citation markers: the trap cases, run through the public function; evidence, styles, bounds and speed of `find`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import despin
from despin.detect.citations import (
    CLEAR,
    DOCUMENT_MOST,
    MOST_VALUE,
    STYLES,
    Document,
    _place,
    _weigh,
    find,
)
from despin.detect.markers import (
    CONTEXT_CLASSES,
    CONTEXT_COLUMNS,
    ITEM_REACH,
    MOST_ITEMS,
    load_context,
    sites,
    words_of,
)
from despin.detect.numerals import LANGUAGES
from despin.settings import SettingsError
from despin.tables import TableError, data_folder, read_rows
from despin.tokens import tokenize
from despin.values import Finding

CASES = Path(__file__).parent / "cases" / "citations.tsv"
COLUMNS = ("id", "lang", "style", "input", "expected", "xfail", "note")


def _unescaped(cell: str) -> str:
    return cell.replace("\\n", "\n").replace("\\\\", "\\")


def cases() -> Iterator[tuple[str, str, str, str, str, bool]]:
    for _, (name, lang, style, before, after, xfail, _note) in read_rows(CASES, COLUMNS):
        yield name, lang, style, _unescaped(before), _unescaped(after), bool(xfail)


def _find(text: str, lang: str = "en", style: str | None = None) -> list[Finding]:
    return find(tokenize(text), SimpleNamespace(lang=lang, folder=data_folder()), style)  # type: ignore[arg-type]


def _parameters() -> list[object]:
    return [
        pytest.param(*case[1:5], id=case[0], marks=[pytest.mark.xfail(strict=True)] if case[5] else [])
        for case in cases()
        if case[1] in LANGUAGES
    ]


@pytest.mark.parametrize(("lang", "style", "before", "after"), _parameters())
def test_case(lang: str, style: str, before: str, after: str) -> None:
    repair = despin.normalize_citations(before, style or None, lang)  # type: ignore[arg-type]
    assert repair.text == after
    assert repair.undo() == before


def test_the_cases_are_many_and_half_are_keeps() -> None:
    rows = list(cases())
    keeps = sum(before == after for *_, before, after, _ in rows)
    assert len({row[0] for row in rows}) == len(rows) >= 220
    assert 0.4 <= keeps / len(rows) <= 0.7
    assert sum(row[1] != "en" for row in rows) >= 36


def test_a_language_without_number_words_gives_nothing() -> None:
    assert _find("Sen zmniejsza stres.two The effect", lang="pl") == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Sleep lowers stress.two The effect is brief.", "citations.glued"),
        ("nine The effect is brief and small.", "citations.orphan"),
        ("Sleep lowers stress [nine].", "citations.bracketed"),
        ("Sleep lowers stress.two, three The effect is brief.", "citations.list"),
    ],
)
def test_each_rule_has_a_name_and_reasons(text: str, rule: str) -> None:
    (finding,) = _find(text)
    assert finding.rule == rule
    assert finding.rate_free
    assert finding.best.nats >= CLEAR
    assert text[finding.start : finding.end] == finding.before
    assert all(reason.source and reason.rule.startswith("citations.") for reason in finding.best.evidence)


def test_a_doubtful_place_is_proposed_only_in_company() -> None:
    doubtful = "The membrane is permeable to water,fourteen which explains the swelling."
    assert _find(doubtful) == []
    (finding,) = [found for found in _find(f"{doubtful} Salts stay out.[3]") if found.before == "fourteen"]
    assert not finding.rate_free


def test_citations_in_digits_add_evidence() -> None:
    alone = _find("Sleep lowers stress.two Given time, it heals.")[0].best.nats
    with_digits = _find("Sleep lowers stress.two Given time, it heals. Rest helps.3 Food helps.4")[0].best.nats
    assert with_digits > alone


def test_numbers_far_beyond_those_seen_count_less() -> None:
    near = _find("Sleep lowers stress.five Given time, it heals. Rest helps.3 Food helps.4")[0].best.nats
    far = _find("Sleep lowers stress.ninety Given time, it heals. Rest helps.3 Food helps.4")[0].best.nats
    assert near > far


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("a drug [12] and [3, 4] and [5–7]", {"brackets": 3}),
        ("a drug (12) and (3)", {"parentheses": 2}),
        ("a drug.¹² It helps.³", {"superscript": 2}),
        ("an area of 5 m² and 3 cm³", {}),
        ("a drug helps.12 It heals.3,4 Fine.", {"bare": 2}),
        ("version 3.12 and 4.5 kg", {}),
        ("in rats,12 and mice", {"comma": 1}),
        ("21 The gene is active.", {"orphan": 1}),
    ],
)
def test_citations_in_digits_are_counted_by_form(text: str, forms: dict[str, int]) -> None:
    document = Document(text)
    assert {form: document.count(form) for form in Document.FORMS if document.count(form)} == forms


@pytest.mark.parametrize("style", STYLES)
def test_each_style_can_be_asked_for(style: str) -> None:
    texts = {"brackets": "[2]", "parentheses": "(2)", "superscript": "²", "bare": "2"}
    (finding,) = _find("Sleep lowers stress.two The effect is brief.", style=style)
    assert finding.best.text == texts[style]


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(SettingsError, match="use one of brackets, parentheses"):
        _find("Sleep lowers stress.two The effect.", style="roman")


@pytest.mark.parametrize(("value", "found"), [("zero", 0), ("nine hundred ninety-nine", 1), ("one thousand", 0)])
def test_only_numbers_that_a_reference_list_reaches(value: str, found: int) -> None:
    assert MOST_VALUE == 999
    assert len(_find(f"Sleep lowers stress.{value} The effect is brief.")) == found


def test_long_lists_are_read_in_bounded_pieces() -> None:
    text = "Sleep lowers stress." + ",".join(["one", "two", "three", "four", "five"] * MOST_ITEMS) + " The end"
    assert all(finding.end - finding.start <= ITEM_REACH * MOST_ITEMS for finding in _find(text))


@given(
    st.lists(
        st.sampled_from(["two", "twenty five", "The", "12", "al", "x", *"[]().,–” \n"]),
        max_size=30,
    ).map("".join)
    | st.text(max_size=60)
)
def test_findings_are_in_order_inside_the_text_and_repeatable(text: str) -> None:
    found = _find(text)
    assert found == _find(text)
    assert all(a.end <= b.start for a, b in zip(found, found[1:]))  # noqa: B905, RUF007
    assert all(text[finding.start : finding.end] == finding.before != finding.best.text for finding in found)


@pytest.mark.parametrize("unit", ["x.two The ", "one, ", "one-", "(ten) ", ".two", "two\n", "twenty ", "[two "])
def test_find_takes_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        tokens = tokenize(unit * (size // len(unit)))
        start = time.process_time()
        _ = find(tokens, SimpleNamespace(lang="en", folder=data_folder()))
        return time.process_time() - start

    seconds(1_000)
    # Ten times the text in less than forty times the time; quadratic growth would take a hundred times.
    assert min(seconds(100_000) for _ in range(2)) < 40 * min(seconds(10_000) for _ in range(3)) + 0.1


def test_context_words_are_sorted_and_used_classes_only() -> None:
    rows = [tuple(cells[:3]) for _, cells in read_rows(data_folder() / "numerals" / "context.tsv", CONTEXT_COLUMNS)]
    assert rows == sorted(set(rows))
    assert {kind for _, kind, _ in rows} == set(CONTEXT_CLASSES)


def test_context_table_names_file_and_line_when_malformed(tmp_path: Path) -> None:
    (tmp_path / "numerals").mkdir()
    for row, message in [
        ("xx\topener\tThe\t", "context.tsv:2: lang 'xx'"),
        ("en\todd\tThe\t", "context.tsv:2: class 'odd'"),
    ]:
        (tmp_path / "numerals" / "context.tsv").write_text("\t".join(CONTEXT_COLUMNS) + f"\n{row}\n", encoding="utf-8")
        with pytest.raises(TableError, match=message):
            load_context(tmp_path)


def test_no_document_adds_more_than_the_bound() -> None:
    cited = " Salts stay out,3 and sugars.[4] Fats pass (5) slowly.6 7 The cell swells.8 9 These die."
    for text in (
        "Sleep lowers stress.two The effect fades.",
        "nine The effect is brief.",
        "It passes water,fourteen which swells.",
        "It is known [two].",
        "It is known (two).",
    ):
        alone, here = Document(""), Document(text + cited)
        words = words_of("en", data_folder())
        (site, *_) = sites(tokenize(text), words)
        named = _place(site, words)
        assert named is not None
        gained = _weigh(site, words, named[1], here).nats - _weigh(site, words, named[1], alone).nats
        assert 0 < gained <= DOCUMENT_MOST
