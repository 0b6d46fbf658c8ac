"""Word lists of scans, and their linter."""

from __future__ import annotations

import math

import pytest

from despin.channel import COLUMNS
from despin.detect import ocr
from despin.lexicon import Lexicon, Tier, read_list, unaccented
from despin.resources import load
from despin.tables import TableError, data_folder, read_rows

FOLDER = data_folder() / "ocr"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load().lexicon


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        (
            Tier.WORD,
            "the don't society's shewed connexion publick waggons hath kill'd determin'd Weakneſs Beneﬁt gaol a we smith",
        ),
        (Tier.RARE, "cometh bis haue vpon wyth whiche owne shippe vvhich iudge countrey easie naïve"),
        (Tier.NAME, "Sydney William Mrs Esq J I Trevelyan's"),
        (Tier.UNKNOWN, "tlie tbe tho aud whioh teh foi ot ou wbo sydney mrs thé lllll bv iu"),
    ],
)
def test_tiers(tier: Tier, words: str, lexicon: Lexicon) -> None:
    assert {word: lexicon.tier(word).name for word in words.split()} == dict.fromkeys(words.split(), tier.name)


def test_tiers_of_many_are_those_of_each(lexicon: Lexicon) -> None:
    words = "The tlie bis Sydney o' '' 'tis".split()
    assert lexicon.tiers(words).tolist() == [int(lexicon.tier(word)) for word in words]


@pytest.mark.parametrize("name", ["words.txt", "rare.txt", "names.txt"])
def test_lists_are_sorted_lower_case_and_apart(name: str) -> None:
    words = read_list(FOLDER / name)
    assert words == sorted(set(words))
    assert all(word == word.lower() for word in words)
    others = {word for other in ("words.txt", "rare.txt") if other < name for word in read_list(FOLDER / other)}
    assert others.isdisjoint(words) or name == "names.txt"


def test_tiers_of_another_vocabulary_are_refused() -> None:
    with pytest.raises(TableError, match=r"tiers\.txt: 100000 letters for 2 words"):
        Lexicon.load(FOLDER, ["the", "of"])


def test_words_hold_no_misreading(lexicon: Lexicon) -> None:
    # the commonest misreadings of the commonest words
    for word in "tlie tbe thc tho ths tiie aud nnd aml iu ou ot cf bv hy waa wns wero havo liave whioh wliich".split():
        assert lexicon.tier(word) > Tier.WORD, word


def test_confusions_are_counts() -> None:
    for era in ("old", "modern"):
        rows = list(read_rows(FOLDER / f"confusions_{era}.tsv", COLUMNS))
        assert len({(true, seen) for _, (true, seen, _, _) in rows}) == len(rows)
        for number, (true, seen, count, of) in rows:
            assert true != seen, number
            assert 0 < int(count) <= int(of), number


def test_blanks_cost_what_was_counted() -> None:
    rows = {
        (true, seen): int(count) / int(of)
        for _, (true, seen, count, of) in read_rows(FOLDER / "confusions_old.tsv", COLUMNS)
    }
    assert pytest.approx(math.log(rows["␣", ""]), abs=0.1) == ocr.LOST_BLANK
    assert pytest.approx(math.log(rows["", "␣"]), abs=0.1) == ocr.ADDED_BLANK


def test_unaccented() -> None:
    assert unaccented("Zürich rôle") == "Zurich role"
