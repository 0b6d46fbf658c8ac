"""Context models for the benchmarks. Start reading at `context_named`."""

from __future__ import annotations

from despin.context import ContextModel
from despin.reranking import Remembering


def context_named(name: str) -> str | ContextModel:
    """The `context` argument that `--context NAME` stands for; any name but "lm" is passed on.

    Sentences are measured in a few pages that stay the same around them, so the model remembers what it has read:
    without this most of the time would go into reading those pages again.
    """
    if name != "lm":
        return name
    from despin import lm

    return Remembering(lm.load())
