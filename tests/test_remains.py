"""What page generators leave between the sentences: lines of web forms, titles of link farms; and what only looks so."""

from __future__ import annotations

import re
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import despin
from despin.detect.remains import find as find_in
from despin.edits import apply
from despin.reading import Reading
from despin.resources import load
from despin.tables import TableError, data_folder, read_rows
from despin.titles import COLUMNS, TELLING, Titles, marks
from despin.tokens import tokenize
from despin.values import Edit, Finding
from despin.webforms import NATS, SAID, _says, runs

PAGES = Path(__file__).parent / "cases" / "pages"
SPUN_PAGE = (PAGES / "supplement.spun.txt").read_text(encoding="utf-8")
TITLES = data_folder() / "debris" / "titles.tsv"


def read(text: str) -> Reading:
    return Reading(tokenize(text), load("en").context)


def find(text: str) -> list[Finding]:
    return find_in(read(text), load("en"))


# --- web forms --------------------------------------------------------------------------------------------------------

# What forms say in their ordinary words, and as spinners leave it; one kind a row.
SAYINGS = {
    "label": ["Your comment:", "Name *", "Choose a folder:", "Pick an album:", "Email (required)"],
    "limit": ["Name must be less than 40 characters", "Title ought to be fewer than letters", "Password must be at least eight characters long"],
    "empty": ["Name is required", "Subject should not be left blank", "Your email has to be unique"],
    "failure": ["Unable to save your album because of a problem", "Not able to delete the folder owing to an oversight", "An error occurred while loading your folder"],
    "retry": ["Please try again later", "please attempt again"],
    "required": ["* indicates required field", "signifies needed fields", "Required fields are marked *"],
    "captcha": ["Enter the characters you see in the image", "Type the code shown below", "Please prove that you are human", "I'm not a robot"],
    "comment": ["Leave a Reply Cancel reply", "Post a comment", "Leave your remark"],
    "privacy": ["Your email address will not be published", "Your e-mail won’t be revealed"],
    "notify": ["Notify me of follow-up comments by email", "Inform me of new posts by e-mail"],
    "remember": ["Save my name, email, and website in this browser for the next time I comment", "Preserve my name and email within this browser"],
    "login": ["You must be logged in to post a comment", "You need to be signed in to leave a reply"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in SAYINGS.items() for line in lines])
def test_what_a_form_says_is_known_by_its_pattern(kind: str, line: str) -> None:
    match = _says().match(line)
    assert match is not None
    assert match.end() == len(line)
    assert match[kind] == line


def test_every_kind_has_examples() -> None:
    assert set(SAYINGS) == set(NATS) == {kind for kind, _, _ in SAID}


@pytest.mark.parametrize(
    ("text", "said", "rewritten"),
    [
        ("Leave a Reply\nYour email address will not be published.", ("comment", "privacy"), False),
        ("Leave a Reply\n\n\nRequired fields are marked *\n\nName *\n", ("comment", "label", "required"), False),
        ("It rains.\nName your folder: Name must be less than letters\nIt pours.", ("label", "limit"), True),
        ("Name must be less than 40 characters Please try again", ("limit", "retry"), False),
        ("Leave a remark\r\nUnable to save your series\r\n", ("comment", "failure"), True),
    ],
)
def test_runs_of_form_lines(text: str, said: tuple[str, ...], rewritten: bool) -> None:
    (run,) = runs(read(text))
    assert (run.said, run.rewritten) == (said, rewritten)
    assert text[run.start : run.end] == text[run.start : run.end].strip() != ""


@pytest.mark.parametrize(
    "text",
    [
        # one thing alone
        "Name must be less than 40 characters.",
        "Leave a comment.",
        "Name:\nAddress:\nCity:\nEnter your phone number: 5",
        # sentences about forms
        "The name must be less than 40 characters, or the server answers that it was unable to save your file.",
        "Leave a comment if you like this recipe; your email address will not be published, and I answer each one.",
        "Required fields are marked with an asterisk in this manual, and the form is sent when all of them are filled.",
        "If you are unable to load your collection because of an error, close the program and please try again.",
        "I am not a robot, she said, and please do not leave a reply on my desk again.",
        # shown, quoted, listed, in a table or in code
        'It said "Name is required" and "Please try again".',
        "- Name must be less than 40 characters\n- Name is required\n- Please try again",
        "1. Leave a comment\n2. You must be logged in to post a comment",
        "| Name is required | Please try again |",
        "The page then shows:\nName is required. Please try again later.",
        "`Name is required`\n`Please try again`",
        "",
        "\n\n",
        "reply",
    ],
)
def test_what_is_no_form(text: str) -> None:
    assert runs(read(text)) == []


# --- titles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains.\nRumored Buzz on garden sheds\nIt pours.", "Rumored Buzz on garden sheds"),
        ("It rains.\n\n  The 5-Second Trick For Sheds  \n\nIt pours.", "The 5-Second Trick For Sheds"),
        ("It rains. Top latest Five garden shed Urban news It pours.", "Top latest Five garden shed Urban news"),
        ("It rains. A Simple Key For sheds Unveiled", "A Simple Key For sheds Unveiled"),
        ("It rains.\nHow Much You Need To Expect You’ll Pay For A Good shed", "How Much You Need To Expect You’ll Pay For A Good shed"),
    ],
)  # fmt: skip
def test_titles_of_other_pages_are_found(text: str, expected: str) -> None:
    (finding,) = find(text)
    assert finding.rule == "remains.title"
    assert finding.before.strip() == expected
    edit = Edit(finding.start, finding.end, finding.before, finding.best.text, finding.rule, 0.9)
    left = apply(text, (edit,))
    assert left.split() == text.replace(expected, "").split()
    assert "  " not in left.strip()


@pytest.mark.parametrize(
    "text",
    [
        # the page's own title, once or twice
        "Rumored Buzz on garden sheds\nA shed needs a floor.",
        "Rumored Buzz on garden sheds\nRumored Buzz on garden sheds\nA shed needs a floor.",
        # people write these
        "A shed needs a floor.\n\nThe Definitive Guide to Garden Sheds\n\nIt needs a roof.",
        "A shed needs a floor.\n\nLittle Known Facts About Sheds\n\nIt needs a roof.",
        "A shed needs a floor.\n\nEverything about sheds\n\nIt needs a roof.",
        # within a sentence
        "He wrote the little book called Rumored Buzz on sheds and sold it himself.",
        "We examine this report on sheds.",
        "It rains. The rumored buzz on sheds is that they leak.",
    ],
)
def test_where_titles_stay(text: str) -> None:
    assert find(text) == []


def test_words_in_lower_case_were_set_into_a_title_in_capitals(resources: despin.resources.Resources) -> None:
    def nats(text: str) -> float:
        (title,) = resources.titles.find(read(text))
        return title.nats

    assert nats("New Step by Step Map For garden sheds") == nats("New Step by Step Map For Garden Sheds") + 1


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Fascination About sheds\nA shed needs a floor.", ["Fascination"]),
        ("It rains. Not known Factual Statements About sheds It pours in May.", ["Not"]),
        ("The Definitive Guide to Garden Sheds\nA shed needs a floor.", []),
        ("", []),
    ],
)
def test_the_trace_marks_the_start_of_titles(text: str, marked: list[str]) -> None:
    reading = read(text)
    begins = marks(reading, load("en").titles)
    assert begins.shape == (len(reading),)
    assert [reading.word(item) for item in range(len(reading)) if begins[item]] == marked


def test_a_farm_s_own_title_speaks_against_the_rest_of_the_page() -> None:
    rest = "\nIt rains.\nRumored Buzz on roofs"
    (alone,), (company,) = find("Sheds" + rest), find("Fascination About sheds" + rest)
    assert company.best.nats == alone.best.nats + 1


# --- on pages ---------------------------------------------------------------------------------------------------------

FORM = "Leave a Reply\nYour email address will not be published. Required fields are marked *\nName *"
SPUN_FORM = (
    "Title your folder: Title ought to be fewer than letters\nNot able to save your folder on account of a mistake"
)


@pytest.mark.parametrize("remains", [FORM, SPUN_FORM, "New Step by Step Map For garden sheds"])
def test_remains_leave_a_spun_page_whole(remains: str) -> None:
    head, tail = "\n\nThe shop is closed on Sunday.", "\n\nIt opens on Monday.\n"
    repair = despin.repair(SPUN_PAGE + head + "\n\n" + remains + tail, level="bold")
    assert repair.text.endswith(head + tail)
    assert repair.undo() == SPUN_PAGE + head + "\n\n" + remains + tail


def test_forms_are_left_to_the_bold() -> None:
    for form in (FORM, SPUN_FORM):
        repair = despin.repair(SPUN_PAGE + "\n\nThe shop is closed on Sunday.\n\n" + form)
        assert [edit for edit in repair.edits if edit.rule.startswith("remains")] == []
        assert [refusal for refusal in repair.refusals if refusal.rule.startswith("remains")]


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.clean.txt")), ids=lambda path: path.stem)
def test_a_sound_page_keeps_its_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8") + "\n\n" + FORM + "\n"
    assert [edit for edit in despin.repair(text).edits if edit.rule.startswith("remains")] == []


def test_forms_in_their_ordinary_wording_say_nothing_of_the_damage() -> None:
    page = (PAGES / "news_report.clean.txt").read_text(encoding="utf-8")
    findings = [finding for finding in despin.find(page + "\n\n" + FORM) if finding.rule == "remains.form"]
    assert len(findings) == 1
    rates = [
        reason.nats
        for text in (page, page + "\n\n" + FORM)
        for change in despin.repair(text).refusals
        for reason in change.evidence
        if reason.rule == "rate"
    ]
    assert max(rates) - min(rates) < 0.1


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from([line for lines in SAYINGS.values() for line in lines] + ["\n", "It rains.", "Rumored Buzz on"]) | st.characters()).map(
        " ".join
    )
)  # fmt: skip
def test_findings_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    last = 0
    for finding in sorted(find(text), key=lambda finding: finding.start):
        assert last <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.before
        assert finding.best.text == ""
        last = finding.end


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_table_is_sorted_and_every_title_is_found_by_its_frame() -> None:
    rows = [cells for _, cells in read_rows(TITLES, COLUMNS)]
    assert rows == sorted(rows)
    titles = Titles.load(TITLES.parent)
    for frame, nats, _ in rows:
        (found,) = titles.find(read("It rains.\n" + re.sub(r"\bX\b", "Garden Sheds", frame)))
        assert (found.frame, found.nats, found.whole, found.opens) == (frame, float(nats), True, False)
    assert any(float(nats) < TELLING for _, nats, _ in rows)


@pytest.mark.parametrize("row", ["About\t1\t", "X\t1\t", "X X\t1\t", "About X\tone\t", "About X\t1\t\nAbout X\t1\t"])
def test_a_malformed_table_names_its_line(tmp_path: Path, row: str) -> None:
    (tmp_path / "titles.tsv").write_text("frame\tnats\tnote\n" + row + "\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"titles\.tsv:[23]: "):
        Titles.load(tmp_path)
