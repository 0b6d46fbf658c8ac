"""The OCR benchmark measures what it says: distances, kinds of error, intervals, and peers that keep what they must."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("rapidfuzz", reason="needs the dev or bench extra")

from benchmarks.ocr import (
    Row,
    breakdown,
    by_document,
    changes_of,
    chosen_peers,
    chosen_sets,
    counts_of,
    normalised,
    outcome,
    quality_correlation,
    rates,
    relative_change,
    wrong_words,
)
from benchmarks.peers import PEERS, WORD, cased, scannos, symspell, word_by_word


def row(ocr: str, gold: str, number: int = 0, document: str = "a") -> Row:
    return Row(f"x:{number}", document, ocr, gold)


def test_counts_of_a_small_text() -> None:
    counts = counts_of("Tbe cat, sat", "The cat sat.")
    # b, the comma, the full stop; two of three words; of "the cat sat" one of eleven characters
    assert counts == [3, 12, 3, 3, 1, 10]
    assert rates(np.array(counts)).tolist() == pytest.approx([3 / 12, 1.0, 1 / 11])


def test_cmer_counts_what_is_missing_and_what_is_too_much() -> None:
    assert counts_of("", "abc")[4:] == [3, 0]
    assert counts_of("abcd", "abc")[4:] == [1, 3]


def test_normalised_text() -> None:
    assert normalised("“The  cat's\n[Hat]—” £5") == "the cat s hat 5"


@pytest.mark.parametrize(
    ("read", "gold", "expected"),
    [
        ("the cat", "the cat", []),
        ("pub lic house", "public house", [("space", "pub lic", "public")]),
        ("publichouse now", "public house now", [("space", "publichouse", "public")]),
        ("the cat, sat", "the cat sat", [("punctuation", "cat,", "cat")]),
        ("the Cat sat", "the cat sat", [("case", "Cat", "cat")]),
        ("in l905 he", "in 1905 he", [("digit", "l905", "1905")]),
        ("tbe cat", "the cat", [("one letter", "tbe", "the")]),
        ("wbicb cat", "which cat", [("several letters", "wbicb", "which")]),
        ("the mat sat", "the cat sat", [("real word", "mat", "cat")]),
        ("the xqzzk sat", "the cat sat", [("far", "xqzzk", "cat")]),
    ],
)  # fmt: skip
def test_wrong_words(read: str, gold: str, expected: list[tuple[str, str, str]]) -> None:
    found = list(wrong_words(read, gold))
    assert [kind for kind, _, _ in found] == [kind for kind, _, _ in expected]
    assert [(kind, word) for kind, _, word in found] == [(kind, word) for kind, _, word in expected]
    assert sum(breakdown([read], [row(read, gold)]).values()) == len(expected)


def test_a_change_of_nothing_is_zero_and_a_full_repair_is_minus_one() -> None:
    rows = [row("tbe cat", "the cat", i, document) for i, document in enumerate("aabbc")]
    untouched = np.array([counts_of(r.ocr, r.gold) for r in rows])
    mended = np.array([counts_of(r.gold, r.gold) for r in rows])
    before = by_document(rows, untouched)
    assert before.shape == (3, 6)
    assert before[:, 1].tolist() == [14, 14, 7]
    assert relative_change(before, before).tolist() == [[0, 0, 0]] * 3
    assert relative_change(before, by_document(rows, mended)).tolist() == [[-1, -1, -1]] * 3


def test_the_interval_is_wide_where_documents_differ() -> None:
    rows = [row("tbe cat", "the cat", i, str(i)) for i in range(20)]
    untouched = np.array([counts_of(r.ocr, r.gold) for r in rows])
    half = untouched.copy()
    half[:10, [0, 2, 4]] = 0
    (middle, low, high), *_ = relative_change(by_document(rows, untouched), by_document(rows, half))
    assert middle == pytest.approx(-0.5)
    assert -0.8 < low < -0.6
    assert -0.4 < high < -0.2


def test_better_minus_worse_counts_rows() -> None:
    rows = [row("tbe cat", "the cat"), row("the cat", "the cat"), row("tbe dog", "the dog")]
    untouched = np.array([counts_of(r.ocr, r.gold) for r in rows])
    result = outcome(rows, untouched, lambda text: text.replace("tbe", "the"), with_gold=True)
    assert result.better_minus_worse == pytest.approx(2 / 3)
    assert result.gold_changed == (0, 4)
    worse = outcome(rows, untouched, lambda text: text.replace("cat", "bat"), with_gold=True)
    assert worse.better_minus_worse == pytest.approx(-2 / 3)
    assert worse.gold_changed == (1, 4)


def test_changes_are_listed_with_the_gold_words_there() -> None:
    rows = [row("one tbe cat sat", "one the cat sat")]
    result = outcome(
        rows, np.array([counts_of(rows[0].ocr, rows[0].gold)]), lambda text: text.replace("tbe", "thy"), False
    )
    assert list(changes_of("set", "system", result)) == [["set", "system", "x:0", "tbe", "thy", "the"]]


def test_the_estimated_quality_falls_with_damage(resources: object) -> None:
    pytest.importorskip("scipy")
    gold = "The old man went down to the sea in the morning and looked for his boat. " * 4
    texts = [gold, gold.replace("e", "c", 6), gold.replace("e", "c", 20), gold.replace("o", "q").replace("e", "c")]
    rows = [row(text, gold, i) for i, text in enumerate(texts)]
    untouched = np.array([counts_of(r.ocr, r.gold) for r in rows])
    assert quality_correlation(rows, untouched) == pytest.approx(-1.0)


# --- choices ---------------------------------------------------------------------------------------------------------


def test_sets_and_peers_are_chosen_by_name() -> None:
    assert [one.name for one in chosen_sets("hipe english d, german", [])] == ["HIPE English dev", "German"]
    assert chosen_peers("none") == []
    assert chosen_peers("symspell,ftfy") == ["ftfy", "symspell"]
    assert chosen_peers("all") == [name for name in PEERS if name != "nothing"]
    with pytest.raises(ValueError, match="no set is called 'tamil'"):
        chosen_sets("tamil", [])
    with pytest.raises(ValueError, match="no peer is called 'word'"):
        chosen_peers("word")


# --- peers -----------------------------------------------------------------------------------------------------------


def test_word_by_word_keeps_case_marks_and_digits() -> None:
    repair = word_by_word(lambda word: {"tbe": "the", "i": "you"}.get(word, word))
    assert repair("Tbe TBE tbe, 5 i–tbe's") == "The THE the, 5 i–tbe's"
    assert cased("public house", "Pub") == "Public house"
    assert WORD.findall("don’t B12 a-b") == ["don’t", "B", "a", "b"]


def test_the_scanno_list_holds_no_words() -> None:
    table = scannos()
    assert table["tbe"] == "the"
    assert table["tlie"] == "the"
    assert "bad" not in table  # a word, though "had" is read so
    assert not set(table) & set(table.values())


def test_symspell_mends_a_word() -> None:
    assert symspell()("The publick house") == "The public house"


@pytest.mark.skipif(sys.platform == "win32", reason="programs of Unix")
def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.peers import MissingPeer, hunspell

    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPeer, match="apt-get install hunspell"):
        hunspell()
