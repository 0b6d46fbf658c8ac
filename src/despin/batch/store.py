"""What a run writes, and how it survives being killed at any moment. Start with `Store`.

Files grow under temporary names in a work folder of the output folder. A journal there says, a line at a time, how far
each of them is known to be on the disk; whatever stands behind that is cut off when the run goes on. A finished file is
written to the disk, then the journal says so, then it is moved to its place at once: whichever of these was the last to
happen, going on from there gives the same files.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from despin.batch import parquet
from despin.batch.options import BatchError
from despin.batch.shards import PARQUET, End, Position, Shard, Stamp
from despin.batch.streams import CHUNK, ZSTD, pack_file
from despin.batch.units import STREAMS, Tally, Treated, index_line

try:
    import fcntl
except ImportError:  # not on Windows, where two runs in one folder are not noticed
    fcntl = None  # type: ignore[assignment]

WORK = ".despin"
MANIFEST = "manifest.json"
REJECTED = "rejected.jsonl"
STATS = "stats.json"
SCHEMA = "despin.run/1"


def placed(stream: str, name: str) -> str:
    """Where a finished stream of a file stands in the output folder."""
    places = {
        "output": name,
        "edits": f"edits/{name}.jsonl",
        "aside": f"aside/{name}",
        "index": f"aside/{name}.index.jsonl",
    }
    return places[stream]


@dataclass(slots=True)
class Progress:
    """How far a file is known to be written.

    blocks, units, digest: see `shards.Position`. sizes, sums: bytes of each stream, and their checksum (CRC-32, as it
    can be carried on from where it was).
    """

    blocks: int = 0
    units: int = 0
    digest: str = ""
    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STREAMS, 0))
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STREAMS, 0))
    tally: dict[str, int] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """As JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


class Store:
    """The output folder of a run.

    done: for each finished file, by its name, what the manifest says of it. stamps: how those inputs looked when they
    were read. progress: how far the file `current` is written. seconds, runs: of this run and of those that broke off.
    """

    def __init__(self, folder: Path, begin: Mapping[str, Any], resume: bool, checkpoint_seconds: float) -> None:
        """Begin a run, or go on with the one that the folder holds.

        begin: all that decides the result, as JSON values; a run goes on only where it is the same.
        checkpoint_seconds: how much work may be lost. Raises BatchError where the folder cannot be used.
        """
        self.folder, self.work = folder, folder / WORK
        self.done: dict[str, dict[str, Any]] = {}
        self.stamps: dict[str, Stamp] = {}
        self.progress, self.current = Progress(), ""
        self.runs = 1
        self._before = 0.0  # seconds of the runs that broke off
        self._tally: Tally = Counter()
        self._parts: dict[str, IO[bytes]] = {}
        self._every = checkpoint_seconds
        self._began = self._saved = time.monotonic()
        _check_folder(folder, resume)
        self.is_complete = (folder / MANIFEST).exists()
        if self.is_complete:
            _compare(read_manifest(folder)["run"], begin, folder)
            shutil.rmtree(self.work, ignore_errors=True)  # the manifest may have been the last thing written
            return
        self.work.mkdir(parents=True, exist_ok=True)
        self._held = _lock(self.work / "lock", folder)
        journal = self.work / "journal.jsonl"
        events = _read_journal(journal)
        if events:
            _compare(events[0]["begin"], begin, folder)
            self._recall(events)
        self._journal = journal.open("ab", buffering=0)
        self._say({"again": True} if events else {"begin": begin})

    @property
    def seconds(self) -> float:
        """Time that the run took so far, with that of the runs that broke off up to where they were saved."""
        return self._before + time.monotonic() - self._began

    # -- one file

    def open(self, shard: Shard) -> None:
        """Begin a file, or go on with it where `progress` says."""
        if self.current != shard.name:
            self.current, self.progress = shard.name, Progress()
        for name in STREAMS:
            path, size = self._part(name), self.progress.sizes[name]
            path.touch()
            file = self._parts[name] = path.open("r+b", buffering=0)
            file.truncate(size)
            file.seek(size)
        self._tally = Counter(self.progress.tally)

    def append(self, treated: Treated, position: Position) -> None:
        """Write what came of a block, and from time to time make sure of it."""
        for name, data in treated.streams.items():
            write(self._parts[name], data)
            self.progress.sizes[name] += len(data)
            self.progress.sums[name] = zlib.crc32(data, self.progress.sums[name])
        self._tally.update(treated.tally)
        self.progress.blocks, self.progress.units, self.progress.digest = position
        self.progress.tally = dict(self._tally)
        if time.monotonic() - self._saved >= self._every:
            for file in self._parts.values():
                os.fsync(file.fileno())
            self._say({"file": self.current, "progress": self.progress.values()})
            self._saved = time.monotonic()

    def forget(self) -> None:
        """Throw away what was written of the file."""
        self.close()
        self._say({"forget": self.current})
        self.progress, self._tally = Progress(), Counter()
        for name in STREAMS:
            self._part(name).unlink(missing_ok=True)

    def finish(self, shard: Shard, end: End) -> None:
        """Put the file's streams into their places."""
        self.close()
        wanted = [name for name in STREAMS if self.progress.sizes["index"] or name not in ("aside", "index")]
        if shard.kind == ".txt" and self._tally["documents"] and not self._tally["kept"]:
            wanted.remove("output")  # a text of which nothing is kept leaves no empty file
        entry: dict[str, Any] = {
            "kind": shard.kind,
            "packing": shard.packing,
            "input": {"bytes": end.stamp.size, "sha256": end.sha256, "content_sha256": end.position.digest},
            "units": end.position.units,
        }
        if end.schemas:
            entry["schema"] = end.schemas["aside"]
        for name in wanted:
            if name in ("output", "aside"):
                self._convert(self._part(name), shard, end.schemas.get(name, ""))
            entry[name] = described(self._part(name))
        self._settle(shard, entry, end.stamp)

    def set_aside(self, shard: Shard, reason: str) -> None:
        """Keep a whole input file as it is, which cannot be used."""
        self.forget()
        try:
            with shard.path.open("rb") as source, self._part("aside").open("wb", buffering=0) as target:
                stamp = Stamp.of(os.fstat(source.fileno()))
                while piece := source.read(CHUNK):
                    write(target, piece)
        except OSError as error:
            if error.filename != os.fspath(shard.path):
                raise
            # not even that: it is named, and stays where it is
            stamp = Stamp(0, 0, 0)
            self._part("aside").write_bytes(b"")
        aside = described(self._part("aside"))
        line = index_line(shard.name, None, shard.name, aside["bytes"], "rejected", reason)
        self._part("index").write_bytes(line)
        self._part("edits").write_bytes(b"")
        self._tally = Counter({"files rejected": 1})
        given = {"bytes": aside["bytes"], "sha256": aside["sha256"]}
        entry = {"kind": shard.kind, "packing": shard.packing, "input": given, "rejected": reason, "aside": aside}
        entry |= {name: described(self._part(name)) for name in ("edits", "index")}
        self._settle(shard, entry, stamp)

    def close(self) -> None:
        """Close what is open; nothing is saved that was not."""
        for file in self._parts.values():
            file.close()
        self._parts.clear()

    def _convert(self, part: Path, shard: Shard, schema: str) -> None:
        """Make of a stream what its file should be, where that is nothing that blocks can be appended to."""
        if shard.packing != ZSTD and shard.kind != PARQUET:
            return
        made = self.work / "made"
        with part.open("rb") as source:
            if shard.kind == PARQUET:
                parquet.write_table(parquet.streams_in(source), made, parquet.schema_from(schema))
            else:
                with made.open("wb") as target:
                    pack_file(source, target, shard.packing)
        os.replace(made, part)

    def _settle(self, shard: Shard, entry: dict[str, Any], stamp: Stamp) -> None:
        entry["tally"] = dict(sorted(self._tally.items()))
        for name in STREAMS:
            if name in entry:
                with self._part(name).open("rb+") as file:
                    os.fsync(file.fileno())
        _sync_folder(self.work)
        self._say({"done": shard.name, "entry": entry, "stamp": list(stamp)})
        self._place(shard.name, entry)
        self.done[shard.name], self.stamps[shard.name] = entry, stamp
        self.progress, self.current, self._tally = Progress(), "", Counter()

    def _place(self, name: str, entry: Mapping[str, Any]) -> None:
        """Move finished streams to their places; what was moved already stays."""
        for stream in STREAMS:
            part, target = self._part(stream), self.folder / placed(stream, name)
            if stream in entry and part.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(part, target)
                _sync_folder(target.parent)
            part.unlink(missing_ok=True)

    def _is_written(self, stream: str) -> bool:
        """Whether the journal is right about what is written of a stream."""
        path, size = self._part(stream), self.progress.sizes[stream]
        return (_checksum(path, size) if path.exists() else None) == self.progress.sums[stream]

    def _part(self, stream: str) -> Path:
        # Numbered by the files that are done: those of a finished file that was not moved yet, and those of the file
        # after it, must never be taken for each other.
        return self.work / f"{len(self.done):06}.{stream}"

    # -- the run

    def complete(self, begin: Mapping[str, Any], stats: Mapping[str, Any]) -> None:
        """Write what is told of the run as a whole, the manifest last."""
        files = {name: self.done[name] for name in sorted(self.done)}
        self._write_whole(REJECTED, self._rejected())
        self._write_whole(STATS, iter([pretty(stats)]))
        self._write_whole(MANIFEST, iter([pretty({"schema": SCHEMA, "run": begin, "files": files})]))
        self._journal.close()
        self._held.close()
        shutil.rmtree(self.work, ignore_errors=True)
        self.is_complete = True

    def _rejected(self) -> Iterator[bytes]:
        for name in sorted(self.done):
            if "index" in self.done[name]:
                with (self.folder / placed("index", name)).open("rb") as file:
                    yield from (line for line in file if json.loads(line).get("why") == "rejected")

    def _write_whole(self, name: str, pieces: Iterator[bytes]) -> None:
        made = self.work / "made"
        with made.open("wb", buffering=0) as file:
            for piece in pieces:
                write(file, piece)
            os.fsync(file.fileno())
        os.replace(made, self.folder / name)
        _sync_folder(self.folder)

    def _say(self, event: Mapping[str, Any]) -> None:
        """Add a line to the journal, and make sure of it."""
        write(self._journal, (json.dumps({**event, "seconds": round(self.seconds, 3)}) + "\n").encode())
        os.fsync(self._journal.fileno())

    def _recall(self, events: list[dict[str, Any]]) -> None:
        """Take up what the journal says."""
        for event in events:
            self._before = event["seconds"]
            if "again" in event:
                self.runs += 1
            elif "file" in event:
                self.current, self.progress = event["file"], Progress(**event["progress"])
            elif "forget" in event:
                self.current, self.progress = "", Progress()
            elif "done" in event:
                name, entry = event["done"], event["entry"]
                if event is events[-1] or "again" in events[-1]:
                    self._place(name, entry)
                self.done[name], self.stamps[name] = entry, Stamp(*event["stamp"])
                self.current, self.progress = "", Progress()
        self.runs += 1
        if not all(self._is_written(name) for name in STREAMS if self.current):
            # what was on the disk is not there any more: begin the file again
            self.current, self.progress = "", Progress()
        for name, entry in self.done.items():
            for stream in STREAMS:
                path = self.folder / placed(stream, name)
                if stream in entry and (not path.exists() or path.stat().st_size != entry[stream]["bytes"]):
                    raise BatchError(f"{path} was changed or removed since it was written; begin again in a new folder")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run. Raises BatchError where there is none, or none that this version reads."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        unfinished = (folder / WORK).exists()
        why = (
            "is not finished; go on with `despin run --resume`"
            if unfinished
            else "holds no run: it has no manifest.json"
        )
        raise BatchError(f"{folder} {why}") from None
    except (OSError, ValueError) as error:
        raise BatchError(f"{folder / MANIFEST} cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise BatchError(f"{folder / MANIFEST} is not of the schema {SCHEMA}; a newer despin may have written it")
    return manifest


def write(file: IO[bytes], data: bytes) -> None:
    """Write all of it: one call may write less to a disk that gets full."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def pretty(value: Any) -> bytes:
    """JSON for people."""
    return (json.dumps(value, indent=2) + "\n").encode()


def described(path: Path) -> dict[str, Any]:
    """Size and digest of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            size += len(piece)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _checksum(path: Path, size: int) -> int | None:
    """CRC-32 of the first `size` bytes of a file; None where there are fewer."""
    found = 0
    with path.open("rb") as file:
        while size and (piece := file.read(min(size, CHUNK))):
            found = zlib.crc32(piece, found)
            size -= len(piece)
    return None if size else found


def _sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _check_folder(folder: Path, resume: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise BatchError(f"{folder} is no folder; choose another output folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not resume:
        hint = ", or --resume to go on with the run in it" if (folder / WORK).exists() else ""
        raise BatchError(f"{folder} is not empty; choose a new output folder{hint}")
    if not (folder / WORK).exists() and not (folder / MANIFEST).exists():
        raise BatchError(f"{folder} holds no run to go on with; choose a new output folder")


def _lock(path: Path, folder: Path) -> IO[bytes]:
    """Hold the folder for this process as long as the file is open. Raises BatchError where another has it."""
    file = path.open("ab")
    if fcntl is not None:
        try:
            # of the process, not of the open file: workers that outlive a killed parent for a moment do not hold it
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise BatchError(f"another run is writing to {folder}") from None
    return file


def _read_journal(path: Path) -> list[dict[str, Any]]:
    """The lines of the journal; one that was not written whole is cut off."""
    if not path.exists():
        return []
    data = path.read_bytes()
    good = data[: data.rfind(b"\n") + 1]
    if len(good) < len(data):
        os.truncate(path, len(good))
    try:
        return [json.loads(line) for line in good.splitlines()]
    except ValueError:
        raise BatchError(f"{path} is damaged; begin again in a new folder") from None


def _compare(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> None:
    """Raises BatchError that says what is not as it was when the run began."""
    was, now = _flat(old), _flat(new)
    for key in sorted(was.keys() | now.keys()):
        if was.get(key) != now.get(key):
            raise BatchError(
                f"the run in {folder} cannot go on: {key} was {was.get(key)!r}, now it is {now.get(key)!r}; "
                "put it back as it was, or begin again in a new folder"
            )


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{key} {inner}" if isinstance(part, Mapping) else key: part[inner] if isinstance(part, Mapping) else part
        for key, part in value.items()
        for inner in (part if isinstance(part, Mapping) else ("",))
    }
