"""The thesaurus gives the rows of the words at hand and no others; the shipped table is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

import despin
from despin.maps import MapIndex, Row
from despin.reading import Reading
from despin.resources import load
from despin.tables import TableError, data_folder, read_rows
from despin.thesaurus import COLUMNS, FAMILY, Thesaurus
from despin.tokens import tokenize
from despin.words import Forms

FORMS = Forms({("demand", "v"): "VBZ=demands VBD=demanded", ("axe", "n"): "NNS=axes", ("axis", "n"): "NNS=axes"})


def thesaurus(folder: Path, *lines: str) -> Thesaurus:
    text = "\n".join(["\t".join(COLUMNS), *lines]) + "\n"
    (folder / "thesaurus.tsv").write_text(text, encoding="utf-8")
    return Thesaurus.load(folder, FORMS)


def test_rows_of_a_word_and_of_its_inflected_forms(tmp_path: Path) -> None:
    table = thesaurus(
        tmp_path, "demand\tv\trequire=40 need=2", "demand\tn\tneed=3", "axe\tn\ttool=9", "axis\tn\tline=8"
    )
    assert len(table) == 3
    assert list(table.rows(["demand"])) == [
        Row("require", "demand", "v", FAMILY, 0.04, "thesauri", (), ""),
        Row("need", "demand", "v", FAMILY, 0.002, "thesauri", (), ""),
        Row("need", "demand", "n", FAMILY, 0.003, "thesauri", (), ""),
    ]
    assert list(table.rows(["demanded"])) == list(table.rows(["demand", "demands"]))
    # a form of two lemmas stands for either
    assert [row.spun for row in table.rows(["axes"])] == ["axe", "axis"]
    assert list(table.rows(["demanding", "supply"])) == []


@pytest.mark.parametrize("line", ["demand\tx\tneed=3", "demand\tv\tneed"])
def test_a_wrong_row_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(TableError, match=r"thesaurus\.tsv:2: expected a word, its class"):
        thesaurus(tmp_path, line)


def test_the_rows_are_found_in_a_text_in_all_their_forms() -> None:
    resources = load()
    reading = Reading(tokenize("Malignancies were feared."), resources.context)
    index = MapIndex(resources.thesaurus.rows(["malignancies"]), resources.forms, resources.context)
    _, candidate = index.expand(index.find(reading))
    assert "diseases" in {index.originals[number] for number in candidate.tolist()}


def test_the_shipped_table_is_sorted_and_of_little_weight() -> None:
    keys = []
    for _, (spun, pos, originals) in read_rows(data_folder() / "lexicon" / "thesaurus.tsv", COLUMNS):
        keys.append((spun, pos))
        words = [pair.partition("=")[0] for pair in originals.split(" ")]
        weights = [int(pair.partition("=")[2]) for pair in originals.split(" ")]
        assert spun not in words
        assert len(set(words)) == len(words) <= 10
        # less than what the first look of the spin detector takes
        assert 1 <= min(weights) <= max(weights) <= 200
    assert keys == sorted(set(keys))


def test_suggestions_draw_on_the_thesaurus() -> None:
    words = {part for item in despin.suggest("sappy", n=20) for part in item.text.split()}
    assert "sentimental" in words
