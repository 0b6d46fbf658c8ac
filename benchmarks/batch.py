"""`despin run` over a large file: speed with one worker and with two, and the memory of every process on the way.

    python -m benchmarks.batch --megabytes 1000        # hours with repair, some minutes with --score-only
    python -m benchmarks.batch --megabytes 20 --line 0 # a quick look

Writes clean documents of several registers as JSON lines until the file has the size that was asked for, runs
``despin run`` over it as a user would, once with each number of workers, and compares the outputs byte for byte. Memory
is read from the system while it runs: the greatest resident size of the parent and of any worker in each tenth of the
time, so that growth shows. Then one line of 200 MB among good ones, which must cost its own record and no memory.
Start reading at `main`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import psutil

from benchmarks.data import MissingData
from benchmarks.figures import table
from benchmarks.kills import content
from benchmarks.speed import LONG, prose, short_documents

# Seconds between two readings of the memory: a block of documents takes longer.
INTERVAL = 0.25

# What issue and design ask: two workers against one, and the resident megabytes of each process.
WANTED_GAIN, MOST_MEGABYTES = 1.7, 500


@dataclass(frozen=True, slots=True)
class Run:
    """One `despin run`: wall seconds, and (seconds, resident MB of the parent, that of the largest worker) by time."""

    seconds: float
    memory: tuple[tuple[float, float, float], ...]


def write_input(path: Path, size: int, folder: Path | None) -> int:
    """JSON lines of at least `size` bytes; returns their characters. The documents repeat in a large file."""
    text, _ = prose(min(size, 50 * LONG), folder)
    characters = written = 0
    with path.open("w", encoding="utf-8") as file:
        for number, document in enumerate(cycle(short_documents(text, len(text)))):
            if written >= size:
                return characters
            written += file.write(json.dumps({"id": number, "text": document}) + "\n")
            characters += len(document)
    return characters


def run(source: Path, target: Path, workers: int, more: Sequence[str] = ()) -> Run:
    """`despin run` in processes of its own, watched."""
    command = [sys.executable, "-m", "despin", "run", str(source), "-o", str(target), "--workers", str(workers), *more]
    began, memory = time.monotonic(), []
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        at = time.monotonic() - began
        try:
            children = [resident(child) for child in process.children(recursive=True)]
            memory.append((at, resident(process), max(children, default=0.0)))
        except psutil.NoSuchProcess:
            pass
        time.sleep(INTERVAL)
    if process.returncode:
        raise SystemExit(f"batch: despin run ended with exit code {process.returncode}")
    return Run(time.monotonic() - began, tuple(memory))


def resident(process: psutil.Process) -> float:
    """Resident megabytes, pages that are shared with other processes included; 0 for one that has just ended."""
    try:
        return float(process.memory_info().rss) / 1e6
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0


def by_tenth(measured: Run) -> list[tuple[float, float]]:
    """The greatest resident sizes of the parent and of any worker in each tenth of a run."""
    parts: list[tuple[float, float]] = [(0.0, 0.0)] * 10
    for at, parent, worker in measured.memory:
        tenth = min(int(10 * at / measured.seconds), 9)
        parts[tenth] = max(parts[tenth][0], parent), max(parts[tenth][1], worker)
    return parts


def long_line(folder: Path, size: int) -> None:
    """One line of `size` bytes between two good ones: rejected by itself, and never held in memory."""
    source, target = folder / "line.jsonl", folder / "line"
    good = json.dumps({"text": "It rains, and nothing else is to be said of it."}) + "\n"
    with source.open("w", encoding="utf-8") as file:
        file.write(good + '{"text": "')
        for _ in range(size // LONG):
            file.write("word " * (LONG // 5))
        file.write('"}\n' + good)
    measured = run(source, target, 1)
    stats = json.loads((target / "stats.json").read_bytes())
    print(
        f"\none line of {size / 1e6:.0f} MB: {stats['documents']} documents read, {stats['rejected']} rejected; "
        f"{measured.seconds:.1f} s, at most {max(max(row[1:]) for row in measured.memory):.0f} MB"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=100, metavar="MB", help="of the file (default 100)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N", help="default: 1 2")
    parser.add_argument("--score-only", action="store_true", help="measure scores without repairs")
    parser.add_argument("--line", type=float, default=200, metavar="MB", help="length of the long line; 0: none")
    parser.add_argument("--clean-text", type=Path, help="folder that scripts/clean_text.py filled")
    parser.add_argument("--folder", type=Path, help="where to write; default: a temporary folder")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        folder = Path(place)
        try:
            characters = write_input(folder / "in.jsonl", int(options.megabytes * 1e6), options.clean_text)
        except MissingData as error:
            print(f"batch: {error}", file=sys.stderr)
            return 2
        more = ["--score-only"] if options.score_only else []
        runs = {count: run(folder / "in.jsonl", folder / f"out{count}", count, more) for count in options.workers}
        first = runs[options.workers[0]]
        rows = [
            [str(count), f"{one.seconds:.0f}", f"{characters / one.seconds:,.0f}", f"{first.seconds / one.seconds:.2f}"]
            for count, one in runs.items()
        ]
        print(f"{'score' if more else 'repair'}, {characters:,} characters of JSON lines, wall time")
        print(table(("workers", "seconds", "characters/s", "to the first"), rows))
        outputs = [content(folder / f"out{count}") for count in options.workers]
        print(f"same bytes: {'yes' if all(output == outputs[0] for output in outputs) else 'NO'}")
        if 1 in runs and 2 in runs:
            gain = runs[1].seconds / runs[2].seconds
            print(f"two workers against one: {gain:.2f} ({WANTED_GAIN} asked: {said(gain >= WANTED_GAIN)})")
        for count, one in runs.items():
            parts = by_tenth(one)
            rows = [[name, *(f"{part[n]:.0f}" for part in parts)] for n, name in enumerate(("parent", "worker"))]
            header = (f"{count} workers, MB by tenth", *(str(tenth) for tenth in range(1, 11)))
            most = max(max(part) for part in parts)
            print("\n" + table(header, rows) + f"\n{MOST_MEGABYTES} MB at most: {said(most <= MOST_MEGABYTES)}")
        if options.line:
            long_line(folder, int(options.line * 1e6))
    return 0


def said(kept: bool) -> str:
    return "kept" if kept else "MISSED"


if __name__ == "__main__":
    raise SystemExit(main())
