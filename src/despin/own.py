"""What a user knows beyond the shipped tables: rows of synonym maps, words, confusions of letters.

Start reading at `Own.of`. Each is given as a file or in code, checked at once, and kept as plain values, so that it
goes to other processes as it is and a file that changes later changes nothing. What is the user's own goes before what
is shipped: a row before rows with the same two wordings (with weight 0 it strikes them out), a confusion before those
of the same letters; a word is a word whatever the lists say.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from despin.channel import ConfusionRow, read_confusions
from despin.maps import ROUNDING, Row, check_row, read_numbered
from despin.settings import SettingsError
from despin.tables import TableError, read_lines
from despin.words import fold


class HasRows(Protocol):
    """What `despin.learn_map` gives."""

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the map."""
        ...


File = str | os.PathLike[str]
Maps = Iterable[File | Row | HasRows]
Words = Iterable[str] | os.PathLike[str]
ConfusionTables = Iterable[File | ConfusionRow]


@dataclass(frozen=True, slots=True)
class Own:
    """A user's own rows, words and confusions; nothing where there are none."""

    rows: tuple[Row, ...] = ()
    words: tuple[str, ...] = ()
    confusions: tuple[ConfusionRow, ...] = ()

    @classmethod
    def of(cls, maps: Maps = (), words: Words = (), confusions: ConfusionTables = ()) -> Own:
        """Read and check what is given; see `despin.load_resources`."""
        return cls(_rows(maps), tuple(_words(words)), tuple(_confusions(confusions)))

    def __bool__(self) -> bool:
        return bool(self.rows or self.words or self.confusions)

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that name the content, wherever it was read from."""
        rows = [
            (row.original, row.spun, row.pos, row.family, row.weight, [c.plain() for c in row.keep_if])
            for row in self.rows
        ]
        content = repr((rows, self.words, self.confusions))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    def over_rows(self, shipped: Iterable[Row]) -> list[Row]:
        """The shipped rows but those with the wordings of an own one, then the own ones."""
        taken = {_wordings(row) for row in self.rows}
        return [*(row for row in shipped if _wordings(row) not in taken), *(row for row in self.rows if row.weight)]

    def over_confusions(self, shipped: Iterable[ConfusionRow]) -> list[ConfusionRow]:
        """The shipped confusions but those of the letters of an own one, then the own ones."""
        taken = {row[:2] for row in self.confusions}
        return [*(row for row in shipped if row[:2] not in taken), *self.confusions]


def _wordings(row: Row) -> tuple[str, str]:
    return fold(row.original), fold(row.spun)


def _rows(maps: Maps) -> tuple[Row, ...]:
    """The rows of some maps, each with its place. Raises TableError or SettingsError for one that is wrong."""
    if isinstance(maps, (str, os.PathLike)):
        maps = (maps,)
    found: list[Row] = []
    for number, given in enumerate(maps, 1):
        if isinstance(given, (str, os.PathLike)):
            path = Path(given)
            found += (replace(row, place=f"{path}:{line}") for line, row in read_numbered(path, strikes=True))
            continue
        for row in (given,) if isinstance(given, Row) else getattr(given, "rows", ()):
            try:
                check_row(row, strikes=True)
            except ValueError as error:
                raise SettingsError(f"own row {number}, {row.original!r} <- {row.spun!r}: {error}") from None
            found.append(replace(row, place=f"own row {number}"))
        if not isinstance(given, Row) and not hasattr(given, "rows"):
            raise SettingsError(f"own map {number} is {given!r}; give a path, a Row, or what learn_map gives")
    sums: dict[tuple[str, str, str], float] = {}
    for row in found:
        key = fold(row.spun), row.pos, row.family
        sums[key] = sums.get(key, 0.0) + row.weight
        if sums[key] > 1 + ROUNDING:
            raise TableError(
                f"{row.place}: the weights of {row.spun!r} sum to {sums[key]:.3f}; they are probabilities, at most 1"
            )
    return tuple(found)


def _words(words: Words) -> Iterator[str]:
    """Own words: those of a file, one a line, or those given. Raises TableError or SettingsError."""
    if isinstance(words, str):
        raise SettingsError(f"words={words!r}: give a list of words, or a pathlib.Path of a file that has one a line")
    if not isinstance(words, os.PathLike):
        for word in words:
            if not isinstance(word, str) or not word or word.split() != [word]:
                raise SettingsError(f"own word {word!r}: one word without blanks is needed")
            yield word
        return
    yield from words_of((words,))


def words_of(paths: Iterable[File]) -> list[str]:
    """The words of some files, one a line. Raises TableError naming file and line."""
    found = []
    for path in map(Path, paths):
        for number, line in read_lines(path):
            word = line.strip()
            if word.split() != [word]:
                raise TableError(f"{path}:{number}: {word!r} is more than one word; write one a line")
            found.append(word)
    return found


def _confusions(tables: ConfusionTables) -> Iterator[ConfusionRow]:
    """Own confusions: those of files, and those given. Raises TableError or SettingsError."""
    if isinstance(tables, (str, os.PathLike)):
        tables = (tables,)
    for given in tables:
        if isinstance(given, (str, os.PathLike)):
            yield from read_confusions(Path(given))
            continue
        try:
            true, seen, count, of = given
            fits = 0 < count <= of and max(len(true), len(seen)) <= 2 and true != seen
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise SettingsError(
                f"own confusion {given!r}: (true letters, seen letters, count, of) is needed, as ('rn', 'm', 3, 1000)"
            )
        yield given
