"""How many words of clean text does the repair change? By register and level, against the budgets of the design.

    python -m benchmarks.damage --level all --out changed.tsv

A changed word is one of the words of an edit's `before`; an edit that only inserts counts as one. Each is written to
the `--out` file with its sentence, rule, row and confidence, for reading; the summary names the substitutions and the
table rows that do the most damage. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import despin
from benchmarks import registers
from benchmarks.data import Document, MissingData
from benchmarks.figures import one_in, table, wilson
from benchmarks.models import context_named
from benchmarks.registers import BUDGETS, LEVELS, WORST, Register
from despin import Edit
from despin.context import ContextModel

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

# Bounds of the lengths of documents, in words, by which the rates are summed too.
LENGTHS = (20, 60, 200, 1000, 5000)

# Characters of a sentence shown on each side of a change.
CONTEXT = 110


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of a clean text. source: the table row or measurement behind it. words: how many words it changes."""

    level: str
    document: Document
    edit: Edit

    @property
    def words(self) -> int:
        return max(len(WORD.findall(self.edit.before)), 1)

    @property
    def source(self) -> str:
        return self.edit.evidence[0].source if self.edit.evidence else ""

    @property
    def substitution(self) -> str:
        return f"{self.edit.before.lower()!r} -> {self.edit.after.lower()!r}"

    def in_context(self) -> str:
        """The change in its sentence, or as much of it as `CONTEXT` lets in: "left [before|after] right"."""
        text, edit = self.document.text, self.edit
        left = re.split(r"(?<=[.!?])\s+(?=[A-Z]|$)|\n\s*\n", text[max(0, edit.start - CONTEXT) : edit.start])[-1]
        right = re.split(r"(?<=[.!?])\s+(?=[A-Z])|\n\s*\n", text[edit.end : edit.end + CONTEXT])[0]
        return " ".join(f"{left}[{edit.before}|{edit.after}]{right}".split())

    def row(self) -> str:
        edit = self.edit
        cells = (
            self.level, self.document.register, self.document.id, edit.start, edit.rule, f"{edit.confidence:.4f}",
            edit.before, edit.after, self.source, self.in_context(),
        )  # fmt: skip
        return "\t".join(" ".join(str(cell).split()) for cell in cells)


COLUMNS = ("level", "register", "document", "start", "rule", "confidence", "before", "after", "row", "context")


def count_words(text: str) -> int:
    """Words as the rates count them: letters and digits, with inner apostrophes and hyphens."""
    return len(WORD.findall(text))


def changes_of(documents: Iterable[Document], level: str, context: str | ContextModel = "default") -> Iterator[Change]:
    """Every change that the repair makes to the documents, one repair call each."""
    for document in documents:
        for edit in despin.repair(document.text, level=level, context=context).edits:
            yield Change(level, document, edit)


def verdict(age: str, level: str, changed: int, words: int, budgets: dict[tuple[str, str], float] = BUDGETS) -> str:
    """The budget, and whether it is kept: by the rate, and by the interval where that is the same answer."""
    budget = budgets.get((age, level))
    if budget is None or not words:
        return "no budget"
    low, high = wilson(changed, words)
    kept = changed / words <= budget
    sure = high <= budget if kept else low > budget
    return f"{one_in(budget)}: {'kept' if kept else 'BROKEN'}{'' if sure else ', within error'}"


def rate_row(
    name: str, age: str, level: str, documents: int, words: int, changes: Sequence[Change], budget: str
) -> list[str]:
    changed = sum(change.words for change in changes)
    low, high = wilson(changed, words)
    hit = len({change.document.id for change in changes})
    rate = one_in(changed / words if words else 0)
    interval = f"{1e5 * low:.1f}-{1e5 * high:.1f}"
    return [name, level, f"{documents:,}", f"{words:,}", f"{changed:,}", f"{hit:,}", rate, interval, budget]


HEADER = ("register", "level", "documents", "words", "changed", "documents hit", "rate", "95 % per 100,000", "budget")


def measure(
    chosen: Sequence[Register],
    levels: Sequence[str],
    sampled: dict[str, list[Document]],
    context: str | ContextModel = "default",
) -> tuple[list[list[str]], list[Change]]:
    """Rows of the table, register by register and summed by age of text, and every change."""
    rows, every = [], []
    words = {name: sum(count_words(document.text) for document in texts) for name, texts in sampled.items()}
    for level in levels:
        for age in ("modern", "old"):
            kept: list[Change] = []
            of_age = [register.name for register in chosen if register.age == age and register.name in sampled]
            for name in of_age:
                began = time.perf_counter()
                changes = list(changes_of(sampled[name], level, context))
                print(f"{name}, {level}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
                changed = sum(change.words for change in changes)
                # a single register has only the looser bound that none may pass, where there is one
                bound = verdict(age, level, changed, words[name], WORST)
                rows.append(
                    rate_row(name, age, level, len(sampled[name]), words[name], changes, bound.replace("no budget", ""))
                )
                kept += changes
            if of_age:
                total = sum(words[name] for name in of_age)
                changed = sum(change.words for change in kept)
                count = sum(len(sampled[name]) for name in of_age)
                rows.append(rate_row(f"ALL {age}", age, level, count, total, kept, verdict(age, level, changed, total)))
            every += kept
    return rows, every


def by_length(sampled: dict[str, list[Document]], changes: Sequence[Change]) -> str:
    """Rates by length of document: a short text says little about its own damage, so that its findings weigh more."""
    texts = [document for documents in sampled.values() for document in documents]
    lengths = {(document.register, document.id): count_words(document.text) for document in texts}
    rows = []
    for level in dict.fromkeys(change.level for change in changes):
        for low, high in pairwise((0, *LENGTHS, math.inf)):
            words = sum(length for length in lengths.values() if low <= length < high)
            of_level = [change for change in changes if change.level == level]
            changed = sum(
                change.words
                for change in of_level
                if low <= lengths[change.document.register, change.document.id] < high
            )
            if words:
                name = f"{low:,} to {high - 1:,}" if high < math.inf else f"{low:,} and more"
                rows.append([level, name, f"{words:,}", f"{changed:,}", one_in(changed / words)])
    return table(("level", "words of the document", "words", "changed", "rate"), rows)


def most_frequent(changes: Sequence[Change], most: int) -> str:
    """The substitutions that change the most words, and the rules and table rows behind the changes."""
    parts = []
    for level in dict.fromkeys(change.level for change in changes):
        for title, key in (
            ("substitution", lambda change: change.substitution),
            ("table row", lambda change: change.source),
            ("rule", lambda change: change.edit.rule),
        ):
            counts: Counter[str] = Counter()
            where: dict[str, Counter[str]] = {}
            for change in changes:
                if change.level == level:
                    counts[key(change)] += change.words
                    where.setdefault(key(change), Counter())[change.document.register] += change.words
            # equal counts by name, so that two runs print the same
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
            rows = [
                [count, name, ", ".join(f"{register} {n}" for register, n in where[name].most_common(4))]
                for name, count in ranked
            ]
            parts.append(f"{level}: words changed by {title}\n" + table(("words", title, "registers"), rows))
    return "\n\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.damage", description=__doc__.splitlines()[0])
    parser.add_argument("--level", choices=(*LEVELS, "all"), default="all")
    parser.add_argument("--context", default="default", help="default or lm, as in despin.repair")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most N documents a register")
    parser.add_argument("--words", type=int, default=0, metavar="N", help="about N words a register at most")
    parser.add_argument("--registers", default="", help="comma-separated beginnings of register names (default: all)")
    parser.add_argument("--clean-text", type=Path, help="folder that scripts/clean_text.py filled")
    parser.add_argument("--out", type=Path, help="file for every changed word in its sentence (TSV)")
    parser.add_argument("--list", action="store_true", help="print every changed word too")
    parser.add_argument("--top", type=int, default=40, metavar="N", help="lines of each summary (default 40)")
    options = parser.parse_args(arguments)
    try:
        chosen = registers.named(options.registers)
    except ValueError as error:
        parser.error(str(error))
    levels = LEVELS if options.level == "all" else (options.level,)
    sampled: dict[str, list[Document]] = {}
    missing: dict[str, list[str]] = {}
    for register in chosen:
        try:
            sampled[register.name] = registers.sample(register, options.clean_text, options.limit, options.words)
        except MissingData as error:
            missing.setdefault(str(error), []).append(register.name)
    for reason, names in missing.items():
        print(f"left out {', '.join(names)}: {reason}", file=sys.stderr)
    if not sampled:
        return 2
    rows, changes = measure(chosen, levels, sampled, context_named(options.context))
    print(table(HEADER, rows))
    print("\nby length of document, all registers\n" + by_length(sampled, changes))
    print("\n" + most_frequent(changes, options.top))
    lines = ["\t".join(COLUMNS), *(change.row() for change in changes)]
    if options.list:
        print("\n" + "\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"\n{len(changes):,} changes written to {options.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
