"""Many texts on this machine. Start reading at `repair_many`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Sized
from functools import partial
from typing import Any

import click

from despin.batch.options import BatchError
from despin.batch.pool import DIED, Died, in_order
from despin.pipeline import repair
from despin.results import Repair
from despin.settings import SettingsError
from despin.values import Refusal

# The rule of the one refusal that a text has which could not be repaired.
REFUSED = "batch.refused"


def repair_many(
    texts: Iterable[str], workers: int = 2, progress: bool = True, strict: bool = False, **settings: Any
) -> Iterator[Repair]:
    """Repair texts in order, with `workers` processes; the results are the same whatever their number.

    A text that cannot be repaired does not stop the others: it comes back as it was, with no score and with one
    refusal, of the rule "batch.refused", that says why. So does one on which worker processes die. What is no str at
    all comes back as the empty text. With `strict` such a text ends the iteration with its error, after those before.

    progress: show a bar on standard error, where that is a terminal. settings: those of `despin.repair`; they must be
    picklable. Raises SettingsError for fewer than one worker and for a setting that has no such value, TypeError for
    one that `repair` does not have.
    """
    if workers < 1:
        raise SettingsError(f"workers={workers}: at least one process is needed")
    if isinstance(texts, str):
        raise SettingsError("repair_many takes several texts; put the one text into a list, or call despin.repair")
    inspect.signature(repair).bind("", **settings)  # a slip in their names is no fault of each text
    work = partial(_repair, strict=strict, **settings)
    found: Iterator[Repair | Died[str]] = map(work, texts) if workers == 1 else in_order(work, texts, workers)
    return _shown(_living(found, strict), texts, progress)


def _shown(repairs: Iterator[Repair], texts: Iterable[str], progress: bool) -> Iterator[Repair]:
    """The repairs, with a bar on standard error where that is wanted and a terminal."""
    if not progress or not sys.stderr.isatty():
        yield from repairs
        return
    length = len(texts) if isinstance(texts, Sized) else None
    with click.progressbar(repairs, length=length, label="repairing", file=sys.stderr) as shown:
        yield from shown


def _repair(text: str, strict: bool, **settings: Any) -> Repair:
    """The repair of a text, or of one that cannot be repaired what says why."""
    try:
        return repair(text, **settings)
    except SettingsError:  # no fault of the text
        raise
    except Exception as error:  # whatever it is: one text must not end a run over millions
        if strict:
            raise
        return _left_alone(text, f"{type(error).__name__}: {error}")


def _living(found: Iterator[Repair | Died[str]], strict: bool) -> Iterator[Repair]:
    for result in found:
        if not isinstance(result, Died):
            yield result
        elif strict:
            raise BatchError(f"a text cannot be repaired: {DIED}")
        else:
            yield _left_alone(result.item, DIED)


def _left_alone(text: object, reason: str) -> Repair:
    """A repair that changes nothing and says why."""
    original = text if isinstance(text, str) else ""
    return Repair(original, original, (), (Refusal(0, 0, "", "", REFUSED, 0.0, reason),), "")
