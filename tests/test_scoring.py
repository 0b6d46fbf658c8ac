"""The score: verdicts and why there are none, percentiles, evidence that adds up, and one score pinned as it is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

import despin
from despin import Score
from despin.context import FloatArray, IntArray, Window
from despin.features import FEATURES, NEURAL_FEATURES, items_of
from despin.pipeline import propose, rounds_of
from despin.reading import Reading
from despin.resources import Resources, load
from despin.scoring import LEAST_LONG, LEAST_WORDS, Tally, _family, evidence_of, percentile_of
from despin.tokens import tokenize

PAGES = Path(__file__).parent / "cases" / "pages"
CLEAN = sorted(PAGES.glob("*.clean.txt"))
ORIGINALS = sorted(PAGES.glob("*.original.txt"))
DEV = ("abstract", "legal", "repair", "supplement", "travel")
# Pages of families that the maps know best.
PLAIN_CASES = ("abstract", "legal", "travel")


@cache
def page(name: str, kind: str = "spun") -> str:
    return (PAGES / f"{name}.{kind}.txt").read_text(encoding="utf-8")


def nats_of(score: Score) -> float:
    return math.fsum(reason.nats for reason in score.evidence)


def long_clean_document() -> list[str]:
    """Paragraphs of more than ten passages that nobody spun."""
    paragraphs = [paragraph for path in ORIGINALS for paragraph in path.read_text(encoding="utf-8").split("\n\n")]
    return [paragraph for paragraph in paragraphs if paragraph.strip()]


# --- verdicts ---------------------------------------------------------------------------------------------------------

GERMAN = (
    "Die Stadt liegt an einem breiten Fluss, der im Frühjahr oft über die Ufer tritt und die Wiesen unter Wasser setzt. "
    "Früher lebten die meisten Leute vom Fischfang, heute arbeiten viele in den Werkstätten am Bahnhof oder fahren jeden "
    "Morgen in die Hauptstadt. Am Sonntag gehen die Familien gern am Hafen spazieren, kaufen geräucherten Aal und sehen "
    "den Schiffen zu, die langsam vorbeiziehen."
)
FRENCH = (
    "La ville se trouve au bord d'un large fleuve qui déborde souvent au printemps et couvre les prés. Autrefois la "
    "plupart des habitants vivaient de la pêche; aujourd'hui beaucoup travaillent dans les ateliers près de la gare ou "
    "partent chaque matin vers la capitale. Le dimanche, les familles aiment se promener au port, achètent de l'anguille "
    "fumée et regardent les bateaux qui passent lentement."
)
POLISH = (
    "Miasto leży nad szeroką rzeką, która wiosną często wylewa i zalewa łąki. Dawniej większość ludzi żyła z rybołówstwa, "
    "dziś wielu pracuje w warsztatach przy dworcu albo jeździ co rano do stolicy. W niedzielę rodziny chętnie spacerują "
    "po porcie, kupują wędzonego węgorza i patrzą na statki, które powoli przepływają. Wieczorem wszyscy wracają do domu, "
    "jedzą kolację i rozmawiają o minionym tygodniu."
)
TABLE = "\n".join(f"Item {n} | {n * 17} | {n * 3.5:.2f} | {n * 9} % | costs {n * 4}" for n in range(1, 60))
NOISE = (
    "The men took the oar a t once and went down t o the shore, where a bo at lay that n one of them had seen bef ore. "
    "It was tbe old ferry, and n o one knew who had bronght it up frorn the town; but the o ld man said that he had s een "
    "it lie there when he was a boy, an d that his fatber had mcnded it twice with his own bands b efore the fl ood."
)
NAMES = "Present were " + ", ".join(
    f"{first} {last} of {town}"
    for first, last, town in zip(
        "Anna John Mary Peter Susan David Helen Mark Julia Simon Laura Paul Emma Frank Alice George Ruth Henry".split(),
        "Smith Brown Taylor Walker Green Baker Wood Turner Hill Cooper Ward Morris King Watson Lee Harris Clark Young".split(),
        "York Leeds Bristol Oxford Dover Bath Derby Lincoln Durham Exeter Wells Ely Truro Ripon Chester Carlisle Hull Hove".split(),
        strict=True,
    )
)
CODE = "\n".join(
    f"def step_{n}(x, y): return [(x + {n}) * y for _ in range({n})] if x > {n} else {{}}" for n in range(40)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NAMES, "mostly names: "),
        (NOISE, "hardly legible: "),
        ("", "too short: 0 words where 50 are needed"),
        ("One odd sentence tells nothing.", "too short: 5 words where 50 are needed"),
        (TABLE, "not prose: "),
        (CODE, "not prose: "),
        (POLISH, "not English, or hardly legible: 32% of the words are known"),
        (
            " ".join(["qwzx", "vrrgh", "tlaqu", "pfnord"] * 20),
            "not English, or hardly legible: 0% of the words are known",
        ),
    ],
    ids=["names", "noise", "empty", "short", "table", "code", "Polish", "letters"],
)
def test_no_verdict_and_why(text: str, reason: str) -> None:
    score = despin.score(text)
    assert score.verdict == "abstain"
    assert score.reason.startswith(reason)
    assert score.family == ""


@pytest.mark.parametrize("text", [GERMAN, FRENCH], ids=["German", "French"])
def test_large_languages_are_not_judged_either(text: str) -> None:
    assert despin.score(text).verdict == "abstain"


def test_fifty_words_are_enough_and_forty_nine_are_not() -> None:
    words = ("We went out and had a meal by the river " * 10).split()
    assert despin.score(" ".join(words[: LEAST_WORDS - 1])).verdict == "abstain"
    score = despin.score(" ".join(words[:LEAST_WORDS]))
    assert (score.verdict, score.words) == ("no-flag", LEAST_WORDS)


@pytest.mark.parametrize("path", [*CLEAN, *ORIGINALS], ids=lambda path: path.stem)
def test_no_human_page_is_flagged(path: Path) -> None:
    score = despin.score(path.read_text(encoding="utf-8"))
    assert score.verdict == "no-flag"
    assert score.family == ""
    assert score.ocr_quality > 0.95


@pytest.mark.parametrize("name", DEV)
def test_spun_pages_score_higher_than_their_originals(name: str) -> None:
    spun, original = despin.score(page(name)), despin.score(page(name, "original"))
    assert spun.probability > original.probability
    assert spun.percentile > original.percentile


@pytest.mark.parametrize(("name", "family"), [("abstract", "word_for_word"), ("supplement", "phrase_rewriter")])
def test_plain_cases_are_flagged_and_their_family_named(name: str, family: str) -> None:
    score = despin.score(page(name))
    assert (score.verdict, score.family) == ("flag", family)
    assert score.probability > 0.95
    assert "of human texts of this length" in score.reason


@pytest.mark.parametrize(
    ("posterior", "family"),
    [
        ((0.4, 0.3, 0.3), "unknown"),
        ((0.1, 0.8, 0.1), "word_for_word"),
        ((0.1, 0.1, 0.8), "round_trip"),
        # wordings of the maps, but no finding that names whose
        ((0.9, 0.05, 0.05), "unknown"),
    ],
)
def test_a_family_is_named_where_one_stands_out(posterior: tuple[float, ...], family: str) -> None:
    assert _family((), (0, 10), np.array(posterior)) == family


@pytest.mark.parametrize("name", PLAIN_CASES)
def test_one_spun_paragraph_of_a_long_clean_document_stands_out(name: str) -> None:
    clean = long_clean_document()
    spun = max(page(name).split("\n\n"), key=lambda paragraph: len(paragraph.split()))
    assert len(spun.split()) >= LEAST_WORDS
    paragraphs = [*clean[:20], spun, *clean[20:]]
    text = "\n\n".join(paragraphs)
    start = text.index(spun)
    inside, outside = [], []
    for passage in despin.passages(text):
        (inside if passage.start < start + len(spun) and start < passage.end else outside).append(
            passage.score.probability
        )
    assert len(outside) > 10
    assert inside
    # one clean passage in a dozen has as much by chance
    assert max(inside) > sorted(outside)[-2]
    # the document as a whole is more suspicious than without it
    assert despin.score(text).probability > despin.score("\n\n".join(clean)).probability


def test_passages_hold_all_words_and_do_not_overlap() -> None:
    text = "\n\n".join(long_clean_document())
    found = despin.passages(text)
    end = 0
    for passage in found:
        assert end <= passage.start < passage.end <= len(text)
        assert text[end : passage.start].strip() == ""
        end = passage.end
    assert text[end:].strip() == ""
    assert sum(passage.score.words for passage in found) == despin.score(text).words


def test_a_passage_scores_as_the_same_text_by_itself() -> None:
    (passage,) = despin.passages(GERMAN)
    assert (passage.start, passage.end) == (0, len(GERMAN))
    assert passage.score == despin.score(GERMAN)


def test_no_text_has_no_passages() -> None:
    assert despin.passages("") == ()


# --- evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.txt")), ids=lambda path: path.stem)
def test_evidence_sums_up_to_the_probability(path: Path) -> None:
    score = despin.score(path.read_text(encoding="utf-8"))
    assert score.probability == pytest.approx(1 / (1 + math.exp(-nats_of(score))), abs=2e-4)
    for passage in despin.passages(path.read_text(encoding="utf-8")):
        assert passage.score.probability == pytest.approx(1 / (1 + math.exp(-nats_of(passage.score))), abs=2e-4)


def test_evidence_names_features_and_their_figures() -> None:
    score = despin.score(page("abstract"))
    rules = [reason.rule for reason in score.evidence]
    assert len(rules) == len(set(rules))
    assert set(rules) <= {*(f"score.{name}" for name in FEATURES), "score.length", "score.passages"}
    said = {reason.rule: reason.source for reason in score.evidence}
    assert said["score.length"] == f"any text of {score.words} words"
    found = re.search(r"(\d+) in (\d+) words", said["score.found.any"])
    assert found is not None
    assert int(found[1]) > 10
    assert int(found[2]) == score.words


def test_more_traces_are_more_evidence() -> None:
    clean = page("abstract", "original")
    traces = " The nurse took important signs. It was an mistake. A history of bosom malignancy is Common here."
    assert nats_of(despin.score(clean + traces)) > nats_of(despin.score(clean)) + 0.5


def test_the_same_wording_again_is_no_further_finding(resources: Resources) -> None:
    def findings(text: str) -> float:
        reading = Reading(tokenize(text), resources.context)
        items = items_of(reading, propose(reading, resources, rounds_of()["wording"]), resources.spun_lexicon)
        return float(items.events["found.any"].sum())

    once = "The nurse took his important signs at noon. "
    assert findings(once) > 0
    assert findings(once * 5) == findings(once)


def test_totals_of_spans_agree_with_their_evidence(resources: Resources) -> None:
    text = "\n\n".join([page("abstract"), page("legal", "original"), page("supplement")])
    reading = Reading(tokenize(text), resources.context)
    tally = Tally(reading, propose(reading, resources, rounds_of()["wording"]), resources)
    cuts = np.linspace(0, len(text), 9).astype(int)
    spans = np.stack([cuts[:-1], cuts[1:]], axis=1)
    for span, total in zip(spans.tolist(), tally.totals(spans).tolist(), strict=True):
        assert math.fsum(reason.nats for reason in tally.weigh(*span)[0]) == pytest.approx(total, abs=1e-3)
    assert sum(tally.word_count(*span) for span in spans.tolist()) == tally.word_count(0, len(text))


def test_a_short_document_has_no_evidence_of_passages(resources: Resources) -> None:
    text = page("abstract") + "\n\n" + page("legal", "original")
    while len(text.split()) < LEAST_LONG:
        text += "\n\n" + page("legal", "original")
    reading = Reading(tokenize(text), resources.context)
    tally = Tally(reading, propose(reading, resources, rounds_of()["wording"]), resources)
    whole = evidence_of(tally, (0, len(text)), np.array([[0, len(text)]]))
    assert [reason for reason in whole[1] if reason.rule == "score.passages"] == []
    assert whole[0] == pytest.approx(math.fsum(reason.nats for reason in whole[1]))
    parts = evidence_of(tally, (0, len(text)), np.array([[0, 700], [700, len(text)]]))
    assert [reason.rule for reason in parts[1]][-1] == "score.passages"
    short = evidence_of(tally, (0, 1400), np.array([[0, 700], [700, 1400]]))
    assert [reason.rule for reason in short[1]][-1] == "score.length"


def test_a_document_is_rewritten_as_a_whole_or_in_one_passage(resources: Resources) -> None:
    text = "\n\n".join([*long_clean_document()[:6], page("abstract"), *long_clean_document()[6:12]])
    reading = Reading(tokenize(text), resources.context)
    tally = Tally(reading, propose(reading, resources, rounds_of()["wording"]), resources)
    spans = np.array([(passage.start, passage.end) for passage in despin.passages(text)])
    judged = [passage for passage in despin.passages(text) if passage.score.words >= LEAST_WORDS]
    assert len(judged) > 5
    whole = math.fsum(reason.nats for reason in tally.weigh(0, len(text))[0])
    one = math.log(math.fsum(math.exp(nats_of(passage.score)) for passage in judged) / len(judged))
    nats, _, _ = evidence_of(tally, (0, len(text)), spans)
    # both accounts are as likely beforehand
    assert nats == pytest.approx(math.log((math.exp(whole) + math.exp(one)) / 2), abs=2e-3)
    assert one > 0


# --- percentile -------------------------------------------------------------------------------------------------------

NATS = st.floats(-20, 60)
WORDS = st.integers(0, 100_000)


@given(NATS, NATS, WORDS)
@example(-1.0, 3.0, 50)
@example(3.068, 3.07, 60)
def test_the_percentile_rises_with_the_evidence(one: float, other: float, words: int) -> None:
    quantiles = load("en").quantiles
    low, high = sorted((one, other))
    assert 0 <= percentile_of(low, words, quantiles) <= percentile_of(high, words, quantiles) <= 100


def test_the_percentile_is_that_of_the_table(resources: Resources) -> None:
    for band in resources.quantiles:
        for percentile, nats in zip(band.percentiles, band.nats, strict=True):
            assert percentile_of(nats, band.words, resources.quantiles) == pytest.approx(percentile)
            assert percentile_of(nats, band.words + 1, resources.quantiles) == pytest.approx(percentile)
    shortest = resources.quantiles[0]
    assert percentile_of(shortest.nats[3], 0, resources.quantiles) == pytest.approx(shortest.percentiles[3])
    assert percentile_of(shortest.nats[-1] + 1, 50, resources.quantiles) == pytest.approx(
        100 - (100 - shortest.percentiles[-1]) / math.e
    )


# --- what callers choose ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prior", [0.01, 0.2, 0.9])
def test_the_prior_shifts_the_log_odds(prior: float) -> None:
    text = page("travel")
    even, shifted = despin.score(text), despin.score(text, prior=prior)
    expected = nats_of(even) + math.log(prior / (1 - prior))
    assert shifted.probability == pytest.approx(1 / (1 + math.exp(-expected)), abs=2e-4)
    assert (shifted.verdict, shifted.percentile, shifted.evidence) == (even.verdict, even.percentile, even.evidence)


def test_the_rate_of_false_alarms_moves_the_verdict_only() -> None:
    text = page("travel")
    percentile = despin.score(text).percentile
    careful, loose = (despin.score(text, fpr=(100 - percentile) / 100 * factor) for factor in (0.9, 1.1))
    assert (careful.verdict, loose.verdict) == ("no-flag", "flag")
    assert careful.probability == loose.probability
    assert loose.family
    assert not careful.family


@pytest.mark.parametrize("name", DEV)
def test_who_is_flagged_is_flagged_at_any_looser_rate(name: str) -> None:
    verdicts = [despin.score(page(name), fpr=fpr).verdict for fpr in (0.001, 0.005, 0.01, 0.05, 0.2, 0.5)]
    assert verdicts == sorted(verdicts, key=("no-flag", "flag").index)


def test_the_signature_names_what_made_the_score(resources: Resources) -> None:
    score = despin.score(GERMAN, fpr=0.05, prior=0.1)
    assert score.signature == f"{resources.signature} fpr:0.05 prior:0.1"


class Reads:
    """A neural model that finds every word as odd as the last."""

    name = "odd:1"

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        return [np.zeros(len(window.wordings)) for window in windows]

    def word_log_probs(self, text: str) -> tuple[IntArray, FloatArray]:
        starts = np.array([match.start() for match in re.finditer(r"\S+", text)], np.int64)
        return starts, np.full(len(starts), -20.0)


class Shortlists:
    """A context model that does not read running text."""

    name = "short:1"

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        return [np.zeros(len(window.wordings)) for window in windows]


def test_a_model_that_reads_the_text_adds_its_evidence() -> None:
    plain, read = despin.score(page("travel")), despin.score(page("travel"), context=Reads())
    added = {reason.rule for reason in read.evidence} - {reason.rule for reason in plain.evidence}
    assert added == {f"score.{name}" for name in NEURAL_FEATURES}
    assert read.probability == pytest.approx(1 / (1 + math.exp(-nats_of(read))), abs=2e-4)
    assert "context:odd:1" in read.signature


def test_a_model_that_does_not_read_running_text_leaves_the_score_as_it_is() -> None:
    assert despin.score(page("travel"), context=Shortlists()).evidence == despin.score(page("travel")).evidence


# --- pinned -----------------------------------------------------------------------------------------------------------

PINNED = """\
The shed at the bottom of our garden was built by my grandfather, who kept bees and never threw a plank away. Last
spring the roof gave in after a week of rain, and we had to choose between mending it and pulling the whole thing down.
My sister drew a plan, I borrowed a ladder, and for three weekends we carried tiles.

It is Essential to look at the timber before you invest in an new beam. My sister also found an mistake in her plan,
which had the issue that the wall was shorter than the roof. Be certain to inquire a carpenter if you are not sure that
the wall is risk-free, and buy good wood, since the cheap sort will not last for ten years under a wet roof.

By June the shed was dry again. We painted the door green, as he would have done, and found room for two hives.
"""


def test_a_pinned_score() -> None:
    # A change of maps, spin weights, n-grams or of the score's own tables moves it: look why, say so in the commit, and
    # pin anew. Last moved: pairs of words as round trips put them side by side became evidence.
    score = despin.score(PINNED)
    assert (score.verdict, score.words) == ("flag", 157)
    assert score.probability == pytest.approx(0.978, abs=0.03)


def test_a_very_small_rate_of_false_alarms_is_kept() -> None:
    # evidence that one human text in 3,000 reaches must not be flagged at one in 10,000
    quantiles = load("en").quantiles
    for repeats in range(1, 60):
        text = page("legal", "original") + "\n\n" + " ".join(page("supplement").split()[: 5 * repeats])
        score = despin.score(text, fpr=0.0001)
        if score.verdict == "flag":
            assert percentile_of(nats_of(score), score.words, quantiles) >= 99.985
