"""How well despin puts single spun wordings back, and how well it leaves right ones alone, on invented text.

    python -m benchmarks.sentences [--half dev|test|all] [--level safe|balanced|bold] [--context NAME]
                                   [--list wrong|missed|unnamed|harmed|debris|edits]... [--skip-pages]

Sets: tests/cases/spin_sentences.tsv (one spun wording each, and keeps) and tests/cases/pages (spun pages beside their
originals, and clean pages). Tune on `--half dev` and on the pages that are not named test_*; the rest is for measuring.

A sentence by itself hardly shows what document it comes from, so each is measured *alone* and *embedded* as a paragraph
of a page: fixes and keeps in a spun page of the same family, keeps also in a clean page.

Start reading at `main`; how one sentence is judged is in `judge`.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import despin
from benchmarks.figures import table, wilson
from benchmarks.models import context_named
from benchmarks.registers import LEVELS
from despin import Edit, Finding
from despin.context import ContextModel
from despin.resources import Resources

CASES = Path(__file__).parents[1] / "tests" / "cases"
PAGES = CASES / "pages"

# Ways of combining alternatives of the findings inside one span that are tried before a case counts as not named.
MOST_COMBINATIONS = 20_000

Replacement = tuple[int, int, str]


@dataclass(frozen=True)
class Case:
    """One row of spin_sentences.tsv."""

    id: str
    family: str
    register: str
    kind: str
    half: str
    sentence: str
    span: str
    original: str
    note: str

    @property
    def start(self) -> int:
        return self.sentence.index(self.span)

    @property
    def end(self) -> int:
        return self.start + len(self.span)

    @property
    def right(self) -> frozenset[str]:
        """The sentences that count as right."""
        before, after = self.sentence[: self.start], self.sentence[self.end :]
        return frozenset(before + original + after for original in self.original.split("|"))


@dataclass(frozen=True)
class Page:
    """A spun page with its original, or a clean page (`original` equals `text`)."""

    name: str
    kind: str
    family: str
    text: str
    original: str

    @property
    def held_back(self) -> bool:
        return self.name.startswith("test_")


@dataclass(frozen=True)
class Outcome:
    """What became of one sentence in one surrounding.

    result: for fixes "right", "nearer" (fewer wrong words than before, some left), "otherwise" (changed, not nearer) or
        "untouched"; for keeps "kept" or "changed". Only edits that touch the span count.
    named: some choice among the findings' alternatives gives a right sentence.
    first: the choice with the most evidence, at any document rate, gives a right sentence.
    elsewhere: edits in the sentence that do not touch the span; all of these sentences are sound there.
    text: the sentence after all of its edits.
    """

    case: Case
    result: str
    named: bool
    first: bool
    elsewhere: int
    text: str


def main() -> None:
    arguments = parsed()
    arguments.context = context_named(arguments.context)
    cases = [case for case in read_cases() if arguments.half in (case.half, "all")]
    pages = read_pages()
    fixes = [case for case in cases if case.kind == "fix"]
    keeps = [case for case in cases if case.kind == "keep"]

    def run(chosen: Sequence[Case], around: Callable[[Case], Page | None]) -> list[Outcome]:
        return [judge(case, around(case), arguments.level, arguments.context) for case in chosen]

    spun, clean = spun_page_for(pages), clean_page_for(pages)
    print(f"{despin.repair('', level=arguments.level, context=arguments.context).signature}")
    print(f"half {arguments.half}: {len(fixes)} fixes, {len(keeps)} keeps\n")
    fixed = {"alone": run(fixes, nowhere), "in spun page": run(fixes, spun)}
    kept = {"alone": run(keeps, nowhere), "in clean page": run(keeps, clean), "in spun page": run(keeps, spun)}
    print_fixes(fixed)
    print_keeps(kept)
    embedded = fixed["in spun page"], kept["in spun page"]
    print_by("family", *embedded, key=lambda case: case.family)
    print_by("register", *embedded, key=lambda case: case.register)
    print_by("words in span", *embedded, key=lambda case: str(min(len(case.span.split()), 4)).replace("4", "4+"))
    print_lists(arguments.list, fixed["in spun page"], kept)
    dev_page = next(page for page in pages if page.kind == "spun" and page.family == "phrase_rewriter")
    clean_page = next(page for page in pages if page.kind == "clean")
    print_debris({"alone": None, "in clean page": clean_page, "in spun page": dev_page}, arguments)
    if not arguments.skip_pages:
        print_pages([page for page in pages if page.kind == "spun"], arguments)
        print_clean([page for page in pages if page.kind == "clean"], arguments)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sentences", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--half", choices=("dev", "test", "all"), default="dev")
    parser.add_argument("--level", choices=tuple(LEVELS), default="balanced")
    parser.add_argument("--context", default="default", help="default or lm, as in despin.repair")
    parser.add_argument("--skip-pages", action="store_true", help="sentences only")
    parser.add_argument(
        "--list",
        action="append",
        default=[],
        choices=("wrong", "missed", "unnamed", "harmed", "debris", "edits"),
        help="wrong: fixes changed otherwise; missed: fixes whose original was named, but not put in; unnamed: fixes "
        "whose original no finding offers; harmed: changed keeps and sound parts; "
        "debris: rows of debris.tsv that come out wrong; edits: each edit on the pages",
    )
    return parser.parse_args()


# --- reading --------------------------------------------------------------------------------------------------------


def read(path: Path) -> list[list[str]]:
    """The rows of a TSV file below its comments and header; tests/test_cases_data.py checks their shape."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")][1:]


def read_cases() -> list[Case]:
    return [Case(*cells) for cells in read(CASES / "spin_sentences.tsv")]


def read_pages() -> list[Page]:
    pages = []
    for name, kind, family, _ in read(PAGES / "pages.tsv"):
        text = (PAGES / f"{name}.{kind}.txt").read_text(encoding="utf-8")
        original = (PAGES / f"{name}.original.txt").read_text(encoding="utf-8") if kind == "spun" else text
        pages.append(Page(name, kind, family, text, original))
    return pages


# --- surroundings ---------------------------------------------------------------------------------------------------


def nowhere(case: Case) -> Page | None:
    return None


def spun_page_for(pages: Sequence[Page]) -> Callable[[Case], Page]:
    """A spun page of the case's family; held-back pages only around the test half."""

    def choose(case: Case) -> Page:
        of_family = [page for page in pages if page.kind == "spun" and page.family == case.family]
        fitting = [page for page in of_family if page.held_back == (case.half == "test")]
        return (fitting or [page for page in of_family if not page.held_back])[0]

    return choose


def clean_page_for(pages: Sequence[Page]) -> Callable[[Case], Page]:
    """The clean pages in turn, so that each keep has one whatever half is run."""
    clean = [page for page in pages if page.kind == "clean"]
    return lambda case: clean[int(case.id.rsplit("-", 1)[1]) % len(clean)]


def embed(sentence: str, page: Page | None) -> tuple[str, int]:
    """(text, offset of the sentence in it): a paragraph in the middle of the page."""
    if page is None:
        return sentence, 0
    paragraphs = page.text.strip().split("\n\n")
    middle = (len(paragraphs) + 1) // 2
    before = "\n\n".join(paragraphs[:middle]) + "\n\n"
    return before + sentence + "\n\n" + "\n\n".join(paragraphs[middle:]) + "\n", len(before)


# --- judging one sentence -------------------------------------------------------------------------------------------


def judge(
    case: Case, page: Page | None, level: str, context: str | ContextModel, resources: Resources | None = None
) -> Outcome:
    """Run despin on the case in its surrounding and compare what it did with what stood there."""
    text, offset = embed(case.sentence, page)
    repaired_page = despin.repair(text, level=level, context=context, resources=resources)
    edits = inside(repaired_page.edits, offset, len(case.sentence))
    touching = [edit for edit in edits if touches(edit, case)]
    repaired = splice(case.sentence, touching)
    if case.kind == "keep":
        result, named, first = "changed" if touching else "kept", False, False
    else:
        offers = found(text, offset, len(case.sentence), context, resources)
        findings = [f for f in offers if f[0] < case.end and f[1] > case.start]
        named = repaired in case.right or any(words in case.right for words in choices(case.sentence, findings))
        first = strongest(case.sentence, findings) in case.right
        result = fix_result(case, repaired, bool(touching))
    return Outcome(case, result, named, first, len(edits) - len(touching), splice(case.sentence, edits))


def fix_result(case: Case, repaired: str, touched: bool) -> str:
    if repaired in case.right:
        return "right"
    if not touched:
        return "untouched"
    before = min(distance(case.sentence, right) for right in case.right)
    after = min(distance(repaired, right) for right in case.right)
    return "nearer" if after < before else "otherwise"


def inside(edits: Iterable[Edit], offset: int, length: int) -> list[Replacement]:
    """Edits of the sentence at `offset`, in the sentence's own offsets."""
    end = offset + length
    return [(e.start - offset, e.end - offset, e.after) for e in edits if offset <= e.start and e.end <= end]


def touches(replacement: Replacement, case: Case) -> bool:
    return replacement[0] < case.end and replacement[1] > case.start


def splice(text: str, replacements: Sequence[Replacement]) -> str:
    for start, end, after in sorted(replacements, reverse=True):
        text = text[:start] + after + text[end:]
    return text


Offer = tuple[int, int, tuple[tuple[str, float], ...]]


def found(
    text: str, offset: int, length: int, context: str | ContextModel, resources: Resources | None = None
) -> list[Offer]:
    """(start, end, alternatives with their nats) of each finding in the sentence, in the sentence's own offsets."""

    def offer(finding: Finding) -> Offer:
        alternatives = tuple((alternative.text, alternative.nats) for alternative in finding.alternatives)
        return finding.start - offset, finding.end - offset, alternatives

    findings = despin.find(text, context=context, resources=resources)
    return [offer(f) for f in findings if f.start >= offset and f.end <= offset + length]


def choices(sentence: str, offers: Sequence[Offer]) -> Iterator[str]:
    """The sentence with each choice of alternatives from offers that do not overlap."""
    ordered = sorted(offers)
    left = MOST_COMBINATIONS

    def extend(index: int, reached: int, taken: tuple[Replacement, ...]) -> Iterator[tuple[Replacement, ...]]:
        nonlocal left
        if index == len(ordered) or left <= 0:
            left -= 1
            yield taken
            return
        start, end, alternatives = ordered[index]
        if start >= reached:
            for text, _ in alternatives:
                yield from extend(index + 1, end, (*taken, (start, end, text)))
        yield from extend(index + 1, reached, taken)

    for taken in extend(0, 0, ()):
        yield splice(sentence, taken)


def strongest(sentence: str, offers: Sequence[Offer]) -> str:
    """The sentence with the best alternative of each finding, the one with more evidence first where two overlap."""
    taken: list[Replacement] = []
    for start, end, alternatives in sorted(offers, key=lambda offer: (-offer[2][0][1], offer[0], offer[1])):
        if all(end <= other[0] or start >= other[1] for other in taken):
            taken.append((start, end, alternatives[0][0]))
    return splice(sentence, taken)


# --- distance -------------------------------------------------------------------------------------------------------


def word_tokens(text: str) -> list[str]:
    """Words and marks; case counts, since stray capitals are damage."""
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text)


def distance(a: str, b: str) -> int:
    """Least number of words and marks to put in, take out or change (Levenshtein over tokens)."""
    first, second = word_tokens(a), word_tokens(b)
    row = list(range(len(second) + 1))
    for i, token in enumerate(first, 1):
        above, row = row, [i]
        for j, other in enumerate(second, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (token != other)))
    return row[-1]


# --- printing -------------------------------------------------------------------------------------------------------


def share(hits: int, total: int) -> str:
    low, high = wilson(hits, total)
    return f"{hits / total:.3f} [{low:.2f}-{high:.2f}]" if total else "-"


def count(outcomes: Iterable[Outcome], result: str) -> int:
    return sum(outcome.result == result for outcome in outcomes)


def print_fixes(by_surrounding: dict[str, list[Outcome]]) -> None:
    header = ("fixes", "named", "first choice", "put right", "nearer", "otherwise", "untouched", "edits elsewhere")
    rows = []
    for name, outcomes in by_surrounding.items():
        n = len(outcomes)
        counts = [count(outcomes, result) for result in ("nearer", "otherwise", "untouched")]
        named, first = sum(o.named for o in outcomes), sum(o.first for o in outcomes)
        shares = [share(hits, n) for hits in (named, first, count(outcomes, "right"))]
        rows.append((name, *shares, *counts, sum(o.elsewhere for o in outcomes)))
    print(table(header, rows))
    print("named: the original is among the alternatives; first choice: it is the best of them, at any document rate\n")


def print_keeps(by_surrounding: dict[str, list[Outcome]]) -> None:
    rows = []
    for name, outcomes in by_surrounding.items():
        whole = sum(o.text == o.case.sentence for o in outcomes)
        rows.append((name, share(count(outcomes, "kept"), len(outcomes)), share(whole, len(outcomes))))
    print(table(("keeps", "span kept", "whole sentence kept"), rows) + "\n")


def print_by(title: str, fixed: list[Outcome], kept: list[Outcome], key: Callable[[Case], str]) -> None:
    """Counts in a spun page for each group of cases."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in (*fixed, *kept):
        groups[key(outcome.case)].append(outcome)
    rows = []
    for name, outcomes in sorted(groups.items()):
        fixes = [o for o in outcomes if o.case.kind == "fix"]
        keeps = [o for o in outcomes if o.case.kind == "keep"]
        named, first = sum(o.named for o in fixes), sum(o.first for o in fixes)
        results = [count(fixes, result) for result in ("right", "nearer", "otherwise")]
        rows.append((name, len(fixes), named, first, *results, len(keeps), count(keeps, "kept")))
    header = (title + ", in spun page", "fixes", "named", "first", "right", "nearer", "otherwise", "keeps", "kept")
    print(table(header, rows) + "\n")


def print_debris(surroundings: dict[str, Page | None], arguments: argparse.Namespace) -> None:
    """Rows of debris.tsv that come out exactly as they should, alone and as a paragraph of a page."""
    rows = []
    for name, page in surroundings.items():
        right: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for id_, kind, text, expected, _ in read(CASES / "debris.tsv"):
            whole, offset = embed(text, page)
            repair = despin.repair(whole, level=arguments.level, context=arguments.context)
            result = splice(text, inside(repair.edits, offset, len(text)))
            kind = f"{id_.split('-')[0]} {kind}"
            total[kind] += 1
            right[kind] += result == expected
            if "debris" in arguments.list and result != expected:
                print(f"{id_} ({name})\n  - {text}\n  + {result}")
        rows.append((name, *(f"{right[kind]} of {total[kind]}" for kind in sorted(total))))
    print(table(("debris", *sorted(total)), rows) + "\n")


def print_lists(lists: Sequence[str], fixed: list[Outcome], by_surrounding: dict[str, list[Outcome]]) -> None:
    chosen: dict[str, Callable[[Outcome], bool]] = {
        "wrong": lambda o: o.result in {"otherwise", "nearer"},
        "missed": lambda o: o.named and o.result == "untouched",
        "unnamed": lambda o: not o.named and o.result == "untouched",
    }
    for name in lists:
        if name in chosen:
            print(f"--- {name} (fixes in a spun page)")
            for outcome in filter(chosen[name], fixed):
                case = outcome.case
                print(f"{case.id} {case.register}: {case.span!r} <- {case.original!r}\n    {outcome.text}")
        elif name == "harmed":
            for surrounding, outcomes in [*by_surrounding.items(), ("fixes in spun page, elsewhere", fixed)]:
                print(f"--- harmed ({surrounding})")
                for outcome in outcomes:
                    if outcome.result == "changed" or outcome.elsewhere:
                        print(f"{outcome.case.id} [{outcome.case.span}]")
                        print(f"  - {outcome.case.sentence}\n  + {outcome.text}")


def judged_edits(page: Page, edits: Iterable[Edit]) -> list[tuple[Edit, int]]:
    """Each edit with the change of the distance to the original that it makes by itself, in its own line."""
    lines, originals = page.text.split("\n"), page.original.split("\n")
    if len(lines) != len(originals):
        raise ValueError(f"page {page.name} and its original differ in their number of lines")
    judged = []
    for edit in edits:
        number = page.text.count("\n", 0, edit.start)
        begin = page.text.rfind("\n", 0, edit.start) + 1
        line, original = lines[number], originals[number]
        after = splice(line, [(edit.start - begin, edit.end - begin, edit.after)])
        judged.append((edit, distance(after, original) - distance(line, original)))
    return judged


def print_pages(pages: Sequence[Page], arguments: argparse.Namespace) -> None:
    """Word error rate before and after, and each edit judged by whether it brings the page nearer to its original."""
    print("spun pages: WER before -> after (edits toward / sideways / away from the original)")
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for page in pages:
        if page.held_back and arguments.half == "dev":
            continue
        words = len(word_tokens(page.original))
        before = distance(page.text, page.original)
        cells = []
        for level in LEVELS:
            repair = despin.repair(page.text, level=level, context=arguments.context)
            after = distance(repair.text, page.original)
            judged = judged_edits(page, repair.edits)
            signs = Counter("toward" if change < 0 else "away" if change > 0 else "sideways" for _, change in judged)
            cells.append(f"{level} {after / words:.3f} ({signs['toward']}/{signs['sideways']}/{signs['away']})")
            totals[level] += signs + Counter(before=before, after=after)
            if "edits" in arguments.list and level == arguments.level:
                for edit, change in judged:
                    print(f"    {change:+d} {edit.before!r} -> {edit.after!r}  {edit.rule} {edit.confidence:.2f}")
        print(f"{page.name:14} {page.family:16} {before / words:.3f} -> " + "  ".join(cells))
    for level, sums in totals.items():
        edits = sums["toward"] + sums["sideways"] + sums["away"]
        gone = 1 - sums["after"] / sums["before"]
        print(f"all, {level}: {gone:.1%} of the error gone, {edits} edits, harmful {share(sums['away'], edits)}")
    print()


def print_clean(pages: Sequence[Page], arguments: argparse.Namespace) -> None:
    print("clean pages: words changed")
    for level in LEVELS:
        changed = []
        words = 0
        for page in pages:
            words += len(page.text.split())
            edits = despin.repair(page.text, level=level, context=arguments.context).edits
            changed += [(page.name, edit.before, edit.after) for edit in edits]
        print(f"{level}: {len(changed)} edits in {words} words", *changed, sep="\n    ")


if __name__ == "__main__":
    main()
