"""The record of a repair: enough to undo and to replay it, and its stored form, the JSON schema ``despin.edits/1``.

Start reading at `Record`. A record that is read is checked throughout: what is wrong is named with its place in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import index
from typing import Any

from despin.edit_checks import EditError, RecordError, SchemaError, check_edits, quoted
from despin.values import Edit, Step

SCHEMA = "despin.edits/1"


@dataclass(frozen=True, slots=True)
class Digest:
    """What is remembered of a text: the SHA-256 of its UTF-8 form (surrogates passed) and its length in code points."""

    sha256: str
    length: int

    @classmethod
    def of(cls, text: str) -> Digest:
        """The digest of a text."""
        return cls(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), len(text))


@dataclass(frozen=True, slots=True)
class Record:
    """All that is needed to undo a repair: the JSON schema ``despin.edits/1``.

    source, result: digests of the text before the first step and after the last.
    signature: the versions, data and settings that made it.
    steps: in the order in which they were applied.
    id: the caller's name for the document, or "".
    """

    source: Digest
    result: Digest
    signature: str
    steps: tuple[Step, ...]
    id: str = ""

    def to_json(self) -> str:
        """The record as one line of JSON, ASCII only.

        One kind of text needs more than ASCII: where a high surrogate stands before a low one as two characters of a
        `str`, JSON's escapes would read them back as one. They are then left unescaped, and a file of such a record
        is written and read with ``errors="surrogatepass"``.
        """
        value = {
            "schema": SCHEMA,
            "id": self.id,
            "unit": "codepoint",
            "source": {"sha256": self.source.sha256, "length": self.source.length},
            "result": {"sha256": self.result.sha256, "length": self.result.length},
            "signature": self.signature,
            "steps": [{"name": step.name, "edits": [_row(edit) for edit in step.edits]} for step in self.steps],
        }
        raw = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if raw.isascii() or _SURROGATE_PAIR.search(raw):
            return raw
        return json.dumps(value, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, value: str | Mapping[str, Any]) -> Record:
        """Read a record from JSON text, or from the object that it parses to.

        Raises SchemaError for another schema or a newer one, RecordError (naming the place) for anything malformed.
        Keys that the schema does not know are ignored.
        """
        return _record(value)


# Two lone surrogates that JSON's \uXXXX escapes would fuse into one character when read back.
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def _row(edit: Edit) -> list[int | str | float]:
    # index() and float() because offsets and confidences may come as numpy scalars, which json refuses.
    return [index(edit.start), index(edit.end), edit.before, edit.after, edit.rule, float(edit.confidence)]


def _record(value: str | Mapping[str, Any]) -> Record:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"the record is not JSON: {error}. Give the text that to_json() wrote.") from None
    root = object_at(value, "the record")
    schema = field_of(root, "schema", str, "")
    if schema != SCHEMA:
        raise SchemaError(_schema_message(schema))
    if (unit := field_of(root, "unit", str, "")) != "codepoint":
        raise RecordError(f"unit: offsets are in {quoted(unit)}, but this schema counts in 'codepoint'.")
    source, result = read_digest(root, "source"), read_digest(root, "result")
    length, steps = source.length, []
    for number, item in enumerate(field_of(root, "steps", list, "")):
        step = read_step(item, f"steps[{number}]")
        try:
            length = check_edits(step.edits, length)
        except EditError as error:
            raise RecordError(f"steps[{number}]: {error}") from None
        steps.append(step)
    if length != result.length:
        raise RecordError(
            f"result.length: the steps lead to {length} code points, the record says {result.length}; it was altered."
        )
    name = field_of(root, "id", str, "") if "id" in root else ""
    return Record(source, result, field_of(root, "signature", str, ""), tuple(steps), name)


def _schema_message(schema: str) -> str:
    family, _, version = schema.partition("/")
    if family == SCHEMA.partition("/")[0] and version.isdecimal() and int(version[:9]) > 1:
        return f"schema: the record is {quoted(schema)}, this despin reads {SCHEMA!r}. Install a newer despin."
    return f"schema: {quoted(schema)} is not {SCHEMA!r}. Give a record that despin wrote."


def read_digest(root: Mapping[str, Any], key: str) -> Digest:
    """The digest that stands under a key of a stored object. Raises RecordError naming the place."""
    value = object_at(field_of(root, key, dict, ""), key)
    sha256, length = field_of(value, "sha256", str, key), field_of(value, "length", int, key)
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise RecordError(f"{key}.sha256: {quoted(sha256)} is not 64 lower-case hexadecimal digits.")
    if length < 0:
        raise RecordError(f"{key}.length: {length} is less than nothing.")
    return Digest(sha256, length)


def read_step(item: object, where: str) -> Step:
    """A stored step, whose place is `where`. Raises RecordError naming the place."""
    value = object_at(item, where)
    rows = field_of(value, "edits", list, where)
    return Step(
        field_of(value, "name", str, where), tuple(_edit(row, f"{where}.edits[{n}]") for n, row in enumerate(rows))
    )


def _edit(row: object, where: str) -> Edit:
    if not isinstance(row, list | tuple) or len(row) != 6:
        raise RecordError(f"{where}: an edit is a list of 6: start, end, before, after, rule, confidence.")
    start, end, before, after, rule, confidence = row
    # type(), not isinstance: true and false are ints to Python, but no offsets.
    if type(start) is not int or type(end) is not int:
        raise RecordError(f"{where}: start and end are whole numbers, not {quoted(start)} and {quoted(end)}.")
    if not (isinstance(before, str) and isinstance(after, str) and isinstance(rule, str)):
        raise RecordError(f"{where}: before, after and rule are strings.")
    if type(confidence) not in (int, float) or not 0 <= confidence <= 1:
        raise RecordError(f"{where}: confidence is a number from 0 to 1, not {quoted(confidence)}.")
    return Edit(start, end, before, after, rule, float(confidence))


def object_at(value: object, where: str) -> Mapping[str, Any]:
    """The value, which must be a JSON object. Raises RecordError naming the place."""
    if not isinstance(value, Mapping):
        raise RecordError(f"{where}: an object with named fields is wanted, not {type(value).__name__}.")
    return value


def field_of(value: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    """A field of a stored object, which must be of that type. Raises RecordError naming the place."""
    path = f"{where}.{key}" if where else key
    if key not in value:
        raise RecordError(f"{path}: missing. Every {SCHEMA!r} record has it.")
    field = value[key]
    if not isinstance(field, kind) or isinstance(field, bool):
        raise RecordError(f"{path}: {kind.__name__} is wanted, not {type(field).__name__}.")
    return field
