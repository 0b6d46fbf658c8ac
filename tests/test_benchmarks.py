"""The benchmarks measure what they say: intervals, areas, spun text and its alignment, outcomes, the loaders."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
from benchmarks import data, registers
from benchmarks.damage import Change as Damage
from benchmarks.damage import count_words, verdict
from benchmarks.data import Document, MissingData
from benchmarks.figures import auroc, share_above, table, wilson
from benchmarks.make_spun import (
    CITATION,
    ENGINES,
    Change,
    Spun,
    differences,
    number_words,
    sentences_of,
    spelt_citations,
    spin,
    substitute,
    with_citations,
)
from benchmarks.rewritten import Tally, count_named, judge_repair, passages_of
from benchmarks.speed import NASTY, draw, part_of, prose, short_documents, worst_cases

from despin import Alternative, Edit, Finding

TEXT = (
    "The treatment of the disease is given in the clinic. Many people use the drug because it is safe.\n"
    "A large study showed that the use of the drug can reduce pain, but the number of patients was small."
)


def edit(text: str, before: str, after: str) -> Edit:
    start = text.index(before)
    return Edit(start, start + len(before), before, after, "spin.map", 0.9)


def outcome(spun: Spun, *edits: Edit) -> tuple[int, int, int, int]:
    tally = Tally()
    judge_repair(spun, spun.text, edits, tally)
    return tally.restored, tally.otherwise, tally.untouched, tally.harmed


# --- figures -----------------------------------------------------------------------------------------


def test_wilson_agrees_with_the_published_formula() -> None:
    # Newcombe 1998, table I: 81 of 263 and 15 of 148
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == (0.0, pytest.approx(0.1611, abs=5e-5))
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilson_refuses_what_is_no_share() -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)


def test_auroc_counts_ties_half() -> None:
    assert auroc([2, 3], [0, 1]) == 1.0
    assert auroc([1], [1]) == 0.5
    assert auroc([1, 2], [1, 3]) == pytest.approx((0.5 + 0 + 1 + 0) / 4)
    assert math.isnan(auroc([], [1]))


def test_share_above_lets_no_more_than_the_share_of_negatives_pass() -> None:
    negatives = list(range(100))
    assert share_above([98, 98.5, 99.5], negatives, 0.01) == pytest.approx(2 / 3)
    assert share_above([98.5, 99.5], negatives[:99], 0.0) == 1.0


def test_table_sets_numbers_to_the_right() -> None:
    assert table(("name", "n"), [("a", 5), ("long", 10)]).splitlines() == ["name   n", "a      5", "long  10"]


# --- damage ------------------------------------------------------------------------------------------


def test_verdict_says_when_the_interval_decides() -> None:
    assert verdict("modern", "balanced", 2, 1_000_000).endswith("kept")
    assert verdict("modern", "balanced", 2, 10_001).endswith("kept, within error")
    assert verdict("modern", "balanced", 500, 10_000).endswith("BROKEN")
    assert verdict("modern", "balanced", 3, 10_000).endswith("BROKEN, within error")
    assert verdict("old", "bold", 3, 10_000) == "no budget"


def test_a_change_is_shown_in_its_sentence_and_counted_in_words() -> None:
    document = Document("test", "1", TEXT)
    change = Damage("safe", document, edit(TEXT, "Many people", "Patients"))
    assert change.words == 2
    assert change.in_context().startswith("[Many people|Patients] use the drug")
    assert Damage("safe", document, Edit(3, 3, "", " new", "spin.map", 0.9)).words == 1
    assert count_words("the so-called patient's 3 cells, (IL-6)") == 6


# --- loaders -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = {
        "human/a.jsonl": [{"source": "s", "text": "One."}, {"source": "s", "text": "Two."}],
        "ocr/b.jsonl": [
            {"source": "x/1/0", "gold": "first line"},
            {"source": "x/1/1", "gold": "second line"},
            {"source": "x/2#0", "gold": "third line"},
            {"source": "x/3/0", "gold": "first line"},
        ],
    }
    for name, lines in rows.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    monkeypatch.setenv("DESPIN_DATA", str(tmp_path))
    return tmp_path


def test_rows_of_human_text_are_documents(folder: Path) -> None:
    found = list(data.human("r", "a.jsonl"))
    assert [document.text for document in found] == ["One.", "Two."]
    assert len({document.id for document in found}) == 2


def test_gold_lines_of_one_source_are_one_document_without_repetitions(folder: Path) -> None:
    found = {document.id: document.text for document in data.gold("r", ["b.jsonl"], numbered=True)}
    assert found == {"x/1": "first line\nsecond line", "x/2": "third line"}


def test_only_held_documents_are_measured(tmp_path: Path) -> None:
    rows = [
        {"source": "p", "id": "1990_a", "split": "held", "text": "held"},
        {"source": "p", "id": "1890_b", "split": "held", "text": "old"},
        {"source": "p", "id": "1991_c", "split": "train", "text": "taught"},
    ]
    (tmp_path / "speech.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "provenance.tsv").write_text("", encoding="utf-8")
    assert [document.text for document in data.held("speech", "speech", tmp_path)] == ["held", "old"]
    assert [document.text for document in registers.sample(registers.named("speech")[0], tmp_path)] == ["held"]


def test_missing_data_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingData, match=r"scripts/clean_text\.py --cache"):
        data.clean_folder(tmp_path)
    monkeypatch.setenv("DESPIN_DATA", str(tmp_path / "none"))
    with pytest.raises(MissingData, match="DESPIN_DATA"):
        data.shared_folder()


def test_a_broken_line_is_named(folder: Path) -> None:
    (folder / "human" / "a.jsonl").write_text('{"source": "s", "text": "One."}\n{"sour', encoding="utf-8")
    with pytest.raises(MissingData, match=r"a\.jsonl:2"):
        list(data.human("r", "a.jsonl"))


def test_register_names() -> None:
    assert [register.name for register in registers.named("speech")] == ["speech"]
    assert len(registers.named("old print")) == 5
    with pytest.raises(ValueError, match="there are"):
        registers.named("poetry")
    names = [register.name for register in registers.REGISTERS]
    assert len(set(names)) == len(names)


# --- spun text ---------------------------------------------------------------------------------------


def aligned(spun: Spun) -> None:
    """Every change is where it says it is, on both sides, and undoing them all gives the original back."""
    assert all(spun.original[change.start : change.end] == change.before for change in spun.changes)
    places = spun.places()
    assert all(spun.text[start:end] == change.after for start, end, change in places)
    restored = spun.text
    for start, end, change in reversed(places):
        restored = restored[:start] + change.before + restored[end:]
    assert restored == spun.original


def test_substitution_is_aligned_reaches_its_density_and_leaves_names_alone() -> None:
    words = ("treatment", "disease", "clinic", "people", "drug", "study", "pain", "small", "use")
    table = {word: [(word + "x", 1.0)] for word in words}
    table["a large"] = [("the big", 1.0)]
    text = TEXT + " The Drug Act is old."
    spun = Spun(text, tuple(sorted(substitute(text, table, 0.2, random.Random(1)), key=lambda change: change.start)))
    aligned(spun)
    assert 0.1 < spun.density <= 0.21
    assert "Drug Act" in spun.text


def test_no_wording_is_replaced_everywhere() -> None:
    changes = substitute("the cat and the dog " * 20, {"the": [("your", 1.0)]}, 0.9, random.Random(1))
    assert len(changes) == 8  # a fifth of forty places


def test_capitals_follow_what_stood_there() -> None:
    changes = substitute("People came. people went.", {"people": [("men and women", 1.0)]}, 1.0, random.Random(1))
    assert sorted(change.after for change in changes) == ["Men and women", "men and women"]


@pytest.mark.parametrize("number", ["The result held.31 Later", "It held [31]. Later", "It held. (31) Later"])
def test_citations_are_spelt_where_they_are_citations(number: str) -> None:
    assert CITATION.search(number)
    changes = [change for seed in range(60) for change in spelt_citations(number, random.Random(seed))]
    assert {change.after for change in changes} == {"thirty-one", "thirty one"}


@pytest.mark.parametrize("text", ["In 31 patients", "It rose by 3.5 points", "Chapter 12 follows", "Use 20 mg."])
def test_other_numbers_are_no_citations(text: str) -> None:
    assert not CITATION.search(text)


def test_planted_citations_keep_the_text() -> None:
    text = "The drug is safe. " * 30
    planted = with_citations(text)
    assert CITATION.search(planted)
    assert with_citations(text) == planted
    letters = [sign for sign in planted if sign.isalpha()]
    assert letters == [sign for sign in text if sign.isalpha()]


def test_number_words() -> None:
    assert [number_words(n) for n in (0, 14, 20, 99)] == ["zero", "fourteen", "twenty", "ninety-nine"]
    assert number_words(35, " ") == "thirty five"


def test_differences_are_the_least_that_make_the_other_text() -> None:
    changes = differences("The old cat sat, quietly.", "The cat was sitting, quietly.", 10)
    assert [(change.before, change.after) for change in changes] == [(" old", ""), ("sat", "was sitting")]
    assert changes[0].start == 13


def test_sentences_hold_their_citations() -> None:
    text = "It held.31 Later it fell [2]. Then rose.\nA line"
    assert [text[start:end] for start, end in sentences_of(text)] == [
        "It held.",
        "Later it fell [2].",
        "Then rose.",
        "A line",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_are_aligned_and_deterministic(engine: str) -> None:
    try:
        spun = spin(TEXT, engine, 0.3)
    except MissingData as error:
        pytest.skip(str(error))
    assert spun.changes
    aligned(spun)
    assert spin(TEXT, engine, 0.3) == spun


# --- outcomes ----------------------------------------------------------------------------------------


SPUN = Spun(
    "He has vital signs and an error here.", (Change(7, 12, "vital", "important"), Change(26, 31, "error", "mistake"))
)


def test_outcomes_of_single_edits() -> None:
    text = SPUN.text
    assert outcome(SPUN) == (0, 0, 2, 0)
    assert outcome(SPUN, edit(text, "important", "vital")) == (1, 0, 1, 0)
    assert outcome(SPUN, edit(text, "important", "key")) == (0, 1, 1, 0)
    assert outcome(SPUN, edit(text, "here", "there")) == (0, 0, 2, 1)


def test_an_edit_may_be_wider_than_the_change() -> None:
    text = SPUN.text
    assert outcome(SPUN, edit(text, "important signs", "vital signs")) == (1, 0, 1, 0)
    assert outcome(SPUN, edit(text, "an mistake", "an error")) == (1, 0, 1, 0)
    # the sound "an" is lost, the sound "signs" is not
    assert outcome(SPUN, edit(text, "an mistake", "a fault")) == (0, 1, 1, 1)
    assert outcome(SPUN, edit(text, "important signs", "key signs")) == (0, 1, 1, 0)


def test_injected_and_missing_words() -> None:
    injected = Spun("blocking receptors now", (Change(8, 8, "", " get more info", "link"),))
    assert outcome(injected, edit(injected.text, " get more info ", " ")) == (3, 0, 0, 0)
    missing = Spun("blocking the receptors", (Change(9, 13, "the ", ""),))
    assert outcome(missing) == (0, 0, 1, 0)
    assert outcome(missing, Edit(9, 9, "", "the ", "spin.map", 0.9)) == (1, 0, 0, 0)


def test_a_word_that_the_engine_doubled_may_go() -> None:
    doubled = Spun("Much of this helps.", (Change(0, 4, "Much", "A great deal of"),))
    assert doubled.text == "A great deal of of this helps."
    assert outcome(doubled, edit(doubled.text, "of of", "of"))[3] == 0
    start = doubled.text.index(" of this")
    assert outcome(doubled, Edit(start, start + 3, " of", "", "debris.doubled", 0.9))[3] == 0
    assert outcome(doubled, edit(doubled.text, " helps", ""))[3] == 1


def test_an_original_among_the_alternatives_is_named() -> None:
    text = SPUN.text
    start = text.index("important signs")
    alternatives = (Alternative("key signs", ()), Alternative("vital signs", ()))
    finding = Finding(start, start + len("important signs"), "important signs", "spin.map", alternatives)
    assert count_named(SPUN, text, [finding]) == 1
    assert count_named(SPUN, text, []) == 0


def test_passages_are_whole_sentences_of_the_length() -> None:
    document = Document("test", "1", "The drug is safe for all. " * 40)
    found = list(passages_of(document, 60))
    assert len(found) == 4
    assert all(count_words(text) == 60 and text.startswith("The") for text in found)


# --- speed -------------------------------------------------------------------------------------------


def test_short_documents_are_short() -> None:
    found = short_documents("\n\n".join(["A paragraph of some words. " * 5] * 50), 3000)
    assert all(300 <= len(text) <= 2000 for text in found)
    assert 3000 <= sum(map(len, found)) < 5000


def test_slow_systems_get_the_beginning() -> None:
    assert part_of(["abcd", "efgh", "ijkl"], 6) == ["abcd", "ef"]
    assert part_of(["abcd"], 9) == ["abcd"]


def test_without_the_gathered_text_the_medical_answers_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "human").mkdir()
    row = json.dumps({"source": "one", "text": "An answer of some words."})
    (tmp_path / "human" / "medquad_300.jsonl").write_text(row + "\n", encoding="utf-8")
    monkeypatch.setenv("DESPIN_DATA", str(tmp_path))
    text, distinct = prose(100, tmp_path / "nowhere")
    assert len(text) == 100
    assert text.startswith("An answer of some words.\n\nAn answer")
    assert distinct < 100


def test_the_picture_names_each_system_and_text(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figures = {
        "characters_per_second": {"short, clean": {"floor": 2e7, "repair": 1e6}, "long, clean": {"floor": 2e7}},
        "ns_per_character_by_length": {"floor": {100: 50.0, 1000: 50.0}, "repair": {100: 3000.0, 1000: 900.0}},
    }
    draw(figures, tmp_path / "picture.svg")
    assert "<svg" in (tmp_path / "picture.svg").read_text(encoding="utf-8")


def test_worst_cases_reach_their_length() -> None:
    seen: list[int] = []
    found = worst_cases(NASTY, 20_000, lambda text: seen.append(len(text)), 1.0)
    assert {size for _, size, *_ in found} == {20_000}
    assert {name for name, *_ in found} == set(NASTY)
    assert max(seen) == 20_000


def test_a_worst_case_that_fails_is_reported_and_not_raised() -> None:
    def fails(text: str) -> None:
        if len(text) > 10_000:
            raise MemoryError

    ((name, size, _, _, stopped),) = worst_cases({"a": "a"}, 50_000, fails, 1.0)
    assert (name, size, stopped) == ("a", 10_000, "MemoryError at 50,000")
