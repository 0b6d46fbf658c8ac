"""What a single word is: its forms and word classes, its article, its letter case, how common it is.

Start reading at `Forms`. This is the only module that imports wordfreq.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import regex

from despin.tables import read_rows

# Penn Treebank tag of the plain form, by word class: verb, noun, adjective or adverb.
PLAIN_TAG = {"v": "VB", "n": "NN", "a": "JJ"}


@dataclass(frozen=True, slots=True)
class Forms:
    """How English words inflect (data/lexicon/forms.tsv, made from LemmInflect's dictionary).

    rows: (lemma, class) -> the cell of forms, "TAG=form TAG=form"; cells are read when they are asked for.
    """

    rows: Mapping[tuple[str, str], str]

    @classmethod
    def load(cls, folder: Path) -> Forms:
        """Read ``forms.tsv`` of `folder`. Raises TableError naming file and line."""
        table = read_rows(folder / "forms.tsv", ("lemma", "class", "forms"))
        rows = {(cells[0], cells[1]): cells[2] for _, cells in table}
        return cls(MappingProxyType(rows))

    def of(self, lemma: str, word_class: str) -> dict[str, str]:
        """The forms of a lemma by Penn tag, the plain form among them; empty where the lemma is not of that class.

        >>> from despin.tables import data_folder
        >>> Forms.load(data_folder() / "lexicon").of("demand", "v")
        {'VB': 'demand', 'VBZ': 'demands', 'VBD': 'demanded', 'VBN': 'demanded', 'VBG': 'demanding'}
        """
        cell = self.rows.get((lemma, word_class))
        if cell is None:
            return {}
        forms = {PLAIN_TAG[word_class]: lemma}
        for pair in cell.split():
            tag, _, form = pair.partition("=")
            forms[tag] = form
        return forms


def frequencies(lang: str = "en") -> Mapping[str, float]:
    """Share of each word among running words, from wordfreq's large list. Read once a process by wordfreq itself.

    A language that wordfreq does not have is read as the nearest that it has; LookupError where none is near.
    """
    import wordfreq  # heavy: imported when the first repair needs it

    return MappingProxyType(wordfreq.get_frequency_dict(lang, wordlist="best"))


def languages() -> frozenset[str]:
    """The languages whose words are known, by the codes of wordfreq ("de", "zh")."""
    import wordfreq

    return frozenset(wordfreq.available_languages("best"))


def is_word(folded: str, lang: str = "en") -> bool:
    """Whether a word that is too rare for the context model's vocabulary is one all the same."""
    return folded in frequencies(lang)


def fold(word: str) -> str:
    """The spelling by which tables are searched: NFC, lower case, straight apostrophe."""
    plain = word.lower()
    if plain.isascii():
        return plain
    return unicodedata.normalize("NFC", plain.replace("’", "'").replace("ʼ", "'"))


# Words whose first letter misleads: a silent h; a vowel letter that sounds as "y" (unit, European, ewe) or "w" (one).
_SILENT_H = regex.compile(r"(?:hour|honest|honou?r|heir|herb)(?!s?d)", regex.I)
_CONSONANT_SOUND = regex.compile(
    r"(?:eu|ewe|ewer|one(?!\w)|once|ones|oneself|ubi|uni(?!m|n)"
    r"|u(?=[bcfhjkqrstlnm][aeiou])(?!n(?:[aeo]|im|in|is[^oe])|nu|mi|mo|lt))",
    regex.I,
)
# What is spoken first, and the numbers 11 and 18, also as the first part of 11.5 or 18th.
_TO_HYPHEN = regex.compile(r"[^\s\-‐‑]+")
_ELEVEN = regex.compile(r"1[18](?!\d)")

# Letters whose names begin with a vowel sound: an X, an FBI agent.
_VOWEL_LETTERS = frozenset("AEFHILMNORSX")

# Capitals are read letter by letter where they cannot be spoken as a word: no vowel after the first letter (DVD), or
# two first consonants that begin no English word (FBI, MRI, NGO). These few could be spoken and are not.
_LONGEST_INITIALS = 5
_UNSPEAKABLE = regex.compile(
    r"[A-Z]?[^AEIOUY]*|(?!(?:[BCFGKPS]L|[BCDFGPTW]R|[CGPSTW]H|S[CKMNPQTW]|[DT]W|KN|PS|QU)\w)[^AEIOU]{2}.*|[A-Z]{2}"
)
_SPELLED = frozenset("FAO HIV LED MIT NIH RAF SOS SUV".split())
# The U is the letter's name although the rest is spoken as a word.
_SPOKEN_U = frozenset("UEFA UFO UNESCO UNICEF".split())


@lru_cache(maxsize=1 << 14)
def article(word: str) -> str:
    """ "a" or "an", as English spelling and common pronunciation of `word` ask.

    >>> [article(word) for word in ("error", "mistake", "hour", "unit", "unusual", "FDA", "one", "NATO")]
    ['an', 'a', 'an', 'a', 'an', 'an', 'a', 'a']
    """
    match = _TO_HYPHEN.match(word)
    if match is None:
        return "a"
    first = match.group()
    if first[0].isdigit():
        # eight, eleven, eighteen, eighty begin with a vowel sound
        return "an" if first[0] == "8" or _ELEVEN.match(first) else "a"
    if len(first) == 1 or (first.isupper() and _is_spelled(first)):
        return "an" if first[0].upper() in _VOWEL_LETTERS else "a"
    if first in _SPOKEN_U:
        return "a"
    if _SILENT_H.match(first):
        return "an"
    if first[0].lower() not in "aeiouàáâäåæèéêëìíîïòóôöøœùúûü":
        return "a"
    return "a" if _CONSONANT_SOUND.match(first) else "an"


def _is_spelled(capitals: str) -> bool:
    return capitals in _SPELLED or (len(capitals) <= _LONGEST_INITIALS and _UNSPEAKABLE.fullmatch(capitals) is not None)


def in_case_of(wording: str, model: str, *, opens_sentence: bool, alone: bool) -> str:
    """`wording` with the letter case of `model`, the text that it replaces.

    opens_sentence: the first word's capital belongs to the sentence and is kept.
    alone: the neighbours are in lower case, so that a capital inside a sentence is damage and is dropped.
    Wordings that have capitals of their own keep them.
    """
    if not wording or wording != wording.lower():
        return wording
    letters = [letter for letter in model if letter.isalpha()]
    if len(letters) > 1 and all(letter.isupper() for letter in letters):
        return wording.upper() if not alone else wording
    if not letters or not letters[0].isupper():
        return wording
    if opens_sentence:
        return wording[0].upper() + wording[1:]
    if alone:
        return wording
    parts = regex.findall(r"\w+", model)
    if len(parts) > 1 and all(part[0].isupper() for part in parts if len(part) > 3):
        return regex.sub(r"\b\w", lambda match: match.group().upper(), wording)
    return wording[0].upper() + wording[1:]


def broken_like(wording: str, model: str) -> str:
    """`wording` with the line break that `model`, the text that it replaces, has between two of its words, so that a
    hard-wrapped text keeps its lines. One word cannot be broken.

    >>> broken_like("due to an", "as a result\\nof an")
    'due\\nto an'
    """
    gaps = regex.findall(r"\s+", model)
    breaks = [number for number, gap in enumerate(gaps) if "\n" in gap]
    words = wording.split(" ")
    if not breaks or len(words) < 2:
        return wording
    # as far from the end as it was, so that the words after it stay on their line
    place = max(len(words) - (len(gaps) - breaks[0]), 1)
    broken: str = " ".join(words[:place]) + gaps[breaks[0]] + " ".join(words[place:])
    return broken
