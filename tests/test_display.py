"""What a notebook shows: all of it, and nothing of a text as markup."""

from __future__ import annotations

from html.parser import HTMLParser

import hypothesis.strategies as st
from hypothesis import given

import despin
from despin import display
from despin.results import Repair
from despin.values import Alternative, Edit, Evidence, Finding, Refusal, Step

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class Reader(HTMLParser):
    """Collects elements and text; fails on unbalanced elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.elements: set[str] = set()
        self.said = ""
        self.feed(page)
        self.close()
        assert self.opened == [], page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.opened.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.opened[-1:] != ["style"]:
            self.said += data


def test_changes_are_struck_out_put_in_and_explained() -> None:
    text = "An mistake here."
    edit = Edit(0, 10, "An mistake", "An error", "spin.map", 0.95, (Evidence(2.0, "spin.map", "error <- mistake"),))
    shown = Reader(
        display.repair(text, [edit], [Refusal(11, 15, "here", "there", "spin.map", 0.2, "not sure enough")], "")
    )
    assert {"del", "ins", "details"} <= shown.elements
    for words in ("An mistake", "An error", " here.", "error <- mistake", "not sure enough", "1 edit, 1 refusal"):
        assert words in shown.said


def test_no_text_becomes_markup() -> None:
    edit = Edit(0, len(EVIL), EVIL, EVIL + "!", EVIL, 0.9, (Evidence(1.0, EVIL, EVIL),))
    finding = Finding(0, len(EVIL), EVIL, EVIL, (Alternative(EVIL, (Evidence(1.0, EVIL, EVIL),)),))
    for page in (
        display.repair(
            EVIL, [edit], [Refusal(0, 1, EVIL, EVIL, EVIL, 0.1, EVIL)], display.score_line(EVIL, 0.5, EVIL, EVIL)
        ),
        display.score(EVIL, 0.5, EVIL, edit.evidence),
        display.passages([(0, 9, 0.4, EVIL)]),
        display.findings([finding]),
    ):
        shown = Reader(page)
        assert not {"script", "img"} & shown.elements
        assert "alert(1)" in page


def test_long_stretches_and_many_changes_are_shortened() -> None:
    text = "a" * 5000 + "b" + "c" * 5000
    shown = Reader(display.repair(text, [Edit(5000, 5001, "b", "B", "spin.map", 0.9)], [], ""))
    assert len(shown.said) < 1000
    assert "4,800 characters" in shown.said
    edits = [Edit(i, i + 1, "a", "A", "spin.map", 0.9) for i in range(display.MOST_EDITS + 5)]
    assert "5 changes more" in Reader(display.repair(text, edits, [], "")).said


def test_an_unchanged_text_is_shown_from_its_start() -> None:
    shown = Reader(display.repair("start " + "x" * 900, [], [], ""))
    assert shown.said.startswith("0 edits, 0 refusalsstart")


def test_what_the_library_returns_shows_itself() -> None:
    page = "The vaccine is just not advised for people.two Presented the constrained data, an mistake is likely.\n" * 9
    repair = despin.repair(page)
    assert repair.before is not None
    for value in (repair, repair.before, despin.passages(page), despin.find(page)):
        assert "despin" in value._repr_html_()
        Reader(value._repr_html_())
    assert "before: " in Reader(repair._repr_html_()).said


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    step = Step("wording", (Edit(0, len(text), text, text[::-1], "ocr.letters", 0.5),) if text else ())
    Reader(Repair(text, text[::-1], (step,), (), "test")._repr_html_())
