"""A user's own rows, words and confusions: what they do, that they go first, and what is said of bad ones."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import despin
from despin import SettingsError, TableError
from despin.batch.options import Options
from despin.cli import main
from despin.maps import COLUMNS, Row
from despin.settings import RULES, rules_named

HEADER = "\t".join(COLUMNS)
# No shipped row knows the wordings of the second sentence; the first says that the text is spun.
SPUN = "Bosom malignancy is found early. The firm published its three-monthly dossier in May."
LEFT = "Breast cancer is found early. The firm published its three-monthly dossier in May."
MENDED = "Breast cancer is found early. The firm published its quarterly report in May."
OURS = Row("quarterly report", "three-monthly dossier", "n", "ours", 0.9, "me", (), "")


def map_file(folder: Path, *rows: str) -> Path:
    path = folder / "ours.tsv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


# --- maps ------------------------------------------------------------------------------------------------------------


def test_an_own_row_is_found_decided_and_explained(tmp_path: Path) -> None:
    path = map_file(tmp_path, "quarterly report\tthree-monthly dossier\tn\tours\t0.9\tme\t\t")
    tables = despin.load_resources(maps=[path])
    assert despin.repair(SPUN, level="bold").text == LEFT
    repaired = despin.repair(SPUN, level="bold", resources=tables)
    assert repaired.text == MENDED
    assert repaired.undo() == SPUN
    edit = repaired.edits[-1]
    assert f"({path}:2)" in " ".join(reason.source for reason in edit.evidence)
    # it inflects as its class says
    more = despin.repair(SPUN.replace("dossier", "dossiers"), level="bold", resources=tables)
    assert more.text == MENDED.replace("report", "reports")
    suggested = despin.suggest("three-monthly dossier", left="published its", resources=tables)
    assert "quarterly report" in [one.text for one in suggested]


def test_rows_in_code_and_learnt_ones_do_the_same() -> None:
    pairs = [
        ("Read the quarterly report.", "Read the three-monthly dossier."),
        ("Every quarterly report is public.", "Every three-monthly dossier is public."),
    ]
    assert "quarterly report" not in proposed(despin.load_resources())
    assert "quarterly report" in proposed(despin.load_resources(maps=[OURS]))
    assert "quarterly report" in proposed(despin.load_resources(maps=[despin.learn_map(8 * pairs)]))


def proposed(tables: despin.Resources) -> set[str]:
    """All wordings that are proposed for `SPUN`."""
    return {other.text for finding in despin.find(SPUN, resources=tables) for other in finding.alternatives}


def test_an_own_row_goes_before_the_shipped_one_and_weight_0_strikes_it_out() -> None:
    text = "Bosom malignancy is found early."

    def original(weight: float) -> str:
        rows = [
            Row(original, spun, "x", "ours", weight, "me", (), "")
            for original, spun in (("breast", "bosom"), ("cancer", "malignancy"), ("breast cancer", "bosom malignancy"))
        ]
        return despin.repair(text, level="bold", resources=despin.load_resources(maps=rows)).text

    assert original(0.9) == "Breast cancer is found early."
    assert original(0.0) == text


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a\tb\tx\tours\t0.5\tme\t", r"ours\.tsv:2: 7 cells where 8 are needed"),
        ("a\ta\tx\tours\t0.5\tme\t\t", r"ours\.tsv:2: 'a' maps to itself"),
        ("a\tb\tx\tours\t1.5\tme\t\t", r"ours\.tsv:2: weight 1\.5 is not between 0 and 1"),
        ("a\tb\tq\tours\t0.5\tme\t\t", r"ours\.tsv:2: pos 'q' is none of v n a x"),
        ("a\tb\tx\tours\t0.5\tme\tnext\t", r"ours\.tsv:2: keep_if 'next' is not known"),
        ("a\tb\tx\tours\t0.7\tme\t\t\nc\tb\tx\tours\t0.7\tme\t\t", r"ours\.tsv:3: the weights of 'b' sum to 1\.400"),
    ],
)
def test_a_bad_map_is_refused_with_file_and_line(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        despin.load_resources(maps=[map_file(tmp_path, row)])


def test_what_is_no_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"none\.tsv is missing"):
        despin.load_resources(maps=[tmp_path / "none.tsv"])
    with pytest.raises(TableError, match="cannot be read: Is a directory"):
        despin.load_resources(maps=[tmp_path])
    with pytest.raises(SettingsError, match="own map 1 is 7; give a path, a Row, or what learn_map gives"):
        despin.load_resources(maps=[7])  # type: ignore[list-item]
    with pytest.raises(SettingsError, match="own row 1, 'a' <- 'a': 'a' maps to itself"):
        despin.load_resources(maps=[Row("a", "a", "x", "ours", 0.5, "me", (), "")])


# --- words and confusions --------------------------------------------------------------------------------------------

MISREAD = (
    "Tlie old man stood in tlie yard witli liis horse and looked at tlie house. He liad been tbere since tlie morning, "
    "and tbe people wlio came by tbe road spoke to bim. In tlie evening be went home witli tbe others."
)


def test_an_own_word_is_no_misreading_and_a_misread_one_becomes_it(tmp_path: Path) -> None:
    text = f"{MISREAD} The houso stood there.\n\nA blorple stood in the yard, and a bloiple too."
    assert "house stood there" in despin.repair(text).text
    path = tmp_path / "words.txt"
    path.write_text("# ours\nhouso\n\nblorple\n", encoding="utf-8")
    for words in (path, ["houso", "blorple"]):
        repaired = despin.repair(text, resources=despin.load_resources(words=words)).text
        assert "The houso stood there" in repaired
        assert "a blorple too" in repaired


def test_bad_words_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("one\ntwo words\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"words\.txt:2: 'two words' is more than one word; write one a line"):
        despin.load_resources(words=path)
    with pytest.raises(SettingsError, match="own word 'two words': one word without blanks is needed"):
        despin.load_resources(words=["two words"])
    with pytest.raises(SettingsError, match="give a list of words"):
        despin.load_resources(words="words.txt")


def test_an_own_confusion_is_used_by_the_channel(tmp_path: Path) -> None:
    def nats(tables: despin.Resources) -> float:
        found = {candidate.word: candidate.nats for candidate in tables.channel.candidates(["xouse"])[0]}
        return found.get("house", -100.0)

    path = tmp_path / "ours.tsv"
    path.write_text("true\tseen\tcount\tof\nh\tx\t1\t4\n", encoding="utf-8")
    shipped = nats(despin.load_resources())
    assert shipped < -7
    for confusions in ([path], [("h", "x", 1, 4)]):
        assert nats(despin.load_resources(confusions=confusions)) == pytest.approx(-1.3863, abs=1e-3)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("h\tx\tone\t4", r"ours\.tsv:2: count and of must be whole numbers"),
        ("h\tx\t5\t4", r"ours\.tsv:2: seen 5 times of 4"),
        ("h\tx\t1", r"ours\.tsv:2: 3 cells where 4 are needed"),
    ],
)
def test_bad_confusions_are_refused(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "ours.tsv"
    path.write_text(f"true\tseen\tcount\tof\n{row}\n", encoding="utf-8")
    with pytest.raises(TableError, match=message):
        despin.load_resources(confusions=[path])
    with pytest.raises(SettingsError, match="own confusion"):
        despin.load_resources(confusions=[("h", "h", 1, 4)])


# --- the whole -------------------------------------------------------------------------------------------------------


def test_own_knowledge_is_in_the_signature_and_goes_to_other_processes() -> None:
    assert despin.load_resources() is despin.load_resources("en")
    tables = despin.load_resources(maps=[OURS], words=["blorple"])
    plain, own = (despin.repair(SPUN, resources=one).signature for one in (None, tables))
    assert plain != own
    assert own == despin.repair(SPUN, resources=despin.load_resources(maps=[OURS], words=["blorple"])).signature
    again = pickle.loads(pickle.dumps(tables))
    assert (again.own, again.fingerprint) == (tables.own, tables.fingerprint)
    many = [one.text for one in despin.repair_many([SPUN] * 3, progress=False, level="bold", resources=tables)]
    assert many == [MENDED] * 3


def test_the_fingerprint_is_the_same_in_every_process(tmp_path: Path) -> None:
    path = map_file(tmp_path, "a\tb\tx\tours\t0.5\tme\tnext=one|two|three|four;prev=five|six\t")
    code = f"import despin; print(despin.load_resources(maps=[{str(path)!r}]).fingerprint)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def test_the_command_line_takes_files(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(SPUN, encoding="utf-8")
    path = map_file(tmp_path, "quarterly report\tthree-monthly dossier\tn\tours\t0.9\tme\t\t")
    runner = CliRunner()
    given = ["repair", str(text), "--level", "bold"]
    assert runner.invoke(main, [*given, "--map", str(path)]).stdout == MENDED
    assert runner.invoke(main, [*given, "--map", str(path), "--without", "spin"]).stdout == SPUN
    wrong = runner.invoke(main, [*given, "--map", str(tmp_path / "none.tsv")])
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "none.tsv is missing" in wrong.stderr
    wrong = runner.invoke(main, [*given, "--without", "spin.pairs"])
    assert wrong.stderr == "despin: error: rule 'spin.pairs' is not known; use spin.pair or spin.map\n"


def test_a_run_knows_when_own_files_changed(tmp_path: Path) -> None:
    path = map_file(tmp_path, "quarterly report\tthree-monthly dossier\tn\tours\t0.9\tme\t\t")
    options = Options(level="bold", maps=(str(path),))
    before = options.signature()
    assert options.treat()(SPUN).text == MENDED
    map_file(tmp_path, "quarterly report\tthree-monthly dossier\tn\tours\t0.8\tme\t\t")
    assert options.signature() != before
    with pytest.raises(SettingsError, match="rule 'x' is not known"):
        Options(without=("x",))


# --- rules left out --------------------------------------------------------------------------------------------------


def test_one_rule_can_be_left_out() -> None:
    text = "Bosom malignancy is found early. It cost £l,5OO in l9O5."
    assert despin.repair(text, level="bold").text == "Breast cancer is found early. It cost £1,500 in 1905."
    without = despin.repair(text, level="bold", without=["figures.number"])
    assert without.text == "Breast cancer is found early. It cost £1,500 in l9O5."
    assert without.signature.endswith("level:bold without:figures.number")
    assert despin.repair(text, level="bold", without=["figures", "spin"]).text == text
    assert {finding.rule for finding in despin.find(text, without=["figures.sum"])} == {
        finding.rule for finding in despin.find(text)
    } - {"figures.sum"}


def test_rules_are_named() -> None:
    assert rules_named(["spin.pair"]) == rules_named("spin.pair") == {"spin.pair"}
    assert rules_named(["lines"]) == {"lines.hyphen", "lines.joined"}
    for name in ("ocr.splits", "", "spin."):
        with pytest.raises(SettingsError, match="is not known; use"):
            rules_named([name])


def test_the_list_of_rules_has_a_place_in_the_code_for_each() -> None:
    folder = Path(despin.__file__).parent / "detect"
    for kind, rules in RULES.items():
        code = (folder / f"{kind}.py").read_text(encoding="utf-8")
        for rule in rules:
            assert f'"{rule}"' in code or f'"{kind}.{rule}"' in code, f"{kind}.{rule}"
