"""Candidate recall: how often the true original is among the candidates at all, whatever is decided later.

    python -m benchmarks.recall [--half seen|unseen|all] [--maps FOLDER] [--without FAMILY]... [--list SET]

Sets: the observed substitutions of the development data (spin/family_pairs_dev.tsv), by class, its tortured phrases
(spin/tortured_pairs_dev.tsv), by number of words, and the spun wordings of the invented sentences
(tests/cases/spin_sentences.tsv), by family. Each is cut in two halves by a hash, the substitutions by spun
wording and the phrases by expected phrase: rows may be written with the `seen` half in view, the `unseen` one is only
ever counted. Rows learnt from the phrases (source "learnt") are left out. Many of the others were written with the
development data known, so that these figures are no better than an upper bound for text that nobody has seen;
`--without` tells what a map adds.

An original is *named* when the maps lead to it: the spun wording can be cut into stretches each of which stays or
becomes an original that some row gives for it. Start reading at `named`.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from scripts.learn_pairs import learnt_rows

from benchmarks.data import ROOT, pairs, shared_folder
from benchmarks.figures import table, wilson
from benchmarks.sentences import read_cases
from despin.maps import MapIndex, read_map
from despin.reading import Reading
from despin.resources import Resources
from despin.tokens import tokenize
from despin.words import fold

HALVES = ("seen", "unseen")

MAPS = ROOT / "data" / "synonym_maps"

# Groups of phrases, by the words of the original.
LENGTHS = ("1 word", "2 words", "3 words", "4 words or more")


@dataclass(frozen=True, slots=True)
class Case:
    """`spun` was read where `original` had stood. group: what the figures are printed by. half: one of HALVES."""

    spun: str
    original: str
    group: str
    half: str


def half_of(key: str) -> str:
    """The half that a key falls into: by the last bit of its SHA-256, so that it never moves."""
    return HALVES[hashlib.sha256(fold(key).encode()).digest()[-1] & 1]


def family_cases() -> list[Case]:
    """The observed substitutions, halved by spun wording. Raises MissingData where there are none."""
    return [Case(pair.spun, pair.original, pair.kind, half_of(pair.spun)) for pair in pairs("family_pairs_dev.tsv")]


def tortured_cases() -> list[Case]:
    """The tortured phrases, halved by expected phrase, grouped by the number of its words."""
    _, *lines = (shared_folder() / "spin" / "tortured_pairs_dev.tsv").read_text(encoding="utf-8").splitlines()
    cases = []
    for line in lines:
        spun, original = line.split("\t")
        cases.append(
            Case(spun, original, LENGTHS[min(max(len(words_of(original)), 1), len(LENGTHS)) - 1], half_of(original))
        )
    return cases


def sentence_cases() -> list[Case]:
    """The spun wordings of the invented sentences, without the sentences; of several right originals the first."""
    fixes = [case for case in read_cases() if case.kind == "fix"]
    return [Case(case.span, case.original.split("|")[0], case.family, half_of(case.span)) for case in fixes]


def words_of(wording: str) -> list[str]:
    """The words of a wording as the maps see them: folded, hyphens part them."""
    return fold(wording).replace("-", " ").split()


def named(case: Case, index: MapIndex, resources: Resources) -> bool:
    """Whether the maps lead from the spun wording to the original: a walk over (words read, words of the original)."""
    reading = Reading(tokenize(case.spun), resources.context)
    wanted = words_of(case.original)
    matches = index.find(reading)
    steps: dict[int, list[tuple[int, list[str]]]] = defaultdict(list)
    for which, candidate in zip(*(part.tolist() for part in index.expand(matches)), strict=True):
        step = int(matches.length[which]), words_of(index.originals[candidate])
        steps[int(matches.at[which])].append(step)
    reached: list[set[int]] = [set() for _ in range(len(reading) + 1)]
    reached[0].add(0)
    for item in range(len(reading)):
        stays = words_of(reading.word(item))
        for done in reached[item]:
            for length, words in ((1, stays), *steps[item]):
                if wanted[done : done + len(words)] == words:
                    reached[item + length].add(done + len(words))
    return len(wanted) in reached[-1]


def recall(cases: Iterable[Case], index: MapIndex, resources: Resources) -> dict[str, tuple[int, int]]:
    """group -> (cases named, cases); "all" last."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases:
        held = named(case, index, resources)
        for group in (case.group, "all"):
            counts[group][0] += held
            counts[group][1] += 1
    return {
        group: (counts[group][0], counts[group][1]) for group in sorted(counts, key=lambda name: (name == "all", name))
    }


def index_of(folder: Path, without: Sequence[str], resources: Resources, words: Iterable[str] = ()) -> MapIndex:
    """The maps of a folder but for some families and learnt rows, and what the thesaurus has for `words`."""
    paths = [path for path in sorted(folder.glob("*.tsv")) if path.stem not in without]
    written = (row for path in paths for row in read_map(path) if row.source != "learnt")
    return MapIndex(chain(written, resources.thesaurus.rows(words)), resources.forms, resources.context)


def crossed_index(half: str, resources: Resources) -> MapIndex:
    """The maps as they would be had nobody counted the word pairs of the phrases of `half`: learnt from the others."""
    rows = [row for path in sorted(MAPS.glob("*.tsv")) for row in read_map(path) if row.source != "learnt"]
    others = [(case.spun, case.original) for case in tortured_cases() if case.half != half]
    return MapIndex(
        [*rows, *learnt_rows(others, resources.context, resources.forms)], resources.forms, resources.context
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=(*HALVES, "all"), default="all", help="which half is counted")
    parser.add_argument("--maps", type=Path, default=MAPS, help="the folder of maps (default: the shipped ones)")
    parser.add_argument("--without", action="append", default=[], metavar="FAMILY", help="leave a map out")
    parser.add_argument("--list", choices=("family", "tortured"), help="print the cases of the seen half not named")
    arguments = parser.parse_args()
    resources = Resources("en")
    sets = {"family": family_cases(), "tortured": tortured_cases(), "sentences": sentence_cases()}
    words = {word for cases in sets.values() for case in cases for word in words_of(case.spun)}
    index = index_of(arguments.maps, arguments.without, resources)
    with_thesaurus = index_of(arguments.maps, arguments.without, resources, words)
    print(f"{len(index)} spun wordings, {len(index.originals)} candidates; half {arguments.half}\n")
    for name, cases in sets.items():
        chosen = [case for case in cases if arguments.half in (case.half, "all")]
        if arguments.list == name:
            for case in cases:
                if case.half == "seen" and not named(case, index, resources):
                    print(f"{case.group}\t{case.original}\t{case.spun}")
            continue
        rows = []
        wider = recall(chosen, with_thesaurus, resources)
        for group, (held, count) in recall(chosen, index, resources).items():
            more = wider[group][0]
            low, high = wilson(more, count)
            rows.append([group, count, f"{held / count:.3f}", f"{more / count:.3f}", f"{low:.3f}-{high:.3f}"])
        print(table([name, "cases", "maps", "and thesaurus", "95 %"], rows), "\n")


if __name__ == "__main__":
    main()
