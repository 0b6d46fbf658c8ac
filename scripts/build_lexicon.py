"""Build the word lists of `data/ocr/` that tell words from misread words.

`tiers.txt` has one letter for each word of `data/lexicon/words.txt`, in its order: w for words that no one doubts, r
for rare ones, which a misreading may happen to be ("bis" for "his"), n for names, which are words with a capital only,
b for what is both rare and a name, and - for what is none. `words.txt`, `rare.txt` and `names.txt` hold the words that
are not in that list.

SCOWL grades its words by how many dictionaries hold them, wordfreq counts how often the web writes them. Neither is
clean alone: wordfreq holds slips and misreadings (teh, tlie, foi), SCOWL at its widest every pair of letters. A word is
beyond doubt where SCOWL's narrow lists have it, or its wide ones and wordfreq agree. Old spellings are added from
`old_spellings.txt` and by rule; words of one and two letters come from `abbreviations.txt` alone. Start reading at
`build`.

    apt-get install scowl && python scripts/build_lexicon.py
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import wordfreq

DATA = Path(__file__).parents[1] / "data" / "ocr"
FORMS = Path(__file__).parents[1] / "data" / "lexicon" / "forms.tsv"
VOCABULARY = Path(__file__).parents[1] / "data" / "lexicon" / "words.txt"
SCOWL = Path("/usr/share/dict/scowl")

# SCOWL's levels: 10 are the commonest words, 50 a pocket dictionary's, 70 a large one's, 80 those of word games,
# 95 everything that was ever listed. Those of word games count where wordfreq has them.
NARROW, WIDE, WIDEST = 50, 70, 80

# A word of the wide lists is beyond doubt from this Zipf frequency on (once in ten million words).
COMMON_ZIPF = 2.0

# A short word is beyond doubt only if it is in the narrow lists and this frequent: others are misread as often as meant
# ("tho" for "the", "hie" for "his").
SHORT, SHORT_ZIPF = 4, 4.0

# Shorthand of the web, and in scans nearly always another word: in 567 of 570 places "tho" was "the".
DOUBTFUL = frozenset({"tho"})

# The parts of SCOWL by what their words are.
WORD_KINDS = ("words", "contractions")
NAME_KINDS = ("upper", "proper-names")

# Letters on a line of tiers.txt.
LINE = 100

WORD = re.compile(r"[a-zà-öø-ÿœ]+(?:'[a-zà-öø-ÿœ]+)*'?")


def scowl(kinds: Iterable[str], folder: Path = SCOWL) -> dict[str, int]:
    """Each lower-cased word of SCOWL's lists of these kinds, with the lowest level that has it."""
    levels: dict[str, int] = {}
    for path in sorted(folder.iterdir()):
        _, _, kind = path.stem.partition("-")
        if kind in kinds:
            level = int(path.suffix[1:])
            for word in path.read_text(encoding="iso-8859-1").split():
                folded = word.lower()
                levels[folded] = min(level, levels.get(folded, level))
    return levels


def by_hand(name: str) -> Iterator[str]:
    """The words of a hand-written list, as they stand there."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield from line.split()


def old_forms(words: Iterable[str]) -> Iterator[str]:
    """Regular forms of English before 1900: cometh and comest, of verbs; publick, of words in -ic."""
    for word in words:
        if re.fullmatch(r"[a-z]{3,}ic", word):
            yield word + "k"
    for line in FORMS.read_text(encoding="utf-8").splitlines():
        lemma, _, rest = line.partition("\t")
        if rest.startswith("v\t") and re.fullmatch(r"[a-z]{2,}", lemma):
            stem = lemma.removesuffix("e")
            if lemma.endswith("y") and lemma[-2] not in "aeiou":
                stem = lemma[:-1] + "i"
            yield stem + "eth"
            yield stem + "est"


def zipf(word: str, frequencies: Mapping[str, float]) -> float:
    """log10 of the word's count in a billion words; 0 where it was not counted."""
    frequency = frequencies.get(word, 0.0)
    return math.log10(frequency * 1e9) if frequency else 0.0


def beyond_doubt(word: str, level: int, frequency: float) -> bool:
    """Whether a word of this level of SCOWL and this Zipf frequency is in `words.txt`."""
    if len(word) <= SHORT:
        return level <= NARROW and frequency >= SHORT_ZIPF
    return level <= NARROW or (level <= WIDE and frequency >= COMMON_ZIPF)


def build() -> dict[str, str]:
    """file -> its text."""
    listed, named = scowl(WORD_KINDS), scowl(NAME_KINDS)
    frequencies = wordfreq.get_frequency_dict("en", wordlist="large")
    # a possessive is told by its ending when it is looked up
    fits = {word for word in {*listed, *named} if WORD.fullmatch(word) and len(word) > 2 and word[-2:] != "'s"}
    words = {word for word, level in listed.items() if beyond_doubt(word, level, zipf(word, frequencies))}
    words &= fits - DOUBTFUL
    words |= {word.lower() for word in by_hand("old_spellings.txt")}
    rare = {word for word, level in listed.items() if level <= WIDE or (level <= WIDEST and word in frequencies)}
    rare |= {word for word in old_forms(words) if word not in listed or listed[word] > WIDE}
    names = {word for word, level in named.items() if level <= WIDEST or word in frequencies}
    names &= fits - words
    rare = (rare & (fits | set(old_forms(words)))) - words - DOUBTFUL
    vocabulary = VOCABULARY.read_text(encoding="utf-8").split()
    letters = [
        "w"
        if word in words
        else "b"
        if word in rare and word in names
        else "r"
        if word in rare
        else "n"
        if word in names
        else "-"
        for word in vocabulary
    ]
    lists = {"words.txt": words, "rare.txt": rare, "names.txt": names}
    return {
        "tiers.txt": "\n".join("".join(letters[i : i + LINE]) for i in range(0, len(letters), LINE)) + "\n",
        **{name: "\n".join(sorted(words.difference(vocabulary))) + "\n" for name, words in lists.items()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing them")
    arguments = parser.parse_args()
    differing = 0
    for name, built in build().items():
        target = DATA / name
        if arguments.check:
            same = target.read_text(encoding="utf-8") == built
            differing += not same
            print(f"{name} {'is as built' if same else 'differs from what scowl and wordfreq give'}")
        else:
            target.write_text(built, encoding="utf-8")
            print(f"{name}: {len(built.split())} lines, {len(built.encode()):,} bytes")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
