"""Sort the synonym maps and bring them into their one form: header, order, no repeats, weights that sum to at most 1.

``python scripts/sort_maps.py`` rewrites data/synonym_maps/*.tsv; ``python scripts/sort_maps.py PART.tsv ...`` first
adds the rows of other files (8 columns, no header) to the map of their family. Start reading at `tidy`.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from despin.maps import COLUMNS, ROUNDING, Row, parse_conditions, read_map
from despin.maps import check_row as check

FOLDER = Path(__file__).parents[1] / "data" / "synonym_maps"

# Weights are judged to two decimals; three keep what rescaling leaves.
DECIMALS = 3

# What the weights of a spun wording are scaled down to where they exceed 1: what is left is the chance that nothing was
# replaced, which is never nothing. Far enough below the linter's bound that rounding never calls for a second scaling.
MOST = 0.995


def tidy(rows: list[Row]) -> list[Row]:
    """One row a (original, spun, pos), the heaviest; the weights of a spun wording scaled down where they exceed 1."""
    best: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        if without_articles(row.original) == without_articles(row.spun) or doubled(row.spun) == row.original:
            continue
        key = (row.original, row.spun, row.pos)
        if key not in best or best[key].weight < row.weight:
            best[key] = row
    # an exact row that an inflecting row of the same pair serves already is left out
    best = {
        key: row
        for key, row in best.items()
        if row.pos != "x" or not any((row.original, row.spun, pos) in best for pos in ("v", "n", "a"))
    }
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for row in best.values():
        sums[row.spun, row.pos] += row.weight
    scaled = []
    for key in sorted(best):
        row = best[key]
        total = sums[row.spun, row.pos]
        weight = row.weight * (MOST / total if total > 1.0 + ROUNDING else 1.0)
        scaled.append(replace(row, weight=max(round(weight, DECIMALS), 0.001)))
    return scaled


def without_articles(wording: str) -> str:
    """A wording with "an" as "a": which of the two stands is settled by the next word, not by a map."""
    return " ".join("a" if word == "an" else word for word in wording.split(" "))


def doubled(wording: str) -> str:
    """The word of which a wording is two copies, or "": doubled words are the debris detector's."""
    first, _, second = wording.partition(" ")
    return first if first == second else ""


def cell(row: Row) -> str:
    conditions = []
    for condition in row.keep_if:
        name = ("not_" if condition.negated else "") + condition.name
        conditions.append(f"{name}={'|'.join(sorted(condition.words))}" if condition.words else name)
    weight = f"{row.weight:.{DECIMALS}f}".rstrip("0")
    return "\t".join((row.original, row.spun, row.pos, row.family, weight, row.source, ";".join(conditions), row.note))


def main(parts: list[str]) -> int:
    families: dict[str, list[Row]] = defaultdict(list)
    for path in sorted(FOLDER.glob("*.tsv")):
        families[path.stem].extend(read_map(path))
    for part in parts:
        for number, line in enumerate(Path(part).read_text(encoding="utf-8").splitlines(), 1):
            cells = unicodedata.normalize("NFC", line).split("\t")
            cells += [""] * (len(COLUMNS) - len(cells))
            original, spun, pos, family, weight, source, keep_if, note = cells
            try:
                row = Row(original, spun, pos, family, float(weight), source, parse_conditions(keep_if), note.strip())
                check(row)
            except ValueError as error:
                print(f"{part}:{number}: left out: {error}", file=sys.stderr)
                continue
            families[family].append(row)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for family, rows in sorted(families.items()):
        lines = ["\t".join(COLUMNS), *map(cell, tidy(rows))]
        (FOLDER / f"{family}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{family}: {len(lines) - 1} rows")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
