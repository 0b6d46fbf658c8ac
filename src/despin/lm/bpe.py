"""Byte-level byte-pair encoding as GPT-2 defined it, with SmolLM2's pre-splitting.

Text is cut into pieces (digits one by one, then GPT-2's pattern); each piece becomes bytes, each byte a printable
character, and the pair of neighbours with the best merge rank is joined until none is left.
Source: Radford et al. 2019 (GPT-2) and Sennrich et al. 2016. Start reading at `Tokenizer.encode`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache

import regex

# SmolLM2 sets every digit apart before GPT-2's own split: "a 12" -> "a", " ", "1", "2".
_DIGITS = regex.compile(r"\p{N}|[^\p{N}]+")

# GPT-2's split: English clitics, then words, numbers and marks, each with at most one leading space; a run of
# white space gives its last character to the word after it. Unicode's White_Space, as Python's \s would count the
# separators U+001C to U+001F, which the reference does not.
_PIECES = regex.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+"
    r"|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+"
)

# Most words of a text are met again; 2**16 pieces take about 20 MB.
_CACHED_PIECES = 2**16


def byte_characters() -> list[str]:
    """The printable character that stands for each byte 0-255 (GPT-2's table).

    Printable Latin-1 characters stand for themselves; the others are moved up from U+0100, in order.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(moved)) for byte in range(256)]


class Tokenizer:
    """Text to token ids. Special tokens such as <|endoftext|> are never made from text."""

    def __init__(self, tokens: Sequence[str], merges: Sequence[str]) -> None:
        """`tokens`: all tokens by id; `merges`: "left right", best first, both in GPT-2's printable characters."""
        self._ids = {token: number for number, token in enumerate(tokens)}
        self._ranks = {(left, right): rank for rank, (left, right) in enumerate(map(str.split, merges))}
        self._characters = byte_characters()
        bytes_of = {character: byte for byte, character in enumerate(self._characters)}
        self._bytes = [bytes(bytes_of[c] for c in token if c in bytes_of) for token in tokens]
        self._encode_piece = lru_cache(_CACHED_PIECES)(self._merge)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`. Lone surrogates are read as U+FFFD, as they have no UTF-8 form."""
        ids: list[int] = []
        for stretch in _DIGITS.findall(text):
            for piece in _PIECES.findall(stretch):
                ids.extend(self._encode_piece(piece))
        return ids

    def token_bytes(self, number: int) -> bytes:
        """The bytes that token `number` stands for."""
        return self._bytes[number]

    def __len__(self) -> int:
        return len(self._bytes)

    def _merge(self, piece: str) -> tuple[int, ...]:
        data = piece.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode("utf-8")
        # A few bytes (some controls, and such as never occur in UTF-8) have no token; the reference drops them as well.
        parts = [self._characters[byte] for byte in data if self._characters[byte] in self._ids]
        never = len(self._ranks)
        while len(parts) > 1:
            pairs = list(itertools.pairwise(parts))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, never))
            if best not in self._ranks:
                break
            joined: list[str] = []
            at = 0
            while at < len(parts):
                if at + 1 < len(parts) and (parts[at], parts[at + 1]) == best:
                    joined.append(parts[at] + parts[at + 1])
                    at += 2
                else:
                    joined.append(parts[at])
                    at += 1
            parts = joined
        return tuple(self._ids[part] for part in parts)
