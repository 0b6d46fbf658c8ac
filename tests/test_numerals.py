"""The number grammar: every spelling from 0 to 9,999 in seven languages, and what is no cardinal."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despin.detect.numerals import LANGUAGES, NumberSpan, grammar, load_grammar, parse, spans
from despin.settings import SettingsError
from despin.tables import TableError, data_folder

ROOT = Path(__file__).parents[1]
DIALECTS = {"fr": ("fr", "fr_CH", "fr_BE"), "pt": ("pt", "pt_BR")}
BEYOND = (10_000, 21_000, 31_001, 100_000, 121_001, 999_999)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_reads_whatever_num2words_writes(lang: str) -> None:
    num2words = pytest.importorskip("num2words", reason="num2words is in the dev extra").num2words
    wrong = []
    for dialect in DIALECTS.get(lang, (lang,)):
        for value in (*range(10_000), *BEYOND):
            words = num2words(value, lang=dialect)
            # num2words 0.5.14 writes 118 as "centodicotto" in Italian; the language has "centodiciotto".
            if lang == "it":
                words = words.replace("dicotto", "diciotto")
            if parse(words, lang) != value:
                wrong.append((words, value))
    assert wrong == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_ordinals_are_no_cardinals(lang: str) -> None:
    num2words = pytest.importorskip("num2words", reason="num2words is in the dev extra").num2words
    wrong = []
    for value in range(1, 1000):
        words = num2words(value, lang=lang, to="ordinal")
        found = list(spans(f"x {words} y", lang))
        if parse(words, lang) is not None or [span.ordinal for span in found] != [True]:
            wrong.append(words)
    assert wrong == []


@pytest.mark.parametrize(
    ("words", "lang", "value"),
    [
        ("twenty-one", "en", 21),
        ("Twenty One", "en", 21),
        ("twentyone", "en", 21),
        ("  seven ", "en", 7),
        ("a hundred", "en", 100),
        ("a thousand and one", "en", 1001),
        ("fifteen hundred", "en", 1500),
        ("one hundred two", "en", 102),
        ("one thousand, two hundred", "en", 1200),
        ("twenty‑one", "en", 21),
        ("twenty-\none", "en", 21),
        ("ein", "de", 1),
        ("eine", "de", 1),
        ("eins", "de", 1),
        ("dreissig", "de", 30),
        ("fuenf", "de", 5),
        ("fünf", "de", 5),
        ("hundertundeins", "de", 101),
        ("zwoundzwanzig", "de", None),
        ("septante-trois", "fr", 73),
        ("octante", "fr", 80),
        ("huitante et un", "fr", 81),
        ("nonante-neuf", "fr", 99),
        ("quatre-vingts", "fr", 80),
        ("dix-sept cents", "fr", 1700),
        ("zero", "fr", 0),
        ("veintidos", "es", 22),
        ("doscientas una", "es", 201),
        ("ventitre", "it", 23),
        ("centodiciotto", "it", 118),
        ("quatorze", "pt", 14),
        ("duas", "pt", 2),
        ("tweeentwintig", "nl", 22),
        ("vijftienhonderd", "nl", 1500),
    ],
)
def test_spellings(words: str, lang: str, value: int | None) -> None:
    assert parse(words, lang) == value


@pytest.mark.parametrize(
    "words",
    [
        *("", "first", "tenth", "twenty-first", "hundred", "thousand", "twenties", "tens", "half", "dozen", "12"),
        *("one million", "nineteen eighty-four", "twenty hundred", "two thirds", "two-thirds", "one's", "one one"),
        *("two and three", "twelve 3", "twenty–one"),
    ],
)
def test_no_cardinals(words: str) -> None:
    assert parse(words) is None


def test_region_tags_and_unknown_languages() -> None:
    assert parse("dezesseis", "pt-BR") == 16
    with pytest.raises(SettingsError, match="tables for de, en"):
        parse("dwa", "pl")
    with pytest.raises(TypeError, match="not int"):
        parse(3)  # type: ignore[arg-type]


def test_spans_have_offsets_and_tell_runs_apart() -> None:
    text = "In nineteen eighty-four, the twenty-first of one hundred and two dogs; two and three, a hundred."
    found = list(spans(text))
    assert [(text[span.start : span.end], span.value, span.ordinal) for span in found] == [
        ("nineteen eighty-four", None, False),
        ("twenty-first", None, True),
        ("one hundred and two", 102, False),
        ("two", 2, False),
        ("three", 3, False),
        ("a hundred", 100, False),
    ]


def test_spans_stop_before_a_word_that_only_begins_like_a_number() -> None:
    assert list(spans("two hundred and tension")) == [NumberSpan(0, 11, 200, False)]


@given(st.text(alphabet="onetwhirfu -,\n", max_size=60) | st.text(max_size=40))
def test_spans_lie_in_the_text_in_order(text: str) -> None:
    found = list(spans(text))
    assert all(a.end <= b.start for a, b in zip(found, found[1:]))  # noqa: B905, RUF007
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert all(span.value is None or parse(text[span.start : span.end]) == span.value for span in found)


@pytest.mark.parametrize("unit", ["one ", "twenty", "hundred and ", "a ", "one-", "one hundred ", "two thousand "])
def test_spans_take_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            sum(1 for _ in spans(text))
            best = min(best, time.process_time() - start)
        return best

    seconds(1_000)
    # Ten times the text in less than forty times the time; quadratic growth would take a hundred times.
    assert seconds(100_000) < 40 * seconds(10_000) + 0.05


def test_tables_name_file_and_line_when_malformed(tmp_path: Path) -> None:
    folder = tmp_path / "numerals"
    folder.mkdir()
    rows = (data_folder() / "numerals" / "en.tsv").read_text(encoding="utf-8").split("\n")
    for bad, message in [
        ("odd\t1\tone\tx", "en.tsv:2: role 'odd'"),
        ("small\tx\tone\tx", "en.tsv:2: value 'x'"),
        ("small\t1", "en.tsv:2"),
    ]:
        (folder / "en.tsv").write_text("\n".join([rows[0], bad, *rows[1:]]), encoding="utf-8")
        with pytest.raises(TableError, match=message):
            load_grammar(tmp_path, "en")
    (folder / "en.tsv").write_text("\n".join(row for row in rows if "\t7\t" not in row), encoding="utf-8")
    with pytest.raises(TableError, match="no row of role small for"):
        load_grammar(tmp_path, "en")


def test_a_grammar_is_loaded_once() -> None:
    assert grammar("fr") is grammar("fr-CA")


def _builder() -> ModuleType:
    path = ROOT / "scripts" / "build_numerals.py"
    if not path.is_file():
        pytest.skip("scripts/ is not in an installed package")
    spec = importlib.util.spec_from_file_location("build_numerals", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_are_as_built(lang: str) -> None:
    pytest.importorskip("num2words", reason="num2words is in the dev extra")
    table = (data_folder() / "numerals" / f"{lang}.tsv").read_text(encoding="utf-8")
    assert table == _builder().table(lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_spelling_has_two_values(lang: str) -> None:
    table = (data_folder() / "numerals" / f"{lang}.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    small = [(spelling, value) for role, value, spelling, _ in rows if role == "small"]
    assert len({spelling for spelling, _ in small}) == len(small)
