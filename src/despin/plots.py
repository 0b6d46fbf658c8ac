"""Pictures of repairs and scores, with matplotlib (``pip install 'despin[plot]'``). Start with `passage_scores`.

Each function returns a `matplotlib.figure.Figure` that belongs to no window and to no global state: show it in a
notebook by naming it, write it with ``figure.savefig("scores.png")``, or draw on its axes.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from despin.results import PassageScore, Repair, Score
from despin.values import DespinError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

# Colours that differ in lightness too, so that they can be told apart in grey and by most colour-blind readers
# (Okabe and Ito, "Color universal design", 2008).
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#999999"
SHADES = {"flag": ORANGE, "no-flag": BLUE, "abstain": GREY}
HATCHES = {"flag": "//", "no-flag": "", "abstain": ".."}


def passage_scores(passages: Sequence[PassageScore]) -> Figure:
    """The probability of rewriting along a document: a bar for each passage, as wide as the passage is long.

    passages: as `despin.passages` gives them. Raises DespinError for none.
    """
    if not passages:
        raise DespinError("there is no passage to draw; give what despin.passages returned for a text with words")
    figure, axes = _figure(9.0, 2.8)
    for verdict, shade in SHADES.items():
        chosen = [one for one in passages if one.score.verdict == verdict]
        if chosen:
            axes.bar(
                [one.start for one in chosen],
                [one.score.probability for one in chosen],
                [one.end - one.start for one in chosen],
                align="edge",
                color=shade,
                hatch=HATCHES[verdict],
                edgecolor="white",
                label=verdict,
            )
    axes.set(xlabel="offset in the text (characters)", ylabel="probability of rewriting", ylim=(0, 1))
    axes.set_xlim(min(one.start for one in passages), max(one.end for one in passages))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


def edits_by_rule(repairs: Iterable[Repair]) -> Figure:
    """How many edits each rule made and how many of its findings were refused, over one repair or many."""
    made, refused = Counter[str](), Counter[str]()
    for repair in repairs:
        made.update(edit.rule for edit in repair.edits)
        refused.update(refusal.rule for refusal in repair.refusals)
    rules = sorted(made.keys() | refused.keys(), key=lambda rule: (made[rule], refused[rule], rule))
    figure, axes = _figure(8.0, 1.4 + 0.32 * max(len(rules), 1))
    left, right = [made[rule] for rule in rules], [refused[rule] for rule in rules]
    axes.barh(rules, left, color=BLUE, label="edits")
    axes.barh(rules, right, left=left, color=GREY, hatch="..", edgecolor="white", label="refused")
    axes.set(xlabel="findings")
    axes.xaxis.set_major_locator(_whole_numbers())
    axes.legend(frameon=False, loc="lower right")
    return figure


def score_distribution(scores: Iterable[Score], bins: int = 20) -> Figure:
    """How the probabilities of a corpus spread, by verdict. Raises DespinError for no scores."""
    by_verdict: dict[str, list[float]] = {verdict: [] for verdict in SHADES}
    for score in scores:
        by_verdict[score.verdict].append(score.probability)
    shown = {verdict: values for verdict, values in by_verdict.items() if values}
    if not shown:
        raise DespinError("there is no score to draw; give an iterable of what despin.score returned")
    figure, axes = _figure(7.0, 3.4)
    edges = np.linspace(0, 1, bins + 1)
    below = np.zeros(bins)
    for verdict, values in shown.items():
        count, _ = np.histogram(values, edges)
        label = f"{verdict} ({len(values):,})"
        axes.bar(
            edges[:-1],
            count,
            1 / bins,
            below,
            align="edge",
            color=SHADES[verdict],
            hatch=HATCHES[verdict],
            edgecolor="white",
            label=label,
        )
        below += count
    axes.set(xlabel="probability of rewriting", ylabel="documents", xlim=(0, 1))
    axes.yaxis.set_major_locator(_whole_numbers())
    axes.legend(frameon=False)
    return figure


def reliability(probabilities: Sequence[float], rewritten: Sequence[bool], bins: int = 10) -> Figure:
    """Whether probabilities keep their word: of the texts given one near p, the share that was rewritten.

    probabilities: 0 to 1. rewritten: the truth, in the same order. bins: equally wide; the size of a dot says how many
    texts lie in it, and the title the expected calibration error (Naeini, Cooper and Hauskrecht, 2015). Raises
    DespinError for sequences of different lengths or none.
    """
    if len(probabilities) != len(rewritten) or not len(probabilities):
        raise DespinError(f"{len(probabilities)} probabilities and {len(rewritten)} truths: give one of each per text")
    given, truth = np.asarray(probabilities, np.float64), np.asarray(rewritten, np.float64)
    place = np.minimum((given * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    held = count > 0
    mean = np.bincount(place, given, bins)[held] / count[held]
    share = np.bincount(place, truth, bins)[held] / count[held]
    error = float(np.abs(mean - share) @ count[held]) / len(given)
    figure, axes = _figure(4.6, 4.6)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    axes.plot(mean, share, color=BLUE)
    axes.scatter(
        mean, share, s=15 + 250 * count[held] / count.max(), color=BLUE, alpha=0.6, label="texts (size: how many)"
    )
    axes.set(xlabel="probability given", ylabel="share that was rewritten", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_title(f"{len(given):,} texts, calibration error {error:.3f}", fontsize="medium")
    axes.legend(frameon=False, loc="upper left")
    return figure


def _whole_numbers() -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of that size in inches with one pair of axes. Raises ModuleNotFoundError saying what to install."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("pictures need matplotlib: pip install 'despin[plot]'", name="matplotlib") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    # a notebook shows only figures of pyplot, which has global state; this one shows itself
    setattr(figure, "_repr_png_", partial(_png, figure))  # noqa: B010
    return figure, axes


def _png(figure: Figure) -> bytes:
    """The figure as a PNG file, as notebooks ask for it."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
