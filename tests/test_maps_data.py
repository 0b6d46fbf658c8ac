"""Lint of the synonym maps and of the injected link text, and tests of the linter: each planted fault is found."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from despin.maps import COLUMNS, Condition, lint, parse_conditions, read_map
from despin.tables import TableError

DATA = Path(__file__).parents[1] / "data"
MAPS = sorted((DATA / "synonym_maps").glob("*.tsv"))
ANCHORS = DATA / "debris" / "anchors.tsv"


def script(name: str) -> ModuleType:
    """A script of this repository as a module; skips the test where there are no scripts."""
    path = DATA.parent / "scripts" / f"{name}.py"
    if not path.is_file():
        pytest.skip("scripts/ is not in an installed package")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_a_map_has_no_faults(path: Path) -> None:
    assert list(lint([path])) == []


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_sorting_a_map_again_changes_nothing(path: Path) -> None:
    sort_maps = script("sort_maps")
    rows = sort_maps.tidy(list(read_map(path)))
    lines = ["\t".join(COLUMNS), *map(sort_maps.cell, rows)]
    assert path.read_text(encoding="utf-8").splitlines() == lines


def test_the_anchors_have_no_faults_but_a_family_of_their_own() -> None:
    """Link text is its own family whatever the file's name."""
    assert [fault for fault in lint([ANCHORS]) if "has family injected" not in fault] == []
    assert {row.family for row in read_map(ANCHORS)} == {"injected"}
    assert {row.original for row in read_map(ANCHORS)} == {""}


def test_every_family_has_rows() -> None:
    assert {path.stem for path in MAPS} == {
        "as_well",
        "news_rewriter",
        "phrase_rewriter",
        "round_trip",
        "word_for_word",
    }
    for path in MAPS:
        assert sum(1 for _ in read_map(path)) > 300


def faults(folder: Path, *rows: str, header: str = "\t".join(COLUMNS), name: str = "fam.tsv") -> list[str]:
    """What the linter says of a map of these rows, in which | stands for a TAB; the folder's name is cut off."""
    path = folder / name
    path.write_text("\n".join([header, *(row.replace("|", "\t") for row in rows)]) + "\n", encoding="utf-8")
    return [fault.removeprefix(f"{folder}/") for fault in lint([path])]


GOOD = "vital|important|x|fam|0.5|author||"


def test_good_rows_have_no_faults(tmp_path: Path) -> None:
    assert (
        faults(
            tmp_path,
            "|get more info|x|fam|0.5|author||",
            GOOD,
            "vital|significant|x|fam|0.5|author|prev=a;not_next_comma|why",
        )
        == []
    )
    assert faults(tmp_path, "café|coffee-house|n|fam|0.9|author||") == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a|a|x|fam|0.5|author||", "fam.tsv:2: 'a' maps to itself"),
        ("a||x|fam|0.5|author||", "fam.tsv:2: the spun side is empty"),
        ("cafe\u0301|bar|x|fam|0.5|author||", "is not NFC"),
        ("bar|cafe\u0301|x|fam|0.5|author||", "fam.tsv:2: 'cafe\u0301' is not NFC"),
        ("a  b|c|x|fam|0.5|author||", "fam.tsv:2: 'a  b': words of a wording have single blanks"),
        ("a|c |x|fam|0.5|author||", "fam.tsv:2: 'c ': words of a wording have single blanks"),
        ("a|b c d e f g h|x|fam|0.5|author||", "fam.tsv:2: 'b c d e f g h' is longer than 6 words"),
        ("a|b-c-d e-f-g-h|x|fam|0.5|author||", "is longer than 6 words"),
        ("a|b|q|fam|0.5|author||", "fam.tsv:2: pos 'q' is none of v n a x"),
        ("a|b|x|fam|0|author||", "fam.tsv:2: weight 0.0 is not between 0 and 1"),
        ("a|b|x|fam|1|author||", "fam.tsv:2: weight 1.0 is not between 0 and 1"),
        ("a|b|x|fam|-.1|author||", "fam.tsv:2: weight -0.1 is not between"),
        ("a|b|x|fam|nan|author||", "fam.tsv:2: weight nan is not between"),
        ("a|b|x|fam|half|author||", "fam.tsv:2: could not convert string to float: 'half'"),
        ("a|b|x|fam|0.5|author|next_verb|", "fam.tsv:2: keep_if 'next_verb' is not known; write next|prev=WORD"),
        ("a|b|x|fam|0.5|author|next=|", "fam.tsv:2: keep_if 'next=' is not known"),
        ("a|b|x|fam|0.5|author|next_comma=a|", "fam.tsv:2: keep_if 'next_comma=a' is not known"),
        ("a|b|x|fam|0.5|author|", "fam.tsv:2: 7 cells where 8 are needed"),
        ("a|b|x|fam|0.5|author|||", "fam.tsv:2: 9 cells where 8 are needed"),
        ("a|b|x|other|0.5|author||", "'b' has family other; each family has a file of its own"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(tmp_path: Path, row: str, expected: str) -> None:
    (fault,) = faults(tmp_path, row)
    assert expected in fault
    assert fault.startswith("fam.tsv:2: ")


def test_rows_are_sorted_and_single(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD, "vital|big|x|fam|0.5|author||") == [
        "fam.tsv:3: not sorted by original, spun, pos; run scripts/sort_maps.py"
    ]
    assert faults(tmp_path, GOOD, "vital|important|x|fam|0.1|author||") == [
        "fam.tsv:3: ('vital', 'important', 'x') stands twice; keep one row"
    ]
    assert faults(tmp_path, "vital|important|a|fam|0.5|author||", GOOD) == []


def test_weights_of_one_spun_wording_are_probabilities(tmp_path: Path) -> None:
    half = [f"{original}|b|x|fam|0.5|author||" for original in ("a", "c")]
    assert faults(tmp_path, *half) == []
    (fault,) = faults(tmp_path, *half, "d|b|x|fam|0.1|author||")
    assert re.fullmatch(r"fam\.tsv:4: the weights of 'b' \(x\) sum to 1\.100; they are probabilities, at most 1", fault)


def test_a_wrong_header_is_named(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, GOOD, header="original\tspun")
    assert fault.startswith("fam.tsv:1: the header must be original spun pos")


def test_comments_do_not_shift_line_numbers(tmp_path: Path) -> None:
    assert faults(tmp_path, "# by hand", GOOD, "", "vital|big|x|fam|0.5|author||") == [
        "fam.tsv:5: not sorted by original, spun, pos; run scripts/sort_maps.py"
    ]


def test_all_files_are_read(tmp_path: Path) -> None:
    faults(tmp_path, "a|a|x|fam|0.5|author||", name="one.tsv")
    faults(tmp_path, "a|a|x|fam|0.5|author||", name="two.tsv")
    assert [Path(fault.partition(":")[0]).name for fault in lint([tmp_path / "one.tsv", tmp_path / "two.tsv"])] == [
        "one.tsv",
        "two.tsv",
    ]


def test_read_map_raises_what_the_linter_says(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "a|a|x|fam|0.5|author||")
    with pytest.raises(TableError, match=re.escape(fault)):
        list(read_map(tmp_path / "fam.tsv"))


def test_conditions() -> None:
    assert parse_conditions("") == ()
    assert parse_conditions("next=of|for; not_prev=the;sentence_start") == (
        Condition("next", frozenset({"of", "for"})),
        Condition("prev", frozenset({"the"}), negated=True),
        Condition("sentence_start"),
    )
