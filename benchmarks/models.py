"""Context models for the benchmarks: a neural one that reads the same place once. Start reading at `context_named`."""

from __future__ import annotations

from collections.abc import Sequence

from despin.context import ContextModel, FloatArray, Window


class Remembering:
    """A context model that keeps what it said of each window.

    Sentences are measured in a few pages that stay the same around them; without this most of the time would go into
    reading those pages again.
    """

    def __init__(self, model: ContextModel) -> None:
        self.name = model.name
        self._model = model
        self._said: dict[Window, FloatArray] = {}

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        """See `ContextModel.log_probs`."""
        new = [window for window in windows if window not in self._said]
        self._said.update(zip(new, self._model.log_probs(new), strict=True))
        return [self._said[window] for window in windows]


def context_named(name: str) -> str | ContextModel:
    """The `context` argument that `--context NAME` stands for: "lm" remembers, any other name is passed on."""
    if name != "lm":
        return name
    from despin import lm

    return Remembering(lm.load())
