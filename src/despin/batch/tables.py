"""Documents in columns: one plain function for every engine that works on tables. Start with `repair_columns`.

`datasets.map(batched=True)` hands over a dict of lists and takes one back; Polars, pandas and Arrow tables make one.
Nothing here needs any of those packages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from despin.batch.formats import Unfit
from despin.batch.options import BatchError, Options, Treat
from despin.batch.units import treated
from despin.edits import undo
from despin.values import DespinError

# The added columns beside score and verdict: what undoes the repair, and why a text was not repaired.
RECORD, REFUSED = "record", "refused"


def repair_columns(
    columns: Mapping[str, Sequence[Any]], treat: Treat | None = None, **settings: Any
) -> dict[str, Sequence[Any]]:
    """Repair the texts of one column; all other columns are handed through as they are.

    columns: sequences of one length by name. settings: those of `despin.batch.options.Options`, such as `text_column`,
    `level`, `score_only`, `prefix`; which rows to keep is left to the caller. treat: what is done to a text, in place
    of what the settings say.

    The added columns are `despin_score`, `despin_verdict`, `despin_record` (what undoes the repair, JSON; see
    `undo_columns`) and `despin_refused`: why a text was left as it is, where it is no string, is too long or cannot be
    repaired; it has no score then. A row never stops the others. Raises BatchError for a column that is missing.

    >>> found = repair_columns({"text": ["Bosom malignancy is found early.", None], "year": [1, 2]}, level="bold")
    >>> found["text"], found["year"], found["despin_refused"]
    (['Breast cancer is found early.', None], [1, 2], [None, 'it is no text, but NoneType'])
    """
    options = Options(**settings)
    treat = treat or options.treat()
    texts = _column(columns, options.text_column)
    added = [_row(text, options, treat) for text in texts]
    names = [options.text_column, *_added(options.prefix)]
    found = {name: [row[place] for row in added] for place, name in enumerate(names)}
    return {**columns, **found}


def undo_columns(
    columns: Mapping[str, Sequence[Any]], text_column: str = "text", prefix: str = "despin_"
) -> dict[str, Sequence[Any]]:
    """The columns before `repair_columns`, from what it gave alone.

    Raises BatchError for a column that is missing, TextMismatch for a text that was changed since.
    """
    records = _column(columns, prefix + RECORD)
    texts = [
        text if record is None else undo(text, record)
        for text, record in zip(_column(columns, text_column), records, strict=True)
    ]
    return {
        name: texts if name == text_column else values for name, values in columns.items() if name not in _added(prefix)
    }


def _added(prefix: str) -> list[str]:
    return [f"{prefix}{name}" for name in ("score", "verdict", RECORD, REFUSED)]


def _row(text: Any, options: Options, treat: Treat) -> tuple[Any, float | None, str | None, str | None, str | None]:
    """The text, and what stands in the added columns."""
    try:
        if not isinstance(text, str):
            raise Unfit(f"it is no text, but {type(text).__name__}")
        repair, score = treated(text, options, treat)
        record = repair.to_json() if any(step.edits for step in repair.steps) else None
        if record is not None and undo(repair.text, record) != text:
            raise Unfit("its repair could not be undone exactly")
    except (Unfit, DespinError) as error:
        return text, None, None, None, str(error)
    # a str of numpy would not be a str to every engine
    return str(repair.text), score.probability, score.verdict, record, None


def _column(columns: Mapping[str, Sequence[Any]], name: str) -> Sequence[Any]:
    if name not in columns:
        raise BatchError(f"there is no column {name!r}, but {', '.join(map(repr, list(columns)[:8]))}")
    return columns[name]
