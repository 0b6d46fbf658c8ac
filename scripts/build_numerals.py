"""Build `data/numerals/<language>.tsv`: the number words that `despin.detect.numerals` puts together by rule.

A table holds atoms only: every cardinal from 0 to 99, the words for hundred and thousand, the joining words, the
ordinals that can close a number and their endings. How atoms make 100 to 999,999 is grammar, not data. What num2words
says is taken as facts (it is a build tool; none of its code is shipped); spellings that it does not give (Swiss
"octante", German "eine", "dreissig" by rule in the reader) are the WRITTEN rows below, each with its reason.
Start reading at `rows`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from num2words import num2words

FOLDER = Path(__file__).parents[1] / "data" / "numerals"
HEADER = ("role", "value", "spelling", "source")

# Dialects of num2words whose 0 to 99 differ from the language's own: Swiss septante and huitante, Belgian septante and
# nonante, Brazilian dezesseis.
DIALECTS = {
    "en": ("en",),
    "de": ("de",),
    "fr": ("fr", "fr_CH", "fr_BE"),
    "es": ("es",),
    "it": ("it",),
    "pt": ("pt", "pt_BR"),
    "nl": ("nl",),
}

# How a language says hundred and thousand. "after" words need a multiplier before them (two hundred), "either" words
# may stand alone (hundert, zweihundert), "alone" words take none (Italian mille; duemila has "mila").
# Spanish and Portuguese fuse the multiplier, so that their hundreds are listed from num2words, one by one.
SCALE = {
    "en": {"hundred_after": "hundred", "thousand_after": "thousand", "and": "and", "article": "a"},
    "de": {"hundred_either": "hundert", "thousand_either": "tausend", "and": "und"},
    "fr": {"hundred_either": "cent cents", "thousand_either": "mille", "and": "et"},
    "es": {"thousand_either": "mil"},
    # "cent" is what elision leaves of cento before a vowel: centotto, centottanta.
    "it": {"hundred_either": "cento cent", "thousand_alone": "mille", "thousand_after": "mila", "and": "e"},
    "pt": {"thousand_either": "mil", "and": "e"},
    # "honderden", "duizenden" are nouns (hundreds of), not numbers: left out.
    "nl": {"hundred_either": "honderd", "thousand_either": "duizend", "and": "en"},
}
FUSED_HUNDREDS = ("es", "pt")

# Spellings of 0 to 99 that num2words does not give: (value, spelling, reason). A reason goes into the table.
WRITTEN: dict[str, list[tuple[int, str, str]]] = {
    "en": [],
    "de": [
        (1, "ein", "before hundert, tausend and nouns"),
        (1, "eine", "feminine"),
        (2, "zwo", "spoken form, to tell it from drei"),
    ],
    "fr": [(1, "une", "feminine"), (80, "quatre-vingt", "before another number word"), (0, "nul", "in sums")],
    "es": [(1, "un", "before a noun"), (1, "una", "feminine"), (21, "veintiún", "before a noun")],
    # Tré takes its accent inside compounds only (ventitré, centotré).
    "it": [(1, "un", "before a noun"), (1, "una", "feminine"), (3, "tré", "at the end of compounds")],
    "pt": [(1, "uma", "feminine"), (2, "duas", "feminine"), (14, "quatorze", "Brazilian")],
    "nl": [(1, "een", "without its accents")],
}

# Endings that an ordinal's last word may take; num2words gives the first of them (German "-e": zweite, zweiter ...).
ENDINGS = {
    "en": "",
    "de": "e er en es em",
    "fr": "e es er ers ère ères",
    "es": "o a os as",
    "it": "o a i e",
    "pt": "o a os as",
    "nl": "e es",
}
WRITTEN_ORDINALS = {
    "fr": [(2, "second"), (2, "seconde")],
    "es": [(1, "primer"), (3, "tercer")],
}


def small(lang: str) -> Iterator[tuple[int, str, str]]:
    """The cardinals 0 to 99 as (value, spelling, source), each spelling once."""
    seen: dict[str, int] = {}
    for dialect in DIALECTS[lang]:
        for value in range(100):
            for spelling, source in variants(lang, value, num2words(value, lang=dialect), f"num2words {dialect}"):
                if seen.setdefault(spelling, value) != value:
                    raise ValueError(f"{lang}: {spelling!r} would be both {seen[spelling]} and {value}")
                yield value, spelling, source
    for value, spelling, reason in WRITTEN[lang]:
        yield value, spelling, f"written: {reason}"


def variants(lang: str, value: int, spelling: str, source: str) -> Iterator[tuple[str, str]]:
    """A spelling as num2words gives it, then those that follow from it by a rule of the language."""
    yield spelling, source
    if lang == "fr" and "huitante" in spelling:
        yield spelling.replace("huitante", "octante"), f"{source}: octante for huitante"
    if lang == "fr" and value > 1 and spelling.endswith("et un"):
        yield spelling + "e", f"{source}: feminine"
    if lang == "es" and value > 20 and spelling.endswith("uno"):
        yield spelling[:-1] + "a", f"{source}: feminine"
        yield spelling[:-1], f"{source}: before a noun"
    if lang == "it" and value > 20 and spelling.endswith("uno"):
        yield spelling[:-1], f"{source}: before a noun"
    if lang == "pt" and value > 20 and spelling.endswith(" um"):
        yield spelling + "a", f"{source}: feminine"
    if lang == "pt" and value > 20 and spelling.endswith(" dois"):
        yield spelling[:-4] + "duas", f"{source}: feminine"
    if lang == "de":
        flat = spelling.translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
        if flat != spelling:
            yield flat, f"{source}: umlaut as two letters"


def fused_hundreds(lang: str) -> Iterator[tuple[int, str, str]]:
    """100 to 900 in the languages that fuse them (doscientos), with the form that stands before more (ciento)."""
    for value in range(100, 1000, 100):
        spelling = num2words(value, lang=lang)
        yield value, spelling, f"num2words {lang}"
        if value > 100:
            yield value, spelling[:-2] + "as", f"num2words {lang}: feminine"
    # 101 is "ciento uno", "cento e um": its first word is 100 before more.
    yield 100, num2words(101, lang=lang).split()[0], f"num2words {lang}: before more"


def ordinals(lang: str) -> Iterator[tuple[int, str, str]]:
    """The ordinals that can close a number: 1st to 99th, the hundredths, thousandth, without "one" before the latter.

    In some languages 101st does not end as 1st does (French premier, cent unième): its end is taken as well.
    """
    for dialect in DIALECTS[lang]:
        source = f"num2words {dialect}"
        for value in (*range(1, 100), *range(100, 1000, 100), 1000):
            yield value, num2words(value, lang=dialect, to="ordinal").removeprefix("one "), source
        hundred = num2words(100, lang=dialect)
        for value in range(1, 100):
            spelling = num2words(100 + value, lang=dialect, to="ordinal")
            if spelling.startswith(hundred):
                yield value, spelling.removeprefix(hundred).strip().removeprefix("and "), f"{source}: after hundred"
    for value, spelling in WRITTEN_ORDINALS.get(lang, []):
        yield value, spelling, "written: form that num2words does not give"


def rows(lang: str) -> list[tuple[str, int, str, str]]:
    """A language's whole table: sorted by role, value and spelling; where two sources agree the first is named."""
    found: dict[tuple[str, int, str], str] = {}
    for value, spelling, source in small(lang):
        found.setdefault(("small", value, spelling), source)
    if lang in FUSED_HUNDREDS:
        for value, spelling, source in fused_hundreds(lang):
            found.setdefault(("hundreds", value, spelling), source)
    for role, spellings in SCALE[lang].items():
        value = {"h": 100, "t": 1000, "a": 0}[role[0]]
        for spelling in spellings.split():
            found.setdefault((role, 1 if role == "article" else value, spelling), "written: the grammar's joints")
    for value, spelling, source in ordinals(lang):
        found.setdefault(("ordinal", value, spelling), source)
    for spelling in ENDINGS[lang].split():
        found.setdefault(("ending", 0, spelling), "written: inflection")
    return sorted((role, value, spelling, source) for (role, value, spelling), source in found.items())


def table(lang: str) -> str:
    """The TSV text of a language's table."""
    lines = ["\t".join(HEADER)]
    lines += ["\t".join((role, str(value), spelling, source)) for role, value, spelling, source in rows(lang)]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing them")
    arguments = parser.parse_args()
    differing = 0
    for lang in DIALECTS:
        path = FOLDER / f"{lang}.tsv"
        built = table(lang).encode("utf-8")
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(built)
        elif not path.is_file() or path.read_bytes() != built:
            print(f"{path.name} differs from what the installed num2words gives")
            differing += 1
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
