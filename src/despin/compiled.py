"""Tables in the form in which they are looked up, made beforehand so that the first repair need not wait.

The tables that people read and edit stay the source: a compiled one holds the SHA-256 of all that it was made from, and
where that is not what stands in the folder it is passed over and made anew in memory, with the same result. Start
reading at `read`; `scripts/compile_tables.py` writes them. They are numpy archives without objects, nothing is
unpickled.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Parts = Mapping[str, npt.NDArray[Any]]

# Raised whenever the same sources would give other parts.
FORMAT = b"despin.compiled/1"

_SOURCES = "sources"


def digest(sources: Iterable[Path]) -> npt.NDArray[np.uint8]:
    """The SHA-256, 32 bytes, of the format and of all source files in their order. Raises OSError."""
    joined = hashlib.sha256(FORMAT)
    for path in sources:
        joined.update(hashlib.sha256(path.read_bytes()).digest())
    return np.frombuffer(joined.digest(), np.uint8)


def read(path: Path, sources: Iterable[Path]) -> dict[str, npt.NDArray[Any]] | None:
    """The parts of a compiled table; None where it is missing, damaged or made from other sources."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            parts = {name: archive[name] for name in archive.files}
        if not np.array_equal(parts.pop(_SOURCES), digest(sources)):
            return None
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    for array in parts.values():
        array.flags.writeable = False
    return parts


def write(path: Path, sources: Iterable[Path], parts: Parts) -> None:
    """Write a compiled table; the same parts give the same bytes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {_SOURCES: digest(sources), **parts}
    np.savez(path, **arrays)


def joined(strings: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Strings without line ends as one array of bytes."""
    return np.frombuffer("".join(string + "\n" for string in strings).encode(), np.uint8)


def parted(array: npt.NDArray[np.uint8]) -> list[str]:
    """The strings of `joined`."""
    return array.tobytes().decode().split("\n")[:-1]
