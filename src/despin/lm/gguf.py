"""Read a GGUF weight file (version 2 or 3) into numpy, one tensor at a time.

Only what a SmolLM2 file holds is understood: metadata, and tensors stored as F32, F16, Q8_0 or Q4_1. Anything else is
named in the error. Format: the GGUF specification in the ggml project's documents. Start reading at `GGUF.open`.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]

# Metadata value types 0-12 of the specification; 8 is a string and 9 an array, read apart below.
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9

# Tensor data start at a multiple of this unless the metadata say otherwise (specification: general.alignment).
_ALIGNMENT = 32

# Both quantised formats cut a row into blocks of 32 weights that share a scale.
_BLOCK = 32


def _f32(raw: ByteArray) -> FloatArray:
    return raw.view("<f4").astype(np.float32)


def _f16(raw: ByteArray) -> FloatArray:
    return raw.view("<f2").astype(np.float32)


def _q8_0(raw: ByteArray) -> FloatArray:
    """Block: one half-float scale, then 32 signed bytes; weight = scale * byte."""
    blocks = raw.reshape(-1, 2 + _BLOCK)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    weights: FloatArray = (blocks[:, 2:].view(np.int8).astype(np.float32) * scale).reshape(-1)
    return weights


def _q4_1(raw: ByteArray) -> FloatArray:
    """Block: half-float scale and minimum, then 16 bytes; low nibbles are weights 0-15, high ones 16-31."""
    blocks = raw.reshape(-1, 4 + _BLOCK // 2)
    scale = blocks[:, 0:2].copy().view("<f2").astype(np.float32)
    least = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    weights: FloatArray = (nibbles.astype(np.float32) * scale + least).reshape(-1)
    return weights


@dataclass(frozen=True, slots=True)
class _Format:
    name: str
    weights: int  # in a block
    size: int  # bytes in a block
    decode: Callable[[ByteArray], FloatArray]


# Keys are the tensor type numbers of the specification.
_FORMATS = {
    0: _Format("F32", 1, 4, _f32),
    1: _Format("F16", 1, 2, _f16),
    3: _Format("Q4_1", _BLOCK, 4 + _BLOCK // 2, _q4_1),
    8: _Format("Q8_0", _BLOCK, 2 + _BLOCK, _q8_0),
}


@dataclass(frozen=True, slots=True)
class _Tensor:
    shape: tuple[int, ...]
    format: int
    offset: int


class _Reader:
    """A cursor over the header: reads one value after another."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def number(self, kind: str) -> Any:
        (value,) = struct.unpack_from(kind, self.data, self.at)
        self.at += struct.calcsize(kind)
        return value

    def text(self) -> str:
        length = self.number("<Q")
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            inner, count = self.number("<I"), self.number("<Q")
            return [self.value(inner) for _ in range(count)]
        return self.number(_SCALARS[kind])


class GGUF:
    """An open weight file: `metadata` as a dict, tensors by name as float32 arrays (output rows first)."""

    def __init__(self, path: Path, metadata: dict[str, Any], tensors: dict[str, _Tensor], data: mmap.mmap) -> None:
        self.path = path
        self.metadata = metadata
        self._tensors = tensors
        self._data = data

    @classmethod
    def open(cls, path: Path) -> GGUF:
        """Read the header of `path`; tensors stay on disk, memory-mapped, until asked for.

        Raises FileNotFoundError if there is no such file and ValueError if it is not a GGUF file of version 2 or 3.
        """
        with open(path, "rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        reader = _Reader(data)
        try:
            magic, version = data[:4], struct.unpack_from("<I", data, 4)[0]
            if magic != b"GGUF" or version not in (2, 3):
                raise ValueError(f"{path}: not a GGUF file of version 2 or 3 (starts with {data[:8]!r})")
            reader.at = 8
            n_tensors, n_metadata = reader.number("<Q"), reader.number("<Q")
            metadata = {}
            for _ in range(n_metadata):
                key = reader.text()
                metadata[key] = reader.value(reader.number("<I"))
            headers = [_tensor_header(reader) for _ in range(n_tensors)]
        except (struct.error, KeyError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: damaged GGUF header near byte {reader.at}; install the package anew") from error
        alignment = metadata.get("general.alignment", _ALIGNMENT)
        start = -(-reader.at // alignment) * alignment
        tensors = {name: _Tensor(shape, kind, start + offset) for name, shape, kind, offset in headers}
        return cls(path, metadata, tensors, data)

    def names(self) -> list[str]:
        """Names of the tensors, in file order."""
        return list(self._tensors)

    def digest(self) -> str:
        """SHA-256 of the whole file, in hexadecimal digits."""
        return hashlib.sha256(self._data).hexdigest()

    def tensor(self, name: str) -> FloatArray:
        """The tensor dequantised to float32; a matrix has its output dimension first.

        Raises KeyError for an unknown name and ValueError for a storage format that is not understood.
        """
        tensor = self._tensors[name]
        if tensor.format not in _FORMATS:
            known = ", ".join(form.name for form in _FORMATS.values())
            raise ValueError(f"{self.path}: {name} has tensor type {tensor.format}; understood are {known}")
        form = _FORMATS[tensor.format]
        count = int(np.prod(tensor.shape))
        raw = np.frombuffer(self._data, np.uint8, count // form.weights * form.size, tensor.offset)
        return form.decode(raw).reshape(tensor.shape)


def _tensor_header(reader: _Reader) -> tuple[str, tuple[int, ...], int, int]:
    name = reader.text()
    # The file lists the fastest-running dimension first; numpy lists it last.
    shape = tuple(reader.number("<Q") for _ in range(reader.number("<I")))[::-1]
    return name, shape, reader.number("<I"), reader.number("<Q")
