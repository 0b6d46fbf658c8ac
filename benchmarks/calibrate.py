"""Fit what the detectors are weighed by, and write it into ``data/``; `calibrate_score` does so for the score.

``python -m benchmarks.calibrate``: (1) spins clean text of many registers with observed substitutions
(``../shared/data/spin``), (2) fits the weights of the spin signals to invented pages and sentences (tests/cases, the
half that may be learnt from) by a conditional logit model in which the originals of a place compete with leaving it
alone, and tries them on the spun text, (3) measures how often findings of each strength turn up in clean text and on
heavily spun pages. Start reading at `main`.

The clean corpora give only documents that the context tables were not built from. They are split by a hash of their
text: one half gives spans that the weights of suggestions are fitted on, the other the densities.
"""

from __future__ import annotations

import argparse
import bisect
import csv
import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import regex

from benchmarks import recall, sentences
from benchmarks.spin import variant
from despin import maps, suggesting
from despin.detect import spin
from despin.pipeline import detectors_of, propose
from despin.rates import HEAVY
from despin.reading import Reading
from despin.resources import Resources
from despin.tokens import tokenize
from despin.words import article, fold, in_case_of

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


def spun_piece(text: str, tables: Sequence[dict[str, list[tuple[str, float]]]], number: int) -> Spun:
    """A piece spun by one of the tables. Pages are damaged by DENSITY in the mean, some more, some less."""
    rng = random.Random(number)
    density = DENSITY * rng.choice((0.5, 0.75, 1.0, 1.25, 1.5))
    return mended(spin_text(text, tables[number % len(tables)], density, rng), rng)


def mended(spun: Spun, rng: random.Random) -> Spun:
    """The text with "a" and "an" fitted to what was put in, or as it is: about half of the spinners do so."""
    if rng.random() < 0.5:
        return spun
    text, out, changes, position, length = spun.text, [], [], 0, 0
    for start, end, original in spun.changes:
        before = ARTICLE.search(text, max(start - 4, position), start)
        if before and text[start:end].strip():
            wanted = article(text[start:end].split()[0])
            put = wanted.capitalize() if before[1][0].isupper() else wanted
            out += [text[position : before.start()], put, text[before.end(1) : start]]
        else:
            out.append(text[position:start])
        out.append(text[start:end])
        length += sum(map(len, out[-4:] if before and text[start:end].strip() else out[-2:]))
        changes.append((length - (end - start), length, original))
        position = end
    out.append(text[position:])
    return Spun("".join(out), tuple(changes))


# What stands for an article directly before a place.
ARTICLE = regex.compile(r"(?<![\w'’-])(an?) $", regex.I)


def wanted_at(spun: Spun) -> Callable[[int, int], str]:
    """What a wording at text[start:end] must be to bring the text nearer to its original, folded; "" for nothing.

    A wording that covers changes wholly must be what stood there, neighbours included ("before you" for "prior to
    you"); one inside a longer change is held against the words in the same place of the original, where both have as
    many.
    """
    starts = [start for start, _, _ in spun.changes]

    def wanted(start: int, end: int) -> str:
        first = bisect.bisect_left(starts, start)
        first -= first > 0 and spun.changes[first - 1][1] > start
        over = [
            change for change in spun.changes[first : first + maps.LONGEST] if change[0] < end and change[1] > start
        ]
        if over and all(start <= begin and stop <= end for begin, stop, _ in over):
            out = spun.text[start:end]
            for begin, stop, original in reversed(over):
                out = out[: begin - start] + original + out[stop - start :]
            return fold(out)
        if len(over) == 1 and over[0][0] <= start and end <= over[0][1]:
            begin, stop, original = over[0]
            old, new = (side.replace("-", " ").split() for side in (original, spun.text[begin:stop]))
            place = len(spun.text[begin:start].replace("-", " ").split())
            count = len(spun.text[start:end].replace("-", " ").split())
            if len(old) == len(new) and old[place : place + count] != new[place : place + count]:
                return fold(" ".join(old[place : place + count]))
        return ""

    return wanted


def examples(
    spuns: Sequence[Spun], resources: Resources, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signals, group, right) of all candidates of all places: a group is a place whose candidates compete.

    weights: those by which the neighbours of a place are judged; without them it is weighed among what stands there.
    """
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
        if weights is not None:
            search.weights = weights
        wanted = wanted_at(spun)
        originals = [
            wanted(*reading.span(at, at + length - 1))
            for at, length in zip(search.matches.at.tolist(), search.matches.length.tolist(), strict=True)
        ]
        _, place = np.unique(which, return_inverse=True)
        again = weights is not None
        signals.append(search.look_again(which, candidate) if again else search.signals(which, candidate))
        groups.append(place + group)
        right.append(
            np.array(
                [
                    originals[w] == fold(search.index.originals[c]) and originals[w] != ""
                    for w, c in zip(which.tolist(), candidate.tolist(), strict=True)
                ]
            )
        )
        group += int(place.max()) + 1
    return np.concatenate(signals), np.concatenate(groups), np.concatenate(right)


def fit(
    signals: np.ndarray,
    groups: np.ndarray,
    right: np.ndarray,
    counts: np.ndarray | None = None,
    prior: np.ndarray | None = None,
    pull: np.ndarray | None = None,
) -> np.ndarray:
    """Weights of the conditional logit: P(candidate) = exp(w.x) / (1 + sum over the place's candidates exp(w.x)).

    Where several candidates of a place are right, that one of them is. counts: for how many each place counts. prior:
    the weights (0 unless given) that are pulled to, each by its `pull` (RIDGE).
    """
    from scipy.optimize import minimize

    count = int(groups.max()) + 1
    counts = np.ones(count) if counts is None else counts
    prior = np.zeros(signals.shape[1]) if prior is None else prior
    pull = np.full(signals.shape[1], RIDGE) if pull is None else pull
    answered = np.bincount(groups, right, count) > 0

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = np.exp(np.clip(signals @ weights, -30, 30))
        total = 1.0 + np.bincount(groups, odds, count)
        of_right = np.where(answered, np.bincount(groups, odds * right, count), 1.0)
        away = weights - prior
        value = (counts * (np.log(total) - np.log(of_right))).sum() + (pull * away**2).sum()
        slope = odds / total[groups] - np.where(right, odds / of_right[groups], 0.0)
        return value, signals.T @ (slope * counts[groups]) + 2 * pull * away

    result = minimize(loss, prior.copy(), jac=True, method="L-BFGS-B")
    return np.asarray(result.x)


# What the signals weighed by simulated pages alone, in which the originals of two tables of pairs were replaced at
# random. Those pages show capitals, articles and repetitions as spinners leave them. But any pair of the tables is
# right there and any other row of the maps wrong, so of rows and contexts they know little: on invented pages by
# another hand two in three were right of the findings that those weights took for even.
SIMULATED = {
    "always": -1.7662,
    "row": 0.8006,
    "original_fits": 0.6336,
    "spun_fits": -0.5953,
    "original_term": 0.9637,
    "spun_term": -1.0249,
    "original_repeats": 0.7378,
    "spun_repeats": -0.3216,
    "capital": 1.3441,
    "article": 1.5150,
    "many_words": 1.1569,
    "word_for_word": -0.0653,
    "other_family": 0.3950,
}

# How strongly weights are held to those: of 1 to 20 this told places best that were left out of the fit. How likely
# anything is at all may move freely.
PULL, FREE = 5.0, 0.01

# Sentences that must be kept hold what only looks spun, in a spun page. There are half as many of them as there are
# places in the other cases, and on pages far fewer: counted in full they would teach to leave nearly everything.
KEEPS = 0.8

# Rounds of fitting: the neighbours of a place are judged by the weights of the round before.
ROUNDS = 3


def case_examples(resources: Resources, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(signals, group, right, counts) of the places of invented pages and of the spans of invented sentences, each in a
    spun page; of the half that may be learnt from. counts: for how many each group counts."""
    pages = [page for page in sentences.read_pages() if page.kind == "spun" and not page.held_back]
    around = sentences.spun_page_for(pages)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, float]] = [
        (*places_of(page.text, 0, len(page.text), nearer_page(page), resources, weights), 1.0) for page in pages
    ]
    for case in sentences.read_cases():
        if case.half == "dev":
            text, offset = sentences.embed(case.sentence, around(case))
            start, end = offset + case.start, offset + case.end
            places = places_of(text, start, end, nearer_sentence(case, offset), resources, weights)
            parts.append((*places, KEEPS if case.kind == "keep" else 1.0))
    parts = [part for part in parts if len(part[1])]
    sizes = [int(groups.max()) + 1 for _, groups, _, _ in parts]
    firsts = np.cumsum([0, *sizes[:-1]])
    return (
        np.concatenate([signals for signals, _, _, _ in parts]),
        np.concatenate([groups + first for (_, groups, _, _), first in zip(parts, firsts, strict=True)]),
        np.concatenate([right for _, _, right, _ in parts]),
        np.concatenate([np.full(size, part[3]) for part, size in zip(parts, sizes, strict=True)]),
    )


Nearer = Callable[[int, int, str], bool]


def nearer_page(page: sentences.Page) -> Nearer:
    """Whether text[start:end], replaced, brings its line nearer to the original."""
    lines, originals = page.text.split("\n"), page.original.split("\n")

    def nearer(start: int, end: int, wording: str) -> bool:
        number, begin = page.text.count("\n", 0, start), page.text.rfind("\n", 0, start) + 1
        after = sentences.splice(lines[number], [(start - begin, end - begin, wording)])
        return sentences.distance(after, originals[number]) < sentences.distance(lines[number], originals[number])

    return nearer


def nearer_sentence(case: sentences.Case, offset: int) -> Nearer:
    """The same for the sentence at `offset` of a page; nothing is better than a sentence that must be kept."""

    def nearest(sentence: str) -> int:
        return min(sentences.distance(sentence, right) for right in case.right)

    def nearer(start: int, end: int, wording: str) -> bool:
        after = sentences.splice(case.sentence, [(start - offset, end - offset, wording)])
        return case.kind == "fix" and nearest(after) < nearest(case.sentence)

    return nearer


def places_of(
    text: str, start: int, end: int, nearer: Nearer, resources: Resources, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signals, group, right) of the candidates that touch text[start:end], as a second look at the text finds them."""
    search = spin._Search(Reading(tokenize(text), resources.context), resources)
    search.weights = weights
    which, candidate = search.index.expand(search.matches)
    signals = search.look_again(which, candidate)
    groups: dict[tuple[int, int], int] = {}
    kept, of_group, right = [], [], []
    for number, (match, original) in enumerate(zip(which.tolist(), candidate.tolist(), strict=True)):
        at, length = int(search.matches.at[match]), int(search.matches.length[match])
        finding = search._finding(at, length, [(original, 0.0, signals[number].tolist())])
        if finding is not None and finding.start < end and finding.end > start:
            kept.append(number)
            of_group.append(groups.setdefault((at, length), len(groups)))
            right.append(nearer(finding.start, finding.end, finding.best.text))
    return signals[kept], np.array(of_group, np.int64), np.array(right, np.bool_)


def fit_spin(resources: Resources) -> tuple[np.ndarray, int]:
    """The weights of the spin signals, and how many places they were fitted on."""
    prior = np.array([SIMULATED.get(name, 0.0) for name in spin.SIGNALS])
    pull = np.array([FREE if name == "always" else PULL for name in spin.SIGNALS])
    weights = prior
    for _ in range(ROUNDS):
        signals, groups, right, counts = case_examples(resources, weights)
        weights = fit(signals, groups, right, counts, prior, pull)
    return weights, len(counts)


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
        side: [spun_piece(text, tables, number) for number, text in enumerate(texts)] for side, texts in half.items()
    }
    if "weights" in steps:
        for side in (True, False):
            replaced = sum(len(s.changes) for s in spuns[side])
            print(f"spun {len(spuns[side])} pieces, {replaced} replacements")
        resources = Resources()
        weights, places = fit_spin(resources)
        lines = ["signal\tweight\tnote"]
        for name, weight in zip(spin.SIGNALS, weights, strict=True):
            print(f"{name:18s} {weight:7.3f}")
            lines.append(f"{name}\t{weight:.4f}\tfitted on {places} places of invented pages and sentences")
        (DATA / "spin_weights.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        report(*examples(spuns[False], resources, weights), weights)
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
    total, of_right = 1.0 + np.bincount(groups, odds), np.bincount(groups, odds * right)
    chosen = np.log(total).sum() - np.log(of_right[of_right > 0]).sum()
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
