"""OCR text against gold: which stretch of one belongs to which stretch of the other.

Start reading at `units`. Characters are aligned by least edit distance (rapidfuzz); a unit ends where both sides have
white space at the same place, so that split and joined words stay together in one unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of OCR text without white space at its ends, and the gold stretch that it stands for.

    start: offset of `ocr` in the OCR text. Either side may be empty, and either may hold several words.
    """

    start: int
    ocr: str
    gold: str


def units(ocr: str, gold: str) -> Iterator[Unit]:
    """Cut both texts at white space that is aligned with white space."""
    cuts = [(-1, -1)]
    for block in Levenshtein.opcodes(ocr, gold):
        if block.tag in ("equal", "replace"):
            for i, j in zip(
                range(block.src_start, block.src_end), range(block.dest_start, block.dest_end), strict=False
            ):
                if ocr[i].isspace() and gold[j].isspace():
                    cuts.append((i, j))
    cuts.append((len(ocr), len(gold)))
    for (i, j), (next_i, next_j) in pairwise(cuts):
        seen, true = ocr[i + 1 : next_i], gold[j + 1 : next_j]
        if seen.strip() or true.strip():
            lead = len(seen) - len(seen.lstrip())
            yield Unit(i + 1 + lead, seen.strip(), true.strip())
