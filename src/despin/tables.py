"""Reading the tables in `data/`: where the folder is, and TSV files whose errors name file and line.

`data_folder` finds the data both in an installed wheel (inside the package) and in an editable install (beside `src`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from despin.values import DespinError


class TableError(DespinError):
    """A table is missing or malformed. The message names the file, the line and what to do."""


def data_folder() -> Path:
    """The folder of despin's tables.

    Raises TableError where neither an installed nor an editable layout has one.
    """
    package = Path(__file__).parent
    for folder in (package / "data", package.parents[1] / "data"):
        if (folder / "SOURCES.toml").is_file():
            return folder
    raise TableError(
        f"despin's tables were not found in {package / 'data'} or {package.parents[1] / 'data'}; reinstall despin"
    )


def read_text(path: Path) -> str:
    """A table's text, decoded as UTF-8. Raises TableError naming the file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TableError(f"table {path} is missing; reinstall despin, or check the path") from None
    except OSError as error:
        raise TableError(f"table {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TableError(f"table {path} is not UTF-8 at byte {error.start}; save it as UTF-8") from None


def read_lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a TSV file with their numbers, blank lines and those that start with ``#`` left out. Raises
    TableError naming the file."""
    lines = enumerate(read_text(path).split("\n"), 1)
    return [(number, line) for number, line in lines if line and line[0] != "#" and not line.isspace()]


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a TSV file as (line number, cells). Blank lines and lines that start with ``#`` are passed over.

    The first row must be the header `columns`. Raises TableError naming file and line.
    """
    header_seen = False
    for number, line in read_lines(path):
        cells = line.rstrip("\r").split("\t")
        if not header_seen:
            if cells != list(columns):
                raise TableError(f"{path}:{number}: the header must be {' '.join(columns)} (TAB separated)")
            header_seen = True
            continue
        if len(cells) != len(columns):
            raise TableError(f"{path}:{number}: {len(cells)} cells where {len(columns)} are needed; cells end at TABs")
        yield number, cells
    if not header_seen:
        raise TableError(f"{path}: empty; the first row must be the header {' '.join(columns)}")
