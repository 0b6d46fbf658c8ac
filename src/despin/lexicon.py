"""What is a word for a reader of scans: word lists by how sure they are. Start reading at `Lexicon.tiers`.

Most words of a text are settled by one look-up in a frozen set; endings such as 's, old 'd and n't are taken off only
from what was not found. `scripts/build_lexicon.py` makes the lists and says from what.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
import regex

from despin.tables import TableError, read_text
from despin.words import fold


class Tier(IntEnum):
    """How sure it is that a string is a word as it stands."""

    WORD = 0  # in the lists that no one doubts
    RARE = 1  # a word, but so rare that a misreading may happen to be one: "bis" for "his"
    NAME = 2  # a name, with its capital; an initial; a Roman numeral
    UNKNOWN = 3  # in no list


# Endings that make no new word. Old print writes 'd for ed.
_ENDING = regex.compile(r"(?:n't|'(?:s|d|ll|ve|re|m|t|st))$|'$")

# Numerals of up to 3999, in one case.
_ROMAN = regex.compile(r"(?=[ivxlcdm])m{0,3}(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,4}|iij|ij)")

# Words of one and two letters are only those of the hand-written list; the others hold every pair.
SHORT = 2

# The lists have no accents. Longer words than this are words with them too (naïve, rôle, Zürich); shorter ones are
# mostly misread ("thé", "oí").
LONGEST_UNACCENTED = 3


# Words of up to this many letters have no old spelling that is not another word as well.
LONGEST_MODERN = 3

# An e that is silent now, and the consonant that was doubled before it: owne, goodnesse, shippe. Not after letters that
# are followed by a misread one as often ("thee", "thoe").
_OLD_ENDING = regex.compile(r"([bdfgklmnprtwh])\1?e$|(?<=s)se$")

# easie, countrey
_OLD_Y = regex.compile(r"(?:ie|ey)$")


# Six in ten texts of before 1800 have more old spellings than this among their words, one in twenty of later ones does.
OLD_SHARE = 0.008

# call'd, fix'd, but not he'd, who'd; 'tis loses its apostrophe to the tokenizer.
_ELIDED = regex.compile(r"(?<!^(?:i|he|she|it|we|you|they|who|that|there|how))'d$|^'?t(?:is|was)$")

_ELIDED_WHOLE = frozenset("tis twas 'tis 'twas".split())


def unaccented(word: str) -> str:
    """A word without the marks above and below its letters."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


# Strings whose tier is remembered: the same names and misreadings come in one document after another.
REMEMBERED = 1 << 16


def _folded(string: str) -> str:
    folded = fold(string)
    # long s and ligatures are letters of old print, no misreadings
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


class Lexicon:
    """Lists of words, by tier. Nothing that is said changes after loading; what was asked before is remembered."""

    __slots__ = ("_capitalised", "_names", "_rare", "_remembered", "_words", "own")

    def __init__(
        self,
        words: Iterable[str],
        rare: Iterable[str],
        names: Iterable[str],
        abbreviations: Iterable[str],
        own: Iterable[str] = (),
    ) -> None:
        """All lower-case, but the abbreviations and the user's own words: those with a capital are words with that
        capital only."""
        self.own = frozenset(own)
        self._remembered: dict[str, int] = {}
        listed = [*abbreviations, *self.own]
        plain = [word for word in listed if word == word.lower()]
        self._words = frozenset([*words, *plain])
        self._rare = frozenset(rare)
        self._names = frozenset(names)
        self._capitalised = frozenset(word.lower() for word in listed if word != word.lower())

    @classmethod
    def load(cls, folder: Path, vocabulary: Sequence[str], own: Sequence[str] = ()) -> Lexicon:
        """Read the lists of `folder`; its ``tiers.txt`` says of each word of `vocabulary` in which it belongs.

        own: further words; one with a capital is a word with that capital only. Raises TableError naming the file.
        """
        words, rare, names, abbreviations = (
            read_list(folder / f"{name}.txt") for name in ("words", "rare", "names", "abbreviations")
        )
        path = folder / "tiers.txt"
        letters = "".join(read_list(path))
        if len(letters) != len(vocabulary):
            raise TableError(
                f"{path}: {len(letters)} letters for {len(vocabulary)} words: build it again, scripts/build_lexicon.py"
            )
        of = {
            letter: [word for word, its in zip(vocabulary, letters, strict=True) if its == letter] for letter in "wrnb"
        }
        return cls([*words, *of["w"]], [*rare, *of["r"], *of["b"]], [*names, *of["n"], *of["b"]], abbreviations, own)

    def tiers(self, strings: Sequence[str]) -> npt.NDArray[np.int8]:
        """The tier of each string, as it stands."""
        words, known = self._words, self._remembered
        found = [0 if s in words else known[s] if s in known else self._remember(s) for s in strings]
        return np.array(found, np.int8)

    def tier(self, string: str) -> Tier:
        """The tier of one string, as it stands.

        >>> lexicon = Lexicon(["word", "shew"], ["bis"], ["smith"], ["a", "Mr"])
        >>> [lexicon.tier(s).name for s in ("Words'", "word's", "Smith", "smith", "mr", "XIV", "bis")]
        ['UNKNOWN', 'WORD', 'NAME', 'UNKNOWN', 'UNKNOWN', 'NAME', 'RARE']
        """
        return Tier.WORD if string in self._words else Tier(self._tier(string))

    def is_word(self, string: str) -> bool:
        """Whether the tier of a string is `Tier.WORD`."""
        if string in self._words:
            return True
        folded = _folded(string)
        plain = _ENDING.sub("", folded)
        # determin'd stands for determined: the e is lost with the ending
        forms = (folded,) if plain == folded or len(plain) < 2 else (folded, plain, plain + "e")
        return not self._words.isdisjoint(forms)

    def _remember(self, string: str) -> int:
        if len(self._remembered) >= REMEMBERED:
            # a new object: another thread may still be reading the old one
            self._remembered = {}
        known = self._remembered[string] = self._tier(string)
        return known

    def _tier(self, string: str) -> int:
        folded = _folded(string)
        known = self._look_up(folded, string[0].isupper() if string else False)
        if known == Tier.UNKNOWN:
            plain = _ENDING.sub("", folded)
            if plain != folded and len(plain) > 1:
                known = min(self._look_up(plain, string[0].isupper()), self._look_up(plain + "e", False))
        if known == Tier.UNKNOWN and not folded.isascii() and len(folded) > LONGEST_UNACCENTED:
            known = Tier.RARE if self._look_up(unaccented(folded), False) != Tier.UNKNOWN else known
        if known == Tier.UNKNOWN and len(folded) > LONGEST_MODERN and self.is_old_spelling(folded):
            return Tier.RARE
        if known == Tier.UNKNOWN and (string.isupper() or string.islower()) and _ROMAN.fullmatch(folded):
            return Tier.NAME
        return known

    def is_old_spelling(self, folded: str) -> bool:
        """Whether a word is one of the lists in a spelling of before 1700: haue, vpon, wyth, whiche, goodnesse.

        Engines seldom make such letters of the modern ones, and old spelling is never modernised.
        """
        plain = folded.replace("vv", "w")
        spellings = {plain, plain.replace("u", "v"), plain.replace("v", "u"), plain.replace("y", "i")}
        if plain[0] in "vi":
            spellings.add({"v": "u", "i": "j"}[plain[0]] + plain[1:])
        spellings.add(_OLD_Y.sub("y", plain))
        spellings |= {_OLD_ENDING.sub(r"\1", spelling) for spelling in spellings}
        return not self._words.isdisjoint(spellings - {folded})

    def is_old(
        self, folded: Sequence[str], tiers: npt.NDArray[np.int8], type_ids: npt.NDArray[np.int32], words: int
    ) -> bool:
        """Whether a text has the spelling of before 1800.

        folded, tiers: its distinct strings and their tiers, UNKNOWN for what is no word. type_ids: which of them each
        token is. words: how many words it has.
        """
        old = np.zeros(len(folded), np.bool_)
        for i in np.flatnonzero(tiers == Tier.RARE).tolist():
            old[i] = self.is_old_spelling(folded[i])
        for i, word in enumerate(folded):
            if (word.endswith("'d") or word in _ELIDED_WHOLE) and tiers[i] < Tier.UNKNOWN:
                old[i] |= _ELIDED.search(word) is not None
        return int(old[type_ids].sum()) > OLD_SHARE * words

    def _look_up(self, folded: str, capital: bool) -> int:
        if folded in self._words:
            return Tier.WORD
        if capital and folded in self._capitalised:
            return Tier.NAME
        if len(folded) <= SHORT:
            # an initial
            return Tier.NAME if capital and len(folded) == 1 else Tier.UNKNOWN
        if folded in self._rare:
            return Tier.RARE
        if capital and folded in self._names:
            return Tier.NAME
        return Tier.UNKNOWN

    @property
    def likely(self) -> list[tuple[str, bool]]:
        """The words that a misread word may have been, sorted, and whether each is one with a capital only."""
        names = (self._names | self._capitalised) - self._words
        return sorted([*((word, False) for word in self._words), *((word, True) for word in names)])


def read_list(path: Path) -> list[str]:
    """The words of a list: parted by white space, lines that start with ``#`` passed over. Raises TableError."""
    text = read_text(path)
    if "#" not in text:
        return text.split()
    return [word for line in text.split("\n") if not line.startswith("#") for word in line.split()]
