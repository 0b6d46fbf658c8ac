"""Propose, decide, write down: the whole of despin on one screen. Start reading at `repair`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial

from despin import scoring, suggesting
from despin.context import ContextModel
from despin.decide import decide, with_articles
from despin.detect import citations, debris, figures, lines, ocr, remains, spin, surface
from despin.edits import apply, carried_back
from despin.protect import Span, checked_terms, protected_letters, protected_spans
from despin.rates import estimate
from despin.reading import Reading
from despin.reranking import Remembering, model_named, rerank, telling
from despin.resources import LANGUAGES, NUMERAL_LANGUAGES, Resources, load
from despin.results import Findings, Later, PassageScore, PassageScores, Repair, Score, Scores
from despin.settings import Level, SettingsError, level_named, rules_named
from despin.tokens import Kind, tokenize
from despin.values import Finding, Refusal, Step, Suggestion

Detector = Callable[[Reading, Resources], Sequence[Finding]]

LETTERS_ALONE = "language {!r}: only damaged characters and parted words were looked for, and nothing was scored"


def rounds_of(
    citation_style: citations.Style | None = None, model: bool = False, lang: str = "en"
) -> dict[str, dict[str, Detector]]:
    """The detectors of each round by name, in the order of the rounds: misread letters hide rewritten words.

    model: whether a neural model judges what they find, so that weaker findings are worth proposing. lang: those with
    tables of wordings get all detectors, any other the two that need no more than its words.
    """
    letters: dict[str, Detector] = {"lines": lines.find, "surface": surface.find}
    if lang not in LANGUAGES:
        return {"letters": letters, "wording": {}}
    return {
        "letters": {**letters, "figures": figures.find, "ocr": ocr.find},
        "wording": {
            "citations": lambda reading, tables: citations.find(reading.tokens, tables, citation_style),
            "debris": debris.find,
            "remains": remains.find,
            "spin": partial(spin.find, least=spin.LEAST_READ) if model else spin.find,
        },
    }


def detectors_of(
    citation_style: citations.Style | None = None, model: bool = False, lang: str = "en"
) -> dict[str, Detector]:
    """The detectors of all rounds by name; see `rounds_of`. Leaving one out is leaving out its key."""
    rounds = rounds_of(citation_style, model, lang).values()
    return {name: detect for detectors in rounds for name, detect in detectors.items()}


def repair(
    text: str,
    level: str = "balanced",
    context: str | ContextModel = "default",
    lang: str = "en",
    citation_style: citations.Style | None = None,
    protect: Sequence[str] = (),
    without: Sequence[str] = (),
    resources: Resources | None = None,
    detectors: Mapping[str, Detector] | None = None,
) -> Repair:
    """Put the original wording of `text` back where the evidence is strong.

    level: "safe", "balanced" or "bold". context: "default"; "lm", with which SmolLM2 judges what the n-grams shortlist
    (the extra `lm`); or an object that is a `despin.context.ContextModel`. lang: "en"; in any other language that
    wordfreq knows only damaged characters and parted words are put right, and `Repair.note` says so. citation_style:
    "brackets", "parentheses", "superscript" or "bare"; inferred from the text where it is None. protect: terms that
    stay as they are. without: rules to leave out, such as "spin.pair", or whole kinds of them. resources: the tables;
    `load_resources` adds a user's own. detectors: those to ask, by name; one that is not of despin's letters round is
    asked in the wording round. Raises TypeError for what is no str and SettingsError for a setting that is not known,
    or a model whose weights are not installed.
    """
    chosen, tables, model = level_named(level), resources or load(lang), model_named(context)
    signature = f"{_signature(tables, model)} level:{level}{_choices(citation_style, protect, without, detectors)}"
    ours = detectors_of(citation_style, model is not None, tables.lang)
    letters, wording = in_rounds(ours if detectors is None else detectors)
    left_out = rules_named(without)

    original = Reading(tokenize(text), tables.context)
    found = propose(original, tables, letters)
    guarded = protected_letters(original.tokens, protect)
    first, kept = settle("letters", original, but(found, left_out), tables, chosen, guarded)
    legible = reread(original, first)
    found = propose(legible, tables, wording)
    guarded = protected_spans(legible.tokens, protect)
    second, left = settle("wording", legible, but(found, left_out), tables, chosen, guarded, model)
    repaired = apply(legible.tokens.text, second.edits)

    refusals = (*kept, *carried_back(left, first.edits, text, legible.tokens.text))
    if tables.lang not in LANGUAGES:
        note = LETTERS_ALONE.format(tables.lang)
        return Repair(text, repaired, (first, second), refusals, signature, note=note)

    def judged(text: str) -> Score:
        reading = Reading(tokenize(text), tables.context)
        findings = propose(reading, tables, wording)
        return scoring.judge(reading, findings, tables, signature, model=scoring.reader(model))

    before: Score | Later = partial(judged, text)
    if legible is original:  # what was found is at hand
        before = scoring.judge(original, found, tables, signature, model=scoring.reader(model))
    scores = Scores(before, before if repaired == text else partial(judged, repaired))
    return Repair(text, repaired, (first, second), refusals, signature, scores)


def in_rounds(detectors: Mapping[str, Detector]) -> tuple[dict[str, Detector], dict[str, Detector]]:
    """Detectors by round: those that bear a name of the letters round, and all others."""
    letters = rounds_of()["letters"]
    return (
        {name: detect for name, detect in detectors.items() if name in letters},
        {name: detect for name, detect in detectors.items() if name not in letters},
    )


def propose(reading: Reading, tables: Resources, detectors: Mapping[str, Detector]) -> list[Finding]:
    """What each detector finds; nothing is decided yet."""
    return [finding for _, detect in sorted(detectors.items()) for finding in detect(reading, tables)]


def but(findings: Sequence[Finding], left_out: Container[str]) -> Sequence[Finding]:
    """The findings but those of rules that are left out."""
    return [finding for finding in findings if finding.rule not in left_out]


def settle(
    name: str,
    reading: Reading,
    findings: Sequence[Finding],
    tables: Resources,
    level: Level,
    protected: Sequence[Span],
    model: ContextModel | None = None,
) -> tuple[Step, tuple[Refusal, ...]]:
    """One round as written down, and what it refused. The damage rate is that of all its findings together. Where
    there is a model, the rate is that of the stronger findings as it judges them, and it then judges what is likely
    enough at that rate."""
    if not findings:
        return Step(name, ()), ()
    if model is None:
        rates = estimate(findings, reading.new_word_count, tables.densities, level.damaged)
    else:
        model, weights = Remembering(model), tables.rerank_weights
        told = rerank(reading.tokens, telling(findings), model, weights)
        rates = estimate(told, reading.new_word_count, tables.model_densities, level.damaged)
        findings = rerank(reading.tokens, findings, model, weights, rates)
    edits, refusals = decide(findings, rates, level, protected)
    return Step(name, with_articles(reading.tokens.text, edits)), refusals


def reread(reading: Reading, step: Step) -> Reading:
    """The text after a step, read again where the step changed it."""
    if not step.edits:
        return reading
    return Reading(reading.tokens.replaced([(e.start, e.end, e.after) for e in step.edits]), reading.context)


def find(
    text: str,
    lang: str = "en",
    resources: Resources | None = None,
    context: str | ContextModel = "default",
    without: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """All findings of `text`, in its own offsets, sorted; nothing is applied. context, without: see `repair`."""
    left_out = rules_named(without)
    tables, model = resources or load(lang), model_named(context)
    reading = Reading(tokenize(text), tables.context)
    findings = but(propose(reading, tables, detectors_of(None, model is not None, tables.lang)), left_out)
    if model is not None:
        findings = rerank(reading.tokens, findings, model, tables.rerank_weights)
    return Findings(sorted(findings, key=lambda finding: (finding.start, finding.end, finding.rule)))


def score(
    text: str,
    context: str | ContextModel = "default",
    fpr: float = 0.01,
    prior: float = 0.5,
    resources: Resources | None = None,
) -> Score:
    """How likely it is that `text` was rewritten by a machine (see `despin.Score`).

    context: "default"; "lm", with which SmolLM2 reads the text too; or a context model. fpr: the share of human texts
    of its length that may be flagged. prior: share of rewritten texts among those that are looked at. Raises TypeError
    for what is no str, SettingsError for a setting that is not known.
    """
    model = model_named(context)
    reading, findings, tables, signature = _read(text, resources, model)
    return scoring.judge(reading, findings, tables, signature, fpr, prior, scoring.reader(model))


def passages(
    text: str,
    context: str | ContextModel = "default",
    fpr: float = 0.01,
    prior: float = 0.5,
    resources: Resources | None = None,
) -> tuple[PassageScore, ...]:
    """The score of each passage of `text` by itself; see `score`."""
    model = model_named(context)
    reading, findings, tables, signature = _read(text, resources, model)
    found = scoring.judge_passages(reading, findings, tables, signature, fpr, prior, scoring.reader(model))
    return PassageScores(found)


def _read(
    text: str, resources: Resources | None, model: ContextModel | None
) -> tuple[Reading, Sequence[Finding], Resources, str]:
    tables = resources or load()
    reading = Reading(tokenize(text), tables.context)
    findings = propose(reading, tables, rounds_of()["wording"])
    return reading, findings, tables, _signature(tables, model)


def _choices(
    citation_style: citations.Style | None,
    protect: Sequence[str],
    without: Sequence[str],
    detectors: Mapping[str, Detector] | None,
) -> str:
    """What a caller chose beyond the level, as a part of the signature; terms by a hash, since they may be many."""
    listed = "\n".join(sorted(set(checked_terms(protect))))
    terms = hashlib.sha256(listed.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return "".join(
        (
            f" citations:{citation_style}" if citation_style else "",
            f" protect:{terms}" if protect else "",
            f" without:{','.join(sorted(rules_named(without)))}" if without else "",
            f" detectors:{','.join(sorted(detectors)) or 'none'}" if detectors is not None else "",
        )
    )


def _signature(tables: Resources, model: ContextModel | None) -> str:
    """The versions and data that make a result."""
    lang = "" if tables.lang == "en" else f" lang:{tables.lang}"
    return f"{tables.signature}{lang}" + (f" context:{model.name}" if model else "")


def suggest(
    phrase: str,
    left: str = "",
    right: str = "",
    n: int = 5,
    resources: Resources | None = None,
    context: str | ContextModel = "default",
) -> tuple[Suggestion, ...]:
    """The `n` likeliest originals of a phrase, best first; `left` and `right` are the text around it.

    context: see `repair`.

    Examples:
        >>> suggest("bosom malignancy", left="a history of", n=1)[0].text
        'breast cancer'
    """
    return suggesting.suggest(phrase, left, right, n, resources or load(), model_named(context))


def normalize_citations(text: str, style: citations.Style | None = None, lang: str = "en") -> Repair:
    """Put only citation markers back that were turned into number words; knows seven languages.

    Examples:
        >>> normalize_citations("It blocks the receptor.two Later work agreed.").text
        'It blocks the receptor.2 Later work agreed.'
    """
    if lang not in NUMERAL_LANGUAGES:
        raise SettingsError(f"language {lang!r} has no number words; use one of {', '.join(NUMERAL_LANGUAGES)}")
    tables = load(lang)
    tokens = tokenize(text)
    findings = citations.find(tokens, tables, style)
    level = level_named("balanced")
    words = int((tokens.kinds == Kind.WORD).sum())
    rates = estimate(findings, words, tables.densities, level.damaged)
    edits, refusals = decide(findings, rates, level, protected_spans(tokens))
    signature = f"{tables.signature} citations:{style or 'inferred'} lang:{lang}"
    return Repair(text, apply(text, edits), (Step("citations", edits),), refusals, signature)
