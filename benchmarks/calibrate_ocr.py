"""Learn how OCR engines misread from OCR text with its gold: what stands in `data/ocr/`.

``python -m benchmarks.calibrate_ocr``: aligns the two sides, groups neighbouring differences into confusions of up to
three letters on each side (after Brill and Moore, 2000) and counts them by era. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from benchmarks.alignment import units

DATA = Path(__file__).parents[1] / "data" / "ocr"

# era -> files of the development data that show it. BLN600 is for measuring alone.
ERAS = {
    "old": ("hipe_en_train", "mibio_en"),
    "modern": ("tesseract_mibio_lines",),
}

# A unit that differs in more than this share of its letters was not aligned with what it stands for.
MOST_DIFFERENT = 0.5

# Letters on each side of a confusion.
LONGEST = 3

# A confusion seen once may be chance.
LEAST_SEEN = 2

# Shares of confusions whose characters are of no word.
IN_WORDS = re.compile(r"[^\W_]|[ '’\-^}{|!\\/~*<>»«£€$.,;:()\[\]\"“”]", re.UNICODE)


def confusions(seen: str, true: str) -> Iterator[tuple[str, str]]:
    """(true letters, seen letters) of each place where the two differ; neighbouring differences are one place."""
    place: tuple[int, int, int, int] | None = None
    for op in Levenshtein.opcodes(true, seen):
        if op.tag == "equal":
            if place:
                yield true[place[0] : place[1]], seen[place[2] : place[3]]
            place = None
        elif place:
            place = (place[0], op.src_end, place[2], op.dest_end)
        else:
            place = (op.src_start, op.src_end, op.dest_start, op.dest_end)
    if place:
        yield true[place[0] : place[1]], seen[place[2] : place[3]]


def pairs(rows: Iterable[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """(seen, true) of the aligned units of some rows, those that are too different left out."""
    for row in rows:
        for unit in units(row["ocr"], row["gold"].replace("ſ", "s")):
            if Levenshtein.distance(unit.ocr, unit.gold) <= MOST_DIFFERENT * max(len(unit.ocr), len(unit.gold)):
                yield unit.ocr, unit.gold


def count(rows: Iterable[dict[str, str]]) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """How often each confusion was seen, and how often its true letters stood in the gold."""
    seen_counts: Counter[tuple[str, str]] = Counter()
    true_counts: Counter[str] = Counter()
    for seen, true in pairs(rows):
        for size in range(LONGEST + 1):
            for start in range(len(true) - size + 1):
                true_counts[true[start : start + size]] += 1
        if seen != true:
            for true_letters, seen_letters in confusions(seen, true):
                if len(true_letters) <= LONGEST and len(seen_letters) <= LONGEST:
                    seen_counts[true_letters, seen_letters] += 1
    return seen_counts, true_counts


def write_confusions(shared: Path) -> None:
    """The tables of confusions by era."""
    for era, files in ERAS.items():
        rows = [row for file in files for row in read(shared / "ocr" / f"{file}.jsonl")]
        seen_counts, true_counts = count(rows)
        lines = ["true\tseen\tcount\tof"]
        for (true, seen), times in sorted(seen_counts.items(), key=lambda item: (-item[1], item[0])):
            if times >= LEAST_SEEN and IN_WORDS.match(true + seen):
                lines.append(f"{true.replace(' ', BLANK)}\t{seen.replace(' ', BLANK)}\t{times}\t{true_counts[true]}")
        (DATA / f"confusions_{era}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"confusions_{era}.tsv: {len(lines) - 1} confusions from {len(rows)} texts")


# A blank in a cell, so that it is seen.
BLANK = "␣"


def read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    arguments = parser.parse_args()
    write_confusions(arguments.shared)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
