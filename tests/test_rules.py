"""Every rule that finds something has a text in which it fires and a near-miss (tests/cases/rules.tsv, shown in the docs)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import despin

CASES = Path(__file__).parent / "cases"


def rows() -> list[dict[str, str]]:
    with (CASES / "rules.tsv").open(encoding="utf-8", newline="") as file:
        lines = [line.replace("\\n", "\v") for line in file if line[0] != "#"]
    return [
        {key: value.replace("\v", "\n") for key, value in row.items()}
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    ]


ROWS = rows()


def page_around(row: dict[str, str], text: str) -> str:
    page = (CASES / "pages" / "supplement.spun.txt").read_text(encoding="utf-8")
    return f"{page}\n\n{text}" if row["within"] else text


@pytest.mark.parametrize("row", ROWS, ids=[row["rule"] for row in ROWS])
def test_the_rule_fires(row: dict[str, str]) -> None:
    text = page_around(row, row["fires"])
    found = {finding.rule for finding in despin.find(text) if finding.start >= len(text) - len(row["fires"])}
    assert row["rule"] in found
    assert despin.repair(text).text.endswith(row["becomes"])


@pytest.mark.parametrize("row", ROWS, ids=[row["rule"] for row in ROWS])
def test_the_near_miss_stays(row: dict[str, str]) -> None:
    assert despin.repair(row["keeps"]).edits == ()


def test_every_rule_that_finds_something_in_the_cases_has_a_row() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted((CASES / "pages").glob("*.txt"))]
    for path in sorted(CASES.glob("*.tsv")):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            texts.append((row.get("input") or row.get("sentence") or "").replace("\\n", "\n"))
    found = {finding.rule for finding in despin.find("\n\n".join(texts))}
    assert found <= {row["rule"] for row in ROWS}
    assert len(found) > 5
