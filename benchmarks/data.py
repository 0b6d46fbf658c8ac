"""Where the benchmarks' texts come from, and how they are read. Nothing of them is in the repository.

Two places: the development data, a folder beside the repository or named by the variable DESPIN_DATA; and the clean
text that ``scripts/clean_text.py`` gathers, in that script's cache folder or the one named by DESPIN_CLEAN_TEXT.
Start reading at `Document`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CLEAN_TEXT_SCRIPT = ROOT / "scripts" / "clean_text.py"


class MissingData(Exception):
    """Data that a benchmark needs is not there. The message says which, and how it is got."""


@dataclass(frozen=True, slots=True)
class Document:
    """One clean text, repaired in one call. `id` is unique in its register."""

    register: str
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One observed substitution of a spinner: `spun` was read where `original` had stood on `seen` pages.

    kind: the class of the substitution, such as "content-synonym". certainty: 0 to 1, the reader's.
    """

    spun: str
    original: str
    kind: str
    family: str
    seen: int
    certainty: float


def shared_folder() -> Path:
    """The development data. Raises MissingData where there is none."""
    folder = Path(os.environ.get("DESPIN_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        raise MissingData(
            f"no development data at {folder}; set DESPIN_DATA to the folder that holds human/, ocr/, spin/"
        )
    return folder


def clean_folder(folder: Path | None = None) -> Path:
    """The clean text by register: `folder`, else DESPIN_CLEAN_TEXT, else the gathering script's default.

    Raises MissingData where none was gathered.
    """
    chosen = folder or Path(os.environ.get("DESPIN_CLEAN_TEXT") or default_cache())
    if not (chosen / "provenance.tsv").is_file():
        raise MissingData(
            f"no clean text at {chosen}; gather it with `python scripts/clean_text.py --cache {chosen}`, "
            "or set DESPIN_CLEAN_TEXT to the folder that holds provenance.tsv"
        )
    return chosen


def score_folder() -> Path:
    """The further registers' human text: DESPIN_SCORE_TEXT, else the default of ``scripts/score_text.py``.

    Raises MissingData where none was gathered.
    """
    chosen = Path(os.environ.get("DESPIN_SCORE_TEXT") or default_cache().with_name("score_text"))
    if not (chosen / "provenance.tsv").is_file():
        raise MissingData(f"no text at {chosen}; gather it with `python scripts/score_text.py --cache {chosen}`")
    return chosen


def default_cache() -> Path:
    """The default cache folder of ``scripts/clean_text.py``, asked of the script itself so that the two agree."""
    spec = importlib.util.spec_from_file_location("clean_text", CLEAN_TEXT_SCRIPT)
    if spec is None or spec.loader is None:
        raise MissingData(f"{CLEAN_TEXT_SCRIPT} cannot be read; set DESPIN_CLEAN_TEXT")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return Path(module.DEFAULT_CACHE)


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines. Raises MissingData naming file and line for one that is none."""
    if not path.is_file():
        raise MissingData(f"{path} is not there")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise MissingData(f"{path}:{number}: no JSON: {error}") from None


def human(register: str, file: str) -> Iterator[Document]:
    """The clean texts of a file of the development data's human/ folder, one document a row."""
    for number, row in enumerate(json_lines(shared_folder() / "human" / file)):
        yield Document(register, f"{row['source']}:{number}", row["text"])


def gold(register: str, files: Iterable[str], numbered: bool = False) -> Iterator[Document]:
    """The gold sides of OCR files, one document a source: its lines or paragraphs in the file's order.

    numbered: the last part of a row's `source`, after "/" or "#", numbers the paragraphs of one source.
    A line that is there twice (read from several degraded copies) is taken once.
    """
    parts: dict[str, list[str]] = {}
    seen: set[str] = set()
    for file in files:
        for row in json_lines(shared_folder() / "ocr" / file):
            text = row["gold"].strip()
            if text and text not in seen:
                seen.add(text)
                source = re.sub(r"[/#][^/#]*$", "", row["source"]) if numbered else row["source"]
                parts.setdefault(source, []).append(text)
    for source, texts in parts.items():
        yield Document(register, source, "\n".join(texts))


def held(register: str, file: str, folder: Path | None = None) -> Iterator[Document]:
    """The held-out documents of a register of the gathered clean text; none of them taught the context model."""
    return _gathered(register, file, folder, "held")


def training(register: str, file: str, folder: Path | None = None) -> Iterator[Document]:
    """The other documents of a register, which taught the context model: for measuring speed, never quality."""
    return _gathered(register, file, folder, "train")


def _gathered(register: str, file: str, folder: Path | None, split: str) -> Iterator[Document]:
    for row in json_lines(clean_folder(folder) / f"{file}.jsonl"):
        if row["split"] == split:
            yield Document(register, f"{row['source']}/{row['id']}", row["text"])


def pairs(file: str) -> Iterator[Pair]:
    """The substitutions of a table of the development data's spin/ folder."""
    path = shared_folder() / "spin" / file
    if not path.is_file():
        raise MissingData(f"{path} is not there")
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    names = header.split("\t")
    for line in lines:
        row = dict(zip(names, line.split("\t"), strict=True))
        yield Pair(
            row["spun"], row["original"], row["class"], row["family"], int(row["n_seen"]), float(row["certainty"])
        )


def shuffled(documents: Iterable[Document]) -> list[Document]:
    """The documents in an order that depends on their names alone, so that the first N are a fair sample."""
    return sorted(documents, key=lambda document: hashlib.sha256(document.id.encode()).digest())
