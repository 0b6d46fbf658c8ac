"""Tables: their reader names file and line, and every shipped table is the one of the manifest and names its source."""

from __future__ import annotations

import importlib.util
import json
import sys
import unicodedata
from pathlib import Path
from types import ModuleType

import pytest

from despin import tables
from despin.measured import load_densities, load_quantiles, load_weights
from despin.tables import TableError, data_folder, read_rows, read_text

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


check_data = script("check_data")


def write(folder: Path, text: str, name: str = "table.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --- the reader -------------------------------------------------------------------------------------------------------


def test_rows_have_line_numbers_and_pass_over_comments(tmp_path: Path) -> None:
    path = write(tmp_path, "# what it is\na\tb\n\n1\t2\r\n# half time\n3\t\n")
    assert list(read_rows(path, ("a", "b"))) == [(4, ["1", "2"]), (6, ["3", ""])]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tc\n1\t2\n", r"table.tsv:1: the header must be a b \(TAB separated\)"),
        ("# x\na b\n", r"table.tsv:2: the header must be a b"),
        ("a\tb\n1\t2\n1\n", r"table.tsv:3: 1 cells where 2 are needed"),
        ("a\tb\n1\t2\t3\n", r"table.tsv:2: 3 cells where 2 are needed"),
        ("", r"table.tsv: empty; the first row must be the header a b"),
        ("# only this\n", r"table.tsv: empty"),
    ],
)
def test_a_malformed_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        list(read_rows(write(tmp_path, text), ("a", "b")))


def test_a_missing_or_undecodable_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"nothing.tsv is missing; reinstall despin, or check the path"):
        read_text(tmp_path / "nothing.tsv")
    (tmp_path / "latin.tsv").write_bytes("a\tcafé\n".encode("latin-1"))
    with pytest.raises(TableError, match=r"latin.tsv is not UTF-8 at byte 5; save it as UTF-8"):
        read_text(tmp_path / "latin.tsv")


def test_the_data_folder_is_found_in_both_layouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (data_folder() / "SOURCES.toml").is_file()
    wheel, editable = tmp_path / "site" / "despin", tmp_path / "checkout" / "src" / "despin"
    for package, data in ((wheel, wheel / "data"), (editable, tmp_path / "checkout" / "data")):
        package.mkdir(parents=True)
        monkeypatch.setattr(tables, "__file__", str(package / "tables.py"))
        with pytest.raises(TableError, match=r"tables were not found in .*; reinstall despin"):
            data_folder()
        data.mkdir()
        (data / "SOURCES.toml").touch()
        assert data_folder() == data


# --- measured tables --------------------------------------------------------------------------------------------------


def test_densities_are_sorted_by_strength(tmp_path: Path) -> None:
    path = write(tmp_path, "kind\tnats\tclean\tdamaged\tnote\nspin\t2\t0.001\t0.02\t\nspin\t1\t0.01\t0.03\t\n")
    (only,) = load_densities(path).values()
    assert [(row.floor, row.clean, row.damaged) for row in only] == [(1, 0.01, 0.03), (2, 0.001, 0.02)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("spin\tone\t0.1\t0.2\t", ":2: nats, clean and damaged must be numbers"),
        ("spin\t1\t0.2\t0.1\t", ":2: densities per word must satisfy 0 < clean < damaged < 1"),
        ("spin\t1\t0\t0.1\t", ":2: densities per word must satisfy"),
        ("spin\t1\t0.1\t1\t", ":2: densities per word must satisfy"),
    ],
)
def test_impossible_densities_are_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        load_densities(write(tmp_path, f"kind\tnats\tclean\tdamaged\tnote\n{row}\n"))


def test_quantiles_are_sorted_by_length(tmp_path: Path) -> None:
    header = "words\tpercentile\tnats\tnote\n"
    path = write(tmp_path, header + "200\t50\t1\t\n50\t99\t3\t\n50\t50\t-1\t\n200\t99\t5\t\n")
    assert [(band.words, band.percentiles, band.nats) for band in load_quantiles(path)] == [
        (50, (50, 99), (-1, 3)),
        (200, (50, 99), (1, 5)),
    ]
    with pytest.raises(TableError, match=":2: words, percentile and nats must be numbers"):
        load_quantiles(write(tmp_path, header + "many\t50\t1\t\n"))


def test_weights_are_numbers(tmp_path: Path) -> None:
    header = "signal\tweight\tnote\n"
    assert load_weights(write(tmp_path, header + "row\t0.5\t\n")) == {"row": 0.5}
    with pytest.raises(TableError, match=":2: weight 'half' is no number"):
        load_weights(write(tmp_path, header + "row\thalf\t\n"))


# --- the shipped tables -----------------------------------------------------------------------------------------------


def test_the_tables_are_those_of_the_manifest() -> None:
    assert list(check_data.manifest_faults(DATA)) == []


def test_every_table_has_a_source() -> None:
    assert list(check_data.source_faults(DATA)) == []


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.t[sx][vt]")), ids=lambda path: path.name)
def test_text_tables_are_nfc_with_plain_line_ends(path: Path) -> None:
    data = path.read_bytes()
    text = data.decode("utf-8")
    assert text == unicodedata.normalize("NFC", text)
    assert b"\r" not in data
    assert text.endswith("\n")
    assert not text.startswith("\ufeff")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A data folder of two tables with a manifest and sources that hold."""
    data = tmp_path / "data"
    (data / "lexicon").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "build.py").touch()
    (data / "lexicon" / "a.txt").write_text("one\n", encoding="utf-8")
    (data / "b.tsv").write_text("two\n", encoding="utf-8")
    (data / "README.md").write_text("three\n", encoding="utf-8")
    (data / "MANIFEST.json").write_text(check_data.manifest(data), encoding="utf-8")
    (data / "SOURCES.toml").write_text(
        '[[source]]\nname = "x"\npackage = "x"\nregistry = "PyPI"\nversion = "1"\nfile = "f"\nsha256 = "0"\nlicence = "MIT"\n'
        'used = "all"\nscript = "scripts/build.py"\ntables = ["lexicon/a.txt"]\n'
        '[[source]]\nname = "us"\nattested_by = "us"\njudged = "by hand"\nlicence = "MIT"\nused = "all"\ntables = ["b.tsv"]\n',
        encoding="utf-8",
    )
    return data


def test_the_check_of_a_small_folder(small: Path) -> None:
    assert list(json.loads((small / "MANIFEST.json").read_text(encoding="utf-8"))) == ["b.tsv", "lexicon/a.txt"]
    assert [*check_data.manifest_faults(small), *check_data.source_faults(small)] == []


def test_the_check_finds_changed_new_and_lost_tables(small: Path) -> None:
    (small / "b.tsv").write_text("2\n", encoding="utf-8")
    (small / "c.tsv").write_text("4\n", encoding="utf-8")
    (small / "lexicon" / "a.txt").unlink()
    assert list(check_data.manifest_faults(small)) == [
        "data/b.tsv is not the file of the manifest",
        "data/c.tsv is not in the manifest",
        "data/lexicon/a.txt is in the manifest, but not there",
    ]
    assert list(check_data.source_faults(small)) == [
        "data/SOURCES.toml: source 1 (x) gave lexicon/a.txt, which is not there",
        "data/c.tsv has no source in SOURCES.toml",
    ]


def test_the_check_finds_sources_that_say_too_little(small: Path) -> None:
    path = small / "SOURCES.toml"
    text = (
        path.read_text(encoding="utf-8")
        .replace('sha256 = "0"\n', "")
        .replace('judged = "by hand"\n', 'wishes = "many"\n')
    )
    path.write_text(text.replace("scripts/build.py", "scripts/gone.py"), encoding="utf-8")
    assert list(check_data.source_faults(small)) == [
        "data/SOURCES.toml: source 1 (x) does not say its sha256",
        "data/SOURCES.toml: source 1 (x) names scripts/gone.py, which is not there",
        "data/SOURCES.toml: source 2 (us) does not say its judged",
        "data/SOURCES.toml: source 2 (us) has the key wishes, which is not known",
    ]


def test_builders_that_cannot_run_are_passed_over_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    builder = check_data.Builder
    passed = [
        builder("a.py", {"no-such-package": "1"}),
        builder("b.py", {"numpy": "0.1"}),
        builder("c.py", {}, "an hour"),
    ]
    assert list(check_data.run_builders(passed)) == []
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a.py: passed over; no-such-package 1 is not installed"
    assert lines[1].endswith("is installed; the table was made with 0.1")
    assert lines[2] == "c.py: passed over; needs an hour"


def test_every_build_script_is_known() -> None:
    there = {path.name for path in (ROOT / "scripts").glob("*.py") if "--check" in path.read_text(encoding="utf-8")}
    assert {builder.script for builder in check_data.BUILDERS} == there - {"check_data.py"}


def test_a_builder_that_fails_is_a_fault() -> None:
    assert list(check_data.run_builders([check_data.Builder("no_such_script.py", {})]))
