"""How files are cut into records, and every way back: laws over arbitrary rows, in every format."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import cheap, put, tree

from despin.batch import shards
from despin.batch.formats import Csv, Format, Jsonl, Txt, Unit, lines
from despin.batch.options import Options
from despin.batch.runner import Work, run
from despin.batch.undoing import undo_run
from despin.batch.units import Block

# Words that the cheap repair changes and judges, among characters that formats make much of.
TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from('"\\/,;\t\r\n \u2028\ufeff{}[]é\U0001f600'), st.characters(exclude_categories=["Cs"])
    ),
    max_size=20,
)
WORDS = st.lists(st.one_of(TEXTS, st.sampled_from(["bosom", "spun", "refuse"])), max_size=5).map("".join)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """The bytes, some at a time."""
    return (data[start : start + size] for start in range(0, len(data), size))


def round_trip(files: dict[str, bytes], options: Options) -> None:
    """Run over files and undo, in this process: the files come back."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setattr("despin.batch.runner.in_order", lambda function, items, workers, method: map(function, items))
        patch.setattr("despin.batch.store.os.fsync", lambda handle: None)
        patch.setattr(shards, "BLOCK", 60)
        source = put(folder / "in", files)
        stats = run([source], folder / "out", options, treat=cheap)
        undo_run(folder / "out", folder / "back")
        back = {
            key: gzip.decompress(data) if key.endswith(".gz") else data for key, data in tree(folder / "back").items()
        }
        assert back == {key: gzip.decompress(data) if key.endswith(".gz") else data for key, data in files.items()}
        assert stats["kept"] + stats["dropped"] == stats["documents"]


KEEP = st.sampled_from([("all",), ("no-flag",), ("flag", "abstain")]).map(lambda keep: Options(keep=keep))
LAW = settings(max_examples=60)


# ---------------------------------------------------------------------------------------------------------------------
# Undoing gives every byte back


@LAW
@given(st.lists(WORDS, max_size=4).map("\n\n".join), KEEP)
def test_undo_of_text(text: str, options: Options) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("despin.batch.formats.PIECE", 30)
        round_trip({"a.txt": text.encode(), "b.txt.gz": gzip.compress(text.encode())}, options)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
WRITERS: list[Callable[[object], str]] = [
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    lambda value: json.dumps(value).replace("/", "\\/"),
    lambda value: "  " + json.dumps(value, ensure_ascii=False).replace(": ", " :\t") + " ",
    lambda value: json.dumps(value).replace("bosom", "\\u0062osom"),
]


@LAW
@given(
    st.lists(
        st.tuples(st.dictionaries(st.one_of(TEXTS, st.sampled_from(["text", "id"])), st.one_of(JSON, WORDS), max_size=4), WORDS, st.sampled_from(WRITERS), st.sampled_from(["\n", "\r\n", "\n\n"])),
        max_size=6,
    ),
    KEEP,
    st.booleans(),
)  # fmt: skip
def test_undo_of_lines_of_json(rows: list[tuple[dict[str, object], str, Callable[[object], str], str]], options: Options, ends: bool) -> None:  # fmt: skip
    data = "".join(write({**row, "text": text}) + end for row, text, write, end in rows)
    raw = (data if ends else data.rstrip("\r\n")).encode("utf-8", "surrogatepass")
    round_trip({"a.jsonl": raw, "b.jsonl.gz": gzip.compress(raw)}, options)


@LAW
@given(
    st.lists(st.lists(WORDS, min_size=3, max_size=3), max_size=6),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";", "\t", "|"]),
    KEEP,
)
def test_undo_of_csv(rows: list[list[str]], quoting: int, end: str, delimiter: str, options: Options) -> None:
    file = io.StringIO()
    writer = csv.writer(file, quoting=quoting, lineterminator=end, delimiter=delimiter)  # type: ignore[call-overload]
    writer.writerows([["id", "text", "more"], *rows])
    raw = file.getvalue().encode("utf-8", "surrogatepass")
    round_trip({"a.csv": raw}, Options(keep=options.keep, delimiter=delimiter))


@LAW
@given(
    st.lists(
        st.sampled_from([b'"', b",", b"\n", b"\r\n", b"bosom", b"x", b"text", b'""', b"\xff", b"\xef\xbb\xbf"])
    ).map(b"".join)
)
def test_undo_of_any_bytes(data: bytes) -> None:
    round_trip({"a.csv": b"text,n\n" + data, "b.jsonl": data, "c.txt": data, "d.csv": data}, Options())


# ---------------------------------------------------------------------------------------------------------------------
# What other readers see


@LAW
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=6))
def test_csv_is_read_by_others_as_it_is_here(rows: list[tuple[str, str, str]]) -> None:
    rows = [tuple(field.replace("\r", "") for field in row) for row in rows if any(row)]  # type: ignore[misc]
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([("id", "text", "more"), *rows])
    shape = Csv(Options())
    units = list(shape.units([file.getvalue().encode()]))
    header = shape.header(units[0].raw)
    output = treated(units, header, "a.csv")
    found = list(csv.DictReader(io.StringIO(output.decode(), newline="")))
    assert [(row["id"], row["text"], row["more"]) for row in found] == [
        (name, text.replace("bosom", "breast"), more) for name, text, more in rows
    ]
    assert [row["despin_verdict"] for row in found] == [cheap(text).before.verdict for _, text, _ in rows]  # type: ignore[union-attr]


@LAW
@given(st.lists(st.tuples(WORDS, JSON, st.sampled_from(WRITERS)), max_size=6))
def test_json_is_read_by_others_as_it_is_here(rows: list[tuple[str, object, Callable[[object], str]]]) -> None:
    shape = Jsonl(Options())
    data = "".join(write({"more": more, "text": text}) + "\n" for text, more, write in rows).encode()
    output = treated(list(shape.units([data])), "", "a.jsonl")
    found = [json.loads(line) for line in output.split(b"\n") if line]
    assert [row["text"] for row in found] == [text.replace("bosom", "breast") for text, _, _ in rows]
    assert repr([row["more"] for row in found]) == repr([json.loads(write(more)) for _, more, write in rows])
    assert all(list(row)[-2:] == ["despin_score", "despin_verdict"] for row in found)


def treated(units: list[Unit], header: str, name: str) -> bytes:
    """The output of a block of these units."""
    work = Work(Options(), cheap)
    return work(Block(name, "", 0, header, units)).streams["output"]


# ---------------------------------------------------------------------------------------------------------------------
# Cutting


@LAW
@given(
    st.lists(st.sampled_from([b'"', b",", b"\n", b"\r\n", b"text", b"\xc3\xa9", b" ", b"\n\n", b"x" * 30])).map(
        b"".join
    ),
    st.integers(1, 20),
    st.sampled_from([Txt, Jsonl, Csv]),
)
def test_units_are_the_whole_content_however_it_comes(
    data: bytes, size: int, shape: Callable[[Options], Format]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("despin.batch.formats.PIECE", 10)
        patch.setattr(Options, "most_bytes", property(lambda options: 25))
        units = list(shape(Options()).units(pieces(data, size)))
        assert b"".join(unit.raw for unit in units) == data
        whole = list(shape(Options()).units([data] if data else []))
    assert joined(units) == joined(whole)


def joined(units: Iterable[Unit]) -> list[tuple[bytes, str]]:
    """Units with those that go on put to the one before: only where they are parted may depend on how the bytes came."""
    found: list[tuple[bytes, str]] = []
    for unit in units:
        if unit.more:
            found[-1] = (found[-1][0] + unit.raw, found[-1][1])
        else:
            found.append((unit.raw, unit.reason))
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a\n"]),
        (b"a\n\nb", [b"a\n", b"\n", b"b"]),
        (b"a\r\nb\rc\n", [b"a\r\n", b"b\rc\n"]),
    ],
)
def test_lines(data: bytes, expected: list[bytes]) -> None:
    assert [unit.raw for unit in lines([data], 100)] == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'a,b\n"x\ny",z\nlast', [b"a,b\n", b'"x\ny",z\n', b"last"]),
        (b'a\n"x""\n"",y"\nz', [b"a\n", b'"x""\n"",y"\n', b"z"]),
        (b'\xef\xbb\xbf"a\nb"\nc', [b'\xef\xbb\xbf"a\nb"\n', b"c"]),
        (b'a\n5" pipe\n6" pipe\n', [b"a\n", b'5" pipe\n', b'6" pipe\n']),  # a quote inside a bare field opens nothing
        (b'a\n"x"y"\nz', [b"a\n", b'"x"y"\n', b"z"]),
    ],
)
def test_rows(data: bytes, expected: list[bytes]) -> None:
    assert [unit.raw for unit in Csv(Options()).units([data])] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * 25, [10, 10, 5]),
        ("aaaaaa\n\nbbbbbbbb", [8, 8]),
        ("aaaaaaa\nbb bbbbbb", [8, 9]),
        ("aaaaaaa bbbbbbbbb", [8, 9]),
        ("é" * 8, [8, 8]),
        ("aaaaaaaaa😀😀", [9, 8]),
    ],
)
def test_pieces_of_text(monkeypatch: pytest.MonkeyPatch, text: str, expected: list[int]) -> None:
    monkeypatch.setattr("despin.batch.formats.PIECE", 10)
    assert [len(unit.raw) for unit in Txt(Options()).units([text.encode()])] == expected


def test_other_columns_and_delimiters(tmp_path: Path, at_once: None) -> None:
    source = put(tmp_path / "in", {"a.csv": b"n;body\n7;bosom, x\n", "b.jsonl": b'{"n": 7, "body": "bosom"}'})
    options = Options(text_column="body", id_column="n", prefix="", delimiter=";")
    run([source], tmp_path / "out", options, treat=cheap)
    assert (tmp_path / "out/a.csv").read_bytes() == b"n;body;score;verdict\n7;breast, x;0.08;no-flag\n"
    assert (tmp_path / "out/b.jsonl").read_bytes() == b'{"n": 7, "body": "breast", "score": 0.05, "verdict": "abstain"}'
    for name in ("a.csv", "b.jsonl"):
        assert json.loads((tmp_path / f"out/edits/{name}.jsonl").read_bytes())["id"] == "7"
