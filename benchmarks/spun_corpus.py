"""The passages that the score is fitted to and measured on: human ones of many registers, and the same ones spun.

    python -m benchmarks.spun_corpus        # some minutes; kept in ~/.cache/despin/spun_corpus

Each register gives at most `MOST` human passages of 60 to 300 words, each of whole sentences; each of those is spun by
two engines, which one and how densely its text decides. Learners' English and noisy OCR are human text too: the first
is made by rules from clean passages, the second is read by real OCR engines. A passage's `group` is its document:
passages of one document, and what was spun from them, are never on both sides of a split.

Start reading at `build`. Nothing of it is in the repository.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import data, registers
from benchmarks.damage import count_words
from benchmarks.data import Document, MissingData
from benchmarks.make_spun import WORD, round_trips, sentences_of, spin, with_citations
from benchmarks.registers import Register

# Human passages of a register, and words of a passage.
MOST = 320
SHORTEST, LONGEST = 60, 300

# A passage may be this much longer than asked for, to end with a sentence.
SLACK = 1.3

# Shares of words that an engine is asked to replace: one in twelve is light, one in three all that a spinner finds.
DENSITIES = (0.08, 0.125, 0.2, 0.3)

# Engines by what they do. A round trip translates whole sentences: it is asked for half of the words and more.
WORD_ENGINES = (
    "seed-like", "other-seen", "roundtrip-like", "wordnet", "wordnet-inflected", "mythes", "moby", "unmapped",
)  # fmt: skip
TRIPS = ("apertium-spa", "apertium-cat", "apertium-gl")
TRIP_DENSITIES = (0.15, 0.6)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of the corpus.

    engine, density: what spun it and the share of words replaced; "" and 0 for human text.
    places: (start, end) of what the engine put in.  cer: for noisy OCR, character errors per character of the gold.
    """

    register: str
    group: str
    text: str
    engine: str = ""
    density: float = 0.0
    places: tuple[tuple[int, int], ...] = ()
    cer: float = 0.0

    @property
    def spun(self) -> bool:
        """Whether it is rewritten."""
        return bool(self.engine)


def _gathered(name: str) -> Callable[[Path | None], Iterator[Document]]:
    """The documents of a register of ``scripts/score_text.py``: none of them taught the context model."""

    def load(_: Path | None) -> Iterator[Document]:
        for row in data.json_lines(data.score_folder() / f"{name}.jsonl"):
            # a group is what stands before "#", as in `clean_text.split`
            yield Document(name, f"{row['source']}/{row['id']}", row["text"])

    return load


# Registers of modern and of older text that no table of the package was made from.
NEW = {
    "essay": "modern", "slang": "modern", "saying": "modern", "mail": "modern", "advertising": "modern",
    "law": "modern", "news": "modern", "handbook": "modern", "tale": "modern", "satire": "old",
}  # fmt: skip
REGISTERS = (
    *(register for register in registers.REGISTERS if register.name != "dictionary"),
    *(Register(name, age, _gathered(name)) for name, age in NEW.items()),
)

# Registers whose passages are spun: old print and scripture are what a spinner seldom gets.
SPUN = frozenset(
    "medical answers|speech|manual|reference|science|fiction|speech before 1950|satire".split("|")
) | frozenset(NEW)

# Registers that learners' English is made from.
LEARNT = ("medical answers", "essay", "mail", "speech", "saying")

NOISY = {
    "hipe": ("hipe_en_train.jsonl", "hipe_en_dev.jsonl"),
    "newspaper lines": ("bln600_train_2k.jsonl",),
    "bird book": ("mibio_en.jsonl",),
    "bird book lines": ("tesseract_mibio_lines.jsonl",),
    "before 1700": ("icdar2019_en_half.jsonl",),
}


def passages_of(document: Document, words: Callable[[], int]) -> Iterator[str]:
    """Stretches of whole sentences, each of as many words as `words` says or a little more, not overlapping."""
    start, held, wanted = None, 0, words()
    for first, last in sentences_of(document.text):
        start = first if start is None else start
        held += count_words(document.text[first:last])
        if held >= wanted:
            if held <= SLACK * wanted:
                yield document.text[start:last]
            start, held, wanted = None, 0, words()


def seeded(*parts: object) -> random.Random:
    """Randomness that the parts decide, the same in every process."""
    return random.Random(hashlib.sha256(" ".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest())


def human(register: Register, most: int = MOST) -> list[Passage]:
    """At most `most` passages of a register, of as many documents as there are."""
    cuts: list[list[Passage]] = []
    for document in registers.sample(register, None):
        rng = seeded(register.name, document.id)

        def words(rng: random.Random = rng) -> int:
            return round(math.exp(rng.uniform(math.log(SHORTEST), math.log(LONGEST / SLACK))))

        group = f"{register.name}/{document.id.partition('#')[0]}"
        found = [Passage(register.name, group, text) for text in passages_of(document, words)]
        rng.shuffle(found)
        if found:
            cuts.append(found)
    chosen: list[Passage] = []
    for round_ in range(max(map(len, cuts), default=0)):
        chosen += [cut[round_] for cut in cuts if len(cut) > round_]
        if len(chosen) >= most:
            break
    return distinct(chosen)[:most]


def distinct(passages: Sequence[Passage]) -> list[Passage]:
    """Without those that share much with an earlier one: boilerplate and letters sent twice."""
    seen: set[str] = set()
    kept = []
    for passage in passages:
        words = [word.lower() for word in WORD.findall(passage.text)]
        shingles = {" ".join(words[i : i + 8]) for i in range(len(words) - 7)}
        if len(shingles & seen) <= len(shingles) / 5:
            kept.append(passage)
        seen |= shingles
    return kept


# --- spinning ----------------------------------------------------------------------------------------


def spun(passages: Sequence[Passage]) -> Iterator[Passage]:
    """Each passage by one engine that puts words and one more of any kind, at densities that come in turn."""
    jobs: list[tuple[Passage, str, float]] = []
    for number, passage in enumerate(passages):
        rng = seeded("engine", number, passage.text)
        engines = [WORD_ENGINES[number % len(WORD_ENGINES)], rng.choice((*WORD_ENGINES, *TRIPS, *TRIPS))]
        for engine in dict.fromkeys(engines):
            jobs.append((passage, engine, rng.choice(TRIP_DENSITIES if engine in TRIPS else DENSITIES)))
    translate(jobs)
    for passage, engine, density in jobs:
        result = spin(passage.text, engine, density)
        # an engine that finds nothing to replace leaves the text clean
        if len(result.changes) >= 2:
            places = tuple((start, end) for start, end, _ in result.places())
            yield Passage(passage.register, passage.group, result.text, engine, round(result.density, 3), places)


def translate(jobs: Sequence[tuple[Passage, str, float]]) -> None:
    """All sentences that go on a round trip at once, which takes seconds where a call for each passage takes hours."""
    for trip in TRIPS:
        texts = [passage.text for passage, engine, _ in jobs if engine == trip]
        round_trips([text[start:end] for text in texts for start, end in sentences_of(text)], trip.split("-")[1])


# --- learners' English -------------------------------------------------------------------------------


PREPOSITIONS = "in on at to for of with from by about".split()


def learners(text: str, rng: random.Random) -> str:
    """`text` with the commonest errors of learners (Ng et al., CoNLL-2014): articles left out or put in, prepositions
    taken for each other, endings dropped. A tenth to a fifth of the places; the choice of words stays the writer's."""
    rate = rng.uniform(0.08, 0.25)

    def changed(match: re.Match[str]) -> str:
        word = match.group(2)
        if rng.random() >= rate:
            return match.group()
        lower = word.lower()
        if lower in ("a", "an", "the"):
            return match.group(1) if rng.random() < 0.6 else f"{match.group(1)}{rng.choice(('a', 'the'))} "
        if lower in PREPOSITIONS:
            return f"{match.group(1)}{rng.choice(PREPOSITIONS)} "
        if len(word) > 4 and lower.endswith("s") and not lower.endswith("ss") and rng.random() < 0.5:
            return f"{match.group(1)}{word[:-1]} "
        if len(word) > 5 and lower.endswith("ed") and rng.random() < 0.3:
            return f"{match.group(1)}{word[:-1] if lower.endswith('eed') else word[:-2]} "
        return match.group()

    return re.sub(r"((?<=[\w,] ))([A-Za-z]+) ", changed, text)


# --- noisy OCR ---------------------------------------------------------------------------------------


def noisy(name: str, files: Sequence[str], most: int = MOST) -> list[Passage]:
    """What OCR engines read of human text: whole paragraphs, or neighbouring lines of a source joined."""
    found: list[Passage] = []
    for file in files:
        held: list[tuple[str, str]] = []
        rows = list(data.json_lines(data.shared_folder() / "ocr" / file))
        for row, following in zip(rows, [*rows[1:], None], strict=True):
            held.append((row["ocr"].strip(), row["gold"].strip()))
            source = re.sub(r"[/#][^/#]*$", "", row["source"])
            last = following is None or re.sub(r"[/#][^/#]*$", "", following["source"]) != source
            words = sum(count_words(ocr) for ocr, _ in held)
            if words >= SHORTEST:
                # a long paragraph is cut: by words, as nothing else is sure in noise
                ocr, gold = (" ".join(side) for side in zip(*held, strict=True))
                parts = max(1, round(words / (LONGEST / 2)))
                cer = error_rate(ocr, gold)
                pieces = ocr.split()
                size = -(-len(pieces) // parts)
                found += [
                    Passage(f"OCR, {name}", f"OCR/{name}/{source}", " ".join(pieces[at : at + size]), cer=round(cer, 4))
                    for at in range(0, len(pieces), size)
                ]
            if last or words >= SHORTEST:
                held = []
    seeded(name).shuffle(found)
    return [passage for passage in found if count_words(passage.text) >= 50][:most]


def error_rate(read: str, gold: str) -> float:
    """Character errors per character of the gold side: Levenshtein's distance, a row of the table at a time."""
    import numpy as np

    a, b = (np.array([ord(sign) for sign in side[:1500]], np.int64) for side in (read, gold))
    if not len(b):
        return 1.0
    row = np.arange(len(b) + 1)
    for i, sign in enumerate(a):
        best = np.minimum(row[1:] + 1, row[:-1] + (b != sign))
        # what is inserted from the left: a running minimum
        new = np.concatenate(([i + 1], best))
        row = np.minimum.accumulate(new - np.arange(len(new))) + np.arange(len(new))
    return float(row[-1] / len(b))


# --- the corpus --------------------------------------------------------------------------------------


def build(most: int = MOST) -> Iterator[Passage]:
    """All passages: human, learners', noisy, spun."""
    for register in REGISTERS:
        try:
            passages = human(register, most)
        except MissingData as error:
            print(f"left out {register.name}: {error}", file=sys.stderr)
            continue
        if register.name in SPUN:
            # half of them cited, as pages are: citation numbers are no trace, spelt ones are
            passages = [
                replace(passage, text=with_citations(passage.text)) if number % 2 else passage
                for number, passage in enumerate(passages)
            ]
            yield from spun(passages)
        yield from passages
        print(f"{register.name}: {len(passages)}", file=sys.stderr)
        if register.name in LEARNT:
            for passage in passages[: most // 4]:
                text = learners(passage.text, seeded("learner", passage.text))
                yield Passage("learners", passage.group, text)
    for name, files in NOISY.items():
        yield from noisy(name, files, most)


def folder() -> Path:
    """Where the corpus is kept: DESPIN_SPUN_CORPUS, or beside the clean text."""
    return Path(os.environ.get("DESPIN_SPUN_CORPUS") or data.default_cache().with_name("spun_corpus"))


def load() -> list[Passage]:
    """The corpus. Raises MissingData where it was not built."""
    path = folder() / "passages.jsonl"
    if not path.is_file():
        raise MissingData(f"no passages at {path}; build them with `python -m benchmarks.spun_corpus`")
    rows = data.json_lines(path)
    return [Passage(**{**row, "places": tuple(map(tuple, row["places"]))}) for row in rows]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spun_corpus", description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=MOST, help="human passages of a register")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    folder().mkdir(parents=True, exist_ok=True)
    count = 0
    with (folder() / "passages.jsonl").open("w", encoding="utf-8") as file:
        for passage in build(options.most):
            file.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
            count += 1
    print(f"{count} passages in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
