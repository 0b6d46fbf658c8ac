"""Damaged characters: for each rule what it mends and what it leaves, and that no text takes long."""

from __future__ import annotations

import time
import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import despin
from despin.detect import surface
from despin.reading import Reading
from despin.resources import load
from despin.tokens import tokenize
from despin.values import Finding

MENDED = [
    # broken encodings
    ("mojibake", "The cafÃ© is open.", "The café is open."),
    ("mojibake", "â€œIt is,â€\x9d he said; itâ€™s so â€” and so.", "“It is,” he said; it’s so — and so."),
    ("mojibake", "L'ÃƒÂ©tÃƒÂ© costs Â£5 at 20Â°C.", "L'été costs £5 at 20°C."),
    ("mojibake", "The ofï¬\x81ce.", "The office."),  # the ligature inside it is resolved with it
    ("control", "\x93It is,\x94 he said; don\x92t \x96 so.", "“It is,” he said; don’t – so."),
    ("apostrophe", "It\ufffds so, they don\ufffdt, we\ufffdll.", "It’s so, they don’t, we’ll."),
    ("quote", "He said ‘‘so’’ to her.", "He said “so” to her."),
    # accents
    ("nfc", "Cafe\u0301 no\u0308tig", "Café nötig"),
    ("nfc", "\u0438\u0306 \u03b1\u0301", "й ά"),
    ("accent", "Schr¨odinger, Poincar´e, na¨ıve", "Schrödinger, Poincaré, naïve"),
    # no width
    ("soft_hyphen", "so\u00adft hyphens", "soft hyphens"),
    ("zero_width", "zero\u200b width, wo\u2060rd, a\ufeffb", "zero width, word, ab"),
    ("zero_width", "the\u200bmagnificent view", "the magnificent view"),
    ("zero_width", "magni\u200bficent", "magnificent"),
    ("zero_width", "ca\u200dt and d\u200cog", "cat and dog"),
    # letters
    ("ligature", "the oﬃce ﬁle of aﬄuent ﬅaff", "the office file of affluent staff"),
    ("long_s", "the moſt ſenſible Congreſs", "the most sensible Congress"),
    ("look_alike", "the pаtient had сancer", "the patient had cancer"),
    ("look_alike", "Ηello wοrld", "Hello world"),
    ("look_alike", "обычнaя фразa", "обычная фраза"),
    ("parted_ligature", "the veri fi cation of it", "the verification of it"),
    ("parted_ligature", "a signi ficant, signifi cant thing", "a significant, significant thing"),
    ("parted_ligature", "the fi rst of it", "the first of it"),
    ("parted_ligature", "a suf ficient one", "a sufficient one"),
    ("parted_ligature", "the speci ﬁ c oﬃ ce", "the specific office"),
]  # fmt: skip

LEFT = [
    # typography and accents that are sound
    "“It’s naïve,” he said — ‘a café’ in Zürich; «Où?» „Ja“ … 5 × 3 ≈ 15 °C, £5, ½, 10⁻³, µm, Ångström",
    "Ceci n’est pas « déjà » fini ; l’œuvre… Größe, »über«, Straße¬name, ¬ß and ß¬",
    "Đặng Thị Ngọc Thịnh, Łódź, Dvořák, ğ, İstanbul, ﷺ",
    "VOILÀ—À LA CARTE, ÉTÉ “À” ‘É’",
    # letters with marks that Unicode has not as one character, and scripts with marks of their own
    "ꙋ҃ z̃ ɔ̃ क़्या שָׁלוֹם नमस्ते ภาษาไทย",
    # what joins and parts where it is needed
    "👩\u200d👩\u200d👧 ❤\ufe0f می\u200cخواهم क्\u200dष ภา\u200bษา \u202bעברית\u202c",
    "\ufeffThe file begins with a mark of its encoding.",
    # two alphabets side by side, or a sign of one in a name of the other
    "TNFα, NFκB, β-blocker, μm, Δt, πr², ΛCDM, Яндекс.Market, СССР, ВКонтакте VK, Οδυσσεύς",
    # one look-alike alone proves nothing, nor one without a double
    "vita о brevis, Xя, ж-shaped",
    # f-words
    "the first off the cliff, a sci fi film, wi fi, if five of it flow, staff inform, in flight, de facto, re fit",
    "‘tis the ’’’ and 5' 6''", "what is it\ufffd and \ufffd?", "naïve\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
]  # fmt: skip


def find(text: str, lang: str = "en") -> list[Finding]:
    tables = load(lang)
    found = surface.find(Reading(tokenize(text), tables.context), tables)
    for finding in found:
        assert text[finding.start : finding.end] == finding.before != finding.best.text
        assert finding.kind == "surface"
        assert finding.rate_free
    return found


def repaired(text: str, level: str = "safe") -> str:
    repair = despin.repair(text, level=level, detectors={"surface": surface.find})
    assert repair.undo() == text
    return repair.text


@pytest.mark.parametrize(("rule", "text", "expected"), MENDED, ids=[f"{row[0]}-{i}" for i, row in enumerate(MENDED)])
def test_what_is_mended(rule: str, text: str, expected: str) -> None:
    assert f"surface.{rule}" in {finding.rule for finding in find(text)}
    for level in ("safe", "balanced", "bold"):
        assert repaired(text, level) == expected
    assert find(expected) == []


@pytest.mark.parametrize("text", LEFT)
def test_what_is_left(text: str) -> None:
    assert find(text) == []


# --- the long s ------------------------------------------------------------------------------------------------------

LONG_S = "The moſt ſenſible perſons in the Houſe are ſeldom thoſe that ſpeak moſt, and ſilence is a ſign of ſenſe. "


def test_safe_leaves_the_ligatures_of_old_print() -> None:
    old = "He said vnto them, that the ﬁrst haue no goodnesse, and would gyue vp the Cittie whiche was theyrs."
    assert repaired(old, "safe") == old
    assert "the first haue" in repaired(old, "balanced")
    assert repaired("The ﬁrst office was closed.", "safe") == "The first office was closed."


def test_a_text_set_in_long_s_is_spelling_and_left_to_the_bold() -> None:
    assert repaired(LONG_S, "balanced") == LONG_S
    assert "most sensible persons in the House" in repaired(LONG_S, "bold")


def test_a_long_s_here_and_there_is_damage_however_often() -> None:
    text = LONG_S.replace("ſ", "s") * 6 + LONG_S
    assert "ſ" not in repaired(text)


# --- laws ------------------------------------------------------------------------------------------------------------


def damaged() -> st.SearchStrategy[str]:
    signs = [
        "Ã©",
        "â€™",
        "\x92",
        "\ufffd",
        "‘‘",
        "e\u0301",
        "¨o",
        "\u00ad",
        "\u200b",
        "\u200d",
        "ﬁ",
        "ſ",
        "а",
        "ο",
        "¬",
    ]
    plain = [
        "the",
        "cat",
        "fi",
        "ef",
        "fect",
        "t",
        "s",
        "veri",
        "cation",
        " ",
        " ",
        "\n",
        ".",
        "é",
        "“",
        "👩",
        "मे",
        "Я",
    ]
    return st.lists(st.sampled_from(signs + plain) | st.characters(), max_size=30).map("".join)


@settings(max_examples=300)
@given(damaged())
def test_findings_match_the_text_and_can_be_undone(text: str) -> None:
    find(text)
    repaired(text, "bold")


@settings(max_examples=200)
@given(st.text(st.characters(categories=["L", "Nd", "P", "Zs"]), max_size=40))
def test_text_in_nfc_without_special_letters_stays_in_nfc(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    assert unicodedata.is_normalized("NFC", repaired(text))


@pytest.mark.parametrize(
    "unit",
    ["é", "éü", "Ã", "Ã©", "e\u0301", "\u0301", "\u200b", "a\u200b", "\u00ad", "ﬁ", "fi ", "veri fi cation ", "ſ", "аb", "а", "ο", "¨o", "\x92", "‘"],
)  # fmt: skip
def test_worst_cases_take_time_in_proportion(unit: str) -> None:
    tables = load("en")

    def seconds(length: int) -> float:
        reading = Reading(tokenize((unit * length)[:length]), tables.context)
        assert reading.index is not None
        began = time.process_time()
        surface.find(reading, tables)
        return time.process_time() - began

    seconds(1000)
    # ten times the text in less than sixty times the time (a hundred would be its square), and that of a long text under 25 microseconds a character
    short, long = seconds(8_000), seconds(80_000)
    assert long < max(60 * short, 0.3)
    assert long < 2.0
