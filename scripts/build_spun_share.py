"""Build `data/lexicon/spun_share.npy` and `originals.npy`: what spinners that replace every word write, and for what.

A spinner that puts any synonym for any word writes word w as often as sum over originals o of p(o) / options(o). The
table holds ln of that over p(w), the share of people's words that are w, for each line of `lexicon/words.txt`, in
sixteenths of a nat (int8). Two thesauri serve, half and half: WordNet, inflected and not, and Moby.

    python scripts/build_spun_share.py [--check]

needs wordfreq and what ``scripts/clean_text.py`` and ``scripts/score_text.py`` fetched. Start reading at `shares`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import make_spun  # noqa: E402  # the engines' tables of synonyms

from despin.words import frequencies  # noqa: E402

FOLDER = ROOT / "data" / "lexicon"

# Words that have a row of originals, and how many; the rest are rare words and poor guesses.
MOST, ORIGINALS = 40_000, 3
NONE = 2**32 - 1

# A nat has this many steps; int8 then reaches from -8 to 8.
STEPS = 16

# Words are at least this common, and spun at least this often: what is rarer is not known so precisely.
FLOOR = 1e-9


def put(words: Sequence[str], table: make_spun.Table) -> dict[tuple[int, int], float]:
    """(spun, original) -> how often an engine with `table` writes the one for the other, replacing all it knows."""
    number = {word: i for i, word in enumerate(words)}
    known = frequencies()
    found: dict[tuple[int, int], float] = {}
    for original, word in enumerate(words):
        if word in table:
            options = table[word]
            share = known.get(word, FLOOR) / sum(weight for _, weight in options)
            for option, weight in options:
                if option in number:
                    key = number[option], original
                    found[key] = found.get(key, 0.0) + share * weight
    return found


def replaced(words: Sequence[str], tables: Sequence[Sequence[make_spun.Table]]) -> dict[tuple[int, int], float]:
    """The mean of `put` over thesauri, and over the ways to use each."""
    total: dict[tuple[int, int], float] = {}
    for group in tables:
        for table in group:
            for key, value in put(words, table).items():
                total[key] = total.get(key, 0.0) + value / len(group) / len(tables)
    return total


def people(words: Sequence[str]) -> np.ndarray:
    """How often people write each word."""
    known = frequencies()
    return np.array([max(known.get(word, FLOOR), FLOOR) for word in words])


def shares(words: Sequence[str], pairs: dict[tuple[int, int], float]) -> np.ndarray:
    """ln of a spinner's use over people's of each word."""
    spun = np.zeros(len(words))
    for (word, _), value in sorted(pairs.items()):
        spun[word] += value
    nats = np.log((spun + FLOOR) / (people(words) + FLOOR))
    return np.clip(np.round(nats * STEPS), -127, 127).astype(np.int8)


def originals(words: Sequence[str], pairs: dict[tuple[int, int], float]) -> np.ndarray:
    """The likeliest originals of each of the `MOST` most frequent words, shape (words, ORIGINALS)."""
    ranked: dict[int, list[tuple[float, int]]] = {}
    for (word, original), value in pairs.items():
        if word < MOST:
            ranked.setdefault(word, []).append((-value, original))
    common = people(words)
    table = np.full((MOST, ORIGINALS), NONE, np.uint32)
    for word, options in ranked.items():
        for place, (value, original) in enumerate(sorted(options)[:ORIGINALS]):
            eighths = min(round(-8 * float(np.log(-value / common[original]))), (1 << 15) - 2)
            table[word, place] = original + (max(eighths, 0) << 17)
    return table


def thesauri(names: str = "wordnet,moby") -> list[list[make_spun.Table]]:
    """The tables of these thesauri, by the ways to use each."""
    groups: dict[str, list[make_spun.Table]] = {
        "wordnet": [make_spun.wordnet(), make_spun.wordnet_inflected()],
        "moby": [make_spun.moby()],
    }
    return [groups[name] for name in names.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed table, write nothing")
    arguments = parser.parse_args()
    words = (FOLDER / "words.txt").read_text(encoding="utf-8").split()
    pairs = replaced(words, thesauri())
    faults = 0
    for name, built in (("spun_share", shares(words, pairs)), ("originals", originals(words, pairs))):
        path = FOLDER / f"{name}.npy"
        if not arguments.check:
            np.save(path, built)
        elif not (path.is_file() and np.array_equal(np.load(path), built)):
            print(f"{path.name} differs")
            faults = 1
    return faults


if __name__ == "__main__":
    raise SystemExit(main())
