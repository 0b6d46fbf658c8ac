"""Can the score be trusted? Found and falsely flagged, by register, engine, density and length; calibration; baselines.

    python -m benchmarks.spun_corpus     # once: the passages
    python -m benchmarks.score           # some minutes
    python -m benchmarks.neural          # once, for the next one
    python -m benchmarks.score --context lm

Every figure but the last table's is of strangers: a passage is judged by a model that saw neither its register nor its
engine, and its verdict by a threshold of the other registers' human passages. The models are
fitted anew here, in the same way as the shipped one (`benchmarks.calibrate_score`), and all baselines are given the
same passages. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

import despin
from benchmarks import calibrate_score, spun_corpus
from benchmarks.calibrate_score import KIND_OF, LEAST_DENSITY, Corpus, Floats, Mask
from benchmarks.data import MissingData
from benchmarks.figures import auroc, share_above, table, wilson
from benchmarks.spun_corpus import Passage
from despin.resources import Resources
from despin.scoring import MOST_NOISE, percentile_of

# Edges of the tables' bands.
DENSITIES = (0.0, 0.06, 0.1, 0.15, 0.25, 1.0)
LENGTHS = (60, 90, 140, 220, 10_000)
ERROR_RATES = (0.0, 0.01, 0.03, 0.06, 0.12, 1.0)

# Default operating point.
FPR = 0.01


def found_at(positive: Floats, negative: Floats, fpr: float) -> str:
    """The share of spun passages above the threshold that a share `fpr` of human ones passes, with its interval."""
    if not len(positive) or not len(negative):
        return "-"
    share = share_above(positive.tolist(), negative.tolist(), fpr)
    low, high = wilson(round(share * len(positive)), len(positive))
    return f"{share:.1%} ({low:.1%}-{high:.1%})"


def rate(hits: int, trials: int) -> str:
    """A share with its interval."""
    if not trials:
        return "-"
    low, high = wilson(hits, trials)
    return f"{hits / trials:.1%} ({low:.1%}-{high:.1%})"


def area(positive: Floats, negative: Floats, seed: int = 1) -> str:
    """AUROC with a 95 % interval from 200 samples of the passages, with replacement."""
    if len(positive) < 2 or len(negative) < 2:
        return "-"
    rng = np.random.default_rng(seed)
    sampled = [auroc(rng.choice(positive, len(positive)), rng.choice(negative, len(negative))) for _ in range(200)]
    low, high = np.percentile(sampled, (2.5, 97.5))
    return f"{auroc(positive, negative):.3f} ({low:.3f}-{high:.3f})"


def strangers_flagged(nats: Floats, words: Floats, human: Mask, register: npt.NDArray[np.generic], fpr: float) -> Mask:
    """Which passages are flagged at a threshold, by length, of the human passages of the other registers."""
    flagged = np.zeros(len(nats), np.bool_)
    for name in np.unique(register):
        others = human & (register != name)
        weight = calibrate_score.balanced(np.zeros(len(nats), np.bool_)[others], register[others], register[others])
        bands = calibrate_score.quantiles(nats[others], words[others], weight, register=register[others])
        mine = register == name
        flagged[mine] = [
            percentile_of(value, int(count), bands) >= 100 * (1 - fpr)
            for value, count in zip(nats[mine].tolist(), words[mine].tolist(), strict=True)
        ]
    return flagged


# --- baselines ---------------------------------------------------------------------------------------


def screener(passages: Sequence[Passage]) -> Floats | None:
    """How many phrases of the Problematic Paper Screener's list are in each passage; None where it is not installed."""
    try:
        from TorturePhrases_Estimator import torture_phrases
    except ImportError:
        print("left out the screener's list: pip install TorturePhrases-Estimator", file=sys.stderr)
        return None
    phrases = torture_phrases.TorturePhrasesEstimator().load_tortured_phrases()
    # the package looks each phrase up as it stands: rows with AND, OR and brackets are never found
    plain = {phrase for phrase in phrases if phrase.replace(" ", "").replace("-", "").isalpha() and " " in phrase}
    longest = max(len(phrase.split()) for phrase in plain)

    def hits(text: str) -> int:
        words = text.lower().split()
        return sum(
            " ".join(words[i : i + n]).strip(".,;:!?()\"'") in plain
            for n in range(2, longest + 1)
            for i in range(len(words) - n + 1)
        )

    return np.array([hits(passage.text) for passage in passages], float)


def rarity(passages: Sequence[Passage]) -> Floats:
    """Mean of -ln of the words' frequencies, by wordfreq."""
    from despin.words import fold, frequencies

    known = frequencies()

    def mean(text: str) -> float:
        words = [fold(word) for word in spun_corpus.WORD.findall(text)]
        return -float(np.mean([math.log(known.get(word, 1e-9)) for word in words])) if words else 0.0

    return np.array([mean(passage.text) for passage in passages])


def perplexity(corpus: Corpus) -> Floats:
    """Mean of -ln p of the words by the shipped n-gram model: left gain plus what is expected of the word alone."""
    left, _, alone, _, _ = corpus.items.signals
    words = corpus.items.words
    owner = corpus.owner
    sums = np.bincount(owner[words], -(left + alone)[words], minlength=len(corpus.passages))
    counts: Floats = np.bincount(owner[words], minlength=len(corpus.passages)).astype(float)
    return sums / np.maximum(counts, 1.0)


# --- tables ------------------------------------------------------------------------------------------


class Report:
    """Scores of all passages, and the tables that are printed of them."""

    def __init__(self, corpus: Corpus, systems: Mapping[str, Floats], nats: Floats) -> None:
        self.passages = corpus.passages
        self.systems = systems
        self.nats = nats
        self.register = corpus.of(lambda p: p.register)
        self.engine = corpus.of(lambda p: p.engine)
        self.density = corpus.of(lambda p: p.density).astype(float)
        self.words = corpus.words
        self.spun = self.engine != ""
        self.noisy = calibrate_score.is_noisy(self.register)
        # what is found is set against human text that is legible; noise has its own table
        self.human = ~self.spun & ~self.noisy
        noise = np.bincount(corpus.owner, corpus.items.noise, len(self.passages)) / np.maximum(self.words, 1.0)
        # as the library does, no verdict on what is hardly legible
        self.abstained = noise > MOST_NOISE
        self.flagged = strangers_flagged(nats, self.words, ~self.spun, self.register, FPR) & ~self.abstained
        self.dense = self.density >= LEAST_DENSITY

    def overall(self) -> str:
        rows = []
        for name, values in self.systems.items():
            positive, negative = values[self.spun & self.dense], values[self.human]
            rows.append(
                [
                    name,
                    area(positive, negative),
                    found_at(positive, negative, 0.01),
                    found_at(positive, negative, 0.001),
                ]
            )
        return table(("system", "AUROC (95 %)", "found at 1 % FPR", "found at 0.1 % FPR"), rows)

    def by(self, header: str, groups: Mapping[str, Mask], negatives: Callable[[str], Mask] | None = None) -> str:
        rows = []
        for name, chosen in groups.items():
            positive = self.nats[chosen & self.spun]
            against = self.nats[negatives(name) if negatives else self.human]
            if len(positive) < 10:
                continue
            rows.append([
                name, len(positive), f"{self.density[chosen & self.spun].mean():.2f}", area(positive, against),
                found_at(positive, against, 0.01), found_at(positive, against, 0.001),
                rate(int(self.flagged[chosen & self.spun].sum()), len(positive)),
            ])  # fmt: skip
        return table((header, "spun", "density", "AUROC (95 %)", "found at 1 % FPR", "at 0.1 %", "flagged"), rows)

    def false_flags(self) -> str:
        """Human passages flagged at the default, by register: threshold and model of the other registers."""
        rows = []
        for name in sorted(set(self.register[~self.spun].tolist())):
            chosen = ~self.spun & (self.register == name)
            spun = self.spun & self.dense & (self.register == name)
            rows.append([
                name, int(chosen.sum()), rate(int(self.flagged[chosen].sum()), int(chosen.sum())),
                f"{self.abstained[chosen].mean():.1%}", area(self.nats[spun], self.nats[chosen]) if spun.any() else "-",
            ])  # fmt: skip
        return table(("register", "human", "flagged (95 %)", "no verdict", "AUROC within it"), rows)

    def reliability(self) -> tuple[str, float]:
        """Probability said against the share that is spun, at a prior of one half, and the expected error."""
        weight = calibrate_score.balanced(self.spun, self.register, self.engine) * (~self.spun | self.dense)
        probability = 1 / (1 + np.exp(-np.clip(self.nats, -50, 50)))
        edges = np.linspace(0, 1, 11)
        rows, error = [], 0.0
        for low, high in pairwise(edges.tolist()):
            held = (probability >= low) & ((probability < high) | (high == 1.0)) & (weight > 0)
            if held.any():
                said = float(np.average(probability[held], weights=weight[held]))
                true = float(np.average(self.spun[held], weights=weight[held]))
                share = float(weight[held].sum() / weight.sum())
                error += share * abs(said - true)
                rows.append([f"{low:.1f}-{high:.1f}", int(held.sum()), f"{share:.1%}", f"{said:.3f}", f"{true:.3f}"])
        return table(("probability", "passages", "weight", "said", "spun"), rows), error

    def noise(self, limit: int) -> str:
        """Noisy OCR of human text, flagged by the shipped score, by error rate, before and after a repair."""
        rows = []
        cer = np.array([passage.cer for passage in self.passages])
        for low, high in pairwise(ERROR_RATES):
            chosen = np.flatnonzero(self.noisy & (cer >= low) & (cer < high))
            sample = np.random.default_rng(1).permutation(chosen)[:limit].tolist()
            verdicts = [despin.repair(self.passages[i].text) for i in sample]
            before = sum(repair.before is not None and repair.before.verdict == "flag" for repair in verdicts)
            after = sum(repair.after is not None and repair.after.verdict == "flag" for repair in verdicts)
            rows.append([
                f"{low:.0%}-{high:.0%}", len(chosen), rate(int(self.flagged[chosen].sum()), len(chosen)),
                len(sample), rate(before, len(sample)), rate(after, len(sample)),
            ])  # fmt: skip
        header = ("character errors", "passages", "flagged by strangers", "of these", "flagged", "after repair")
        return table(header, rows)


def bands(values: npt.NDArray[np.float64], edges: Sequence[float], form: str) -> dict[str, Mask]:
    """Which values lie in each band between the edges."""
    return {form.format(low, high): (values >= low) & (values < high) for low, high in pairwise(edges)}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.score", description=__doc__.splitlines()[0])
    parser.add_argument("--part", type=int, default=1, help="take each PART-th passage only, for a quick look")
    parser.add_argument("--context", choices=("default", "lm"), default="default")
    parser.add_argument("--noisy", type=int, default=40, help="noisy passages of an error band to repair (default 40)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    try:
        passages = spun_corpus.load()[:: options.part]
    except MissingData as error:
        print(f"score: {error}", file=sys.stderr)
        return 2
    resources = Resources()
    corpus = calibrate_score.read(passages, resources, calibrate_score.single_lexicons(resources))
    nats = calibrate_score.strangers_nats(corpus, calibrate_score.out_of_sample(corpus))
    systems = {"despin": nats, "length": corpus.words, "wordfreq": rarity(passages), "n-grams": perplexity(corpus)}
    known = np.ones(len(passages), np.bool_)
    if options.context == "lm":
        known, nats_neural = calibrate_score.neural_strangers(corpus, nats)
        _, means, _ = calibrate_score.neural_means(corpus)
        systems |= {"despin, lm": nats_neural, "SmolLM2": means[:, 0]}
    phrases = screener(passages)
    if phrases is not None:
        systems["screener's list"] = phrases
    if options.context == "lm":
        # all systems on the passages that SmolLM2 has read
        corpus = corpus.part(known)
        systems = {name: values[known] for name, values in systems.items()}
        nats = systems["despin, lm"]
    report = Report(corpus, systems, nats)
    print(
        f"{int(report.human.sum())} human passages, {int(report.noisy.sum())} of noisy OCR, {int(report.spun.sum())} "
        f"spun, of which {int((report.spun & ~report.dense).sum())} with fewer than {LEAST_DENSITY:.0%} of their words "
        "replaced are left out of the overall figures\n"
    )
    print("systems, engine and register unseen\n" + report.overall())
    engines = {name: (report.engine == name) & report.dense for name in KIND_OF}
    print("\nby engine\n" + report.by("engine", engines))
    densities = bands(report.density, DENSITIES, "{:.2f}-{:.2f}")
    unmapped = {name: held & (report.engine == "unmapped") for name, held in densities.items()}
    print("\nusual synonyms that no map has, by share of words replaced\n" + report.by("density", unmapped))
    print("\nall engines, by share of words replaced\n" + report.by("density", densities))
    lengths = bands(report.words, LENGTHS, "{:.0f}-{:.0f}")
    dense = {name: held & report.dense for name, held in lengths.items()}
    print("\nby length\n" + report.by("words", dense, lambda name: report.human & lengths[name]))
    print("\nhuman passages flagged, register unseen\n" + report.false_flags())
    reliability, error = report.reliability()
    print(f"\nreliability, engine and register unseen; expected calibration error {error:.3f}\n" + reliability)
    if options.noisy:
        print("\nnoisy OCR of human text\n" + report.noise(options.noisy))
    print(f"\n{time.perf_counter() - began:.0f} s", file=sys.stderr)
    if options.json:
        positive, negative = nats[report.spun & report.dense].tolist(), nats[report.human].tolist()
        found = share_above(positive, negative, FPR)
        figures = {"auroc": auroc(positive, negative), "tpr_at_1_percent": found, "ece": error}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
