"""The package as others get it: what importing does, what a wheel holds, and that README.md and CI say the same."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import despin

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# An installation of 45 MB and more is a burden in every container.
LARGEST_WHEEL = 45_000_000

# Prints what the code in the first argument opened, which modules it loaded, and how long it took.
WATCHED = """
import json, sys, time
opened, connected = [], []
def watch(event, arguments):
    if event == "open":
        opened.append(str(arguments[0]))
    elif event.startswith("socket."):
        connected.append(event)
sys.addaudithook(watch)
start = time.perf_counter()
exec(sys.argv[1])
seconds = time.perf_counter() - start
json.dump({"opened": opened, "connected": connected, "modules": sorted(sys.modules), "seconds": seconds}, sys.stdout)
"""


def watched(code: str) -> dict[str, list[str]]:
    """What a fresh interpreter does when it runs `code`."""
    done = subprocess.run([sys.executable, "-c", WATCHED, code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def seconds(code: str) -> float:
    """The time of `code` in a fresh interpreter: the median of five."""
    return statistics.median(float(watched(code)["seconds"]) for _ in range(5))  # type: ignore[arg-type]


def data_files(opened: list[str]) -> list[str]:
    data = str(ROOT / "data")
    return [path for path in opened if path.startswith(data) or f"{os.sep}despin{os.sep}data{os.sep}" in path]


def test_import_reads_nothing_and_loads_nothing() -> None:
    seen = watched("import despin")
    assert data_files(seen["opened"]) == []
    assert seen["connected"] == []
    assert not {"numpy", "regex", "wordfreq", "symspellpy", "click"} & set(seen["modules"])


def test_looking_up_every_public_name_reads_no_data() -> None:
    seen = watched("import despin\nfor name in dir(despin): getattr(despin, name)")
    assert data_files(seen["opened"]) == []
    assert seen["connected"] == []
    assert not {"wordfreq", "symspellpy"} & set(seen["modules"])


def test_repair_reads_data_and_opens_no_network() -> None:
    seen = watched("import despin; despin.repair('It is so.')")
    assert data_files(seen["opened"])
    assert seen["connected"] == []


def test_import_takes_under_a_fifth_of_a_second() -> None:
    assert seconds("import despin") < 0.2


def test_loading_the_code_costs_little_beside_what_it_stands_on() -> None:
    """The tokenizer's pattern and the modules, without data, against numpy and regex alone."""
    assert seconds("import despin; despin.repair") < 5 * seconds("import numpy, regex")


def test_public_names() -> None:
    assert {"repair", "undo", "find", "score", "passages", "tokenize", "normalize_citations", "Record"} <= set(
        dir(despin)
    )
    assert despin.numerals.parse("twelve") == 12
    for name in dir(despin):
        assert getattr(despin, name) is not None
    with pytest.raises(AttributeError, match="module 'despin' has no attribute 'no_such_name'"):
        despin.no_such_name  # noqa: B018


def block(name: str) -> str:
    """The text of the code block that follows an HTML comment in README.md."""
    found = re.search(rf"<!-- {name} -->\n```text\n(.*?)\n```", README, re.DOTALL)
    assert found, f"README.md has no block {name}"
    return found.group(1)


def test_the_readme_shows_what_despin_does() -> None:
    """Where this fails despin does something else now: paste its output into README.md, if it is no worse."""
    assert despin.repair(block("before")).text == block("after")


def test_ci_runs_the_command_of_the_readme() -> None:
    commands = re.findall(r"^python3 -m venv .* && .*pytest$", README, re.MULTILINE)
    assert commands == ["python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"]
    ci = ROOT / ".ci" / "run"
    assert os.access(ci, os.X_OK)
    assert "grep --max-count=1 -E '^python3 -m venv .* && .*pytest$' README.md" in ci.read_text(encoding="utf-8")


def run(*command: str | Path, cwd: Path) -> str:
    # nothing of this environment's path may help the new one
    clean = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("despin-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_data_and_is_not_large(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tables = {
        f"despin/data/{path.relative_to(ROOT / 'data').as_posix()}"
        for path in (ROOT / "data").rglob("*")
        if path.is_file()
    }
    assert tables <= names
    assert {"despin/py.typed", "despin/demo.txt"} <= names
    assert {name.rpartition("/")[2] for name in names} >= {"LICENSE", "NOTICE"}
    assert not [name for name in names if name.startswith(("tests/", "scripts/", "benchmarks/"))]
    assert wheel.stat().st_size < LARGEST_WHEEL


@pytest.mark.slow
def test_an_installed_wheel_repairs_a_sentence(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(scripts / "pip", "install", "--quiet", wheel, cwd=tmp_path)
    code = (
        "import sys, despin; from despin.tables import data_folder; assert str(data_folder()).startswith(sys.prefix);"
        "print(despin.repair('Bosom malignancy is found early by counterfeit consciousness.').text)"
    )
    # -I: nothing but the installed package, whatever the folder and the environment
    assert (
        run(scripts / "python", "-I", "-c", code, cwd=tmp_path)
        == "Breast cancer is found early by artificial intelligence.\n"
    )
    assert "undone again" in run(scripts / "despin", "demo", cwd=tmp_path)
    (tmp_path / "page.txt").write_text("Bosom malignancy was found.", encoding="utf-8")
    assert run(scripts / "despin", "repair", "--quiet", "page.txt", cwd=tmp_path) == "Breast cancer was found."
