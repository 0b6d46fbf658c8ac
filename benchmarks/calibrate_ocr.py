"""Learn how OCR engines misread from OCR text with its gold: what stands in `data/ocr/`.

``python -m benchmarks.calibrate_ocr``: aligns the two sides, groups neighbouring differences into confusions of up to
three letters on each side (after Brill and Moore, 2000) and counts them by era. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import bisect
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from benchmarks.alignment import Unit, units
from benchmarks.calibrate import human_pieces
from despin.detect import ocr
from despin.rates import HEAVY
from despin.reading import Reading
from despin.resources import Resources
from despin.tokens import tokenize

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

DATA = Path(__file__).parents[1] / "data" / "ocr"

# era -> files of the development data that show it. BLN600 is for measuring alone.
ERAS = {
    "old": ("hipe_en_train", "mibio_en"),
    "modern": ("tesseract_mibio_lines",),
}

# A unit that differs in more than this share of its letters was not aligned with what it stands for.
MOST_DIFFERENT = 0.5

# What the weights are fitted on.
FITTED = ("hipe_en_train", "mibio_en")

# Rules and strengths that are told apart, and clean pieces of each register.
RULES = ("ocr.letters", "ocr.split", "ocr.join", "ocr.word")
FLOORS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
PIECES = 25

# Half a count added, so that what was never seen is not impossible.
SMOOTH = 0.5

# Texts that the weights are fitted on, drawn from all: their weights differ from those of all by a few hundredths.
TEXTS = 350

# Passes of the fit: the neighbours' wordings depend on the weights.
PASSES = 1

# A little pull to zero keeps the weights of rare signals finite.
RIDGE = 1.0

WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

# Letters on each side of a confusion.
LONGEST = 3

# A confusion seen once may be chance.
LEAST_SEEN = 2

# What a confusion begins with that is kept: a letter, a digit, or a mark that engines make of letters.
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
        # the blank between two units
        true_counts[" "] += 1
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


def is_held(row: Mapping[str, str]) -> bool:
    """Whether a text belongs to the half of sources that nothing is fitted on."""
    source = row["source"].rpartition("/")[0]
    return hashlib.sha256(source.encode()).digest()[0] % 2 == 1


def right_option(place: ocr._Place, offsets: tuple[int, int], row_units: Sequence[Unit], starts: Sequence[int]) -> int:
    """The option that brings a place's unit nearest to its gold in words of the gold; -1 where none is nearer than what
    stands there."""
    first, last = offsets
    number = bisect.bisect_right(starts, first) - 1
    if number < 0:
        return -1
    unit = row_units[number]
    if last > unit.start + len(unit.ocr):
        return -1
    # a hyphen of the gold is that of a broken line
    gold = unit.gold.lower().replace("-", "")
    held = Counter(WORDS.findall(gold))
    best, chosen = Levenshtein.distance(unit.ocr.lower(), gold), -1
    for option, wording in enumerate(place.options):
        after = unit.ocr[: first - unit.start] + wording.text + unit.ocr[last - unit.start :]
        distance = Levenshtein.distance(after.lower(), gold)
        if distance < best and not Counter(WORDS.findall(wording.text.lower())) - held:
            best, chosen = distance, option
    return chosen


def examples(rows: Iterable[Mapping[str, str]], resources: Resources) -> tuple[FloatArray, IntArray, BoolArray]:
    """(signals, group, right) of all options of all places: a group is a place whose options compete."""
    signals, groups, right = [], [], []
    group = 0
    for row in rows:
        text, gold = row["ocr"], row["gold"].replace("ſ", "s")
        search = ocr._Search(Reading(tokenize(text), resources.context), resources)
        places = search.all_places() if search.suspicious.any() and search.is_english() else []
        if not places:
            continue
        row_units = list(units(text, gold))
        starts = [unit.start for unit in row_units]
        signals.append(search.signals(places, search.settle(places)))
        for place in places:
            offsets = int(search.tokens.starts[place.first]), int(search.tokens.starts[place.last])
            chosen = right_option(place, offsets, row_units, starts)
            groups += [group] * len(place.options)
            right += [option == chosen for option in range(len(place.options))]
            group += 1
    return np.concatenate(signals), np.array(groups), np.array(right)


def fit(signals: FloatArray, groups: IntArray, right: BoolArray) -> FloatArray:
    """Weights of the conditional logit: P(option) = exp(w.x) / (1 + sum over the place's options exp(w.x))."""
    from scipy.optimize import minimize

    count = int(groups.max()) + 1
    # the constant says how damaged the pages are, which is known
    signals = np.concatenate([np.zeros((len(signals), 1)), signals[:, 1:]], axis=1)

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        odds = np.exp(np.clip(signals @ weights, -30, 30))
        total = 1.0 + np.bincount(groups, odds, count)
        share = odds / total[groups]
        value = np.log(total).sum() - (signals[right] @ weights).sum() + RIDGE * (weights**2).sum()
        return value, signals.T @ share - signals[right].sum(axis=0) + 2 * RIDGE * weights

    return np.asarray(minimize(loss, np.zeros(signals.shape[1]), jac=True, method="L-BFGS-B").x)


def logit(share: float) -> float:
    """ln of the odds."""
    return float(np.log(share / (1 - share)))


def misread(rows: Iterable[Mapping[str, str]]) -> float:
    """The share of units that differ, whatever their case."""
    aligned = [unit for row in rows for unit in units(row["ocr"], row["gold"].replace("ſ", "s"))]
    return sum(unit.ocr.lower() != unit.gold.lower() for unit in aligned) / len(aligned)


def write_weights(shared: Path) -> None:
    """The weights of the signals, from the half of the texts that `is_held` does not hold back."""
    rows = [row for file in FITTED for row in read(shared / "ocr" / f"{file}.jsonl")]
    random.Random(1).shuffle(rows)
    rows = [row for row in rows if not is_held(row)][:TEXTS]
    for _ in range(PASSES):
        resources = Resources()
        signals, groups, right = examples(rows, resources)
        weights = fit(signals, groups, right)
        weights[0] = logit(HEAVY) - logit(misread(rows))
        note = f"fitted on {len(rows)} texts with {groups.max() + 1} places, {right.sum()} of them misread"
        lines = ["signal\tweight\tnote", *(f"{n}\t{w:.4f}\t{note}" for n, w in zip(ocr.SIGNALS, weights, strict=True))]
        (DATA / "weights.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(note)
    for name, weight in zip(ocr.SIGNALS, weights, strict=True):
        print(f"{name:16s} {weight:7.3f}")


def tallied(texts: Iterable[str], resources: Resources) -> tuple[Counter[tuple[str, float]], int]:
    """How often distinct findings of each rule and strength turn up, and the number of words."""
    counts: Counter[tuple[str, float]] = Counter()
    words = 0
    for text in texts:
        reading = Reading(tokenize(text), resources.context)
        words += reading.word_count
        strongest: dict[tuple[str, str], float] = {}
        for finding in ocr.find(reading, resources):
            key = (finding.rule, finding.before.lower())
            strongest[key] = max(strongest.get(key, -99.0), finding.best.nats)
        for (rule, _), nats in strongest.items():
            held = [floor for floor in FLOORS if floor <= nats]
            if held:
                counts[rule, held[-1]] += 1
    return counts, words


def write_densities(shared: Path, clean: Path) -> None:
    """Densities of findings in clean text of all registers and, scaled to HEAVY, in misread text."""
    resources = Resources()
    registers = human_pieces(shared, clean, PIECES)
    rows = [row for file in FITTED for row in read(shared / "ocr" / f"{file}.jsonl") if is_held(row)]
    wrong = misread(rows)
    in_clean, clean_words = tallied((text for texts in registers.values() for text in texts), resources)
    in_read, read_words = tallied((row["ocr"] for row in rows), resources)
    lines = ["kind\tnats\tclean\tdamaged\tnote"]
    note = f"{clean_words} words of clean text against {read_words} of scans with {wrong:.1%} of the words misread"
    for rule in RULES:
        for floor in FLOORS:
            before = (in_clean[rule, floor] + SMOOTH) / clean_words
            after = max((in_read[rule, floor] + SMOOTH) / read_words * HEAVY / wrong, before * 1.05)
            lines.append(f"{rule}\t{floor:g}\t{before:.7f}\t{after:.7f}\t{note}")
    (DATA / "rates.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(note, *lines[1:], sep="\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--steps", default="confusions,weights,densities")
    parser.add_argument("--clean-text", type=Path, default=Path.home() / ".cache" / "despin" / "clean_text")
    arguments = parser.parse_args()
    steps = arguments.steps.split(",")
    if "confusions" in steps:
        write_confusions(arguments.shared)
    if "weights" in steps:
        write_weights(arguments.shared)
    if "densities" in steps:
        write_densities(arguments.shared, arguments.clean_text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
