"""How rows are graded and learnt: weights follow from frequencies, what is not a pair of words is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from despin.maps import Row
from despin.resources import load

grade_rows = pytest.importorskip("scripts.grade_rows", reason="scripts/ is not in an installed package")
learn_pairs = pytest.importorskip("scripts.learn_pairs", reason="scripts/ is not in an installed package")


def test_a_part_is_read_with_shares_of_what_is_put_for_an_original(tmp_path: Path) -> None:
    part = tmp_path / "part.txt"
    part.write_text("# word_for_word\nn|king|ruler, monarch*, lord?[next=of]\n", encoding="utf-8")
    pairs = list(grade_rows.read_part(part, {"king": 2}))
    assert [(pair.spun, pair.pos, pair.family, pair.keep_if) for pair in pairs] == [
        ("ruler", "n", "word_for_word", ""),
        ("monarch", "n", "word_for_word", ""),
        ("lord", "n", "word_for_word", "next=of"),
    ]
    # 3, 1 and a quarter, two that the maps have, and two more that nobody listed
    assert [pair.share for pair in pairs] == pytest.approx([1 / 8.25, 3 / 8.25, 0.25 / 8.25])


def test_a_wording_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    part = tmp_path / "part.txt"
    part.write_text("# word_for_word\n\nn|king|ruler*?\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"part\.txt:3: 'ruler\*\?' is no wording"):
        list(grade_rows.read_part(part, {}))


def test_weights_follow_bayes_rule() -> None:
    # one in five replaced, a tenth of them by this wording: 2 of 100 originals become it, 80 of its own stay
    assert grade_rows.weight(1e-4, 1e-4, 0.1) == pytest.approx(2 / (2 + 80))
    assert grade_rows.weight(1e-4, 1e-6, 0.1) > grade_rows.weight(1e-4, 1e-5, 0.1)
    assert grade_rows.surest("is", "is usually", False) == grade_rows.SUREST_HEDGE
    assert grade_rows.surest("is", "happens to be", False) == grade_rows.SUREST_PHRASE
    assert grade_rows.surest("is", "happens to be", True) == grade_rows.SUREST_ORDINARY
    assert grade_rows.surest("king", "monarch", False) == grade_rows.SUREST_ORDINARY


def test_an_odd_wording_weighs_more_than_an_ordinary_one() -> None:
    pairs = [grade_rows.Judged("use", spun, "v", "word_for_word", 0.1, "") for spun in ("utilise", "take")]
    odd, ordinary = grade_rows.graded(pairs, load().context, {})
    assert odd.weight > 0.2 > 0.05 > ordinary.weight


def test_words_at_the_same_place_are_pairs() -> None:
    aligned = learn_pairs.aligned(
        [("bosom malignancy", "Breast cancer"), ("bosom tumor", "breast tumor"), ("a b", "c")]
    )
    assert aligned == {("breast", "bosom"): 2, ("cancer", "malignancy"): 1}


def test_learnt_rows() -> None:
    resources = load()
    phrases = [
        ("bosom malignancy", "breast cancer"),
        ("bosom cancers", "breast cancer"),  # a plural is no other word
        ("bosom (zzqx)", "breast cancer"),  # nor is a remark
        ("counterfeit news", "fake news"),
    ]
    rows = learn_pairs.learnt_rows(phrases, resources.context, resources.forms, {("fake", "counterfeit")})
    assert [(row.original, row.spun, row.source) for row in rows] == [
        ("breast", "bosom", "learnt"),
        ("cancer", "malignancy", "learnt"),
    ]
    # a single count stays below what the first look takes
    assert rows[1].weight <= 0.1 < rows[0].weight <= 0.24
    assert rows[0].note == "seen 3 times"


def test_learnt_rows_take_what_the_written_ones_leave() -> None:
    def row(original: str, spun: str, weight: float, pos: str = "x") -> Row:
        return Row(original, spun, pos, "word_for_word", weight, "author", (), "")

    learnt = [row("breast", "bosom", 0.1), row("chest", "bosom", 0.3), row("cancer", "malignancy", 0.1)]
    written = [row("heart", "bosom", 0.795), row("love", "bosom", 0.9, "n"), row("tumor", "malignancy", 0.995)]
    # .2 of "bosom" is left; nothing of "malignancy" is; rows of another class do not count
    assert learn_pairs.within(learnt, written) == [row("breast", "bosom", 0.05), row("chest", "bosom", 0.15)]
