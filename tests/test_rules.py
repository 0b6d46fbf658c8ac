"""Every rule that finds something has a text in which it fires and a near-miss (tests/cases/rules.tsv, shown in the docs)."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

import despin
from despin.settings import RULES

CASES = Path(__file__).parent / "cases"


# A page as an engine of the 2000s read it.
MISREAD = (
    "Tlie old man stood in tlie yard witli liis horse and looked at tlie house. He liad been tbere since tlie morning, "
    "and tbe people wlio came by tbe road spoke to bim. In tlie evening be went home witli tbe others."
)
ESCAPE = re.compile(r"\\(n|u[0-9a-f]{4}|U[0-9a-f]{8})")


def unescaped(cell: str) -> str:
    """The cell with its line breaks and characters by number."""
    return ESCAPE.sub(lambda match: "\n" if match[1] == "n" else chr(int(match[1][1:], 16)), cell)


def rows() -> list[dict[str, str]]:
    with (CASES / "rules.tsv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if line[0] != "#"]
    reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [{key: unescaped(value) for key, value in row.items()} for row in reader]


ROWS = rows()


def page_around(row: dict[str, str], text: str) -> str:
    """The text at the end of a page that is damaged in its way, where the rule needs one."""
    pages = {
        "": "",
        "spun": (CASES / "pages" / "supplement.spun.txt").read_text(encoding="utf-8") + "\n\n",
        "ocr": MISREAD + "\n\n",
    }
    return pages[row["within"]] + text


@pytest.mark.parametrize("row", ROWS, ids=[row["rule"] for row in ROWS])
def test_the_rule_fires(row: dict[str, str]) -> None:
    text = page_around(row, row["fires"])
    found = {finding.rule for finding in despin.find(text) if finding.start >= len(text) - len(row["fires"])}
    assert row["rule"] in found
    level = "bold" if "level bold" in row["says"] else "balanced"
    assert despin.repair(text, level=level).text.endswith(row["becomes"])


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
    assert {row["rule"] for row in ROWS} == {f"{kind}.{rule}" for kind, rules in RULES.items() for rule in rules}
    assert len(found) > 5
