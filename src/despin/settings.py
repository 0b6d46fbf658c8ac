"""Thresholds, each with its reason, and the named levels that choose among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from despin.values import DespinError

VERSION = "0.1.0"

# All rules under which something is found, by kind of damage: names that a caller may leave out.
RULES = {
    "citations": "bracketed glued list orphan".split(),
    "debris": "anchor doubled".split(),
    "figures": "groups measured number ordinal sum word year".split(),
    "lines": "hyphen joined".split(),
    "ocr": "join letters split word".split(),
    "remains": "form spun_form title".split(),
    "spin": "common map pair".split(),
    "surface": "apostrophe control ligature long_s look_alike mojibake nfc parted_ligature quote soft_hyphen "
    "zero_width".split(),
}


class SettingsError(DespinError):
    """A setting has a value that despin does not know. The message lists those that it knows."""


@dataclass(frozen=True, slots=True)
class Level:
    """How sure an edit must be.

    damaged: the share of documents, 0 to 1, that are taken to be damaged before anything is known of one. In a crawl
        it is a few in a hundred; who repairs boldly has chosen the documents.
    confidence: least probability, 0 to 1, that the wording put in is nearer to the original than what stood there.
    meaning_nats: evidence that an edit needs on top where it would change a negation, quantity, frequency, modality,
        number or unit: one trace alone must not turn "hardly ever" into "never".
    """

    name: str
    damaged: float
    confidence: float
    meaning_nats: float


# The budgets of words changed in clean modern text are 1 in 20,000 (safe), 5,000 (balanced) and 1,000 (bold);
# `python -m benchmarks.damage` measures them by register; confidence and share were chosen so that they are kept.
LEVELS = {
    "safe": Level("safe", 0.04, 0.95, 4.0),
    "balanced": Level("balanced", 0.05, 0.7, 2.5),
    "bold": Level("bold", 0.3, 0.5, 1.0),
}


def level_named(name: str) -> Level:
    """The level called `name`. Raises SettingsError naming the levels there are."""
    try:
        return LEVELS[name]
    except (KeyError, TypeError):
        raise SettingsError(f"level {name!r} is not known; use one of {', '.join(LEVELS)}") from None


def rules_named(names: Iterable[str]) -> frozenset[str]:
    """The rules of these names, such as "spin.pair"; "spin" names all of its kind.

    Raises SettingsError for a name that no rule has, with those that are near it.
    """
    if isinstance(names, str):
        names = (names,)
    known = {f"{kind}.{rule}": kind for kind, rules in RULES.items() for rule in rules}
    found: set[str] = set()
    for name in names:
        rules = [rule for rule, kind in known.items() if name in (rule, kind)]
        if not rules:
            near = get_close_matches(str(name), [*known, *RULES]) or sorted(RULES)
            raise SettingsError(f"rule {name!r} is not known; use {' or '.join(near)}")
        found.update(rules)
    return frozenset(found)
