"""Make the compiled tables of `data/compiled/` from the tables that people edit, see `despin.compiled`.

    python scripts/compile_tables.py            # write those whose sources changed
    python scripts/compile_tables.py --check    # only compare: exit code 1 where one is not of its sources

`scripts/check_data.py` runs it both ways. Start reading at `main`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from despin import compiled
from despin.maps import compile_rows, read_map
from despin.resources import Resources
from despin.terms import compile_terms, read_terms

Parts = Mapping[str, npt.NDArray[Any]]


def maps(tables: Resources) -> Parts:
    rows = [row for path in tables.map_paths for row in read_map(path)]
    return compile_rows(rows, tables.forms, tables.context)


def terms(tables: Resources) -> Parts:
    listed = read_terms(tables.folder / "lexicon" / "terms.tsv")
    return compile_terms(listed, tables.forms, tables.context.vocabulary)


COMPILERS: Mapping[str, Callable[[Resources], Parts]] = {"maps": maps, "terms": terms}


def same(there: Parts | None, made: Parts) -> bool:
    """Whether all parts are equal, in type too."""
    return (
        there is not None
        and there.keys() == made.keys()
        and all(np.array_equal(there[name], made[name]) and there[name].dtype == made[name].dtype for name in made)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, or compare, each compiled table; 1 where a comparison fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed tables, write nothing")
    chosen = parser.parse_args(arguments)
    tables = Resources()
    faults = []
    for name, make in COMPILERS.items():
        path, sources = tables.compiled(name)
        made = make(tables)
        if same(compiled.read(path, sources), made):
            continue
        if chosen.check:
            faults.append(name)
        else:
            compiled.write(path, sources, made)
            print(f"wrote {path.name}: {path.stat().st_size:,} bytes")
    if faults:
        print(f"not what the sources give: {', '.join(faults)}; run python scripts/check_data.py --write")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
