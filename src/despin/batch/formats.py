"""Formats that are read as bytes: plain text, lines of JSON, CSV. Start with `Format`, then `Jsonl`.

The bytes of a file are cut into *units*: a line of JSON, a row of CSV, a piece of a text. A unit is never built anew:
the one place in it that holds the text is found and replaced, all other bytes stay as they are. So numbers, the order
of keys, spacing, escapes and quoting survive, and taking a unit back gives its very bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NamedTuple, Protocol

import regex

from despin.batch.options import Options
from despin.batch.streams import Unreadable
from despin.results import Score

BOM = "\ufeff"


class Unfit(Exception):
    """A unit that cannot be read as a record. The message is the reason."""


class Unit(NamedTuple):
    """Some bytes of a file.

    reason: why they are no record, where that was seen when the file was cut; or "".
    more: they go on with the unit before, which is too long to be held.
    """

    raw: bytes
    reason: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a unit holds its text: `before + literal + after` is the unit, `text` what the literal stands for.

    id: the record's name, or "".
    """

    before: str
    literal: str
    after: str
    text: str
    id: str = ""


class Format(Protocol):
    """How files of one kind are cut, read and written.

    has_columns: whether score and verdict can be written into a unit. has_header: whether the first unit says what
    stands in the others.
    """

    has_columns: bool
    has_header: bool

    def units(self, pieces: Iterable[bytes]) -> Iterator[Unit]:
        """Cut a file's content, or the rest of it from the end of some unit; joined, the units are the content."""

    def header(self, unit: bytes) -> str:
        """The header that tells how units are read: the file's first unit, or "" where there is no header.

        Raises Unreadable where it does not have the column that is wanted.
        """

    def add_header(self, header: str) -> str:
        """The header with the added columns."""

    def is_blank(self, raw: str) -> bool:
        """Whether a unit holds nothing, as an empty line does."""

    def cell(self, raw: str, header: str) -> Cell:
        """Where a unit holds its text. Raises Unfit for what is no record."""

    def written(self, text: str, style: str) -> str:
        """The literal for a text in a style of `STYLES`."""

    def styles(self, literal: str) -> tuple[str, ...]:
        """The styles that a literal may have been written in, likeliest first."""

    def add_columns(self, after: str, score: Score) -> str:
        """What stands after the text, with score and verdict."""

    def drop_columns(self, after: str) -> str:
        """What stands after the text, without the columns that `add_columns` made."""


def decoded(raw: bytes) -> str:
    """The unit as text. Raises Unfit where it is not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unfit(f"not UTF-8: byte 0x{raw[error.start]:02x} at byte {error.start} of the record") from None


# ---------------------------------------------------------------------------------------------------------------------
# Plain text

# Pieces of a long text are about this long, in bytes: far longer than most documents, short enough to be repaired in
# some hundred megabytes.
PIECE = 500_000

# Where a text is cut, best first: after a blank line, after a line, after a space.
CUTS = (re.compile(rb"\n[ \t\r]*\n"), re.compile(rb"\n"), re.compile(rb" "))


class Txt:
    """Plain text: one unit, or where it is longer than `PIECE` several, cut where paragraphs end."""

    has_columns = False
    has_header = False

    def __init__(self, options: Options) -> None:
        pass

    def units(self, pieces: Iterable[bytes]) -> Iterator[Unit]:
        """Pieces of the text; see `Format.units`."""
        rest = bytearray()
        for piece in pieces:
            rest += piece
            while len(rest) > PIECE:
                end = _cut(bytes(rest[:PIECE]))
                yield Unit(bytes(rest[:end]))
                del rest[:end]
        if rest:
            yield Unit(bytes(rest))

    def header(self, unit: bytes) -> str:
        """No header."""
        return ""

    def add_header(self, header: str) -> str:
        """No header."""
        return ""

    def is_blank(self, raw: str) -> bool:
        """Never: spaces are text."""
        return False

    def cell(self, raw: str, header: str) -> Cell:
        """All of the piece, but for a byte order mark before it, which belongs to the file."""
        mark = BOM if raw.startswith(BOM) else ""
        text = raw[len(mark) :]
        return Cell(mark, text, "", text)

    def written(self, text: str, style: str) -> str:
        """The text itself."""
        return text

    def styles(self, literal: str) -> tuple[str, ...]:
        """There is one."""
        return ("",)

    def add_columns(self, after: str, score: Score) -> str:
        """Text has no columns."""
        return after

    def drop_columns(self, after: str) -> str:
        """Text has no columns."""
        return after


def _cut(window: bytes) -> int:
    """Where to end a piece: at the last good place of the window's second half, else between two characters."""
    half = len(window) // 2
    for pattern in CUTS:
        ends = [found.end() for found in pattern.finditer(window, half)]
        if ends:
            return ends[-1]
    # A last character of several bytes may not be whole; it goes to the next piece in any case.
    end = len(window)
    while end > half and window[end - 1] & 0xC0 == 0x80:  # inside or at the end of a character of several bytes
        end -= 1
    return end - 1 if window[end - 1] >= 0xC0 else len(window)


# ---------------------------------------------------------------------------------------------------------------------
# Lines


def lines(pieces: Iterable[bytes], longest: int) -> Iterator[Unit]:
    """Lines with their ends; one longer than `longest` bytes comes in several units that have the reason."""
    reason = f"longer than {longest:,} bytes; raise --max-chars to read it"
    rest = bytearray()
    over = False
    for piece in pieces:
        start = 0
        while (end := piece.find(b"\n", start) + 1) or start < len(piece):
            part = piece[start:end] if end else piece[start:]
            start += len(part)
            if over or len(rest) + len(part) > longest:
                yield Unit(bytes(rest) + part, "" if over else reason, over)
                rest.clear()
                over = not end
            elif end:
                yield Unit(bytes(rest) + part)
                rest.clear()
            else:
                rest += part
    if rest:
        yield Unit(bytes(rest))


# ---------------------------------------------------------------------------------------------------------------------
# JSON

# How the strings of common writers look: with all but ASCII escaped, the same with \/ (PHP), and with nothing escaped
# that need not be.
ASCII, SLASHED, UTF8 = "ascii", "slashed", "utf-8"
_SPACE = re.compile(r"[ \t\r\n]*")
# Numbers are only passed over; read as floats they may be of any size.
_DECODER = json.JSONDecoder(parse_int=float)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Jsonl:
    """Lines of JSON objects. Only the text's string is replaced, and score and verdict are put in at the end."""

    has_columns = True
    has_header = False

    def __init__(self, options: Options) -> None:
        self.options = options

    def units(self, pieces: Iterable[bytes]) -> Iterator[Unit]:
        """Lines."""
        return lines(pieces, self.options.most_bytes)

    def header(self, unit: bytes) -> str:
        """No header."""
        return ""

    def add_header(self, header: str) -> str:
        """No header."""
        return ""

    def is_blank(self, raw: str) -> bool:
        """An empty line, or a byte order mark alone."""
        return not raw.strip(" \t\r\n" + BOM)

    def cell(self, raw: str, header: str) -> Cell:
        """The string of the text column; where its key is repeated the last one, as all readers take it."""
        column = self.options.text_column
        found: tuple[int, int, object] | None = None
        name = ""
        try:
            for key, start, end, value in members(raw):
                if key == column:
                    found = start, end, value
                elif key in (self.options.score_column, self.options.verdict_column):
                    raise Unfit(f"it has a field {key!r} already; choose another --prefix")
                if key == self.options.id_column:
                    name = value if isinstance(value, str) else raw[start:end]
        except RecursionError:
            raise Unfit("its JSON is nested too deeply") from None
        if found is None:
            raise Unfit(f"it has no field {column!r}; name the one that holds the text with --text-column")
        start, end, text = found
        if not isinstance(text, str):
            raise Unfit(f"its field {column!r} holds {_json_type(text)}, not a string")
        return Cell(raw[:start], raw[start:end], raw[end:], text, name)

    def written(self, text: str, style: str) -> str:
        """A JSON string."""
        if style == UTF8 and not _SURROGATE.search(text):  # lone surrogates have no UTF-8
            return json.dumps(text, ensure_ascii=False)
        literal = json.dumps(text)
        return literal.replace("/", "\\/") if style == SLASHED else literal

    def styles(self, literal: str) -> tuple[str, ...]:
        """By what is escaped in it."""
        if not literal.isascii():
            return (UTF8,)
        return (SLASHED, ASCII) if "\\/" in literal else (ASCII,)

    def add_columns(self, after: str, score: Score) -> str:
        """Two fields before the brace that ends the object."""
        end = after.rindex("}")
        return (
            f"{after[:end]}, {json.dumps(self.options.score_column)}: {json.dumps(score.probability)}"
            f", {json.dumps(self.options.verdict_column)}: {json.dumps(score.verdict)}{after[end:]}"
        )

    def drop_columns(self, after: str) -> str:
        """They are the last two fields: no line that had one of that name was written."""
        return after[: after.rindex(f", {json.dumps(self.options.score_column)}: ")] + after[after.rindex("}") :]


def members(raw: str) -> Iterator[tuple[str, int, int, object]]:
    """(key, start, end, value) of each member of the JSON object that a line is; offsets are those of the value.

    Raises Unfit where the line is no JSON, or no object.
    """
    try:
        place = _skip(raw, 1 if raw.startswith(BOM) else 0)
        if raw[place : place + 1] != "{":
            value, end = _DECODER.raw_decode(raw, place)
            _end(raw, end)
            raise Unfit(f"it is {_json_type(value)}, not a JSON object")
        place = _skip(raw, place + 1)
        while raw[place : place + 1] != "}":
            if raw[place : place + 1] != '"':
                raise json.JSONDecodeError("a name in double quotes is missing", raw, place)
            key, place = scanstring(raw, place + 1, True)
            place = _expect(raw, _skip(raw, place), ":")
            value, end = _DECODER.raw_decode(raw, place)
            yield key, place, end, value
            place = _skip(raw, end)
            if raw[place : place + 1] != "}":
                place = _expect(raw, place, ",")
                if raw[place : place + 1] == "}":
                    raise json.JSONDecodeError("a comma stands before the closing brace", raw, place)
        _end(raw, place + 1)
    except json.JSONDecodeError as error:
        raise Unfit(f"it is no JSON: {error.msg} (character {error.pos})") from None


def _skip(raw: str, place: int) -> int:
    found = _SPACE.match(raw, place)
    return found.end() if found else place


def _expect(raw: str, place: int, mark: str) -> int:
    if raw[place : place + 1] != mark:
        raise json.JSONDecodeError(f"{mark!r} is missing", raw, place)
    return _skip(raw, place + 1)


def _end(raw: str, place: int) -> None:
    if (place := _skip(raw, place)) != len(raw):
        raise json.JSONDecodeError("more stands after its end", raw, place)


def _json_type(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


# ---------------------------------------------------------------------------------------------------------------------
# CSV

BARE, QUOTED = "bare", "quoted"
# The quote that opens a row's first field, after the byte order mark of a file's first row.
_OPENING = re.compile(b'(?:\xef\xbb\xbf)?"')


class Csv:
    """Rows of CSV (RFC 4180) with a header; line ends, spaces and quotes of all other fields stay as they are."""

    has_columns = True
    has_header = True

    def __init__(self, options: Options, delimiter: str | None = None) -> None:
        self.options = options
        self.delimiter = delimiter or options.delimiter
        mark = regex.escape(self.delimiter)
        # A field that opens with a quote ends at the next single one; what follows that up to the delimiter belongs to
        # the field too, as Python's csv module reads it.
        self._field = regex.compile(rf'"((?:[^"]++|"")*+)"([^{mark}\r\n]*+)|(?!")[^{mark}\r\n]*+')
        self._names: dict[str, list[str]] = {}

    def units(self, pieces: Iterable[bytes]) -> Iterator[Unit]:
        """Rows, each with the lines that its quoted fields run over."""
        longest = self.options.most_bytes
        reason = f"a quote is not closed, within {longest:,} bytes or to the end of the file"
        source = lines(pieces, longest)
        held: list[Unit] = []  # the lines of a row whose quote is open
        size = 0
        again: list[Unit] = []  # lines to be read again, the last one first
        while True:
            unit = again.pop() if again else next(source, None)
            if held and (unit is None or unit.reason or size + len(unit.raw) > longest):
                # the line of the open quote alone is no record; those after it are read for themselves
                yield Unit(held[0].raw, reason)
                again += ([unit] if unit else []) + held[:0:-1]
                held, size = [], 0
            elif unit is None:
                return
            elif unit.reason or unit.more:
                yield unit
            else:
                is_open = self._left_open(unit.raw, bool(held))
                held.append(unit)
                size += len(unit.raw)
                if not is_open:
                    yield Unit(b"".join(line.raw for line in held))
                    held, size = [], 0

    def _left_open(self, line: bytes, was_open: bool) -> bool:
        """Whether a quoted field goes on after this line, given whether one did before it."""
        place = 0
        if was_open:
            place = _closing(line, 0)
        elif found := _OPENING.match(line):
            place = _closing(line, found.end())
        opening = self.delimiter.encode() + b'"'
        while place >= 0:
            found_at = line.find(opening, place)
            if found_at < 0:
                return False
            place = _closing(line, found_at + len(opening))
        return True

    def header(self, unit: bytes) -> str:
        """The first row."""
        try:
            header = decoded(unit)
            names = self._columns(header)
        except Unfit as error:
            raise Unreadable(f"its header cannot be read: {error}") from None
        column = self.options.text_column
        if names.count(column) != 1:
            have = "twice" if column in names else f"not, but {', '.join(map(repr, names[:8]))}"
            raise Unreadable(f"the column {column!r} is there {have}; name the one that holds the text (--text-column)")
        for name in (self.options.score_column, self.options.verdict_column):
            if name in names:
                raise Unreadable(f"it has a column {name!r} already; choose another --prefix")
        return header

    def add_header(self, header: str) -> str:
        """The header with two names more."""
        body, end = _line_end(header)
        return self.delimiter.join((body, self.options.score_column, self.options.verdict_column)) + end

    def is_blank(self, raw: str) -> bool:
        """An empty line."""
        return not raw.strip("\r\n")

    def cell(self, raw: str, header: str) -> Cell:
        """The field of the text column."""
        names, fields = self._columns(header), self._fields(raw)
        if len(fields) != len(names):
            raise Unfit(f"it has {len(fields)} fields where the header has {len(names)}")
        number = names.index(self.options.text_column)
        start = sum(len(field) + 1 for field in fields[:number])
        literal = fields[number]
        identity = self.options.id_column
        name = self._value(fields[names.index(identity)]) if identity in names else ""
        end = start + len(literal)
        return Cell(raw[:start], literal, raw[end:], self._value(literal), name)

    def written(self, text: str, style: str) -> str:
        """A field, quoted where the style asks for it, or where it could not be read back without."""
        is_bare = (
            style == BARE and not text.startswith('"') and not any(mark in text for mark in (self.delimiter, *"\r\n"))
        )
        return text if is_bare else '"' + text.replace('"', '""') + '"'

    def styles(self, literal: str) -> tuple[str, ...]:
        """By whether it is quoted."""
        return (QUOTED,) if literal.startswith('"') else (BARE,)

    def add_columns(self, after: str, score: Score) -> str:
        """Two fields before the end of the line."""
        body, end = _line_end(after)
        return f"{body}{self.delimiter}{json.dumps(score.probability)}{self.delimiter}{score.verdict}{end}"

    def drop_columns(self, after: str) -> str:
        """The last two fields, neither of which is quoted."""
        body, end = _line_end(after)
        return body.rsplit(self.delimiter, 2)[0] + end

    def _columns(self, header: str) -> list[str]:
        if header not in self._names:
            self._names[header] = [self._value(field) for field in self._fields(header.removeprefix(BOM))]
        return self._names[header]

    def _fields(self, row: str) -> list[str]:
        body, _ = _line_end(row)
        fields = []
        place = 0
        while True:
            found = self._field.match(body, place)
            if found is None or (found.end() < len(body) and body[found.end()] != self.delimiter):
                raise Unfit("its quotes or line ends cannot be read as CSV")
            fields.append(found.group())
            if found.end() == len(body):
                return fields
            place = found.end() + 1

    def _value(self, field: str) -> str:
        found = self._field.fullmatch(field)
        if found is None or found[1] is None:
            return field
        return str(found[1]).replace('""', '"') + str(found[2])


def _closing(line: bytes, place: int) -> int:
    """The end of the quote that closes a quoted field, or -1; a doubled one stands for itself."""
    while (place := line.find(b'"', place)) >= 0:
        if line[place + 1 : place + 2] != b'"':
            return place + 1
        place += 2
    return -1


def _line_end(row: str) -> tuple[str, str]:
    """The row without its line end, and that."""
    body = row[:-1] if row.endswith("\n") else row
    body = body[:-1] if body.endswith("\r") and body != row else body
    return body, row[len(body) :]
