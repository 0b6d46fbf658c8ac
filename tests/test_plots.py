"""Pictures: each shows what it was given, as a figure of its own."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from despin import plots
from despin.results import PassageScore, Repair, Score
from despin.values import DespinError, Edit, Refusal, Step


def scored(verdict: str, probability: float) -> Score:
    return Score(probability, verdict, "test", 50.0, "", 1.0, 60, (), "test")  # type: ignore[arg-type]


PASSAGES = [PassageScore(0, 100, scored("flag", 0.9)), PassageScore(120, 160, scored("abstain", 0.2))]
STEP = Step("wording", (Edit(0, 1, "a", "b", "spin.map", 0.9), Edit(2, 3, "a", "b", "spin.map", 0.9)))
REPAIR = Repair("a a", "b b", (STEP,), (Refusal(0, 1, "a", "c", "ocr.word", 0.1, "test"),), "test")


def drawn(figure: plots.Figure) -> bytes:
    """What a notebook shows of the figure."""
    return figure._repr_png_()  # type: ignore[attr-defined]


def test_passage_scores_are_as_wide_as_the_passages() -> None:
    (axes,) = plots.passage_scores(PASSAGES).axes
    assert [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in axes.patches] == [(0, 100, 0.9), (120, 40, 0.2)]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["flag", "abstain"]


def test_edits_are_counted_by_rule() -> None:
    (axes,) = plots.edits_by_rule([REPAIR, REPAIR]).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["ocr.word", "spin.map"]
    made, refused = axes.containers
    assert [bar.get_width() for bar in made] == [0, 4]
    assert [bar.get_width() for bar in refused] == [2, 0]


@pytest.mark.parametrize("verdicts", [("flag",), ("flag", "no-flag", "abstain")])
def test_scores_are_spread_over_bins(verdicts: tuple[str, ...]) -> None:
    scores = [scored(verdict, 0.1 * number) for number, verdict in enumerate(verdicts * 3)]
    (axes,) = plots.score_distribution(scores, bins=10).axes
    assert sum(round(bar.get_height()) for bar in axes.patches) == len(scores)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [f"{verdict} (3)" for verdict in verdicts]


def test_reliability_names_the_calibration_error() -> None:
    figure = plots.reliability([0.1] * 10 + [0.9] * 10, [True] + [False] * 9 + [True] * 9 + [False])
    assert "calibration error 0.000" in figure.axes[0].get_title()
    figure = plots.reliability([0.9] * 10, [False] * 10)
    assert "calibration error 0.900" in figure.axes[0].get_title()


def test_nothing_to_draw_is_an_error_that_says_so() -> None:
    with pytest.raises(DespinError, match="no passage"):
        plots.passage_scores([])
    with pytest.raises(DespinError, match="no score"):
        plots.score_distribution([])
    with pytest.raises(DespinError, match="2 probabilities and 1 truths"):
        plots.reliability([0.1, 0.2], [True])


def test_every_picture_can_be_drawn() -> None:
    for figure in (
        plots.passage_scores(PASSAGES),
        plots.edits_by_rule([]),
        plots.edits_by_rule([REPAIR]),
        plots.score_distribution([scored("flag", 1.0)]),
        plots.reliability([1.0, 0.0], [True, False]),
    ):
        assert drawn(figure).startswith(b"\x89PNG")


def test_what_to_install_is_said_where_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'despin\[plot\]'"):
        plots.passage_scores(PASSAGES)
