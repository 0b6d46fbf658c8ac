"""Learn rows of data/synonym_maps/word_for_word.tsv (source "learnt") from the word pairs of tortured phrases.

    python scripts/learn_pairs.py [--data FOLDER]

The phrases are those of the Problematic Paper Screener (the development data's spin/tortured_pairs_dev.tsv), which
spinners of the word-for-word family made. Where both sides of a pair have the same number of words, words that differ
at the same place are counted; the phrases themselves are not kept. Pairs that a written row has already stay as they
were judged. An evaluation that must not know some of the phrases leaves the rows of source "learnt" out and calls
`learnt_rows` with the others. Start there.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.grade_rows import LEAST, REPLACED, SUREST_ORDINARY
from scripts.sort_maps import MOST, cell, tidy

from despin.context import NgramContext
from despin.maps import COLUMNS, LONGEST, Row, inflected, read_map
from despin.maps import _encoded as encoded
from despin.tables import data_folder
from despin.words import Forms, fold

ROOT = Path(__file__).parents[1]
FAMILY, SOURCE = "word_for_word", "learnt"

# A count of one is little: as many replacements by other words are taken to have gone unseen for each original.
UNSEEN = 4.0

# What a pair that was seen so many times may weigh at most, times its count: a single one may be a slip of the
# alignment, and stays below the weight that `despin.detect.spin.FIRST_LOOK_WEIGHT` asks for.
SUREST_EACH = 0.1

# Plain words: the list's own remarks ("(disease)"), formulas and abbreviations are no wordings.
PLAIN = re.compile(r"[a-z][a-z']{2,}")


def aligned(pairs: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """(original, spun) words at the same place of (tortured, expected) phrases of one length, with counts."""
    counts: Counter[tuple[str, str]] = Counter()
    for tortured, expected in pairs:
        spun, original = (fold(side).replace("-", " ").split() for side in (tortured, expected))
        if len(spun) == len(original):
            counts.update((o, s) for o, s in zip(original, spun, strict=True) if o != s)
    return counts


def lemmas_by_form(forms: Forms) -> dict[str, set[str]]:
    """Inflected form -> its lemmas."""
    lemmas: dict[str, set[str]] = {}
    for lemma, word_class in forms.rows:
        for form in forms.of(lemma, word_class).values():
            lemmas.setdefault(form, set()).add(lemma)
    return lemmas


def learnt_rows(
    pairs: Iterable[tuple[str, str]], context: NgramContext, forms: Forms, known: Collection[tuple[str, str]] = ()
) -> list[Row]:
    """Rows from (tortured, expected) phrases, sorted, with weights by Bayes' rule as in scripts/grade_rows.py.

    known: pairs of other rows, which are passed over. So are words that the context model does not know, and forms of
    one word: a spinner that swaps a plural for its singular did not choose another word.
    """
    unknown = context.vocabulary.unknown
    lemmas = lemmas_by_form(forms)

    def plain(pair: tuple[str, str]) -> bool:
        one, other = ({word, *lemmas.get(word, ())} for word in pair)
        known_words = int(context.vocabulary.encode(pair).max()) < unknown
        return all(map(PLAIN.fullmatch, pair)) and known_words and not one & other

    counts = {pair: count for pair, count in aligned(pairs).items() if plain(pair)}
    of_original: Counter[str] = Counter()
    for (original, _), count in counts.items():
        of_original[original] += count
    words = sorted({word for pair in counts for word in pair})
    ids, _ = encoded(words, context)
    logs = dict(zip(words, context.rows(ids, 0, LONGEST - 1).tolist(), strict=True))
    rows = []
    for (original, spun), count in sorted(counts.items()):
        if (original, spun) in known:
            continue
        arrives = REPLACED * math.exp(logs[original] - logs[spun]) * count / (of_original[original] + UNSEEN)
        weight = min(max(arrives / (arrives + 1 - REPLACED), LEAST), SUREST_EACH * count, SUREST_ORDINARY)
        note = f"seen {count} time{'s' if count > 1 else ''}"
        rows.append(Row(original, spun, "x", FAMILY, round(weight, 3), SOURCE, (), note))
    return rows


def within(learnt: Iterable[Row], written: Iterable[Row]) -> list[Row]:
    """The learnt rows scaled down to what the written ones leave of a spun wording's weight, so that those stay as they
    were judged; without the rows for which nothing is left."""
    left: defaultdict[str, float] = defaultdict(lambda: MOST)
    for row in written:
        if row.pos == "x":
            left[row.spun] -= row.weight
    rows = list(learnt)
    total: Counter[str] = Counter()
    for row in rows:
        total[row.spun] += row.weight
    scaled = [replace(row, weight=round(row.weight * min(1.0, left[row.spun] / total[row.spun]), 3)) for row in rows]
    return [row for row in scaled if row.weight > 0]


def read_pairs(folder: Path) -> list[tuple[str, str]]:
    """The (tortured, expected) phrases of the development data."""
    _, *lines = (folder / "spin" / "tortured_pairs_dev.tsv").read_text(encoding="utf-8").splitlines()
    return [(tortured, expected) for tortured, expected in (line.split("\t") for line in lines)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(os.environ.get("DESPIN_DATA") or ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default, help=f"the development data (default {default})")
    arguments = parser.parse_args()
    folder = data_folder()
    path = folder / "synonym_maps" / f"{FAMILY}.tsv"
    forms, context = Forms.load(folder / "lexicon"), NgramContext.load(folder / "context")
    written = [row for row in read_map(path) if row.source != SOURCE]
    known = {pair for row in written for pair in inflected(row, forms)}
    learnt = within(learnt_rows(read_pairs(arguments.data), context, forms, known), written)
    lines = ["\t".join(COLUMNS), *map(cell, tidy([*written, *learnt]))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(learnt)} rows learnt beside {len(written)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
