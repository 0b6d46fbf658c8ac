"""Synonym maps: which spun wording stands where which original stood, one TSV per family, usable in both directions.

Start reading at `Row` (one line of a table), then `MapIndex`, which finds the spun wordings of many rows in a text at
once: a trie over word numbers, walked by numpy for all positions of the text together. What it needs is plain arrays
(`compile_rows`), which ship ready made (`despin.compiled`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from despin.compiled import Parts, joined, parted
from despin.context import PADDING, FloatArray, NgramContext
from despin.reading import Reading
from despin.tables import TableError, read_lines, read_rows
from despin.tokens import Kind
from despin.words import Forms, fold

IntArray = npt.NDArray[np.int64]

COLUMNS = ("original", "spun", "pos", "family", "weight", "source", "keep_if", "note")

# Rounding of weights to three decimals may carry the sum of a wording's weights this far over 1.
ROUNDING = 0.005

# How a row inflects: its first word as a verb, its last as a noun, both single words as adjectives, or not at all.
POS = ("v", "n", "a", "x")

# Families as numbers: the two common ones, and the rare ones together. A user's own family is like the commonest.
PHRASE_REWRITER, WORD_FOR_WORD, OTHER_FAMILY = range(3)
FAMILY_CODES = {
    "phrase_rewriter": PHRASE_REWRITER,
    "word_for_word": WORD_FOR_WORD,
    "as_well": OTHER_FAMILY,
    "news_rewriter": OTHER_FAMILY,
    "round_trip": OTHER_FAMILY,
}

# The most frequent words, which stand in every text: that "the" stands elsewhere in a document says nothing of it.
FUNCTION_WORDS = 300

# No spinner's dictionary entry is longer; the context window of a wording is as wide.
LONGEST = 6

# Words of context on either side: what a trigram can see.
REACH = 2

# An n-gram model is too sure of itself: what it never saw is not impossible. No neighbourhood counts for more; a word
# in a fixed term reaches about 10 nats with its neighbours on both sides.
CONTEXT_MOST = 12.0


@dataclass(frozen=True, slots=True)
class Condition:
    """One keep_if condition: the spun wording is kept where it holds, or, negated, where it does not.

    name: next, prev (one of `words`), next_number, prev_number, next_capital, prev_capital, sentence_start,
    sentence_end, next_comma.
    """

    name: str
    words: frozenset[str] = frozenset()
    negated: bool = False

    def plain(self) -> tuple[str, list[str], bool]:
        """The same as values whose text is always the same."""
        return self.name, sorted(self.words), self.negated


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a map: on a page heavily spun by `family`, `original` stood where `spun` stands.

    An empty `original` says that nothing stood there: the wording was put in.
    weight: the probability of that, judged without the context, on a page where one word in five was replaced. The
    weights of one spun wording within a family sum to at most 1; what is left is the chance that nothing was replaced.
    place: where a row of the user's own stands; a weight of 0 there strikes out the shipped row.
    """

    original: str
    spun: str
    pos: str
    family: str
    weight: float
    source: str
    keep_if: tuple[Condition, ...]
    note: str
    place: str = ""


_LISTS = ("next", "prev")
_FLAGS = ("next_number", "prev_number", "next_capital", "prev_capital", "sentence_start", "sentence_end", "next_comma")


def parse_conditions(cell: str) -> tuple[Condition, ...]:
    """Read a keep_if cell: conditions separated by ";". Raises ValueError that names the condition."""
    if not cell:
        return ()
    conditions = []
    for part in filter(None, (piece.strip() for piece in cell.split(";"))):
        name, equals, words = part.partition("=")
        plain = name.removeprefix("not_")
        if plain in _LISTS and equals and all(words.split("|")):
            conditions.append(Condition(plain, frozenset(words.split("|")), name != plain))
        elif plain in _FLAGS and not equals:
            conditions.append(Condition(plain, frozenset(), name != plain))
        else:
            raise ValueError(
                f"keep_if {part!r} is not known; write {'|'.join(_LISTS)}=WORD|WORD or one of {', '.join(_FLAGS)}"
            )
    return tuple(conditions)


def read_map(path: Path) -> Iterator[Row]:
    """The rows of one map. Raises TableError naming file and line for a row that is wrong by itself."""
    for _, row in read_numbered(path):
        yield row


def read_numbered(path: Path, strikes: bool = False) -> Iterator[tuple[int, Row]]:
    """The rows of one map with their line numbers. strikes: whether a weight may be 0."""
    for number, cells in read_rows(path, COLUMNS):
        try:
            row = _row(cells)
            check_row(row, strikes)
        except ValueError as error:
            raise TableError(f"{path}:{number}: {error}") from None
        yield number, row


def _row(cells: Sequence[str]) -> Row:
    """The row of a line's cells. Raises ValueError."""
    original, spun, pos, family, weight, source, keep_if, note = cells
    return Row(original, spun, pos, family, float(weight), source, parse_conditions(keep_if), note)


def check_row(row: Row, strikes: bool = False) -> None:
    """What must hold for a row by itself; strikes: whether its weight may be 0. Raises ValueError."""
    if not row.spun:
        raise ValueError("the spun side is empty; name the wording that is looked for")
    for side in (row.original, row.spun):
        if side != " ".join(side.split()):
            raise ValueError(f"{side!r}: words of a wording have single blanks between them and none around them")
        if not side.isascii() and unicodedata.normalize("NFC", side) != side:
            raise ValueError(f"{side!r} is not NFC; normalise the file")
        if side.count(" ") + side.count("-") >= LONGEST:
            raise ValueError(f"{side!r} is longer than {LONGEST} words")
    if row.original == row.spun:
        raise ValueError(f"{row.spun!r} maps to itself")
    if row.pos not in POS:
        raise ValueError(f"pos {row.pos!r} is none of {' '.join(POS)}")
    if not (0 < row.weight < 1 or (strikes and row.weight == 0)):
        raise ValueError(f"weight {row.weight} is not between 0 and 1")


def _words(wording: str) -> list[str]:
    """The words of a wording as a `Reading` sees them: hyphens part them."""
    folded = fold(wording)
    return (folded.replace("-", " ") if "-" in folded else folded).split()


def inflected(row: Row, forms: Forms) -> dict[tuple[str, str], None]:
    """(original, spun) pairs of a row in all forms that both sides have, the row's own first.

    "demand" for "require" also gives "demands" for "requires"; where both past forms of one side look alike and those
    of the other do not (gave, given), each gets its pair, and the context chooses.
    """
    pairs = {(row.original, row.spun): None}
    if row.pos == "x":
        return pairs
    place = -1 if row.pos == "n" else 0
    originals, spuns = row.original.split(" "), row.spun.split(" ")
    of_original, of_spun = forms.of(originals[place], row.pos), forms.of(spuns[place], row.pos)
    for tag in of_original.keys() & of_spun.keys():
        pair = []
        for words, form in ((originals, of_original[tag]), (spuns, of_spun[tag])):
            changed = list(words)
            changed[place] = form
            pair.append(" ".join(changed))
        if pair[0] != pair[1]:
            pairs[pair[0], pair[1]] = None
    if len(pairs) == 1:
        return pairs
    return dict.fromkeys(sorted(pairs, key=lambda pair: (pair != (row.original, row.spun), pair)))


@dataclass(frozen=True, slots=True)
class Matches:
    """Spun wordings found in a reading: item where each starts, how many items it has, which entry it is."""

    at: IntArray
    length: IntArray
    entry: IntArray


class MapIndex:
    """The rows of one or more maps, ready to be looked for in a text.

    An entry is a distinct spun wording; its candidates are the originals that rows give for it.
    """

    def __init__(self, rows: Iterable[Row], forms: Forms, context: NgramContext) -> None:
        listed = list(rows)
        self._take(compile_rows(listed, forms, context), listed)

    @classmethod
    def ready(cls, parts: Parts, rows: Sequence[Row]) -> MapIndex:
        """The index whose parts `compile_rows` made of these rows."""
        index = cls.__new__(cls)
        index._take(parts, rows)
        return index

    def _take(self, parts: Parts, rows: Sequence[Row]) -> None:
        words = parted(parts["words"])
        self.numbering: Mapping[str, int] = dict(zip(words, range(len(words)), strict=True))
        self._width = max(len(words), 1)
        self._keys: IntArray = parts["keys"]
        self._targets: IntArray = parts["targets"].astype(np.int64)
        self._first: IntArray = parts["first"].astype(np.int64)
        self._entry: IntArray = parts["entry"].astype(np.int64)
        self.spun: list[str] = parted(parts["spun"])
        self.first_candidate: IntArray = parts["first_candidate"]
        self.rows: Sequence[Row] = _Picked(rows, parts["row"])
        self.entry_of_candidate: IntArray = np.repeat(np.arange(len(self.spun)), np.diff(self.first_candidate))
        weight = parts["row_weight"][parts["row"]]
        self.weight_nats: FloatArray = np.log(weight) - np.log1p(-weight)
        self.family: npt.NDArray[np.int8] = parts["row_family"][parts["row"]]
        # a wording is the original of several entries: "" among them, which stands for what was put in
        wordings, of_candidate = parted(parts["originals"]), parts["original"]
        self.originals: list[str] = [wordings[number] for number in of_candidate.tolist()]
        self.lengths: IntArray = parts["lengths"].astype(np.int64)[of_candidate]
        self.ids: IntArray = _padded(parts["ids"], parts["lengths"])[of_candidate]
        self.alone: FloatArray = parts["alone"][of_candidate]
        # whether an entry has a word that belongs to a topic
        self.topical: npt.NDArray[np.bool_] = parts["topical"]
        self.entry_alone: FloatArray = parts["entry_alone"]

    def __len__(self) -> int:
        return len(self.spun)

    def find(self, reading: Reading) -> Matches:
        """Every place where an entry's words stand next to each other; overlapping ones too."""
        numbers = reading.numbers_in(self.numbering)
        at = np.flatnonzero(numbers >= 0)
        state = self._first[numbers[at]]
        at, state = at[state >= 0], state[state >= 0]
        found: list[tuple[IntArray, int, IntArray]] = []
        for length in range(1, LONGEST + 1):
            hit = self._entry[state] >= 0
            found.append((at[hit], length, self._entry[state[hit]]))
            last = at + length - 1
            going = (last + 1 < len(reading)) & reading.joined[np.minimum(last, len(reading) - 1)]
            at, state, following = at[going], state[going], last[going] + 1
            number = numbers[following]
            known = number >= 0
            at, state, number = at[known], state[known], number[known]
            target = self._step(state, number)
            at, state = at[target >= 0], target[target >= 0]
            if not len(at):
                break
        return Matches(
            np.concatenate([places for places, _, _ in found]),
            np.concatenate([np.full(len(places), length, np.int64) for places, length, _ in found]),
            np.concatenate([entries for _, _, entries in found]),
        )

    def _step(self, state: IntArray, number: IntArray) -> IntArray:
        keys = state * self._width + number
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[place] == keys, self._targets[place], -1)

    def context(
        self, reading: Reading, at: IntArray, length: IntArray, candidate: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """How well each candidate, and what stands there, go with their neighbours: PMI(original; context) and
        PMI(spun; context), pointwise mutual information in nats, each bounded by CONTEXT_MOST."""
        spun_alone = self.entry_alone[self.entry_of_candidate[candidate]]
        return _context(
            reading, at, length, self.ids[candidate], self.lengths[candidate], self.alone[candidate], spun_alone
        )

    def pair_context(
        self, reading: Reading, at: IntArray, first: IntArray, second: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same for two neighbouring words that candidates `first` and `second` would replace together; how well the
        two go with each other counts in."""
        ids, lengths, alone = self.pair_wordings(first, second)
        spun_alone = reading.running_alone[at + 2] - reading.running_alone[at]
        return _context(reading, at, np.full(len(at), 2), ids, lengths, alone, spun_alone)

    def pair_wordings(self, first: IntArray, second: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """(word numbers, how many, ln p without a context) of candidates `first` with `second` behind them."""
        ids = self.ids[first].copy()
        rows = np.arange(len(first))
        for step in range(LONGEST):
            place = self.lengths[first] + step
            fits = (place < LONGEST) & (step < self.lengths[second])
            ids[rows[fits], place[fits]] = self.ids[second[fits], step]
        lengths = self.lengths[first] + self.lengths[second]
        alone = self.alone[first] + self.alone[second]
        return ids, lengths, alone

    def expand(self, matches: Matches) -> tuple[IntArray, IntArray]:
        """(which match, which candidate) for each candidate of each match."""
        first = self.first_candidate[matches.entry]
        count = self.first_candidate[matches.entry + 1] - first
        which = np.repeat(np.arange(len(count)), count)
        offset = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        return which, first[which] + offset


# Few rows give most findings.
@lru_cache(maxsize=1 << 12)
def _row_of(line: str) -> Row:
    return _row(line.rstrip("\r").split("\t"))


class RowLines(Sequence[Row]):
    """The rows of some maps that are known to be sound, each read from its line when it is asked for: a document asks
    for a few of many."""

    def __init__(self, paths: Sequence[Path]) -> None:
        # the first line is the header
        self._lines = [line for path in paths for _, line in read_lines(path)[1:]]

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number):  # type: ignore[no-untyped-def]  # rows are picked one by one
        return _row_of(self._lines[number])


class _Picked(Sequence[Row]):
    """The row of each candidate."""

    def __init__(self, rows: Sequence[Row], numbers: IntArray) -> None:
        self._rows = rows
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, candidate):  # type: ignore[no-untyped-def]  # rows are picked one by one
        return self._rows[int(self._numbers[candidate])]


def compile_rows(rows: Sequence[Row], forms: Forms, context: NgramContext) -> dict[str, npt.NDArray[Any]]:
    """What a `MapIndex` looks up, as arrays by name.

    words: the words of all entries, by number. keys, targets: the transitions of the trie, sorted (state * number of
    words + word -> state); first: the state after one word; entry: the entry that ends in a state, or -1. spun,
    topical, entry_alone: the entries, whether they have a word of a topic, and ln p of each without context.
    first_candidate: where the candidates of each entry begin; row, original: which row gave a candidate, and which
    wording it is. row_weight, row_family: of the rows. originals, ids, lengths, alone: the wordings, their word numbers
    one after another, how many each has, and ln p.
    """
    numbering: dict[str, int] = {}
    transitions: dict[tuple[int, int], int] = {}
    entry_of_state: dict[int, int] = {}
    candidates: list[dict[tuple[str, str], int]] = []
    spuns: list[str] = []
    for place, row in enumerate(rows):
        for original, spun in inflected(row, forms):
            state = 0
            for word in _words(spun):
                number = numbering.setdefault(word, len(numbering))
                state = transitions.setdefault((state, number), len(transitions) + 1)
            entry = entry_of_state.setdefault(state, len(candidates))
            if entry == len(candidates):
                candidates.append({})
                spuns.append(fold(spun))
            known = candidates[entry].get((original, row.family))
            if known is None or rows[known].weight < row.weight:
                candidates[entry][original, row.family] = place
    keys, targets = _sorted_transitions(transitions, max(len(numbering), 1))
    first = np.full(max(len(numbering), 1), -1, np.int64)
    for (state, number), target in transitions.items():
        if state == 0:
            first[number] = target
    ends = np.full(len(transitions) + 1, -1, np.int64)
    for state, entry in entry_of_state.items():
        ends[state] = entry
    chosen = np.array([place for of_entry in candidates for place in of_entry.values()], np.int32)
    wordings: dict[str, int] = {}
    of_candidate = [wordings.setdefault(wording, len(wordings)) for of_entry in candidates for wording, _ in of_entry]
    ids, lengths = _encoded(list(wordings), context)
    entry_ids, _ = _encoded(spuns, context)
    return {
        "words": joined(list(numbering)),
        "keys": keys,
        "targets": targets.astype(np.int32),
        "first": first.astype(np.int32),
        "entry": ends.astype(np.int32),
        "spun": joined(spuns),
        "first_candidate": np.cumsum([0, *map(len, candidates)], dtype=np.int64),
        "row": chosen,
        "row_weight": np.array([row.weight for row in rows], np.float64),
        "row_family": np.array([FAMILY_CODES.get(row.family, PHRASE_REWRITER) for row in rows], np.int8),
        "original": np.array(of_candidate, np.int32),
        "originals": joined(list(wordings)),
        "ids": ids[ids != PADDING].astype(np.int32),
        "lengths": lengths.astype(np.int8),
        "alone": _alone(ids, context),
        "topical": np.any(entry_ids >= FUNCTION_WORDS, axis=1),
        "entry_alone": _alone(entry_ids, context),
    }


def _sorted_transitions(transitions: dict[tuple[int, int], int], width: int) -> tuple[IntArray, IntArray]:
    keys = np.array([state * width + number for state, number in transitions] or [-1], np.int64)
    targets = np.array(list(transitions.values()) or [-1], np.int64)
    order = np.argsort(keys, kind="stable")
    return keys[order], targets[order]


def _encoded(wordings: Sequence[str], context: NgramContext) -> tuple[IntArray, IntArray]:
    """Word numbers of wordings, one row each, padded at the end; and their lengths."""
    words = [_words(wording) for wording in wordings]
    lengths = np.array([len(row) for row in words], np.int64)
    return _padded(context.encode([word for row in words for word in row]), lengths), lengths


def _context(
    reading: Reading,
    at: IntArray,
    length: IntArray,
    ids: IntArray,
    lengths: IntArray,
    alone: FloatArray,
    spun_alone: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """PMI with the context of wordings `ids` put at the items `at` to `at + length`, and of what stands there."""
    items = np.concatenate([[PADDING] * REACH, reading.ids, [PADDING] * (REACH + LONGEST)])
    after = at + length
    left = np.stack([items[at], items[at + 1]], axis=1)
    table = np.concatenate([left, ids, np.full((len(at), REACH), PADDING)], axis=1)
    rows = np.arange(len(at))
    for step in range(REACH):
        table[rows, REACH + lengths + step] = items[after + REACH + step]
    end = np.minimum(after + REACH, len(reading))
    neighbours = reading.running_alone[end] - reading.running_alone[after]
    proposed = reading.context.rows(table, REACH, REACH + LONGEST + REACH - 1) - alone - neighbours
    standing = reading.running[end] - reading.running[at] - spun_alone - neighbours
    return np.clip(proposed, -CONTEXT_MOST, CONTEXT_MOST), np.clip(standing, -CONTEXT_MOST, CONTEXT_MOST)


def _padded(flat: IntArray, lengths: IntArray) -> IntArray:
    """Word numbers of wordings, one row each, from all of them one after another."""
    table = np.full((len(lengths), LONGEST), PADDING, np.int64)
    table[np.arange(LONGEST) < lengths[:, None]] = flat
    return table


def _alone(ids: IntArray, context: NgramContext) -> FloatArray:
    """ln p of wordings without any context: what a weight, judged without context, already knows."""
    return context.rows(ids, 0, LONGEST - 1)


def holds(condition: Condition, reading: Reading, at: int, length: int) -> bool:
    """Whether a keep_if condition holds for the wording at items `at` to `at + length`."""
    before, after = at - 1, at + length
    name = condition.name
    if name == "next":
        held = fold(reading.word(after)) in condition.words
    elif name == "prev":
        held = fold(reading.word(before)) in condition.words
    elif name == "next_number":
        held = after < len(reading) and reading.tokens.kinds[reading.index[after]] == Kind.NUMBER
    elif name == "prev_number":
        held = before >= 0 and reading.tokens.kinds[reading.index[before]] == Kind.NUMBER
    elif name == "next_capital":
        held = reading.word(after)[:1].isupper()
    elif name == "prev_capital":
        held = reading.word(before)[:1].isupper()
    elif name == "sentence_start":
        held = bool(reading.opens[at])
    elif name == "sentence_end":
        held = reading.word(after) == ""
    else:
        _, end = reading.span(after - 1, after - 1)
        held = reading.tokens.text[end : end + 1] == ","
    return bool(held) != condition.negated


def lint(paths: Sequence[Path]) -> Iterator[str]:
    """Complaints about maps, each with file and line: unreadable rows, order, repeats, weights that sum to over 1."""
    for path in paths:
        try:
            rows = list(read_numbered(path))
        except TableError as error:
            yield str(error)
            continue
        yield from lint_rows(rows, path)


def lint_rows(rows: Iterable[tuple[int, Row]], path: Path) -> Iterator[str]:
    """Complaints about the rows of one map, which are, or will be, at these lines of `path`."""
    before = ("", "", "")
    sums: dict[tuple[str, str], float] = {}
    last: dict[tuple[str, str], int] = {}
    for number, row in rows:
        key = (row.original, row.spun, row.pos)
        if key == before:
            yield f"{path}:{number}: {key} stands twice; keep one row"
        elif key < before:
            yield f"{path}:{number}: not sorted by original, spun, pos; run scripts/sort_maps.py"
        before = key
        sums[row.spun, row.pos] = sums.get((row.spun, row.pos), 0.0) + row.weight
        last[row.spun, row.pos] = number
        if row.family != path.stem:
            yield f"{path}:{number}: {row.spun!r} has family {row.family}; each family has a file of its own"
    for (spun, pos), total in sums.items():
        if total > 1.0 + ROUNDING:
            weights = f"the weights of {spun!r} ({pos}) sum to {total:.3f}"
            yield f"{path}:{last[spun, pos]}: {weights}; they are probabilities, at most 1"
