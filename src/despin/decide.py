"""The one place that decides: findings and the document's damage rates become edits and refusals.

Start reading at `decide`. A finding's alternatives compete with each other and with leaving the text alone; the best
one is accepted if it is sure enough for the level. Findings that overlap are settled here: the set of edits with the
most evidence beyond what the level asks is taken (weighted interval scheduling).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from despin.rates import GROUPS, Rate
from despin.settings import Level
from despin.values import Edit, Evidence, Finding, Refusal
from despin.words import article

# Words whose change alters what is claimed. An edit that adds or drops one of a class needs `Level.meaning_nats` more.
GUARDED = {
    "a negation": "no not never nor none neither nobody nothing nowhere without cannot hardly scarcely barely seldom "
    "rarely unlikely".split(),
    "a quantity": "all every each most many much more less few fewer several some any half both double twice only "
    "hundred hundreds thousand thousands million millions billion billions dozen dozens least majority "
    "minority".split(),
    "a frequency": "always often usually frequently sometimes occasionally generally normally commonly daily weekly "
    "monthly yearly annually typically mostly".split(),
    "a modality": "must should shall may might can could will would ought need needs".split(),
    "a number": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split(),
    "a currency": "pound pounds dollar dollars euro euros cent cents penny pence yen yuan rupee rupees franc francs "
    "peso pesos krona kronor ruble rubles usd eur gbp".split(),
    "a unit": "percent mg g kg ml l cm mm km mile miles inch inches foot feet litre litres liter liters metre metres "
    "meter meters gram grams kilogram kilograms ounce ounces second seconds minute minutes hour hours day days week "
    "weeks month months year years decade decades century centuries".split(),
    "a dosage": "dose doses dosage dosages tablet tablets pill pills capsule capsules drop drops teaspoon teaspoons "
    "tablespoon tablespoons mcg iu".split(),
}
OVERLAPS = "overlaps an edit with more evidence"

# Figures and signs of currency say as much as the words.
_FIGURE = regex.compile(r"(?<!\w)\d+(?:[.,]\d+)*|\p{Sc}")
_WORD = regex.compile(r"\p{L}+")
_ENDS_IN_ARTICLE = regex.compile(r"(?<![\w'’-])an?$", regex.I)
_FIRST_WORD = regex.compile(r"\s+([\w'’-]+)")
# What follows an edit is only looked at so far: a gap and a word.
_REACH = 200
_NEGATED = regex.compile(r"n['’]t\b", regex.I)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A finding with what the decision made of it."""

    finding: Finding
    confidence: float
    gain: float
    evidence: tuple[Evidence, ...]
    reason: str


def decide(
    findings: Sequence[Finding],
    rates: Mapping[str, Rate],
    level: Level,
    protected: Sequence[tuple[int, int, str]] = (),
) -> tuple[tuple[Edit, ...], tuple[Refusal, ...]]:
    """Accept or refuse each finding.

    protected: spans (start, end, what it is) that are not rewritten, sorted by start.
    Returns edits, sorted and not overlapping, and refusals, sorted. The result does not depend on the findings' order.
    """
    weighed = [_weigh(finding, rates, level, protected) for finding in findings]
    weighed.sort(key=lambda w: (w.finding.end, w.finding.start, w.finding.rule, w.finding.best.text, -w.confidence))
    accepted, beaten = _schedule([item for item in weighed if not item.reason])
    taken = [item.finding for item in accepted]
    edits = [
        Edit(f.start, f.end, f.before, f.best.text, f.rule, item.confidence, item.evidence, _others(f))
        for item in accepted
        for f in (item.finding,)
    ]
    refusals = [
        Refusal(
            f.start,
            f.end,
            f.before,
            f.best.text,
            f.rule,
            item.confidence,
            item.reason or _overlapped(f, taken),
            item.evidence,
            _others(f),
        )
        for item in (*beaten, *(item for item in weighed if item.reason))
        for f in (item.finding,)
    ]
    return tuple(sorted(edits, key=_place)), tuple(sorted(refusals, key=_place))


def _overlapped(finding: Finding, taken: Sequence[Finding]) -> str:
    """What beat a finding: the edit that it overlaps. `taken` is sorted and does not overlap."""
    number = bisect.bisect_right(taken, finding.start, key=lambda edit: edit.end)
    other = taken[min(number, len(taken) - 1)]
    return f"{OVERLAPS}: {other.before!r} became {other.best.text!r}"


def _others(finding: Finding) -> tuple[str, ...]:
    """The wordings that came next."""
    return tuple(alternative.text for alternative in finding.alternatives[1:])


def _place(change: Edit | Refusal) -> tuple[int, int, str, str]:
    return change.start, change.end, change.rule, change.after


def _weigh(
    finding: Finding, rates: Mapping[str, Rate], level: Level, protected: Sequence[tuple[int, int, str]]
) -> _Weighed:
    group = GROUPS.get(finding.kind, "wording")
    evidence = finding.best.evidence
    rate = 0.0
    if not finding.rate_free:
        of_document = rates[group]
        evidence = (*evidence, Evidence(of_document.nats, "rate", f"{of_document.mean:.1%} of the words seem altered"))
        family = of_document.families.get(finding.family, 0.0)
        if family:
            evidence = (*evidence, Evidence(family, "rate.family", finding.family))
        rate = of_document.nats + family
    nats = round(finding.best.nats + rate, 4)
    rivals = [round(alternative.nats + rate, 4) for alternative in finding.alternatives]
    confidence = round(1.0 / math.fsum([math.exp(-nats), *(math.exp(rival - nats) for rival in rivals)]), 4)
    needed = math.log(level.confidence / (1 - level.confidence))
    reason = ""
    guard = what_protects(finding, protected)
    if guard:
        reason = f"inside {guard}, which is not rewritten"
    elif confidence < level.confidence:
        reason = f"not sure enough: {confidence:.0%} where level {level.name} asks for {level.confidence:.0%}"
    elif finding.kind == "spin" and not finding.rate_free and nats < needed + level.meaning_nats:
        # taking out text that was put in ("read more") changes nothing that the sentence said
        changed = meaning_changed(finding.before, finding.best.text)
        reason = f"would change {changed}, and the evidence is not strong enough for that" if changed else ""
    gain = round(math.log(max(confidence, 1e-9) / max(1 - confidence, 1e-9)) - needed, 4) + 1e-6
    return _Weighed(finding, confidence, gain, evidence, reason)


def meaning_changed(before: str, after: str) -> str:
    """The class of guarded words that `after` adds or drops, or ""."""
    # "isn't" and "is not" say the same
    old, new = (set(_WORD.findall(_NEGATED.sub(" not", side.lower()))) for side in (before, after))
    for name, words in GUARDED.items():
        if (old ^ new) & set(words):
            return name
    return "" if sorted(_FIGURE.findall(before)) == sorted(_FIGURE.findall(after)) else "a number"


def with_articles(text: str, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The accepted edits of `text`, each that ends in "a" or "an" fitted to the word that now follows it.

    Detectors fit articles to the words that stand in the text; here the next edit's wording is known too. An article
    that would come to stand before another is left out. `edits` are sorted.
    """
    fitted = list(edits)
    for number, edit in enumerate(edits):
        ending = _ENDS_IN_ARTICLE.search(edit.after)
        if ending is None:
            continue
        following = edits[number + 1] if number + 1 < len(edits) else None
        touching = following is not None and not text[edit.end : following.start].strip()
        rest = (
            text[edit.end : following.start] + following.after
            if touching and following
            else text[edit.end : edit.end + _REACH]
        )
        match = _FIRST_WORD.match(rest)
        if match is None:
            continue
        word = match.group(1)
        wanted = "" if word.lower() in ("a", "an") else article(word)
        if wanted == ending.group().lower():
            continue
        after = edit.after[: ending.start()] + (wanted.capitalize() if ending.group()[0].isupper() else wanted)
        if wanted or after.strip():
            fitted[number] = replace(edit, after=after if wanted else after.rstrip())
    return tuple(fitted)


def what_protects(finding: Finding, protected: Sequence[tuple[int, int, str]]) -> str:
    """What the protected span that touches the finding is, or ""."""
    place = bisect.bisect_left(protected, (finding.end, 0, ""))
    # spans do not overlap: only the last one that starts before the finding's end can reach into it
    if place and protected[place - 1][1] > finding.start:
        return protected[place - 1][2]
    return ""


def _schedule(items: Sequence[_Weighed]) -> tuple[list[_Weighed], list[_Weighed]]:
    """The set of items, none overlapping another, with the greatest total gain; and the rest. Items sorted by end."""
    ends = [item.finding.end for item in items]
    best = [0.0]
    takes: list[int] = []
    for number, item in enumerate(items):
        # an insertion (empty span) at another's edge does not overlap it, two insertions at one place do
        before = bisect.bisect_right(ends, item.finding.start, 0, number)
        if item.finding.start == item.finding.end:
            while before and items[before - 1].finding.start == item.finding.start:
                before -= 1
        taken = best[before] + item.gain
        takes.append(before if taken > best[number] else -1)
        best.append(max(taken, best[number]))
    chosen: set[int] = set()
    number = len(items)
    while number:
        before = takes[number - 1]
        if before >= 0:
            chosen.add(number - 1)
            number = before
        else:
            number -= 1
    return [items[i] for i in sorted(chosen)], [item for i, item in enumerate(items) if i not in chosen]
