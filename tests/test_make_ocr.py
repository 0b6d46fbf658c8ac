"""Pages for OCR: lines keep all words, and a page is degraded the same way for the same seed."""

from __future__ import annotations

import pytest

pytest.importorskip("PIL", reason="needs the bench extra")
pytest.importorskip("rapidfuzz", reason="needs the dev or bench extra")

import numpy as np
from benchmarks.make_ocr import LEVELS, MissingProgram, degrade, installed_fonts, render, wrapped


def test_lines_keep_all_words_and_their_width() -> None:
    words = ["a", "bb", "cccccccccccc", "dd", "e"]
    lines = list(wrapped(words, 6))
    assert lines == ["a bb", "cccccccccccc", "dd e"]
    assert " ".join(lines).split() == words


def test_a_page_is_degraded_by_its_seed_and_more_at_each_level() -> None:
    try:
        font = installed_fonts()[0]
    except MissingProgram as missing:
        pytest.skip(str(missing))
    page = render(["The house was old and cold."] * 3, font)
    once, again, other = (np.asarray(degrade(page, LEVELS[2], seed)) for seed in (5, 5, 6))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    noise = [float(np.asarray(degrade(page, how, 5), np.float64)[:20].std()) for how in LEVELS.values()]
    assert noise == sorted(noise)
