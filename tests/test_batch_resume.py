"""Runs that break off, and go on: killed at any moment, by Ctrl-C, by a worker that dies; and when they must not go on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.batches import cheap, lines, put, tree

from despin.batch import shards, store
from despin.batch.options import BatchError, Options
from despin.batch.runner import run
from despin.batch.undoing import undo_run

ROOT = Path(__file__).parents[1]

# What is run in a process of its own and killed: small blocks, a checkpoint after each.
SCRIPT = """
import sys
from despin.batch import shards, store
from despin.batch.runner import run
from tests.batches import cheap
shards.BLOCK = 400
source, output, workers = sys.argv[1:]
if __name__ == "__main__":
    run([source], output, workers=int(workers), resume=True, treat=cheap, checkpoint_seconds=0)
"""


def slow_files(count: int) -> dict[str, bytes]:
    """Files of three kinds whose repair takes a while."""
    rows = [json.dumps({"id": n, "text": f"SLOW bosom number {n} {'spun' * (n % 3)}"}) for n in range(count)]
    return {
        "a.jsonl": "\n".join(rows).encode(),
        "b.csv": ("id,text\n" + "".join(f'{n},"SLOW bosom, number {n}"\n' for n in range(count // 2))).encode(),
        "c.txt": b"SLOW bosom",
    }


def start(source: Path, output: Path, workers: int) -> subprocess.Popen[bytes]:
    """A run in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(source), str(output), str(workers)],
        cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )  # fmt: skip


def size(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize(("workers", "seed"), [(1, 1), (2, 2), (2, 3)])
def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(tmp_path: Path, workers: int, seed: int) -> None:
    source = put(tmp_path / "in", slow_files(120))
    journal = tmp_path / "out/.despin/journal.jsonl"
    chance = random.Random(seed)
    kills = 0
    while True:
        process = start(source, tmp_path / "out", workers)
        goal = size(journal) + chance.randrange(500, 4_000)
        while process.poll() is None and size(journal) < goal:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.02)
        kills += process.poll() is None
        process.kill()
        _, error = process.communicate()
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, error.decode()
            break
    assert kills >= 2
    stats = json.loads((tmp_path / "out/stats.json").read_bytes())
    assert stats["documents"] == 181
    whole = tmp_path / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "BLOCK", 400)
        run([source], whole, treat=cheap)
    assert tree(tmp_path / "out") == tree(whole)


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    source = put(tmp_path / "in", slow_files(200))
    process = start(source, tmp_path / "out", 2)
    while not size(tmp_path / "out/.despin/000000.output"):
        time.sleep(0.01)
    process.kill()
    process.communicate()

    def left() -> list[str]:
        found = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
        return [
            line for line in found.splitlines() if line.split()[0] == str(process.pid) and "Z" not in line.split()[1]
        ]

    for _ in range(50):
        if not left():
            break
        time.sleep(0.1)
    assert left() == []


class Killed(BaseException):
    """In place of SIGKILL, where it would kill the tests: nothing that the run does on its way out may matter."""


def interrupted(folder: Path, source: Path, at: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Go on with a run up to its `at`-th step that reaches the disk; whether it broke off there."""
    steps = 0

    def counting(real: Any) -> Any:
        def step(*arguments: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > at:
                raise Killed
            return real(*arguments, **named)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counting(lambda handle: None))
        patch.setattr(os, "replace", counting(os.replace))
        patch.setattr(store, "write", counting(store.write))
        try:
            run([source], folder, treat=cheap, resume=True, checkpoint_seconds=0)
        except Killed:
            return True
    return False


@pytest.mark.usefixtures("at_once")
def test_broken_off_at_every_single_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "BLOCK", 60)
    source = put(
        tmp_path / "in",
        {"a.jsonl": b'{"text": "bosom"}\n{"text": "spun"}\n{bad}\n' * 2, "b.txt": b"bosom", "c.txt": b"\xff"},
    )
    run([source], tmp_path / "whole", treat=cheap)
    expected = tree(tmp_path / "whole")
    broken = 0
    for at in range(1000):
        folder = tmp_path / f"out{at}"
        if not interrupted(folder, source, at, monkeypatch):
            break
        broken += 1
        # once more, somewhere in the run that goes on
        interrupted(folder, source, at * 7 % 23, monkeypatch)
        stats = run([source], folder, treat=cheap, resume=True)
        assert tree(folder) == expected
        assert stats["documents"] == 5
    assert broken > 60


@pytest.mark.usefixtures("at_once")
def test_the_statistics_are_those_of_the_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "BLOCK", 60)
    source = put(tmp_path / "in", {"a.jsonl": b'{"text": "bosom"}\n' * 40})
    for at in (30, 20, 20):
        assert interrupted(tmp_path / "out", source, at, monkeypatch)
    stats = run([source], tmp_path / "out", treat=cheap, resume=True)
    assert (stats["documents"], stats["edits"], stats["time"]["runs"]) == (40, 40, 4)


@pytest.fixture
def half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None) -> Path:
    """A folder with a run that broke off in its second file."""
    monkeypatch.setattr(shards, "BLOCK", 60)
    put(tmp_path / "in", {"a.txt": b"bosom", "b.jsonl": b'{"text": "bosom"}\n' * 40})
    assert interrupted(tmp_path / "out", tmp_path / "in", 60, monkeypatch)
    assert (tmp_path / "out/a.txt").exists()
    assert not (tmp_path / "out/b.jsonl").exists()
    return tmp_path


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(level="safe"), "options level was 'balanced', now it is 'safe'"),
        (Options(keep=("flag",)), r"options keep was \['all'\], now it is \['flag'\]"),
        (Options(text_column="body"), "options text_column was 'text', now it is 'body'"),
    ],
)
def test_it_does_not_go_on_with_other_settings(half: Path, options: Options, message: str) -> None:
    with pytest.raises(BatchError, match=f"cannot go on: {message}; put it back as it was, or begin again"):
        run([half / "in"], half / "out", options, treat=cheap, resume=True)


def test_it_does_not_go_on_with_other_data(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Options, "signature", lambda self: "despin 9 data:123")
    with pytest.raises(
        BatchError, match=r"cannot go on: signature was 'despin .* data:.*', now it is 'despin 9 data:123'"
    ):
        run([half / "in"], half / "out", treat=cheap, resume=True)


def test_it_does_not_go_on_with_other_inputs(half: Path) -> None:
    put(half / "in", {"c.txt": b"more"})
    with pytest.raises(BatchError, match="cannot go on: inputs was"):
        run([half / "in"], half / "out", treat=cheap, resume=True)


@pytest.mark.parametrize(("name", "data"), [("a.txt", b"other"), ("b.jsonl", b'{"text": "other"}\n' * 40), ("b.jsonl", b'{"text": "bosom"}\n')])  # fmt: skip
def test_it_does_not_go_on_with_a_file_that_changed(half: Path, name: str, data: bytes) -> None:
    (half / "in" / name).write_bytes(data)
    with pytest.raises(BatchError, match="has changed since it was read; begin again in a new folder"):
        run([half / "in"], half / "out", treat=cheap, resume=True)


def test_a_file_that_was_only_touched_has_not_changed(half: Path) -> None:
    for name in ("a.txt", "b.jsonl"):
        os.utime(half / "in" / name)
    assert run([half / "in"], half / "out", treat=cheap, resume=True)["documents"] == 41


def test_it_does_not_go_on_where_its_output_changed(half: Path) -> None:
    (half / "out/a.txt").write_bytes(b"")
    with pytest.raises(BatchError, match=r"a\.txt was changed or removed since it was written; begin again in a new"):
        run([half / "in"], half / "out", treat=cheap, resume=True)


def test_what_the_disk_lost_is_done_again(half: Path) -> None:
    [part] = (half / "out/.despin").glob("*.output")
    data = part.read_bytes()
    assert len(data) > 100
    part.write_bytes(bytes(len(data)))
    run([half / "in"], half / "out", treat=cheap, resume=True)
    run([half / "in"], half / "whole", treat=cheap)
    assert tree(half / "out") == tree(half / "whole")


def test_a_journal_line_that_was_half_written_is_cut_off(half: Path) -> None:
    with (half / "out/.despin/journal.jsonl").open("ab") as file:
        file.write(b'{"done": "b.js')
    run([half / "in"], half / "out", treat=cheap, resume=True)
    run([half / "in"], half / "whole", treat=cheap)
    assert tree(half / "out") == tree(half / "whole")


def test_without_resume_it_does_not_begin_over_a_run(half: Path) -> None:
    with pytest.raises(
        BatchError, match="is not empty; choose a new output folder, or --resume to go on with the run in"
    ):
        run([half / "in"], half / "out", treat=cheap)
    with pytest.raises(BatchError, match="is not finished; go on with `despin run --resume`"):
        undo_run(half / "out")


def test_a_finished_run_is_left_as_it_is(half: Path) -> None:
    first = run([half / "in"], half / "out", treat=cheap, resume=True)
    before = tree(half / "out", but_time=False)
    said: list[str] = []
    assert run([half / "in"], half / "out", treat=cheap, resume=True, say=said.append) == first
    assert said == ["the run is complete already"]
    assert tree(half / "out", but_time=False) == before
    with pytest.raises(BatchError, match="options level was"):
        run([half / "in"], half / "out", Options(level="bold"), treat=cheap, resume=True)
    (half / "in/a.txt").write_bytes(b"new")
    with pytest.raises(BatchError, match="has changed since it was read"):
        run([half / "in"], half / "out", treat=cheap, resume=True)


def test_two_runs_never_write_to_one_folder(half: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from despin.batch.store import _lock\n"
        "held = _lock(Path(sys.argv[1]) / '.despin/lock', Path()); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(half / "out")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BatchError, match=r"another run is writing to .*out"):
            run([half / "in"], half / "out", treat=cheap, resume=True)
        other.communicate()
    assert run([half / "in"], half / "out", treat=cheap, resume=True)["documents"] == 41


# ---------------------------------------------------------------------------------------------------------------------
# Workers that die


@pytest.mark.parametrize("workers", [1, 2])
def test_a_record_that_kills_its_process_is_rejected_alone(tmp_path: Path, workers: int) -> None:
    texts = ["bosom 1", "DIE", "bosom 2", "bosom 3"]
    data = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    source = put(tmp_path / "in", {"d.jsonl": data, "e.txt": b"bosom"})
    stats = run([source], tmp_path / "out", workers=workers, treat=cheap)
    assert (stats["documents"], stats["rejected"]) == (4, 1)
    [rejected] = lines(tmp_path / "out/rejected.jsonl")
    assert (rejected["number"], rejected["reason"]) == (1, "the process that worked at it died, twice")
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


def test_a_process_that_dies_once_changes_nothing(tmp_path: Path) -> None:
    data = b"".join(json.dumps({"text": f"bosom {n} DIE-ONCE:{tmp_path / 'mark'} "}).encode() + b"\n" for n in range(4))
    source = put(tmp_path / "in", {"d.jsonl": data})
    run([source], tmp_path / "out", treat=cheap)
    run([source], tmp_path / "whole", treat=cheap)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


# ---------------------------------------------------------------------------------------------------------------------
# Ctrl-C


def test_ctrl_c_ends_the_run_with_130_and_it_goes_on(tmp_path: Path) -> None:
    # the real tables take long to load, so another repair is put in the place of the real one
    # and Ctrl-C works even where the tests themselves run in the background, with it switched off
    script = (
        "from despin.batch import runner, options; from tests.batches import cheap; from despin.cli import main\n"
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "options.Options.treat = lambda self: cheap\n"
        "if __name__ == '__main__': main()"
    )
    source = put(tmp_path / "in", slow_files(600))
    command = [sys.executable, "-c", script, "run", str(source), "-o", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while process.poll() is None and not size(tmp_path / "out/.despin/journal.jsonl"):
            time.sleep(0.01)
        assert process.poll() is None, process.communicate()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the workers as well
        out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, b"")
    assert error == b"despin: interrupted; run it again with --resume to go on\n"
    done = subprocess.run([*command, "--resume"], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout)["documents"] == 901
    assert json.loads(done.stdout)["time"]["runs"] == 2


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="no fork here")
def test_ctrl_c_while_a_worker_starts_is_left_to_the_parent() -> None:
    script = (
        "import os, signal\n"
        "from despin.batch.pool import in_order\n"
        "os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "print(list(in_order(abs, [-1, -2, -3], 2, 'fork')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"[1, 2, 3]\n", b"")
