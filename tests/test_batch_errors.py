"""Everything that goes wrong in a batch run: one clear line for each, nothing lost, nothing half written."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.batches import cheap, lines, put, tree

from despin import SettingsError
from despin.batch import shards, store, streams
from despin.batch.options import BatchError, Options
from despin.batch.runner import run
from despin.batch.undoing import undo_run
from despin.results import Repair

pytestmark = pytest.mark.usefixtures("at_once")

GOOD = b'{"text": "A bosom text."}\n'
GZIPPED = gzip.compress(GOOD * 2000, mtime=0)


def reasons(folder: Path) -> list[str]:
    """Why records were rejected."""
    return [line["reason"] for line in lines(folder / "rejected.jsonl")]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("d.jsonl", b"{broken", "it is no JSON: a name in double quotes is missing (character 1)"),
        ("d.jsonl", b'{"text": "x",}', "it is no JSON: a comma stands before the closing brace (character 13)"),
        ("d.jsonl", b'{"text": "x"} {}', "it is no JSON: more stands after its end (character 14)"),
        ("d.jsonl", b'{"text": "x"', "it is no JSON: ',' is missing (character 12)"),
        ("d.jsonl", b'{"text" "x"}', "it is no JSON: ':' is missing (character 8)"),
        ("d.jsonl", b'{"text": nothing}', "it is no JSON: Expecting value (character 9)"),
        ("d.jsonl", b'["text"]', "it is an array, not a JSON object"),
        ("d.jsonl", b'"text"', "it is a string, not a JSON object"),
        ("d.jsonl", b"null", "it is null, not a JSON object"),
        ("d.jsonl", b"12", "it is a number, not a JSON object"),
        ("d.jsonl", b"{}", "it has no field 'text'; name the one that holds the text with --text-column"),
        ("d.jsonl", b'{"text": null}', "its field 'text' holds null, not a string"),
        ("d.jsonl", b'{"text": 1}', "its field 'text' holds a number, not a string"),
        ("d.jsonl", b'{"text": "x", "despin_score": 1}', "it has a field 'despin_score' already; choose another --prefix"),
        ("d.jsonl", b'{"text": "caf\xe9"}', "not UTF-8: byte 0xe9 at byte 13 of the record"),
        ("d.jsonl", b'{"text": "RAISE"}', "it cannot be repaired: ValueError: as it was asked to"),
        ("d.jsonl", b'{"text": "x", "deep": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "its JSON is nested too deeply"),
        ("d.csv", b"text,n\nx\n", "it has 1 fields where the header has 2"),
        ("d.csv", b"text,n\nx,1,2\n", "it has 3 fields where the header has 2"),
        ("d.csv", b"text\ncaf\xe9\n", "not UTF-8: byte 0xe9 at byte 3 of the record"),
        ("d.csv", b"text\na\rb\n", "its quotes or line ends cannot be read as CSV"),
        ("d.csv", b'text,n\n"open,1\n', "a quote is not closed, within 7,000,000 bytes or to the end of the file"),
        ("d.txt", b"RAISE", "it cannot be repaired: ValueError: as it was asked to"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_set_aside(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    source = put(tmp_path / "in", {name: data, "other.jsonl": GOOD})
    stats = run([source], tmp_path / "out", treat=cheap)
    assert reasons(tmp_path / "out") == [reason]
    assert (stats["rejected"], stats["documents"]) == (1, 1)
    aside = (tmp_path / "out/aside" / name).read_bytes()
    assert aside
    assert data.endswith(aside)
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("d.txt", b"caf\xe9 and more", "it is not UTF-8 (byte 0xe9 at 3); convert it, as with iconv"),
        ("d.txt", b"x" * streams.CHUNK + b"\xc3", f"it is not UTF-8 (byte 0xc3 at {streams.CHUNK:,}); convert it, as with iconv"),
        ("d.txt", "text".encode("utf-16"), "it is UTF-16, not UTF-8; convert it, as with iconv -f utf-16 -t utf-8"),
        ("d.jsonl", "{}".encode("utf-16"), "it is UTF-16, not UTF-8; convert it, as with iconv -f utf-16 -t utf-8"),
        ("d.csv", b"a,b\n1,2\n", "the column 'text' is there not, but 'a', 'b'; name the one that holds the text (--text-column)"),
        ("d.csv", b"text,text\n1,2\n", "the column 'text' is there twice; name the one that holds the text (--text-column)"),
        ("d.csv", b"text,despin_score\n1,2\n", "it has a column 'despin_score' already; choose another --prefix"),
        ("d.csv", b"caf\xe9,text\n", "its header cannot be read: not UTF-8: byte 0xe9 at byte 3 of the record"),
        ("d.jsonl.gz", GZIPPED[:-30], "its gzip data end early; fetch it again"),
        ("d.jsonl.gz", GZIPPED[:-3], "its gzip data end early; fetch it again"),
        ("d.jsonl.gz", GZIPPED[:-8] + b"\0" * 8, "its gzip data are damaged (CRC check failed"),
        ("d.jsonl.gz", GOOD, "its gzip data are damaged (Not a gzipped file"),
        ("d.txt.gz", GZIPPED[:40] + b"xxxxxxxx" + GZIPPED[48:], "its gzip data are damaged ("),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_set_aside_whole(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    source = put(tmp_path / "in", {name: data, "other.jsonl": GOOD})
    said: list[str] = []
    stats = run([source], tmp_path / "out", treat=cheap, say=said.append)
    [found] = reasons(tmp_path / "out")
    assert found.startswith(reason)
    assert said == [f"{source / name}: {found}; the file is set aside whole"]
    assert (stats["files"], stats["documents"]) == ({"read": 1, "rejected": 1}, 1)
    assert not (tmp_path / "out" / name).exists()
    assert (tmp_path / "out/aside" / name).read_bytes() == data
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


def test_what_was_written_of_a_file_that_ends_early_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "BLOCK", 1000)
    monkeypatch.setattr(streams, "CHUNK", 4000)
    content = b"".join(json.dumps({"text": f"bosom {os.urandom(8).hex()}"}).encode() + b"\n" for _ in range(600))
    damaged = gzip.compress(content)[:-200]
    source = put(tmp_path / "in", {"d.jsonl.gz": damaged, "e.jsonl": GOOD})
    treated = []
    stats = run(
        [source], tmp_path / "out", treat=lambda text: treated.append(text) or cheap(text), checkpoint_seconds=0
    )
    assert len(treated) > 300
    assert (stats["documents"], stats["edits"], stats["files"]["rejected"]) == (1, 1, 1)
    assert (tmp_path / "out/edits/d.jsonl.gz.jsonl").read_bytes() == b""


@pytest.mark.parametrize("name", ["e.txt", "e.jsonl", "e.txt.gz"])
def test_an_empty_file_stays_empty(tmp_path: Path, name: str) -> None:
    source = put(tmp_path / "in", {name: b""})
    stats = run([source], tmp_path / "out", treat=cheap)
    assert (stats["documents"], stats["files"]) == (0, {"read": 1, "rejected": 0})
    assert (tmp_path / "out" / name).read_bytes() == b""
    undo_run(tmp_path / "out")


def test_an_empty_csv_has_no_header(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"e.csv": b"", "f.csv": b"text\n"})
    stats = run([source], tmp_path / "out", treat=cheap)
    assert stats["files"] == {"read": 2, "rejected": 0}
    assert (tmp_path / "out/f.csv").read_bytes() == b"text,despin_score,despin_verdict\n"
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


@pytest.mark.parametrize("name", ["d.jsonl", "d.csv"])
def test_a_line_of_any_length_is_never_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(streams, "CHUNK", 5000)
    monkeypatch.setattr(shards, "BLOCK", 3000)
    options = Options(max_chars=10)  # lines up to 1,000,060 bytes are read
    long = b'{"text": "' + b"x" * 3_000_000 + b'"}\n'
    middle = b'{"text": "eleven char"}\n'
    source = put(
        tmp_path / "in", {name: (b"text\n" if name == "d.csv" else b"") + GOOD + long + middle + GOOD + long[:-1]}
    )
    held: list[int] = []

    def watching(text: str) -> Repair:
        held.append(len(text))
        return cheap(text)

    run([source], tmp_path / "out", options, treat=watching)
    assert max(held, default=0) <= 10
    found = lines(tmp_path / "out/rejected.jsonl")
    assert [one["reason"] for one in found if "longer than" in one["reason"]] == [
        "longer than 1,000,060 bytes; raise --max-chars to read it"
    ] * 2
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


def test_a_text_that_is_too_long_is_rejected(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.jsonl": b'{"text": "eleven char"}\n{"text": "ten chars."}\n'})
    stats = run([source], tmp_path / "out", Options(max_chars=10), treat=cheap)
    assert (stats["documents"], stats["rejected"]) == (1, 1)
    assert reasons(tmp_path / "out") == ["its text has 11 characters; raise --max-chars to read more than 10"]


def test_a_quote_that_stays_open_costs_its_own_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Options, "most_bytes", property(lambda options: 500))
    rows = b"".join(b"%d,row\n" % number for number in range(200))
    source = put(tmp_path / "in", {"d.csv": b'n,text\n1,"open\n' + rows})
    stats = run([source], tmp_path / "out", treat=cheap)
    assert (stats["documents"], stats["rejected"]) == (200, 1)
    assert (tmp_path / "out/aside/d.csv").read_bytes() == b'1,"open\n'


def test_what_unpacks_to_too_much_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "FREE_GROWTH", 2 << 20)
    data = gzip.compress(b" " * (20 << 20))
    source = put(tmp_path / "in", {"d.txt.gz": data})
    run([source], tmp_path / "out", treat=cheap)
    assert reasons(tmp_path / "out") == [
        "it unpacks to more than 200 times its size; unpack it yourself if that is meant"
    ]
    assert (tmp_path / "out/aside/d.txt.gz").read_bytes() == data


def test_a_repair_that_cannot_be_written_is_not_made(tmp_path: Path) -> None:
    source = put(
        tmp_path / "in", {"d.txt": b"LONE text", "e.jsonl": b'{"text": "LONE text"}', "f.csv": b"text\nLONE text\n"}
    )
    stats = run([source], tmp_path / "out", treat=cheap)
    assert reasons(tmp_path / "out") == ["its repaired text has no UTF-8 form"] * 2
    assert stats["documents"] == 1
    assert (tmp_path / "out/e.jsonl").read_bytes().startswith(b'{"text": "\\ud800 text"')
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


def test_a_repair_that_its_record_does_not_undo_is_not_made(tmp_path: Path) -> None:
    def lying(text: str) -> Repair:
        repair = cheap(text)
        return Repair(repair.original, repair.text + "!", repair.steps, (), "", repair.scores)

    source = put(tmp_path / "in", {"d.jsonl": GOOD})
    run([source], tmp_path / "out", treat=lying)
    [reason] = reasons(tmp_path / "out")
    assert reason.startswith("its repair could not be undone (")
    assert (tmp_path / "out/aside/d.jsonl").read_bytes() == GOOD


def test_repeated_ids_are_no_trouble(tmp_path: Path) -> None:
    data = b"".join(b'{"id": 1, "text": "bosom %d"}\n' % number for number in range(5))
    source = put(tmp_path / "in", {"d.jsonl": data})
    run([source], tmp_path / "out", treat=cheap)
    assert [line["id"] for line in lines(tmp_path / "out/edits/d.jsonl.jsonl")] == ["1"] * 5
    undo_run(tmp_path / "out")
    assert (tmp_path / "out/originals/d.jsonl").read_bytes() == data


@pytest.mark.parametrize("when", ["while", "replaced"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    monkeypatch.setattr(shards, "BLOCK", 100)
    source = put(tmp_path / "in", {"d.jsonl": GOOD * 20})
    path = source / "d.jsonl"

    def changing(text: str) -> Repair:
        if when == "while":
            with path.open("ab") as file:
                file.write(GOOD)
        elif not (tmp_path / "new").exists():
            (tmp_path / "new").write_bytes(GOOD * 20)
            os.utime(tmp_path / "new", ns=(1, path.stat().st_mtime_ns))
            os.rename(tmp_path / "new", path)
            (tmp_path / "new").touch()
        return cheap(text)

    with pytest.raises(BatchError, match=r"d\.jsonl was changed while it was read; go on with --resume when nothing"):
        run([source], tmp_path / "out", treat=changing)
    assert not (tmp_path / "out/d.jsonl").exists()
    run([source], tmp_path / "out", treat=cheap, resume=True)
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_the_run_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(shards, "BLOCK", 100)
    source = put(tmp_path / "in", {"a.jsonl": GOOD * 10, "b.jsonl": GOOD * 100})
    real = store.write
    room = 6000

    def full(file: Any, data: bytes) -> None:
        nonlocal room
        room -= len(data)
        if room < 0:
            real(file, data[: len(data) // 2])
            raise OSError(number, os.strerror(number))
        real(file, data)

    monkeypatch.setattr(store, "write", full)
    with pytest.raises(BatchError, match=f"no room to write in .*out: {os.strerror(number)}; make room and go on with"):
        run([source], tmp_path / "out", treat=cheap, checkpoint_seconds=0)
    assert not (tmp_path / "out/b.jsonl").exists()
    monkeypatch.setattr(store, "write", real)
    run([source], tmp_path / "out", treat=cheap, resume=True)
    run([source], tmp_path / "whole", treat=cheap)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


# A file system of 300 kB, seen by one process alone: a run that fills it, then room made, then the run gone on with.
FULL_DISK = """
set -e
mount -t tmpfs -o size=300k none "$1/small"
status=0
"$2" -m despin run "$1/in" -o "$1/small/out" --workers 1 >"$1/said" 2>&1 || status=$?
echo "$status" >"$1/status"
ls -A "$1/small/out" >"$1/after"
mount -o remount,size=30m "$1/small"
"$2" -m despin run "$1/in" -o "$1/small/out" --workers 1 --resume >"$1/stats"
"$2" -m despin undo "$1/small/out" -o "$1/back"
"""


def test_a_disk_that_is_really_full_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    private = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    (tmp_path / "small").mkdir()
    probe = [*private, 'mount -t tmpfs -o size=300k none "$0"', str(tmp_path / "small")]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    rows = b"".join(b'{"id": %d, "text": "%s"}\n' % (number, b"It rains. " * 200) for number in range(300))
    source = put(tmp_path / "in", {"a.jsonl": rows, "b.jsonl": rows})
    subprocess.run([*private, FULL_DISK, "sh", str(tmp_path), sys.executable], check=True, capture_output=True)
    assert (tmp_path / "status").read_text() == "2\n"
    assert re.fullmatch(
        r"despin: error: no room to write in .*out: No space left on device; make room and go on with --resume\n",
        (tmp_path / "said").read_text(),
    )
    assert "b.jsonl" not in (tmp_path / "after").read_text().split()
    assert json.loads((tmp_path / "stats").read_bytes())["documents"] == 600
    assert tree(tmp_path / "back") == tree(source)


# ---------------------------------------------------------------------------------------------------------------------
# Runs that cannot begin


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["in/none.txt"], "in/none.txt is not there, and as a pattern it fits no file"),
        (["in/*.csv"], r"in/\*.csv is not there, and as a pattern it fits no file"),
        (["in/page.html"], "in/page.html is of no kind that is read: .txt, .jsonl"),
        (["in/sub"], "no file to read; files that end in .txt, .jsonl, .* are read"),
        (["in/a.txt", "other/a.txt"], "in/a.txt and other/a.txt would both be written to a.txt; run them one by one"),
        (["in/stats.jsonl", "other/edits"], "no file"),
        (["other"], "would be written to edits/x.txt, which the run itself uses; rename it"),
    ],
)
def test_inputs_that_cannot_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: list[str], message: str
) -> None:
    put(
        tmp_path,
        {"in/a.txt": b"x", "in/page.html": b"", "in/sub/page.html": b"", "other/a.txt": b"", "other/edits/x.txt": b""},
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BatchError, match=message):
        run(inputs, "out", treat=cheap)
    assert not Path("out").exists()


def test_a_folder_is_never_written_into_itself(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"a.txt": b"x"})
    with pytest.raises(BatchError, match=r"the output folder .* lies in the input folder"):
        run([source], source / "out", treat=cheap)
    with pytest.raises(BatchError, match=r"a\.txt would be written over; choose another output folder"):
        run([source / "a.txt"], source, treat=cheap)


def test_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"a.txt": b"x"})
    put(tmp_path / "out", {"mine.txt": b"x"})
    with pytest.raises(BatchError, match=r"out is not empty; choose a new output folder$"):
        run([source], tmp_path / "out", treat=cheap)
    with pytest.raises(BatchError, match="out holds no run to go on with; choose a new output folder"):
        run([source], tmp_path / "out", treat=cheap, resume=True)
    with pytest.raises(BatchError, match=r"mine\.txt is no folder"):
        run([source], tmp_path / "out/mine.txt", treat=cheap)
    assert tree(tmp_path / "out") == {"mine.txt": b"x"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Options(level="brave"), "level 'brave' is not known"),
        (lambda: Options(context="none").signature(), "context 'none' is not known"),
        (lambda: Options(keep=("some",)), "keep 'some' is not known; use flag, no-flag, abstain or all"),
        (lambda: Options(keep=()), "keep names nothing"),
        (lambda: Options(max_chars=0), "max_chars=0: at least 1 is needed"),
        (lambda: Options(prefix='"'), "prefix '\"': use letters, digits and the marks . _ - only"),
        (lambda: Options(delimiter=";;"), "delimiter ';;': one ASCII character is needed"),
        (lambda: run(["x"], "out", workers=0), "workers=0: at least one process is needed"),
    ],
)
def test_settings_that_are_not_known(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        make()
