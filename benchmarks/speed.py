"""Characters per second of tokenize, score and repair, beside a bare split and well-known libraries, in one run.

    python -m benchmarks.speed --json benchmarks/results/speed.json --picture docs/images/speed.png  # up to 50 MB
    python -m benchmarks.speed --longest 1 --worst 1        # a quick look

The floor, to which everything is compared, is ``regex.findall(r"\\w+|[^\\w\\s]|\\s+", text)``: words, marks and gaps as
strings, which is the least that any tool of this kind does. Times are processor time of this process, so that others on
the machine disturb little; all systems take turns, and the median of the rounds counts. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.resources
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import regex

import despin
from benchmarks import data, registers
from benchmarks.data import MissingData
from benchmarks.figures import table

Work = Callable[[str], object]

FLOOR = regex.compile(r"\w+|[^\w\s]|\s+")
SPLIT = regex.compile(r"\s+")

# Registers whose documents, in a fixed random order, make the text; scripture and dictionary glosses are unlike what
# is cleaned in practice.
PROSE = "medical answers,speech,manual,reference,science,speech before 1950,fiction"

# What the design asks of each, as a share of the floor's speed.
WANTED = {"despin tokenize": 0.2, "despin score": 0.1, "despin repair": 0.05}

# Characters of a short document, and of the long one.
SHORT = (300, 2000)
LONG = 1_000_000

# Slow systems are timed on a part of the text, which is enough: characters a second are counted.
SLOW_PART = 100_000
VERY_SLOW_PART = 2_000
PARTS = {
    "symspellpy per word": SLOW_PART,
    "symspellpy compound": VERY_SLOW_PART,
    "pyspellchecker per word": VERY_SLOW_PART,
}


def floor(text: str) -> object:
    return FLOOR.findall(text)


def systems() -> dict[str, Work]:
    """What is timed, by name; the libraries are left out, with a message, where they are not installed."""
    found: dict[str, Work] = {
        "floor: regex words, marks, gaps": floor,
        "regex split at white space": SPLIT.split,
        "despin tokenize": despin.tokenize,
        "despin tokenize, with kinds": lambda text: despin.tokenize(text).kinds,
        "despin score": despin.score,
        "despin repair": despin.repair,
    }
    try:
        import ftfy

        found["ftfy fix_text"] = ftfy.fix_text
    except ImportError:
        print("left out ftfy: not installed (pip install 'despin[bench]')", file=sys.stderr)
    found["symspellpy per word"], found["symspellpy compound"] = symspell()
    try:
        from spellchecker import SpellChecker

        checker = SpellChecker()
        words = regex.compile(r"\w+")
        found["pyspellchecker per word"] = lambda text: [checker.correction(word) for word in words.findall(text)]
    except ImportError:
        print("left out pyspellchecker: not installed (pip install 'despin[bench]')", file=sys.stderr)
    try:
        from datatrove.data import Document
        from datatrove.pipeline.filters import GopherQualityFilter

        gopher = GopherQualityFilter()
        found["datatrove Gopher filter"] = lambda text: gopher.filter(Document(text=text, id="0"))
    except ImportError:
        print("left out datatrove's filter: not installed (pip install datatrove spacy)", file=sys.stderr)
    return found


def symspell() -> tuple[Work, Work]:
    """symspellpy as its README shows it: its own dictionary, edit distance 2, prefixes of 7; word by word, and lines
    with their blanks."""
    from symspellpy import SymSpell, Verbosity

    checker = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    dictionary = importlib.resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    checker.load_dictionary(str(dictionary), term_index=0, count_index=1)
    bigrams = importlib.resources.files("symspellpy") / "frequency_bigramdictionary_en_243_342.txt"
    checker.load_bigram_dictionary(str(bigrams), term_index=0, count_index=2)
    words = regex.compile(r"\w+")

    def by_word(text: str) -> object:
        return [
            checker.lookup(word.lower(), Verbosity.TOP, max_edit_distance=2, include_unknown=True)
            for word in words.findall(text)
        ]

    def compound(text: str) -> object:
        return [checker.lookup_compound(line, max_edit_distance=2) for line in text.splitlines() if line.strip()]

    return by_word, compound


# --- texts -------------------------------------------------------------------------------------------


def prose(characters: int, folder: Path | None) -> tuple[str, int]:
    """Clean text of many documents, and how many characters there are before they repeat (all, in the usual case).

    Without the gathered clean text the medical answers of the development data serve alone, and repeat themselves.
    """
    parts: list[str] = []
    held = 0
    documents = []
    try:
        data.clean_folder(folder)
        names = PROSE
    except MissingData as error:
        print(f"medical answers only: {error}", file=sys.stderr)
        names = PROSE.partition(",")[0]
    for register in registers.named(names):
        documents += list(register.load(folder))
    # a text of 50 MB needs the documents of the other split too: they are read for their length, nothing is learnt
    if names == PROSE and sum(len(document.text) for document in documents) < characters:
        for name in ("speech", "manual", "reference", "science", "fiction"):
            documents += list(data.training(name, name, folder))
    documents = data.shuffled(documents)
    distinct = sum(len(document.text) + 2 for document in documents)
    for document in cycle(documents):
        if held >= characters:
            break
        parts.append(document.text)
        held += len(document.text) + 2
    return "\n\n".join(parts)[:characters], distinct


def short_documents(text: str, characters: int) -> list[str]:
    """Stretches of whole paragraphs of `SHORT` characters, about `characters` in all."""
    found: list[str] = []
    held, total = "", 0
    for paragraph in text.split("\n\n"):
        held = f"{held}\n\n{paragraph}" if held else paragraph
        if len(held) >= SHORT[0]:
            found.append(held[: SHORT[1]])
            total += len(found[-1])
            held = ""
        if total >= characters:
            break
    return found


def spun_like(texts: Sequence[str]) -> list[str] | None:
    """The texts spun as the seed page's family does, a fifth of their words; None without the development data."""
    from benchmarks.make_spun import spin

    try:
        return [spin(text, "seed-like", 0.2).text for text in texts]
    except MissingData as error:
        print(f"left out spun text: {error}", file=sys.stderr)
        return None


def scanned(characters: int) -> str | None:
    """What engines read of old newspapers, one paragraph after another; None without the development data."""
    parts: list[str] = []
    try:
        for row in data.json_lines(data.shared_folder() / "ocr" / "hipe_en_train.jsonl"):
            if characters <= 0:
                break
            parts.append(row["ocr"])
            characters -= len(parts[-1]) + 2
    except MissingData as error:
        print(f"left out scanned text: {error}", file=sys.stderr)
        return None
    return "\n\n".join(parts)


def beds(text: str) -> Iterator[tuple[str, list[str]]]:
    """(name, documents): short and long, clean and spun; scanned."""
    short, long = short_documents(text, LONG // 4), [text[:LONG]]
    read = scanned(LONG // 4)
    if read is not None:
        yield "one long document, scanned", [read]
    for name, documents in ((f"{len(short)} short documents", short), ("one long document", long)):
        yield f"{name}, clean", documents
        # paragraph by paragraph: the engine is made for pages; a quarter is enough, and soon made
        spun = spun_like("\n\n".join(part_of(documents, LONG // 4)).split("\n\n"))
        if spun is not None:
            joined = "\n\n".join(spun)
            yield f"{name}, spun", [joined[:LONG]] if documents is long else short_documents(joined, LONG // 4)


def workers(text: str, runs: int) -> dict[int, float]:
    """Characters a second of wall time of `despin.repair_many` by its number of workers, once they have started."""
    documents = short_documents(text, LONG)
    found = {}
    for count in (1, 2):
        speeds = []
        for _ in range(runs):
            repairs = iter(despin.repair_many(documents, workers=count, progress=False))
            next(repairs)
            began = time.perf_counter()
            for _ in repairs:
                pass
            speeds.append(sum(map(len, documents[1:])) / (time.perf_counter() - began))
        found[count] = statistics.median(speeds)
    return found


# --- timing ------------------------------------------------------------------------------------------


def seconds(work: Work, texts: Sequence[str]) -> float:
    """Processor time to do `work` to each of the texts."""
    began = time.process_time()
    for text in texts:
        work(text)
    return time.process_time() - began


def compare(works: dict[str, Work], documents: Sequence[str], runs: int) -> dict[str, float]:
    """Characters per second of each: the median of `runs` rounds in which all take turns."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            texts = part_of(documents, PARTS[name]) if name in PARTS else documents
            found[name].append(sum(map(len, texts)) / max(seconds(work, texts), 1e-9))
    return {name: statistics.median(speeds) for name, speeds in found.items()}


def part_of(documents: Sequence[str], characters: int) -> list[str]:
    """The first documents, or the first piece of a long one."""
    found: list[str] = []
    for document in documents:
        if characters <= 0:
            break
        found.append(document[:characters])
        characters -= len(document)
    return found


def by_length(text: str, works: dict[str, Work], longest: int, runs: int) -> dict[str, dict[int, float]]:
    """Nanoseconds per character at lengths from 1 kB to `longest` characters; short lengths over many pieces."""
    lengths = [n for n in (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000) if n <= longest]
    found: dict[str, dict[int, float]] = {name: {} for name in works}
    for length in lengths:
        # pieces from the whole of a megabyte, so that short lengths see the same kind of text as long ones
        count = max(1, min(300_000 // length, 100))
        step = max(length, min(len(text), 1_000_000) // count)
        pieces = [text[i * step : i * step + length] for i in range(count)]
        for name, work in works.items():
            times = [seconds(work, pieces) for _ in range(runs if length <= 1_000_000 else 1)]
            found[name][length] = 1e9 * statistics.median(times) / sum(map(len, pieces))
    return found


# The five that the design names, each repeated to the full length ...
NAMED = {"a": "a", ".": ".", "(": "(", "combining marks": "\u0301", "1,1,1,": "1,"}
# ... and more that make patterns look far ahead or back.
NASTY = {
    "a-": "a-", "a@": "a@", "<a": "<a", "a.com ": "a.com ", "[": "[", "'": "'", "a'": "a'", "a.": "a.", "1-": "1-",
    "A1": "A1", "1a-": "1a-", "http://": "http://", "www.": "www.", "`": "`", "`a": "`a", "&a": "&a", "&#1": "&#1",
    "10.1000/": "10.1000/", "_": "_", "white space": " ", "line ends": "\n", "a, line end": "a\n",
    "joined emoji": "👩\u200d", "regional signs": "🇦", "lone surrogates": "\ud800", "NUL": "\0",
    "a<sub>": "a<sub>", "N-": "N-", "e.g.": "e.g.",
}  # fmt: skip

# The named cases may take this many times prose's time a character.
MOST_TIMES = 3.0

# A case is given up when a tenth of its length takes this long: ten times more would take minutes.
PATIENCE = 4.0


def worst_cases(
    cases: dict[str, str], length: int, work: Work, normal: float
) -> list[tuple[str, int, float, float, str]]:
    """(case, characters, nanoseconds a character, times that of prose, what stopped it).

    A case is tried at growing lengths, to the greatest that patience allows or at which the work fails: then the
    figures are those of the last length that went well.
    """
    found = []
    for name, unit in cases.items():
        size, done, spent, stopped = min(10_000, length), 0, 0.0, ""
        while not stopped and done < length:
            text = (unit * (size // len(unit) + 1))[:size]
            try:
                spent = min(seconds(work, [text]) for _ in range(2 if size < 1_000_000 else 1))
            except (MemoryError, RecursionError) as error:
                stopped = f"{type(error).__name__} at {size:,}"
                break
            done, size = size, min(size * 10, length)
            if done < length and spent > PATIENCE:
                stopped = f"{spent:.0f} s"
        cost = 1e9 * spent / done if done else math.nan
        found.append((name, done, cost, cost / normal, stopped))
    return found


# --- start-up ----------------------------------------------------------------------------------------


STARTS = {
    "bare interpreter": "pass",
    "import despin": "import despin; despin.__version__",
    "first repair, import included": "import despin; despin.repair('Ketamine is just not advised in patients.')",
    "repair of 1 MB, import included": "import despin; despin.repair(open(PATH, encoding='utf-8', newline='').read())",
}

# ru_maxrss of a fresh process begins at its parent's peak on Linux; the kernel's VmHWM does not.
PEAK = """
import pathlib, resource, sys
def peak_megabytes():
    status = pathlib.Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1024)
"""

CHILD = """
import time
cpu, wall = time.process_time(), time.perf_counter()
{work}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
{peak}
print(wall, cpu, peak_megabytes())
"""


def start_up(text: str, runs: int) -> dict[str, tuple[float, float, float]]:
    """Each in fresh processes: median wall seconds, processor seconds, peak resident MB."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(text[:LONG], encoding="utf-8", newline="")
        for name, work in STARTS.items():
            program = CHILD.format(work=work.replace("PATH", repr(str(path))), peak=PEAK)
            rounds = []
            for _ in range(runs):
                done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
                rounds.append([float(cell) for cell in done.stdout.split()])
            wall, cpu, rss = (statistics.median(column) for column in zip(*rounds, strict=True))
            found[name] = wall, cpu, rss
    return found


def machine() -> dict[str, object]:
    """What the figures depend on."""
    names = ("despin", "regex", "numpy", "symspellpy", "wordfreq", "ftfy", "pyspellchecker", "datatrove")
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    model = ""
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "python": platform.python_version(), "system": platform.system(), "processor": model or platform.processor(),
        "cores": os.cpu_count(), "versions": versions,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="rounds, of which the median counts (default 5)")
    parser.add_argument("--longest", type=float, default=50, metavar="MB", help="cap of the lengths (default 50)")
    parser.add_argument("--worst", type=float, default=10, metavar="MB", help="length of the worst cases; 0: none")
    parser.add_argument("--clean-text", type=Path, help="folder that scripts/clean_text.py filled")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--picture", type=Path, help="file for a picture of them: .svg or .png; needs matplotlib")
    options = parser.parse_args(arguments)
    longest = int(options.longest * 1e6)
    try:
        text, distinct = prose(max(longest, 2 * LONG), options.clean_text)
    except MissingData as error:
        print(f"speed: {error}", file=sys.stderr)
        return 2
    if distinct < len(text):
        print(f"the text repeats itself after {distinct:,} characters", file=sys.stderr)
    works = systems()
    for name, work in works.items():
        work(text[: min(20_000, PARTS.get(name, LONG) // 10)])  # data is loaded on first use; that is measured apart
    figures: dict[str, object] = {"machine": machine()}

    speeds = {}
    for name, documents in beds(text):
        speeds[name] = compare(works, documents, options.runs)
        base = speeds[name]["floor: regex words, marks, gaps"]
        rows = [
            [system, f"{speed:,.0f}", f"{speed / base:.3f}", verdict(system, name, speed / base)]
            for system, speed in speeds[name].items()
        ]
        print(f"{name}\n" + table(("system", "characters/s", "of the floor", "asked"), rows) + "\n", flush=True)
    figures["characters_per_second"] = speeds

    names = ("floor: regex words, marks, gaps", "despin tokenize", "despin score", "despin repair")
    lengths = by_length(text, {name: works[name] for name in names}, longest, max(options.runs // 2, 1))
    rows = [
        [name, f"{length:,}", f"{cost:.1f}", f"{cost / costs[100_000]:.2f}" if 100_000 in costs else "-"]
        for name, costs in lengths.items()
        for length, cost in costs.items()
    ]
    print(
        "clean text by length\n" + table(("system", "characters", "ns/character", "to 100 kB"), rows) + "\n", flush=True
    )
    figures["ns_per_character_by_length"] = lengths

    size = int(options.worst * 1e6)
    if size:
        normal = 1e9 * seconds(despin.tokenize, [text[:LONG]]) / LONG
        cases = worst_cases(NAMED, size, despin.tokenize, normal)
        more = worst_cases(NASTY, size, despin.tokenize, normal)
        rows = [
            [name, f"{count:,}", f"{cost:.1f}", f"{ratio:.2f}", stopped, worst_verdict(name, count, size, ratio)]
            for name, count, cost, ratio, stopped in (*cases, *more)
        ]
        header = ("tokenize", "characters", "ns/character", "to prose", "stopped by", "asked")
        print(f"worst cases; prose takes {normal:.1f} ns\n" + table(header, rows) + "\n", flush=True)
        figures["worst_cases"] = {"prose": normal, "cases": [*cases, *more]}

    starts = start_up(text, options.runs)
    rows = [[name, f"{wall:.3f}", f"{cpu:.3f}", f"{rss:.0f}"] for name, (wall, cpu, rss) in starts.items()]
    print("fresh processes\n" + table(("what", "seconds", "processor seconds", "peak MB"), rows))
    figures["start_up"] = starts
    by_workers = workers(text, max(options.runs // 2, 1))
    rows = [[str(count), f"{speed:,.0f}", f"{speed / by_workers[1]:.2f}"] for count, speed in by_workers.items()]
    print("\nrepair_many, wall time\n" + table(("workers", "characters/s", "to one"), rows))
    figures["workers"] = by_workers
    if options.picture:
        draw(figures, options.picture)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """A picture of the figures: speed by system and kind of text, and time a character by length."""
    from matplotlib.figure import Figure

    speeds, lengths = figures["characters_per_second"], figures["ns_per_character_by_length"]
    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    names = list(dict.fromkeys(name for found in speeds.values() for name in found))
    height = 0.8 / len(speeds)
    for number, (bed, found) in enumerate(speeds.items()):
        places = [place + number * height for place in range(len(names))]
        left.barh(places, [found.get(name, 0) / 1e6 for name in names], height, label=bed)
    left.set_yticks([place + 0.4 - height / 2 for place in range(len(names))], names)
    left.invert_yaxis()
    left.set_xscale("log")
    left.set_xlabel("million characters a second of processor time")
    left.legend(fontsize="small")
    for name, costs in lengths.items():
        right.plot(list(costs), list(costs.values()), marker="o", label=name)
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("characters of a clean document")
    right.set_ylabel("nanoseconds a character")
    right.legend(fontsize="small")
    figure.savefig(path)


def verdict(system: str, bed: str, ratio: float) -> str:
    """What the design asks of a system on clean text, and whether it is reached."""
    if system not in WANTED or not bed.endswith("clean"):
        return ""
    return f"{WANTED[system]:g}: {'reached' if ratio >= WANTED[system] else 'MISSED'}"


def worst_verdict(name: str, count: int, size: int, ratio: float) -> str:
    """The design's bound for the cases that it names: whole length, within thrice the time of prose."""
    if name not in NAMED:
        return ""
    return f"3 at most: {'kept' if count == size and ratio <= MOST_TIMES else 'BROKEN'}"


if __name__ == "__main__":
    raise SystemExit(main())
