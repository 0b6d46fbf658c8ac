"""What else could name the original of a spun wording: the systems that `benchmarks.spin` sets beside despin.

Each is a `Ranker`: from a wording and the text around it to its possible originals, best first. The screener's list
knows phrases and hardly any original; the others take one-hop WordNet synonyms of every word and differ in what ranks
them: how common the words are, pairs of words, or a language model. Start reading at `PEERS`.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import wordfreq

from benchmarks.data import MissingData
from benchmarks.make_spun import wordnet
from despin.context import Window

# (wording, text before it, text after it) -> possible originals, best first, in lower case.
Ranker = Callable[[str, str, str], Sequence[str]]

# Synonyms of a word that are tried: those that are most common. Wordings of a phrase are their products.
MOST_SYNONYMS = 12
MOST_WORDINGS = 3000

# Wordings that the language model reads: the best by pairs of words. It takes .1 s for a dozen.
SHORTLIST = 64

# Words of context that a peer sees on either side.
NEAR = 8

# ln p of a pair that is not counted: that of the single word, less this much ("stupid back-off", Brants et al. 2007).
BACKOFF = math.log(0.4)


def nothing(wording: str, left: str, right: str) -> Sequence[str]:
    """Leaves everything as it is."""
    return [wording.lower()]


@cache
def screened() -> dict[str, tuple[str, ...]]:
    """The screener's list as PyPI `torturephrases-estimator` has it: phrase -> what else its entry names.

    An entry is a phrase, or a phrase and words that must stand in the same paper ("AND"): mostly the right wording.
    """
    spec = importlib.util.find_spec("TorturePhrases_Estimator")
    if spec is None or not spec.submodule_search_locations:
        raise MissingData("the screener's list is not installed: pip install torturephrases-estimator")
    path = Path(spec.submodule_search_locations[0]) / "tortured_phrases_list.txt"
    table: dict[str, tuple[str, ...]] = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        phrase, *others = (part.strip().lower() for part in line.split(" AND "))
        table[phrase] = (*table.get(phrase, ()), *others)
    return table


def look_up(wording: str, left: str, right: str) -> Sequence[str]:
    """Exact look-up in the screener's list."""
    return screened().get(wording.lower(), ())


def synonyms(word: str) -> list[str]:
    """The word itself and its most common one-hop synonyms, in lower case."""
    options = [other.lower() for other, _ in wordnet()[word]] if word in wordnet() else []
    return [word, *sorted(options, key=lambda other: (-unigram(other), other))[:MOST_SYNONYMS]]


def wordings(wording: str) -> list[tuple[str, ...]]:
    """Every way to put synonyms into a wording, the wording itself left out."""
    words = wording.lower().replace("-", " ").split()
    ways = itertools.islice(itertools.product(*(synonyms(word) for word in words)), MOST_WORDINGS)
    return [way for way in ways if way != tuple(words)]


@cache
def unigram(word: str) -> float:
    """ln of the share of the word among running words, by wordfreq; 1e-9 for one that it does not know."""
    return math.log(max(wordfreq.word_frequency(word, "en"), 1e-9))


@cache
def bigrams() -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """symspellpy's counts of pairs, and of their first words."""
    spec = importlib.util.find_spec("symspellpy")
    if spec is None or not spec.submodule_search_locations:
        raise MissingData("symspellpy is not installed")
    path = Path(spec.submodule_search_locations[0]) / "frequency_bigramdictionary_en_243_342.txt"
    pairs: dict[tuple[str, str], int] = {}
    firsts: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        first, second, count = line.split()
        pairs[first, second] = int(count)
        firsts[first] = firsts.get(first, 0) + int(count)
    return pairs, firsts


def chained(words: Sequence[str]) -> float:
    """ln p of words by pairs, with back-off to single words."""
    pairs, firsts = bigrams()
    total = unigram(words[0])
    for first, second in itertools.pairwise(words):
        count = pairs.get((first, second))
        total += math.log(count / firsts[first]) if count else BACKOFF + unigram(second)
    return total


def by_unigram(wording: str, left: str, right: str) -> Sequence[str]:
    """WordNet synonyms, the most common words first."""
    ranked = sorted(wordings(wording), key=lambda way: (-sum(map(unigram, way)), way))
    return [" ".join(way) for way in ranked]


def by_bigrams(wording: str, left: str, right: str) -> Sequence[str]:
    """WordNet synonyms, the likeliest pairs of words first."""
    before, after = left.lower().split()[-1:], right.lower().split()[:1]
    ranked = sorted(wordings(wording), key=lambda way: (-chained([*before, *way, *after]), way))
    return [" ".join(way) for way in ranked]


def by_smollm2(wording: str, left: str, right: str) -> Sequence[str]:
    """WordNet synonyms, a shortlist by pairs of words, ranked by SmolLM2-135M."""
    from despin import lm

    short = [tuple(way.split()) for way in by_bigrams(wording, left, right)[:SHORTLIST]]
    if not short:
        return []
    try:
        model = lm.load()
    except (ImportError, FileNotFoundError) as error:
        raise MissingData(str(error)) from None
    # a phrase without a sentence begins one
    before = tuple(left.split()[-NEAR:]) or ("",)
    window = Window(before, tuple(short), tuple(right.split()[:NEAR]))
    scores = model.log_probs([window])[0].tolist()
    ranked = sorted(zip(scores, short, strict=True), key=lambda item: (-item[0], item[1]))
    return [" ".join(way) for _, way in ranked]


# By name, in the order of the tables. The language model takes half a second for a case.
PEERS: dict[str, Ranker] = {
    "doing nothing": nothing,
    "screener's list": look_up,
    "thesaurus + unigram": by_unigram,
    "thesaurus + pairs": by_bigrams,
    "thesaurus + SmolLM2": by_smollm2,
}


def usable() -> Iterator[tuple[str, Ranker | str]]:
    """Each peer, or what is missing for it."""
    for name, ranker in PEERS.items():
        try:
            ranker("example phrase", "", "")
        except MissingData as error:
            yield name, str(error)
        else:
            yield name, ranker
