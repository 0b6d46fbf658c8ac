"""Misread words: cases that must be mended and near-misses that must not, and laws of the detector."""

from __future__ import annotations

import csv
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from despin.decide import decide
from despin.detect import ocr
from despin.edits import apply
from despin.rates import estimate
from despin.reading import Reading
from despin.resources import Resources, load
from despin.settings import level_named
from despin.tokens import tokenize

CASES = Path(__file__).parent / "cases" / "ocr.tsv"

# A page of which one word in ten is misread: what the cases stand in.
PAGE = (
    "Tho annual meeting of tlie society was held in the Town-hall on Tuesday evening, when thero was a good attendance. "
    "The secretary read the roport, which stated that the year had been one of great prosperity. The number of mombers "
    "was larger than at any formcr period, and the treasurer had a balance in hand. A vote of thauks was passed to tbe "
    "chairman, who said that he was pleased with tho progress that had been made. The mooting then closed."
)


def read_cases() -> list[dict[str, str]]:
    lines = [line for line in CASES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def repaired(text: str, resources: Resources, level: str = "balanced") -> str:
    reading = Reading(tokenize(text), resources.context)
    findings = ocr.find(reading, resources)
    chosen = level_named(level)
    rates = estimate(findings, reading.word_count, resources.densities, chosen.damaged)
    edits, _ = decide(findings, rates, chosen)
    return apply(text, edits)


@pytest.fixture(scope="module")
def resources() -> Resources:
    return load()


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["id"])
def test_case_within_a_misread_page(case: dict[str, str], resources: Resources) -> None:
    out = repaired(f"{PAGE}\n\n{case['input']}\n\n{PAGE}", resources)
    assert out.split("\n\n")[1] == case["expected"]


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["id"])
def test_sound_text_is_left_alone(case: dict[str, str], resources: Resources) -> None:
    assert repaired(case["expected"], resources) == case["expected"]


def test_cases_are_as_many_keeps_as_fires() -> None:
    kinds = [case["kind"] for case in read_cases()]
    assert kinds.count("fires") >= 10
    assert kinds.count("keeps") >= 10
    assert all((case["kind"] == "keeps") == (case["input"] == case["expected"]) for case in read_cases())


def test_a_page_is_mended_more_at_a_bolder_level(resources: Resources) -> None:
    mended = [repaired(PAGE, resources, level) for level in ("safe", "balanced", "bold")]
    assert "of the society" in mended[0]
    assert "any former period" in mended[1]
    assert mended[2].count("tho ") <= mended[0].count("tho ")


def test_evidence_names_channel_context_and_lexicon(resources: Resources) -> None:
    (finding,) = [f for f in ocr.find(Reading(tokenize(PAGE), resources.context), resources) if f.before == "tbe"]
    assert finding.best.text == "the"
    assert [reason.rule for reason in finding.best.evidence] == ["ocr.channel", "ocr.context", "ocr.lexicon"]
    assert finding.best.evidence[0].source == "the read as tbe"
    assert finding.best.nats == max(alternative.nats for alternative in finding.alternatives)


@pytest.mark.parametrize(
    "text",
    [
        "Le conseil municipal s'est réuni hier soir à la mairie pour examiner les comptes de l'année. Il a été décidé que",
        "Der Gemeinderat trat gestern Abend im Rathaus zusammen, um die Rechnungen des Jahres zu prüfen und zu beschließen.",
        "Het college kwam gisteravond bijeen om de rekeningen van het jaar te onderzoeken en goed te keuren.",
    ],
)
def test_other_languages_are_left_alone(text: str, resources: Resources) -> None:
    assert ocr.find(Reading(tokenize(text), resources.context), resources) == []


def test_old_print_keeps_its_broken_words(resources: Resources) -> None:
    # print of before 1800 breaks words without a hyphen as it likes; its transcripts keep that
    text = (
        "Whereas it was question'd, and he remain'd at the inn, the mas ter of the house return'd to gether with him."
    )
    assert not [f for f in ocr.find(Reading(tokenize(text), resources.context), resources) if f.rule == "ocr.join"]


def test_words_are_doubted_only_in_misread_text(resources: Resources) -> None:
    sentence = "Monday, Tuesday, Wednesday, Thursday, end Friday mornings"

    def rules(text: str) -> set[str]:
        return {finding.rule for finding in ocr.find(Reading(tokenize(text), resources.context), resources)}

    assert "ocr.word" not in rules(sentence)
    assert "ocr.word" in rules(f"{PAGE} {sentence}")


def test_a_word_that_a_sound_text_often_uses_is_its_own(resources: Resources) -> None:
    lines = (
        "The xserver starts before the session and waits for the server of the network.",
        "Nothing else can be done until the xserver answers.",
        "Ask the server again, and the xserver will tell what it knows of the screen.",
        "Whoever starts two of them must give each a number of its own.",
    )
    assert repaired("\n\n".join(lines), resources, "bold") == "\n\n".join(lines)
    # twice may be chance, and in a misread text the same letters are often misread alike
    once = "\n\n".join(lines[:2])
    assert repaired(once, resources, "bold").count("xserver") < 2
    misread = "tlie secretary and tlie treasurer of tlie society, to whom tlie thanks of tlie town are due."
    assert "tlie" not in repaired(f"{PAGE} {misread}", resources, "bold")


def test_a_damaged_stretch_is_found_in_a_long_clean_text(resources: Resources) -> None:
    # unknown words of a clean text: most are only sampled, those of the damaged stretch are all read
    rng = random.Random(3)
    terms = ["".join(rng.choices("bcdfglmnprst", k=4)) + "ase" for _ in range(1000)]
    clean = " ".join(f"It was said that the {term} was found in the house." for term in terms)
    text = f"{clean} {' '.join([PAGE] * 20)} {clean}"
    findings = ocr.find(Reading(tokenize(text), resources.context), resources)
    assert sum(finding.before == "tbe" for finding in findings) == 20
    assert sum(finding.before.endswith("ase") for finding in findings) < 500


@pytest.mark.parametrize("unit", ["a", "ac", "tlie^", "^", "tlie.", "tlie-", "x'"])
def test_endless_words_cost_no_more_than_their_length(unit: str, resources: Resources) -> None:
    text = f"{PAGE} {unit * 100_000} {PAGE}"
    started = time.process_time()
    for finding in ocr.find(Reading(tokenize(text), resources.context), resources):
        assert len(finding.before) < 50
    # it takes a tenth of that
    assert time.process_time() - started < 20


def test_signals_are_those_of_the_weights(resources: Resources) -> None:
    assert list(resources.ocr_weights) == list(ocr.SIGNALS)


def test_empty_and_wordless_texts(resources: Resources) -> None:
    for text in ("", " ", "...", "123", "tlie", "\n\n"):
        assert isinstance(ocr.find(Reading(tokenize(text), resources.context), resources), list)


PIECES = st.sampled_from(
    ["tlie ", "the ", "aud", " ", "wo rd ", "ofthe", "-", ".", "Brambell", "1897", "é", "\n\n", "of ", "ſ", "}'"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_findings_hold_what_they_say(resources: Resources, text: str) -> None:
    reading = Reading(tokenize(text), resources.context)
    findings = ocr.find(reading, resources)
    assert findings == ocr.find(reading, resources)
    for finding in findings:
        assert text[finding.start : finding.end] == finding.before
        assert all(alternative.text != finding.before for alternative in finding.alternatives)
        nats = [alternative.nats for alternative in finding.alternatives]
        assert nats == sorted(nats, reverse=True)
