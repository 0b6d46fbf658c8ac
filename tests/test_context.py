"""The context model: its tables sum to one, its fast paths agree with each other, and it knows plain English."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from despin.context import (
    BIGRAM,
    PADDING,
    TRIGRAM,
    VALUE_BITS,
    ContextModel,
    FuseLayout,
    IntArray,
    NgramContext,
    Vocabulary,
    Window,
    gram_keys,
)

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
TABLES = DATA / "context"
WORDS = DATA / "lexicon" / "words.txt"


@pytest.fixture(scope="module")
def model() -> NgramContext:
    return NgramContext.load(TABLES)


@pytest.fixture(scope="module")
def vocabulary(model: NgramContext) -> Vocabulary:
    return model.vocabulary


def odds(model: ContextModel, left: str, wordings: tuple[str, str], right: str) -> float:
    """ln odds of the first wording over the second."""
    window = Window(tuple(left.split()), tuple(tuple(wording.split()) for wording in wordings), tuple(right.split()))
    (scores,) = model.log_probs([window])
    return float(scores[0] - scores[1])


# --- vocabulary ------------------------------------------------------------------------------------


def test_word_numbers_are_the_lines_of_the_word_list(vocabulary: Vocabulary) -> None:
    lines = WORDS.read_text(encoding="utf-8").split()
    assert vocabulary.encode([lines[0], lines[7], lines[-1]]).tolist() == [0, 7, len(lines) - 1]
    assert (vocabulary.unknown, vocabulary.number, vocabulary.boundary) == (len(lines), len(lines) + 1, len(lines) + 2)
    assert len(vocabulary) == len(lines) + 3


@pytest.mark.parametrize(
    ("written", "same_as"),
    [
        ("The", "the"),
        ("ISN\u2019T", "isn't"),
        ("Wittgenstein's", "wittgenstein"),
        ("receptors\u2019", "receptors"),
    ],
)
def test_case_and_apostrophes_do_not_matter(vocabulary: Vocabulary, written: str, same_as: str) -> None:
    assert vocabulary.id(same_as) < vocabulary.unknown
    assert vocabulary.id(written) == vocabulary.id(same_as)


def test_special_numbers(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode(["12", "b12", "3.5", "1990s"]).tolist() == [vocabulary.number] * 4
    assert vocabulary.encode(["qzxv", "na\u00efvet\u00e9", "'", "'s", "-"]).tolist() == [vocabulary.unknown] * 5
    assert vocabulary.id("") == vocabulary.boundary
    assert vocabulary.encode([]).shape == (0,)


def test_too_many_words_for_the_keys() -> None:
    with pytest.raises(ValueError, match="17 bits"):
        Vocabulary([str(number) for number in range(1 << 17)])


# --- the distribution ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "history",
    [("it", "depends"), ("one", "of"), ("", "the"), ("history", "of"), ("in", "1990"), ("qzxv", "qzxv"), ("said", "")],
)
def test_probabilities_sum_to_one(model: NgramContext, vocabulary: Vocabulary, history: tuple[str, str]) -> None:
    older, nearer = vocabulary.encode(history)
    every = np.arange(len(vocabulary))
    probs = np.exp(model.log_prob(np.full(len(every), older), np.full(len(every), nearer), every))
    about = json.loads((TABLES / "ngrams.json").read_text(encoding="utf-8"))
    probs[vocabulary.unknown] *= about["unknown_types"]
    if nearer == vocabulary.boundary:
        # A boundary after a boundary is free, not part of the distribution.
        probs[vocabulary.boundary] = 0.0
    # Values are kept in 256 steps of about 0.06 nats.
    assert probs.sum() == pytest.approx(1.0, abs=0.03)


def test_one_unknown_word_is_rarer_than_nearly_every_known_one(model: NgramContext, vocabulary: Vocabulary) -> None:
    rest = np.full(2, PADDING)
    unknown, common = model.log_prob(rest, rest, vocabulary.encode(["qzxv", "spectrometer"]))
    assert unknown < common


@pytest.mark.parametrize(
    ("left", "better", "worse", "right"),
    [
        ("it", "depends on", "depends over", "the"),
        ("history of", "breast cancer", "bosom cancer", "in the"),
        ("the patient's", "vital signs", "important signs", "were"),
        ("results are", "given in", "presented in", "parentheses"),
        ("on the", "other hand", "other palm", "it is"),
        ("the united", "states", "claims", "of america"),
        ("the central nervous", "system", "method", "is"),
        ("was admitted to the intensive care", "unit", "device", ""),
        ("an", "error", "mistake", "occurred"),
    ],
)
def test_plain_english_is_preferred(model: NgramContext, left: str, better: str, worse: str, right: str) -> None:
    assert odds(model, left, (better, worse), right) > 0


def test_the_right_context_counts(model: NgramContext) -> None:
    wordings = ("vital", "important")
    assert odds(model, "", wordings, "signs") > odds(model, "", wordings, "")


def test_a_wording_may_be_empty(model: NgramContext) -> None:
    window = Window(("as", "a"), (("result", "of"), ()), ("of", "this"))
    (scores,) = model.log_probs([window])
    ids = model.encode(["as", "a", "of", "this"])
    assert scores[1] == pytest.approx(model.rows(ids[None, :], 2, 3)[0], abs=1e-4)


# --- the fast paths agree --------------------------------------------------------------------------

TEXT = (
    " the evidence suggests that treatment with 20 mg of qzxv was well tolerated by most of the patients  no "
    "difference between the two groups was found  this is not the end of the history of the united states "
)


@pytest.fixture(scope="module")
def ids(vocabulary: Vocabulary) -> IntArray:
    return vocabulary.encode(TEXT.split(" "))


def test_sequence_is_one_by_one(model: NgramContext, ids: IntArray) -> None:
    padded = [PADDING, PADDING, *ids.tolist()]
    single = [
        model.log_prob(*(np.array([number]) for number in padded[start : start + 3]))[0] for start in range(len(ids))
    ]
    assert model.sequence(ids).tolist() == single


def test_long_texts_are_cut_into_chunks_without_a_trace(model: NgramContext, ids: IntArray) -> None:
    long = np.tile(ids, 2000)
    scores = model.sequence(long).reshape(2000, -1)
    assert (scores[1:] == scores[1]).all()


def test_rows_are_sums_of_the_sequence(model: NgramContext, ids: IntArray) -> None:
    rows = np.lib.stride_tricks.sliding_window_view(ids, 5)
    sequence = model.sequence(ids)
    expected = [sum(sequence[start + 2 : start + 5]) for start in range(len(rows))]
    assert model.rows(rows, 2, 4) == pytest.approx(np.array(expected), abs=1e-12)


def test_rows_end_where_they_are_told_to(model: NgramContext, ids: IntArray) -> None:
    rows = np.stack([ids[:6], ids[:6], ids[:6]])
    last = np.array([2, 3, 5])
    cut = [model.rows(rows[:1], 2, int(column))[0] for column in last]
    assert model.rows(rows, 2, last).tolist() == cut


def test_padding_adds_nothing_and_shortens_the_history(model: NgramContext, vocabulary: Vocabulary) -> None:
    a, b, c = vocabulary.encode(["depends", "on", "the"]).tolist()
    full = model.rows(np.array([[PADDING, a, b, c, PADDING]]), 2, 4)
    bigram = model.log_prob(np.array([PADDING]), np.array([a]), np.array([b]))
    trigram = model.log_prob(np.array([a]), np.array([b]), np.array([c]))
    assert full.tolist() == (bigram + trigram).tolist()
    unigram = model.log_prob(np.array([a]), np.array([PADDING]), np.array([b]))
    assert unigram[0] != bigram[0]


def test_windows_agree_with_rows(model: NgramContext, vocabulary: Vocabulary) -> None:
    windows = [
        Window(("it", "really"), (("depends", "on"), ("relies", "upon", "the")), ("your", "own", "view")),
        Window((), (("safe",), ("risk", "free")), ("", "it")),
    ]
    first, second = model.log_probs(windows)
    row = vocabulary.encode(["it", "really", "relies", "upon", "the", "your", "own"])
    assert first[1] == pytest.approx(model.rows(row[None, :], 2, 6)[0], abs=1e-4)
    row = np.array([[PADDING, PADDING, *vocabulary.encode(["safe", ""])]])
    assert second[0] == pytest.approx(model.rows(row, 2, 3)[0], abs=1e-4)
    assert [len(first), len(second)] == [2, 2]
    assert model.log_probs([]) == []


# --- boundaries ------------------------------------------------------------------------------------


def test_a_boundary_hides_what_stands_before_it(model: NgramContext, vocabulary: Vocabulary) -> None:
    texts = [vocabulary.encode(words) for words in (["vital", "", "signs", "were"], ["traffic", "", "signs", "were"])]
    scores = [model.sequence(text)[2:].tolist() for text in texts]
    assert scores[0] == scores[1]


def test_an_empty_sentence_costs_nothing(model: NgramContext, vocabulary: Vocabulary) -> None:
    assert model.sequence(vocabulary.encode(["", ""]))[1] == 0.0


def test_words_after_a_boundary_do_not_count(model: NgramContext) -> None:
    wordings = (("end",), ("conclusion",))
    short, long = model.log_probs([Window(("the",), wordings, ("",)), Window(("the",), wordings, ("", "however"))])
    assert short.tolist() == long.tolist()


# --- determinism -----------------------------------------------------------------------------------


def test_scores_do_not_depend_on_company_or_on_the_object(model: NgramContext) -> None:
    windows = [
        Window(("the", word), (("vital",), ("important",), ("very", "crucial")), ("signs", "of"))
        for word in ("patient's", "most", "many", "qzxv")
    ]
    together = [scores.tolist() for scores in model.log_probs(windows)]
    other = NgramContext.load(TABLES)
    assert together == [other.log_probs([window])[0].tolist() for window in windows]
    assert all(score == round(score, 4) for scores in together for score in scores)


def test_tables_are_read_only(model: NgramContext, ids: IntArray) -> None:
    before = model.sequence(ids).tolist()
    model.sequence(ids)[:] = 0.0
    assert model.sequence(ids).tolist() == before
    table = np.load(TABLES / "ngrams.table.npy", mmap_mode="r")
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


def test_slots_of_the_hash_never_change() -> None:
    # The committed table was packed with these slots: another hash would find nothing in it.
    layout = FuseLayout(seed=7, segment_length=64, segments=9)
    words = [np.array([number]) for number in (11, 22, 33)]
    (first, second, third), fingerprint = layout.slots(gram_keys(TRIGRAM, *words))
    assert (int(first[0]), int(second[0]), int(third[0]), int(fingerprint[0])) == SLOTS
    assert 0 <= first[0] < second[0] < third[0] < layout.size


SLOTS = (203, 278, 325, 3241701376)


# --- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ngrams.json", "ngrams.table.npy", "ngrams.unigrams.npy"])
def test_a_missing_file_says_how_to_build_it(tmp_path: Path, name: str) -> None:
    for path in TABLES.glob("ngrams.*"):
        if path.name != name:
            shutil.copy(path, tmp_path)
    with pytest.raises(FileNotFoundError, match=rf"{name}.*build_context"):
        NgramContext.load(tmp_path, WORDS)


def test_a_missing_word_list_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build_vocabulary"):
        NgramContext.load(TABLES, tmp_path / "words.txt")


def test_another_word_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("the\nof\n", encoding="utf-8")
    with pytest.raises(ValueError, match="word list"):
        NgramContext.load(TABLES, tmp_path / "words.txt")


def test_tables_of_another_format_or_build_are_refused(tmp_path: Path) -> None:
    for path in TABLES.glob("ngrams.*"):
        shutil.copy(path, tmp_path)
    about = json.loads((tmp_path / "ngrams.json").read_text(encoding="utf-8"))
    (tmp_path / "ngrams.json").write_text(json.dumps(about | {"segments": about["segments"] + 1}), encoding="utf-8")
    with pytest.raises(ValueError, match="different builds"):
        NgramContext.load(tmp_path, WORDS)
    (tmp_path / "ngrams.json").write_text(json.dumps(about | {"format": "other"}), encoding="utf-8")
    with pytest.raises(ValueError, match="format 'other'"):
        NgramContext.load(tmp_path, WORDS)


# --- the scripts that make the tables --------------------------------------------------------------


def script(name: str) -> ModuleType:
    path = ROOT / "scripts" / f"{name}.py"
    if not path.exists():
        pytest.skip(f"{path.name} comes with the repository, not with the package")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    return script("build_context")


def test_the_table_gives_back_what_was_packed_and_nothing_else(builder: ModuleType) -> None:
    numbers = np.arange(20_000)
    keys = gram_keys(BIGRAM, numbers % 500, numbers)
    codes = (numbers % 256).astype(np.uint8)
    layout, table = builder.fuse(keys, codes)
    places, fingerprints = layout.slots(keys)
    entries = table[places[0]] ^ table[places[1]] ^ table[places[2]] ^ fingerprints
    assert entries.tolist() == codes.tolist()
    places, fingerprints = layout.slots(gram_keys(TRIGRAM, numbers % 500, numbers, numbers))
    entries = table[places[0]] ^ table[places[1]] ^ table[places[2]] ^ fingerprints
    assert not (entries < 1 << VALUE_BITS).any()


def test_own_counts_are_a_distribution(builder: ModuleType) -> None:
    vocabulary = Vocabulary.load(WORDS)
    words = builder.sentences("The cat sat on the mat. The dog sat on the log. The cat saw 3 dogs on a mat. " * 3)
    counted = builder.count_prose(vocabulary.encode(words), vocabulary)
    every = np.arange(len(vocabulary))
    for older, nearer in (("the", "cat"), ("on", "the"), ("a", "dog"), ("never", "seen")):
        first, second = (np.full(len(every), vocabulary.id(word)) for word in (older, nearer))
        assert counted.trigram(first, second, every).sum() == pytest.approx(1.0, abs=1e-9)


def test_sentences_are_read_as_the_other_sources_were(builder: ModuleType) -> None:
    text = "Dr. Smith\u2019s dose, 2.5 mg, is well-known (e.g. here). J. Doe agreed!\n\nA title\n\nEnd"
    assert builder.sentences(text) == [
        "", "dr", "smith's", "dose", "2.5", "mg", "is", "well", "known", "e", "g", "here", "",
        "j", "doe", "agreed", "", "a", "title", "", "end", "",
    ]  # fmt: skip


def test_documents_are_split_for_ever_and_siblings_together() -> None:
    gather = script("clean_text")
    assert [gather.split(f"source/{number}") for number in range(8)] == SPLIT
    assert gather.split("bible/gen-1#kjv") == gather.split("bible/gen-1#asv")
    held = sum(gather.split(f"source/{number}") == "held" for number in range(5000))
    assert held / 5000 == pytest.approx(0.2, abs=0.03)


SPLIT = ["train", "train", "train", "train", "held", "held", "train", "held"]
