"""What of machine-rewritten text is restored, and is it told from human text? Engine by engine, by density and length.

    python -m benchmarks.rewritten --passages 60 --json figures.json

Clean passages of held-out documents are spun by the engines of `make_spun.py`, which know every place they change.
Restoration: of the altered words, how many the repair puts back exactly, changes otherwise, leaves; how many sound
words it harms; how many originals the findings at least name. Score: AUROC of spun against clean passages, and the
share of spun ones found when one clean one in a hundred is. The simulators' substitutions are of the kind that the
synonym maps were written and weighed with; WordNet, MyThes and Apertium know nothing of them.

Start reading at `main`, then `judge_repair`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import despin
from benchmarks import registers
from benchmarks.damage import count_words
from benchmarks.data import Document, MissingData
from benchmarks.figures import auroc, one_in, share_above, table, wilson
from benchmarks.make_spun import ENGINES, Change, Spun, sentences_of, spin, with_citations

# Registers of modern prose whose documents are long enough to cut passages from.
SOURCES = "medical answers,speech,manual,reference"

LENGTHS = (60, 120, 300)
DENSITIES = (0.05, 0.1, 0.2, 0.3)

# What can become of an altered word.
OUTCOMES = ("restored", "otherwise", "untouched")

# Harmful substitutions that a file of figures keeps of each engine, density and level.
MOST_HARM = 25

# A passage may be this much longer than asked for, to end with a sentence.
SLACK = 1.3


def passages_of(document: Document, words: int) -> Iterator[str]:
    """Stretches of whole sentences of `words` words or a little more, not overlapping."""
    start, held = None, 0
    for first, last in sentences_of(document.text):
        start = first if start is None else start
        held += count_words(document.text[first:last])
        if held >= words:
            if held <= SLACK * words:
                yield document.text[start:last]
            start, held = None, 0


def clean_passages(folder: Path | None, words: int, most: int, names: str = SOURCES) -> list[str]:
    """At most `most` passages of each register, cited as authors cite, without repetitions."""
    found: list[str] = []
    for register in registers.named(names):
        of_register: dict[str, None] = {}
        cuts = [list(passages_of(document, words)) for document in registers.sample(register, folder)]
        # one passage of every document, then a second of those that have more
        for round_ in range(max(map(len, cuts), default=0)):
            of_register.update((cut[round_], None) for cut in cuts if len(cut) > round_)
            if len(of_register) >= most:
                break
        found += [with_citations(text) for text in list(of_register)[:most]]
    return found


# --- restoration -------------------------------------------------------------------------------------


@dataclass
class Tally:
    """Words by outcome. restored, otherwise, untouched: altered words; harmed of sound: words that were not altered.

    named: altered words whose original is among the alternatives of a finding. by_kind: (kind, outcome) -> words.
    """

    restored: int = 0
    otherwise: int = 0
    untouched: int = 0
    named: int = 0
    sound: int = 0
    harmed: int = 0
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    harm: Counter[str] = field(default_factory=Counter)

    @property
    def altered(self) -> int:
        return self.restored + self.otherwise + self.untouched

    def figures(self) -> dict[str, object]:
        """What a file of figures keeps: the counts, by kind too, and the substitutions that harm the most."""
        counts: dict[str, object] = {name: getattr(self, name) for name in ("altered", *OUTCOMES, "sound", "harmed")}
        counts["by_kind"] = {" ".join(key): count for key, count in sorted(self.by_kind.items())}
        counts["harm"] = dict(sorted(self.harm.items(), key=lambda item: (-item[1], item[0]))[:MOST_HARM])
        return counts


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the spun text and what is put there: by a repair, or for an engine's `change` the original."""

    start: int
    end: int
    put: str
    change: Change | None = None

    @property
    def words(self) -> int:
        """Words of an engine's change: those that stand there, one at least where words are missing."""
        return max(count_words(self.change.after), 1) if self.change else 0


def clusters(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Parts that overlap, directly or through others. Insertions belong to what they touch."""
    held: list[Part] = []
    end = -1
    for part in sorted(parts, key=lambda part: (part.start, part.end)):
        if held and (part.start < end or (part.start == end and (part.start == part.end or end == held[-1].start))):
            held.append(part)
            end = max(end, part.end)
            continue
        if held:
            yield held
        held, end = [part], part.end
    if held:
        yield held


def rendered(text: str, start: int, end: int, parts: Iterable[Part]) -> list[str]:
    """The words of text[start:end] with the parts put in; how they are spaced does not matter."""
    pieces, position = [], start
    for part in sorted(parts, key=lambda part: (part.start, part.end)):
        pieces += [text[position : part.start], part.put]
        position = part.end
    return "".join([*pieces, text[position:end]]).split()


def judge_repair(spun: Spun, text: str, edits: Sequence[despin.Edit], tally: Tally) -> None:
    """Add to `tally` what the edits, in the offsets of `text` (the spun text), did to each altered and sound word."""
    changed = [Part(start, end, change.before, change) for start, end, change in spun.places()]
    for group in clusters([*changed, *(Part(edit.start, edit.end, edit.after) for edit in edits)]):
        start, end = group[0].start, max(part.end for part in group)
        damage = [part for part in group if part.change]
        repairs = [part for part in group if not part.change]
        right = rendered(text, start, end, repairs) == rendered(text, start, end, damage)
        for part in damage:
            assert part.change is not None
            hit = any(meet(edit.start, edit.end, part) for edit in repairs)
            outcome = "restored" if right else "otherwise" if hit else "untouched"
            setattr(tally, outcome, getattr(tally, outcome) + part.words)
            tally.by_kind[part.change.kind, outcome] += part.words
        if not right:
            for edit in repairs:
                harmed = harmed_words(text, edit, changed)
                tally.harmed += harmed
                if harmed:
                    tally.harm[f"{text[edit.start : edit.end].lower()!r} -> {edit.put.lower()!r}"] += harmed
    tally.sound += max(count_words(text) - sum(part.words for part in changed), 0)


def harmed_words(text: str, edit: Part, damage: Sequence[Part]) -> int:
    """Words that an edit changes and the engine did not; one for words put in between sound ones."""
    before, after = text[edit.start : edit.end], edit.put
    # what the edit leaves as it is at either end, by whole words, is not harmed
    left, right = before.split(), after.split()
    start, end = edit.start, edit.end
    while left and right and left[0] == right[0]:
        start = text.index(left[0], start) + len(left[0])
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        end = text.rindex(left[-1], start, end)
        left, right = left[:-1], right[:-1]
    # a word that the engine's wording repeats is not missed: "a great deal of of"
    if left and not right and any(doubles(text, start, end, part) for part in damage):
        return 0
    touched = [part for part in damage if meet(start, end, part)]
    position, sound = start, 0
    for part in touched:
        sound += count_words(text[position : max(part.start, position)])
        position = max(position, part.end)
    sound += count_words(text[position:end])
    return sound if sound or touched else int(bool(right))


def doubles(text: str, start: int, end: int, part: Part) -> bool:
    """Whether text[start:end] says again what the engine's change just before it ends with, or just after it begins."""
    words, beside = text[start:end].split(), text[part.start : part.end].split()
    # the gap between the two may belong to either
    follows, precedes = abs(part.end - start) <= 1, abs(part.start - end) <= 1
    return (follows and beside[-len(words) :] == words) or (precedes and beside[: len(words)] == words)


def meet(start: int, end: int, part: Part) -> bool:
    """Whether text[start:end] and the part overlap; an empty one meets what it stands in or beside."""
    if start == end or part.start == part.end:
        return part.start <= end and start <= part.end
    return part.start < end and start < part.end


def count_named(spun: Spun, text: str, findings: Sequence[despin.Finding]) -> int:
    """Altered words whose original is one of the alternatives of some finding, whatever its rank."""
    changed = [Part(start, end, change.before, change) for start, end, change in spun.places()]
    named: set[Part] = set()
    for finding in findings:
        damage = [part for part in changed if part.start < finding.end and finding.start < part.end]
        if not damage or named.issuperset(damage):
            continue
        start, end = min(finding.start, damage[0].start), max(finding.end, damage[-1].end)
        original = rendered(text, start, end, damage)
        for alternative in finding.alternatives:
            if rendered(text, start, end, [Part(finding.start, finding.end, alternative.text)]) == original:
                named.update(damage)
                break
    return sum(part.words for part in named)


def restore(spuns: Sequence[Spun], level: str, naming: bool) -> Tally:
    """What the repair at `level` does to the spun texts; `naming`: count the originals that findings name, too."""
    tally = Tally()
    for spun in spuns:
        text = spun.text
        judge_repair(spun, text, despin.repair(text, level=level).edits, tally)
        if naming:
            tally.named += count_named(spun, text, despin.find(text))
    return tally


# --- score -------------------------------------------------------------------------------------------


def weighed(texts: Iterable[str]) -> tuple[list[float], int]:
    """Each text's total evidence in nats, which is finer than the rounded probability, and how many are flagged."""
    nats, flagged = [], 0
    for text in texts:
        score = despin.score(text)
        nats.append(math.fsum(reason.nats for reason in score.evidence))
        flagged += score.verdict == "flag"
    return nats, flagged


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


RESTORED = ("engine", "density", "reached", "level", "altered", *OUTCOMES, "named", "sound harmed", "error gone")
SCORED = ("engine", "density", "reached", "words", "AUROC", "found at 1 % FPR", "flagged", "clean flagged (95 %)")


def restoration_rows(
    name: str, density: float, spuns: Sequence[Spun], results: list[dict[str, object]]
) -> list[list[str]]:
    """A row a level; the figures are added to `results`."""
    rows = []
    named = 0
    reached = mean_density(spuns)
    for level in registers.LEVELS:
        tally = restore(spuns, level, naming=level == registers.LEVELS[0])
        named = tally.named or named
        gone = (tally.restored - tally.harmed) / tally.altered if tally.altered else 0.0
        rows.append([
            name, f"{density:g}", f"{reached:.2f}", level, f"{tally.altered:,}",
            *(share(part, tally.altered) for part in (tally.restored, tally.otherwise, tally.untouched, named)),
            one_in(tally.harmed / tally.sound if tally.sound else 0), f"{gone:.1%}",
        ])  # fmt: skip
        where = {"engine": name, "density": density, "reached": reached, "level": level}
        results.append({**where, "named": named, **tally.figures()})
    return rows


def mean_density(spuns: Sequence[Spun]) -> float:
    """The share of words replaced that an engine reached: a short table runs out of wordings that it knows."""
    return sum(spun.density for spun in spuns) / max(len(spuns), 1)


def score_row(
    name: str,
    density: float,
    words: int,
    spuns: Sequence[Spun],
    base: tuple[list[float], int],
    scores: list[dict[str, object]],
) -> list[str]:
    """The score's row for passages of `words` words; `base` is what `weighed` gave for the clean ones."""
    nats, flagged = weighed(spun.text for spun in spuns)
    negatives, false = base
    low, high = wilson(false, len(negatives))
    area, found, reached = auroc(nats, negatives), share_above(nats, negatives, 0.01), mean_density(spuns)
    scores.append({
        "engine": name, "density": density, "reached": reached, "words": words, "spun": len(nats),
        "clean": len(negatives), "auroc": area, "tpr_at_1_percent": found, "flagged": flagged, "clean_flagged": false,
    })  # fmt: skip
    return [
        name, f"{density:g}", f"{reached:.2f}", str(words), f"{area:.3f}", f"{found:.1%}", share(flagged, len(nats)),
        f"{share(false, len(negatives))} ({low:.1%}-{high:.1%})",
    ]  # fmt: skip


def by_kind_table(results: Sequence[dict[str, object]], level: str = "balanced") -> str:
    """Restored share by kind of change, all densities together, for engines with more kinds than one."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for result in results:
        kinds = result["by_kind"]
        assert isinstance(kinds, dict)
        if result["level"] == level:
            for key, count in kinds.items():
                kind, outcome = key.split()
                sums.setdefault((str(result["engine"]), kind), Counter())[outcome] += count
    rows = [
        [engine, kind, counts.total(), *(share(counts[outcome], counts.total()) for outcome in OUTCOMES)]
        for (engine, kind), counts in sums.items()
    ]
    return table(("engine", "kind", "altered", *OUTCOMES), rows)


def harm_table(results: Sequence[dict[str, object]], most: int, level: str = "balanced") -> str:
    """The substitutions that harm the most sound words on spun pages, all engines and densities together."""
    sums: Counter[str] = Counter()
    for result in results:
        harm = result["harm"]
        assert isinstance(harm, dict)
        if result["level"] == level:
            sums.update(harm)
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:most]
    return table(("words", "substitution"), [[count, name] for name, count in ranked])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rewritten", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--passages", type=int, default=60, metavar="N", help="of each register and length (default 60)"
    )
    parser.add_argument(
        "--engines", default=",".join(ENGINES), help=f"comma-separated (default all: {', '.join(ENGINES)})"
    )
    parser.add_argument("--densities", default=",".join(map(str, DENSITIES)), help="shares of words replaced")
    parser.add_argument(
        "--lengths", default=",".join(map(str, LENGTHS)), help="words; the longest serve for restoration"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean-text", type=Path, help="folder that scripts/clean_text.py filled")
    parser.add_argument("--skip", choices=("score", "restoration"), help="leave one half out")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    engines = [name for name in options.engines.split(",") if name]
    if unknown := [name for name in engines if name not in ENGINES]:
        parser.error(f"no engine is called {', '.join(unknown)}; there are: {', '.join(ENGINES)}")
    densities = [float(part) for part in options.densities.split(",")]
    lengths = sorted(int(part) for part in options.lengths.split(","))
    try:
        clean = {words: clean_passages(options.clean_text, words, options.passages) for words in lengths}
    except MissingData as error:
        print(f"rewritten: {error}", file=sys.stderr)
        return 2
    base = {words: weighed(texts) for words, texts in clean.items()} if options.skip != "score" else {}
    restored: list[list[str]] = []
    scored: list[list[str]] = []
    results: list[dict[str, object]] = []
    scores: list[dict[str, object]] = []
    for name in engines:
        began = time.perf_counter()
        try:
            for density in densities:
                spuns = {
                    words: [spin(text, name, density, options.seed) for text in texts] for words, texts in clean.items()
                }
                # an engine that finds nothing to replace leaves the text clean
                spuns = {words: [spun for spun in found if spun.changes] for words, found in spuns.items()}
                if options.skip != "restoration":
                    restored += restoration_rows(name, density, spuns[lengths[-1]], results)
                scored += [score_row(name, density, words, spuns[words], base[words], scores) for words in base]
        except MissingData as error:
            print(f"left out {name}: {error}", file=sys.stderr)
            continue
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    print(f"{', '.join(f'{len(texts)} clean passages of {words} words' for words, texts in clean.items())}\n")
    if restored:
        print("restoration, in words; error gone: (restored - harmed) / altered\n" + table(RESTORED, restored))
        print("\nby kind of change, balanced\n" + by_kind_table(results))
        print("\nsound words harmed on spun pages, balanced\n" + harm_table(results, 30))
    if scored:
        print("\nscore of spun passages against clean ones\n" + table(SCORED, scored))
    if options.json:
        figures = {"seed": options.seed, "restoration": results, "score": scores}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
