"""Parquet and zstd: what `despin[batch]` adds. The tests need those packages, but for what is said without them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import cheap, lines, put, tree

from despin.batch import parquet, shards, streams
from despin.batch.options import BatchError, Options
from despin.batch.runner import run
from despin.batch.undoing import undo_run


@pytest.mark.parametrize(
    ("name", "package", "message"),
    [
        ("a.jsonl.zst", "zstandard", r"zstd files need the package zstandard: pip install 'despin\[batch\]'"),
        ("a.parquet", "pyarrow", r"Parquet files need the package pyarrow: pip install 'despin\[batch\]'"),
    ],
)
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None, name: str, package: str, message: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    source = put(tmp_path / "in", {name: b"x"})
    with pytest.raises(BatchError, match=message):
        run([source], tmp_path / "out", treat=cheap)


# ---------------------------------------------------------------------------------------------------------------------
# zstd


@pytest.fixture
def zstd() -> Any:
    """The package zstandard."""
    return pytest.importorskip("zstandard")


ROWS = b"".join(b'{"text": "bosom %d"}\n' % number for number in range(200))


@pytest.mark.parametrize("frames", [1, 3])
def test_zstd_is_read_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None, zstd: Any, frames: int
) -> None:
    monkeypatch.setattr(shards, "BLOCK", 500)
    size = len(ROWS) // frames + 1
    data = b"".join(zstd.compress(ROWS[start : start + size]) for start in range(0, len(ROWS), size))
    source = put(tmp_path / "in", {"a.jsonl.zst": data, "b.txt.zst": zstd.compress(b"")})
    options = Options(keep=("no-flag",))
    assert run([source], tmp_path / "out", options, treat=cheap)["documents"] == 200
    written = (tmp_path / "out/a.jsonl.zst").read_bytes()
    # one frame: readers that stop after the first see all
    content = zstd.ZstdDecompressor().decompressobj().decompress(written)
    assert content.count(b"breast") == content.count(b"\n") == 190
    undo_run(tmp_path / "out", tmp_path / "back")
    back = (tmp_path / "back/a.jsonl.zst").read_bytes()
    assert zstd.ZstdDecompressor().decompressobj().decompress(back) == ROWS


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-9], "its zstd data end early; fetch it again"),
        (lambda data: data[:10], "its zstd data end early; fetch it again"),
        (lambda data: data + data[:-9], "its zstd data end early; fetch it again"),
        (lambda data: data[:30] + b"xxxx" + data[34:], "its zstd data are damaged ("),
        (lambda data: b"text", "its zstd data are damaged ("),
    ],
)
def test_damaged_zstd_is_set_aside(
    tmp_path: Path, at_once: None, zstd: Any, damage: Callable[[bytes], bytes], reason: str
) -> None:
    whole = zstd.ZstdCompressor(write_checksum=True).compress(ROWS)
    source = put(tmp_path / "in", {"a.jsonl.zst": damage(whole)})
    run([source], tmp_path / "out", treat=cheap)
    [rejected] = lines(tmp_path / "out/rejected.jsonl")
    assert rejected["reason"].startswith(reason)
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(source)


def test_what_zstd_unpacks_to_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None, zstd: Any
) -> None:
    monkeypatch.setattr(streams, "FREE_GROWTH", 1 << 20)
    data = zstd.compress(bytes(300 << 20))
    source = put(tmp_path / "in", {"a.txt.zst": data})
    with (source / "a.txt.zst").open("rb") as file, pytest.raises(streams.Unreadable, match="more than 200 times"):
        list(streams.chunks(streams.Hashed(file), streams.ZSTD))
    with (source / "a.txt.zst").open("rb") as file:
        sizes = [len(piece) for piece in streams._zstd(streams.Hashed(file))]
    assert sum(sizes) == 300 << 20
    assert max(sizes) < 40 << 20


# ---------------------------------------------------------------------------------------------------------------------
# Parquet


@pytest.fixture
def arrow() -> Any:
    """The package pyarrow."""
    pytest.importorskip("pyarrow")
    return parquet.pyarrow_module()


def table_file(
    arrow: Any, path: Path, columns: dict[str, Any], metadata: dict[str, str] | None = None, **how: Any
) -> Any:
    """Write a table, and return it."""
    table = arrow.table(columns)
    if metadata:
        table = table.replace_schema_metadata(metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrow.parquet.write_table(table, path, **how)
    return arrow.parquet.read_table(path)


def test_rows_of_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrow: Any) -> None:
    monkeypatch.setattr(parquet, "BLOCK", 200)
    columns = {
        "id": arrow.array(range(100), arrow.int16()),
        "text": arrow.array(
            [f"bosom {n}" + " spun" * (n % 3) if n % 9 else None for n in range(100)], arrow.large_string()
        ),
        "deep": arrow.array([[{"x": float("nan"), "y": b"\x00\xff"}] * (n % 4) for n in range(100)]),
        "kind": arrow.array([str(n % 2) for n in range(100)]).dictionary_encode(),
    }
    table = table_file(arrow, tmp_path / "in/deep/a.parquet", columns, {"mine": "kept"}, row_group_size=30)
    options = Options(keep=("no-flag", "abstain"))
    stats = run([tmp_path / "in"], tmp_path / "out", options, treat=cheap)
    assert (stats["documents"], stats["rejected"], stats["kept"]) == (88, 12, 22)
    written = arrow.parquet.read_table(tmp_path / "out/deep/a.parquet")
    assert written.column_names == [*table.column_names, "despin_score", "despin_verdict"]
    assert written.schema.metadata[b"mine"] == b"kept"
    assert written["text"].to_pylist()[0] == "breast 3"
    aside = arrow.parquet.read_table(tmp_path / "out/aside/deep/a.parquet")
    assert aside.num_rows == 78
    assert lines(tmp_path / "out/rejected.jsonl")[0]["reason"] == "its text is null"
    assert lines(tmp_path / "out/edits/deep/a.parquet.jsonl")[0]["id"] == "3"
    undo_run(tmp_path / "out", tmp_path / "back")
    back = arrow.parquet.read_table(tmp_path / "back/deep/a.parquet")
    assert back.schema.equals(table.schema, check_metadata=True)
    assert repr(back.to_pylist()) == repr(table.to_pylist())


@pytest.mark.parametrize(("workers", "start_method"), [(2, "fork"), (2, "spawn")])
def test_the_same_table_with_any_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrow: Any, workers: int, start_method: str
) -> None:
    monkeypatch.setattr(parquet, "BLOCK", 200)
    table_file(arrow, tmp_path / "in/a.parquet", {"text": [f"bosom {n}" + " spun" * (n % 3) for n in range(200)]})
    options = Options(keep=("no-flag",))
    run([tmp_path / "in"], tmp_path / "one", options, workers=1, treat=cheap)
    run([tmp_path / "in"], tmp_path / "two", options, workers, treat=cheap, start_method=start_method)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_row_that_kills_its_process_is_rejected_alone(tmp_path: Path, arrow: Any) -> None:
    table = table_file(arrow, tmp_path / "in/a.parquet", {"text": ["bosom 1", "DIE", "bosom 2"]})
    stats = run([tmp_path / "in"], tmp_path / "out", treat=cheap)
    assert (stats["documents"], stats["rejected"]) == (2, 1)
    undo_run(tmp_path / "out", tmp_path / "back")
    assert arrow.parquet.read_table(tmp_path / "back/a.parquet").equals(table)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"body": ["x"]}, "it has not one column 'text', but 'body'; name the one that holds the text (--text-column)"),
        ({"text": [1]}, "its column 'text' holds int64, not strings"),
        ({"text": ["x"], "despin_score": [1.0]}, "it has a column 'despin_score' already; choose another --prefix"),
    ],
)
def test_tables_that_cannot_be_used_are_set_aside(
    tmp_path: Path, at_once: None, arrow: Any, columns: dict[str, Any], reason: str
) -> None:
    table_file(arrow, tmp_path / "in/a.parquet", columns)
    run([tmp_path / "in"], tmp_path / "out", treat=cheap)
    assert lines(tmp_path / "out/rejected.jsonl")[0]["reason"] == reason
    undo_run(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


def test_a_damaged_table_is_set_aside(tmp_path: Path, at_once: None, arrow: Any) -> None:
    table_file(
        arrow,
        tmp_path / "in/a.parquet",
        {"text": [f"text {n}" for n in range(5000)]},
        compression="none",
        use_dictionary=False,
    )
    data = (tmp_path / "in/a.parquet").read_bytes()
    put(
        tmp_path / "in",
        {"a.parquet": data[:-20], "b.parquet": data[:2000] + bytes(400) + data[2400:], "c.parquet": b""},
    )
    stats = run([tmp_path / "in"], tmp_path / "out", treat=cheap)
    assert stats["files"]["rejected"] >= 2
    undo_run(tmp_path / "out", tmp_path / "back")
    assert (tmp_path / "back/a.parquet").read_bytes() == data[:-20]


def test_strings_that_are_no_utf8_are_rejected(tmp_path: Path, at_once: None, arrow: Any) -> None:
    raw = arrow.array([b"bosom", b"caf\xe9"], arrow.binary())
    strings = arrow.StringArray.from_buffers(2, *raw.buffers()[1:])
    table_file(arrow, tmp_path / "in/a.parquet", {"text": strings})
    run([tmp_path / "in"], tmp_path / "out", treat=cheap)
    assert lines(tmp_path / "out/rejected.jsonl")[0]["reason"] == "its text is not UTF-8: byte 0xe9 at byte 3"
    undo_run(tmp_path / "out", tmp_path / "back")
    back = arrow.parquet.read_table(tmp_path / "back/a.parquet")["text"].combine_chunks()
    assert back.cast(arrow.binary()).to_pylist() == [b"bosom", b"caf\xe9"]


def test_an_empty_table(tmp_path: Path, at_once: None, arrow: Any) -> None:
    table = table_file(arrow, tmp_path / "in/a.parquet", {"text": arrow.array([], arrow.string())})
    run([tmp_path / "in"], tmp_path / "out", treat=cheap)
    assert arrow.parquet.read_table(tmp_path / "out/a.parquet").column_names == [
        "text",
        "despin_score",
        "despin_verdict",
    ]
    undo_run(tmp_path / "out", tmp_path / "back")
    assert arrow.parquet.read_table(tmp_path / "back/a.parquet").equals(table)


VALUES = st.lists(
    st.tuples(
        st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=10), st.sampled_from(["bosom", "x spun x", "bosom here"])),
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        st.lists(st.floats(), max_size=2),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=40)
@given(VALUES, st.integers(1, 5))
def test_undo_of_any_table(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]], group: int) -> None:
    pytest.importorskip("pyarrow")
    arrow = parquet.pyarrow_module()
    folder = tmp_path_factory.mktemp("law")
    columns = {
        "text": arrow.array([row[0] for row in rows], arrow.string()),
        "n": arrow.array([row[1] for row in rows], arrow.int64()),
        "deep": arrow.array([row[2] for row in rows], arrow.list_(arrow.float64())),
    }
    table = table_file(arrow, folder / "in/a.parquet", columns, row_group_size=group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("despin.batch.runner.in_order", lambda function, items, workers, method: map(function, items))
        patch.setattr(parquet, "BLOCK", 60)
        run([folder / "in"], folder / "out", Options(keep=("no-flag",)), treat=cheap)
    undo_run(folder / "out", folder / "back")
    back = arrow.parquet.read_table(folder / "back/a.parquet")
    assert back.schema.equals(table.schema, check_metadata=True)
    assert repr(back.to_pylist()) == repr(table.to_pylist())
