"""despin within other engines. Tests of an engine are skipped where it is not installed (the extra `adapters`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.batches import cheap, lines, put

import despin
from despin import SettingsError, TextMismatch
from despin.batch.options import BatchError
from despin.batch.runner import run
from despin.batch.tables import repair_columns, undo_columns

TEXTS = ["A bosom text.", "Spun: a bosom, spun.", "Nothing here.", None, "RAISE", 7]
REFUSED = [
    None,
    None,
    None,
    "it is no text, but NoneType",
    "it cannot be repaired: ValueError: as it was asked to",
    "it is no text, but int",
]
EXPECTED = {
    "text": ["A breast text.", "Spun: a breast, spun.", "Nothing here.", None, "RAISE", 7],
    "n": [0, 1, 2, 3, 4, 5],
    "despin_score": [0.13, 0.2, 0.13, None, None, None],
    "despin_verdict": ["no-flag", "flag", "no-flag", None, None, None],
    "despin_refused": REFUSED,
}  # fmt: skip


def but_record(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns without the records, as lists."""
    return {name: list(values) for name, values in columns.items() if name != "despin_record"}


# ---------------------------------------------------------------------------------------------------------------------
# Columns


def test_columns_are_repaired_row_by_row() -> None:
    given = {"text": TEXTS, "n": range(6)}
    found = repair_columns(given, cheap)
    assert but_record(found) == EXPECTED
    assert found["n"] is given["n"]
    records = [record and json.loads(record)["schema"] for record in found["despin_record"]]
    assert records == ["despin.edits/1", "despin.edits/1", None, None, None, None]
    assert {name: list(column) for name, column in undo_columns(found).items()} == {"text": TEXTS, "n": list(range(6))}


def test_settings_of_columns() -> None:
    given = {"body": ["A bosom text.", "far too long a text"]}
    found = repair_columns(given, cheap, text_column="body", prefix="x_", max_chars=15)
    assert found["x_refused"] == [None, "its text has 19 characters; raise --max-chars to read more than 15"]
    assert undo_columns(found, "body", "x_") == given
    with pytest.raises(SettingsError, match="level 'brave' is not known"):
        repair_columns(given, level="brave")
    with pytest.raises(BatchError, match="there is no column 'text', but 'body'"):
        repair_columns(given)
    with pytest.raises(BatchError, match="there is no column 'despin_record', but 'text'"):
        undo_columns({"text": ["x"]})
    changed = {**repair_columns({"text": ["A bosom text."]}, cheap), "text": ["Another text."]}
    with pytest.raises(TextMismatch):
        undo_columns(changed)


def test_columns_say_what_a_run_says(tmp_path: Path, at_once: None) -> None:
    texts = ["Bosom malignancy is found early by counterfeit consciousness and profound learning.", "A sound text."]
    rows = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    run([put(tmp_path / "in", {"a.jsonl": rows})], tmp_path / "out", workers=1)
    found = repair_columns({"text": texts})
    assert found["text"][0] != texts[0]
    assert lines(tmp_path / "out/a.jsonl") == [
        {"text": text, "despin_score": score, "despin_verdict": verdict}
        for text, score, verdict in zip(found["text"], found["despin_score"], found["despin_verdict"], strict=True)
    ]


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": TEXTS[:4], "n": range(4)})
    repaired = frame.assign(
        **repair_columns({"text": frame["text"].astype(object).where(frame["text"].notna(), None)}, cheap)
    )
    assert list(repaired["text"][:3]) == EXPECTED["text"][:3]
    assert list(repaired["despin_verdict"][:3]) == EXPECTED["despin_verdict"][:3]
    assert repaired["despin_refused"][3] == "it is no text, but NoneType"
    assert list(repaired["n"]) == [0, 1, 2, 3]


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"text": TEXTS[:4], "n": range(4)})
    repaired = polars.DataFrame(repair_columns(frame.to_dict(as_series=False), cheap))
    assert repaired.select("text", "n", "despin_score", "despin_verdict", "despin_refused").to_dict(
        as_series=False
    ) == {name: values[:4] for name, values in EXPECTED.items()}
    undone = polars.DataFrame(undo_columns(repaired.to_dict(as_series=False)))
    assert undone.equals(frame)


def test_hugging_face_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_dict({"text": TEXTS[:4], "n": list(range(4))})
    repaired = dataset.map(partial(repair_columns, treat=cheap), batched=True, batch_size=2, num_proc=2)
    assert but_record(repaired.to_dict()) == {name: values[:4] for name, values in EXPECTED.items()}
    undone = repaired.map(
        undo_columns,
        batched=True,
        remove_columns=[name for name in repaired.column_names if name.startswith("despin_")],
    )
    assert undone.to_dict() == dataset.to_dict()


def test_a_parquet_file_of_hugging_face_stays_one(tmp_path: Path, at_once: None) -> None:
    datasets = pytest.importorskip("datasets")
    (tmp_path / "in").mkdir()
    datasets.Dataset.from_dict({"text": TEXTS[:3]}).to_parquet(tmp_path / "in/a.parquet")
    run([tmp_path / "in"], tmp_path / "out", treat=cheap)
    read = datasets.Dataset.from_parquet(str(tmp_path / "out/a.parquet"), cache_dir=str(tmp_path / "cache"))
    assert read["despin_verdict"][:] == ["no-flag", "flag", "no-flag"]


# ---------------------------------------------------------------------------------------------------------------------
# Ray Data


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Ray with two processors on this machine."""
    ray = pytest.importorskip("ray")
    pytest.importorskip("pyarrow")
    root = str(Path(__file__).parents[1])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": root}})
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


def test_ray(ray: Any) -> None:
    from despin.batch.adapters.ray import repair_dataset

    rows = [{"text": text, "n": number} for number, text in enumerate(TEXTS[:5] * 20)]
    dataset = repair_dataset(ray.data.from_items(rows, override_num_blocks=4), cheap, batch_size=7)
    found = sorted(dataset.take_all(), key=lambda row: row["n"])
    for name in ("text", "despin_score", "despin_verdict", "despin_refused"):
        assert [row[name] for row in found] == EXPECTED[name][:5] * 20
    assert [row["n"] for row in found] == list(range(100))
    assert undo_columns({"text": [found[0]["text"]], "despin_record": [found[0]["despin_record"]]})["text"] == [
        TEXTS[0]
    ]


def test_ray_with_the_real_repair(ray: Any) -> None:
    from despin.batch.adapters.ray import repair_dataset

    text = "Bosom malignancy is found early by counterfeit consciousness and profound learning."
    [row] = repair_dataset(ray.data.from_items([{"text": text}]), level="bold").take_all()
    assert row["text"] == despin.repair(text, level="bold").text != text
    assert despin.undo(row["text"], row["despin_record"]) == text


def test_a_batch_of_ray_that_fails(ray: Any, tmp_path: Path) -> None:
    from despin.batch.adapters.ray import repair_dataset

    dataset = ray.data.from_items([{"body": "x"}])
    with pytest.raises(Exception, match="there is no column 'text', but 'body'"):
        repair_dataset(dataset, cheap).take_all()
    with pytest.raises(SettingsError, match="level 'brave' is not known"):
        repair_dataset(dataset, level="brave")
    # a worker that dies: Ray does the batch again
    rows = [{"text": f"bosom {number} DIE-ONCE:{tmp_path / 'mark'} ", "n": number} for number in range(20)]
    dataset = repair_dataset(ray.data.from_items(rows, override_num_blocks=4), cheap)
    found = sorted(dataset.take_all(), key=lambda row: row["n"])
    assert [row["text"] for row in found] == [row["text"].replace("bosom", "breast") for row in rows]
    assert (tmp_path / "mark").exists()


# ---------------------------------------------------------------------------------------------------------------------
# datatrove


def test_datatrove(tmp_path: Path) -> None:
    pytest.importorskip("datatrove")
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    from despin.batch.adapters.datatrove import RepairFormatter, VerdictFilter

    texts = ["A bosom text.", "A bosom, spun.", "Nothing here.", "short", "RAISE"]
    rows = [json.dumps({"id": f"d{number}", "text": text}) for number, text in enumerate(texts)]
    put(tmp_path / "in", {"0.jsonl": "\n".join(rows[:3]).encode(), "1.jsonl": "\n".join(rows[3:]).encode()})
    executor = LocalPipelineExecutor(
        [
            JsonlReader(str(tmp_path / "in")),
            VerdictFilter(exclusion_writer=JsonlWriter(str(tmp_path / "dropped"), compression=None), treat=cheap),
            RepairFormatter(str(tmp_path / "edits"), treat=cheap),
            JsonlWriter(str(tmp_path / "out"), compression=None),
        ],
        tasks=2, workers=2, logging_dir=str(tmp_path / "logs"),
    )  # fmt: skip
    stats = executor.run()
    kept = {row["id"]: row for path in sorted((tmp_path / "out").iterdir()) for row in lines(path)}
    assert {name: row["text"] for name, row in kept.items()} == {
        "d0": "A breast text.",
        "d2": "Nothing here.",
        "d3": "short",
    }
    assert kept["d0"]["metadata"]["despin_verdict"] == "no-flag"
    dropped = {row["id"]: row["metadata"] for path in (tmp_path / "dropped").iterdir() for row in lines(path)}
    assert dropped["d1"]["filter_reason"] == "flag"
    assert dropped["d4"]["filter_reason"] == "refused"
    assert dropped["d4"]["despin_refused"] == "it cannot be repaired: ValueError: as it was asked to"
    assert sorted(path.name for path in (tmp_path / "edits").iterdir()) == ["00000.jsonl", "00001.jsonl"]
    [record] = lines(tmp_path / "edits/00000.jsonl")
    assert (record["id"], despin.undo(kept["d0"]["text"], record)) == ("d0", texts[0])
    assert stats.stats[1].stats["dropped_flag"].total == 1


def test_a_datatrove_formatter_lets_through_what_it_cannot_repair(tmp_path: Path) -> None:
    pytest.importorskip("datatrove")
    from datatrove.data import Document

    from despin.batch.adapters.datatrove import RepairFormatter

    step = RepairFormatter(str(tmp_path), treat=cheap)
    documents = [Document("RAISE", "a"), Document("A bosom.", "b")]
    found = list(step.run(iter(documents), 3))
    assert [document.text for document in found] == ["RAISE", "A breast."]
    assert found[0].metadata == {"despin_refused": "it cannot be repaired: ValueError: as it was asked to"}
    assert [line["id"] for line in lines(tmp_path / "00003.jsonl")] == ["b"]
    assert step.format("A bosom.") == "A breast."


# ---------------------------------------------------------------------------------------------------------------------
# spaCy


@pytest.fixture
def nlp() -> Any:
    """An English pipeline without models."""
    spacy = pytest.importorskip("spacy")
    pytest.importorskip("despin.batch.adapters.spacy")
    return spacy.blank("en")


def test_a_component_of_spacy_scores(nlp: Any) -> None:
    nlp.add_pipe("despin", config={"fpr": 0.02})
    text = "Bosom malignancy is found early by counterfeit consciousness and profound learning. " * 8
    for doc in nlp.pipe([text, "Short."]):
        score = despin.score(doc.text, fpr=0.02)
        assert (doc._.despin_score, doc._.despin_verdict) == (score.probability, score.verdict)
    assert nlp(text)._.despin_verdict == "flag"


def test_a_repaired_document_knows_its_original(nlp: Any) -> None:
    from despin.batch.adapters.spacy import repaired_doc

    text = "Alice saw a bosom and another bosom in Paris."
    original = nlp(text)
    original.set_ents(
        [original.char_span(0, 5, "PERSON"), original.char_span(12, 17, "BODY"), original.char_span(39, 44, "PLACE")]
    )
    repair = cheap(text)
    doc = repaired_doc(repair, nlp, original)
    assert doc.text == repair.text == "Alice saw a breast and another breast in Paris."
    assert [(span.text, span.label_) for span in doc.spans["despin"]] == [("breast", "spin.map")] * 2
    assert [span._.despin_original for span in doc.spans["despin"]] == [(12, 17), (30, 35)]
    entities = [(entity.text, entity.label_) for entity in doc.ents]
    assert entities == [("Alice", "PERSON"), ("breast", "BODY"), ("Paris", "PLACE")]
    for token in doc:
        start, end = doc[token.i : token.i + 1]._.despin_original
        assert text[start:end] == token.text.replace("breast", "bosom")


def test_documents_of_other_texts_are_refused(nlp: Any) -> None:
    from despin.batch.adapters.spacy import repaired_doc

    with pytest.raises(ValueError, match="is not of the text that was repaired"):
        repaired_doc(cheap("A bosom."), nlp, nlp("Another."))
    with pytest.raises(ValueError, match="was not made by repaired_doc"):
        assert nlp("A text.")[0:1]._.despin_original
