"""Is the original wording found? Of phrases, sentences and pages, beside peers, and with parts left out.

    python -m benchmarks.spin [--parts phrases,sentences,confidence,spun,clean,ablation] [--limit N] [--context NAME]

`phrases`: the tortured phrases of the development data, alone, through `despin.suggest`: how often the expected phrase
is first, among five, among all candidates (candidate recall, apart from ranking), by its number of words; beside it
what `benchmarks.spin_peers` can do. `sentences`: the sentences of tests/cases, where the spun span is given and the
original asked for. `confidence`: whether suggestions and edits are right as often as they say. `spun` and `clean`:
edits on text of the engines of `benchmarks.make_spun`, and words of clean text changed. `ablation`: each map, each
signal and the document's rate left out. The repair's own decision on the sentences is `python -m benchmarks.sentences`.

Phrases are compared as the maps see them: case aside, hyphens part words. The maps were written by hand; their first
authors had read part of the phrases, which part is not recorded, so that figures on phrases are an upper bound for
phrases that nobody has seen. They are printed by the halves of `benchmarks.recall`, of which later authors read one.
Start reading at `main`, then `judge`.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import despin
from benchmarks import recall, registers, rewritten, sentences, spin_peers
from benchmarks.data import MissingData
from benchmarks.figures import one_in, table, wilson
from benchmarks.make_spun import ENGINES, spin
from benchmarks.models import context_named
from benchmarks.spin_peers import Ranker
from despin.context import ContextModel
from despin.resources import Resources, load
from despin.terms import TermPairs

PARTS = ("phrases", "sentences", "confidence", "spun", "clean", "ablation")

# How many answers count as "among five".
FEW = 5

# Bounds of the bins of confidence.
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)

# Of the engines' pages: passages of each register, their words, the share of words replaced.
PASSAGES, PASSAGE_WORDS, DENSITY = 12, 300, 0.2

# Clean words of each register, a sample: `python -m benchmarks.damage` measures them all.
CLEAN_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class Question:
    """A spun wording, the text around it, and the originals that count as right. group, half: for the tables."""

    wording: str
    left: str
    right: str
    originals: frozenset[tuple[str, ...]]
    group: str
    half: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to one question: the rank of the right answer, 0 for first, -1 for none.

    answered: whether anything was said. confidence: of the first answer, where the system gives one. named: whether the
    right answer is among all candidates, where that was asked.
    """

    question: Question
    rank: int
    answered: bool
    confidence: float = 0.0
    named: bool = False


def words_of(wording: str) -> tuple[str, ...]:
    """A wording as it is compared: folded, hyphens part words."""
    return tuple(recall.words_of(wording))


def in_order(text: str) -> bytes:
    """A fixed random order, so that the first N are a fair sample."""
    return hashlib.sha256(text.encode()).digest()


def phrase_questions(limit: int) -> list[Question]:
    """The tortured phrases in a fixed random order. Raises MissingData."""
    cases = sorted(recall.tortured_cases(), key=lambda case: in_order(f"{case.original}\t{case.spun}"))
    return [
        Question(case.spun, "", "", frozenset({words_of(case.original)}), case.group, case.half)
        for case in cases[: limit or None]
    ]


def sentence_questions(half: str, limit: int) -> list[Question]:
    """The sentences to be mended, with the spun span given; those whose original is nothing are left out."""
    found = []
    for case in sentences.read_cases():
        originals = frozenset(words_of(original) for original in case.original.split("|") if original)
        if case.kind == "fix" and half in (case.half, "all") and originals:
            group = f"{min(len(case.span.split()), 4)} words".replace("1 words", "1 word").replace(
                "4 words", "4+ words"
            )
            before, after = case.sentence[: case.start], case.sentence[case.end :]
            found.append(Question(case.span, before, after, originals, group, case.half))
    return found[: limit or None]


# --- asking ----------------------------------------------------------------------------------------------------------


def judge(questions: Sequence[Question], ranker: Ranker) -> list[Answer]:
    """What a peer answers."""
    answers = []
    for question in questions:
        given = [words_of(wording) for wording in ranker(question.wording, question.left, question.right)]
        rank = next((place for place, wording in enumerate(given) if wording in question.originals), -1)
        answers.append(Answer(question, rank, bool(given), named=rank >= 0))
    return answers


def ask_despin(questions: Sequence[Question], resources: Resources, context: str | ContextModel) -> list[Answer]:
    """What `despin.suggest` answers, and whether the maps lead to the right answer at all."""
    answers = []
    for question in questions:
        given = suggestions(question, resources, context)
        rank = next((place for place, one in enumerate(given) if words_of(one.text) in question.originals), -1)
        named = rank >= 0 or any(
            recall.named(recall.Case(question.wording, " ".join(original), "", ""), resources.maps, resources)
            for original in question.originals
        )
        answers.append(Answer(question, rank, bool(given), given[0].confidence if given else 0.0, named))
    return answers


def ask_half(half: str, phrases: Sequence[Question], resources: Resources, context: str | ContextModel) -> list[Answer]:
    """The same for the phrases of one half, by maps that learnt no word pairs of them."""
    changed = variant(resources, maps=recall.crossed_index(half, resources))
    return ask_despin([question for question in phrases if question.half == half], changed, context)


def suggestions(question: Question, resources: Resources, context: str | ContextModel) -> Sequence[despin.Suggestion]:
    """The first FEW suggestions."""
    return despin.suggest(
        question.wording, left=question.left, right=question.right, n=FEW, resources=resources, context=context
    )


# --- tables ----------------------------------------------------------------------------------------------------------


def share(hits: int, total: int) -> str:
    low, high = wilson(hits, total)
    return f"{hits / total:.3f} [{low:.2f}-{high:.2f}]" if total else "-"


HEADER = ("system", "cases", "first", f"among {FEW}", "answered", "among all")


def row(name: str, answers: Sequence[Answer]) -> list[str]:
    """One line of HEADER's columns."""
    total = len(answers)
    first, few = sum(a.rank == 0 for a in answers), sum(0 <= a.rank < FEW for a in answers)
    answered, named = sum(a.answered for a in answers), sum(a.named for a in answers)
    return [name, str(total), *(share(hits, total) for hits in (first, few, answered, named))]


def grouped(answers: Sequence[Answer]) -> Iterator[tuple[str, list[Answer]]]:
    """The answers of each half and of each group of questions."""
    for of in (lambda question: question.half, lambda question: question.group):
        for name in sorted({of(answer.question) for answer in answers}):
            yield f"  {name}", [answer for answer in answers if of(answer.question) == name]


def print_beside_peers(title: str, questions: Sequence[Question], mine: Sequence[Answer], most: int) -> None:
    """despin, whole and by group, and the peers; `most`: questions that a peer is asked."""
    rows = [row("despin", mine), *(row(name, answers) for name, answers in grouped(mine))]
    asked = questions[:most] if most else questions
    if len(asked) < len(questions):
        rows.append(row("despin, the peers' sample", mine[: len(asked)]))
    for name, ranker in spin_peers.usable():
        if isinstance(ranker, str):
            print(f"left out {name}: {ranker}", file=sys.stderr)
        else:
            rows.append(row(name, judge(asked, ranker)))
    print(f"{title}\n{table(HEADER, rows)}\n")


def print_reliability(title: str, told: Sequence[tuple[float, bool]]) -> None:
    """How often what was said with a confidence was right, by bins, and the mean distance between the two."""
    rows, distance = [], 0.0
    for low, high in itertools.pairwise(BINS):
        held = [(said, right) for said, right in told if low <= said < high or said == high == 1.0]
        if held:
            mean, hits = sum(said for said, _ in held) / len(held), sum(right for _, right in held)
            distance += abs(mean * len(held) - hits)
            rows.append([f"{low:.2f}-{high:.2f}", str(len(held)), f"{mean:.3f}", share(hits, len(held))])
    print(f"{title}; expected calibration error {distance / max(len(told), 1):.3f}")
    print(table(("said", "cases", "mean", "right"), rows) + "\n")


# --- edits -----------------------------------------------------------------------------------------------------------


def engines_with(resources: Resources) -> Iterator[tuple[str, list[Any]]]:
    """Each engine that can be run, with its spun passages."""
    clean = rewritten.clean_passages(None, PASSAGE_WORDS, PASSAGES)
    for name in ENGINES:
        try:
            yield name, [spun for text in clean if (spun := spin(text, name, DENSITY)).changes]
        except MissingData as error:
            print(f"left out {name}: {error}", file=sys.stderr)


def print_spun(resources: Resources, context: str | ContextModel) -> list[tuple[float, bool]]:
    """What the repair does to text that engines spun; returns (confidence, right) of every edit."""
    rows, told = [], []
    for name, spuns in engines_with(resources):
        tally = rewritten.Tally()
        for spun in spuns:
            repaired = despin.repair(spun.text, context=context, resources=resources)
            edits = [edit for step in repaired.steps for edit in step.edits]
            rewritten.judge_repair(spun, spun.text, edits, tally)
            told += [(edit.confidence, right(spun, edit)) for edit in edits]
        gone = (tally.restored - tally.harmed) / tally.altered
        shares = [f"{part / tally.altered:.1%}" for part in (tally.restored, tally.otherwise, tally.untouched)]
        harmed = one_in(tally.harmed / tally.sound if tally.sound else 0)
        rows.append([name, f"{tally.altered:,}", *shares, harmed, f"{gone:.1%}"])
    print(f"spun pages of {PASSAGE_WORDS} words, a share of {DENSITY:g} replaced, balanced")
    print(table(("engine", "altered", *rewritten.OUTCOMES, "sound harmed", "error gone"), rows) + "\n")
    return told


def right(spun: Any, edit: despin.Edit) -> bool:
    """Whether an edit by itself puts back what the engine took: nothing sound harmed, some altered words restored."""
    tally = rewritten.Tally()
    rewritten.judge_repair(spun, spun.text, [edit], tally)
    return tally.restored > 0 and tally.harmed == 0


def print_clean(resources: Resources, context: str | ContextModel) -> None:
    """Words of clean text that the repair changes, modern registers, a sample."""
    rows = []
    for register in registers.REGISTERS:
        if register.age == "modern":
            words, changed = clean_damage(register, resources, context)
            rows.append([register.name, f"{words:,}", str(changed), one_in(changed / words)])
    print(table(("clean register, balanced", "words", "changed", "rate"), rows) + "\n")


def clean_damage(register: registers.Register, resources: Resources, context: str | ContextModel) -> tuple[int, int]:
    """Words of a sample of a register, and how many of them are changed."""
    words = changed = 0
    for document in registers.sample(register, None, words=CLEAN_WORDS):
        words += rewritten.count_words(document.text)
        repaired = despin.repair(document.text, context=context, resources=resources)
        changed += sum(max(rewritten.count_words(edit.before), 1) for step in repaired.steps for edit in step.edits)
    return words, changed


# --- leaving parts out -----------------------------------------------------------------------------------------------


def variant(resources: Resources, **tables: object) -> Resources:
    """The tables with some of them replaced. `Resources` reads a table when it is first asked for, so that what is set
    before that is what every part gets."""
    changed = Resources(resources.lang, resources.folder)
    for name, value in vars(Resources).items():
        if isinstance(value, cached_property):
            changed.__dict__[name] = tables.get(name, getattr(resources, name))
    return changed


def without_map(resources: Resources, family: str) -> Resources:
    """Without the rows of one map."""
    return variant(resources, maps=recall.index_of(resources.folder / "synonym_maps", [family], resources))


def without_signals(resources: Resources, *names: str) -> Resources:
    """Without some signals of `despin.detect.spin.SIGNALS`."""
    return variant(resources, spin_weights={**resources.spin_weights, **dict.fromkeys(names, 0.0)})


def variants(resources: Resources) -> dict[str, Callable[[], Resources]]:
    """What the ablation leaves out, each made when it is asked for."""
    signals: Mapping[str, tuple[str, ...]] = {
        "n-grams": ("original_fits", "spun_fits"),
        "fixed terms": ("original_term", "spun_term"),
        "document repeats": ("original_repeats", "spun_repeats"),
        "stray capitals": ("capital",),
        "articles": ("article",),
    }
    made: dict[str, Callable[[], Resources]] = {"everything": lambda: resources}
    for path in sorted((resources.folder / "synonym_maps").glob("*.tsv")):
        made[f"without map {path.stem}"] = lambda family=path.stem: without_map(resources, family)  # type: ignore[misc]
    for name, columns in signals.items():
        made[f"without {name}"] = lambda columns=columns: without_signals(resources, *columns)  # type: ignore[misc]
    no_terms = TermPairs({}, resources.forms, resources.context.vocabulary)
    made["greedy: no word is decided with its neighbour"] = lambda: variant(resources, terms=no_terms)
    made["without the document's rate"] = lambda: variant(resources, densities={})
    return made


def print_ablation(resources: Resources, questions: Sequence[Question], half: str, context: str | ContextModel) -> None:
    """Phrases found, sentences put right and kept within a spun page, and spun pages' edits, with parts left out."""
    pages = sentences.read_pages()
    around = sentences.spun_page_for(pages)
    cases = [case for case in sentences.read_cases() if half in (case.half, "all")]
    rows = []
    for name, make in variants(resources).items():
        changed = make()
        answers = ask_despin(questions, changed, context)
        outcomes = [sentences.judge(case, around(case), "balanced", context, changed) for case in cases]
        fixes = [outcome for outcome in outcomes if outcome.case.kind == "fix"]
        keeps = [outcome for outcome in outcomes if outcome.case.kind == "keep"]
        counts = [(sum(a.rank == 0 for a in answers), len(answers)), (sum(a.rank >= 0 for a in answers), len(answers))]
        counts += [(sum(o.first for o in fixes), len(fixes)), (sentences.count(fixes, "right"), len(fixes))]
        counts += [(sentences.count(keeps, "kept"), len(keeps))]
        rows.append([name, *(f"{hits / total:.3f}" if total else "-" for hits, total in counts)])
    header = ("", "phrases first", f"among {FEW}", "sentences first", "put right", "kept")
    print(f"{len(questions)} phrases alone, {len(cases)} sentences within spun pages, balanced")
    print(table(header, rows) + "\n")


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spin", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)} (default all)")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="phrases, and sentences; 0 for all")
    parser.add_argument("--peers-limit", type=int, default=300, metavar="N", help="cases that peers are asked; 0: all")
    parser.add_argument("--half", choices=("dev", "test", "all"), default="dev", help="of the sentences")
    parser.add_argument("--context", default="default", help="despin's context model")
    parser.add_argument("--json", type=Path, help="file for what was answered to every question")
    options = parser.parse_args(arguments)
    options.parts = options.parts.split(",")
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parsed(arguments)
    resources, context = load(), context_named(options.context)
    try:
        phrases = phrase_questions(options.limit)
    except MissingData as error:
        print(f"spin: {error}", file=sys.stderr)
        return 2
    asked = sentence_questions(options.half, options.limit)
    needed = {"phrases", "confidence"} & set(options.parts)
    of_phrases = (
        [answer for half in recall.HALVES for answer in ask_half(half, phrases, resources, context)] if needed else []
    )
    of_sentences = ask_despin(asked, resources, context) if {"sentences", *needed} & set(options.parts) else []
    if "phrases" in options.parts:
        print_beside_peers("tortured phrases without a sentence", phrases, of_phrases, options.peers_limit)
    if "sentences" in options.parts:
        print_beside_peers(f"sentences, {options.half}: the span is given", asked, of_sentences, options.peers_limit)
    if "confidence" in options.parts:
        for title, answers in (("phrases", of_phrases), ("sentences", of_sentences)):
            told = [(answer.confidence, answer.rank == 0) for answer in answers if answer.answered]
            print_reliability(f"confidence of the first suggestion, {title}", told)
    if "spun" in options.parts:
        told = print_spun(resources, context)
        print_reliability("confidence of edits on spun pages", told)
    if "clean" in options.parts:
        print_clean(resources, context)
    if "ablation" in options.parts:
        # everything that is measured here stands beside maps without what was learnt from the phrases
        unlearnt = variant(resources, maps=recall.index_of(resources.folder / "synonym_maps", [], resources))
        print_ablation(unlearnt, phrases[: options.peers_limit or None], options.half, context)
    if options.json:
        lines = [
            {"wording": a.question.wording, "right": sorted(map(" ".join, a.question.originals)), "rank": a.rank,
             "confidence": a.confidence, "named": a.named}
            for a in (*of_phrases, *of_sentences)
        ]  # fmt: skip
        options.json.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
