"""Fit what a neural model's opinion weighs beside the n-grams', and what its findings tell of a document.

``python -m benchmarks.calibrate_lm``: (1) spins clean text as `benchmarks.calibrate` does, lets SmolLM2 read the places
that the detector finds, and fits the weights of `despin.reranking.SIGNALS` by the same conditional logit model
(``data/rerank_weights.tsv``); (2) measures how often findings of each strength turn up in clean text and on heavily
spun pages once the model has judged them (``data/rerank_rates.tsv``). One half of the pieces, by a hash of their text,
gives the weights; the other the densities and the calibration that is printed. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.calibrate import (
    DATA,
    DENSITY,
    FLOORS,
    SMOOTH,
    Spun,
    fit,
    fits,
    human_pieces,
    pairs,
    report,
    spin_text,
    tortured_words,
)
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
    for number, (spun, finding, opinion) in enumerate(read(spuns, resources, model)):
        original = original_of(spun, finding.start, finding.end)
        tables.append(reranking.signals(finding, opinion))
        groups.append(np.full(len(finding.alternatives), number))
        right.append([original is not None and one.text.lower() == original.lower() for one in finding.alternatives])
    return np.concatenate(tables), np.concatenate(groups), np.concatenate(right)


def read(
    spuns: Sequence[Spun], resources: Resources, model: ContextModel
) -> Iterator[tuple[Spun, Finding, reranking.Opinion]]:
    """Each finding that a model is asked about on a heavily damaged page, with what it says."""
    detectors = {"spin": rounds_of(model=True)["wording"]["spin"]}
    for spun in spuns:
        reading = Reading(tokenize(spun.text), resources.context)
        asked = reranking.shortlist(propose(reading, resources, detectors))
        said = reranking.opinions(reranking.windows(reading.tokens, asked), model)
        yield from ((spun, finding, opinion) for finding, opinion in zip(asked, said, strict=True))


def densities(
    texts: Sequence[str], resources: Resources, model: ContextModel
) -> tuple[Counter[tuple[str, float]], int]:
    """How often telling findings of each rule and strength turn up once the model has judged them; number of words."""
    detectors = {"spin": rounds_of(model=True)["wording"]["spin"]}
    counts: Counter[tuple[str, float]] = Counter()
    words = 0
    for text in texts:
        reading = Reading(tokenize(text), resources.context)
        words += reading.word_count
        found = reranking.telling(propose(reading, resources, detectors))
        judged = reranking.rerank(reading.tokens, found, model, resources.rerank_weights)
        strongest: dict[tuple[str, str], float] = {}
        for finding in judged:
            key = (finding.rule, finding.before.lower())
            strongest[key] = max(strongest.get(key, -99.0), finding.best.nats)
        counts.update((rule, max(f for f in FLOORS if f <= nats)) for (rule, _), nats in strongest.items() if nats >= 0)
    return counts, words


def write_densities(clean: Sequence[str], heavy: Sequence[str], resources: Resources, model: ContextModel) -> None:
    """Write ``data/rerank_rates.tsv``."""
    in_clean, clean_words = densities(clean, resources, model)
    in_heavy, heavy_words = densities(heavy, resources, model)
    note = f"{model.name}, {clean_words} words of human text against {heavy_words} of simulated pages"
    lines = ["kind\tnats\tclean\tdamaged\tnote"]
    for rule, floor in itertools.product(("spin.map", "spin.pair"), FLOORS):
        before = (in_clean[rule, floor] + SMOOTH) / clean_words
        after = max((in_heavy[rule, floor] + SMOOTH) / heavy_words, before * 1.05)
        lines.append(f"{rule}\t{floor:g}\t{before:.6f}\t{after:.6f}\t{note}")
    (DATA / "rerank_rates.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(*lines[1:], sep="\n")


def write_weights(spuns: Sequence[Spun], held: Sequence[Spun], resources: Resources, model: ContextModel) -> None:
    """Fit on `spuns`, write ``data/rerank_weights.tsv``, print the calibration on `held`."""
    start = time.process_time()
    signals, groups, right = examples(spuns, resources, model)
    places = int(groups.max()) + 1
    print(
        f"{places} places, {right.sum()} named rightly; {(time.perf_counter() - start) / places * 1000:.0f} ms a place"
    )
    weights = fit(signals, groups, right)
    note = f"{model.name}, {places} places in {len(spuns)} pieces with one word in five replaced"
    lines = ["signal\tweight\tnote"]
    lines += (f"{name}\t{weight:.4f}\t{note}" for name, weight in zip(reranking.SIGNALS, weights, strict=True))
    (DATA / "rerank_weights.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(*lines[1:], sep="\n")
    others = examples(held, resources, model)
    report(*others, weights)
    without = [i for i, name in enumerate(reranking.SIGNALS) if name not in ("model", "standing")]
    print("without the model:")
    report(others[0][:, without], *others[1:], fit(signals[:, without], groups, right))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-register", type=int, default=16, help="pieces of each register, both halves together")
    parser.add_argument("--steps", default="weights,densities")
    arguments = parser.parse_args()
    from despin import lm

    model = lm.load()
    shared = shared_folder()
    tables = (pairs(shared / "spin"), tortured_words(shared / "spin"))
    registers = human_pieces(shared, clean_folder(), arguments.per_register)
    texts = [text for found in registers.values() for text in found if len(text.split()) <= MOST_WORDS]
    half = {side: [text for text in texts if fits(text) == side] for side in (True, False)}
    spuns = {
        side: [spin_text(text, tables[number % 2], DENSITY, random.Random(number)) for number, text in enumerate(found)]
        for side, found in half.items()
    }
    print(f"{len(half[True])} pieces to fit, {len(half[False])} others")
    if "weights" in arguments.steps:
        write_weights(spuns[True], spuns[False], Resources(), model)
    if "densities" in arguments.steps:
        write_densities(half[False], [spun.text for spun in spuns[False]], Resources(), model)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
