"""Propose, decide, write down: the whole of despin on one screen. Start reading at `repair`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from despin import scoring, suggesting
from despin.decide import decide
from despin.detect import citations, debris, spin
from despin.edits import apply
from despin.protect import protected_spans
from despin.rates import estimate
from despin.reading import Reading
from despin.resources import Resources, load, shipped
from despin.results import PassageScore, Repair, Score
from despin.settings import VERSION, check_context, level_named
from despin.tokens import tokenize
from despin.values import Finding, Step, Suggestion

Detector = Callable[[Reading, Resources], Sequence[Finding]]


def detectors_of(citation_style: citations.Style | None = None) -> dict[str, Detector]:
    """The detectors by name. Leaving one out is leaving out its key."""
    return {
        "citations": lambda reading, tables: citations.find(reading.tokens, tables, citation_style),
        "debris": debris.find,
        "spin": spin.find,
    }


def repair(
    text: str,
    level: str = "balanced",
    context: str = "default",
    lang: str = "en",
    citation_style: citations.Style | None = None,
    protect: Sequence[str] = (),
    resources: Resources | None = None,
    detectors: Mapping[str, Detector] | None = None,
) -> Repair:
    """Put the original wording of `text` back where the evidence is strong.

    level: "safe", "balanced" or "bold". citation_style: "brackets", "parentheses", "superscript" or "bare"; inferred
    from the text where it is None. protect: terms that stay as they are. Raises TypeError for what is no str and
    SettingsError for a setting that is not known.
    """
    chosen, tables = level_named(level), resources or load(lang)
    check_context(context)
    signature = f"despin {VERSION} data:{tables.fingerprint} level:{level}"
    reading = Reading(tokenize(text), tables.context)
    used = detectors_of(citation_style) if detectors is None else detectors
    findings = propose(reading, tables, used)
    rates = estimate(findings, reading.word_count, tables.densities, chosen.damaged)
    edits, refusals = decide(findings, rates, chosen, protected_spans(reading.tokens, protect))
    repaired = apply(text, edits)
    before = scoring.judge(reading, findings, tables, signature)
    read_again = Reading(tokenize(repaired), tables.context) if edits else reading
    after = scoring.judge(read_again, propose(read_again, tables, used), tables, signature) if edits else before
    return Repair(text, repaired, (Step("wording", edits),), refusals, signature, before, after)


def propose(reading: Reading, tables: Resources, detectors: Mapping[str, Detector]) -> list[Finding]:
    """What each detector finds; nothing is decided yet."""
    return [finding for _, detect in sorted(detectors.items()) for finding in detect(reading, tables)]


def find(text: str, lang: str = "en", resources: Resources | None = None) -> tuple[Finding, ...]:
    """All findings of `text`, in its own offsets, sorted; nothing is applied."""
    tables = resources or load(lang)
    findings = propose(Reading(tokenize(text), tables.context), tables, detectors_of())
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.end, finding.rule)))


def score(
    text: str, context: str = "default", fpr: float = 0.01, prior: float = 0.5, resources: Resources | None = None
) -> Score:
    """How likely it is that `text` was rewritten by a machine (see `despin.Score`).

    fpr: the share of human texts of its length that may be flagged. prior: share of rewritten texts among those that
    are looked at. Raises TypeError for what is no str, SettingsError for a setting that is not known.
    """
    check_context(context)
    reading, findings, tables, signature = _read(text, resources)
    return scoring.judge(reading, findings, tables, signature, fpr, prior)


def passages(
    text: str, context: str = "default", fpr: float = 0.01, prior: float = 0.5, resources: Resources | None = None
) -> tuple[PassageScore, ...]:
    """The score of each passage of `text` by itself; see `score`."""
    check_context(context)
    reading, findings, tables, signature = _read(text, resources)
    return scoring.judge_passages(reading, findings, tables, signature, fpr, prior)


def _read(text: str, resources: Resources | None) -> tuple[Reading, Sequence[Finding], Resources, str]:
    tables = resources or load()
    reading = Reading(tokenize(text), tables.context)
    return reading, propose(reading, tables, detectors_of()), tables, f"despin {VERSION} data:{tables.fingerprint}"


def suggest(
    phrase: str, left: str = "", right: str = "", n: int = 5, resources: Resources | None = None
) -> tuple[Suggestion, ...]:
    """The `n` likeliest originals of a phrase, best first; `left` and `right` are the text around it.

    >>> suggest("bosom malignancy", left="a history of", n=1)[0].text
    'breast cancer'
    """
    return suggesting.suggest(phrase, left, right, n, resources or load())


def normalize_citations(text: str, style: citations.Style | None = None, lang: str = "en") -> Repair:
    """Put only citation markers back that were turned into number words; knows seven languages.

    >>> normalize_citations("It blocks the receptor.two Later work agreed.").text
    'It blocks the receptor.2 Later work agreed.'
    """
    tables = shipped(lang)
    tokens = tokenize(text)
    findings = citations.find(tokens, tables, style)
    level = level_named("balanced")
    rates = estimate(findings, len(tokens), tables.densities, level.damaged)
    edits, refusals = decide(findings, rates, level, protected_spans(tokens))
    signature = f"despin {VERSION} data:{tables.fingerprint} citations:{style or 'inferred'} lang:{lang}"
    return Repair(text, apply(text, edits), (Step("citations", edits),), refusals, signature)
