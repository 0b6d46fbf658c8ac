"""How OCR engines misread: what a misread word may have been, and ln p(what was read | what stood there).

A noisy channel after Kernighan, Church and Gale, "A spelling correction program based on a noisy channel model" (1990),
with confusions of one letter for two and two for one as in Brill and Moore, "An improved error model for noisy channel
spelling correction" (2000). The counts are in data/ocr/confusions_*.tsv, one table for each era of engines;
``python -m benchmarks.calibrate_ocr`` learns them. Start reading at `Channel.candidates`.

Candidates are found by one vectorised scan of the word list for each misread word: letters and pairs of letters of a
word are the bits of a signature, and words whose signatures differ in few bits are near. Only the best of the scan are
aligned exactly, many at a time. Nothing has to be built or kept but one signature a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from despin.tables import TableError, read_rows

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]

COLUMNS = ("true", "seen", "count", "of")

# How a blank is written in a cell, so that it is seen.
BLANK = "␣"

# Letters and the commonest misreadings of some have codes of their own, other digits and other marks one for all; 0 is
# what is none of these. Tables of three codes then fit the processor's cache.
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'013568}-"
OTHER_DIGITS, OTHER_MARKS = "2479", '.,;:!?"*^~|\\/<>«»()[]{=_+&%$£@#•■¬'
CODES = 64
# From the code of a small letter to that of its capital.
CAPITALS = np.uint8(26)

# ln p of what was never seen: one letter for a certain other one, one lost, one added. Half a count in the 1.2 million
# letters of the texts is 4e-7; rare engines and prints do worse than those.
NEVER_REPLACED, NEVER_LOST, NEVER_ADDED = -10.0, -9.5, -10.0

# The longest word that is looked for, and how much longer or shorter than what was read the original may be.
LONGEST = 20
LENGTHS = 2

# Candidates of the scan that are aligned, and how much of ln p(word) a differing bit of the signature outweighs.
# On misread words of the development data the scan then finds 84 in 100 of the originals that are words.
ALIGNED = 64
BIT_NATS = np.float32(1.6)

# Signatures of misread words and originals differ in at most so many bits: two edits touch four letters, six pairs.
MOST_BITS = 14

# Most of the best differ in at most so many bits. Those are ranked first: to be among the best in spite of more bits, a
# word must be commoner than most.
FEW_BITS = 10

# Strings whose candidates are remembered: the same misreadings come in one document after another.
REMEMBERED = 1 << 15

# Candidates of a string that are kept: of the originals that are found at all, 97 in 100 are among them.
MOST_CANDIDATES = 8

# Pairs aligned at a time, counted once an era: the arrays stay in the cache.
CHUNK = 4096


# True letters, seen letters, how often they were seen, of how many.
ConfusionRow = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may have stood there. nats: ln p(what was read | word), 0 for what is read as it stands."""

    word: str
    nats: float


class Confusions:
    """ln p(seen | true) of letters, as dense tables by letter codes. See `ALPHABET`."""

    __slots__ = ("added", "lost", "merged", "replaced", "split")

    def __init__(self, rows: Iterable[ConfusionRow]) -> None:
        self.replaced = np.full((CODES, CODES), NEVER_REPLACED, np.float32)
        np.fill_diagonal(self.replaced, 0.0)
        self.lost = np.full(CODES, NEVER_LOST, np.float32)
        self.added = np.full(CODES, NEVER_ADDED, np.float32)
        # two letters read as one, and one read as two: -inf where that was never seen, as two single edits cost less
        self.merged = np.full(CODES**3, -np.inf, np.float32)
        self.split = np.full(CODES**3, -np.inf, np.float32)
        # what differs in case only is taken for the same letter
        lower, upper = codes("abcdefghijklmnopqrstuvwxyz"), codes("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        self.replaced[lower, upper] = self.replaced[upper, lower] = SAME_LETTER
        shares: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
        for true, seen, count, of in rows:
            key = tuple(codes(true).tolist()), tuple(codes(seen).tolist())
            if all(key[0] + key[1]):
                shares[key] = shares.get(key, 0.0) + count / of
        for (t, s), share in shares.items():
            nats = np.float32(np.log(min(share, 1.0)))
            if (len(t), len(s)) == (1, 1) and t != s:
                self.replaced[t[0], s[0]] = max(nats, self.replaced[t[0], s[0]])
            elif (len(t), len(s)) == (1, 0):
                self.lost[t[0]] = max(nats, NEVER_LOST)
            elif (len(t), len(s)) == (0, 1):
                self.added[s[0]] = max(nats, NEVER_ADDED)
            elif (len(t), len(s)) == (2, 1):
                self.merged[(t[0] * CODES + t[1]) * CODES + s[0]] = nats
            elif (len(t), len(s)) == (1, 2):
                self.split[(t[0] * CODES + s[0]) * CODES + s[1]] = nats


def read_confusions(path: Path) -> list[ConfusionRow]:
    """The rows of a table of confusions. Raises TableError naming file and line."""
    rows = []
    for number, (true, seen, count, of) in read_rows(path, COLUMNS):
        try:
            row = true.replace(BLANK, " "), seen.replace(BLANK, " "), int(count), int(of)
        except ValueError:
            raise TableError(f"{path}:{number}: count and of must be whole numbers") from None
        if not 0 <= row[2] <= row[3] or not row[3]:
            raise TableError(f"{path}:{number}: seen {count} times of {of}; count is at most of, and of at least 1")
        rows.append(row)
    return rows


class Alignment:
    """ln p(seen | true) along the likeliest alignment, by each of some eras at once."""

    __slots__ = ("_added", "_lost", "_merged", "_replaced", "_split", "eras")

    def __init__(self, eras: Sequence[Confusions]) -> None:
        self.eras = len(eras)
        # shape (eras, entries)
        self._added, self._lost, self._replaced, self._merged, self._split = (
            np.array([getattr(era, name).ravel() for era in eras], np.float32)
            for name in ("added", "lost", "replaced", "merged", "split")
        )

    def nats(self, seen: ByteArray, seen_lengths: IntArray, true: ByteArray, true_lengths: IntArray) -> FloatArray:
        """One row a pair, one column an era. seen and true: codes, one word a row, padded with 0.

        The table of all prefixes is filled a row of prefixes of `seen` at a time, for all prefixes of `true` together.
        """
        pairs, width, height = len(seen), int(seen_lengths.max(initial=0)), int(true_lengths.max(initial=0))
        s, t = seen.T.astype(np.int32), true.T[:height].astype(np.int32)
        two_true = (t[:-1] * CODES + t[1:]) * CODES
        lost = self._lost.take(t, axis=1)
        table = np.full((width + 1, self.eras, height + 1, pairs), -np.inf, np.float32)
        table[0, :, 0] = 0.0
        for i in range(width + 1):
            best = table[i]
            if i:
                before, letter = table[i - 1], s[i - 1]
                np.add(before, self._added.take(letter, axis=1)[:, None], out=best)
                _raise(best[:, 1:], before[:, :-1] + self._replaced.take(t * CODES + letter, axis=1))
                _raise(best[:, 2:], before[:, :-2] + self._merged.take(two_true + letter, axis=1))
                if i > 1:
                    two = (t * CODES + s[i - 2]) * CODES + letter
                    _raise(best[:, 1:], table[i - 2][:, :-1] + self._split.take(two, axis=1))
            # a letter of `true` may be lost after what was just settled: one after another
            for j in range(height):
                _raise(best[:, j + 1], best[:, j] + lost[:, j])
        nats: FloatArray = table[seen_lengths, :, true_lengths, np.arange(pairs)]
        return nats


def _raise(best: FloatArray, other: FloatArray) -> None:
    """`best` becomes the greater of the two, element by element."""
    np.maximum(best, other, out=best)


# ln p of a letter in the other case: engines mix up s and S, w and W where nothing beside them tells the size.
SAME_LETTER = -5.0

_CODE_OF = np.zeros(256, np.uint8)
for _number, _letter in enumerate(ALPHABET, 1):
    _CODE_OF[ord(_letter)] = _number
for _code, _others in enumerate((OTHER_DIGITS, OTHER_MARKS), len(ALPHABET) + 1):
    # what Latin-1 lacks ("■") is read as a question mark there, which is one of them
    _CODE_OF[np.frombuffer(_others.encode("iso-8859-1", "replace"), np.uint8)] = _code


def codes(word: str) -> ByteArray:
    """The letter codes of a word; 0 for what is not of the alphabet."""
    coded: ByteArray = _CODE_OF[np.frombuffer(word.encode("iso-8859-1", "replace"), np.uint8)]
    return coded


def coded_rows(words: Sequence[str]) -> tuple[ByteArray, IntArray]:
    """The letter codes of some words, one a row, and their lengths."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    array = np.array(
        [word.encode("iso-8859-1", "replace") for word in words], f"S{max(int(lengths.max(initial=1)), 1)}"
    )
    return _CODE_OF[array.view(np.uint8).reshape(len(words), array.itemsize)], lengths


def signatures(coded: ByteArray) -> npt.NDArray[np.uint64]:
    """One bit for each letter that a row holds, whatever its case, and one of 38 for each pair of neighbours."""
    letters = _folded(coded).astype(np.uint64)
    signature = np.zeros(len(coded), np.uint64)
    before = np.zeros(len(coded), np.uint64)
    for column in letters.T:
        here = column > 0
        single = np.where(here & (column <= 26), np.uint64(1) << (column - np.uint64(here)), np.uint64(0))
        pair = np.uint64(1) << (np.uint64(26) + (before * np.uint64(29) + column * np.uint64(7)) % np.uint64(38))
        # the end of a word is a neighbour too
        signature |= single | np.where(here | (before > 0), pair, np.uint64(0))
        before = column
    last = np.uint64(1) << (np.uint64(26) + (before * np.uint64(29)) % np.uint64(38))
    signature |= np.where(before > 0, last, np.uint64(0))
    return signature


if hasattr(np, "bitwise_count"):

    def bit_count(numbers: npt.NDArray[np.uint64]) -> ByteArray:
        """How many bits of each number are set."""
        counted: ByteArray = np.bitwise_count(numbers)
        return counted

else:  # numpy before 2.0
    _BITS = np.array([bin(number).count("1") for number in range(1 << 16)], np.uint8)

    def bit_count(numbers: npt.NDArray[np.uint64]) -> ByteArray:
        """How many bits of each number are set."""
        parts = numbers.view(np.uint16).reshape(-1, 4)
        counted: ByteArray = _BITS[parts].sum(axis=1, dtype=np.uint8)
        return counted


def _folded(coded: ByteArray) -> ByteArray:
    """Codes with capitals as small letters, and all that is no letter as 27."""
    small = np.where((coded > 26) & (coded <= 52), coded - 26, coded)
    folded: ByteArray = np.where(small > 26, 27, small).astype(np.uint8)
    return folded


def _letter_nats(coded: ByteArray) -> FloatArray:
    """ln p(letter | the two before it) over some words; 0 is the edge of a word. Half a count is added to each."""
    padded = np.pad(_folded(coded).astype(np.int64), ((0, 0), (2, 1)))
    counts = np.full((28, 28, 28), 0.5)
    for column in range(padded.shape[1] - 2):
        three = padded[:, column : column + 3]
        held = (three[:, 1] > 0) | (three[:, 2] > 0)
        np.add.at(counts, tuple(three[held].T), 1.0)
    nats: FloatArray = np.log(counts / counts.sum(axis=2, keepdims=True)).astype(np.float32)
    return nats


class Channel:
    """The words that may have been misread, and how engines misread letters.

    Nothing that is said changes after loading; what was asked before is remembered."""

    def __init__(
        self, words: Sequence[str], capitalised: Sequence[bool], nats: Sequence[float], eras: Sequence[Confusions]
    ) -> None:
        """words: lower-case. capitalised: whether a word is one with a capital only. nats: ln p of each word."""
        fits = [i for i, word in enumerate(words) if len(word) <= LONGEST and word.isascii()]
        coded, lengths = coded_rows([words[i] for i in fits])
        order = np.argsort(lengths, kind="stable")
        self.words = [words[fits[i]] for i in order.tolist()]
        self._letters = _letter_nats(coded)
        self._coded, self._lengths = coded[order], lengths[order]
        self._nats = np.array([nats[i] for i in fits], np.float32)[order]
        names = np.array([capitalised[i] for i in fits], np.bool_)[order]
        marks = signatures(self._coded)
        # what is read in small letters was no name
        self._scans = [
            _Scan(numbers, self._lengths[numbers], marks[numbers], self._nats[numbers])
            for numbers in (np.flatnonzero(~names), np.arange(len(names)))
        ]
        self._alignment = Alignment(eras)
        self._remembered: dict[str, tuple[Candidate, ...]] = {}

    def candidates(self, seen: Sequence[str]) -> list[tuple[Candidate, ...]]:
        """For each misread word the words that it may have been, the likeliest first; in the case of what was read."""
        known = self._remembered
        new = [word for word in dict.fromkeys(seen) if word not in known and len(word) <= LONGEST + LENGTHS]
        found = dict(zip(new, self._candidates(new), strict=True))
        # what is too long to be a word has none
        result = [known[word] if word in known else found.get(word, ()) for word in seen]
        if len(known) + len(found) > REMEMBERED:
            # a new object: another thread may still be reading the old one
            known = self._remembered = {}
        known.update(found)
        return result

    def _candidates(self, seen: Sequence[str]) -> list[tuple[Candidate, ...]]:
        coded, lengths = coded_rows(seen)
        marks = signatures(coded)
        chosen = [self._near(word, int(marks[i]), int(lengths[i])) for i, word in enumerate(seen)]
        which = np.repeat(np.arange(len(seen)), [len(found) for found in chosen])
        found = np.concatenate([np.zeros(0, np.int64), *chosen])
        all_capitals = np.fromiter(map(in_capitals, seen), np.bool_, len(seen))
        capital = np.fromiter((string[:1].isupper() for string in seen), np.bool_, len(seen))
        true = self._in_case(found, all_capitals[which], capital[which])
        nats = self._aligned(coded[which], lengths[which], true, self._lengths[found])
        ranks = np.round(nats + self._nats[found], 3)
        order = np.lexsort((found, -ranks, which))
        heads = np.searchsorted(which, np.arange(len(seen) + 1))
        result = []
        for string, first, last in zip(seen, heads[:-1].tolist(), heads[1:].tolist(), strict=True):
            best = order[first : min(last, first + MOST_CANDIDATES)]
            wordings = in_case([self.words[number] for number in found[best].tolist()], string)
            of_each = nats[best].astype(np.float64).round(4).tolist()
            result.append(tuple(map(Candidate, wordings, of_each)))
        return result

    def unlike(self, word: str) -> float:
        """How unlike an English word a string's letters are: minus ln p a letter."""
        coded = np.concatenate([[0, 0], _folded(codes(word)), [0]]).astype(np.int64)
        nats = self._letters[coded[:-2], coded[1:-1], coded[2:]]
        return float(-nats.mean())

    def _in_case(
        self, numbers: IntArray, all_capitals: npt.NDArray[np.bool_], capital: npt.NDArray[np.bool_]
    ) -> ByteArray:
        """The letter codes of the words of these numbers, one a row, in the case that `in_case` gives them."""
        coded = self._coded[numbers]
        raised = np.where(coded - np.uint8(1) < CAPITALS, coded + CAPITALS, coded)
        whole = all_capitals & (self._lengths[numbers] > 1)
        coded[:, 0] = np.where(capital, raised[:, 0], coded[:, 0])
        return np.where(whole[:, None], raised, coded)

    def _aligned(self, seen: ByteArray, seen_lengths: IntArray, true: ByteArray, true_lengths: IntArray) -> FloatArray:
        """ln p(seen | true), row by row, by the likeliest era."""
        nats = np.full(len(seen), -np.inf, np.float32)
        # rows of like lengths together, so that short ones are not aligned over the width of long ones
        order = np.argsort(seen_lengths, kind="stable")
        size = max(CHUNK // max(self._alignment.eras, 1), 1)
        for start in range(0, len(order), size):
            part = order[start : start + size]
            by_era = self._alignment.nats(seen[part], seen_lengths[part], true[part], true_lengths[part])
            nats[part] = by_era.max(axis=1, initial=-np.inf)
        return nats

    def _near(self, word: str, signature: int, length: int) -> IntArray:
        """Numbers of the words that are worth aligning with a misread one."""
        return self._scans[word[:1].isupper()].near(signature, length)


class _Scan:
    """Some words by length, and which of them are nearest to a string by their signatures."""

    __slots__ = ("_by_nats", "_falling", "_nats", "_numbers", "_signatures", "_starts")

    def __init__(self, numbers: IntArray, lengths: IntArray, marks: npt.NDArray[np.uint64], nats: FloatArray) -> None:
        """numbers, lengths (rising), signatures and ln p of the words."""
        self._numbers, self._signatures, self._nats = numbers, marks, nats
        self._starts = np.searchsorted(lengths, np.arange(LONGEST + LENGTHS + 3)).tolist()
        self._by_nats = np.argsort(-nats, kind="stable")
        self._falling = -nats[self._by_nats]

    def near(self, signature: int, length: int) -> IntArray:
        """Numbers of the `ALIGNED` nearest words of about this length, rising."""
        first, last = max(length - LENGTHS, 1), min(length + LENGTHS, LONGEST)
        if first > last:
            return self._numbers[:0]
        start, stop = self._starts[first], self._starts[last + 1]
        bits = bit_count(self._signatures[start:stop] ^ np.uint64(signature))
        nats = self._nats[start:stop]
        near = np.flatnonzero(bits <= FEW_BITS)
        others = np.flatnonzero((bits > FEW_BITS) & (bits <= MOST_BITS)) if len(near) <= ALIGNED else None
        if others is None:
            least = -np.partition(BIT_NATS * bits[near] - nats[near], ALIGNED - 1)[ALIGNED - 1]
            # only words so common can do as well in spite of more bits
            common = int(np.searchsorted(self._falling, -(least + BIT_NATS * (FEW_BITS + 1)), side="right"))
            others = self._by_nats[:common] - start
            others = others[(others >= 0) & (others < stop - start)]
            of_others = bits[others]
            others = others[(of_others > FEW_BITS) & (of_others <= MOST_BITS)]
        near = np.concatenate([near, others])
        if len(near) > ALIGNED:
            near = near[np.argpartition(BIT_NATS * bits[near] - nats[near], ALIGNED)[:ALIGNED]]
        near.sort()
        found: IntArray = self._numbers[start + near]
        return found


def in_capitals(seen: str) -> bool:
    """Whether most of the letters of a string are capitals."""
    letters = [letter for letter in seen if letter.isalpha()]
    return len(letters) > 1 and 2 * sum(letter.isupper() for letter in letters) > len(letters)


def in_case(words: Iterable[str], seen: str) -> list[str]:
    """Lower-case words in the case of what was read: all capitals where most letters are, one where the first is."""
    if in_capitals(seen):
        return [word.upper() if len(word) > 1 else _like_first(word, seen) for word in words]
    return [_like_first(word, seen) for word in words]


def _like_first(word: str, seen: str) -> str:
    return word[:1].upper() + word[1:] if seen[:1].isupper() else word
