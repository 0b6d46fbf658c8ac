"""The content of input files, read in bounded pieces, and how output is packed again. Start with `chunks`.

A file is plain, gzip or zstd by its name. Nothing here holds more than some megabytes, whatever a file unpacks to.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from despin.batch.options import BatchError

PLAIN, GZIP, ZSTD = "", ".gz", ".zst"
CHUNK = 1 << 20
# Compressed bytes that are unpacked at once: a zstd block of 4 bytes can stand for 128 kB, so 1 kB for 32 MB at most.
ZSTD_CHUNK = 1 << 10
# Text shrinks to a third or a tenth, logs at best to a hundredth; what grows more than this is no text. Small files
# are let be: a page of spaces does no harm.
MOST_GROWTH = 200
FREE_GROWTH = 64 << 20
# The fastest settings that come near the size of the best.
GZIP_LEVEL, ZSTD_LEVEL = 6, 3


class Unreadable(BatchError):
    """A whole input file that cannot be read as what it should be. The message says why, without its name."""


class Hash(Protocol):
    """A running digest, as hashlib has them."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def hexdigest(self) -> str:
        """The digest of all bytes so far."""


def packing_of(path: Path) -> str:
    """The suffix that says how a file is compressed; "" for a plain one."""
    suffix = path.suffix.lower()
    return suffix if suffix in (GZIP, ZSTD) else PLAIN


class Hashed:
    """A binary file that keeps the digest of all that was read of it.

    It ends where it ended when it was opened: a file that somebody writes to is not read for ever.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.size = os.fstat(file.fileno()).st_size
        self.digest = hashlib.sha256()
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """Read, and take what was read into the digest."""
        left = self.size - self.count
        data = self.file.read(left if size < 0 else min(size, left))
        self.digest.update(data)
        self.count += len(data)
        return data


def chunks(file: Hashed, packing: str, is_own: bool = False) -> Iterator[bytes]:
    """The unpacked content of a file, in pieces of bounded size. Raises Unreadable for damaged data.

    is_own: despin wrote the file, so that it may unpack to any size.
    """
    unpacked = {PLAIN: _plain, GZIP: _gzip, ZSTD: _zstd}[packing](file)
    size = 0
    for piece in unpacked:
        size += len(piece)
        if packing and not is_own and size > FREE_GROWTH and size > MOST_GROWTH * file.count:
            raise Unreadable(
                f"it unpacks to more than {MOST_GROWTH} times its size; unpack it yourself if that is meant"
            )
        yield piece


def _plain(file: Hashed) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def _gzip(file: Hashed) -> Iterator[bytes]:
    try:
        # it goes on from member to member, and unpacks no more at once than it is asked for
        with gzip.GzipFile(fileobj=file, mode="rb") as stream:  # type: ignore[call-overload]
            while piece := stream.read(CHUNK):
                yield piece
    except EOFError:
        raise Unreadable("its gzip data end early; fetch it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Unreadable(f"its gzip data are damaged ({error}); fetch it again") from None


def _zstd(file: Hashed) -> Iterator[bytes]:
    zstandard = zstandard_module()
    frame = None
    data = file.read(ZSTD_CHUNK)
    try:
        while data:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            if piece := frame.decompress(data):
                yield piece
            data, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
            data = data or file.read(ZSTD_CHUNK)
    except zstandard.ZstdError as error:
        raise Unreadable(f"its zstd data are damaged ({error}); fetch it again") from None
    if frame is not None:
        raise Unreadable("its zstd data end early; fetch it again")


def pack_block(data: bytes, packing: str) -> bytes:
    """A block of output as it is appended to a file that is still growing.

    Members of gzip may follow each other in a file, and all readers take them for one; some readers of zstd stop at
    the end of the first frame, so that zstd is packed when the file is whole, by `pack_file`.
    """
    return gzip.compress(data, GZIP_LEVEL, mtime=0) if packing == GZIP and data else data


def pack_file(source: IO[bytes], target: IO[bytes], packing: str) -> None:
    """Copy a finished file of blocks, packed as it should be."""
    if packing == ZSTD:
        zstandard_module().ZstdCompressor(level=ZSTD_LEVEL).copy_stream(source, target)
    else:
        while piece := source.read(CHUNK):
            target.write(piece)


def zstandard_module() -> Any:
    """The package zstandard. Raises BatchError that says how to get it."""
    try:
        import zstandard
    except ImportError:
        raise BatchError("zstd files need the package zstandard: pip install 'despin[batch]'") from None
    return zstandard
