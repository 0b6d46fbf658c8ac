"""Work in other processes: in order, no item lost when a process dies. Start with `in_order`.

Unlike `concurrent.futures` it knows which item a process that died was at, and does only that one again: its pool fails
as a whole then, and can wait for ever for a result that was half sent.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from despin.batch.options import BatchError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Items that a process has at hand: the one that it works at, and the next, so that it never waits for its parent.
AT_HAND = 2
# Items that are read ahead of the one whose result is given out next, for each process: enough that none waits for a
# slow one, few enough that an endless stream of items is read no faster than it is worked off.
AHEAD = 4
# Tries that an item gets. A process can be killed from outside, which is no fault of the item; twice is no chance.
TRIES = 2
# What is said of an item on which that many processes died.
DIED = "the process that worked at it died, twice"
# Seconds in which a process that was told to end does so.
PATIENCE = 0.2


@dataclass(frozen=True, slots=True)
class Died(Generic[Item]):
    """The item on which worker processes died, as often as it was tried."""

    item: Item


@dataclass(slots=True)
class _Job(Generic[Item]):
    number: int
    item: Item
    tries: int = 0


@dataclass(slots=True, eq=False)
class _Worker(Generic[Item]):
    process: BaseProcess
    connection: Connection
    jobs: deque[_Job[Item]] = field(default_factory=deque)
    is_ready: bool = False


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, start_method: str | None = None
) -> Iterator[Result | Died[Item]]:
    """`function` of each item, in order, by `workers` processes.

    function, items and results must be picklable. start_method: "fork", "spawn", "forkserver" or the platform's own.
    What the function raises is raised in its place; an error of `items` itself comes after the results of all that was
    read before it. Raises BatchError where processes cannot be started.
    """
    crew = _Crew(function, workers, start_method)
    source = enumerate(items)
    failure: BaseException | None = None
    read = given = 0
    finished = False
    try:
        while True:
            while not finished and read - given < workers * AHEAD:
                try:
                    number, item = next(source)
                except StopIteration:
                    finished = True
                except Exception as error:
                    finished, failure = True, error
                else:
                    read += 1
                    crew.todo.append(_Job(number, item))
                    crew.give()
            if given == read:
                break
            while given not in crew.done:
                crew.give()
                crew.take()
            result, raised = crew.done.pop(given)
            given += 1
            if raised is not None:
                raise raised
            yield result
    finally:
        crew.stop()
    if failure is not None:
        raise failure


class _Crew(Generic[Item, Result]):
    """Some worker processes, what waits for them, and what they have done. They are started when there is work."""

    def __init__(self, function: Callable[[Item], Result], size: int, start_method: str | None) -> None:
        self.function = function
        self.size = size
        self.context: Any = multiprocessing.get_context(start_method)
        self.workers: list[_Worker[Item]] = []
        self.todo: deque[_Job[Item]] = deque()
        self.done: dict[int, tuple[Any, BaseException | None]] = {}

    def give(self) -> None:
        """Give work to whoever has too little, one item at a time so that all get some."""
        for at_hand in range(AT_HAND):
            while self.todo and len(self.workers) < self.size:
                self._start()
            for worker in self.workers:
                if self.todo and len(worker.jobs) <= at_hand:
                    job = self.todo.popleft()
                    worker.jobs.append(job)
                    # a worker that is gone is noticed by `take`
                    with contextlib.suppress(OSError):
                        worker.connection.send((job.number, job.item))

    def take(self) -> None:
        """Wait until some worker says something, or dies."""
        for ready in wait([worker.connection for worker in self.workers]):
            worker = next(worker for worker in self.workers if worker.connection is ready)
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if message is None:
                worker.is_ready = True
                continue
            number, result, error = message
            worker.jobs.popleft()
            self.done[number] = result, error

    def stop(self) -> None:
        """End all processes; what they are at is lost."""
        for worker in self.workers:
            worker.connection.close()
        # those started later may hold copies of the ends of those before them
        for worker in reversed(self.workers):
            worker.process.join(PATIENCE)
            if worker.process.is_alive():
                worker.process.terminate()
            worker.process.join()
        self.workers.clear()

    def _start(self) -> None:
        here, there = self.context.Pipe()
        process = self.context.Process(target=_work, args=(self.function, there), daemon=True)
        with _without_interrupts():
            process.start()
        # the worker's end must be open in the worker alone, or its death would not close it
        there.close()
        self.workers.append(_Worker(process, here))

    def _bury(self, worker: _Worker[Item]) -> None:
        worker.process.join()
        worker.connection.close()
        self.workers.remove(worker)
        if not worker.is_ready:
            raise BatchError(
                f"a worker process ended before it began (exit code {worker.process.exitcode}); a program that uses "
                "several processes needs `if __name__ == '__main__':` around what it runs"
            )
        if worker.jobs:
            # they are worked off in order: it was at the first one
            worker.jobs[0].tries += 1
            if worker.jobs[0].tries == TRIES:
                job = worker.jobs.popleft()
                self.done[job.number] = Died(job.item), None
        self.todo.extendleft(reversed(worker.jobs))


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait, here and in a process that is started meanwhile: it would end that one before its first line."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(function: Callable[[Any], Any], connection: Connection) -> None:
    """A worker process: do what comes, in order, until the parent closes the connection or is gone."""
    # Ctrl-C goes to every process of a terminal; the parent decides what it means. One that came while this process
    # was started (see `_without_interrupts`) is forgotten here, so programs started by the function can have theirs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    connection.send(None)
    jobs: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, jobs), daemon=True).start()
    while True:
        number, item = jobs.get()
        result, error = None, None
        try:
            result = function(item)
        except Exception as raised:
            error = _portable(raised)
        try:
            connection.send((number, result, error))
        except OSError:  # the parent is gone, or wants no more
            return
        except Exception as raised:  # what cannot be pickled
            connection.send(
                (number, None, BatchError(f"{error or raised!r} (while it was sent to the parent process)"))
            )


def _portable(error: Exception) -> Exception:
    """The error, or what it says where it would not come through to another process."""
    try:
        return error if type(pickle.loads(pickle.dumps(error))) is type(error) else BatchError(repr(error))
    except Exception:
        return BatchError(repr(error))


def _receive(connection: Connection, jobs: queue.SimpleQueue[tuple[int, Any]]) -> None:
    """Take work as it comes, so that the parent never waits for a worker; end the process with its parent."""
    parent = multiprocessing.parent_process()
    watched: list[Any] = [connection] + ([parent.sentinel] if parent is not None else [])
    try:
        while connection in wait(watched):
            jobs.put(connection.recv())
    except (EOFError, OSError):
        pass
    # Not sys.exit: the main thread waits for work. Nothing is buffered that would be lost.
    os._exit(0)
