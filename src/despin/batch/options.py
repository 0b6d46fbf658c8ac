"""What a batch run is asked to do: one plain value that every worker gets and that the run's manifest records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from despin import pipeline
from despin.own import words_of
from despin.reranking import model_named
from despin.resources import Resources, load_resources
from despin.results import Repair, Scores
from despin.settings import SettingsError, level_named, rules_named
from despin.values import DespinError

VERDICTS = ("flag", "no-flag", "abstain")
KEEP_ALL = "all"

Treat = Callable[[str], Repair]
"""What is done to one text. It must be picklable, and give the same result for the same text in every process."""


class BatchError(DespinError):
    """A batch run cannot begin, or cannot go on. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of a run that decide what it writes.

    level, context, protect, without: those of `despin.repair`. maps, words, confusions: paths of files of one's own,
    see `despin.load_resources`. score_only: write scores, change no text.
    keep: the verdicts whose records are kept, or ("all",); the others are set aside.
    text_column, id_column: where a record's text and name stand. A record without an id is named after its place.
    prefix: what the names of the added columns begin with.
    max_chars: code points of the longest text that is treated; a longer one is rejected.
    delimiter: what stands between the fields of a .csv file; .tsv files have tabs.
    """

    level: str = "balanced"
    context: str = "default"
    protect: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    confusions: tuple[str, ...] = ()
    score_only: bool = False
    keep: tuple[str, ...] = (KEEP_ALL,)
    text_column: str = "text"
    id_column: str = "id"
    prefix: str = "despin_"
    # A text of this length takes about 100 MB to repair.
    max_chars: int = 1_000_000
    delimiter: str = ","

    def __post_init__(self) -> None:
        level_named(self.level)
        rules_named(self.without)
        if unknown := sorted(set(self.keep) - {*VERDICTS, KEEP_ALL}):
            raise SettingsError(f"keep {unknown[0]!r} is not known; use {', '.join(VERDICTS)} or {KEEP_ALL}")
        if not self.keep:
            raise SettingsError(f"keep names nothing; use {', '.join(VERDICTS)} or {KEEP_ALL}")
        if self.max_chars < 1:
            raise SettingsError(f"max_chars={self.max_chars}: at least 1 is needed")
        if not re.fullmatch("[A-Za-z0-9_.-]*", self.prefix):
            raise SettingsError(f"prefix {self.prefix!r}: use letters, digits and the marks . _ - only")
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n' or not self.delimiter.isascii():
            raise SettingsError(f"delimiter {self.delimiter!r}: one ASCII character is needed, no quote, no line end")

    @property
    def score_column(self) -> str:
        """The column of the probability, 0 to 1, that the text as it came was rewritten."""
        return f"{self.prefix}score"

    @property
    def verdict_column(self) -> str:
        """The column of the verdict on the text as it came."""
        return f"{self.prefix}verdict"

    @property
    def most_bytes(self) -> int:
        """Bytes of the longest record that is read: its text at six bytes a character, and a million for the rest."""
        # six: what JSON's longest escape takes, \u0000
        return 6 * self.max_chars + 1_000_000

    def keeps(self, verdict: str) -> bool:
        """Whether a record with this verdict stays in the output."""
        return KEEP_ALL in self.keep or verdict in self.keep

    def values(self) -> dict[str, Any]:
        """All settings as JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Options:
        """What `values` gave."""
        read: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**read)

    def signature(self) -> str:
        """The version, data and model that a run with these options uses; the options themselves stand beside it.

        Raises SettingsError for a context model that is not there. (Undoing needs none, so it is not looked for when
        the options are made.)
        """
        model = model_named(self.context)
        return self.resources().signature + (f" context:{model.name}" if model else "")

    def treat(self) -> Treat:
        """What these options ask to be done to a text."""
        resources = self.resources()
        if self.score_only:
            return partial(score_only, context=self.context, resources=resources)
        return partial(
            pipeline.repair,
            level=self.level,
            context=self.context,
            protect=self.protect,
            without=self.without,
            resources=resources,
        )

    def resources(self) -> Resources:
        """The shipped tables with those of one's own. Raises TableError for a file that cannot be used."""
        return load_resources(maps=self.maps, words=words_of(self.words), confusions=self.confusions)


def score_only(text: str, context: str, resources: Resources) -> Repair:
    """A repair without edits, that has the score."""
    score = pipeline.score(text, context, resources=resources)
    return Repair(text, text, (), (), score.signature, Scores(score, score))
