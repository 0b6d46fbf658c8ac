"""Fit what a neural model's opinion weighs beside the n-grams' (``data/rerank_weights.tsv``).

``python -m benchmarks.calibrate_lm`` spins clean text as `benchmarks.calibrate` does, lets SmolLM2 read the places that
the detectors find, and fits the weights of `despin.reranking.SIGNALS` by the same conditional logit model. One half of
the pieces, by a hash of their text, is fitted; on the other the calibration is printed. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.calibrate import DATA, DENSITY, Spun, fit, fits, human_pieces, pairs, report, spin_text, tortured_words
from benchmarks.data import clean_folder, shared_folder
from despin import reranking
from despin.context import ContextModel
from despin.pipeline import propose, rounds_of
from despin.reading import Reading
from despin.resources import Resources
from despin.tokens import tokenize
from despin.values import Finding

# A model reads some 2 ms a token: longer pieces (one paragraph of a speech can have 20,000 words) are left out.
MOST_WORDS = 700


def original_of(spun: Spun, start: int, end: int) -> str | None:
    """What stood in place of ``spun.text[start:end]`` before it was spun; None where a change reaches out of it."""
    parts, at = [], start
    for first, last, original in spun.changes:
        if last <= start or first >= end:
            continue
        if first < start or last > end:
            return None
        parts += [spun.text[at:first], original]
        at = last
    return "".join([*parts, spun.text[at:end]])


def examples(
    spuns: Sequence[Spun], resources: Resources, model: ContextModel
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signals, group, right) of all alternatives of all findings: those of a finding, a group, compete."""
    tables, groups, right = [], [], []
    for number, (spun, finding, scores) in enumerate(read(spuns, resources, model)):
        original = original_of(spun, finding.start, finding.end)
        tables.append(reranking.signals(finding, scores))
        groups.append(np.full(len(finding.alternatives), number))
        right.append([original is not None and one.text.lower() == original.lower() for one in finding.alternatives])
    return np.concatenate(tables), np.concatenate(groups), np.concatenate(right)


def read(
    spuns: Sequence[Spun], resources: Resources, model: ContextModel
) -> Iterator[tuple[Spun, Finding, np.ndarray]]:
    """Each finding that a model is asked about on a heavily damaged page, with its scores."""
    detectors = rounds_of(model=True)["wording"]
    for spun in spuns:
        reading = Reading(tokenize(spun.text), resources.context)
        asked = reranking.shortlist(propose(reading, resources, detectors))
        scores = model.log_probs(list(reranking.windows(reading.tokens, asked)))
        yield from ((spun, finding, score) for finding, score in zip(asked, scores, strict=True))


def spun_pieces(shared: Path, corpora: Path, per_register: int, fitted: bool) -> list[Spun]:
    """Pieces of one half, spun in turns by an observed phrase rewriter and by a word-for-word one."""
    tables = (pairs(shared / "spin"), tortured_words(shared / "spin"))
    registers = human_pieces(shared, corpora, per_register)
    texts = [text for found in registers.values() for text in found if fits(text) == fitted]
    texts = [text for text in texts if len(text.split()) <= MOST_WORDS]
    return [spin_text(text, tables[number % 2], DENSITY, random.Random(number)) for number, text in enumerate(texts)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-register", type=int, default=16, help="pieces of each register, both halves together")
    arguments = parser.parse_args()
    from despin import lm

    model, resources = lm.load(), Resources()
    sides = []
    for fitted in (True, False):
        start = time.perf_counter()
        spuns = spun_pieces(shared_folder(), clean_folder(), arguments.per_register, fitted)
        sides.append(examples(spuns, resources, model))
        places, right = int(sides[-1][1].max()) + 1, int(sides[-1][2].sum())
        took = time.perf_counter() - start
        print(f"{len(spuns)} pieces, {places} places, {right} named rightly; {took / places * 1000:.0f} ms a place")
        if fitted:
            weights = fit(*sides[0])
            note = f"{model.name}, {places} places in {len(spuns)} pieces with one word in five replaced"
    lines = ["signal\tweight\tnote"]
    lines += (f"{name}\t{weight:.4f}\t{note}" for name, weight in zip(reranking.SIGNALS, weights, strict=True))
    (DATA / "rerank_weights.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(*lines[1:], sep="\n")
    report(*sides[1], weights)
    without = [i for i, name in enumerate(reranking.SIGNALS) if name not in ("model", "standing")]
    print("without the model:")
    report(sides[1][0][:, without], *sides[1][1:], fit(sides[0][0][:, without], *sides[0][1:]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
