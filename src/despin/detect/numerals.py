"""Number words to numbers: a grammar for cardinals from zero to 999,999 in seven languages.

The tables (`data/numerals/<language>.tsv`) hold atoms: each cardinal from 0 to 99 in every spelling, the words for
hundred and thousand, the joining words, the ordinals. `load_grammar` turns one table into one regular expression whose
parts cannot repeat without bound, so that matching is linear. Start reading at `_number`, the grammar itself, then
`parse` (a whole string) and `spans` (number words inside a text).

Spellings are met halfway: lost accents (tweeentwintig, veintidos), ss for ß, ae oe ue for umlauts, hyphens, spaces or
nothing between the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from despin.settings import SettingsError
from despin.tables import TableError, data_folder, read_rows

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
COLUMNS = ("role", "value", "spelling", "source")
ROLES = frozenset(
    {"small", "hundreds", "hundred_after", "hundred_either", "thousand_after", "thousand_either", "thousand_alone"}
    | {"and", "article", "ordinal", "ending"}
)

# What may stand between two words of one number: nothing (German, lost spaces), one or two spaces, a hyphen (also at
# a line's end), a single line break. Never a dash or a spaced hyphen: those make ranges.
JOINT = r"(?:[ \u00a0\u202f]{1,2}|[-\u2010\u2011\u00ad]\n?|\r?\n)?"

# A number word ends where no letter, digit or mark of an elision follows.
END = r"(?![^\W_]|['’][^\W\d_])"


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language's number words, ready to match. Read-only; made by `load_grammar`.

    cardinal: matches one cardinal at a word's start; group names tell its parts.
    ordinal: pattern for an ordinal, with the cardinal words before its last one (hundred and | first).
    values: value of each part, by its letters alone (`_key`).
    heads: the words that any number starts with, in lower case; of these only the shortest ("four" for "fourteen").
    starts: matches where a number word may start: a quick look before the grammar is tried.
    """

    lang: str
    cardinal: re.Pattern[str]
    ordinal: str
    values: Mapping[str, int]
    heads: tuple[str, ...]
    starts: re.Pattern[str]

    def match(self, text: str, start: int, end: int | None = None) -> tuple[int, int] | None:
        """The longest cardinal that starts at `start`, as (end, value); None where there is none."""
        found = self.cardinal.match(text, start, len(text) if end is None else end)
        return None if found is None else (found.end(), self._value(found))

    def _value(self, found: re.Match[str]) -> int:
        single = self.values.get(found.group())
        if single is not None:  # most numbers are one word, written as in the table
            return single
        value = 0
        for name, part in found.groupdict().items():
            if part is not None:
                # Groups whose name starts with "k" multiply the thousand; "one" is what a lone thousand (mille) means.
                size = self.values[_key(part)] if part else 1
                value += size * 1000 if name.startswith("k") else size
        return value


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """Number words in a text: `text[start:end]`.

    value: the cardinal, or None for ordinals and for runs that are no single cardinal ("nineteen eighty-four").
    """

    start: int
    end: int
    value: int | None
    ordinal: bool


def _key(words: str) -> str:
    """The bare letters of a spelling: case, accents, hyphens and spaces away, ß as ss."""
    bare = unicodedata.normalize("NFD", words.casefold())
    return "".join(letter for letter in bare if letter.isalpha())


def _units(words: str) -> list[str]:
    """The patterns of a spelling's letters, each with or without its accent, composed or decomposed."""
    units = []
    for letter in unicodedata.normalize("NFC", words):
        apart = unicodedata.normalize("NFD", letter)
        if letter in " -":
            units.append(JOINT)
        elif letter == "ß":
            units.append("(?:ß|ss)")
        elif apart != letter:
            units.append(f"(?:{letter}|{apart[0]}{apart[1:]}?)")
        else:
            units.append(re.escape(letter))
    return units


def _any(spellings: Iterable[str]) -> str:
    """A pattern for any of the spellings, longer before shorter, so that "sixteen" is tried before "six".

    Common beginnings are shared (a trie): a list of a hundred phrases would compile and match ten times slower.
    """
    trie: dict[str, Any] = {}
    for words in sorted(set(spellings)):
        node = trie
        for unit in _units(words):
            node = node.setdefault(unit, {})
        node[""] = {}
    # "(?!)" never matches: a role that a language does without.
    return f"(?:{_branches(trie)})" if trie else "(?!)"


def one_of(words: Iterable[str]) -> str:
    """A pattern for any of the words as they are written, common beginnings shared."""
    trie: dict[str, Any] = {}
    for word in sorted(set(words)):
        node = trie
        for letter in word:
            node = node.setdefault(re.escape(letter), {})
        node[""] = {}
    return f"(?:{_branches(trie)})" if trie else "(?!)"


def _branches(node: dict[str, Any]) -> str:
    branches = [unit + _branches(below) for unit, below in node.items() if unit]
    if not branches:
        return ""
    if len(branches) == 1 and "" not in node:
        return branches[0]
    return f"(?:{'|'.join(branches)})" + ("?" if "" in node else "")


def _number(atoms: Mapping[str, list[tuple[int, str]]]) -> str:
    """The grammar as a pattern. In words:

    number         = [below thousand] THOUSAND [[,] [and] below thousand] | below thousand | zero
    below thousand = hundreds [[and] 1..99] | 1..99
    hundreds       = [1..99, no round tens] HUNDRED | a fused word (doscientos)
    """
    small = [words for value, words in atoms["small"] if value]
    # Twelve hundred and ninety-nine hundred are said, twenty hundred is not: it would be two thousand.
    multiplier = _any(words for value, words in atoms["small"] if value % 10 and value)
    either, after = _words(atoms, "hundred_either"), _words(atoms, "hundred_after")
    article = _any(_words(atoms, "article"))
    hundreds = "|".join(
        [
            f"(?:{multiplier}|{article}){JOINT}{_any(either + after)}",
            _any(_words(atoms, "hundreds")),
            _any(either),
        ]
    )
    link = rf"{JOINT}(?:{_any(_words(atoms, 'and'))}{JOINT})?"

    def below(name: str) -> str:
        return rf"(?:(?P<{name}h>{hundreds})(?:{link}(?P<{name}t>{_any(small)}))?|(?P<{name}s>{_any(small)}))"

    thousand = _any(_words(atoms, "thousand_after") + _words(atoms, "thousand_either"))
    alone = _any(_words(atoms, "thousand_alone") + _words(atoms, "thousand_either"))
    # The empty group k1 says that one thousand is meant. A comma only before hundreds ("one thousand, two hundred"):
    # "in two thousand, five of them" is no number.
    thousands = rf"(?:{below('k')}{JOINT}{thousand}|(?P<k1>){article}{JOINT}{thousand}|(?P<k2>){alone})"
    comma = rf",[ ](?=(?:{hundreds}))"
    zero = _any(words for value, words in atoms["small"] if not value)
    return rf"(?:{thousands}(?:(?:{comma}|{link}){below('a')})?|{below('b')}|(?P<zero>{zero}))"


def _ordinal(atoms: Mapping[str, list[tuple[int, str]]], number: str) -> str:
    """A pattern for ordinals: cardinal words, if any, then one ordinal with any of the language's endings."""
    endings = sorted(_words(atoms, "ending"), key=len, reverse=True)
    last = _any(
        form
        for _, spelling in atoms["ordinal"]
        # A spelling that closes with one of the endings may close with any of them.
        for ending in [next((ending for ending in endings if spelling.endswith(ending)), "")]
        for form in ([spelling.removesuffix(ending) + other for other in endings] if ending else [spelling])
    )
    # Group names must be unique in a pattern and are not needed here.
    before = re.sub(r"\?P<\w+>", "?:", number)
    link = rf"{JOINT}(?:{_any(_words(atoms, 'and'))}{JOINT})?"
    return rf"(?<![^\W_])(?:{before}{link})?{last}(?:{JOINT}{last}){{0,2}}{END}"


def _words(atoms: Mapping[str, list[tuple[int, str]]], role: str) -> list[str]:
    return [words for _, words in atoms[role]]


def _values(atoms: Mapping[str, list[tuple[int, str]]]) -> dict[str, int]:
    """The value of every part that a group of the cardinal pattern can hold."""
    values = {_key(words): value for role in ("small", "hundreds") for value, words in atoms[role]}
    hundreds = atoms["hundred_either"] + atoms["hundred_after"]
    for hundred, word in hundreds:
        values.setdefault(_key(word), hundred)
        for value, words in atoms["small"] + atoms["article"]:
            values[_key(words + word)] = value * hundred
    return values


def _heads(atoms: Mapping[str, list[tuple[int, str]]]) -> tuple[str, ...]:
    """The words that any number starts with, with and without accents, and of these only the shortest: one, two,
    three, four (fourteen starts with it) ..."""
    firsts = set()
    for role in ROLES - {"and", "article", "ending"}:
        for _, spelling in atoms[role]:
            word = re.split("[ -]", spelling)[0]
            firsts |= {word, unicodedata.normalize("NFD", word), _key(word)}
    # An article only before the word that makes it a number: "a hundred".
    for _, article in atoms["article"]:
        for role in ("hundred_after", "thousand_after"):
            firsts |= {f"{article} {word}" for word in _words(atoms, role)}
    heads: list[str] = []
    for word in sorted(firsts):
        if not heads or not word.startswith(heads[-1]):
            heads.append(word)
    return tuple(heads)


def load_grammar(folder: Path, lang: str) -> Grammar:
    """Read `folder/numerals/<lang>.tsv` and build its grammar.

    Raises TableError where the table is missing or malformed (the message names file and line).
    """
    path = folder / "numerals" / f"{lang}.tsv"
    atoms: dict[str, list[tuple[int, str]]] = {role: [] for role in ROLES}
    for line, (role, value, spelling, _) in read_rows(path, COLUMNS):
        if role not in ROLES:
            raise TableError(f"{path}:{line}: role {role!r} is not one of {', '.join(sorted(ROLES))}")
        if not value.isdecimal():
            raise TableError(f"{path}:{line}: value {value!r} must be a whole number")
        atoms[role].append((int(value), spelling))
    missing = set(range(100)) - {value for value, _ in atoms["small"]}
    if missing:
        raise TableError(f"{path}: no row of role small for {sorted(missing)[:5]}; run scripts/build_numerals.py")
    number, heads = _number(atoms), _heads(atoms)
    return Grammar(
        lang=lang,
        cardinal=re.compile(rf"(?<![^\W_]){number}{END}", re.IGNORECASE),
        ordinal=_ordinal(atoms, number),
        values=_values(atoms),
        heads=heads,
        starts=re.compile(rf"(?<![^\W_]){one_of(heads)}", re.IGNORECASE),
    )


@cache
def grammar_in(folder: Path, lang: str) -> Grammar:
    """The grammar of one of LANGUAGES by the tables of a data folder, loaded once per process; see `load_grammar`."""
    return load_grammar(folder, lang)


def language(lang: str) -> str | None:
    """The table's name for a language tag ("pt-BR" -> "pt"), or None where there is no table."""
    name = re.split("[-_]", lang.lower())[0]
    return name if name in LANGUAGES else None


def grammar(lang: str = "en") -> Grammar:
    """The shipped grammar of a language, loaded once per process.

    Raises SettingsError for a language without a table.
    """
    name = language(lang)
    if name is None:
        raise SettingsError(f"no number words for language {lang!r}; there are tables for {', '.join(LANGUAGES)}")
    return grammar_in(data_folder(), name)


def parse(words: str, lang: str = "en") -> int | None:
    """The number that `words` spell, or None where they are not exactly one cardinal from 0 to 999,999.

    >>> parse("twenty-one"), parse("one thousand, two hundred and five"), parse("quatre-vingt-dix", lang="fr")
    (21, 1205, 90)

    None for ordinals ("twenty-first"), plurals ("twenties"), years read in pairs ("nineteen eighty-four"), a bare
    "hundred" in English, and anything with digits. "a hundred" is 100 and "a thousand" 1000: the article is a spelling
    of one there. White space around the words is passed over.
    Raises SettingsError for a language without a table, TypeError for anything but a str.
    """
    if not isinstance(words, str):
        raise TypeError(f"parse needs a str, not {type(words).__name__}")
    stripped = words.strip()
    found = grammar(lang).match(stripped, 0)
    return found[1] if found is not None and found[0] == len(stripped) else None


@cache
def _ordinals(lang: str) -> re.Pattern[str]:
    """The compiled pattern for ordinals: apart, because only `spans` needs it and compiling takes 0.1 s."""
    return re.compile(grammar(lang).ordinal, re.IGNORECASE)


def spans(text: str, lang: str = "en") -> Iterator[NumberSpan]:
    """The runs of number words in a text, from left to right, with offsets in code points. Linear time.

    Words that only a gap or hyphen parts belong to one run; a run that is no single cardinal has no value. Words that
    are both article and number (German ein, French un) are found wherever they stand: place is the caller's business.
    Raises SettingsError for a language without a table.
    """
    words = grammar(lang)
    joint = re.compile(JOINT)
    run: NumberSpan | None = None
    position = 0
    while (start := words.starts.search(text, position)) is not None:
        span = _span(words, text, start.start())
        if span is None:
            position = start.end()
            continue
        gap = joint.match(text, run.end) if run is not None else None
        if run is not None and gap is not None and gap.end() == span.start:
            run = NumberSpan(run.start, span.end, None, run.ordinal or span.ordinal)
        else:
            if run is not None:
                yield run
            run = span
        position = span.end
    if run is not None:
        yield run


def _span(words: Grammar, text: str, start: int) -> NumberSpan | None:
    """The longest number word or phrase at `start`, cardinal or ordinal."""
    cardinal = words.match(text, start)
    ordinal = _ordinals(words.lang).match(text, start)
    if ordinal is not None and (cardinal is None or ordinal.end() > cardinal[0]):
        return NumberSpan(start, ordinal.end(), None, True)
    return None if cardinal is None else NumberSpan(start, cardinal[0], cardinal[1], False)
