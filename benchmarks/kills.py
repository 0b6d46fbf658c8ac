"""Kill a batch run at random moments, go on with it, and compare what it leaves with an unbroken run, byte for byte.

``python -m benchmarks.kills``: repairs the development data's medical answers (JSON lines, CSV and plain text) with
``despin run``, sends SIGKILL to the whole process group after a random time, resumes, and compares every file of the
output but for the times in the statistics. Prints how many of the runs end in the same bytes, and how many were killed
under way.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.data import Document, human


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50, metavar="N", help="how many runs are killed")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_input(folder / "in", list(human("medical answers", "medquad_300.jsonl")))
        started = time.monotonic()
        run(folder, "unbroken", workers=1).wait()
        whole = time.monotonic() - started
        expected = content(folder / "unbroken")
        same = killed = 0
        for number in range(options.kills):
            name, workers = f"run{number}", 1 + number % 2
            process = run(folder, name, workers)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moments.uniform(0.1, whole / workers))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
            run(folder, name, workers, "--resume").wait()
            same += content(folder / name) == expected
        print(f"{options.kills} runs, {killed} of them killed under way, with 1 and 2 workers by turns")
        print(f"{same} of {options.kills} ended in the bytes of an unbroken run ({whole:.1f} s with 1 worker)")
    sys.exit(same != options.kills)


def write_input(folder: Path, documents: list[Document]) -> None:
    """The documents in three kinds of files."""
    folder.mkdir()
    third = len(documents) // 3
    rows = [json.dumps({"id": document.id, "text": document.text}) for document in documents[:third]]
    (folder / "a.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    with (folder / "b.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "text"))
        writer.writerows((document.id, document.text) for document in documents[third : 2 * third])
    for number, document in enumerate(documents[2 * third :]):
        (folder / f"c{number:03d}.txt").write_text(document.text, encoding="utf-8")


def run(folder: Path, name: str, workers: int, *more: str) -> subprocess.Popen[bytes]:
    """`despin run` in a process group of its own, so that its workers are killed with it."""
    command = [sys.executable, "-m", "despin", "run", str(folder / "in"), "-o", str(folder / name)]
    return subprocess.Popen(
        [*command, "--workers", str(workers), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def content(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of an output but for the times in the statistics."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if path.name == "stats.json":
                stats = json.loads(data)
                stats.pop("time")
                data = json.dumps(stats).encode()
            found[str(path.relative_to(folder))] = data
    return found


if __name__ == "__main__":
    main()
