"""Work in other processes: order, errors, endless streams, processes that die."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from despin.batch.options import BatchError
from despin.batch.pool import AHEAD, Died, in_order


def double(number: int) -> int:
    """Twice the number, after a while that is longer for smaller ones."""
    time.sleep(0.01 / (number + 1))
    return 2 * number


class Odd(Exception):
    """An error that cannot be made again from its arguments."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"odd {first + second}")


def troubled(number: int) -> object:
    """Raises for some numbers, and ends the process for others."""
    if number == 3:
        raise ValueError("three")
    if number == 4:
        raise Odd(1, 3)
    if number == 5:
        return lambda: None  # what no pickle takes
    if number >= 100:
        os._exit(number - 100)
    return number


def once(path: str) -> str:
    """Ends the process where the file is not there yet."""
    if not Path(path).exists():
        Path(path).touch()
        os._exit(1)
    return path


def big(number: int) -> bytes:
    """More than a pipe holds."""
    return bytes([number]) * 3_000_000


@pytest.mark.parametrize("start_method", ["fork", "spawn", "forkserver", None])
@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order(workers: int, start_method: str | None) -> None:
    assert list(in_order(double, range(20), workers, start_method)) == [2 * number for number in range(20)]


def test_nothing_to_do_starts_nothing() -> None:
    assert list(in_order(double, [], 2)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_endless_stream_is_read_as_it_is_worked_off(workers: int) -> None:
    read = itertools.count()
    results = in_order(double, read, workers)
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    results.close()  # type: ignore[attr-defined]
    assert next(read) <= 3 + workers * AHEAD


def test_items_and_results_of_any_size() -> None:
    assert [len(one) for one in in_order(big, range(10), 2)] == [3_000_000] * 10  # type: ignore[arg-type]
    items = [bytes(3_000_000)] * 10
    assert list(in_order(len, items, 2)) == [3_000_000] * 10


@pytest.mark.parametrize(
    ("number", "error", "message"),
    [(3, ValueError, "three"), (4, BatchError, "odd 4"), (5, BatchError, "pickle")],
)
def test_an_error_comes_where_its_item_stands(number: int, error: type[Exception], message: str) -> None:
    results = in_order(troubled, [0, 1, number, 2], 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(error, match=message):
        next(results)


def test_an_error_of_the_items_comes_after_what_was_read() -> None:
    def broken() -> Iterator[int]:
        yield from range(5)
        raise OSError("the disk is gone")

    results = in_order(double, broken(), 2)
    assert list(itertools.islice(results, 5)) == [0, 2, 4, 6, 8]
    with pytest.raises(OSError, match="the disk is gone"):
        next(results)


@pytest.mark.parametrize("workers", [1, 2])
def test_only_the_item_that_ends_its_process_is_lost(workers: int) -> None:
    items = [0, 100, 1, 2, 109, 6, 7, 8, 9]
    assert list(in_order(troubled, items, workers)) == [0, Died(100), 1, 2, Died(109), 6, 7, 8, 9]


def test_an_item_is_tried_again_in_a_new_process(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in "abcdef"]
    assert list(in_order(once, paths, 2)) == paths


def test_processes_that_cannot_begin_are_no_fault_of_the_item() -> None:
    class Unloadable:
        def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
            return os._exit, (3,)

        def __call__(self, item: int) -> int:
            return item

    with pytest.raises(
        BatchError, match=r"a worker process ended before it began \(exit code 3\); a program that uses"
    ):
        list(in_order(Unloadable(), [1], 1, "spawn"))


def test_runs_in_several_threads_do_not_disturb_each_other() -> None:
    found: dict[int, list[object]] = {}

    def work(start: int) -> None:
        found[start] = list(in_order(double, range(start, start + 10), 2))

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {start: [2 * number for number in range(start, start + 10)] for start in (0, 100, 200)}
