"""`despin run`, and `despin undo` of a folder, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.batches import cheap, lines, put, tree

from despin.batch.options import Options
from despin.cli import main
from despin.cli_batch import config_values, run
from despin.values import DespinError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None) -> Path:
    """A folder with input files, the current one; texts are repaired by `cheap`."""
    put(
        tmp_path / "in", {"a.txt": b"bosom, spun", "d.jsonl": b'{"body": "bosom", "text": "x"}\n{}\n', "page.html": b""}
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Options, "treat", lambda options: cheap)
    return tmp_path


def typed(*words: str) -> Result:
    """The command's result."""
    return CliRunner().invoke(main, list(words))


def test_run_and_undo(folder: Path) -> None:
    result = typed("run", "in", "--output", "out")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads((folder / "out/stats.json").read_bytes())
    assert result.stderr.splitlines() == [
        "despin: 1 files of other kinds are left out",
        "despin: 1 records and 0 files were rejected; see out/rejected.jsonl",
    ]
    assert (folder / "out/a.txt").read_bytes() == b"breast, spun"
    undone = typed("undo", "out")
    assert (undone.exit_code, undone.stdout, undone.stderr) == (0, "", "despin: 2 files written to out/originals\n")
    assert typed("undo", "out", "-o", "back").exit_code == 0
    put(folder / "back", {"page.html": b""})
    assert tree(folder / "back") == tree(folder / "in")


def test_options_reach_the_run(folder: Path) -> None:
    result = typed(
        "run", "in", "-o", "out", "--text-column", "body", "--keep", "flag", "--keep", "abstain", "--prefix", "x_",
        "--workers", "1", "--level", "bold", "--max-chars", "20", "--protect", "a term", "--score-only", "--without", "spin.pair",
    )  # fmt: skip
    assert result.exit_code == 0
    assert lines(folder / "out/d.jsonl") == [{"body": "breast", "text": "x", "x_score": 0.05, "x_verdict": "abstain"}]
    options = json.loads((folder / "out/manifest.json").read_bytes())["run"]["options"]
    assert options == {
        "level": "bold", "context": "default", "protect": ["a term"], "without": ["spin.pair"], "maps": [], "words": [],
        "confusions": [], "score_only": True, "keep": ["flag", "abstain"],
        "text_column": "body", "id_column": "id", "prefix": "x_", "max_chars": 20, "delimiter": ",",
    }  # fmt: skip


def test_a_config_file_gives_the_defaults(folder: Path) -> None:
    put(
        folder,
        {
            "run.toml": b'inputs = ["in"]\nmap = []\noutput = "out"\ntext-column = "body"\nkeep = "abstain"\nlevel = "bold"\n'
        },
    )
    result = typed("run", "--config", "run.toml", "--level", "safe")
    assert result.exit_code == 0, result.stderr
    options = json.loads((folder / "out/manifest.json").read_bytes())["run"]["options"]
    assert (options["text_column"], options["keep"], options["level"]) == ("body", ["abstain"], "safe")
    assert lines(folder / "out/d.jsonl")[0]["body"] == "breast"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            b"levle = 'safe'",
            "run.toml: 'levle' is no setting; use confusions, context, delimiter, dry-run, id-column, inputs, keep,",
        ),
        (b"resume = true", "run.toml: 'resume' is no setting"),
        (b"level = ", "run.toml is no TOML: "),
        (b"level = 'brave'", "'brave' is not one of 'safe', 'balanced', 'bold'"),
        (None, "run.toml cannot be read: No such file or directory"),
    ],
)
def test_a_config_file_that_is_wrong(folder: Path, config: bytes | None, message: str) -> None:
    if config is not None:
        put(folder, {"run.toml": config})
    result = typed("run", "in", "-o", "out", "--config", "run.toml")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (folder / "out").exists()


def test_every_option_of_the_library_has_one_of_the_command() -> None:
    names = {str(option.name) for option in run.params}
    assert set(Options().values()) <= names
    assert set(config_values(dict.fromkeys(Options().values(), "x"), run, "f")) == set(Options().values())
    with pytest.raises(DespinError, match="'config' is no setting"):
        config_values({"config": "x"}, run, "f")
    given = run.make_context("run", ["in", "-o", "out"]).params
    assert Options(**{name: given[name] for name in Options().values()}) == Options()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "none.txt", "-o", "out"), "despin: error: none.txt is not there, and as a pattern it fits no file\n"),
        (("undo", "in"), "despin: error: in holds no run: it has no manifest.json\n"),
        (
            ("run", "in", "-o", "in/out"),
            "despin: error: the output folder in/out lies in the input folder in; choose another\n",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(folder: Path, words: tuple[str, ...], message: str) -> None:
    result = typed(*words)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)


def test_a_folder_is_undone_as_a_whole(folder: Path) -> None:
    typed("run", "in", "-o", "out")
    for more in (("--only", "1"), ("--list",), ("in/a.txt",)):
        result = typed("undo", "out", *more)
        assert result.exit_code == 2
        assert "a folder is undone as a whole; only --output goes with it." in result.stderr


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    result = typed("run", "in", "-o", "out", "--dry-run")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["documents"] == 2
    assert not (folder / "out").exists()
