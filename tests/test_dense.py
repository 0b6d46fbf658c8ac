"""The dense bigram table: packing, its formula on a small made-up table, and the shipped one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from despin.dense import (
    LEFT_FILE,
    LEVELS_2,
    LEVELS_4,
    RIGHT_FILE,
    SCALE_FILE,
    UNIT,
    WORD_RECORD,
    WORDS_FILE,
    DenseBigrams,
    unpack,
)

FILES = (LEFT_FILE, RIGHT_FILE, SCALE_FILE, WORDS_FILE)
DATA = Path(__file__).parents[1] / "data"


# --- packing ---------------------------------------------------------------------------------------------------------


def test_packed_columns_are_read_from_the_low_bits_up() -> None:
    # 2 columns of 4 bits (codes 1 and 15), then 4 of 2 bits (codes 3, 0, 1, 2).
    packed = np.array([[1 | 15 << 4, 3 | 0 << 2 | 1 << 4 | 2 << 6]], dtype=np.uint8)
    assert unpack(packed, 6).tolist() == [[-95, 126, 69, -69, -21, 21]]


def test_rows_of_one_kind_of_column_only() -> None:
    assert unpack(np.zeros((1, 2), np.uint8), 8).tolist() == [[LEVELS_2[0]] * 8]
    assert unpack(np.zeros((1, 2), np.uint8), 4).tolist() == [[LEVELS_4[0]] * 4]


@pytest.mark.parametrize("levels", [LEVELS_2, LEVELS_4])
def test_levels_are_those_of_lloyd_and_max(levels: np.ndarray) -> None:
    """Each level is the mean of the normal distribution between the midpoints to its neighbours."""
    x = levels / UNIT
    edges = [-math.inf, *(x[1:] + x[:-1]) / 2, math.inf]
    for level, low, high in zip(x, edges, edges[1:], strict=False):
        density = (math.exp(-low * low / 2) - math.exp(-high * high / 2)) / math.sqrt(2 * math.pi)
        share = (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2
        assert density / share == pytest.approx(level, abs=0.75 / UNIT)  # half a unit of rounding, and of the edges


# --- a made-up table -------------------------------------------------------------------------------------------------


def made_up(words: int = 60, rights: int = 25, seed: int = 3) -> tuple[np.ndarray, ...]:
    """Arrays of a small table, with log_z by summing over all words one by one."""
    rng = np.random.default_rng(seed)
    left = rng.integers(0, 256, (words, 3)).astype(np.uint8)
    right = rng.integers(0, 256, (rights, 3)).astype(np.uint8)
    scale = rng.uniform(0.5, 2, 8).astype(np.float32) / UNIT**2
    records = np.zeros(words, WORD_RECORD)
    records["right"] = np.arange(words) % rights
    records["bias"] = rng.normal(-4, 1, words)
    records["start"] = -math.log(words)
    dots = (unpack(left, 8) * scale) @ unpack(right, 8)[records["right"]].T.astype(np.float64)
    records["log_z"] = np.log(np.exp(dots + records["bias"]).sum(1))
    return left, right, scale, records


@pytest.fixture
def small() -> DenseBigrams:
    return DenseBigrams(*made_up())


def test_probabilities_after_every_word_add_up_to_one(small: DenseBigrams) -> None:
    every = np.arange(len(small))
    for a in range(len(small)):
        assert np.exp(small.log_prob(a, every)).sum() == pytest.approx(1, abs=1e-5)
    assert np.exp(small.log_start(every)).sum() == pytest.approx(1, abs=1e-5)


def test_the_formula_holds_pair_by_pair(small: DenseBigrams) -> None:
    left, right, scale, records = made_up()
    a, b = 17, 42
    vectors = unpack(left, 8)[a] * scale.astype(np.float64), unpack(right, 8)[records["right"][b]]
    wanted = vectors[0] @ vectors[1] + records["bias"][b] - records["log_z"][a]
    assert small.log_prob(a, b) == pytest.approx(wanted, abs=1e-5)


def test_many_pairs_at_once_give_what_single_ones_give(small: DenseBigrams) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, len(small), (2, 1500))  # more than two chunks
    together = small.log_prob(a, b)
    assert together.tolist() == [float(small.log_prob(x, y)) for x, y in zip(a, b, strict=True)]
    assert small.log_prob(a.reshape(3, 500), b.reshape(3, 500)).tolist() == together.reshape(3, 500).tolist()


def test_shapes_are_broadcast_and_may_be_empty(small: DenseBigrams) -> None:
    assert small.log_prob(3, [1, 2, 5]).shape == (3,)
    assert small.log_prob([[3], [4]], [1, 2, 5]).shape == (2, 3)
    assert small.log_prob([], []).shape == (0,)
    assert small.log_start([]).shape == (0,)


def test_followers_are_the_words_with_the_highest_probability(small: DenseBigrams) -> None:
    every = small.log_prob(7, np.arange(len(small)))
    ids, scores = small.followers(7, 10)
    assert ids.tolist() == np.argsort(-np.round(every, 4), kind="stable")[:10].tolist()
    assert scores == pytest.approx(every[ids], abs=1e-5)
    assert len(small.followers(7, 0)[0]) == 0
    assert len(small.followers(7, 10_000)[0]) == len(small)


@pytest.mark.parametrize("bad", [-1, 60])
def test_a_word_outside_the_vocabulary_is_an_error_not_a_wrong_row(small: DenseBigrams, bad: int) -> None:
    for call in (lambda: small.log_prob(bad, 0), lambda: small.log_prob(0, [1, bad]), lambda: small.log_start(bad)):
        with pytest.raises(IndexError, match="0 to 59"):
            call()
    with pytest.raises(IndexError, match="0 to 59"):
        small.followers(bad)


def test_equal_scores_are_in_word_order() -> None:
    left, right, scale, records = made_up()
    records["bias"] = 0
    records["right"] = 5
    ids, _ = DenseBigrams(left, right, scale, records).followers(0, 12)
    assert ids.tolist() == list(range(12))


def test_similarity_is_the_cosine_of_what_two_words_predict(small: DenseBigrams) -> None:
    left, _, scale, _ = made_up()
    x, y = (unpack(left, 8)[[3, 8]] * np.sqrt(scale)).astype(np.float64)
    assert small.similarity(3, 8) == pytest.approx(x @ y / np.sqrt((x @ x) * (y @ y)), abs=1e-5)
    every = np.arange(len(small))
    assert small.similarity(every, every) == pytest.approx(np.ones(len(small)), abs=1e-5)
    assert small.similarity([3, 9], [[8], [1]]).shape == (2, 2)


def test_similar_words_are_those_with_the_highest_similarity(small: DenseBigrams) -> None:
    ids, cosines = small.similar([5, 40], n=6, among=30)
    for word, row, values in zip((5, 40), ids, cosines, strict=True):
        others = np.array([other for other in range(30) if other != word])
        scores = small.similarity(word, others)
        assert row.tolist() == others[np.argsort(-np.round(scores, 4), kind="stable")][:6].tolist()
        assert values == pytest.approx(small.similarity(word, row), abs=1e-5)
    assert small.similar(5, n=100)[0].shape == (1, 59)
    assert 5 not in small.similar(5, n=100)[0]
    with pytest.raises(IndexError, match="0 to 59"):
        small.similar(60)


# --- files -----------------------------------------------------------------------------------------------------------


def write(folder: Path, arrays: tuple[np.ndarray, ...]) -> Path:
    for name, array in zip(FILES, arrays, strict=True):
        np.save(folder / name, array)
    return folder


def test_a_table_is_what_was_saved(tmp_path: Path, small: DenseBigrams) -> None:
    loaded = DenseBigrams.load(write(tmp_path, made_up()))
    every = np.arange(len(small))
    assert (loaded.log_prob(5, every) == small.log_prob(5, every)).all()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    write(tmp_path, made_up())
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name.replace('.', '[.]')}; reinstall despin"):
        DenseBigrams.load(tmp_path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"not an array", "half"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, name: str, content: bytes | str) -> None:
    path = write(tmp_path, made_up()) / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 5] if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=rf"{name.replace('.', '[.]')} is damaged .*reinstall despin"):
        DenseBigrams.load(tmp_path)


def test_files_of_different_builds_are_refused(tmp_path: Path) -> None:
    left, right, scale, records = made_up()
    for wrong in (
        (left[:-1], right, scale, records),
        (left, right[:, :1], scale, records),
        (left, right, scale[:-3], records),
        (left, right[:20], scale, records),
        (left, right, scale, records["bias"]),
    ):
        with pytest.raises(ValueError, match="reinstall despin"):
            DenseBigrams(*wrong)


# --- the shipped table -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table() -> DenseBigrams:
    return DenseBigrams.load(DATA / "context")


@pytest.fixture(scope="module")
def number() -> dict[str, int]:
    words = (DATA / "lexicon" / "words.txt").read_text(encoding="utf-8").split()
    return {word: line for line, word in enumerate(words)}


def test_the_shipped_table_has_a_row_for_each_word_and_fits_its_share(
    table: DenseBigrams, number: dict[str, int]
) -> None:
    assert len(table) == len(number) == 100_000
    # 18 MB of the wheel's 40.
    assert sum((DATA / "context" / name).stat().st_size for name in FILES) < 18_000_000


@pytest.mark.parametrize("word", ["the", "vital", "breast", "isn't", "deep", "dizocilpine", "witticisms"])
def test_shipped_probabilities_add_up_to_one(table: DenseBigrams, number: dict[str, int], word: str) -> None:
    a = number.get(word, 99_999)
    # log_z is stored as a 32-bit float near -10 to 60, exact to 4e-6; the dot products to about 1e-5.
    assert np.exp(table.log_prob(a, np.arange(len(table)))).sum() == pytest.approx(1, abs=1e-3)


def test_shipped_start_probabilities_add_up_to_one(table: DenseBigrams) -> None:
    assert np.exp(table.log_start(np.arange(len(table)))).sum() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("previous", "usual", "odd"),
    [
        ("vital", "signs", "indications"),
        ("breast", "cancer", "malignancy"),
        ("blood", "pressure", "weight"),
        ("machine", "learning", "education"),
        ("neural", "network", "organization"),
        ("artificial", "intelligence", "cleverness"),
        ("climate", "change", "alteration"),
        ("random", "forest", "woods"),
        ("united", "states", "conditions"),
        ("due", "to", "from"),
        ("depends", "on", "at"),
        ("an", "error", "mistake"),
    ],
)
def test_the_usual_word_is_likelier_than_a_synonym(
    table: DenseBigrams, number: dict[str, int], previous: str, usual: str, odd: str
) -> None:
    better, worse = table.log_prob(number[previous], [number[usual], number[odd]])
    assert better - worse > 1  # nats


def test_followers_of_the_shipped_table(table: DenseBigrams, number: dict[str, int]) -> None:
    ids, scores = table.followers(number["united"], 5)
    assert number["states"] in ids
    assert scores == pytest.approx(table.log_prob(number["united"], ids), abs=1e-4)


@pytest.mark.parametrize(
    ("worn", "wanted", "unrelated"),
    [
        ("malignancy", "cancer", "learning"),
        ("mistake", "error", "river"),
        ("profound", "tremendous", "signs"),
        ("recommended", "advised", "broken"),
        ("amid", "during", "never"),
    ],
)
def test_words_used_alike_are_similar(
    table: DenseBigrams, number: dict[str, int], worn: str, wanted: str, unrelated: str
) -> None:
    alike, apart = table.similarity(number[worn], [number[wanted], number[unrelated]])
    assert alike > apart + 0.1
    assert number[wanted] in table.similar(number[worn], n=50)[0]


def test_two_loads_give_the_same_bits(table: DenseBigrams) -> None:
    again = DenseBigrams.load(DATA / "context")
    a, b = np.random.default_rng(0).integers(0, len(table), (2, 5000))
    assert (again.log_prob(a, b) == table.log_prob(a, b)).all()
    # Order and company do not matter either.
    assert (again.log_prob(a[::-1], b[::-1])[::-1] == table.log_prob(a, b)).all()
