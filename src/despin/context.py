"""How natural is this word here: log probabilities of one wording against another in its context.

Start reading at `Window` and `ContextModel`: a window is a slot with its neighbours and two or more wordings for it,
and a context model gives each wording a natural log probability, so that differences are log odds in nats.
`NgramContext` is the model that ships with the package, an interpolated back-off trigram over
`data/lexicon/words.txt`; whole documents use its faster methods on word numbers, `sequence` and `rows`. `Vocabulary`
turns words into those numbers.

The n-grams lie in one static hash table (`FuseLayout`), a binary fuse table after Graf and Lemire, "Binary fuse
filters: fast and smaller than xor filters" (2022): each n-gram owns three slots, and the exclusive or of what stands in
them is a 24-bit fingerprint and an 8-bit value. That costs 4.5 bytes an n-gram and three reads; an n-gram that is not
in the table is taken for one that is once in 17 million times. With 16 bits (once in 65,536) a document's worth of
candidates would meet an n-gram out of thin air every few pages. `scripts/build_context.py` makes the tables and says
from what.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
KeyArray = npt.NDArray[np.uint64]

# The word number that means "no word here": beyond the edge of what is known. As history it shortens the context.
PADDING: Final = -1

# A sentence boundary, as written in `Window.left` and `Window.right`.
SENTENCE_BOUNDARY: Final = ""

# Log probabilities are rounded to this many decimals before anyone compares them: sums of the same table values must
# give the same decision on every processor.
DECIMALS: Final = 4

# What an n-gram's value is: the probability of its last word, or the back-off weight of the whole as a history. The
# kind is part of the key, so that one table holds all three.
BIGRAM: Final = 0
TRIGRAM: Final = 1
BACKOFF: Final = 2

# Bits of one word number in a key: 2**17 = 131,072 holds the 100,000 words and the three special numbers.
WORD_BITS: Final = 17

_GRAMS_FILE = "ngrams.table.npy"
_UNIGRAMS_FILE = "ngrams.unigrams.npy"
_ABOUT_FILE = "ngrams.json"
_FORMAT = "despin.ngrams/1"

# How a 32-bit entry is divided: the value in the low bits, the fingerprint above it.
VALUE_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class Window:
    """A slot in a text: the words before it (the nearest last), the wordings for it, the words after it.

    Words are written as in running text; `""` is a sentence boundary. Marks that touch a word may be left on it: models
    that read letters use them, to the n-grams such a word is unknown. Nothing known is `()`.
    """

    left: tuple[str, ...]
    wordings: tuple[tuple[str, ...], ...]
    right: tuple[str, ...]


class ContextModel(Protocol):
    """Anything that can say how natural wordings are in their context."""

    name: str

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        """For each window one array: ln p(wording and the words after it | the words before it), rounded to 1e-4.

        Differences within one array are log odds in nats; values of different windows are not comparable.
        """
        ...


# Words that are a class of their own: those of which sentences are built.
OWN_CLASS = 300

# What the other words end in, longer endings before those that they end in: kinds of nouns, verbs and adjectives.
ENDINGS = "ing ed ly tion ment ness ity al ive ous ic ful less able er est ies es s en y a o".split()


class Vocabulary:
    """The words that the tables know, by number: the line of `words.txt`, counted from 0, most frequent first.

    Three numbers follow the words: `unknown`, `number` (anything with a digit) and `boundary` (start or end of a
    sentence).
    """

    __slots__ = ("__dict__", "_ids", "boundary", "number", "unknown", "words")

    def __init__(self, words: Sequence[str]) -> None:
        if len(words) + 3 > 1 << WORD_BITS:
            raise ValueError(f"{len(words)} words do not fit: word numbers have {WORD_BITS} bits; shorten the list")
        self.words = tuple(words)
        self.unknown = len(self.words)
        self.number = self.unknown + 1
        self.boundary = self.unknown + 2
        self._ids = dict(zip(self.words, range(len(self.words)), strict=True))
        self._ids[SENTENCE_BOUNDARY] = self.boundary

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a list of words, one a line. Raises FileNotFoundError with advice if it is not there."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise FileNotFoundError(f"no word list at {path}; build it with scripts/build_vocabulary.py") from None
        return cls(text.split())

    def __len__(self) -> int:
        """How many word numbers there are, the three special ones included."""
        return self.boundary + 1

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """What `classes` tells apart: the most frequent words one by one, all others by their endings."""
        endings = (f"-{ending}" for ending in ENDINGS)
        return (*self.words[:OWN_CLASS], *endings, "(other)", "(unknown)", "(number)", "(stop)")

    @cached_property
    def classes(self) -> IntArray:
        """The class of each word number, an index of `class_names`."""
        own = min(OWN_CLASS, len(self.words))
        other = own + len(ENDINGS)
        classes = np.full(len(self), other, np.int64)
        classes[:own] = np.arange(own)
        rest = np.array(self.words[own:], np.str_)
        lengths = np.char.str_len(rest) if len(rest) else np.zeros(0, np.int64)
        for number in reversed(range(len(ENDINGS))):
            ending = ENDINGS[number]
            classes[own : len(self.words)][np.char.endswith(rest, ending) & (lengths > len(ending) + 2)] = own + number
        classes[[self.unknown, self.number, self.boundary]] = other + 1 + np.arange(3)
        return classes

    def id(self, word: str) -> int:
        """The number of one word: case and the shape of the apostrophe do not matter.

        A token with a digit is `number`, "" is `boundary`, a possessive that is not a word of its own is the word
        that it is formed from, anything else that is not listed is `unknown`.
        """
        known = self._ids.get(word)
        return known if known is not None else self._folded(word)

    def encode(self, words: Iterable[str]) -> IntArray:
        """The numbers of some words, as `id` gives them."""
        known = self._ids.get
        folded = self._folded
        numbers = [found if (found := known(word)) is not None else folded(word) for word in words]
        return np.array(numbers, dtype=np.int64)

    def _folded(self, word: str) -> int:
        # Curly to straight: the word list is written with the straight apostrophe.
        plain = word.lower().replace("\u2019", "'")
        # isnumeric is left out on purpose: Roman numerals and "½" have no digit and are read by the numeral rules.
        if any(letter.isdigit() for letter in plain):
            return self.number
        for form in (plain, plain.removesuffix("'s"), plain.rstrip("'")):
            if form in self._ids and form:
                return self._ids[form]
        return self.unknown


@dataclass(frozen=True, slots=True)
class FuseLayout:
    """Where the three slots of a key are: in `segments` + 2 stretches of `segment_length` (a power of two) slots."""

    seed: int
    segment_length: int
    segments: int

    @property
    def size(self) -> int:
        """How many slots there are."""
        return (self.segments + 2) * self.segment_length

    def slots(self, keys: KeyArray) -> tuple[tuple[IntArray, IntArray, IntArray], npt.NDArray[np.uint32]]:
        """The three slots of each key, and its fingerprint, in place for comparing it with an entry."""
        mixed = _mix(keys ^ np.uint64(self.seed))
        mask = np.uint64(self.segment_length - 1)
        # The high half of the hash, scaled to the table, is the first slot; the next two lie in the two stretches after
        # it, moved by other bits of the hash, so that a key's slots are near each other and the table peels in a wave.
        first = (mixed >> np.uint64(32)) * np.uint64(self.segments * self.segment_length) >> np.uint64(32)
        second = (first + np.uint64(self.segment_length)) ^ (mixed >> np.uint64(18) & mask)
        third = (first + np.uint64(2 * self.segment_length)) ^ (mixed & mask)
        fingerprints = (mixed ^ mixed >> np.uint64(32)).astype(np.uint32) & ~np.uint32((1 << VALUE_BITS) - 1)
        return (first.view(np.int64), second.view(np.int64), third.view(np.int64)), fingerprints


def _mix(keys: KeyArray) -> KeyArray:
    # The finaliser of splitmix64 (Steele, Lea and Flood 2014): every bit of the key moves every bit of the result.
    mixed: KeyArray = keys ^ keys >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def gram_keys(kind: int, older: IntArray, nearer: IntArray, word: IntArray | None = None) -> KeyArray:
    """One key an n-gram: `BIGRAM` and `BACKOFF` of two word numbers, `TRIGRAM` of three, oldest word first."""
    joined = older << WORD_BITS | nearer
    if word is not None:
        joined = joined << WORD_BITS | word
    keys: KeyArray = (joined | kind << 3 * WORD_BITS).view(np.uint64)
    return keys


class NgramContext:
    """The shipped context model: p(w | u, v) of an interpolated back-off trigram, by table look-up.

    p(w | u, v) is read from the table if the trigram is there; otherwise it is the back-off weight of (u, v), 1 if that
    is not there, times p(w | v), which is found in the same way. The probability of a word that is not in the
    vocabulary is that of one particular unknown word: the class's share divided by `unknown_types`. NUMBER and BOUNDARY
    are scored as classes. Nothing in an object changes after loading, so threads may share it.
    """

    name = "ngrams"

    __slots__ = (
        "_alone",
        "_backoffs",
        "_codebooks",
        "_layout",
        "_one_of_many",
        "_table",
        "_unigrams",
        "vocabulary",
    )

    def __init__(
        self,
        vocabulary: Vocabulary,
        layout: FuseLayout,
        table: npt.NDArray[np.uint32],
        unigrams: FloatArray,
        backoffs: FloatArray,
        codebooks: FloatArray,
        unknown_types: int,
    ) -> None:
        if table.shape != (layout.size,):
            raise ValueError(
                f"the n-gram table has {table.size} slots where {layout.size} are described: "
                "the files are from different builds; run scripts/build_context.py"
            )
        if unigrams.shape != (len(vocabulary),) or backoffs.shape != (len(vocabulary),):
            raise ValueError(
                f"the n-gram tables are for {unigrams.size} word numbers and the word list gives {len(vocabulary)}: "
                "rebuild them with scripts/build_context.py"
            )
        self.vocabulary = vocabulary
        self._layout = layout
        self._table = table
        self._unigrams = unigrams
        # One entry more, for PADDING (-1, so the last one): without a history there is nothing to back off from.
        self._backoffs = np.append(backoffs, 0.0)
        self._codebooks = codebooks
        self._one_of_many = -float(np.log(unknown_types))
        # PADDING as the word costs nothing
        self._alone = np.append(unigrams, 0.0)
        self._alone[vocabulary.unknown] += self._one_of_many

    @classmethod
    def load(cls, folder: Path, words: Path | None = None) -> NgramContext:
        """Open the tables in `folder`; the large one is memory-mapped, read-only.

        `words` is the word list, by default `../lexicon/words.txt` seen from `folder`. Raises FileNotFoundError for a
        missing file and ValueError for tables that do not belong together, each saying what to do.
        """
        about = _read_about(folder / _ABOUT_FILE)
        unigrams = np.asarray(_read_array(folder / _UNIGRAMS_FILE), dtype=np.float64)
        return cls(
            Vocabulary.load(words or folder.parent / "lexicon" / "words.txt"),
            FuseLayout(about["seed"], about["segment_length"], about["segments"]),
            _read_array(folder / _GRAMS_FILE, mapped=True),
            unigrams[0],
            unigrams[1],
            np.array([[low + step * byte for byte in range(256)] for low, step in about["codebooks"]]),
            about["unknown_types"],
        )

    def encode(self, words: Iterable[str]) -> IntArray:
        """The word numbers that `sequence`, `rows` and `log_prob` take."""
        return self.vocabulary.encode(words)

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        """See `ContextModel.log_probs`; of the words after the slot the first two count, none past a boundary."""
        table, last = _wording_rows(windows, self.vocabulary)
        scores = np.round(self.rows(table, _LEFT, last), DECIMALS)
        ends = np.cumsum([len(window.wordings) for window in windows], dtype=np.int64)
        return np.split(scores, ends[:-1]) if windows else []

    def sequence(self, ids: IntArray) -> FloatArray:
        """ln p(w_i | w_{i-2}, w_{i-1}) for each position of a text; what precedes the first position is not known."""
        padded = np.concatenate(([PADDING, PADDING], ids))
        return self.log_prob(padded[:-2], padded[1:-1], padded[2:])

    def alone(self, ids: IntArray) -> FloatArray:
        """ln p of each word where nothing is known of its neighbours, as `log_prob` gives it with PADDING before it."""
        return self._alone.take(ids, mode="wrap")

    def rows(self, ids: IntArray, first: int, last: int | IntArray) -> FloatArray:
        """For each row of word numbers the sum of ln p over its columns `first` to `last`, both included.

        `last` may differ from row to row. PADDING belongs at the ends of a row: it adds nothing, and as history it
        shortens the context.
        """
        columns = np.arange(first, ids.shape[1])
        wanted = (columns[None, :] <= np.reshape(last, (-1, 1))) & (ids[:, first:] != PADDING)
        padded = np.full((len(ids), ids.shape[1] + 2), PADDING, np.int64)
        padded[:, 2:] = ids
        row, column = np.nonzero(wanted)
        column += first
        terms = np.zeros(wanted.shape)
        terms[wanted] = self.log_prob(padded[row, column], padded[row, column + 1], padded[row, column + 2])
        # Column by column, so that the order of the additions, and with it the last bit, never changes.
        total = np.zeros(len(ids))
        for term in terms.T:
            total += term
        return total

    def log_prob(self, older: IntArray, nearer: IntArray, word: IntArray) -> FloatArray:
        """ln p(word | older, nearer), element by element; PADDING in the history means that the word is not known.

        A boundary hides what stands before it. A boundary after a boundary (an empty sentence) and PADDING as the word
        cost nothing.
        """
        scores = np.empty(len(word))
        for start in range(0, len(word), _CHUNK):
            part = slice(start, start + _CHUNK)
            scores[part] = self._log_prob(older[part], nearer[part], word[part])
        return scores

    def _log_prob(self, older: IntArray, nearer: IntArray, word: IntArray) -> FloatArray:
        boundary = self.vocabulary.boundary
        older = np.where((nearer == boundary) | (nearer == PADDING), PADDING, older)
        found, scores = self._look_up(TRIGRAM, gram_keys(TRIGRAM, older, nearer, word), older != PADDING)
        rest = np.flatnonzero(~found)
        older, nearer_rest, word_rest = older[rest], nearer[rest], word[rest]
        # both in one look-up: in a short text each step costs more than its arithmetic
        keys = np.concatenate((gram_keys(BACKOFF, older, nearer_rest), gram_keys(BIGRAM, nearer_rest, word_rest)))
        kinds = np.repeat((BACKOFF, BIGRAM), len(rest))
        found, values = self._look_up(kinds, keys, np.concatenate((older, nearer_rest)) != PADDING)
        weight, shorter, found = values[: len(rest)], values[len(rest) :], found[len(rest) :]
        single = self._backoffs[nearer_rest] + self._unigrams[word_rest]
        scores[rest] = weight + np.where(found, shorter, single)
        scores[word == self.vocabulary.unknown] += self._one_of_many
        scores[(word == PADDING) | (word == boundary) & (nearer == boundary)] = 0.0
        return scores

    def _look_up(
        self, kind: int | IntArray, keys: KeyArray, possible: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.bool_], FloatArray]:
        """Which keys are in the table, and their values; 0 where there is none. A key that is not `possible` is not."""
        (first, second, third), fingerprints = self._layout.slots(keys)
        # What is left of the entries after the fingerprint is taken out is the value, if the key is in the table.
        entries = self._table.take(first) ^ self._table.take(second) ^ self._table.take(third) ^ fingerprints
        found = (entries < 1 << VALUE_BITS) & possible
        values = np.where(found, self._codebooks[kind, entries & ((1 << VALUE_BITS) - 1)], 0.0)
        return found, values


# How many words of the left and right context the trigram can see.
_LEFT = 2
_RIGHT = 2

# Positions looked up at a time: the dozen temporary arrays then take a few megabytes however long the text is, and
# stay in the processor's cache, which measured 1.2 times as fast as a text of 600,000 words at once.
_CHUNK = 32_768


def _wording_rows(windows: Sequence[Window], vocabulary: Vocabulary) -> tuple[IntArray, IntArray]:
    """One row of word numbers for each wording of each window, the slot from column `_LEFT`; each row's last column."""
    rows: list[list[int]] = []
    last: list[int] = []
    for window in windows:
        left = [vocabulary.id(word) for word in window.left[-_LEFT:]]
        left = [PADDING] * (_LEFT - len(left)) + left
        right = [vocabulary.id(word) for word in window.right[:_RIGHT]]
        if vocabulary.boundary in right:
            right = right[: right.index(vocabulary.boundary) + 1]
        for wording in window.wordings:
            row = left + [vocabulary.id(word) for word in wording] + right
            rows.append(row)
            last.append(len(row) - 1)
    table = np.full((len(rows), max(map(len, rows), default=_LEFT)), PADDING, dtype=np.int64)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table, np.array(last, dtype=np.int64)


def _read_about(path: Path) -> dict[str, Any]:
    """The description of the tables. Raises FileNotFoundError or ValueError with advice."""
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"no context tables at {path}; build them with scripts/build_context.py") from None
    if about.get("format") != _FORMAT:
        raise ValueError(f"{path} has the format {about.get('format')!r}, this version reads {_FORMAT!r}: rebuild it")
    return about


def _read_array(path: Path, mapped: bool = False) -> npt.NDArray[Any]:
    """One table, read-only. Raises FileNotFoundError with advice."""
    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f"no context table at {path}; build it with scripts/build_context.py") from None
    # A plain array over the same memory: indexing numpy's memmap class builds a memmap each time, which is slow.
    plain: npt.NDArray[Any] = np.asarray(array)
    plain.flags.writeable = False
    return plain
