"""Number words that were citation markers: despin and text2num side by side, and false alarms on clean text.

``python -m benchmarks.numerals``: (1) runs the trap cases of ``tests/cases/citations.tsv`` through
``despin.normalize_citations`` and text2num's ``alpha2digit`` and prints what each put right and left alone, with every
failure; (2) repairs the citations of the clean development texts and prints each change for reading, and their number
per 100,000 words. Start reading at `main`.

text2num converts number words wherever they stand: it is not made to tell markers from counts, and is shown because it
is what one would reach for. Cases that ask for a style, or for one that only the document tells, are left out for both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import despin
from benchmarks.data import MissingData, shared_folder

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "tests" / "cases" / "citations.tsv"

# Clean texts of the development data and the key that holds them.
CLEAN = (
    ("human/medquad_300.jsonl", "text"),
    ("ocr/bln600_train_2k.jsonl", "gold"),
    ("ocr/hipe_en_train.jsonl", "gold"),
    ("ocr/hipe_en_dev.jsonl", "gold"),
    ("ocr/mibio_en.jsonl", "gold"),
    ("ocr/tesseract_mibio_lines.jsonl", "gold"),
    ("ocr/icdar2019_en_half.jsonl", "gold"),
)
SUPERSCRIPTS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    lang: str
    text: str
    expected: str
    known_failure: bool

    @property
    def keep(self) -> bool:
        return self.text == self.expected


def cases(path: Path = CASES) -> list[Case]:
    """The trap cases that both systems can be asked to do."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")]
    held = []
    for line in lines[1:]:
        name, lang, style, text, expected, xfail, _ = line.split("\t")
        if not style and lang in ("de", "en", "es", "fr", "it", "nl", "pt") and not SUPERSCRIPTS & set(expected):
            held.append(Case(name, lang, _unescaped(text), _unescaped(expected), bool(xfail)))
    return held


def _unescaped(cell: str) -> str:
    return cell.replace("\\n", "\n").replace("\\\\", "\\")


def by_despin(text: str, lang: str) -> str:
    return despin.normalize_citations(text, lang=lang).text


def by_text2num() -> Callable[[str, str], str] | None:
    """text2num's converter, or None where it is not installed (it is in the extra "bench")."""
    try:
        from text_to_num import alpha2digit
    except ImportError:
        return None
    return lambda text, lang: str(alpha2digit(text, lang))


def compare(held: list[Case], systems: dict[str, Callable[[str, str], str]]) -> None:
    """Print counts for each system, by group of cases, and then each failure."""
    outputs = {name: {case.id: convert(case.text, case.lang) for case in held} for name, convert in systems.items()}
    for title, keep, english in (
        ("damaged citations put right, English", False, True),
        ("damaged citations put right, other languages", False, False),
        ("ordinary numbers kept, English", True, True),
        ("ordinary numbers kept, other languages", True, False),
    ):
        members = [case for case in held if case.keep == keep and (case.lang == "en") == english]
        counts = {name: sum(output[case.id] == case.expected for case in members) for name, output in outputs.items()}
        print(f"{title:46}", *(f"{name} {count} of {len(members)}" for name, count in counts.items()), sep="  ")
    for name, output in outputs.items():
        print(f"\n{name}: failures")
        for case in held:
            if output[case.id] != case.expected:
                note = "  (known failure)" if case.known_failure and name == "despin" else ""
                print(f"  {case.id:16} {case.text!r}\n  {'':16} {output[case.id]!r}{note}")


def clean_texts(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for name, key in CLEAN:
        with (folder / name).open(encoding="utf-8") as lines:
            texts = [json.loads(line).get(key) for line in lines]
        yield name, [text for text in texts if text]


def false_alarms(folder: Path) -> None:
    """Print what is changed in clean text: each change in its surroundings, then the rate."""
    words_in_all = changes_in_all = 0
    for name, texts in clean_texts(folder):
        words = changes = 0
        for text in texts:
            words += len(text.split())
            for edit in despin.normalize_citations(text).steps[0].edits:
                changes += 1
                print(f"  {name}: {text[max(0, edit.start - 50) : edit.end + 40]!r}: {edit.before!r} -> {edit.after!r}")
        print(f"{name:34} {words:8,} words  {changes} changes")
        words_in_all, changes_in_all = words_in_all + words, changes_in_all + changes
    rate = 1e5 * changes_in_all / max(words_in_all, 1)
    print(f"{'all':34} {words_in_all:8,} words  {changes_in_all} changes: {rate:.2f} per 100,000 words")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.parse_args()
    systems: dict[str, Callable[[str, str], str]] = {"despin": by_despin}
    other = by_text2num()
    if other is None:
        print('text2num is not installed: pip install "despin[bench]" to see it beside despin')
    else:
        systems["text2num"] = other
    compare(cases(), systems)
    print("\nfalse alarms on clean text")
    try:
        false_alarms(shared_folder())
    except MissingData as missing:
        print(f"skipped: {missing}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
