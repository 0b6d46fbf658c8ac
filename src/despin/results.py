"""What callers get: `Repair`, the outcome of repairing one text, and `Score`, how likely a text is to be rewritten.

Both hold plain data. Start with `Repair`: all that can be worked out from its steps is worked out when first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from despin import display
from despin.edits import Chosen, Digest, OffsetMap, Record, trace, undo
from despin.explain import report
from despin.values import Edit, Evidence, Finding, Refusal, Step

Verdict = Literal["flag", "no-flag", "abstain"]


@dataclass(frozen=True, slots=True)
class Score:
    """How likely it is that a text was rewritten by a machine. It speaks of rewriting traces, not of guilt.

    probability: 0 to 1, calibrated at the prior that was asked for.
    verdict: "flag", "no-flag" or, where no verdict can be given, "abstain".
    reason: the verdict in plain words, such as "too short: 12 words".
    percentile: the share of human passages of that length that score lower, 0 to 100.
    family: of a flagged text, the family of rewriter whose habits it shows, or "unknown"; else "".
    ocr_quality: the share of words that are read as words, 0 to 1.
    words: how many words were judged.
    evidence: the reasons, in nats for rewriting.
    signature: the versions, data and settings that made the score.
    """

    probability: float
    verdict: Verdict
    reason: str
    percentile: float
    family: str
    ocr_quality: float
    words: int
    evidence: tuple[Evidence, ...]
    signature: str

    def _repr_html_(self) -> str:
        return display.score(self.verdict, self.probability, self.reason, self.evidence)


@dataclass(frozen=True, slots=True)
class PassageScore:
    """The score of one passage, `text[start:end]`."""

    start: int
    end: int
    score: Score


class PassageScores(tuple[PassageScore, ...]):
    """The scores of a text's passages: a tuple that a notebook shows as a strip."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return display.passages([(one.start, one.end, one.score.probability, one.score.verdict) for one in self])


class Findings(tuple[Finding, ...]):
    """What was found in a text: a tuple that a notebook shows as a list."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return display.findings(self)


Later = Callable[[], Score]
"""What works a score out when it is called."""


class Scores:
    """The scores of a text before and after its repair, or what works them out: that is asked at most once, when the
    score is first looked at. None where no score was asked for. Two are equal if the scores are."""

    __slots__ = ("_after", "_before")

    def __init__(self, before: Score | Later | None = None, after: Score | Later | None = None) -> None:
        self._before, self._after = before, after

    @property
    def before(self) -> Score | None:
        """The score of the text as it came."""
        if callable(self._before):
            self._before = self._before()
        return self._before

    @property
    def after(self) -> Score | None:
        """The score of the repaired text."""
        if callable(self._after):
            self._after = self._after()
        return self._after

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scores) and (self.before, self.after) == (other.before, other.after)

    def __hash__(self) -> int:
        return hash((self.before, self.after))

    def __reduce__(self) -> tuple[type[Scores], tuple[Score | None, Score | None]]:
        # what goes to another process is the scores, not the tables that they are worked out with
        return Scores, (self.before, self.after)


@dataclass(frozen=True)  # no slots: what is worked out once is kept in the instance
class Repair:
    """The outcome of repairing a text; everything in it can be undone.

    original, text: before and after.
    steps: the rounds as they were written down, each in the offsets of its own input.
    refusals: findings that were not accepted, and why; all in the offsets of `original`, round by round.
    signature: the versions, data and settings that made it.
    scores: those of `original` and `text`.
    note: what was not looked for, in plain words, or "".
    """

    original: str
    text: str
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    signature: str
    scores: Scores = field(default_factory=Scores, repr=False)
    note: str = ""

    @property
    def before(self) -> Score | None:
        """The score of `original`, or None where no score was asked for."""
        return self.scores.before

    @property
    def after(self) -> Score | None:
        """The score of `text`, or None where no score was asked for."""
        return self.scores.after

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """All edits as one flat list in the offsets of `original`; those of different steps that overlap are joined."""
        return tuple(edit for edit, _ in self._traced)

    def record(self, id: str = "") -> Record:
        """What to store, so that the repair can be undone from it and `text` alone. `id` is the document's name."""
        return Record(*self._digests, self.signature, self.steps, id)

    def to_json(self, id: str = "") -> str:
        """The record as JSON, schema ``despin.edits/1``."""
        return self.record(id).to_json()

    def undo(self, only: Iterable[Edit | Chosen] | None = None) -> str:
        """The original, exactly; with `only`, the repaired text with just those edits undone.

        only: edits from `edits` or from `steps`, or (step index, edit) pairs. Raises DependentEdits when later edits
        stand on the text of a chosen one, EditError for an edit that is not of this repair.
        """
        if only is None:
            return self.original
        return undo(self.text, self.record(), self._recorded(only))

    def offset_map(self) -> OffsetMap:
        """Follows offsets between `original` and `text`, both ways."""
        return OffsetMap(self.edits, len(self.original))

    def explain(self, color: bool = False) -> str:
        """Each edit and each refusal with its evidence, in plain words. `color` adds terminal colours."""
        return report(self.original, self.edits, self.refusals, color)

    def _repr_html_(self) -> str:
        scores = ((label, score) for label, score in (("before", self.before), ("after", self.after)) if score)
        lines = (display.score_line(score.verdict, score.probability, score.reason, label) for label, score in scores)
        return display.repair(self.original, self.edits, self.refusals, "".join(lines))

    def _recorded(self, only: Iterable[Edit | Chosen]) -> Iterable[Edit | Chosen]:
        """The chosen edits, with those of the flat list replaced by the recorded ones that they are made of."""
        made_of = {id(edit): parts for edit, parts in self._traced}
        for item in only:
            yield from made_of.get(id(item), (item,))

    @cached_property
    def _traced(self) -> tuple[tuple[Edit, tuple[Chosen, ...]], ...]:
        return trace(self.steps)

    @cached_property
    def _digests(self) -> tuple[Digest, Digest]:
        return Digest.of(self.original), Digest.of(self.text)
