"""Any causal language model of the library `transformers` as a context model, for those who have a GPU.

    model = AutoModelForCausalLM.from_pretrained(...).to("cuda").eval()
    despin.repair(text, context=CausalLM(model, AutoTokenizer.from_pretrained(...)))

Nothing is downloaded or moved here: model and tokenizer are the caller's. Start reading at `CausalLM.log_probs`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from despin.context import DECIMALS, FloatArray, IntArray, Window
from despin.lm.smollm2 import OVERLAP, STRIDE, WORD, render, visible_right
from despin.settings import SettingsError

# Words of the left context that are read: here each wording reads them anew.
LEFT_WORDS = 64


@dataclass(frozen=True, slots=True)
class _Text:
    """Tokens to read, of which those from `first` on are scored."""

    tokens: Sequence[int]
    first: int


class CausalLM:
    """A model and a tokenizer of transformers; see `despin.context.ContextModel`.

    name: what signatures call the model; by default its name or path, with the commit where it came from the hub.
    batch: texts that are read at once. The tokenizer must be a fast one, since the offsets of its tokens are needed.
    Texts begin with the tokenizer's mark for it, or where it has none with the mark that ends one. Raises SettingsError
    for a tokenizer that cannot serve.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str | None = None, batch: int = 16) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise SettingsError("the tokenizer tells no offsets; load it with use_fast=True")
        begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        if begin is None:
            raise SettingsError("the tokenizer has neither a begin nor an end mark; set its bos_token")
        commit = getattr(model.config, "_commit_hash", None)
        path = model.config.name_or_path or type(model).__name__
        self.name = name or (f"{path}@{commit[:12]}" if commit else path)
        self._model = model
        self._tokenizer = tokenizer
        self._begin = int(begin)
        self._batch = batch

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        """See `ContextModel.log_probs`; up to `LEFT_WORDS` words before the slot are read."""
        texts = [text for window in windows for text in self._texts(window)]
        sums = [float(scores.sum()) for scores in self._scores(texts)]
        ends = np.cumsum([len(window.wordings) for window in windows], dtype=np.int64)
        return np.split(np.round(sums, DECIMALS), ends[:-1]) if windows else []

    def word_log_probs(self, text: str) -> tuple[IntArray, FloatArray]:
        """Offset and ln p of each word of `text`; see `despin.lm.SmolLM2.word_log_probs`."""
        found = list(WORD.finditer(text))
        plain = "".join(" " + word.group() for word in found)
        encoded = self._tokenizer(plain, add_special_tokens=False, return_offsets_mapping=True)
        tokens, last = encoded["input_ids"], [end - 1 for _, end in encoded["offset_mapping"]]
        # a token belongs to the word in which it ends; some tokenizers give the blank before a word a token of its own
        starts = np.cumsum([0, *(len(word.group()) + 1 for word in found)])
        word_of = np.searchsorted(starts, last, "right") - 1
        pieces = [
            _Text(tokens[max(at - OVERLAP, 0) : at + STRIDE], min(at, OVERLAP)) for at in range(0, len(tokens), STRIDE)
        ]
        scores = np.concatenate([np.zeros(0), *self._scores(pieces)])
        sums = np.bincount(word_of, scores, len(found)) if len(tokens) else np.zeros(len(found))
        return np.array([word.start() for word in found], np.int64), np.round(sums, DECIMALS)

    def _texts(self, window: Window) -> list[_Text]:
        """The window's wordings with what stands around them. Scored is what follows the tokens of the left context."""
        left = render(window.left[-LEFT_WORDS:]).removeprefix(".")
        right = visible_right(window)
        before = self._encode(left)
        texts = []
        for wording in window.wordings:
            tokens = self._encode(left + render(wording + right))
            same = (one == other for one, other in zip(before, tokens, strict=False))
            texts.append(_Text(tokens, sum(itertools.takewhile(bool, same))))
        # where a wording runs into the left context's last token, the others pay for that token too
        first = min((text.first for text in texts), default=0)
        return [_Text(text.tokens, first) for text in texts]

    def _encode(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def _scores(self, texts: Sequence[_Text]) -> Iterator[FloatArray]:
        """ln p of the scored tokens of each text, in order; texts of like length are read together."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number].tokens))
        scores: list[FloatArray] = [np.zeros(0)] * len(texts)
        for at in range(0, len(order), self._batch):
            numbers = order[at : at + self._batch]
            read = self._read([texts[number] for number in numbers])
            for number, part in zip(numbers, read, strict=True):
                scores[number] = part
        return iter(scores)

    def _read(self, texts: Sequence[_Text]) -> list[FloatArray]:
        import torch  # with the caller's model it is there; despin itself does not need it

        longest = max(len(text.tokens) for text in texts) + 1
        ids = torch.full((len(texts), longest), self._begin)
        known = torch.zeros((len(texts), longest), dtype=torch.long)
        for row, text in enumerate(texts):
            ids[row, 1 : len(text.tokens) + 1] = torch.tensor(text.tokens, dtype=torch.long)
            known[row, : len(text.tokens) + 1] = 1
        device = self._model.device
        with torch.inference_mode():
            logits = self._model(input_ids=ids.to(device), attention_mask=known.to(device)).logits
            # row i of the logits tells what follows token i, and the begin mark is token 0
            return [
                torch.log_softmax(logits[row, text.first : len(text.tokens)].float(), -1)
                .gather(1, ids[row, text.first + 1 : len(text.tokens) + 1, None].to(device))[:, 0]
                .cpu()
                .numpy()
                .astype(np.float64)
                for row, text in enumerate(texts)
            ]
