"""What the tests of batch runs share: files and folders, and a repair that costs nothing.

A module of its own, so that processes that are spawned find the repair.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

from despin.edits import apply
from despin.results import Repair, Score, Scores
from despin.values import Edit, Refusal, Step

SIGNATURE = "cheap"
Files = dict[str, bytes]


def cheap(text: str) -> Repair:
    """Puts "breast" for "bosom"; flags texts with "spun" in them, and gives no verdict on short ones.

    Words that make trouble: DIE ends the process, DIE-ONCE:path does so where that file is not there yet, RAISE
    raises, SLOW takes its time, LONE puts in what has no UTF-8.
    """
    if "DIE-ONCE:" in text:
        mark = Path(text.partition("DIE-ONCE:")[2].split()[0])
        if not mark.exists():
            mark.touch()
            os._exit(9)
    elif "DIE" in text:
        os._exit(9)
    if "RAISE" in text:
        raise ValueError("as it was asked to")
    if "SLOW" in text:
        time.sleep(0.005)
    edits = tuple(
        Edit(found.start(), found.end(), found[0], {"bosom": "breast", "LONE": "\ud800"}[found[0]], "spin.map", 0.9)
        for found in re.finditer("bosom|LONE", text)
    )
    verdict = "flag" if "spun" in text else "abstain" if len(text) < 8 else "no-flag"
    score = Score(len(text) % 100 / 100, verdict, "", 0.0, "", 1.0, len(text.split()), (), SIGNATURE)  # type: ignore[arg-type]
    refusals = (Refusal(0, 0, "", "x", "spin.map", 0.1, "as it is a test"),) if "refuse" in text else ()
    return Repair(text, apply(text, edits), (Step("wording", edits),), refusals, SIGNATURE, Scores(score, score))


def put(folder: Path, files: Files) -> Path:
    """Write files into a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def tree(folder: Path, but_time: bool = True) -> dict[str, Any]:
    """All files in a folder with their content; the times in the statistics left out."""
    found: dict[str, Any] = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    if but_time and "stats.json" in found:
        found["stats.json"] = {key: value for key, value in json.loads(found["stats.json"]).items() if key != "time"}
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
