"""The registers of clean text: what they are, where their documents come from, and how much of them may be changed.

Start reading at `REGISTERS`. The budgets are those of the design: words changed at most, by level, in modern text and
on the gold side of old print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data
from benchmarks.data import Document

LEVELS = ("safe", "balanced", "bold")

# Share of the words of an age of text that a level may change, all its registers together. Nothing is promised for
# bold on old print.
BUDGETS = {
    ("modern", "safe"): 1 / 20_000,
    ("modern", "balanced"): 1 / 5_000,
    ("modern", "bold"): 1 / 1_000,
    ("old", "safe"): 1 / 2_000,
    ("old", "balanced"): 1 / 500,
}

# No single register of modern text may be worse than this at balanced.
WORST = {("modern", "balanced"): 1 / 2_000}

# Speeches before this year are counted as old text, with fiction of 1811-1851 and scripture of 1769 and 1901: the
# wording of the day differs from what the context model calls usual as much as that of old print.
MODERN_SPEECH = 1950

Load = Callable[[Path | None], Iterator[Document]]


@dataclass(frozen=True, slots=True)
class Register:
    """A kind of clean text. age: "modern" or "old". load: its documents, given the clean text's folder or None."""

    name: str
    age: str
    load: Load


def _held(name: str) -> Load:
    return lambda folder: data.held(name, name, folder)


def _old_print(name: str, *files: str, numbered: bool = False) -> Register:
    return Register(name, "old", lambda folder: data.gold(name, files, numbered))


def _speech(name: str, modern: bool) -> Load:
    def load(folder: Path | None) -> Iterator[Document]:
        for document in data.held(name, "speech", folder):
            # the documents are named by year: package/1793_...
            if (int(document.id.rpartition("/")[2][:4]) >= MODERN_SPEECH) == modern:
                yield document

    return load


REGISTERS = (
    Register("medical answers", "modern", lambda folder: data.human("medical answers", "medquad_300.jsonl")),
    Register("speech", "modern", _speech("speech", True)),
    Register("manual", "modern", _held("manual")),
    Register("reference", "modern", _held("reference")),
    Register("science", "modern", _held("science")),
    Register("dictionary", "modern", _held("dictionary")),
    Register("speech before 1950", "old", _speech("speech before 1950", False)),
    Register("fiction", "old", _held("fiction")),
    Register("scripture", "old", _held("scripture")),
    _old_print("old print, newspapers and books", "hipe_en_train.jsonl", "hipe_en_dev.jsonl", numbered=True),
    _old_print("old print, newspaper lines", "bln600_train_2k.jsonl"),
    _old_print("old print, bird book", "mibio_en.jsonl"),
    _old_print("old print, bird book lines", "tesseract_mibio_lines.jsonl"),
    _old_print("old print, before 1700", "icdar2019_en_half.jsonl", numbered=True),
)


def named(names: str) -> list[Register]:
    """The registers of these comma-separated names, or that start with one of them; all for "". ValueError if none."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {register.name for register in REGISTERS}
    chosen = [
        register
        for register in REGISTERS
        if not wanted or any(register.name == n or (n not in known and register.name.startswith(n)) for n in wanted)
    ]
    if not chosen:
        raise ValueError(f"no register is called {names!r}; there are: {', '.join(r.name for r in REGISTERS)}")
    return chosen


def sample(register: Register, folder: Path | None, documents: int = 0, words: int = 0) -> list[Document]:
    """A register's documents in a fixed random order: at most `documents` of them, about `words` words; 0 for all."""
    chosen: list[Document] = []
    held = 0
    for document in data.shuffled(register.load(folder)):
        if (documents and len(chosen) >= documents) or (words and held >= words):
            break
        chosen.append(document)
        held += len(document.text.split())
    return chosen
