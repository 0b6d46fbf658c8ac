"""What the repair does to real OCR, beside what other tools do: error rates by set and level, and which errors remain.

    python -m benchmarks.ocr --limit 100 --peers none --no-gold     # despin alone, a quick look
    python -m benchmarks.ocr --out edits.tsv --json figures.json    # all sets, all peers

Each row of a set (a paragraph, or a line) is repaired by one call. Figures are sums over a set; intervals come from
drawing its documents anew (bootstrap), as the rows of one document share its print and its engine.

CER, WER: Levenshtein distance in characters, or in words parted by white space, by the length of the gold text.
cMER: edits / (edits + matches) in characters of normalised text: lower case, all but letters and digits made spaces,
spaces folded; the measure of HIPE-OCRepair 2026, whose pages define it. Start reading at `main`, then `counts_of`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

import despin
from benchmarks import data
from benchmarks.data import MissingData
from benchmarks.figures import one_in, table
from benchmarks.peers import PEERS, SLOW, MissingPeer, Repairer
from benchmarks.registers import LEVELS
from despin import SettingsError

Counts = npt.NDArray[np.int64]

# Columns of the counts of a row.
CER_EDITS, CER_LENGTH, WER_EDITS, WER_LENGTH, NORM_EDITS, NORM_MATCHES = range(6)

# Rows given to a slow peer at most: the order is random, so that they are a fair sample.
SLOW_ROWS = 60

# Draws of the bootstrap; the ends of a 95 % interval then vary by about a twentieth of its width.
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """What an engine read and what was printed. id: unique in its set. document: rows of one share print and engine."""

    id: str
    document: str
    ocr: str
    gold: str


@dataclass(frozen=True, slots=True)
class OcrSet:
    """A set of rows in one language. document: the pattern that cuts a row's source down to its document's name."""

    name: str
    files: tuple[str, ...]
    lang: str = "en"
    part: str = ""

    def rows(self) -> list[Row]:
        """All rows, in a random order that depends on their names alone. Raises MissingData."""
        found = []
        for file in self.files:
            for number, row in enumerate(data.json_lines(ocr_file(file))):
                source = re.sub(self.part, "", row["source"]) if self.part else row["source"]
                found.append(Row(f"{file}:{number}", source, row["ocr"], row["gold"]))
        return data.shuffled(found)


SETS = (
    OcrSet("HIPE English train", ("hipe_en_train.jsonl",), part=r"/[^/]*$"),
    OcrSet("HIPE English dev", ("hipe_en_dev.jsonl",), part=r"/[^/]*$"),
    OcrSet("BLN600 lines", ("bln600_train_2k.jsonl",)),
    OcrSet("bird book", ("mibio_en.jsonl",)),
    OcrSet("bird book, Tesseract lines", ("tesseract_mibio_lines.jsonl",)),
    OcrSet("English before 1700", ("icdar2019_en_half.jsonl",), part=r"#[^#]*$"),
    OcrSet("German", ("icdar2019_de1.jsonl",), "de", part=r"#[^#]*$"),
    OcrSet("French", ("icdar2019_fr_cc0.jsonl",), "fr", part=r"#[^#]*$"),
)


def ocr_file(file: str) -> Path:
    """A file of the development data, or one that `benchmarks.make_ocr` wrote, by its path."""
    return Path(file) if Path(file).is_file() else data.shared_folder() / "ocr" / file


# --- distances ---------------------------------------------------------------------------------------


def normalised(text: str) -> str:
    """Lower case, punctuation and other signs made spaces, white space folded."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


@cache
def _gold(text: str) -> tuple[list[str], str]:
    return text.split(), normalised(text)


def counts_of(text: str, gold: str) -> list[int]:
    """Edits and lengths of one text against its gold, in the order of the columns."""
    words, plain = _gold(gold)
    edits = Levenshtein.editops(plain, normalised(text))
    inserted = sum(edit.tag == "insert" for edit in edits)
    return [
        Levenshtein.distance(text, gold), len(gold),
        Levenshtein.distance(text.split(), words), len(words),
        len(edits), len(plain) - (len(edits) - inserted),
    ]  # fmt: skip


def rates(sums: npt.NDArray[np.float64] | Counts) -> npt.NDArray[np.float64]:
    """CER, WER and cMER from sums of counts, shape (..., 6) -> (..., 3)."""
    edits = sums[..., [CER_EDITS, WER_EDITS, NORM_EDITS]].astype(np.float64)
    whole = np.stack(
        [sums[..., CER_LENGTH], sums[..., WER_LENGTH], sums[..., NORM_EDITS] + sums[..., NORM_MATCHES]], -1
    )
    shares: npt.NDArray[np.float64] = edits / np.maximum(whole, 1)
    return shares


def by_document(rows: Sequence[Row], counts: Counts) -> Counts:
    """The counts summed by document, in the order in which documents first appear."""
    numbers = {name: i for i, name in enumerate(dict.fromkeys(row.document for row in rows))}
    sums = np.zeros((len(numbers), counts.shape[1]), np.int64)
    np.add.at(sums, [numbers[row.document] for row in rows], counts)
    return sums


def relative_change(before: Counts, after: Counts) -> npt.NDArray[np.float64]:
    """The change of CER, WER and cMER against `before` (both by document), and its 95 % interval: shape (3, 3)."""
    draws = np.random.default_rng(0).multinomial(len(before), np.full(len(before), 1 / len(before)), DRAWS)
    old, new = rates(draws @ before), rates(draws @ after)
    changes = new / np.maximum(old, 1e-12) - 1
    middle = rates(after.sum(0)) / np.maximum(rates(before.sum(0)), 1e-12) - 1
    return np.stack([middle, *np.percentile(changes, (2.5, 97.5), axis=0)], axis=1)


# --- what errors there are ---------------------------------------------------------------------------

KINDS = (
    "space",
    "punctuation",
    "case",
    "digit",
    "one letter",
    "several letters",
    "real word",
    "far",
    "missing",
)

# A word with more of its letters wrong than this cannot be known again.
FAR = 0.5


def _kind_of_word(read: str, gold: str) -> str:
    """The kind of an error that leaves the spaces alone."""
    if not read:
        return "missing"
    plain_read, plain_gold = (re.sub(r"[^\w\s]", "", side) for side in (read, gold))
    if plain_read == plain_gold:
        return "punctuation"
    if plain_read.lower() == plain_gold.lower():
        return "case"
    if re.search(r"\d", read + gold):
        return "digit"
    apart = Levenshtein.distance(plain_read, plain_gold)
    if apart > FAR * max(len(plain_gold), 1):
        return "far"
    if plain_read.lower() in _dictionary():
        return "real word"
    return "one letter" if apart == 1 else "several letters"


@cache
def _dictionary() -> frozenset[str]:
    """The 82,765 words of symspellpy's dictionary: without the misreadings that larger lists hold."""
    import importlib.resources

    path = importlib.resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    return frozenset(line.split()[0] for line in path.read_text(encoding="utf-8-sig").splitlines())


def wrong_words(text: str, gold: str) -> Iterator[tuple[str, str, str]]:
    """(kind, what stands for it, gold word) of each gold word that is not there exactly, by an alignment of characters.

    Surplus text counts for the word that it stands before.
    """
    text, gold = " ".join(text.split()), " ".join(gold.split())
    spaced = np.zeros(len(gold) + 1, np.bool_)  # an edit here takes or makes a space
    wrong = np.zeros(len(gold) + 1, np.bool_)
    shift = np.zeros(len(gold) + 1, np.int64)  # characters that the text has more than the gold, up to here
    for tag, source, place in Levenshtein.editops(text, gold).as_list():
        wrong[place] = True
        spaced[place] |= (tag != "insert" and text[source] == " ") or (tag != "delete" and gold[place] == " ")
        shift[place] += {"insert": -1, "delete": 1, "replace": 0}[tag]
    ends = np.cumsum(shift)
    for word in re.finditer(r"\S+", gold):
        start, end = word.span()
        # the blank after a word is the word's own: losing it joins the next word to it
        if wrong[start : end + 1].any():
            first = start + (int(ends[start - 1]) if start else 0)
            read = text[first : end + int(ends[end - 1])]
            yield ("space" if spaced[start : end + 1].any() else _kind_of_word(read, word.group())), read, word.group()


def breakdown(texts: Sequence[str], rows: Sequence[Row]) -> Counter[str]:
    """How many gold words are wrong, by kind of error."""
    return Counter(kind for text, row in zip(texts, rows, strict=True) for kind, _, _ in wrong_words(text, row.gold))


# --- systems -----------------------------------------------------------------------------------------


def despin_at(level: str, lang: str) -> Repairer:
    return lambda text: despin.repair(text, level=level, lang=lang).text


def systems(peers: Sequence[str], levels: Sequence[str], lang: str) -> Iterator[tuple[str, Repairer]]:
    """The systems in turn; peers for English alone are left out elsewhere, those not installed with a message."""
    for name in ("nothing", *peers):
        if lang != "en" and name not in ("nothing", "ftfy"):
            continue
        try:
            yield name, PEERS[name]()
        except MissingPeer as missing:
            print(f"left out: {missing}", file=sys.stderr)
    yield from ((f"despin {level}", despin_at(level, lang)) for level in levels)


def changed_words(rows: Sequence[Row], repair: Repairer) -> tuple[int, int]:
    """Words of the gold texts that a system changes when it is given those, and all words."""
    changed = words = 0
    for text in dict.fromkeys(row.gold for row in rows):
        before = text.split()
        after = repair(text).split()
        edits = Levenshtein.editops(before, after) if before != after else ()
        changed += len(edits)
        words += len(before)
    return changed, words


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system made of a set's rows. rows: those it was given, the first of the set's."""

    rows: list[Row]
    texts: list[str]
    counts: Counts
    untouched: Counts
    seconds: float
    gold_changed: tuple[int, int] | None

    @property
    def better_minus_worse(self) -> float:
        """Share of the rows that came nearer to the gold less the share that went away from it, by edits of cMER."""
        return float(np.mean(np.sign(self.untouched[:, NORM_EDITS] - self.counts[:, NORM_EDITS])))


def outcome(rows: list[Row], untouched: Counts, repair: Repairer, with_gold: bool) -> Outcome:
    repair(rows[0].ocr)  # data is loaded on first use
    began = time.process_time()
    texts = [repair(row.ocr) for row in rows]
    spent = time.process_time() - began
    counts = np.array(
        [
            old if text == row.ocr else counts_of(text, row.gold)
            for text, row, old in zip(texts, rows, untouched.tolist(), strict=True)
        ]
    )
    return Outcome(rows, texts, counts, untouched, spent, changed_words(rows, repair) if with_gold else None)


def cells(name: str, result: Outcome) -> list[str]:
    """One line of the table."""
    change = relative_change(by_document(result.rows, result.untouched), by_document(result.rows, result.counts))
    shares = rates(result.counts.sum(0))
    gold = "-"
    if result.gold_changed:
        changed, words = result.gold_changed
        gold = one_in(changed / max(words, 1))
    speed = sum(len(row.ocr) for row in result.rows) / max(result.seconds, 1e-9)
    intervals = [f"{100 * m:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]" for m, low, high in change]
    return [
        name, f"{len(result.rows):,}", f"{shares[0]:.4f}", f"{shares[1]:.4f}", f"{shares[2]:.4f}",
        intervals[0], intervals[1], intervals[2], f"{result.better_minus_worse:+.3f}", gold, f"{speed:,.0f}",
    ]  # fmt: skip


HEADER = (
    "system", "rows", "CER", "WER", "cMER", "CER change %", "WER change %", "cMER change %", "better - worse",
    "gold words changed", "characters/s",
)  # fmt: skip


def error_table(results: dict[str, Outcome]) -> str:
    """Wrong words by kind: untouched, and after each level of despin."""
    untouched = results["nothing"]
    kinds = {"untouched": breakdown(untouched.texts, untouched.rows)}
    kinds |= {name: breakdown(r.texts, r.rows) for name, r in results.items() if name.startswith("despin")}
    total = max(sum(kinds["untouched"].values()), 1)
    rows = [[kind, *(f"{100 * found[kind] / total:.1f} %" for found in kinds.values())] for kind in KINDS]
    rows.append(["all", *(f"{100 * sum(found.values()) / total:.1f} %" for found in kinds.values())])
    return table(("wrong words, of the untouched ones", *kinds), rows)


# --- quality without gold ----------------------------------------------------------------------------


def quality_correlation(rows: Sequence[Row], untouched: Counts) -> float:
    """Spearman's rank correlation of the quality that `despin.score` estimates with the true CER, row by row."""
    from scipy.stats import spearmanr

    estimates = [despin.score(row.ocr).ocr_quality for row in rows]
    cer = untouched[:, CER_EDITS] / np.maximum(untouched[:, CER_LENGTH], 1)
    return float(spearmanr(estimates, cer).statistic)


# --- the programme -----------------------------------------------------------------------------------


def chosen_sets(names: str, made: Sequence[str]) -> list[OcrSet]:
    """The sets whose names begin with one of these, commas between; all for "". Then files of `make_ocr`."""
    wanted = [name.strip().lower() for name in names.split(",") if name.strip()]
    found = [one for one in SETS if not wanted or any(one.name.lower().startswith(name) for name in wanted)]
    if not found and not made:
        raise ValueError(f"no set is called {names!r}; there are: {', '.join(one.name for one in SETS)}")
    return [*found, *(OcrSet(Path(file).stem, (file,), part=r"#[^#]*$") for file in made)]


def chosen_peers(names: str) -> list[str]:
    wanted = [name.strip() for name in names.split(",") if name.strip() and name.strip() != "none"]
    unknown = [name for name in wanted if name not in PEERS and name != "all"]
    if unknown:
        raise ValueError(f"no peer is called {unknown[0]!r}; there are: {', '.join(PEERS)}")
    return [name for name in PEERS if name != "nothing" and ("all" in wanted or name in wanted)]


def write_changes(out: Path, changes: Sequence[Sequence[str]]) -> None:
    lines = ["\t".join(" ".join(cell.split()) for cell in row) for row in changes]
    out.write_text("\n".join(["set\tsystem\trow\tread\tmade\tgold", *lines]) + "\n", encoding="utf-8")


def changes_of(name: str, system: str, result: Outcome) -> Iterator[list[str]]:
    """Each stretch of words that a system changed, with the gold text's words there: for reading."""
    for row, text in zip(result.rows, result.texts, strict=True):
        if text == row.ocr:
            continue
        gold = row.gold.split()
        nearest = Levenshtein.opcodes(row.ocr.split(), gold)
        for tag, low, high, new_low, new_high in Levenshtein.opcodes(row.ocr.split(), text.split()):
            if tag != "equal":
                there = sorted({place for a, b, c, d in _spans(nearest, low, high) for place in range(c, d)})
                yield [
                    name, system, row.id, " ".join(row.ocr.split()[low:high]), " ".join(text.split()[new_low:new_high]),
                    " ".join(gold[place] for place in there),
                ]  # fmt: skip


def _spans(opcodes: Levenshtein.Opcodes, low: int, high: int) -> Iterator[tuple[int, int, int, int]]:
    for code in opcodes:
        if code.src_start < max(high, low + 1) and low < code.src_end:
            if code.tag == "equal":  # only as far as it reaches
                first, last = max(low, code.src_start), min(high, code.src_end)
                shift = code.dest_start - code.src_start
                yield first, last, first + shift, last + shift
            else:
                yield code.src_start, code.src_end, code.dest_start, code.dest_end


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ocr", description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default="", help="names that sets begin with, commas between (default: all)")
    parser.add_argument("--made", nargs="*", default=[], metavar="FILE", help="files written by benchmarks.make_ocr")
    parser.add_argument("--peers", default="all", help=f"none, all or some of: {', '.join(PEERS)}")
    parser.add_argument("--levels", default=",".join(LEVELS), help=f"levels of despin (default {','.join(LEVELS)})")
    parser.add_argument("--limit", type=int, default=0, help="rows of each set at most (default: all)")
    parser.add_argument("--no-gold", action="store_true", help="do not count the words of gold text that are changed")
    parser.add_argument("--no-quality", action="store_true", help="do not rank the estimates of legibility")
    parser.add_argument("--out", type=Path, help="file for every change, with what the gold text has there")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    try:
        sets, peers = chosen_sets(options.sets, options.made), chosen_peers(options.peers)
    except ValueError as error:
        print(f"ocr: {error}", file=sys.stderr)
        return 2
    levels = [level for level in options.levels.split(",") if level]
    figures: dict[str, object] = {}
    changes: list[list[str]] = []
    for one in sets:
        try:
            rows = one.rows()[: options.limit or None]
        except MissingData as error:
            print(f"left out {one.name}: {error}", file=sys.stderr)
            continue
        untouched = np.array([counts_of(row.ocr, row.gold) for row in rows])
        results: dict[str, Outcome] = {}
        for name, repair in systems(peers, levels, one.lang):
            many = SLOW_ROWS if name in SLOW else len(rows)
            with_gold = not options.no_gold and name != "nothing"
            try:
                results[name] = outcome(rows[:many], untouched[:many], repair, with_gold)
            except SettingsError as error:  # a language that this version does not repair
                print(f"left out {name}: {error}", file=sys.stderr)
                continue
            changes += changes_of(one.name, name, results[name])
        documents = len({row.document for row in rows})
        print(f"{one.name}: {len(rows):,} rows of {documents:,} documents")
        lines = [cells(name, result) for name, result in results.items()]
        print(table(HEADER, lines) + "\n\n" + error_table(results))
        if not options.no_quality and one.lang == "en":
            print(f"estimated quality against true CER: Spearman {quality_correlation(rows, untouched):+.3f}")
        print(flush=True)
        figures[one.name] = [dict(zip(HEADER, line, strict=True)) for line in lines]
    if options.out:
        write_changes(options.out, changes)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
