"""Many texts: order, the same results with any number of processes, endless streams, errors."""

from __future__ import annotations

import itertools
import os
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import despin
from despin import SettingsError
from despin.batch import local
from despin.batch.local import repair_many
from despin.batch.options import BatchError
from despin.batch.pool import AHEAD, in_order

PAGES = Path(__file__).parent / "cases" / "pages"
TEXTS = [
    (PAGES / name).read_text(encoding="utf-8") for name in ("abstract.spun.txt", "poem.clean.txt", "travel.spun.txt")
]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_and_are_those_of_repair(workers: int) -> None:
    texts = ["", *TEXTS, "One more.", *TEXTS[::-1]]
    found = list(repair_many(texts, workers=workers, progress=False, level="bold"))
    assert [repair.original for repair in found] == texts
    expected = [despin.repair(text, level="bold") for text in texts]
    assert [repair.to_json() for repair in found] == [repair.to_json() for repair in expected]
    assert found == expected
    assert sum(len(repair.edits) for repair in found) > 10


@pytest.mark.parametrize(("workers", "most"), [(1, 3), (2, 3 + 2 * AHEAD)])
def test_an_endless_stream_is_read_as_it_is_repaired(workers: int, most: int) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        for number in itertools.count():
            read += 1
            yield f"Text number {number}."

    repairs = repair_many(endless(), workers=workers, progress=False)
    assert read == 0
    first = [next(repairs).original for _ in range(3)]
    assert first == ["Text number 0.", "Text number 1.", "Text number 2."]
    assert 3 <= read <= most
    repairs.close()  # type: ignore[attr-defined]
    assert read <= most


@pytest.mark.parametrize("workers", [1, 2])
def test_no_texts_no_results(workers: int) -> None:
    assert list(repair_many([], workers=workers, progress=False)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_where_their_text_stands(workers: int) -> None:
    repairs = repair_many(["A text.", b"bytes", "Another."], workers=workers, progress=False, strict=True)  # type: ignore[list-item]
    assert next(repairs).original == "A text."
    with pytest.raises(TypeError, match="reads str, not bytes; decode bytes first"):
        next(repairs)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_text_that_cannot_be_repaired_does_not_stop_the_others(workers: int) -> None:
    repairs = list(repair_many(["A text.", b"bytes", "Another."], workers=workers, progress=False))  # type: ignore[list-item]
    assert [repair.original for repair in repairs] == ["A text.", "", "Another."]
    assert [len(repair.refusals) for repair in repairs] == [0, 1, 0]
    refused = repairs[1]
    assert (refused.text, refused.edits, refused.before, refused.undo()) == ("", (), None, "")
    reason = "TypeError: despin reads str, not bytes; decode bytes first: text.decode('utf-8')"
    assert (refused.refusals[0].rule, refused.refusals[0].reason) == ("batch.refused", reason)
    assert f"the text was left as it is: {reason}" in refused.explain()


def dying(text: str, **settings: object) -> despin.Repair:
    """Ends the process for some texts, and fails for others."""
    if text == "dies":
        os._exit(9)
    if text == "fails":
        raise MemoryError("too much")
    return despin.Repair(text, text, (), (), "")


def test_a_text_that_its_process_dies_on_comes_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "repair", dying)
    monkeypatch.setattr(local, "in_order", partial(in_order, start_method="fork"))
    texts = ["one", "dies", "two", "fails", "three"]
    repairs = list(repair_many(texts, progress=False))
    assert [repair.text for repair in repairs] == [repair.undo() for repair in repairs] == texts
    reasons = [[refusal.reason for refusal in repair.refusals] for repair in repairs]
    assert reasons == [[], ["the process that worked at it died, twice"], [], ["MemoryError: too much"], []]
    strict = repair_many(texts, progress=False, strict=True)
    assert next(strict).text == "one"
    with pytest.raises(BatchError, match="a text cannot be repaired: the process that worked at it died, twice"):
        next(strict)


@pytest.mark.parametrize("workers", [1, 2])
def test_wrong_settings_are_named(workers: int) -> None:
    with pytest.raises(SettingsError, match="level 'brave' is not known"):
        list(repair_many(["A text."], workers=workers, progress=False, level="brave"))
    with pytest.raises(TypeError, match="unexpected keyword argument 'levle'"):
        repair_many(["A text."], workers=workers, progress=False, levle="safe")


@pytest.mark.parametrize("workers", [0, -1])
def test_at_least_one_process(workers: int) -> None:
    with pytest.raises(SettingsError, match=f"workers={workers}: at least one process is needed"):
        list(repair_many(["A text."], workers=workers))


def test_no_progress_bar_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(repair_many(["A text.", "Another."], workers=1, progress=True))) == 2
    assert capsys.readouterr() == ("", "")


def test_a_progress_bar_on_a_terminal_goes_to_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert [repair.text for repair in repair_many(["A text.", "Another."], workers=1)] == ["A text.", "Another."]
    out, err = capsys.readouterr()
    assert out == ""
    assert "repairing" in err


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stream_that_breaks_off_loses_no_text_before(workers: int) -> None:
    def broken() -> Iterator[str]:
        yield "A text."
        yield "Another."
        raise OSError("the disk is gone")

    repairs = repair_many(broken(), workers=workers, progress=False)
    assert [repair.original for repair in itertools.islice(repairs, 2)] == ["A text.", "Another."]
    with pytest.raises(OSError, match="the disk is gone"):
        next(repairs)


def test_repairs_can_be_pickled() -> None:
    repair = despin.repair(TEXTS[0])
    assert repair.edits
    for made in (repair, despin.repair(TEXTS[0])):  # with and without what is worked out when it is asked for
        copy = pickle.loads(pickle.dumps(made))
        assert copy == made
        assert (copy.edits, copy.undo(), copy.to_json()) == (made.edits, TEXTS[0], made.to_json())
        assert copy.undo(only=copy.edits[:1]) == made.undo(only=made.edits[:1])
