"""The adapter for causal language models of transformers: against a tiny random one, and against SmolLM2 in numpy."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import despin
from despin.context import Window
from despin.lm import SmolLM2, find_weights, load
from despin.lm import transformers as adapter
from despin.lm.bpe import byte_characters
from despin.lm.transformers import CausalLM
from despin.settings import SettingsError

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")


def fast_tokenizer(tokens: list[str], merges: list[str], begin: str) -> Any:
    """A tokenizer of transformers that cuts as SmolLM2's does."""
    model = tokenizers.models.BPE({token: i for i, token in enumerate(tokens)}, [tuple(m.split()) for m in merges])
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=begin, eos_token=begin)


@pytest.fixture(scope="module")
def tiny() -> tuple[Any, Any]:
    """A random network of 2 layers, and its tokenizer."""
    tokens = ["<|endoftext|>", *byte_characters(), "Ġa", "Ġb", "Ġab", "Ġn", "ot", "Ġnot", "Ġc"]
    config = transformers.LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.6,
        bos_token_id=0,
        eos_token_id=0,
    )
    torch.manual_seed(7)
    model = transformers.LlamaForCausalLM(config).eval()
    merges = ["Ġ a", "Ġ b", "Ġa b", "Ġ n", "o t", "Ġn ot", "Ġ c"]
    return model, fast_tokenizer(tokens, merges, "<|endoftext|>")


def plain_log_prob(model: Any, tokens: list[int], first: int) -> float:
    """ln p of the tokens from `first` on, one text, no padding."""
    with torch.inference_mode():
        nats = torch.log_softmax(model(torch.tensor([[0, *tokens]])).logits[0], -1)
    return float(sum(nats[i, tokens[i]] for i in range(first, len(tokens))))


def test_each_wording_is_scored_as_by_itself(tiny: tuple[Any, Any]) -> None:
    model, tokenizer = tiny
    windows = [
        Window(("a", "b"), (("ab",), ("b", "x"), ()), ("b", "a")),
        Window(("a",) * 9, (("a",), ("not", "a", "b", "c")), ("b",)),
        Window((), (("a",), ("b",)), ("ab", "", "b")),
    ]
    for batch in (1, 2, 16):
        scores = CausalLM(model, tokenizer, batch=batch).log_probs(windows)
        assert [len(one) for one in scores] == [3, 2, 2]
        first = tokenizer(" a b", add_special_tokens=False)["input_ids"]
        whole = tokenizer(" a b ab b a", add_special_tokens=False)["input_ids"]
        assert scores[0][0] == pytest.approx(plain_log_prob(model, whole, len(first)), abs=2e-4)
        ended = tokenizer(" b ab.", add_special_tokens=False)["input_ids"]
        assert scores[2][1] == pytest.approx(plain_log_prob(model, ended, 0), abs=2e-4)
    assert CausalLM(model, tokenizer).log_probs([]) == []


def test_words_get_the_tokens_that_end_in_them(tiny: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = tiny
    text = "ab  not x,\n\n7é a" * 3
    starts, nats = CausalLM(model, tokenizer).word_log_probs(text)
    assert [text[start:].split()[0] for start in starts.tolist()] == text.split()
    plain = " " + " ".join(text.split())
    ids = tokenizer(plain, add_special_tokens=False)["input_ids"]
    assert nats.sum() == pytest.approx(plain_log_prob(model, ids, 0), abs=0.01)
    assert nats[0] == pytest.approx(plain_log_prob(model, ids[:1], 0), abs=1e-3)
    monkeypatch.setattr(adapter, "STRIDE", 4)
    assert CausalLM(model, tokenizer, batch=3).word_log_probs(text)[1] == pytest.approx(nats, abs=1e-3)
    assert [len(part) for part in CausalLM(model, tokenizer).word_log_probs(" ")] == [0, 0]


def test_repair_takes_it_and_signs_its_name(tiny: tuple[Any, Any]) -> None:
    model, tokenizer = tiny
    repair = despin.repair(
        "He monitored important signs of bosom malignancy.", context=CausalLM(model, tokenizer, "tiny")
    )
    assert "context:tiny" in repair.signature
    assert repair.undo() == repair.original


def test_the_name_is_the_path_with_the_commit(tiny: tuple[Any, Any]) -> None:
    _, tokenizer = tiny
    config = SimpleNamespace(name_or_path="some/model", _commit_hash="0123456789abcdef")
    assert CausalLM(SimpleNamespace(config=config), tokenizer).name == "some/model@0123456789ab"
    config = SimpleNamespace(name_or_path="")
    assert CausalLM(SimpleNamespace(config=config), tokenizer).name == "SimpleNamespace"


def test_a_tokenizer_that_cannot_serve_is_refused(tiny: tuple[Any, Any]) -> None:
    model, _ = tiny
    with pytest.raises(SettingsError, match="use_fast=True"):
        CausalLM(model, SimpleNamespace(is_fast=False))
    with pytest.raises(SettingsError, match="set its bos_token"):
        CausalLM(model, SimpleNamespace(is_fast=True, bos_token_id=None, eos_token_id=None))


# --- the real weights, where they and the library gguf are installed -------------------------------------------------


@pytest.fixture(scope="module")
def both() -> tuple[SmolLM2, CausalLM]:
    """SmolLM2 in numpy, and the same file as transformers reads it."""
    for library in ("gguf", "accelerate"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    try:
        path: Path = find_weights()
    except (ModuleNotFoundError, FileNotFoundError) as missing:
        pytest.skip(str(missing))
    model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    from despin.lm.gguf import GGUF

    about = GGUF.open(path).metadata
    tokenizer = fast_tokenizer(about["tokenizer.ggml.tokens"], about["tokenizer.ggml.merges"], "<|endoftext|>")
    return load(), CausalLM(model.eval(), tokenizer)


TEXT = "The patient was treated for breast cancer in 1998; she didn't need surgery.\n\nNaïve “quotes”, 3.5 mg of it."


@pytest.mark.slow
def test_both_read_a_text_alike_word_by_word(both: tuple[SmolLM2, CausalLM]) -> None:
    (starts, ours), (other_starts, theirs) = (model.word_log_probs(TEXT) for model in both)
    assert starts.tolist() == other_starts.tolist()
    assert ours == pytest.approx(theirs, abs=0.01)


@pytest.mark.slow
def test_both_judge_wordings_alike(both: tuple[SmolLM2, CausalLM]) -> None:
    windows = [
        Window(("monitoring", "of"), (("important", "signs,"), ("vital", "signs,")), ("such", "as", "blood")),
        Window(("a", "history", "of"), (("bosom", "malignancy"), ("breast", "cancer"), ()), ("", "She")),
        Window((), (("Profound", "learning"), ("Deep", "learning")), ("has", "changed", "the", "field")),
    ]
    ours, theirs = (model.log_probs(windows) for model in both)
    assert np.concatenate(ours) == pytest.approx(np.concatenate(theirs), abs=0.01)
