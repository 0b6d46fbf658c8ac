"""What SmolLM2 says of the corpus's passages: read once, and kept beside the corpus for the score's neural part.

    python -m benchmarks.neural --minutes 8      # as many more passages as fit into the time; half a second each

Start reading at `main`. Passages come in an order that takes every register and every engine alike, so that any number
of them is a fair sample.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import spun_corpus
from benchmarks.data import json_lines
from benchmarks.spun_corpus import Passage


def path() -> Path:
    """The file of what was read: one passage a line."""
    return spun_corpus.folder() / "smollm2.jsonl"


def key(text: str) -> str:
    """A passage's name in the file."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def ordered(passages: Sequence[Passage]) -> list[Passage]:
    """Human and spun by turns, and of each the registers or engines by turns."""
    seen: Counter[str] = Counter()
    ranked = []
    for passage in sorted(passages, key=lambda passage: key(passage.text)):
        kind = passage.engine or passage.register
        # there are three times as many registers as engines
        ranked.append((seen[kind] / (3 if passage.spun else 1), key(passage.text), passage))
        seen[kind] += 1
    return [passage for _, _, passage in sorted(ranked, key=lambda item: item[:2])]


def load() -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """key -> offsets and ln p of the words of each passage that was read."""
    if not path().is_file():
        return {}
    return {row["key"]: (np.array(row["starts"], np.int64), np.array(row["nats"])) for row in json_lines(path())}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neural", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=8.0)
    options = parser.parse_args(arguments)
    from despin import lm

    ends = time.monotonic() + 60 * options.minutes
    done = set(load())
    model = lm.load()
    with path().open("a", encoding="utf-8") as file:
        for passage in ordered(spun_corpus.load()):
            if time.monotonic() > ends:
                break
            if key(passage.text) not in done:
                starts, nats = model.word_log_probs(passage.text)
                row = {"key": key(passage.text), "starts": starts.tolist(), "nats": nats.round(2).tolist()}
                file.write(json.dumps(row) + "\n")
                file.flush()  # who stops the reading half-way keeps whole lines
                done.add(row["key"])
    print(f"{len(done)} passages read", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
