"""Batch runs as a whole: what is written, the same bytes in all circumstances, undoing, and every error."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.batches import Files, cheap, lines, put, tree

from despin.batch import shards
from despin.batch.options import BatchError, Options
from despin.batch.runner import run
from despin.batch.undoing import undo_run

JSONL = (
    b'{"id": "a", "text": "A bosom malignancy, spun.", "n": 1.50}\n'
    b'{"id":"b","text":"Nothing here.","n":1e400}\r\n'
    b"\n"
    b'  {"text" : "caf\\u00e9 bosom \\/ \xc3\xa9", "id": 17, "text ": null } \n'
    b'{"id": "a", "text": "short"}'
)
CSV = (
    b"\xef\xbb\xbfid,text,note\r\n"
    b'1,"A bosom, ""spun"" and\nbroken over lines",x\r\n'
    b"2,Plain text of a row,\r\n"
    b"\r\n"
    b'3,bosom,"the last, without a line end"'
)
TXT = "A bosom text, spun.\r\n\r\nWith caf\u00e9s in it.\n".encode()


# ---------------------------------------------------------------------------------------------------------------------
# What is written


@pytest.mark.usefixtures("at_once")
def test_lines_of_json_are_written_with_text_score_and_verdict(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.jsonl": JSONL})
    stats = run([source], tmp_path / "out", treat=cheap)
    written = (tmp_path / "out/d.jsonl").read_bytes()
    assert written == (
        b'{"id": "a", "text": "A breast malignancy, spun.", "n": 1.50, "despin_score": 0.25, "despin_verdict": "flag"}\n'
        b'{"id":"b","text":"Nothing here.","n":1e400, "despin_score": 0.13, "despin_verdict": "no-flag"}\r\n'
        b"\n"
        b'  {"text" : "caf\xc3\xa9 breast / \xc3\xa9", "id": 17, "text ": null , "despin_score": 0.14, "despin_verdict": "no-flag"} \n'
        b'{"id": "a", "text": "short", "despin_score": 0.05, "despin_verdict": "abstain"}'
    )
    records = lines(tmp_path / "out/edits/d.jsonl.jsonl")
    assert [(one["schema"], one["id"], one["number"]) for one in records] == [
        ("despin.edits/1", "a", 0),
        ("despin.edits/1", "17", 3),
    ]
    assert stats == {
        "files": {"read": 1, "rejected": 0},
        "documents": 4,
        "characters": 57,
        "kept": 4,
        "dropped": 0,
        "rejected": 0,
        "edited": 2,
        "edits": 2,
        "edits_by_rule": {"spin.map": 2},
        "refusals": 0,
        "verdicts": {"abstain": 1, "flag": 1, "no-flag": 2},
        "time": stats["time"],
    }
    assert json.loads((tmp_path / "out/stats.json").read_bytes()) == stats
    assert stats["time"]["runs"] == 1
    assert sorted(tree(tmp_path / "out")) == [
        "d.jsonl", "edits/d.jsonl.jsonl", "manifest.json", "rejected.jsonl", "stats.json"
    ]  # fmt: skip


@pytest.mark.usefixtures("at_once")
def test_rows_of_csv_are_written_with_text_score_and_verdict(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.csv": CSV, "t.tsv": b'text\tid\nbosom, "x"\t7\n'})
    run([source], tmp_path / "out", treat=cheap)
    assert (tmp_path / "out/d.csv").read_bytes() == (
        b"\xef\xbb\xbfid,text,note,despin_score,despin_verdict\r\n"
        b'1,"A breast, ""spun"" and\nbroken over lines",x,0.37,flag\r\n'
        b"2,Plain text of a row,,0.19,no-flag\r\n"
        b"\r\n"
        b'3,breast,"the last, without a line end",0.05,abstain'
    )
    assert (tmp_path / "out/t.tsv").read_bytes() == b"text\tid\tdespin_score\tdespin_verdict\nbreast, \"x\"\t7\t0.1\tno-flag\n"  # fmt: skip


@pytest.mark.usefixtures("at_once")
def test_plain_text_has_its_score_in_the_side_file(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"deep/a.txt": TXT, "mark.txt": b"\xef\xbb\xbfbosom", "empty.txt": b""})
    run([source], tmp_path / "out", treat=cheap)
    assert (tmp_path / "out/deep/a.txt").read_bytes() == TXT.replace(b"bosom", b"breast")
    assert (tmp_path / "out/mark.txt").read_bytes() == b"\xef\xbb\xbfbreast"
    assert (tmp_path / "out/empty.txt").read_bytes() == b""
    [side] = lines(tmp_path / "out/edits/deep/a.txt.jsonl")
    assert (side["id"], side["score"], side["verdict"]) == ("deep/a.txt:0", 0.41, "flag")
    [side] = lines(tmp_path / "out/edits/mark.txt.jsonl")
    assert side["source"]["length"] == len("bosom")


@pytest.mark.usefixtures("at_once")
def test_a_long_text_is_cut_where_paragraphs_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("despin.batch.formats.PIECE", 40)
    text = b"A bosom, spun, of some length.\n\nA second part.\n \nA third bosom, which is longer than a piece is."
    source = put(tmp_path / "in", {"a.txt": text})
    run([source], tmp_path / "out", treat=cheap)
    sides = lines(tmp_path / "out/edits/a.txt.jsonl")
    assert [side["source"]["length"] for side in sides] == [32, 38, 26]
    assert (tmp_path / "out/a.txt").read_bytes() == text.replace(b"bosom", b"breast")
    undo_run(tmp_path / "out")
    assert (tmp_path / "out/originals/a.txt").read_bytes() == text


@pytest.mark.usefixtures("at_once")
def test_what_is_not_kept_is_set_aside_as_it_was(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.jsonl": JSONL, "c.csv": CSV, "a.txt": TXT})
    stats = run([source], tmp_path / "out", Options(keep=("no-flag", "abstain")), treat=cheap)
    assert (stats["kept"], stats["dropped"], stats["edits"]) == (5, 3, 2)
    assert (tmp_path / "out/aside/d.jsonl").read_bytes() == JSONL.splitlines(keepends=True)[0]
    assert lines(tmp_path / "out/aside/d.jsonl.index.jsonl") == [
        {"file": "d.jsonl", "number": 0, "id": "a", "why": "dropped", "reason": "verdict flag", "size": 60}
    ]
    assert not (tmp_path / "out/a.txt").exists()
    assert (tmp_path / "out/aside/a.txt").read_bytes() == TXT
    assert (tmp_path / "out/rejected.jsonl").read_bytes() == b""
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [(("flag",), ["spun words"]), (("no-flag",), ["other words"]), (("abstain",), ["x"]), (("flag", "abstain"), ["spun words", "x"]), (("all",), ["spun words", "other words", "x"])],
)  # fmt: skip
@pytest.mark.usefixtures("at_once")
def test_verdicts_that_are_kept(tmp_path: Path, keep: tuple[str, ...], expected: list[str]) -> None:
    texts = ["spun words", "other words", "x"]
    source = put(tmp_path / "in", {"d.jsonl": b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)})
    run([source], tmp_path / "out", Options(keep=keep), treat=cheap)
    assert [line["text"] for line in lines(tmp_path / "out/d.jsonl")] == expected


def test_scores_without_repair(tmp_path: Path) -> None:
    text = "Bosom malignancy is found early by counterfeit consciousness and profound learning. " * 8
    source = put(tmp_path / "in", {"d.jsonl": json.dumps({"text": text}).encode()})
    stats = run([source], tmp_path / "out", Options(score_only=True), workers=1)
    [line] = lines(tmp_path / "out/d.jsonl")
    assert line["text"] == text
    assert line["despin_verdict"] == "flag"
    assert (stats["edits"], stats["documents"], stats["verdicts"]) == (0, 1, {"flag": 1})
    assert (tmp_path / "out/edits/d.jsonl.jsonl").read_bytes() == b""


def test_a_real_run_repairs_as_repair_does(tmp_path: Path) -> None:
    import despin

    text = "Bosom malignancy is found early by counterfeit consciousness and profound learning."
    source = put(tmp_path / "in", {"d.jsonl": json.dumps({"text": text, "id": "x"}).encode(), "a.txt": text.encode()})
    run([source], tmp_path / "out", Options(level="bold"), workers=1)
    expected = despin.repair(text, level="bold")
    assert expected.edits
    [line] = lines(tmp_path / "out/d.jsonl")
    assert expected.before is not None
    assert line == {"text": expected.text, "id": "x", "despin_score": expected.before.probability, "despin_verdict": expected.before.verdict}  # fmt: skip
    [record] = lines(tmp_path / "out/edits/d.jsonl.jsonl")
    assert despin.undo(line["text"], record) == text
    assert json.loads(expected.to_json("x")).items() <= record.items()


@pytest.mark.usefixtures("at_once")
def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.jsonl": JSONL, "bad.txt": b"\xff"})
    said: list[str] = []
    dry = run([source], tmp_path / "out", treat=cheap, dry_run=True, say=said.append)
    assert not (tmp_path / "out").exists()
    assert len(said) == 1
    real = run([source], tmp_path / "out", treat=cheap)
    assert {**dry, "time": 0} == {**real, "time": 0}


# ---------------------------------------------------------------------------------------------------------------------
# The same bytes


def many(count: int) -> Files:
    """Files of all kinds with some hundred records, a few of them not to be read."""
    texts = [f"Number {n}: a bosom {'spun ' * (n % 3)}{'x' * (n % 50)} caf\u00e9" for n in range(count)]
    rows = [json.dumps({"id": n % 7, "text": text}) if n % 10 else "{broken" for n, text in enumerate(texts)]
    return {
        "a.jsonl": "\n".join(rows).encode(),
        "b.jsonl.gz": gzip.compress("\n".join(rows[::-1]).encode(), mtime=0),
        "c.csv": ("id,text\n" + "".join(f'{n},"{text}"\n' for n, text in enumerate(texts))).encode(),
        "d.txt": "\n\n".join(texts).encode(),
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run with one process over `many` writes."""
    folder = tmp_path_factory.mktemp("expected")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "BLOCK", 500)
        run([put(folder / "in", many(300))], folder / "out", Options(keep=("no-flag",)), workers=1, treat=cheap)
    return tree(folder / "out")


@pytest.mark.parametrize(("workers", "start_method"), [(2, "fork"), (3, "spawn"), (2, "forkserver")])
def test_the_same_bytes_with_any_number_and_kind_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, Any], workers: int, start_method: str
) -> None:
    monkeypatch.setattr(shards, "BLOCK", 500)
    source = put(tmp_path / "in", many(300))
    run([source], tmp_path / "out", Options(keep=("no-flag",)), workers, treat=cheap, start_method=start_method)
    assert tree(tmp_path / "out") == expected


def test_the_same_bytes_whatever_the_order_of_the_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, Any]
) -> None:
    monkeypatch.setattr(shards, "BLOCK", 500)
    source = put(tmp_path / "in", many(300))
    inputs = [source / "d.txt", str(source / "*.gz"), source / "c.csv", str(source / "*.jsonl")]
    run(inputs, tmp_path / "out", Options(keep=("no-flag",)), treat=cheap)
    assert tree(tmp_path / "out") == expected


def test_undo_gives_all_files_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "BLOCK", 500)
    source = put(tmp_path / "in", many(300))
    run([source], tmp_path / "out", Options(keep=("no-flag",)), treat=cheap)
    assert undo_run(tmp_path / "out") == 4
    for name, data in many(300).items():
        back = (tmp_path / "out/originals" / name).read_bytes()
        if name.endswith(".gz"):
            back, data = gzip.decompress(back), gzip.decompress(data)
        assert back == data


def test_undo_needs_what_the_run_wrote_alone(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.jsonl": JSONL})
    run([source], tmp_path / "out", treat=cheap)
    (source / "d.jsonl").unlink()
    (tmp_path / "out").rename(tmp_path / "moved")
    undo_run(tmp_path / "moved", tmp_path / "back")
    assert (tmp_path / "back/d.jsonl").read_bytes() == JSONL


@pytest.mark.usefixtures("at_once")
def test_undo_refuses_what_was_changed(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.jsonl": JSONL})
    run([source], tmp_path / "out", treat=cheap)
    path = tmp_path / "out/d.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Nothing", b"Anything"))
    with pytest.raises(BatchError, match=r"out/d\.jsonl was changed since the run wrote it; nothing of d\.jsonl was"):
        undo_run(tmp_path / "out")
    assert not (tmp_path / "out/originals").exists()
    path.unlink()
    with pytest.raises(BatchError, match=r"out/d\.jsonl is missing"):
        undo_run(tmp_path / "out")


@pytest.mark.usefixtures("at_once")
def test_undo_writes_over_nothing(tmp_path: Path) -> None:
    source = put(tmp_path / "in", {"d.jsonl": JSONL})
    run([source], tmp_path / "out", treat=cheap)
    undo_run(tmp_path / "out")
    with pytest.raises(BatchError, match=r"originals/d\.jsonl is there already; choose another output folder"):
        undo_run(tmp_path / "out")


def test_undo_of_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"holds no run: it has no manifest\.json"):
        undo_run(tmp_path)
