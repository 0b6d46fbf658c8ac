"""Build `data/lexicon/thesaurus.tsv`: what a word may stand for by WordNet and the Moby Thesaurus, each with a weight.

    python scripts/build_derived_maps.py [--cache FOLDER] [--check]
    python scripts/build_derived_maps.py --fit      # print COEFFICIENTS, from the development data

Thesauri relate far more words than a spinner ever swaps. A pair of words is scored by how closely the thesauri relate
it, how alike its words are to a language model, and how common the original is; of each spun word the best originals
are kept. The weight is that of the synonym maps (`despin.maps.Row.weight`), by Bayes' rule: how often the original
would have been replaced by this word on a heavily spun page, against how often the word stands in English anyway.
Start reading at `scored`, then `kept`.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.build_terms import DEFAULT_CACHE, OFFENSIVE, SOURCES, UNWANTED, Source, fetch

from despin.dense import DenseBigrams
from despin.maps import inflected, read_map
from despin.thesaurus import COLUMNS
from despin.words import Forms, frequencies

DATA = Path(__file__).parents[1] / "data"
TARGET = DATA / "lexicon" / "thesaurus.tsv"

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOBY = Source(
    "moby", "npm", "moby", "1.1.2", "public domain (Moby Thesaurus II, Grady Ward, 1996); package MIT",
    "68f8b3074d088efe33c1ef8064b76bece39f7774f1718fd7b48125386100b083", lambda folder: iter(()),
)  # fmt: skip

# WordNet's files by our word class; adverbs are related as adjectives are, and inflect like them.
CLASS_OF_FILE = {"noun": "n", "verb": "v", "adj": "a", "adv": "a"}
FILE_OF_SYNSET = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}

# Pointers to what a spinner may take for a synonym: broader and narrower terms, similar adjectives, verb groups, and
# what entails or causes it (wninput(5WN)).
POINTERS = frozenset({"@", "~", "&", "$", "*", "^", "@i", "~i", ">"})

# Originals are usual words, spun ones at least words that a spinner's dictionary has: places in words.txt. Twice as
# many of either made the table a half larger and named .005 more of the tortured phrases.
USUAL = 15_000
KNOWN = 50_000

# Shorter words are too ambiguous to be looked for ("be", "in" as an adjective).
SHORTEST = 3

# Fitted by `--fit`, see there: nats per unit of each feature.
COEFFICIENTS: Mapping[str, float] = {
    "listed": 1.46,
    "lists": 0.986,
    "both": -0.99,
    "overlap": 1.618,
    "shared": 0.062,
    "synonym": 1.175,
    "related": 1.148,
    "common": 0.462,
    "many": -0.189,
    "class_original": -0.121,
    "class_spun": 0.0,
    "alike": 6.66,
}

# The share of words replaced on a heavily spun page, `rates.HEAVY`.
REPLACED = 0.2

# The share of replacements that come from pairs known to these thesauri alone: of the words of the tortured phrases
# 73 % are pairs of the written maps, and 8 % pairs that only the thesauri hold.
THESAURUS_ONLY = 0.1

# What is kept: at most so many originals a spun word, each with at least this share of the word's originals.
MOST_ORIGINALS = 10
LEAST_SHARE = 0.01

# A weight at which the first look of `despin.detect.spin` passes a row over.
MOST_WEIGHT = 0.2


@dataclass(frozen=True)
class Relations:
    """What the thesauri say. synonyms, related: (word, class) -> words; entries: word -> numbers of the Moby entries
    that hold it; heads: headword -> its Moby entry; senses: word -> class -> how often its senses were met."""

    synonyms: Mapping[tuple[str, str], frozenset[str]]
    related: Mapping[tuple[str, str], frozenset[str]]
    entries: Mapping[str, frozenset[int]]
    heads: Mapping[str, frozenset[str]]
    senses: Mapping[str, Mapping[str, int]]


def read_relations(cache: Path) -> Relations:
    """Both thesauri, fetched where they are not in the cache yet."""
    wordnet = fetch(next(source for source in SOURCES if source.name == "wordnet"), cache) / "package" / "dict"
    moby = fetch(MOBY, cache) / "package" / "words.txt"
    synonyms, related = read_synsets(wordnet)
    entries: dict[str, set[int]] = defaultdict(set)
    heads: dict[str, frozenset[str]] = {}
    for number, line in enumerate(moby.read_text(encoding="latin-1").splitlines()):
        head, *words = (word.strip().lower() for word in line.rstrip(",").split(","))
        heads[head] = frozenset(words)
        for word in (head, *words):
            entries[word].add(number)
    return Relations(
        synonyms, related, {word: frozenset(held) for word, held in entries.items()}, heads, read_senses(wordnet)
    )


def read_synsets(folder: Path) -> tuple[dict[tuple[str, str], frozenset[str]], dict[tuple[str, str], frozenset[str]]]:
    """Synonyms, and words of neighbouring synsets (POINTERS), of each single word and class."""
    synsets: dict[tuple[str, str], tuple[list[str], list[tuple[str, str]]]] = {}
    for file in CLASS_OF_FILE:
        for line in (folder / f"data.{file}").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):  # the licence, in front
                continue
            # wndb(5): offset, lexicographer's file, type, number of words (hexadecimal), words, number of pointers,
            # each pointer as symbol, offset, type, and which words it joins
            fields = line.split(" | ")[0].split()
            end = 4 + 2 * int(fields[3], 16)
            words = [re.sub(r"\(\w+\)$", "", word).lower() for word in fields[4:end:2]]
            pointers = [
                (FILE_OF_SYNSET[fields[at + 2]], fields[at + 1])
                for at in range(end + 1, end + 1 + 4 * int(fields[end]), 4)
                if fields[at] in POINTERS
            ]
            synsets[file, fields[0]] = words, pointers
    synonyms: dict[tuple[str, str], set[str]] = defaultdict(set)
    related: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (file, _), (words, pointers) in synsets.items():
        for word in words:
            synonyms[word, CLASS_OF_FILE[file]].update(words)
            for pointer in pointers:
                if CLASS_OF_FILE[pointer[0]] == CLASS_OF_FILE[file]:
                    related[word, CLASS_OF_FILE[file]].update(synsets[pointer][0])
    return (
        {key: frozenset(words) for key, words in synonyms.items()},
        {key: frozenset(words) for key, words in related.items()},
    )


def read_senses(folder: Path) -> dict[str, dict[str, int]]:
    """How often the senses of a word were met, by class: its number of senses and thrice the tagged ones (cntlist)."""
    senses: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for file, ours in CLASS_OF_FILE.items():
        for line in (folder / f"index.{file}").read_text(encoding="utf-8").splitlines():
            if not line.startswith("  "):
                # wndb(5): lemma, class, senses, pointers, their symbols, senses again, tagged senses
                fields = line.split()
                senses[fields[0]][ours] += int(fields[2]) + 3 * int(fields[5 + int(fields[3])])
    return senses


# --- scores ------------------------------------------------------------------------------------------------------

FEATURES = (
    "listed",  # the original's Moby entry lists the spun word
    "lists",  # the spun word's entry lists the original
    "both",
    "overlap",  # cosine of the sets of Moby entries that hold either
    "shared",  # log of how many hold both
    "synonym",  # in one synset of WordNet
    "related",  # in neighbouring synsets
    "common",  # log of the original's frequency, all forms together
    "many",  # log of the size of the original's entry: a long entry says less of each of its words
    "class_original",  # log of the share of the word class among the original's senses
    "class_spun",
    "alike",  # cosine of the words' vectors in the dense table: what follows them
)


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs, element by element: words, class, features (columns FEATURES), ln of either's frequency."""

    original: list[str]
    spun: list[str]
    word_class: list[str]
    features: FloatArray
    original_frequency: FloatArray
    spun_frequency: FloatArray


def candidates(relations: Relations, forms: Forms, rank: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """(original, spun, class) for every pair of lemmas that either thesaurus joins, both of the class, sorted."""
    joined: set[tuple[str, str]] = set()

    def join(a: str, b: str) -> None:
        if a != b and min(len(a), len(b)) >= SHORTEST and max(rank.get(a, KNOWN), rank.get(b, KNOWN)) < KNOWN:
            joined.update((original, spun) for original, spun in ((a, b), (b, a)) if rank[original] < USUAL)

    for head, words in relations.heads.items():
        for word in words:
            join(head, word)
    for table in (relations.synonyms, relations.related):
        for (word, _), others in table.items():
            for other in others:
                join(word, other)
    for original, spun in sorted(joined):
        if OFFENSIVE & {original, spun} or UNWANTED.match(original):
            continue
        for word_class in "anv":
            if (original, word_class) in forms.rows and (spun, word_class) in forms.rows:
                yield original, spun, word_class


def scored(relations: Relations, forms: Forms, rank: Mapping[str, int]) -> Pairs:
    """All candidate pairs with their features."""
    shares = frequencies()
    least = min(shares.values())
    lemma_shares = {
        (lemma, ours): math.log(sum(shares.get(form, 0.0) for form in {lemma, *forms.of(lemma, ours).values()}) + least)
        for lemma, ours in forms.rows
    }
    chosen = list(candidates(relations, forms, rank))
    dense = DenseBigrams.load(DATA / "context")
    alike = dense.similarity([rank[original] for original, _, _ in chosen], [rank[spun] for _, spun, _ in chosen])
    rows = []
    nothing: frozenset[int] = frozenset()
    for (original, spun, ours), cosine in zip(chosen, alike.tolist(), strict=True):
        entry = relations.heads.get(original, frozenset())
        listed, lists = spun in entry, original in relations.heads.get(spun, frozenset())
        of_original, of_spun = relations.entries.get(original, nothing), relations.entries.get(spun, nothing)
        shared = len(of_original & of_spun)
        rows.append(
            (
                listed,
                lists,
                listed and lists,
                shared / math.sqrt((len(of_original) + 1) * (len(of_spun) + 1)),
                math.log1p(shared),
                spun in relations.synonyms.get((original, ours), ()),
                spun in relations.related.get((original, ours), ()),
                lemma_shares[original, ours],
                math.log1p(len(entry)),
                class_share(relations, original, ours),
                class_share(relations, spun, ours),
                cosine,
            )
        )
    return Pairs(
        [original for original, _, _ in chosen],
        [spun for _, spun, _ in chosen],
        [ours for _, _, ours in chosen],
        np.array(rows, np.float64),
        np.array([lemma_shares[original, ours] for original, _, ours in chosen]),
        np.array([lemma_shares[spun, ours] for _, spun, ours in chosen]),
    )


def class_share(relations: Relations, word: str, word_class: str) -> float:
    """ln of the share of a class among the senses of a word; a word that WordNet does not have is of any class."""
    senses = relations.senses.get(word)
    return math.log((senses.get(word_class, 0) + 0.05) / (sum(senses.values()) + 0.2)) if senses else math.log(0.25)


# --- weights -----------------------------------------------------------------------------------------------------


def kept(pairs: Pairs) -> dict[tuple[str, str], list[tuple[float, str]]]:
    """(spun, class) -> (weight, original), likeliest first."""
    of_spun = numbered(pairs.spun, pairs.word_class)
    score = pairs.features @ np.array([COEFFICIENTS[name] for name in FEATURES])
    # of those that may have stood where the spun word stands, the share of each
    share = softmax(score, of_spun)
    # of the words that may replace an original, the share of each: the same without how common the original is
    without = score - COEFFICIENTS["common"] * pairs.features[:, FEATURES.index("common")]
    chosen = softmax(without, numbered(pairs.original, pairs.word_class))
    arriving = grouped_sum(THESAURUS_ONLY * REPLACED * np.exp(pairs.original_frequency) * chosen, of_spun)
    replaced = arriving / (arriving + (1 - REPLACED) * np.exp(pairs.spun_frequency))
    weight = np.minimum(replaced * share, MOST_WEIGHT)
    found: dict[tuple[str, str], list[tuple[float, float, str]]] = defaultdict(list)
    for i in np.flatnonzero(share >= LEAST_SHARE).tolist():
        found[pairs.spun[i], pairs.word_class[i]].append((float(share[i]), float(weight[i]), pairs.original[i]))
    return {
        key: [
            (weight, original)
            for _, weight, original in sorted(rows, key=lambda row: (-row[0], row[2]))[:MOST_ORIGINALS]
        ]
        for key, rows in found.items()
    }


def numbered(words: Sequence[str], classes: Sequence[str]) -> IntArray:
    """A number for each (word, class)."""
    numbers: dict[tuple[str, str], int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in zip(words, classes, strict=True)], np.int64)


def softmax(score: FloatArray, group: IntArray) -> FloatArray:
    """exp(score), scaled to sum to 1 within each group."""
    raised = np.exp(score - score.max())
    return raised / grouped_sum(raised, group)


def grouped_sum(values: FloatArray, group: IntArray) -> FloatArray:
    """For each element the sum over its group."""
    return np.bincount(group, values)[group]


def written_pairs(forms: Forms) -> frozenset[tuple[str, str]]:
    """All pairs of the written maps, in all their forms."""
    return frozenset(
        pair
        for path in sorted((DATA / "synonym_maps").glob("*.tsv"))
        for row in read_map(path)
        for pair in inflected(row, forms)
    )


def table(rows: Mapping[tuple[str, str], Sequence[tuple[float, str]]]) -> str:
    """The file: spun, class, and the originals with their weights in thousandths, heaviest first."""
    lines = ["\t".join(COLUMNS)]
    for (spun, ours), originals in sorted(rows.items()):
        cells = " ".join(f"{original}={max(round(1000 * weight), 1)}" for weight, original in originals)
        lines.append(f"{spun}\t{ours}\t{cells}")
    return "\n".join(lines) + "\n"


# --- coefficients ------------------------------------------------------------------------------------------------

# A pair that a person wrote into a map says less than one that was met: its grade was its author's guess.
WRITTEN = 0.3

# Steps and step length of plain gradient ascent with momentum on standardised features; further steps change nothing
# in the second decimal.
STEPS, RATE, MOMENTUM = 400, 0.15, 0.9


def fit(pairs: Pairs, met: Mapping[tuple[str, str, str], float]) -> dict[str, float]:
    """Coefficients of a conditional logit model (McFadden, 1974): which candidate of a spun word is the original.

    met: (original, spun, class) -> how often it was met.
    """
    keys = zip(pairs.original, pairs.spun, pairs.word_class, strict=True)
    count = np.array([met.get(key, 0.0) for key in keys])
    group = numbered(pairs.spun, pairs.word_class)
    used = grouped_sum(count, group) > 0
    features, count, group = pairs.features[used], count[used], np.unique(group[used], return_inverse=True)[1]
    scale = features.std(axis=0)
    features = (features - features.mean(axis=0)) / scale
    total = grouped_sum(count, group)
    weights, speed = np.zeros(len(FEATURES)), np.zeros(len(FEATURES))
    for _ in range(STEPS):
        expected = total * softmax(features @ weights, group)
        speed = MOMENTUM * speed + features.T @ (count - expected) / count.sum()
        weights += RATE * speed
    return dict(zip(FEATURES, np.round(weights / scale, 3).tolist(), strict=True))


def met_pairs(forms: Forms) -> dict[tuple[str, str, str], float]:
    """Pairs of single words, as lemmas: those of the development data's seen half, and of the written maps."""
    from benchmarks.recall import family_cases, tortured_cases, words_of

    tags: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for lemma, ours in forms.rows:
        for tag, form in forms.of(lemma, ours).items():
            tags[form][lemma, ours].add(tag)
    met: dict[tuple[str, str, str], float] = defaultdict(float)
    for original, spun in written_pairs(forms):
        if (original, "n") in forms.rows or (original, "v") in forms.rows or (original, "a") in forms.rows:
            for ours in "nva":
                met[original, spun, ours] = WRITTEN
    for case in (*family_cases(), *tortured_cases()):
        spun, original = words_of(case.spun), words_of(case.original)
        if case.half != "seen" or len(spun) != len(original):
            continue
        for a, b in zip(original, spun, strict=True):
            for (lemma_a, class_a), tags_a in tags[a].items():
                for (lemma_b, class_b), tags_b in tags[b].items():
                    if a != b and class_a == class_b and tags_a & tags_b:
                        met[lemma_a, lemma_b, class_a] += 1.0
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help=f"for downloads (default {DEFAULT_CACHE})")
    parser.add_argument("--check", action="store_true", help="compare with the committed file instead of writing it")
    parser.add_argument("--fit", action="store_true", help="print the coefficients instead")
    arguments = parser.parse_args()
    forms = Forms.load(DATA / "lexicon")
    rank = {word: i for i, word in enumerate((DATA / "lexicon" / "words.txt").read_text(encoding="utf-8").split())}
    pairs = scored(read_relations(arguments.cache), forms, rank)
    if arguments.fit:
        for name, coefficient in fit(pairs, met_pairs(forms)).items():
            print(f'    "{name}": {coefficient},')
        return 0
    built = table(kept(pairs))
    if arguments.check:
        same = TARGET.read_text(encoding="utf-8") == built
        print("thesaurus.tsv is as built" if same else "thesaurus.tsv differs from what its sources give")
        return 0 if same else 1
    TARGET.write_text(built, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
