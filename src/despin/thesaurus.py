"""What words may stand for by the thesauri: many rows of little weight, for places that are known to be damaged.

The table (data/lexicon/thesaurus.tsv, made by ``scripts/build_derived_maps.py``) has far more pairs than a text ever
needs. They are not compiled with the synonym maps: `Thesaurus.rows` makes the rows of the words at hand. Start there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from despin.maps import Row
from despin.tables import TableError, read_rows
from despin.words import Forms

COLUMNS = ("spun", "pos", "originals")

FAMILY = "thesaurus"

# Weights stand in the table as whole thousandths.
WEIGHT_UNIT = 1000


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """The rows by spun lemma, still as cells.

    cells: lemma -> (class, originals) pairs, where originals reads "disease=31 tumor=20".
    lemmas: inflected form -> its lemmas.
    """

    cells: Mapping[str, tuple[tuple[str, str], ...]]
    lemmas: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, folder: Path, forms: Forms) -> Thesaurus:
        """Read ``thesaurus.tsv`` of `folder`. Raises TableError naming file and line."""
        path = folder / "thesaurus.tsv"
        cells: dict[str, tuple[tuple[str, str], ...]] = {}
        for number, (spun, pos, originals) in read_rows(path, COLUMNS):
            if pos not in ("v", "n", "a") or "=" not in originals:
                raise TableError(f"{path}:{number}: expected a word, its class v, n or a, and originals as word=weight")
            cells[spun] = (*cells.get(spun, ()), (pos, originals))
        lemmas: dict[str, tuple[str, ...]] = {}
        for (lemma, _), forms_cell in forms.rows.items():
            if lemma in cells:
                for pair in forms_cell.split():
                    form = pair.partition("=")[2]
                    lemmas[form] = (*lemmas.get(form, ()), lemma)
        return cls(MappingProxyType(cells), MappingProxyType(lemmas))

    def __len__(self) -> int:
        """How many spun lemmas there are."""
        return len(self.cells)

    def rows(self, words: Iterable[str]) -> Iterator[Row]:
        """The rows whose spun side is one of these folded words in some form, by spun word and weight.

        They inflect like those of a synonym map, so that `despin.maps.MapIndex` takes them as they are.
        """
        wanted = {lemma for word in words for lemma in (word, *self.lemmas.get(word, ()))}
        for spun in sorted(wanted & self.cells.keys()):
            for pos, originals in self.cells[spun]:
                for pair in originals.split(" "):
                    original, _, weight = pair.partition("=")
                    yield Row(original, spun, pos, FAMILY, int(weight) / WEIGHT_UNIT, "thesauri", (), "")
