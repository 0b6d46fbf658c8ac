"""The plain values that the parts of despin pass to each other.

They hold data and nothing else: frozen, slotted, comparable, picklable. Read `Finding` first (what a detector
proposes), then `Edit` and `Refusal` (what the decision made of it), then `Step` (what is written down; a whole record
of steps is in `records.py`).

All offsets are half-open and count Unicode code points. All weights of evidence are natural log odds ("nats").
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field


class DespinError(ValueError):
    """Any error that despin itself raises about its input. The message says what is wrong, where and what to do."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for or against a rewording.

    nats: natural log odds; positive speaks for the alternative, negative for what stands in the text.
    rule: the rule that gave it, for example ``"spin.map"``.
    source: the table row or measurement behind it, for example ``"phrase_rewriter: vital <- important"``.
    """

    nats: float
    rule: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One wording that may have stood in a finding's place, with the reasons for it."""

    text: str
    evidence: tuple[Evidence, ...]

    @property
    def nats(self) -> float:
        """Log odds of this wording over what stands in the text, before the document's damage rate is known."""
        return math.fsum(reason.nats for reason in self.evidence)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that may be damaged: a proposal, nothing is changed yet.

    start, end: offsets of the text that would be replaced; `before` is that text.
    rule: dotted name; its first part is the detector, which is also the kind of damage whose rate matters.
    alternatives: at least one, best first.
    family: the family of spinner that writes so, or "".
    rate_free: true where the evidence needs no document rate (a zero-width space is damage in any document).
    """

    start: int
    end: int
    before: str
    rule: str
    alternatives: tuple[Alternative, ...]
    family: str = ""
    rate_free: bool = False

    @property
    def kind(self) -> str:
        """The kind of damage: the detector's name, the first part of the rule."""
        return self.rule.partition(".")[0]

    @property
    def best(self) -> Alternative:
        """The alternative with the most evidence."""
        return self.alternatives[0]


@dataclass(frozen=True, slots=True)
class Edit:
    """A finding that was accepted: `text[start:end] == before` becomes `after`.

    confidence: probability, 0 to 1, that `after` is nearer to the original than `before`.
    evidence: why; others: the wordings that came next, best first. Neither is stored in the record, nor compared.
    """

    start: int
    end: int
    before: str
    after: str
    rule: str
    confidence: float
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)
    others: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A finding that was not accepted, and why, in plain words.

    Offsets are those of the text that was decided on: a round's input; in a `Repair` those of the original.
    evidence, others: as in `Edit`, of the wording `after` and of those that came next.
    """

    start: int
    end: int
    before: str
    after: str
    rule: str
    confidence: float
    reason: str
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)
    others: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One round as written down: edits sorted, not overlapping, with offsets in this round's own input."""

    name: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A possible original of a phrase, with the probability that it is the right one."""

    text: str
    confidence: float
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)
