"""How likely is word b after word a, for any two of the 100,000 words: a dense table distilled from a language model.

    ln p(b | a) = left(a) . right(first token of b) + bias(b) - log_z(a)

left and right are vectors of 384 columns in 2 or 4 bits each, so the whole table of 10**10 pairs takes 18 MB. Words are
numbers: their line in `data/lexicon/words.txt`, counted from 0. `scripts/distil_dense.py` makes the files and says how.
Start reading at `DenseBigrams.log_prob`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Int8Array = npt.NDArray[np.int8]
ByteArray = npt.NDArray[np.uint8]
SingleArray = npt.NDArray[np.float32]

# Lloyd-Max levels of a normal distribution (Max 1960, table I), in units of 1 / UNIT standard deviations: the values
# that a code of 4 and of 2 bits can stand for. Whole numbers, so that unpacked vectors take one byte a column.
UNIT: Final = 46
LEVELS_4: Final[Int8Array] = np.array(
    [-126, -95, -74, -58, -43, -30, -18, -6, 6, 18, 30, 43, 58, 74, 95, 126], dtype=np.int8
)
LEVELS_2: Final[Int8Array] = np.array([-69, -21, 21, 69], dtype=np.int8)

# One record a word: the row of its first token in the right table, and its bias, log_z and ln p as the first word of a
# text, see the module's formula.
WORD_RECORD: Final = np.dtype([("right", "<u2"), ("bias", "<f4"), ("log_z", "<f4"), ("start", "<f4")])

LEFT_FILE: Final = "dense.left.npy"
RIGHT_FILE: Final = "dense.right.npy"
SCALE_FILE: Final = "dense.scale.npy"
WORDS_FILE: Final = "dense.words.npy"

# Pairs worked on at a time: their unpacked vectors then stay in the processor's second cache (512 pairs, 2 MB).
_CHUNK: Final = 512

# Rows of the right table turned to floats at a time in `followers`, for the same reason.
_ROWS: Final = 1024


def unpack(packed: ByteArray, columns: int) -> Int8Array:
    """Levels [rows, columns] of packed rows: first the 4-bit columns, two a byte, then the 2-bit ones, four a byte.

    How many are of which kind follows from the width of a row. Within a byte the first column is in the low bits.
    """
    fine_bytes = (4 * packed.shape[1] - columns) // 2
    codes = np.arange(256, dtype=np.uint8)[:, None]
    pairs = LEVELS_4[codes >> np.array([0, 4], dtype=np.uint8) & 15].view(np.uint16)[:, 0]
    quads = LEVELS_2[codes >> np.array([0, 2, 4, 6], dtype=np.uint8) & 3].view(np.uint32)[:, 0]
    levels = np.empty((len(packed), columns), dtype=np.int8)
    levels[:, : 2 * fine_bytes] = pairs.take(packed[:, :fine_bytes]).view(np.int8)
    levels[:, 2 * fine_bytes :] = quads.take(packed[:, fine_bytes:]).view(np.int8)
    return levels


# `similar` looks among this many of the most frequent words unless told otherwise: spinners replace common wordings.
COMMON: Final = 30_000


class DenseBigrams:
    """The dense bigram table. Nothing in an object changes after loading, so threads may share it."""

    __slots__ = ("_bias", "_left", "_log_z", "_norm", "_right", "_right_of", "_scale", "_start")

    def __init__(self, left: ByteArray, right: ByteArray, scale: SingleArray, words: npt.NDArray[Any]) -> None:
        """The four arrays of the files, see `load`; raises ValueError where they do not belong together."""
        columns = len(scale)
        fits = (
            words.dtype == WORD_RECORD
            and len(words) == len(left)
            and int(words["right"].max()) < len(right)
            # 2 to 4 bits a column, see `unpack`.
            and all(columns <= 4 * side.shape[1] <= 2 * columns for side in (left, right))
        )
        if not fits:
            raise ValueError(
                f"the dense tables do not belong together (left {left.shape}, right {right.shape}, {columns} columns, "
                f"{len(words)} words): reinstall despin, or run scripts/distil_dense.py"
            )
        self._left = unpack(left, columns)
        self._right = unpack(right, columns)
        self._scale = scale
        self._right_of = words["right"].astype(np.int64)
        self._bias = words["bias"].astype(np.float64)
        self._log_z = words["log_z"].astype(np.float64)
        self._start = words["start"].astype(np.float64)
        self._norm = self._norms()

    @classmethod
    def load(cls, folder: Path) -> DenseBigrams:
        """Read the four files in `folder` (18 MB) and unpack them (50 MB of memory, .1 s).

        Raises FileNotFoundError for a missing file and ValueError for files that do not belong together, each saying
        what to do.
        """
        return cls(*(_read(folder / name) for name in (LEFT_FILE, RIGHT_FILE, SCALE_FILE, WORDS_FILE)))

    def __len__(self) -> int:
        """How many words there are; their numbers are 0 to this less one."""
        return len(self._left)

    def log_prob(self, a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
        """ln p(word b | the word before it is a), element by element (float64; natural logarithms).

        For every a the probabilities of all words of the vocabulary add up to 1: words outside it, numbers and the end
        of the sentence have no share. Raises IndexError for a number that is not in the vocabulary.
        """
        previous, word = np.broadcast_arrays(self._checked(a), self._checked(b))
        shape = previous.shape
        previous, word = previous.ravel(), word.ravel()
        row = self._right_of[word]
        scores = np.empty(len(word), dtype=np.float64)
        for start in range(0, len(word), _CHUNK):
            part = slice(start, start + _CHUNK)
            left = self._left.take(previous[part], axis=0) * self._scale
            scores[part] = np.einsum("ij,ij->i", left, self._right.take(row[part], axis=0).astype(np.float32))
        scores += self._bias[word]
        scores -= self._log_z[previous]
        return scores.reshape(shape)

    def log_start(self, b: npt.ArrayLike) -> FloatArray:
        """ln p(word b | nothing is known of what stands before it), as the teacher's prompts gave it."""
        return self._start[self._checked(b)]

    def followers(self, a: int, n: int = 20) -> tuple[IntArray, FloatArray]:
        """The n likeliest words after word a, best first (ties: the more frequent word), and their ln p."""
        previous = int(self._checked(a))
        left = self._left[previous] * self._scale
        dots = np.empty(len(self._right), dtype=np.float64)
        for start in range(0, len(dots), _ROWS):
            dots[start : start + _ROWS] = self._right[start : start + _ROWS].astype(np.float32) @ left
        scores = dots[self._right_of] + self._bias - self._log_z[previous]
        best = _best(scores[None], n)[0]
        return best, scores[best]

    def similarity(self, a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
        """How alike are the words that may follow a and b: the cosine of their left vectors, -1 to 1, by element.

        Raises IndexError for a number that is not in the vocabulary.
        """
        one, other = np.broadcast_arrays(self._checked(a), self._checked(b))
        shape = one.shape
        one, other = one.ravel(), other.ravel()
        cosines = np.empty(len(one), dtype=np.float64)
        for start in range(0, len(one), _CHUNK):
            part = slice(start, start + _CHUNK)
            left = self._left.take(one[part], axis=0) * self._scale
            cosines[part] = np.einsum("ij,ij->i", left, self._left.take(other[part], axis=0).astype(np.float32))
        cosines /= self._norm[one] * self._norm[other]
        return cosines.reshape(shape)

    def similar(self, a: npt.ArrayLike, n: int = 20, among: int = COMMON) -> tuple[IntArray, FloatArray]:
        """For each of the words a, the n most similar of the `among` most frequent words, best first, without itself.

        Returns word numbers and cosines, [words, n] each. Many words at once are much faster than one at a time.
        """
        wanted = np.atleast_1d(self._checked(a))
        among = min(among, len(self))
        n = min(max(n, 0), among - 1)
        queries = (self._left.take(wanted, axis=0) * self._scale).T
        cosines = np.empty((len(wanted), among), dtype=np.float64)
        for start in range(0, among, _ROWS):
            rows = self._left[start : min(start + _ROWS, among)].astype(np.float32)
            cosines[:, start : start + len(rows)] = (rows @ queries).T
        cosines /= self._norm[wanted][:, None] * self._norm[:among]
        cosines[wanted[:, None] == np.arange(among)] = -2.0  # below every cosine: itself is never among the n
        best = _best(cosines, n)
        return best, np.take_along_axis(cosines, best, axis=1)

    def _norms(self) -> FloatArray:
        """The length of each left vector in the metric of the scores."""
        squares = np.empty(len(self._left), dtype=np.float64)
        for start in range(0, len(squares), _ROWS):
            rows = self._left[start : start + _ROWS].astype(np.float32)
            squares[start : start + _ROWS] = np.einsum("ij,ij->i", rows * self._scale, rows)
        return np.sqrt(squares)

    def _checked(self, words: npt.ArrayLike) -> IntArray:
        numbers = np.asarray(words, dtype=np.int64)
        if numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(self):
            raise IndexError(
                f"word numbers must be 0 to {len(self) - 1}, got {numbers.min()} to {numbers.max()}; "
                "words outside the vocabulary have no row, score them otherwise"
            )
        return numbers


def _best(scores: FloatArray, n: int) -> IntArray:
    """The columns of the n highest scores of each row, best first; equal to 4 decimals: the lower column first.

    Rounded, so that another processor's arithmetic gives the same order.
    """
    columns = scores.shape[1]
    n = min(max(n, 0), columns)
    # Whole numbers that are all different: the score first, then the column.
    keys = np.arange(columns) - np.round(scores * 10_000).astype(np.int64) * columns
    best = np.argpartition(keys, max(n - 1, 0), axis=1)[:, :n]
    order = np.argsort(np.take_along_axis(keys, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1).astype(np.int64)


def _read(path: Path) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"no dense context table at {path}; reinstall despin, or build it with scripts/distil_dense.py"
        ) from None
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is damaged ({error}); reinstall despin, or run scripts/distil_dense.py") from None
    return array
