"""Lint of the term lexicon, and tests of the linter and of the filters that build it."""

from __future__ import annotations

import importlib.util
import re
import sys
import unicodedata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
AUTHOR = ROOT / "data" / "lexicon" / "terms_author.txt"
TERMS = ROOT / "data" / "lexicon" / "terms.tsv"

TERM = re.compile(r"[a-z][a-z'-]*(?: [a-z][a-z'-]*){1,3}")
SOURCES = {"author", "bigram", "cso", "eurovoc", "lcsh", "mesh", "nasa", "wordnet"}

# The built table travels with every installation.
LARGEST = 3_000_000


def term_faults(term: str) -> list[str]:
    """What is wrong with one term."""
    faults = []
    if term != unicodedata.normalize("NFC", term):
        faults.append("not NFC")
    if term != term.lower():
        faults.append("not lower case")
    if not TERM.fullmatch(term):
        faults.append("not two to four words of letters, hyphens and apostrophes")
    return faults


def table_faults(text: str) -> list[str]:
    """What is wrong with the text of a term table, each fault with its line."""
    lines = text.split("\n")
    faults = [] if lines[0] == "term\tsources\tmillions" else ["line 1: not the header"]
    if lines.pop() != "":
        faults.append("last line: no line end")
    before = ""
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != 3:
            faults.append(f"line {number}: {len(cells)} cells, not 3")
            continue
        term, sources, millions = cells
        faults += [f"line {number}: {fault}: {term}" for fault in term_faults(term)]
        if term <= before:
            faults.append(f"line {number}: {'twice' if term == before else 'not sorted'}: {term}")
        named = sources.split(",")
        if not set(named) <= SOURCES or named != sorted(set(named)):
            faults.append(f"line {number}: sources {sources!r}")
        if not re.fullmatch(r"0|[1-9]\d*", millions):
            faults.append(f"line {number}: not a count: {millions!r}")
        before = term
    return faults


def author_faults(text: str) -> list[str]:
    """What is wrong with the hand-written list: fields headed by `# name`, sorted inside a field, no term twice."""
    faults = []
    seen: set[str] = set()
    before = ""
    if not text.startswith("# "):
        faults.append("line 1: no field name")
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if line.startswith("# "):
            before = ""
            continue
        faults += [f"line {number}: {fault}: {line}" for fault in term_faults(line)]
        if line in seen:
            faults.append(f"line {number}: twice: {line}")
        if line < before:
            faults.append(f"line {number}: not sorted: {line}")
        seen.add(line)
        before = line
    return faults


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[str, int]]:
    rows = (line.split("\t") for line in TERMS.read_text(encoding="utf-8").splitlines()[1:])
    return {term: (sources, int(millions)) for term, sources, millions in rows}


@pytest.fixture(scope="module")
def build_terms() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_terms", ROOT / "scripts" / "build_terms.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_terms"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def words(build_terms: ModuleType) -> Any:
    return build_terms.read_words()


def test_table_is_clean() -> None:
    assert table_faults(TERMS.read_text(encoding="utf-8")) == []


def test_author_list_is_clean() -> None:
    assert author_faults(AUTHOR.read_text(encoding="utf-8")) == []


def test_table_is_small() -> None:
    assert TERMS.stat().st_size < LARGEST


def test_every_author_term_is_in_the_table(table: dict[str, tuple[str, int]]) -> None:
    written = {line for line in AUTHOR.read_text(encoding="utf-8").splitlines() if not line.startswith("#")}
    listed = {term for term, (sources, _) in table.items() if "author" in sources.split(",")}
    assert written == listed
    assert len(written) >= 10_000


@pytest.mark.parametrize(
    "term",
    [
        "supply chain", "breast cancer", "artificial intelligence", "law enforcement", "vital signs", "random forest",
        "high blood pressure", "standard deviation", "response time", "heart failure", "third party",
    ],
)  # fmt: skip
def test_terms_that_must_be_there(table: dict[str, tuple[str, int]], term: str) -> None:
    assert term in table


@pytest.mark.parametrize("term", ["tooth paste", "news paper", "net work", "home work", "frame work"])
def test_closed_compounds_are_not_offered_open(table: dict[str, tuple[str, int]], term: str) -> None:
    assert term not in table


def test_commonness_tells_common_terms_from_rare_ones(table: dict[str, tuple[str, int]]) -> None:
    assert table["credit card"][1] > table["breast cancer"][1] > 0


HEADER = "term\tsources\tmillions\n"


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("supply chain\tauthor\t9\nheart failure\tauthor\t9\n", "line 3: not sorted"),
        ("supply chain\tauthor\t9\nsupply chain\tauthor\t9\n", "line 3: twice"),
        ("Supply chain\tauthor\t9\n", "line 2: not lower case"),
        ("cafe\u0301 owner\tauthor\t9\n", "line 2: not NFC"),
        ("chain\tauthor\t9\n", "line 2: not two to four"),
        ("a b c d e\tauthor\t9\n", "line 2: not two to four"),
        ("type 2 diabetes\tauthor\t9\n", "line 2: not two to four"),
        ("supply chain\t\t9\n", "line 2: sources"),
        ("supply chain\tmesh,author\t9\n", "line 2: sources"),
        ("supply chain\tauthor\t-1\n", "line 2: not a count"),
        ("supply chain\tauthor\n", "line 2: 2 cells"),
        ("supply chain\tauthor\t9", "last line"),
    ],
)
def test_linter_finds(rows: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in table_faults(HEADER + rows))


def test_linter_passes_a_clean_table() -> None:
    assert table_faults(HEADER + "heart failure\tauthor,mesh\t9\nsupply chain\tauthor\t0\n") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("supply chain\n", "line 1"),
        ("# a\nb c\n# d\nb c\n", "line 4: twice"),
        ("# a\nd e\nb c\n", "line 3: not sorted"),
    ],
)
def test_author_linter_finds(text: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in author_faults(text))


@pytest.mark.parametrize(
    ("heading", "plain"),
    [
        ("Breast Neoplasms", "breast neoplasms"),
        ("Bronze ingots", "bronze ingots"),
        ("Abelson murine leukemia virus", "abelson murine leukemia virus"),
        ("Wars of the Roses", "Wars of the Roses"),
        ("PANT program", "PANT program"),
    ],
)
def test_capitals(build_terms: ModuleType, heading: str, plain: str) -> None:
    assert build_terms.plain_capitals(heading) == plain


def test_turned_headings(build_terms: ModuleType) -> None:
    assert build_terms.turned("abdomen, acute") == "acute abdomen"
    assert build_terms.turned("acute abdomen") == "acute abdomen"
    assert build_terms.turned("a, b, c") == "a, b, c"


@pytest.mark.parametrize(
    ("heading", "term"),
    [
        ("heart failure", "heart failure"),
        ("self-organizing map", "self-organizing map"),
        ("bees in art", None),  # cataloguing
        ("canine fiction", None),
        ("tooth paste", None),  # written closed
        ("quercus xyzzyensis", None),  # a word outside the vocabulary
        ("e region", None),  # a single letter
        ("heart", None),
        ("boeing 747 aircraft", None),
    ],
)
def test_what_counts_as_a_term(build_terms: ModuleType, words: Any, heading: str, term: str | None) -> None:
    assert build_terms.clean(heading, words) == term


@pytest.mark.parametrize(
    ("heading", "forms"),
    [
        ("heart valves", ["heart valve"]),
        ("human rights", ["human rights"]),
        ("blood vessels", ["blood vessel", "blood vessels"]),
        ("big data", ["big data"]),  # never: big datum
        ("heart failure", ["heart failure"]),
    ],
)
def test_base_forms(build_terms: ModuleType, words: Any, heading: str, forms: list[str]) -> None:
    assert sorted(build_terms.base_forms(heading, words)) == forms


def test_spam_is_not_a_collocation(build_terms: ModuleType, table: dict[str, tuple[str, int]]) -> None:
    bad = [
        term
        for term, (sources, _) in table.items()
        if sources == "bigram" and any(build_terms.UNWANTED.match(word) for word in term.split())
    ]
    assert bad == []


def test_no_slur_is_offered(build_terms: ModuleType, table: dict[str, tuple[str, int]]) -> None:
    assert [term for term in table if build_terms.OFFENSIVE & set(term.split())] == []
