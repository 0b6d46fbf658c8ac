"""Debris: text that never belonged to the sentence it stands in. Start reading at `find`.

Link text that a page generator dropped into the middle of a clause ("blocking NMDA get more info receptors") is taken
out where the words around it go on as if it were not there. A function word that a merge of two phrases left twice
("for for") is taken out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from despin.maps import holds
from despin.reading import Reading
from despin.values import Alternative, Evidence, Finding

if TYPE_CHECKING:
    from despin.resources import Resources

# A finding with less evidence than even odds on a heavily damaged page takes nothing out.
LEAST = 0.0

# Part of the context's log odds that is believed: an n-gram model is too sure of what it never saw.
CONTEXT_SCALE = 0.7

# Function words that no English clause repeats. Not here: "had had", "that that", "is is", "in in", "on on", "her her",
# "do do", "no no", "so so", "very very", which people write.
NEVER_TWICE = frozenset(
    "the of a an for with from and or at by as than into onto upon its their our your my but if because while".split()
)

# People repeat such a word in about 1 of 2,000 sentences, nearly always by mistake; merges of spun phrases in 1 of 100:
# odds of 20.
TWICE_NATS = 3.0


def find(reading: Reading, resources: Resources) -> list[Finding]:
    """Injected link text and doubled function words. Offsets are those of the text that was read."""
    return [*_anchors(reading, resources), *_doubled(reading)]


def _anchors(reading: Reading, resources: Resources) -> list[Finding]:
    index = resources.anchors
    if not len(reading):
        return []
    matches = index.find(reading)
    # only inside a clause: joined on both sides, by blanks, to words of the same sentence
    last = matches.at + matches.length - 1
    inside = (matches.at > 0) & reading.joined[matches.at - 1] & reading.joined[last]
    which, candidate = index.expand(matches)
    kept = inside[which]
    which, candidate = which[kept], candidate[kept]
    if not len(which):
        return []
    at, length = matches.at[which], matches.length[which]
    original_fits, spun_fits = index.context(reading, at, length, candidate)
    shift = CONTEXT_SCALE * (original_fits - spun_fits)
    nats = np.round(index.weight_nats[candidate] + shift, 4)
    findings = []
    for i in np.flatnonzero(nats >= LEAST).tolist():
        row = index.rows[int(candidate[i])]
        place, many = int(at[i]), int(length[i])
        start, end = reading.span(place, place + many - 1)
        before = reading.tokens.text[start:end]
        if before != before.lower() or any(holds(condition, reading, place, many) for condition in row.keep_if):
            continue
        evidence = (
            Evidence(round(float(index.weight_nats[candidate[i]]), 4), "debris.anchor", row.spun),
            Evidence(round(float(shift[i]), 4), "spin.context", reading.context.name),
        )
        findings.append(_deletion(reading, start, end, "debris.anchor", evidence))
    return findings


def _doubled(reading: Reading) -> list[Finding]:
    tokens = reading.tokens
    function = reading.among(NEVER_TWICE)
    twice = function[1:] & function[:-1] & (reading.ids[1:] == reading.ids[:-1]) & reading.joined[:-1]
    # two merges at one place leave a word three times; what stands there more often was meant, or is no sentence
    far = np.concatenate([[False, False], twice, [False, False]])
    many = (far[:-4] & far[1:-3]) | (far[1:-3] & far[3:-1]) | (far[3:-1] & far[4:])
    again = np.flatnonzero(twice & ~many)
    findings = []
    for item in again.tolist():
        start, end = reading.span(item + 1, item + 1)
        between = tokens.text[reading.span(item, item)[1] : start]
        # "A a" begins a sentence with a label; a doubled word is in lower case the second time; a line of verse may
        # begin with the word that the line before ended with
        if tokens.text[start:end].islower() and "-" not in between and "\n" not in between:
            evidence = (Evidence(TWICE_NATS, "debris.doubled", tokens.text[start:end]),)
            findings.append(_deletion(reading, start, end, "debris.doubled", evidence))
    return findings


def _deletion(reading: Reading, start: int, end: int, rule: str, evidence: tuple[Evidence, ...]) -> Finding:
    """A finding that takes out a word or phrase and the white space before it."""
    text = reading.tokens.text
    while start and text[start - 1].isspace():
        start -= 1
    return Finding(start, end, text[start:end], rule, (Alternative("", evidence),))
