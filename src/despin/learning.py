"""A synonym map of one's own, learnt from pairs of original and spun text. Start reading at `learn_map`.

The words of each pair are aligned (`difflib`: Ratcliff and Metzener, "Pattern matching: the gestalt approach", 1988);
where a few words stand in place of a few others, that is a substitution. What is learnt is a proposal: read it, strike
out what is not a spinner's doing, and use it with `despin.Resources`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex

from despin.maps import COLUMNS, LONGEST, Row
from despin.tokens import Kind, tokenize
from despin.values import DespinError
from despin.words import fold

# A wording of the map that was always a substitution is still no certainty: two counts more than were seen, one of them
# against it (Laplace's rule of succession).
SMOOTHING = 2

# Aligning takes time with the square of the length: longer texts are for pairs of paragraphs.
MOST_WORDS = 5_000

_PLAIN = regex.compile(r"[\p{L}'’ -]+")


@dataclass(frozen=True, slots=True)
class LearnedMap:
    """The rows that were learnt, sorted by original and spun wording.

    rows: of `despin.maps.Row`; the note of each says how often it was seen.
    family: the name of the spinner, and of the map's file without its ending.
    """

    rows: tuple[Row, ...]
    family: str

    def to_tsv(self) -> str:
        """The rows as the text of a map file."""
        lines = ["\t".join(COLUMNS)]
        for row in self.rows:
            cells = (row.original, row.spun, row.pos, row.family, f"{row.weight:g}", row.source, "", row.note)
            lines.append("\t".join(cells))
        return "\n".join(lines) + "\n"

    def save(self, folder: Path) -> Path:
        """Write the map into a folder, whole or not at all, and return its path, ``folder/FAMILY.tsv``."""
        path = folder / f"{self.family}.tsv"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(self.to_tsv(), encoding="utf-8")
        temporary.replace(path)
        return path


def learn_map(pairs: Iterable[tuple[str, str]], family: str = "own", least: int = 1) -> LearnedMap:
    """Learn which wordings a spinner puts for which from (original, spun) texts that belong together.

    family: the name of the spinner, which is also the name of the map's file without its ending. least: how often a
    substitution must have been seen. Raises DespinError for a pair of texts that is too long to align.

    Examples:
        >>> learned = learn_map([("Monitor the vital signs daily.", "Monitor the important signs daily.")])
        >>> [(row.original, row.spun, row.weight, row.note) for row in learned.rows]
        [('vital', 'important', 0.3333, 'seen 1 time of 1')]
    """
    seen: Counter[tuple[str, str]] = Counter()
    stands: Counter[str] = Counter()
    for number, (original, spun) in enumerate(pairs):
        left, right = _words(original), _words(spun)
        if max(len(left), len(right)) > MOST_WORDS:
            raise DespinError(
                f"pair {number} has a text of {max(len(left), len(right)):,} words, more than the {MOST_WORDS:,} that "
                "are aligned; give its paragraphs as pairs of their own"
            )
        seen.update(_substitutions(left, right))
        stands.update(_wordings(right))
    rows = []
    for (original, spun), count in sorted(seen.items()):
        if count >= least:
            total = stands[spun]
            note = f"seen {count} time{'s' if count > 1 else ''} of {total}"
            rows.append(Row(original, spun, "x", family, round(count / (total + SMOOTHING), 4), "learnt", (), note))
    return LearnedMap(tuple(rows), family)


def _words(text: str) -> list[str]:
    """The folded words of a text, hyphenated ones whole; marks stand between them as they are, so that no wording goes
    past one."""
    words: list[str] = []
    parted = True
    for token in tokenize(text):
        part = fold(token.text)
        if token.kind == Kind.GAP:
            parted = True
            continue
        hyphenated = not parted and (part == "-" or words[-1].endswith("-")) and words[-1] != "-"
        if hyphenated:
            words[-1] += part
        else:
            words.append(part)
        parted = False
    return words


def _substitutions(left: Sequence[str], right: Sequence[str]) -> Iterable[tuple[str, str]]:
    """(original, spun) wherever a few words stand for a few others."""
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for deed, first, last, start, end in matcher.get_opcodes():
        original, spun = " ".join(left[first:last]), " ".join(right[start:end])
        if deed == "replace" and max(last - first, end - start) <= LONGEST and _PLAIN.fullmatch(original + spun):
            yield original, spun


def _wordings(words: Sequence[str]) -> Iterable[str]:
    """Each run of up to LONGEST words."""
    for length in range(1, LONGEST + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])
