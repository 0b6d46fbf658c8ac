"""Edits, refusals and evidence in plain words, and as a difference between texts. Start with `sentence`.

Pure functions from values to strings; nothing is printed here. Whatever comes from a text is shown through `visible`,
so that control characters in it cannot reach a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from despin.values import Edit, Evidence, Refusal

# What a reader calls the thing that a rule weighs: neutral, as evidence may speak for it or against. An edit's rules
# are looked up whole, then by their kind with ".*"; a score's are often a kind alone. Any other is shown as it is.
REASONS = {
    "citations": "citation numbers written as words",
    "citations.*": "the place where it stands",
    "debris": "text that page generators put in",
    "debris.anchor": "text of a link, against its ordinary use",
    "debris.doubled": "a word that stands twice",
    "figures.*": "letters that were read among figures",
    "lines.*": "a word that was parted at the end of a line",
    "ocr": "letters that scanners confuse",
    "ocr.*": "letters that scanners confuse",
    "rate": "how damaged this document is",
    "rate.family": "how likely it is that this kind of spinner made the page",
    "remains": "lines that page generators leave between the sentences",
    "remains.form": "lines of a web form",
    "remains.page": "the page's own title, as link farms write them",
    "remains.spun_form": "lines of a web form that were rewritten",
    "remains.title": "a title as link farms write them",
    "score.*": "rewriting traces",
    "score.length": "what any text of that length shows",
    "score.passages": "the passages one by one",
    "spin": "wordings that spinners put in",
    "spin.article": "'a' or 'an' that does not fit the word that stands here",
    "spin.capital": "a capital that dictionaries of spinners leave",
    "spin.context": "how natural it is among its neighbours",
    "spin.document": "the wording of the rest of the document",
    "spin.map": "how spinners use it, against its ordinary use",
    "spin.model": "how natural a neural model finds it here",
    "spin.nearby": "how much of its sentence seems rewritten",
    "spin.pair": "two words that together replaced a fixed term",
    "spin.term": "whether it forms a fixed term with its neighbours",
    "spin.topic": "what the text around it is about",
    "surface": "traces of broken encoding or spacing",
    "surface.*": "a trace of broken encoding or spacing",
}

# Text around an edit that is shown on either side, in characters: enough for the sentence to be recognised on a line.
CONTEXT = 40
# The longest piece of a text that is quoted whole.
QUOTED = 70
# Beyond a million times a number says no more.
MOST_NATS = math.log(1e6)

_RED, _GREEN, _BOLD, _DIM, _PLAIN = (
    "\x1b[31;9m",
    "\x1b[32m",
    "\x1b[1m",
    "\x1b[2m",
    "\x1b[0m",
)


def visible(text: str) -> str:
    """The text with all that is not printable (controls, direction marks, lone surrogates, line ends) as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def quoted(text: str) -> str:
    """The text in quotation marks, on one line, its middle left out where it is long."""
    if len(text) > QUOTED:
        text = f"{text[: QUOTED // 2]} ... {text[-QUOTED // 2 :]}"
    return f"'{visible(text)}'"


def times(nats: float) -> str:
    """Log odds in plain words: "30 times likelier", "2.5 times less likely", "as likely"."""
    size = math.exp(min(abs(nats), MOST_NATS))
    if abs(nats) >= MOST_NATS:
        amount = "over a million"
    elif size < 1.05:  # would be shown as 1.0
        return "as likely"
    elif size < 9.95:
        amount = f"{size:.1f}".removesuffix(".0")
    else:
        # Two digits: the evidence is no more exact than that.
        digits = 10 ** (len(str(round(size))) - 2)
        amount = f"{round(size / digits) * digits:,}"
    return f"{amount} times {'likelier' if nats > 0 else 'less likely'}"


def odds(confidence: float) -> float:
    """The log odds of a probability, in nats; certainty is capped."""
    if confidence <= 0 or confidence >= 1:
        return math.copysign(MOST_NATS, confidence - 0.5)
    return math.log(confidence / (1 - confidence))


def reason(evidence: Evidence) -> str:
    """One line for one piece of evidence: "12 times likelier: text of a link, against ... (more info)"."""
    kind = evidence.rule.partition(".")[0]
    words = REASONS.get(evidence.rule) or REASONS.get(f"{kind}.*") or visible(evidence.rule)
    source = f" ({visible(evidence.source)})" if evidence.source else ""
    return f"{times(evidence.nats)}: {words}{source}"


def because(evidence: Iterable[Evidence], color: bool = False) -> list[str]:
    """A line for each piece of evidence, set in."""
    return [_paint(f"     {reason(one)}", _DIM, color) for one in evidence]


def sentence(edit: Edit) -> str:
    """An edit in plain words: "'important signs' was put back to 'vital signs': 30 times likelier here; ..."."""
    said = f"{_deed(edit)}: {times(odds(edit.confidence))} here"
    return "; ".join([said, *(reason(evidence) for evidence in edit.evidence)])


def refused(refusal: Refusal) -> str:
    """A refusal in plain words: "'common' was kept, not 'frequent': only 1.5 times likelier here; too weak ..."."""
    if not refusal.before and not refusal.after:
        return f"the text was left as it is: {visible(refusal.reason)}"
    if refusal.before and refusal.after:
        deed = f"{quoted(refusal.before)} was kept, not {quoted(refusal.after)}"
    elif refusal.before:
        deed = f"{quoted(refusal.before)} was not taken out"
    else:
        deed = f"{quoted(refusal.after)} was not put in"
    return f"{deed}: {visible(refusal.reason)} ({times(odds(refusal.confidence))} here)"


def diff(text: str, edits: Sequence[Edit], color: bool = False) -> str:
    """The edits of a text in their context, a line for each stretch: "3 | ... dysfunction.[-two-]{+2+} Given ...".

    edits: valid for the text (sorted, not overlapping). color: terminal colours in place of the marks.
    """
    return "".join(f"{number} | {shown}\n" for number, shown in _stretches(text, _near(text, edits), color))


def report(
    original: str,
    edits: Sequence[Edit],
    refusals: Sequence[Refusal],
    color: bool = False,
) -> str:
    """All edits and refusals of a repair, numbered, each with its evidence, one reason a line."""
    lines = [_paint(_count(len(edits), "edit"), _BOLD, color)]
    places = _stretches(original, ([edit] for edit in edits), color)
    for number, (edit, (line, shown)) in enumerate(zip(edits, places, strict=True), 1):
        lines.append(f"{number}. line {line}: {_deed(edit)}: {times(odds(edit.confidence))} here")
        lines.append(f"     {shown}")
        lines += because(edit.evidence, color)
    if refusals:
        lines += ["", _paint(_count(len(refusals), "refusal"), _BOLD, color)]
    for refusal in refusals:
        lines.append(f"- {refused(refusal)}")
        lines += because(refusal.evidence, color)
    return "\n".join(lines) + "\n"


def _deed(edit: Edit) -> str:
    if not edit.after:
        return f"{quoted(edit.before)} was taken out"
    if not edit.before:
        return f"{quoted(edit.after)} was put in"
    return f"{quoted(edit.before)} was put back to {quoted(edit.after)}"


def _near(text: str, edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """The edits in groups that share their context: close together and on one line."""
    group: list[Edit] = []
    for edit in edits:
        if group and (edit.start - group[-1].end > 2 * CONTEXT or "\n" in text[group[-1].end : edit.start]):
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _stretches(text: str, groups: Iterable[Sequence[Edit]], color: bool) -> Iterator[tuple[int, str]]:
    """Each group of edits in its context: the number of the line where it starts, and the marked line."""
    line, counted = 1, 0
    for group in groups:
        start = group[0].start
        line, counted = line + text.count("\n", counted, start), start
        shown, done = [_left(text, start)], start
        for edit in group:
            shown.append(visible(text[done : edit.start]))
            shown.append(_marked("[-", edit.before, "-]", _RED, color))
            shown.append(_marked("{+", edit.after, "+}", _GREEN, color))
            done = edit.end
        yield line, "".join([*shown, _right(text, done)])


def _left(text: str, end: int) -> str:
    """The context before an offset: back to the line's start, or to a space near it."""
    start = max(end - CONTEXT, 0)
    line_end = text.rfind("\n", start, end)
    if line_end >= 0 or start == 0:
        return visible(text[line_end + 1 : end])
    space = text.find(" ", start, end)
    return "... " + visible(text[max(space + 1, start) : end])


def _right(text: str, start: int) -> str:
    """The context after an offset: on to the line's end, or to a space near it."""
    end = min(start + CONTEXT, len(text))
    line_end = text.find("\n", start, end)
    if line_end >= 0 or end == len(text):
        return visible((text[start:line_end] if line_end >= 0 else text[start:]).removesuffix("\r"))
    space = text.rfind(" ", start, end)
    return visible(text[start : space if space >= 0 else end]) + " ..."


def _marked(opening: str, text: str, closing: str, style: str, color: bool) -> str:
    if not text:
        return ""
    return _paint(visible(text), style, True) if color else f"{opening}{visible(text)}{closing}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else f"no {noun}s"


def _paint(text: str, style: str, color: bool) -> str:
    return f"{style}{text}{_PLAIN}" if color and text else text
