"""despin finds machine-rewritten English, puts the original wording back, and can undo every change.

The public names. Importing runs and loads nothing: each name is looked up in its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from despin import plots as plots
    from despin.batch.local import repair_many as repair_many
    from despin.decisions import repair_as_decided as repair_as_decided
    from despin.detect import numerals as numerals
    from despin.edits import DependentEdits as DependentEdits
    from despin.edits import EditError as EditError
    from despin.edits import OffsetMap as OffsetMap
    from despin.edits import Record as Record
    from despin.edits import RecordError as RecordError
    from despin.edits import SchemaError as SchemaError
    from despin.edits import TextMismatch as TextMismatch
    from despin.edits import replay as replay
    from despin.edits import undo as undo
    from despin.learning import LearnedMap as LearnedMap
    from despin.learning import learn_map as learn_map
    from despin.pipeline import find as find
    from despin.pipeline import normalize_citations as normalize_citations
    from despin.pipeline import passages as passages
    from despin.pipeline import repair as repair
    from despin.pipeline import score as score
    from despin.pipeline import suggest as suggest
    from despin.resources import Resources as Resources
    from despin.resources import load_resources as load_resources
    from despin.results import PassageScore as PassageScore
    from despin.results import Repair as Repair
    from despin.results import Score as Score
    from despin.settings import VERSION
    from despin.settings import SettingsError as SettingsError
    from despin.tables import TableError as TableError
    from despin.tokens import Token as Token
    from despin.tokens import Tokens as Tokens
    from despin.tokens import tokenize as tokenize
    from despin.values import Alternative as Alternative
    from despin.values import DespinError as DespinError
    from despin.values import Edit as Edit
    from despin.values import Evidence as Evidence
    from despin.values import Finding as Finding
    from despin.values import Refusal as Refusal
    from despin.values import Step as Step
    from despin.values import Suggestion as Suggestion

    __version__ = VERSION

# module -> the public names that live there
_MODULES = {
    "batch.local": "repair_many",
    "decisions": "repair_as_decided",
    "edits": "DependentEdits EditError OffsetMap Record RecordError SchemaError TextMismatch replay undo",
    "learning": "LearnedMap learn_map",
    "pipeline": "find normalize_citations passages repair score suggest",
    "resources": "Resources load_resources",
    "results": "PassageScore Repair Score",
    "settings": "SettingsError",
    "tables": "TableError",
    "tokens": "Token Tokens tokenize",
    "values": "Alternative DespinError Edit Evidence Finding Refusal Step Suggestion",
}
_HOMES = {name: (module, name) for module, names in _MODULES.items() for name in names.split()} | {
    "__version__": ("settings", "VERSION"),
    "numerals": ("detect.numerals", ""),
    "plots": ("plots", ""),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'despin' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    home = import_module(f"despin.{module}")
    return getattr(home, attribute) if attribute else home


def __dir__() -> list[str]:
    return sorted(_HOMES)
