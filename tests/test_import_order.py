"""Each module may import only from modules that stand before it in ORDER; detectors never import each other.

The imports are read from the source with `ast`, those for type checking alone are passed over. The reader of imports
is itself tested on small invented packages.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "despin"

# Modules of one line do not import each other, but for those of one folder named with a star.
ORDER = [
    ["values"],
    ["compiled", "settings", "tables", "tokens", "edit_checks", "explain"],
    ["offsets", "records"],
    ["edits"],
    ["display"],
    ["words"],
    ["context", "dense", "channel", "lexicon"],
    ["measured", "reading", "protect", "terms"],
    ["titles", "traces", "webforms"],
    ["maps"],
    ["neighbours", "thesaurus", "topics", "own"],
    ["features"],
    ["results"],
    ["decisions", "learning", "plots"],
    ["report"],
    ["lm.*"],
    ["resources"],
    ["detect.numerals"],  # the grammar of number words: no detector itself, and public as despin.numerals
    ["detect.markers"],  # reads what citations weighs; no detector itself
    ["detect.*"],
    ["rates"],
    ["reranking"],
    ["decide"],
    ["scoring"],
    ["suggesting"],
    ["pipeline"],
    ["batch.*"],
    ["__init__"],
    ["cli_batch"],
    ["cli"],
    ["__main__"],
]

# Each has one importer, so that it can be changed in one place.
OUTSIDE = {
    "wordfreq": {"words"},
    "symspellpy": {"words"},
    "click": {"cli", "cli_batch", "batch.local"},
    "matplotlib": {"plots"},
}


def modules(package: Path) -> dict[str, Path]:
    """The dotted name of each module within the package; a folder's own code has the name of the folder."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found[name] = path
    return found


def imported(path: Path, package: Path, known: set[str]) -> Iterator[tuple[int, str]]:
    """(line, module) for each import; modules of the package without its name, others by their first name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first != package.name:
                yield node.lineno, first
                continue
            while rest and rest not in known:
                rest = rest.rpartition(".")[0]
            yield node.lineno, rest or "__init__"


def rank(module: str) -> int | None:
    """The line of ORDER that the module is on; None where it is on none."""
    for number, names in enumerate(ORDER):
        if module in names:
            return number
    for number, names in enumerate(ORDER):
        if any(name.endswith(".*") and (module + ".").startswith(name[:-1]) for name in names):
            return number
    return None


def faults(package: Path) -> Iterator[str]:
    """What breaks the order, each with file and line."""
    known = modules(package)
    for module, path in known.items():
        own = rank(module)
        if own is None:
            yield f"{path}: module {module} has no place in the import order"
            continue
        for line, name in imported(path, package, set(known)):
            where = f"{path}:{line}: {module} imports {name}"
            if name in OUTSIDE:
                if module not in OUTSIDE[name]:
                    yield f"{where}; only {', '.join(sorted(OUTSIDE[name]))} may"
            elif name in known:
                other = rank(name)
                same_folder = ORDER[own] == ["lm.*"] or ORDER[own] == ["batch.*"]
                if other is None or (other == own and same_folder) or name == "detect":
                    continue
                if other >= own:
                    yield f"{where}, which stands {'beside' if other == own else 'after'} it in the order"


def test_the_package_keeps_the_order() -> None:
    assert list(faults(PACKAGE)) == []


def test_every_module_is_read() -> None:
    known = modules(PACKAGE)
    assert {"values", "pipeline", "detect.spin", "lm.smollm2", "__init__", "cli"} <= set(known)
    arrows = {
        (module, name)
        for module, path in known.items()
        for _, name in imported(path, PACKAGE, set(known))
        if name in known
    }
    assert {("edits", "values"), ("pipeline", "detect.spin"), ("detect.citations", "detect.numerals")} <= arrows
    assert len(arrows) > 40


def fake(tmp_path: Path, **sources: str) -> list[str]:
    """The faults of a package of these modules; a double underscore in a name stands for a folder."""
    package = tmp_path / "despin"
    for name, source in sources.items():
        path = package / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return [fault.removeprefix(f"{package}/") for fault in faults(package)]


@pytest.mark.parametrize(
    ("name", "source", "other", "expected"),
    [
        ("values", "from despin.decide import decide", "decide", "values.py:1: values imports decide, which stands after it in the order"),
        ("values", "import despin.decide", "decide", "values.py:1: values imports decide, which stands after it in the order"),
        ("values", "from despin import decide", "decide", "values.py:1: values imports decide, which stands after it in the order"),
        ("values", "\ndef late():\n    from despin import decide", "decide", "values.py:3: values imports decide, which stands after it in the order"),
        ("tables", "from despin.tokens import tokenize", "tokens", "tables.py:1: tables imports tokens, which stands beside it in the order"),
        ("detect__spin", "from despin.detect.debris import find", "detect__debris", "detect/spin.py:1: detect.spin imports detect.debris, which stands beside it in the order"),
        ("detect__spin", "from despin.detect import debris", "detect__debris", "detect/spin.py:1: detect.spin imports detect.debris, which stands beside it in the order"),
        ("detect__numerals", "from despin.detect import debris", "detect__debris", "detect/numerals.py:1: detect.numerals imports detect.debris, which stands after it in the order"),
        ("rates", "import wordfreq", "words", "rates.py:1: rates imports wordfreq; only words may"),
        ("rates", "from symspellpy import SymSpell", "words", "rates.py:1: rates imports symspellpy; only words may"),
        ("fresh", "", "words", "fresh.py: module fresh has no place in the import order"),
    ],
)  # fmt: skip
def test_an_upward_arrow_is_a_fault(tmp_path: Path, name: str, source: str, other: str, expected: str) -> None:
    assert fake(tmp_path, **{other: "", name: source}) == [expected]


@pytest.mark.parametrize(
    ("name", "source", "other"),
    [
        ("decide", "from despin.values import Edit", "values"),
        ("detect__citations", "from despin.detect.numerals import parse", "detect__numerals"),
        ("lm__bpe", "from despin.lm.gguf import GGUF", "lm__gguf"),
        ("words", "import wordfreq", "values"),
        (
            "values",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from despin.decide import decide",
            "decide",
        ),
        ("values", '"""from despin.decide import decide"""\nimport re', "decide"),
    ],
)
def test_what_is_allowed(tmp_path: Path, name: str, source: str, other: str) -> None:
    assert fake(tmp_path, **{other: "", name: source}) == []


def test_relative_imports_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="imports are absolute"):
        fake(tmp_path, values="from .decide import decide")
