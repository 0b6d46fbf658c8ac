"""Lint of the invented test sets: sentences, debris and pages. What they measure is in `benchmarks/sentences.py`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from despin.tables import read_rows

CASES = Path(__file__).parent / "cases"
PAGES = CASES / "pages"

SENTENCE_COLUMNS = ("id", "family", "register", "kind", "half", "sentence", "span", "original", "note")
DEBRIS_COLUMNS = ("id", "kind", "input", "expected", "note")
PAGE_COLUMNS = ("name", "kind", "family", "register")

FAMILIES = {"phrase_rewriter", "word_for_word", "round_trip", "news_rewriter", "as_well"}
REGISTERS = {
    "academic", "education", "everyday", "fiction", "finance", "health", "law", "news", "technology", "travel", "web",
}  # fmt: skip


def rows(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    return [dict(zip(columns, cells, strict=True)) for _, cells in read_rows(CASES / name, columns)]


def sentence_faults(row: dict[str, str]) -> list[str]:
    """What is wrong with one row of spin_sentences.tsv."""
    faults = []
    sentence, span, originals = row["sentence"], row["span"], row["original"].split("|")
    if row["family"] not in FAMILIES or row["register"] not in REGISTERS:
        faults.append("unknown family or register")
    if row["kind"] not in {"fix", "keep"} or row["half"] not in {"dev", "test"}:
        faults.append("unknown kind or half")
    if not span or sentence.count(span) != 1:
        faults.append(f"the span stands {sentence.count(span) if span else 0} times in the sentence")
    if row["kind"] == "fix" and (span in originals or not all(originals) or len(set(originals)) < len(originals)):
        faults.append("an original is empty, doubled or equal to the span")
    if row["kind"] == "keep" and originals != [span]:
        faults.append("the original of a keep must be its span")
    if any(cell != cell.strip() or "  " in cell for cell in row.values()):
        faults.append("stray blanks")
    if not 7 <= len(sentence.split()) <= 26:
        faults.append("not 7 to 26 words")
    if sentence[-1] not in '.?!"' or not (sentence[0].isupper() or sentence[0] == '"'):
        faults.append("no whole sentence")
    return faults


SENTENCES = rows("spin_sentences.tsv", SENTENCE_COLUMNS)
DEBRIS = rows("debris.tsv", DEBRIS_COLUMNS)


def test_sentences_are_sound() -> None:
    faults = [f"{row['id']}: {fault}" for row in SENTENCES for fault in sentence_faults(row)]
    assert not faults, "\n".join(faults)


def test_there_are_enough_sentences_and_about_half_are_keeps() -> None:
    kinds = Counter(row["kind"] for row in SENTENCES)
    assert len(SENTENCES) >= 440
    assert 0.4 <= kinds["keep"] / len(SENTENCES) <= 0.6


def test_ids_and_sentences_are_unique() -> None:
    for table, text in ((SENTENCES, "sentence"), (DEBRIS, "input")):
        for column in ("id", text):
            doubled = [value for value, count in Counter(row[column] for row in table).items() if count > 1]
            assert not doubled


def test_halves_hold_the_same_mix() -> None:
    mix = {half: Counter((r["family"], r["kind"]) for r in SENTENCES if r["half"] == half) for half in ("dev", "test")}
    assert all(abs(mix["dev"][key] - mix["test"][key]) <= 1 for key in mix["dev"] | mix["test"])
    assert {key[0] for key in mix["dev"]} == FAMILIES


def test_every_register_has_fixes_and_keeps() -> None:
    seen = {(row["register"], row["kind"]) for row in SENTENCES}
    assert seen == {(register, kind) for register in REGISTERS for kind in ("fix", "keep")}


def test_debris_rows_are_sound() -> None:
    for row in DEBRIS:
        assert row["kind"] in {"fires", "keeps"}, row["id"]
        assert (row["input"] == row["expected"]) == (row["kind"] == "keeps"), row["id"]
        # what fires is a deletion of whole words and nothing else
        left = iter(row["input"].split())
        assert all(word in left for word in row["expected"].split()), row["id"]
    kinds = Counter(row["kind"] for row in DEBRIS)
    assert len(DEBRIS) >= 60
    assert min(kinds.values()) >= 20


PAGE_ROWS = rows("pages/pages.tsv", PAGE_COLUMNS)


def test_the_list_of_pages_is_the_folder() -> None:
    listed = {f"{row['name']}.{row['kind']}.txt" for row in PAGE_ROWS}
    listed |= {f"{row['name']}.original.txt" for row in PAGE_ROWS if row["kind"] == "spun"}
    assert listed == {path.name for path in PAGES.glob("*.txt")}
    assert {row["family"] for row in PAGE_ROWS if row["kind"] == "spun"} == FAMILIES
    assert all(row["register"] in REGISTERS for row in PAGE_ROWS)
    assert sum(row["name"].startswith("test_") for row in PAGE_ROWS) == 2


@pytest.mark.parametrize("name", [row["name"] for row in PAGE_ROWS if row["kind"] == "spun"])
def test_spun_pages_stand_beside_their_originals(name: str) -> None:
    spun = (PAGES / f"{name}.spun.txt").read_text(encoding="utf-8")
    original = (PAGES / f"{name}.original.txt").read_text(encoding="utf-8")
    assert [bool(line) for line in spun.split("\n")] == [bool(line) for line in original.split("\n")]
    assert 200 <= len(original.split()) <= 350
    differing = sum(a != b for a, b in zip(spun.split("\n"), original.split("\n"), strict=True))
    assert differing >= 4  # every paragraph was spun


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"span": "dog"}, "the span stands 2 times in the sentence"),
        ({"span": ""}, "the span stands 0 times in the sentence"),
        ({"original": "pet cat"}, "an original is empty, doubled or equal to the span"),
        ({"original": "cat|"}, "an original is empty, doubled or equal to the span"),
        ({"kind": "keep"}, "the original of a keep must be its span"),
        ({"kind": "maybe"}, "unknown kind or half"),
        ({"register": "opera"}, "unknown family or register"),
        ({"note": "so "}, "stray blanks"),
        ({"sentence": "the dog and the pet cat like the other dog."}, "no whole sentence"),
        ({"sentence": "The pet cat sleeps."}, "not 7 to 26 words"),
    ],
)
def test_the_linter_finds_faults(change: dict[str, str], fault: str) -> None:
    sound = {
        "id": "x", "family": "as_well", "register": "everyday", "kind": "fix", "half": "dev", "note": "",
        "sentence": "The dog and the pet cat like the other dog.", "span": "pet cat", "original": "cat",
    }  # fmt: skip
    assert sentence_faults(sound) == []
    assert fault in sentence_faults(sound | change)
