"""Many texts on this machine. Start reading at `repair_many`."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import click

from despin.pipeline import repair
from despin.results import Repair
from despin.settings import SettingsError

# Texts that are under way for each worker: enough that none waits, few enough that an endless stream of texts is read
# no faster than it is repaired.
AHEAD = 4


def repair_many(texts: Iterable[str], workers: int = 2, progress: bool = True, **settings: Any) -> Iterator[Repair]:
    """Repair texts in order, with `workers` processes; the results are the same whatever their number.

    progress: show a bar on standard error, where that is a terminal. settings: those of `despin.repair`; they must be
    picklable. Raises SettingsError for fewer than one worker, and what `repair` raises for a text that is none.
    """
    if workers < 1:
        raise SettingsError(f"workers={workers}: at least one process is needed")
    if isinstance(texts, str):
        raise SettingsError("repair_many takes several texts; put the one text into a list, or call despin.repair")
    return _shown(_one_by_one(texts, settings) if workers == 1 else _shared(texts, workers, settings), texts, progress)


def _shown(repairs: Iterator[Repair], texts: Iterable[str], progress: bool) -> Iterator[Repair]:
    """The repairs, with a bar on standard error where that is wanted and a terminal."""
    if not progress or not sys.stderr.isatty():
        yield from repairs
        return
    length = len(texts) if isinstance(texts, Sized) else None
    with click.progressbar(repairs, length=length, label="repairing", file=sys.stderr) as shown:
        yield from shown


def _one_by_one(texts: Iterable[str], settings: dict[str, Any]) -> Iterator[Repair]:
    for text in texts:
        yield repair(text, **settings)


def _shared(texts: Iterable[str], workers: int, settings: dict[str, Any]) -> Iterator[Repair]:
    waiting: deque[Future[Repair]] = deque()
    source = iter(texts)
    failure: Exception | None = None
    with ProcessPoolExecutor(workers) as pool:
        try:
            while True:
                try:
                    text = next(source)
                except StopIteration:
                    break
                except Exception as error:  # the reader's own: what was read before it is delivered first
                    failure = error
                    break
                waiting.append(pool.submit(repair, text, **settings))
                if len(waiting) >= workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
    if failure is not None:
        raise failure
