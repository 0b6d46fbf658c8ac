"""Fit what the detectors are weighed by, and write it into ``data/``; `calibrate_score` does so for the score.

``python -m benchmarks.calibrate``: (1) spins clean text of many registers with observed substitutions
(``../shared/data/spin``), (2) fits the weights of the spin signals by a conditional logit model in which the originals
of a place compete with leaving it alone, (3) measures how often findings of each strength turn up in clean text and on
heavily spun pages. Start reading at `main`.

The clean corpora give only documents that the context tables were not built from. They are split by a hash of their
text: one half fits the weights, the other gives the densities.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import regex

from benchmarks import recall
from benchmarks.spin import variant
from despin import suggesting
from despin.detect import spin
from despin.pipeline import detectors_of, propose
from despin.rates import HEAVY
from despin.reading import Reading
from despin.resources import Resources
from despin.tokens import tokenize
from despin.words import in_case_of

DATA = Path(__file__).parents[1] / "data"

# Share of words replaced on a heavily damaged page; findings' nats are log odds on such a page.
DENSITY = HEAVY

# Words of one document piece: a web page's length.
PIECE = 450

# Observed and guessed pairs: a guess counts for a tenth of a sighting.
GUESSED = 0.1


@dataclass(frozen=True)
class Spun:
    """A text and where which original stood: (start, end, original)."""

    text: str
    changes: tuple[tuple[int, int, str], ...]


def pairs(folder: Path) -> dict[str, list[tuple[str, float]]]:
    """original -> (spun, weight) from the observed and the guessed pairs, lower-cased."""
    table: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, guessed in (("family_pairs_dev.tsv", False), ("family_pairs_inferred.tsv", True)):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                original, spun = row["original"].lower(), row["spun"].lower()
                seen = GUESSED if guessed else float(row["n_seen"] or 1)
                if original != spun and original and regex.fullmatch(r"[\p{L}' -]+", original + spun):
                    table[original][spun] += seen * float(row["certainty"] or 0.5)
    return {original: sorted(spuns.items()) for original, spuns in sorted(table.items())}


def tortured_words(folder: Path) -> dict[str, list[tuple[str, float]]]:
    """original -> (spun, count) for the words of tortured phrases that have as many words as what was expected."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    with (folder / "tortured_pairs_dev.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            spuns, originals = (row[side].lower().replace("-", " ").split() for side in ("tortured", "expected"))
            if len(spuns) == len(originals):
                for original, spun in zip(originals, spuns, strict=True):
                    if original != spun and original.isalpha() and spun.isalpha() and len(original) > 2:
                        table[original][spun] += 1
    return {original: sorted(counts.items()) for original, counts in sorted(table.items())}


def spin_text(text: str, table: dict[str, list[tuple[str, float]]], density: float, rng: random.Random) -> Spun:
    """Replace originals by spun wordings until `density` of the words are replaced, or no more can be."""
    pattern = regex.compile(r"(?<![\w'’-])\L<originals>(?![\w'’-])", regex.I, originals=list(table))
    places = [match.span() for match in pattern.finditer(text) if match.group().lower() in table]
    rng.shuffle(places)
    wanted, chosen = density * len(text.split()), []
    for start, end in places:
        if wanted <= 0:
            break
        chosen.append((start, end))
        wanted -= len(text[start:end].split())
    out, changes, position = [], [], 0
    length = 0
    for start, end in sorted(chosen):
        original = text[start:end]
        spuns = table[original.lower()]
        spun = rng.choices([spun for spun, _ in spuns], [weight for _, weight in spuns])[0]
        opens = original[:1].isupper()
        spun = in_case_of(spun, original, opens_sentence=opens, alone=False)
        # this family of spinners puts some substitutes in with a capital
        if not opens and rng.random() < 0.07:
            spun = spun[:1].upper() + spun[1:]
        out += [text[position:start], spun]
        length += start - position
        changes.append((length, length + len(spun), original))
        length += len(spun)
        position = end
    out.append(text[position:])
    return Spun("".join(out), tuple(changes))


def pieces(documents: Iterable[str]) -> Iterator[str]:
    """Documents cut into pieces of about PIECE words at paragraph ends, short ones left out."""
    for document in documents:
        held: list[str] = []
        count = 0
        for paragraph in document.split("\n\n"):
            held.append(paragraph)
            count += len(paragraph.split())
            if count >= PIECE:
                yield "\n\n".join(held)
                held, count = [], 0
        if count >= 60:
            yield "\n\n".join(held)


def human_pieces(shared: Path, corpora: Path, per_register: int, seed: int = 7) -> dict[str, list[str]]:
    """Clean pieces by register."""
    rng = random.Random(seed)
    registers: dict[str, list[str]] = {}
    for path in sorted(corpora.glob("*.jsonl")):
        if path.stem == "dictionary":  # glosses are no running text
            continue
        found = [row["text"] for row in map(json.loads, path.open(encoding="utf-8")) if row["split"] == "held"]
        registers[path.stem] = list(pieces(found))
    registers["medical"] = list(
        pieces(json.loads(line)["text"] for line in (shared / "human/medquad_300.jsonl").open(encoding="utf-8"))
    )
    for name in ("hipe_en_train", "mibio_en"):
        golds = [json.loads(line)["gold"] for line in (shared / f"ocr/{name}.jsonl").open(encoding="utf-8")]
        registers[f"old print {name}"] = list(pieces("\n\n".join(golds[i : i + 8]) for i in range(0, len(golds), 8)))
    for found in registers.values():
        rng.shuffle(found)
        del found[per_register:]
    return registers


def fits(text: str) -> bool:
    """Whether a piece belongs to the half that fits weights."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[0] % 2 == 0


def examples(spuns: Sequence[Spun], resources: Resources) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signals, group, right) of all candidates of all places: a group is a place whose candidates compete."""
    signals, groups, right = [], [], []
    group = 0
    for spun in spuns:
        reading = Reading(tokenize(spun.text), resources.context)
        if not len(reading):
            continue
        search = spin._Search(reading, resources)
        which, candidate = search.index.expand(search.matches)
        if not len(which):
            continue
        truth = {(start, end): original.lower() for start, end, original in spun.changes}
        table = search.signals(which, candidate)
        spans = [
            reading.span(at, at + length - 1)
            for at, length in zip(search.matches.at.tolist(), search.matches.length.tolist(), strict=True)
        ]
        _, place = np.unique(which, return_inverse=True)
        signals.append(table)
        groups.append(place + group)
        right.append(
            np.array(
                [
                    truth.get(spans[w]) == search.index.originals[c].lower()
                    for w, c in zip(which.tolist(), candidate.tolist(), strict=True)
                ]
            )
        )
        group += int(place.max()) + 1
    return np.concatenate(signals), np.concatenate(groups), np.concatenate(right)


def fit(signals: np.ndarray, groups: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Weights of the conditional logit: P(candidate) = exp(w.x) / (1 + sum over the place's candidates exp(w.x))."""
    from scipy.optimize import minimize

    count = int(groups.max()) + 1

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = np.exp(np.clip(signals @ weights, -30, 30))
        total = 1.0 + np.bincount(groups, odds, count)
        share = odds / total[groups]
        value = np.log(total).sum() - (signals[right] @ weights).sum() + RIDGE * (weights**2).sum()
        return value, signals.T @ share - signals[right].sum(axis=0) + 2 * RIDGE * weights

    result = minimize(loss, np.zeros(signals.shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(result.x)


# Phrases and spans in sentences that the weights of suggestions are fitted on.
MOST_PHRASES, MOST_SPANS = 800, 600


def asked(spuns: Sequence[Spun], seed: int = 7) -> list[tuple[str, str, str, str]]:
    """(wording, left, right, original): tortured phrases of the half that may be learnt from, which have no sentence,
    and spans of the spun texts in theirs."""
    phrases = [(case.spun, "", "", case.original) for case in recall.tortured_cases() if case.half == "seen"]
    spans = [
        (spun.text[start:end], spun.text[max(start - 80, 0) : start], spun.text[end : end + 80], original)
        for spun in spuns
        for start, end, original in spun.changes
    ]
    rng = random.Random(seed)
    return rng.sample(phrases, min(len(phrases), MOST_PHRASES)) + rng.sample(spans, min(len(spans), MOST_SPANS))


def suggestion_examples(
    questions: Iterable[tuple[str, str, str, str]], resources: Resources
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signals, group, right) of all suggestions: a group is a phrase, whose suggestions compete with none of them."""
    signals, groups, right = [], [], []
    for number, (wording, left, rest, original) in enumerate(questions):
        ways, table = suggesting.weighed(wording, left, rest, resources)
        signals.append(table)
        groups.append(np.full(len(ways), number))
        wanted = recall.words_of(original)
        right.append([recall.words_of(" ".join(way.words)) == wanted for way in ways])
    return np.concatenate(signals), np.concatenate(groups), np.concatenate(right).astype(bool)


def write_weights(name: str, signals: Sequence[str], weights: np.ndarray, note: str) -> None:
    """A table of fitted weights, printed too."""
    lines = ["signal\tweight\tnote"]
    for signal, weight in zip(signals, weights, strict=True):
        print(f"{signal:18s} {weight:7.3f}")
        lines.append(f"{signal}\t{weight:.4f}\t{note}")
    (DATA / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


# A little pull to zero keeps the weights of rare signals finite.
RIDGE = 1.0

# Strengths of findings that are told apart, from `spin.LEAST_ALONE` on.
FLOORS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
OTHER_KINDS = {"citations": 2.0, "debris": 1.0}

# Half a count added, so that what was never seen is not impossible.
SMOOTH = 0.5


def count_findings(texts: Sequence[str], resources: Resources) -> tuple[Counter[tuple[str, float]], int]:
    """How often findings of each kind and strength, and traces, turn up; and the number of words."""
    counts: Counter[tuple[str, float]] = Counter()
    words = 0
    for text in texts:
        reading = Reading(tokenize(text), resources.context)
        words += reading.word_count
        findings = propose(reading, resources, detectors_of())
        strongest: dict[tuple[str, str], float] = {}
        for finding in findings:
            key = (finding.rule if finding.kind == "spin" else finding.kind, finding.before.lower())
            strongest[key] = max(strongest.get(key, -99.0), finding.best.nats)
        for (kind, _), nats in strongest.items():
            floors = FLOORS if kind in ("spin.map", "spin.pair") else (OTHER_KINDS.get(kind, 99.0),)
            held = [floor for floor in floors if floor <= nats]
            if held:
                counts[kind, held[-1]] += 1
    return counts, words


def write_densities(clean: Sequence[str], heavy: Sequence[str], resources: Resources, note: str) -> None:
    in_clean, clean_words = count_findings(clean, resources)
    in_heavy, heavy_words = count_findings(heavy, resources)
    lines = ["kind\tnats\tclean\tdamaged\tnote"]
    kinds = [(rule, floor) for rule in ("spin.map", "spin.pair") for floor in FLOORS] + list(OTHER_KINDS.items())
    for kind, floor in kinds:
        before = (in_clean[kind, floor] + SMOOTH) / clean_words
        after = max((in_heavy[kind, floor] + SMOOTH) / heavy_words, before * 1.05)
        if kind in OTHER_KINDS:
            # the simulated pages have neither; a spun page of 500 words shows about one of each
            after = max(after, 0.002)
        lines.append(f"{kind}\t{floor:g}\t{before:.6f}\t{after:.6f}\t{note}")
    (DATA / "rates.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--corpora", type=Path, default=Path.home() / ".cache" / "despin" / "clean_text")
    parser.add_argument("--per-register", type=int, default=60)
    parser.add_argument("--steps", default="weights,suggestions,densities")
    arguments = parser.parse_args()
    steps = arguments.steps.split(",")
    # two kinds of spinners: one that rewrites phrases, one that replaces word for word
    tables = (pairs(arguments.shared / "spin"), tortured_words(arguments.shared / "spin"))
    registers = human_pieces(arguments.shared, arguments.corpora, arguments.per_register)
    for name, found in registers.items():
        print(f"{name}: {len(found)} pieces")
    everything = [text for found in registers.values() for text in found]
    half = {True: [text for text in everything if fits(text)], False: [text for text in everything if not fits(text)]}
    spuns = {
        side: [spin_text(text, tables[number % 2], DENSITY, random.Random(number)) for number, text in enumerate(texts)]
        for side, texts in half.items()
    }
    if "weights" in steps:
        for side in (True, False):
            replaced = sum(len(s.changes) for s in spuns[side])
            print(f"spun {len(spuns[side])} pieces, {replaced} replacements")
        resources = Resources()
        signals, groups, right = examples(spuns[True], resources)
        weights = fit(signals, groups, right)
        lines = ["signal\tweight\tnote"]
        for name, weight in zip(spin.SIGNALS, weights, strict=True):
            print(f"{name:18s} {weight:7.3f}")
            lines.append(f"{name}\t{weight:.4f}\tfitted on {len(spuns[True])} pieces with one word in five replaced")
        (DATA / "spin_weights.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        report(*examples(spuns[False], resources), weights)
    if "suggestions" in steps:
        resources = Resources()
        # by maps that learnt no word pairs of the phrases that are asked
        crossed = variant(resources, maps=recall.crossed_index("seen", resources))
        of_phrases = suggestion_examples(asked(spuns[True]), crossed)
        note = "fitted on tortured phrases and on spans of spun text"
        write_weights("suggest_weights.tsv", suggesting.SIGNALS, fit(*of_phrases), note)
    if "densities" in steps:
        write_densities(
            half[False],
            [s.text for s in spuns[False]],
            Resources(),
            "human texts of several registers against simulated pages",
        )
    return 0


def report(signals: np.ndarray, groups: np.ndarray, right: np.ndarray, weights: np.ndarray) -> None:
    """Calibration of the fitted probabilities on the other half."""
    odds = np.exp(np.clip(signals @ weights, -30, 30))
    share = odds / (1.0 + np.bincount(groups, odds))[groups]
    chosen = (
        -np.log(np.clip(share[right], 1e-12, 1)).sum()
        + np.log1p(np.bincount(groups, odds))[np.bincount(groups, right) == 0].sum()
    )
    print(f"log loss a place {chosen / (groups.max() + 1):.5f}")
    print("probability said, true share, candidates")
    for low, high in zip(
        (0, 0.05, 0.2, 0.4, 0.6, 0.75, 0.9, 0.95), (0.05, 0.2, 0.4, 0.6, 0.75, 0.9, 0.95, 1.01), strict=True
    ):
        held = (share >= low) & (share < high)
        if held.any():
            print(f"{share[held].mean():.3f} {right[held].mean():.3f} {held.sum()}")


if __name__ == "__main__":
    raise SystemExit(main())
