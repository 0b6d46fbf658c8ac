"""Write the pages that come from the project's own tables: rules from the test cases, tables from SOURCES.toml.

Run by mkdocs (the plugin gen-files); the pages stand in no folder.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import mkdocs_gen_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]


def rules() -> str:
    """Each rule with a text in which it fires and one in which it must not (tests/cases/rules.tsv)."""
    with (ROOT / "tests" / "cases" / "rules.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader((line for line in file if line[0] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE))
    lines = [
        "# Rules",
        "",
        "What each rule looks for, a text in which it fires, and a near-miss in which it must not. The tests run every",
        "line of this page; many more cases stand in `tests/cases/`.",
    ]
    for row in rows:
        where = {"": "", "spun": " within a page that is plainly spun", "ocr": " within a page that is plainly misread"}
        lines += ["", f"## {row['rule']}", "", row["says"], ""]
        lines += [f"- fires{where[row['within']]}: {code(row['fires'])}", f"- becomes: {code(row['becomes'])}"]
        lines += [f"- must not fire: {code(row['keeps'])}"]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Text as inline code; a line break in it is shown as the cases write it."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def tables() -> str:
    """A card for each table: where it comes from, under what licence, how it was judged."""
    sources = tomllib.loads((ROOT / "data" / "SOURCES.toml").read_text(encoding="utf-8"))["source"]
    by_table: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for source in sources:
        for table in source["tables"]:
            by_table[table].append(source)
    lines = [
        "# Tables",
        "",
        "What despin knows comes from these files in `data/`. The scripts that are named build them again;",
        "`python scripts/check_data.py` compares what stands there with `data/MANIFEST.json`.",
    ]
    for table in sorted(by_table):
        size = (ROOT / "data" / table).stat().st_size if (ROOT / "data" / table).is_file() else 0
        lines += ["", f"## {table}", "", f"{size / 1000:,.0f} kB.", ""]
        lines += [card(source) for source in by_table[table]]
    return "\n".join(lines) + "\n"


def card(source: dict[str, Any]) -> str:
    """One source of a table, in one item of a list."""
    said = [f"**{source['name']}**"]
    if "package" in source:
        said.append(f"package `{source['package']}` {source['version']} ({source['registry']})")
    if "attested_by" in source:
        said.append(f"attested by {source['attested_by']}")
    for key in ("used", "judged"):
        if source.get(key):
            said.append(f"{key}: {source[key]}")
    said.append(f"licence: {source['licence']}")
    if source.get("script"):
        said.append(f"built by `{source['script']}`")
    return "- " + "; ".join(said) + "."


for name, page in (("rules.md", rules), ("tables.md", tables)):
    with mkdocs_gen_files.open(name, "w") as file:
        file.write(page())
