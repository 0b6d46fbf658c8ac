"""What a notebook shows of a repair, a score, a finding: HTML with its own style, and no script. Start with `repair`.

Pure functions from plain values to strings. All that comes from a text goes through `escaped`. Kinds of damage have
colours, and words beside them; what was taken out is struck out and what was put in is underlined, so that nothing is
said by colour alone. Evidence shows on hover, and by keyboard: each change can be reached with the tab key.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

from despin.explain import odds, reason, refused, times, visible
from despin.values import Edit, Evidence, Finding, Refusal

# A notebook is for a look: of a longer text only what is near changes is shown, and of the changes this many.
MOST_EDITS = 300
# Characters of unchanged text that are shown between two changes before the middle is left out.
MOST_PLAIN = 400


def escaped(text: str) -> str:
    """The text as HTML: no markup in it is markup any more, and what cannot be printed is shown as an escape."""
    lines = text.replace("\r\n", "\n").split("\n")
    return html.escape("\n".join("\t".join(visible(part) for part in line.split("\t")) for line in lines))


def repair(original: str, edits: Sequence[Edit], refusals: Sequence[Refusal], scores: str) -> str:
    """A repaired text with its changes in place, and the refusals under it.

    edits: valid for the original. scores: HTML about the scores, as `score_line` gives it.
    """
    shown, half = edits[:MOST_EDITS], MOST_PLAIN // 2
    parts, done = [], 0
    for number, edit in enumerate(shown):
        parts += [_plain(original[done : edit.start], half if number else 0, half), _change(edit)]
        done = edit.end
    if len(shown) == len(edits):
        parts.append(_plain(original[done:], half if edits else MOST_PLAIN, 0))
    else:
        parts.append(f'<p class="soft">… and {len(edits) - len(shown):,} changes more</p>')
    counts = f"{_count(len(edits), 'edit')}, {_count(len(refusals), 'refusal')}"
    kept = "".join(f"<li>{escaped(refused(item))}</li>" for item in refusals[:MOST_EDITS])
    listed = f"<details><summary>{_count(len(refusals), 'refusal')}</summary><ul>{kept}</ul></details>" if kept else ""
    return _framed(f'{scores}<p class="soft">{counts}</p><div class="text">{"".join(parts)}</div>{listed}')


def score(verdict: str, probability: float, said: str, evidence: Iterable[Evidence]) -> str:
    """A score: the verdict in words, the probability as a bar and a number, and the evidence."""
    return _framed(f"{score_line(verdict, probability, said)}{_reasons(evidence)}")


def score_line(verdict: str, probability: float, said: str, label: str = "") -> str:
    """One line about a score."""
    name = f"{escaped(label)}: " if label else ""
    bar = f'<span class="bar" aria-hidden="true"><span style="width:{probability:.0%}"></span></span>'
    return (
        f"<p>{name}<b>{escaped(verdict)}</b>, probability of rewriting {probability:.2f} {bar} "
        f'<span class="soft">{escaped(said)}</span></p>'
    )


def passages(scores: Iterable[tuple[int, int, float, str]]) -> str:
    """Passage scores as a strip: (start, end, probability, verdict) each; flagged ones carry a mark."""
    parts = []
    for start, end, probability, verdict in scores:
        words = escaped(f"{start} to {end}: {verdict}, probability {probability:.2f}")
        level = 0 if verdict == "abstain" else round(100 * probability)
        mark = "!" if verdict == "flag" else ""
        parts.append(
            f'<span role="img" aria-label="{words}" title="{words}" tabindex="0" '
            f'style="flex:{max(end - start, 1)} 1 0;--level:{level}%">{mark}</span>'
        )
    said = f"{_count(len(parts), 'passage')}, darker where more rewriting traces were found"
    return _framed(f'<p class="soft">{said}</p><div class="strip">{"".join(parts)}</div>')


def findings(found: Sequence[Finding]) -> str:
    """Findings: each place, and its alternatives with their evidence."""
    rest = len(found) - MOST_EDITS
    more = f'<p class="soft">… and {rest:,} more</p>' if rest > 0 else ""
    return _framed(f"<p>{_count(len(found), 'finding')}</p>{''.join(map(_finding, found[:MOST_EDITS]))}{more}")


def _finding(found: Finding) -> str:
    alternatives = "".join(
        f"<li><ins>{escaped(one.text) or '(nothing)'}</ins> {escaped(times(one.nats))}{_reasons(one.evidence)}</li>"
        for one in found.alternatives
    )
    place = f'<span class="soft">{found.start} to {found.end}, {escaped(found.rule)}</span>'
    return f"<details><summary><del>{escaped(found.before)}</del> {place}</summary><ul>{alternatives}</ul></details>"


def _framed(inside: str) -> str:
    return f'<style>{page_part("notebook.css")}</style><div class="despin">{inside}</div>'


@cache
def page_part(name: str) -> str:
    """A file of the folder `page/`, read once."""
    return resources.files("despin").joinpath("page").joinpath(name).read_text(encoding="utf-8")


def _change(edit: Edit) -> str:
    kind = edit.rule.partition(".")[0]
    out = f"<del>{escaped(edit.before)}</del>" if edit.before else ""
    put = f"<ins>{escaped(edit.after)}</ins>" if edit.after else ""
    said = f"{times(odds(edit.confidence))} here"
    why = f"<b>{escaped(edit.rule)}</b> {escaped(said)}{_reasons(edit.evidence)}"
    # a kind that has no colour of its own is shown without one: the class is only ever one word
    return (
        f'<span class="change {escaped(kind)}" tabindex="0">{out}{put}<span class="why" role="note">{why}</span></span>'
    )


def _reasons(evidence: Iterable[Evidence]) -> str:
    items = "".join(f"<li>{escaped(reason(one))}</li>" for one in evidence)
    return f"<ul>{items}</ul>" if items else ""


def _plain(text: str, head: int, tail: int) -> str:
    """Unchanged text: whole, or where it is long `head` characters of its start and `tail` of its end."""
    if len(text) <= MOST_PLAIN:
        return escaped(text)
    left_out = f'<span class="soft"> … {len(text) - head - tail:,} characters … </span>'
    return f"{escaped(text[:head])}{left_out}{escaped(text[len(text) - tail :])}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
