"""Build `data/lexicon/lowercase.npy`: which words of `words.txt` nobody gives a capital inside a sentence.

One bit a line of the list, packed: whether the word stands in lower case in at least `SEEN` places inside a sentence
and with a capital in fewer than one in `ONE_IN` of them. Counted in the texts of ``scripts/clean_text.py``, their train
part; of the texts only these bits are kept.

    python scripts/build_lowercase.py [--check]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
from clean_text import DEFAULT_CACHE

DATA = Path(__file__).parents[1] / "data" / "lexicon"
TARGET = DATA / "lowercase.npy"

# Fewer sightings tell nothing; names that are words as well (May, Brown, Reading) have more capitals than this.
SEEN = 20
ONE_IN = 50

# Glosses have no running text, and the King James version capitals of its own.
REGISTERS = ("fiction", "manual", "reference", "science", "speech")

# A word after a word or comma: no first one of a sentence, heading or quotation.
INSIDE = re.compile(r"(?<=[a-z,;] )[A-Za-z][a-z']+(?![\w.])")


def bits(words: list[str], cache: Path) -> np.ndarray:
    """Whether each word is always in lower case."""
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for name in REGISTERS:
        for line in (cache / f"{name}.jsonl").open(encoding="utf-8"):
            row = json.loads(line)
            if row["split"] == "train":
                for match in INSIDE.finditer(row["text"]):
                    word = match.group()
                    (capital if word[0].isupper() else lower)[word.lower()] += 1
    return np.array([lower[word] >= SEEN and capital[word] * ONE_IN < lower[word] for word in words])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--check", action="store_true", help="compare with the committed table, write nothing")
    arguments = parser.parse_args()
    built = np.packbits(bits((DATA / "words.txt").read_text(encoding="utf-8").split(), arguments.cache))
    if arguments.check:
        same = TARGET.is_file() and np.array_equal(np.load(TARGET), built)
        print(f"{TARGET.name}: {'the same' if same else 'differs'}")
        return int(not same)
    np.save(TARGET, built)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
