"""What a reader decided about a repair: which edits to make, as the report's "download decisions" writes them.

Start reading at `Decisions`. A file holds the decisions about one text or several, schema ``despin.decisions/1``:

    {"schema": "despin.decisions/1", "unit": "codepoint", "documents": [
      {"name": "page.txt", "source": {"sha256": "...", "length": 5120}, "signature": "despin 0.1.0 ...",
       "edits": [[412, 420, "fourteen", "14", "citations.orphan_number", 0.99]]}]}

The edits are those to make, in offsets of the source, each row as in a repair's record. Nothing is looked for again: a
reader's word is final, whatever the tables of the version that reads it say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from despin.edits import (
    Digest,
    RecordError,
    SchemaError,
    TextMismatch,
    apply,
    field_of,
    object_at,
    read_digest,
    read_step,
)
from despin.results import Repair
from despin.values import Edit, Refusal, Step

SCHEMA = "despin.decisions/1"

# The name of the one step of a repair that a reader decided.
STEP = "reviewed"


@dataclass(frozen=True, slots=True)
class Decisions:
    """The edits that a reader wants in one text.

    name: of the text. source: its digest. signature: of the repair that was reviewed. edits: sorted, in its offsets.
    """

    name: str
    source: Digest
    signature: str
    edits: tuple[Edit, ...]


def read_decisions(value: str | Mapping[str, Any]) -> tuple[Decisions, ...]:
    """The decisions of a file's JSON text, or of the object that it parses to.

    Raises SchemaError for another schema, RecordError (naming the place) for anything malformed.
    """
    try:
        root = object_at(json.loads(value) if isinstance(value, str) else value, "the decisions")
    except json.JSONDecodeError as error:
        raise RecordError(f"the decisions are not JSON: {error}. Download them again from the report.") from None
    if (schema := root.get("schema")) != SCHEMA:
        raise SchemaError(f"schema: the decisions are {schema!r}, this version reads {SCHEMA!r}.")
    return tuple(
        _decisions(object_at(document, f"documents[{number}]"), f"documents[{number}]")
        for number, document in enumerate(field_of(root, "documents", list, ""))
    )


def _decisions(document: Mapping[str, Any], where: str) -> Decisions:
    name, signature = field_of(document, "name", str, where), field_of(document, "signature", str, where)
    try:
        source = read_digest(document, "source")
    except RecordError as error:
        raise RecordError(f"{where}: {error}") from None
    return Decisions(name, source, signature, read_step({**document, "name": STEP}, where).edits)


def repair_as_decided(text: str, decisions: Sequence[Decisions] | str | Mapping[str, Any]) -> Repair:
    """The repair of `text` that a reader decided on; it can be undone like any other.

    decisions: as `read_decisions` gives or takes them. Raises TextMismatch where none is about this text, EditError
    for edits that overlap.
    """
    known = read_decisions(decisions) if isinstance(decisions, (str, Mapping)) else decisions
    digest = Digest.of(text)
    found = next((one for one in known if one.source == digest), None)
    if found is None:
        names = ", ".join(repr(one.name) for one in known[:5]) or "nothing"
        raise TextMismatch(
            f"the decisions are about {names}, none of which is this text as it stands "
            f"(sha256 {digest.sha256[:12]}, {digest.length} characters); make the report again from this text"
        )
    repaired = apply(text, found.edits)
    return Repair(text, repaired, (Step(STEP, found.edits),), (), f"{found.signature} {STEP}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One place that a reader decides about.

    start, end, before: offsets in the original, and what stands there.
    wordings: what may be put there, best first; the first is what the repair proposed.
    accepted: whether the repair made the change; reason: why not, where it did not.
    edit: the edit or refusal itself, for its rule, confidence and evidence.
    """

    start: int
    end: int
    before: str
    wordings: tuple[str, ...]
    accepted: bool
    reason: str
    change: Edit | Refusal


def choices(repair: Repair) -> tuple[Choice, ...]:
    """All edits and refusals of a repair, by place in the original; edits before the refusals of the same place.

    Refusals without a wording of their own, and those about text that an earlier round wrote, are left out: in the
    original there is no place for them.
    """
    made = [
        Choice(edit.start, edit.end, edit.before, (edit.after, *edit.others), True, "", edit) for edit in repair.edits
    ]
    refused = [
        Choice(item.start, item.end, item.before, (item.after, *item.others), False, item.reason, item)
        for item in repair.refusals
        if item.after != item.before and repair.original[item.start : item.end] == item.before
    ]
    return tuple(sorted([*made, *refused], key=lambda one: (one.start, one.end, not one.accepted)))
