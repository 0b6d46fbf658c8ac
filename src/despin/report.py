"""The review page: what was found in some texts, on one page that needs no network. Start reading at `report_page`.

The page is a template, a style sheet and a script (folder `page/`) around the data as JSON. Text only reaches the page
inside that JSON, in which "<" is escaped, and the script only makes text nodes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from despin.decisions import Choice, choices
from despin.display import page_part
from despin.edits import Digest, to_utf16
from despin.explain import reason
from despin.results import PassageScore, Repair


def report_page(documents: Iterable[tuple[str, Repair, Sequence[PassageScore]]]) -> str:
    """A self-contained HTML page about some repairs.

    documents: (name, repair, the passage scores of the original).
    """
    papers = [_paper(name, repair, passages) for name, repair, passages in documents]
    signatures = sorted({paper["signature"] for paper in papers})
    data = json.dumps({"signature": "; ".join(signatures), "documents": papers}, separators=(",", ":"))
    # "<" is the one sign that could end the script element; U+2028 and the like are escaped by json.dumps already
    return (
        page_part("report.html")
        .replace("/*STYLE*/", page_part("report.css"))
        .replace("/*SCRIPT*/", page_part("report.js"))
        .replace("/*DATA*/", data.replace("<", "\\u003c"))
    )


def _paper(name: str, repair: Repair, passages: Sequence[PassageScore]) -> dict[str, Any]:
    """One document as the page's script takes it: `start` and `end` count UTF-16 units, as JavaScript does."""
    before = repair.before
    digest = Digest.of(repair.original)
    made = choices(repair)
    units = to_utf16(repair.original, [(choice.start, choice.end) for choice in made] or [(0, 0)]).tolist()
    edges = to_utf16(repair.original, [(part.start, part.end) for part in passages] or [(0, 0)]).tolist()
    return {
        "name": name,
        "text": repair.original,
        "source": {"sha256": digest.sha256, "length": digest.length},
        "signature": repair.signature,
        "verdict": before.verdict if before else "not scored",
        "reason": before.reason if before else repair.note,
        "family": before.family if before else "",
        "probability": before.probability if before else None,
        "after": None if repair.after is None else repair.after.probability,
        "words": before.words if before else len(repair.original.split()),
        "passages": [
            {
                "start": start,
                "end": end,
                "verdict": part.score.verdict,
                "probability": part.score.probability,
                "words": part.score.words,
            }
            for part, (start, end) in zip(passages, edges, strict=False)
        ],
        "choices": [
            {"start": start, "end": end, **_choice(choice)} for choice, (start, end) in zip(made, units, strict=False)
        ],
    }


def _choice(choice: Choice) -> dict[str, Any]:
    change = choice.change
    return {
        "at": [choice.start, choice.end],
        "before": choice.before,
        "wordings": list(dict.fromkeys(choice.wordings)),
        "accepted": choice.accepted,
        "reason": choice.reason,
        "rule": change.rule,
        "kind": change.rule.partition(".")[0],
        "confidence": change.confidence,
        "evidence": [reason(one) for one in change.evidence],
    }
