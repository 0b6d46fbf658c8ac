"""Grade hand-written rows: from a judgement in three steps and the frequencies of both wordings to a row's weight.

    python scripts/grade_rows.py PART.txt ... > ROWS.tsv
    python scripts/sort_maps.py ROWS.tsv

A part names its family in a line ``# family``; every other line is ``pos|original|spun, spun*, spun?``, where ``*``
marks what a spinner puts often for this original, ``?`` what it puts seldom; a keep_if condition may follow in
brackets: ``spun*[next=of]``. Pairs that a map holds already are left out. How common a wording is by itself is read
from the context model, and for phrases also counted in the training part of the clean text (scripts/clean_text.py).
Start reading at `weight`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.clean_text import DEFAULT_CACHE
from scripts.sort_maps import cell

from despin.context import NgramContext
from despin.maps import LONGEST, Row, inflected, parse_conditions, read_map
from despin.maps import _encoded as encoded
from despin.tables import data_folder
from despin.words import Forms

# Shares of the marks among what a spinner puts for one original; what it puts beside the wordings that are listed here
# and in the maps is worth two of the plain ones.
SHARE = {"*": 3.0, "": 1.0, "?": 0.25}
UNLISTED = 2.0

# The share of words that are replaced on a heavily spun page.
REPLACED = 0.2

# No row is surer than this. A single word is always also a word, and a phrase that stands in clean text is one that
# people write: their rows stay below the weight that `despin.detect.spin.FIRST_LOOK_WEIGHT` asks for, and serve where
# the damage is plain. Other phrases may weigh more, though a rare wording was not counted well.
SUREST_ORDINARY, SUREST_PHRASE = 0.24, 0.55
LEAST = 0.002

# A copula or modal with one of these put in is ordinary English as often as damage, and says something of frequency or
# certainty that a repair must not take away on the strength of one trace.
HEDGES = frozenset(
    "usually often generally typically commonly normally mostly actually really definitely certainly surely truly just "
    "likely probably possibly perhaps well already simply basically obviously easily even".split()
)
SUREST_HEDGE = 0.2

SPUN = re.compile(r"(?P<wording>[^*?\[\]]+)(?P<mark>[*?]?)(?:\[(?P<keep>[^\]]*)\])?")
WORDS = re.compile(r"[a-z']+")


@dataclass(frozen=True)
class Judged:
    """One pair as it was written, with the share of its wording among what is put for the original."""

    original: str
    spun: str
    pos: str
    family: str
    share: float
    keep_if: str


def read_part(path: Path, listed: Mapping[str, int]) -> Iterator[Judged]:
    """The pairs of a part. listed: how many wordings the maps have for each original already.

    Raises ValueError naming file and line.
    """
    family = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("# "):
            family = line[2:].strip()
        elif line.strip():
            pos, original, cell = line.split("|", 2)
            found = [(part, SPUN.fullmatch(part.strip())) for part in cell.split(", ")]
            wrong = [part for part, match in found if match is None]
            if wrong:
                raise ValueError(f"{path}:{number}: {wrong[0]!r} is no wording with a mark")
            matches = [match for _, match in found if match is not None]
            total = sum(SHARE[match["mark"]] for match in matches) + listed.get(original, 0) + UNLISTED
            for match in matches:
                spun = match["wording"].strip()
                yield Judged(original, spun, pos, family, SHARE[match["mark"]] / total, match["keep"] or "")


def weight(original: float, spun: float, share: float) -> float:
    """The weight by Bayes' rule: the spun wording stands there because it was put for the original, or because somebody
    wrote it. original, spun: how probable either wording is at any place of sound text."""
    arrives = REPLACED * original * share
    return arrives / (arrives + (1 - REPLACED) * spun)


def surest(original: str, spun: str, met: bool) -> float:
    """The weight that a pair may have at most. met: the spun wording stands in clean text."""
    more = set(spun.split()) - set(original.split())
    if more and more <= HEDGES:
        return SUREST_HEDGE
    return SUREST_ORDINARY if met or " " not in spun else SUREST_PHRASE


def clean_shares(wordings: Collection[str], folder: Path) -> dict[str, float]:
    """How often each wording of several words begins at a word of the clean text's training part."""
    wanted = {tuple(wording.replace("-", " ").split()): wording for wording in wordings if re.search(r"[ -]", wording)}
    beginnings = {key[:2] for key in wanted}
    lengths = sorted({len(key) for key in wanted})
    counts: Counter[tuple[str, ...]] = Counter()
    total = 0
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            if row["split"] != "train":
                continue
            words = WORDS.findall(row["text"].lower().replace("’", "'"))
            total += len(words)
            for at in range(len(words) - 1):
                if (words[at], words[at + 1]) in beginnings:
                    for length in lengths:
                        key = tuple(words[at : at + length])
                        if key in wanted:
                            counts[key] += 1
    return {wanted[key]: count / max(total, 1) for key, count in counts.items()}


def graded(pairs: Collection[Judged], context: NgramContext, clean: Mapping[str, float]) -> Iterator[Row]:
    """The pairs as rows."""
    wordings = sorted({side for pair in pairs for side in (pair.original, pair.spun)})
    ids, _ = encoded(wordings, context)
    shares = dict(zip(wordings, np.exp(context.rows(ids, 0, LONGEST - 1)).tolist(), strict=True))
    for pair in pairs:
        of_original, of_spun = (max(shares[side], clean.get(side, 0.0)) for side in (pair.original, pair.spun))
        value = min(
            max(weight(of_original, of_spun, pair.share), LEAST), surest(pair.original, pair.spun, pair.spun in clean)
        )
        yield Row(
            pair.original, pair.spun, pair.pos, pair.family, round(value, 3), "author",
            parse_conditions(pair.keep_if), "",
        )  # fmt: skip


def main(parts: list[str]) -> int:
    folder = data_folder()
    forms, context = Forms.load(folder / "lexicon"), NgramContext.load(folder / "context")
    known: set[tuple[str, str]] = set()
    listed: Counter[str] = Counter()
    for path in sorted((folder / "synonym_maps").glob("*.tsv")):
        for row in read_map(path):
            known.update(inflected(row, forms))
            listed[row.original] += 1
    pairs = {}
    for part in parts:
        for pair in read_part(Path(part), listed):
            if (pair.original, pair.spun) not in known and pair.original != pair.spun:
                pairs.setdefault((pair.original, pair.spun), pair)
    clean = clean_shares({side for pair in pairs for side in pair}, DEFAULT_CACHE)
    for row in graded(list(pairs.values()), context, clean):
        print(cell(row))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
