"""A neural model judges the wordings that the n-grams shortlisted. Start reading at `rerank`.

The n-grams see two words on either side; a neural model reads the sentence. It is too slow to ask of every wording, so
it is asked only of findings that could still be accepted at the document's damage rate: of many on a spun page, of
hardly any on a clean one. Its evidence joins that of the n-grams. What both weigh beside each other
(data/rerank_weights.tsv) is fitted as the spin weights are, by a conditional logit model in which all originals of a
place compete with leaving it alone: ``python -m benchmarks.calibrate_lm``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import regex

from despin.context import ContextModel, FloatArray, Window
from despin.rates import Rate
from despin.settings import SettingsError
from despin.tokens import Tokens, passages
from despin.values import Alternative, Evidence, Finding

# Signals by name, in the order of the columns of `signals`.
SIGNALS = (
    "always",  # 1: what a shortlisted alternative says at all
    "other",  # the evidence of the detector without its context, in nats
    "ngrams",  # the evidence of the n-grams, in nats
    "model",  # ln p of the alternative here, less ln p of what stands here, bounded
    "longer",  # words of the alternative beyond those of what stands here
    "standing",  # ln p of what stands here, without the words after it, bounded: damage is mostly odd
)

# Kinds of findings that a model is asked about.
KINDS = frozenset({"spin"})

# The evidence of the n-grams, as the detectors name it.
NGRAMS = "spin.context"

# A finding whose n-gram evidence at the document's rate is below this is not worth a model's time: what stands there is
# fifty times likelier, and at most a handful of nats come from a model.
FLOOR = -4.0

# Alternatives that are this much weaker than the best of their finding are not read.
SPREAD = 4.0

# Findings with this much n-gram evidence are read in any document, and tell how damaged it is: clean text has three of
# them in a thousand words, and few of those still look like damage once a model has read them.
TELLING = 1.0

# What is left below this is dropped, as the detector does (`despin.detect.spin.LEAST`).
LEAST = -0.5

# Nats by which a model's evidence is lowered. Its weights were fitted on pages spun at random places, where few sound
# words look spun; but people write "so as to" and "in the event that" too. On the development half of
# tests/cases/spin_sentences.tsv, each within a spun page, this raised the share of sound sentences that are kept from
# .89 to .97, and lowered the share of spun ones that are put right from .45 to .37.
CAUTION = 0.75

# Opinions of a model beyond these are taken for these: a rare name or a misprint in the context can give any number.
MOST_NATS = 12.0
ODDEST = -30.0

# Models' log odds are rounded to this many decimals: sums of thousands of products differ in the fourth one between
# processors, and a tenth of a nat decides nothing.
DECIMALS = 1

# A window begins this many words before its passage. Those of one passage begin alike, so that a model can read what
# they share once. A passage that is one endless sentence has windows of this many words before the slot at most, so
# that a list without full stops takes time and memory in proportion to its length.
LEAD = 24
MOST_LEFT = 150

# Words after the slot: three of them tell as much as six, for half the time.
RIGHT = 3

_WORD = regex.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of a finding's window.

    scores: ln p of what stands there, then of each alternative, with the words after it. standing: ln p of what stands
    there without them.
    """

    scores: FloatArray
    standing: float


def model_named(context: str | ContextModel) -> ContextModel | None:
    """The neural model that `context` names, or None for "default"; an object that is a model is the model itself.

    Raises SettingsError for an unknown name, and for "lm" where its weights are not installed, saying what to install.
    """
    if isinstance(context, str):
        if context == "default":
            return None
        if context == "lm":
            from despin import lm  # numpy arrays of 540 MB: only for those who ask

            try:
                return lm.load()
            except (ModuleNotFoundError, FileNotFoundError) as missing:
                raise SettingsError(str(missing)) from missing
    elif hasattr(context, "log_probs") and hasattr(context, "name"):
        return context
    raise SettingsError(f"context {context!r} is not known; use 'default', 'lm' or a context model")


def rerank(
    tokens: Tokens,
    findings: Sequence[Finding],
    model: ContextModel,
    weights: Mapping[str, float],
    rates: Mapping[str, Rate] | None = None,
) -> list[Finding]:
    """The findings with the model's evidence beside that of the n-grams, alternatives best first.

    tokens: those of the text that the findings' offsets are in. rates: the document's damage rates; without them all
    findings are read. Findings that are too weak to be read, and those left without an alternative, are dropped. The
    result does not depend on the findings' order.
    """
    asked = shortlist(findings, FLOOR - rates["wording"].nats if rates is not None else -math.inf)
    judged = [
        weigh(one, opinion, model.name, weights)
        for one, opinion in zip(asked, opinions(windows(tokens, asked), model), strict=True)
    ]
    others = [finding for finding in findings if finding.kind not in KINDS]
    return others + [finding for finding in judged if finding.alternatives]


def telling(findings: Sequence[Finding]) -> list[Finding]:
    """The findings from which a document's damage rate is estimated: those of other kinds, and the stronger ones."""
    return [finding for finding in findings if finding.kind not in KINDS or finding.best.nats >= TELLING]


class Remembering:
    """A context model that keeps what it said of each window, so that nothing is read twice."""

    def __init__(self, model: ContextModel) -> None:
        self.name = model.name
        self._model = model
        self._said: dict[Window, FloatArray] = {}

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        """See `ContextModel.log_probs`."""
        new = [window for window in dict.fromkeys(windows) if window not in self._said]
        self._said.update(zip(new, self._model.log_probs(new), strict=True))
        return [self._said[window] for window in windows]


def shortlist(findings: Sequence[Finding], floor: float = -math.inf) -> list[Finding]:
    """The findings that a model is asked about, sorted, without alternatives far weaker than their best one."""
    asked = []
    for finding in findings:
        if finding.kind in KINDS and finding.best.nats >= floor:
            kept = tuple(one for one in finding.alternatives if one.nats >= finding.best.nats - SPREAD)
            asked.append(replaced(finding, kept))
    return sorted(asked, key=lambda finding: (finding.start, finding.end, finding.rule))


def windows(tokens: Tokens, findings: Sequence[Finding]) -> Iterator[Window]:
    """A window for each finding, which are sorted: what stands there first, then the alternatives.

    Its words are those between white space, with their marks.
    """
    text = tokens.text
    spans = np.array([match.span() for match in _WORD.finditer(text)], np.int64).reshape(-1, 2)
    words = tuple(text[start:end] for start, end in spans.tolist())
    passage_starts = passages(tokens)[:, 0]
    for finding in findings:
        passage = passage_starts[max(int(np.searchsorted(passage_starts, finding.start, "right")) - 1, 0)]
        first = int(np.searchsorted(spans[:, 1], finding.start, "right"))
        begin = max(int(np.searchsorted(spans[:, 0], passage)) - LEAD, first - MOST_LEFT, 0)
        after = int(np.searchsorted(spans[:, 0], finding.end, "left"))
        # a mark that touches the place belongs to the same word as what stands there
        before = text[spans[first, 0] : finding.start] if first < after else ""
        behind = text[finding.end : spans[after - 1, 1]] if first < after else ""
        wordings = (finding.before, *(alternative.text for alternative in finding.alternatives))
        yield Window(
            words[begin:first],
            tuple(tuple((before + wording + behind).split()) for wording in wordings),
            words[after : after + RIGHT],
        )


def opinions(windows: Iterable[Window], model: ContextModel) -> list[Opinion]:
    """What a model says of each window: of what stands there, its first wording, also without the words after it."""
    asked = [(window, Window(window.left, window.wordings[:1], ())) for window in windows]
    # side by side: the second is a beginning of the first, so that a model can read what they share once
    scores = model.log_probs([window for pair in asked for window in pair])
    return [Opinion(whole, float(alone[0])) for whole, alone in zip(scores[::2], scores[1::2], strict=True)]


def signals(finding: Finding, opinion: Opinion) -> FloatArray:
    """One row an alternative, one column a signal."""
    alternatives = finding.alternatives
    whole = [one.nats for one in alternatives]
    ngrams = [math.fsum(reason.nats for reason in one.evidence if reason.rule == NGRAMS) for one in alternatives]
    longer = [len(one.text.split()) - len(finding.before.split()) for one in alternatives]
    odds = np.round(np.clip(opinion.scores[1:] - opinion.scores[0], -MOST_NATS, MOST_NATS), DECIMALS)
    standing = np.full(len(odds), round(max(opinion.standing, ODDEST), DECIMALS))
    return np.column_stack([np.ones(len(odds)), np.subtract(whole, ngrams), ngrams, odds, longer, standing])


def weigh(
    finding: Finding,
    opinion: Opinion,
    name: str,
    weights: Mapping[str, float],
    least: float = LEAST,
    caution: float = CAUTION,
) -> Finding:
    """The finding with its evidence weighed anew; alternatives with less than `least` are left out, the best is first.

    name: that of the model. caution: 0 where it is known that something was replaced.
    """
    table = np.round(signals(finding, opinion) * [weights[signal] for signal in SIGNALS], 4)
    weighed = []
    for alternative, row in zip(finding.alternatives, table.tolist(), strict=True):
        worth = dict(zip(SIGNALS, row, strict=True))
        said = worth["always"] + worth["model"] + worth["longer"] + worth["standing"] - caution
        old = (scaled(reason, weights) for reason in alternative.evidence)
        weighed.append(Alternative(alternative.text, (*old, Evidence(round(said, 4), "spin.model", name))))
    best = sorted(
        (alternative for alternative in weighed if alternative.nats >= least),
        key=lambda alternative: (-round(alternative.nats, 4), alternative.text),
    )
    return replaced(finding, tuple(best))


def scaled(reason: Evidence, weights: Mapping[str, float]) -> Evidence:
    """A detector's evidence as it counts beside a model's."""
    nats = round(reason.nats * weights["ngrams" if reason.rule == NGRAMS else "other"], 4)
    return Evidence(nats, reason.rule, reason.source)


def replaced(finding: Finding, alternatives: tuple[Alternative, ...]) -> Finding:
    """The finding with other alternatives."""
    return Finding(
        finding.start, finding.end, finding.before, finding.rule, alternatives, finding.family, finding.rate_free
    )
