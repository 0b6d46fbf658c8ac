"""A batch run: input files in, the same files repaired out, and nothing lost on the way. Start with `run`."""

from __future__ import annotations

import errno
import json
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from despin.batch import parquet
from despin.batch.options import BatchError, Options, Treat
from despin.batch.parquet import TableBlock
from despin.batch.pool import DIED, Died, in_order
from despin.batch.shards import FORMATS, Changed, End, Position, Shard, Stamp, find_shards, kind_of, read_blocks
from despin.batch.store import Progress, Store, described, read_manifest
from despin.batch.streams import Unreadable
from despin.batch.units import Block, Tally, Treated, rejected, treat_block
from despin.settings import SettingsError

# Seconds of work that a run loses at most when it is killed.
CHECKPOINT_SECONDS = 1.0

_CHANGED = "{} has changed since it was read; begin again in a new folder"

Say = Callable[[str], None]
"""Where messages for people go, a line each."""


class Target(Protocol):
    """Where the results go: a `Store`, or nowhere."""

    is_complete: bool
    done: dict[str, dict[str, Any]]
    stamps: dict[str, Stamp]
    progress: Progress
    current: str
    runs: int

    @property
    def seconds(self) -> float:
        """Time that the run took so far."""

    def open(self, shard: Shard) -> None:
        """Begin a file, or go on with it."""

    def append(self, treated: Treated, position: Position) -> None:
        """Take what came of a block."""

    def forget(self) -> None:
        """Throw away what was written of the file."""

    def finish(self, shard: Shard, end: End) -> None:
        """The file is complete."""

    def set_aside(self, shard: Shard, reason: str) -> None:
        """The file cannot be used."""

    def complete(self, begin: Mapping[str, Any], stats: Mapping[str, Any]) -> None:
        """The run is complete."""

    def close(self) -> None:
        """No more comes."""


class Nowhere:
    """Where the results of a dry run go: they are counted."""

    def __init__(self) -> None:
        self.is_complete = False
        self.done: dict[str, dict[str, Any]] = {}
        self.stamps: dict[str, Stamp] = {}
        self.progress, self.current, self.runs = Progress(), "", 1
        self._tally: Tally = Counter()
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """See `Target`."""
        return time.monotonic() - self._began

    def open(self, shard: Shard) -> None:
        """See `Target`."""
        self._tally = Counter()

    def append(self, treated: Treated, position: Position) -> None:
        """See `Target`."""
        self._tally.update(treated.tally)

    def forget(self) -> None:
        """See `Target`."""
        self._tally = Counter()

    def finish(self, shard: Shard, end: End) -> None:
        """See `Target`."""
        self.done[shard.name] = {"tally": self._tally}

    def set_aside(self, shard: Shard, reason: str) -> None:
        """See `Target`."""
        self.done[shard.name] = {"tally": Counter({"files rejected": 1})}

    def complete(self, begin: Mapping[str, Any], stats: Mapping[str, Any]) -> None:
        """See `Target`."""

    def close(self) -> None:
        """See `Target`."""


@dataclass(frozen=True, slots=True)
class Work:
    """What workers do: a block in, what it became out."""

    options: Options
    treat: Treat

    def __call__(self, block: Block | TableBlock) -> Treated:
        """Treat a block, its streams as they are appended to their files."""
        treated = self.unpacked(block)
        return treated if isinstance(block, TableBlock) else treated.packed(block.packing)

    def unpacked(self, block: Block | TableBlock) -> Treated:
        """Treat a block."""
        if isinstance(block, TableBlock):
            return parquet.treat_table(block, self.options, self.treat)
        return treat_block(block, FORMATS[kind_of(Path(block.file))](self.options), self.options, self.treat)


@dataclass(slots=True)
class Read:
    """A file is going to be read, from the beginning or from where it was left."""

    shard: Shard


@dataclass(slots=True)
class Given:
    """A block was given to the workers; this is the position after it."""

    position: Position


@dataclass(slots=True)
class Ended:
    """A file was read to its end, or it cannot be used and this is why."""

    shard: Shard
    end: End | Unreadable | Changed


def run(
    inputs: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    options: Options | None = None,
    workers: int = 2,
    resume: bool = False,
    dry_run: bool = False,
    treat: Treat | None = None,
    start_method: str | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    say: Say = lambda line: None,
) -> dict[str, Any]:
    """Repair all documents of the input files into the folder `output`, and return the run's statistics.

    inputs: files, folders, patterns. workers: processes; their number changes nothing that is written. resume: go on
    with the run that the folder holds. dry_run: write nothing. treat: what is done to a text, in place of what
    `options` say. start_method: see `pool.in_order`. checkpoint_seconds: how much work may be lost when the run is
    killed. say: gets a line for every file that cannot be used.

    Raises BatchError where the run cannot begin or go on; what was done is kept, and `resume` goes on from there.
    """
    options = options or Options()
    if workers < 1:
        raise SettingsError(f"workers={workers}: at least one process is needed")
    folder = Path(output)
    shards, left_out = find_shards(inputs, folder)
    if left_out:
        say(f"{left_out} files of other kinds are left out")
    begin = {
        "signature": options.signature(),
        "options": options.values(),
        "inputs": [shard.name for shard in shards],
    }
    work = Work(options, treat or options.treat())
    store: Target = Nowhere() if dry_run else Store(folder, begin, resume, checkpoint_seconds)
    try:
        _check_inputs(shards, store)
        if store.is_complete:
            say("the run is complete already")
            return dict(json.loads((folder / "stats.json").read_bytes()))
        _work_off([shard for shard in shards if shard.name not in store.done], store, work, workers, start_method, say)
        stats = statistics(store)
        store.complete(begin, stats)
        return stats
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise BatchError(
                f"no room to write in {folder}: {error.strerror}; make room and go on with --resume"
            ) from None
        raise BatchError(f"{folder} cannot be written: {error}; go on with --resume") from None
    finally:
        store.close()


def _check_inputs(shards: Sequence[Shard], store: Target) -> None:
    """Raises BatchError where a file that was read whole has changed since."""
    done = read_manifest(store.folder)["files"] if store.is_complete and isinstance(store, Store) else store.done
    for shard in shards:
        entry = done.get(shard.name)
        if entry is None:
            continue
        stamp = store.stamps.get(shard.name)
        try:
            found = shard.path.stat()
        except OSError as error:
            raise BatchError(f"{shard.path} cannot be read: {error.strerror}") from None
        if stamp and (found.st_size, found.st_mtime_ns) == (stamp.size, stamp.time):
            continue
        if described(shard.path)["sha256"] != entry["input"]["sha256"]:
            raise BatchError(_CHANGED.format(shard.path))


def _work_off(
    shards: Sequence[Shard], store: Target, work: Work, workers: int, start_method: str | None, say: Say
) -> None:
    """Read, treat and write all files, one after another; workers are at several at once where files are small."""
    plan: deque[Read | Given | Ended] = deque()
    for result in in_order(work, _read_all(shards, store, work.options, plan), workers, start_method):
        given = _settle(plan, store, say)
        assert given is not None, "every block has its note in the plan"
        if isinstance(result, Died):
            result = _one_by_one(result.item, work, start_method)
        store.append(result, given.position)
    _settle(plan, store, say)


def _read_all(
    shards: Sequence[Shard], store: Target, options: Options, plan: deque[Read | Given | Ended]
) -> Iterator[Block | TableBlock]:
    """The blocks of all files; what is to be done before, between and after them is put down in the plan."""
    for shard in shards:
        plan.append(Read(shard))
        done = store.progress if shard.name == store.current else Progress()
        try:
            for item in read_blocks(shard, options):
                if isinstance(item, End):
                    if item.position.blocks < done.blocks:
                        raise BatchError(_CHANGED.format(shard.path))
                    plan.append(Ended(shard, item))
                    continue
                block, position = item
                if position.blocks > done.blocks:
                    plan.append(Given(position))
                    yield block
                elif position.blocks == done.blocks and position.digest != done.digest:
                    raise BatchError(_CHANGED.format(shard.path))
        except (Unreadable, Changed) as error:
            plan.append(Ended(shard, error))


def _settle(plan: deque[Read | Given | Ended], store: Target, say: Say) -> Given | None:
    """Do what the plan says up to the next block, and return that one's note."""
    while plan:
        note = plan.popleft()
        if isinstance(note, Given):
            return note
        if isinstance(note, Read):
            store.open(note.shard)
        elif isinstance(note.end, End):
            store.finish(note.shard, note.end)
        elif isinstance(note.end, Unreadable):
            say(f"{note.shard.path}: {note.end}; the file is set aside whole")
            store.set_aside(note.shard, str(note.end))
        else:
            store.forget()
            raise note.end
    return None


def _one_by_one(block: Block | TableBlock, work: Work, start_method: str | None) -> Treated:
    """What a block becomes on which worker processes died: each record by itself, and the one that does it rejected."""
    parts: list[Treated] = []
    singles: Iterator[Block | TableBlock] = block.split()
    for result in in_order(work.unpacked, singles, 1, start_method):
        parts.append(_rejected(result.item) if isinstance(result, Died) else result)
    if isinstance(block, TableBlock):
        return parquet.joined(parts)
    whole = Treated()
    for part in parts:
        whole.add(part)
    return whole.packed(block.packing)


def _rejected(block: Block | TableBlock) -> Treated:
    """A block of one record that is rejected."""
    if isinstance(block, TableBlock):
        return parquet.reject(block, DIED)
    treated = Treated()
    for number, unit in block.numbered():
        treated.streams |= rejected(unit.raw, number, f"{block.file}:{number}", DIED, block.file, treated.tally)
    return treated


def statistics(store: Target) -> dict[str, Any]:
    """What stats.json says: counts over all files, and apart from them what differs between equal runs."""
    total: Tally = Counter()
    for entry in store.done.values():
        total.update(entry["tally"])

    def named(kind: str) -> dict[str, int]:
        return {name.removeprefix(kind): total[name] for name in sorted(total) if name.startswith(kind)}

    return {
        "files": {"read": len(store.done) - total["files rejected"], "rejected": total["files rejected"]},
        "documents": total["documents"],
        "characters": total["characters"],
        "kept": total["kept"],
        "dropped": total["dropped"],
        "rejected": total["rejected"],
        "edited": total["edited"],
        "edits": sum(named("edit ").values()),
        "edits_by_rule": named("edit "),
        "refusals": total["refusals"],
        "verdicts": named("verdict "),
        "time": {"seconds": round(store.seconds, 3), "runs": store.runs},
    }
