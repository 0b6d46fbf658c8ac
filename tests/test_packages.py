"""How the build scripts fetch packages: once, checked, unpacked. No client is run here but one that is invented."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    from scripts import packages

    return packages


def wheel(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/words.txt", "one\ntwo\n")


def tarball(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("data/words.txt")
        member.size = 8
        archive.addfile(member, io.BytesIO(b"one\ntwo\n"))


@pytest.mark.parametrize(("kind", "name", "writes"), [("pip", "a.whl", wheel), ("npm", "a.tgz", tarball)])
def test_a_package_is_fetched_once(
    packages: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
    name: str,
    writes: Callable[[Path], None],
) -> None:
    shelf = tmp_path / name
    writes(shelf)
    asked: list[tuple[str, str, str]] = []

    def command(*wanted: str) -> list[str]:
        asked.append(wanted)  # type: ignore[arg-type]
        return [sys.executable, "-c", f"import shutil; shutil.copy({str(shelf)!r}, '.')"]

    monkeypatch.setattr(packages, "command", command)
    folder = tmp_path / "cache" / "words"
    for _ in range(2):
        archive, unpacked = packages.fetch(kind, "words", folder, "1.0", hashlib.sha256(shelf.read_bytes()).hexdigest())
        assert archive == folder / name
        assert (unpacked / "data" / "words.txt").read_text(encoding="utf-8") == "one\ntwo\n"
    assert asked == [(kind, "words", "1.0")]


def test_another_archive_is_refused(packages: ModuleType, tmp_path: Path) -> None:
    wheel(tmp_path / "a.whl")
    with pytest.raises(ValueError, match="delete the file and run again"):
        packages.fetch("pip", "words", tmp_path, "1.0", "0" * 64)
    assert not (tmp_path / "unpacked").exists()


def test_versions_are_named_to_each_client(packages: ModuleType) -> None:
    assert packages.command("npm", "words", "1.0")[-1] == "words@1.0"
    assert packages.command("npm", "words")[-1] == "words"
    assert packages.command("deb", "words", "1.0")[-1] == "words=1.0"
    assert packages.command("deb", "words")[-1] == "words"
    assert packages.command("pip", "words", "1.0")[-1] == "words==1.0"
    assert packages.command("pip", "words")[-1] == "words"
