"""Remains: what page generators leave between the sentences, lines of web forms and titles of other pages.

Start reading at `find`. `despin.webforms` and `despin.titles` know what such lines look like; here they are weighed,
and taken out whole. A form's lines in their ordinary wording are found on sound pages as well, when they were scraped:
so they are no evidence of damage (data/rates.tsv has no row for them), and go only from a page that is damaged by what
else is found in it, and at level "bold".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from despin import webforms
from despin.reading import Reading
from despin.titles import TELLING, Title
from despin.values import Alternative, Evidence, Finding

if TYPE_CHECKING:
    from despin.resources import Resources

# Log odds, on a heavily damaged page, before anything of a form's lines is weighed: an author may quote what a form
# says. Two or three things that a form says, one after the other, outweigh it.
QUOTED_NATS = -2.0
# A number that is lost ("less than characters"), or several spinners' words in the place of a form's own.
SPUN_NATS = 2.0
# So much is believed of a form's lines, however many they are: log odds of .56. They may be the page's own, and then
# its reader wants their wording back and not the page without them; only who repairs boldly has them taken out.
MOST_FORM_NATS = 0.25
# The page itself is named as a link farm names its pages.
FARM_NATS = 1.0


def find(reading: Reading, resources: Resources) -> list[Finding]:
    """Lines of web forms, and titles of other pages of a link farm. Offsets are those of the text that was read."""
    titles = [title for title in resources.titles.find(reading) if title.nats >= TELLING]
    own = tuple(Evidence(FARM_NATS, "remains.page", title.frame) for title in titles if title.opens)[:1]
    found = [_form(reading, run) for run in webforms.runs(reading)]
    found += [_title(reading, title, own) for title in titles if title.closed and not title.opens]
    return [finding for finding in found if finding is not None and finding.best.nats >= 0]


def _form(reading: Reading, run: webforms.Run) -> Finding | None:
    rule = "remains.spun_form" if run.rewritten else "remains.form"
    nats = QUOTED_NATS + sum(webforms.NATS[kind] for kind in run.said) + SPUN_NATS * run.rewritten
    evidence = (Evidence(round(min(nats, MOST_FORM_NATS), 4), rule, ", ".join(run.said)),)
    return _without_lines(reading.tokens.text, run.start, run.end, rule, evidence)


def _title(reading: Reading, title: Title, own: tuple[Evidence, ...]) -> Finding | None:
    text = reading.tokens.text
    evidence = (Evidence(round(title.nats, 4), "remains.title", title.frame), *own)
    if title.whole:
        return _without_lines(text, title.start, title.end, "remains.title", evidence)
    # within a line: the title and the blanks on one side of it
    start, end = title.start, title.end
    while start and text[start - 1] in " \t":
        start -= 1
    if not start or text[start - 1] == "\n":
        start = title.start
        while text[end : end + 1] in (" ", "\t"):
            end += 1
    return Finding(start, end, text[start:end], "remains.title", (Alternative("", evidence),))


def _without_lines(text: str, start: int, end: int, rule: str, evidence: tuple[Evidence, ...]) -> Finding | None:
    """A finding that takes whole lines out, with the line end and the empty lines before them, or at the text's start
    those behind. None where the text holds nothing else."""
    first = start
    while first and text[first - 1].isspace():
        first -= 1
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    if not first:
        while end < len(text) and text[end].isspace():
            end += 1
        if end == len(text):
            return None
    return Finding(first, end, text[first:end], rule, (Alternative("", evidence),))
