"""despin finds machine-rewritten English, puts the original wording back, and can undo every change.

The public names. Importing runs and loads nothing: each name is looked up in its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from despin.detect import numerals
    from despin.edits import DependentEdits, EditError, OffsetMap, Record, RecordError, SchemaError, TextMismatch, replay, undo
    from despin.pipeline import find, normalize_citations, passages, repair, score
    from despin.results import PassageScore, Repair, Score
    from despin.settings import VERSION as __version__
    from despin.settings import SettingsError
    from despin.tables import TableError
    from despin.tokens import Token, Tokens, tokenize
    from despin.values import Alternative, DespinError, Edit, Evidence, Finding, Refusal, Step, Suggestion

# public name -> module and name there
_HOMES = {
    "__version__": ("settings", "VERSION"),
    "numerals": ("detect.numerals", ""),
    **{name: ("edits", name) for name in ("DependentEdits", "EditError", "OffsetMap", "Record", "RecordError", "SchemaError", "TextMismatch", "replay", "undo")},
    **{name: ("pipeline", name) for name in ("find", "normalize_citations", "passages", "repair", "score")},
    **{name: ("results", name) for name in ("PassageScore", "Repair", "Score")},
    "SettingsError": ("settings", "SettingsError"),
    "TableError": ("tables", "TableError"),
    **{name: ("tokens", name) for name in ("Token", "Tokens", "tokenize")},
    **{name: ("values", name) for name in ("Alternative", "DespinError", "Edit", "Evidence", "Finding", "Refusal", "Step", "Suggestion")},
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    try:
        module, attribute = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'despin' has no attribute {name!r}") from None
    home = import_module(f"despin.{module}")
    value = getattr(home, attribute) if attribute else home
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
