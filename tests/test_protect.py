"""What is never rewritten: quotations, code and addresses, names with digits, the caller's terms; and what is not that."""

from __future__ import annotations

import time

import hypothesis.strategies as st
import pytest
from hypothesis import given

from despin.protect import CODE_IS, protected_letters, protected_spans
from despin.settings import SettingsError
from despin.tokens import tokenize


def shown(text: str, *terms: str) -> list[tuple[str, str]]:
    return [(text[start:end], what) for start, end, what in protected_spans(tokenize(text), terms)]


@pytest.mark.parametrize(
    "quotation",
    [
        "“he was not here”",
        "«he was not here»",
        '"he was not here"',
        '"He was not here."',
        '"he was\tnot here!"',
        "“he ‘was not’ here”",
        "‘he was not here’",
        "‘he wasn’t here’",
        "„he was not here“",
        "„he was not here”",
        # over the end of a wrapped line
        "“he was\nnot here”",
    ],
)
def test_quotations(quotation: str) -> None:
    assert shown(f"She said {quotation} and left.") == [(quotation, "a quotation")]


@pytest.mark.parametrize(
    "text",
    [
        # two words or fewer are scare quotes
        "a “natural remedy” for it",
        'a "natural remedy" for it',
        # inches, and marks that do not pair
        'a 5" by 6" by 7" box of the sort',
        'she said "he was not here and left',
        "she said “he was not here and left",
        # a quotation does not go on in the next paragraph
        "she said “he was\n\nnot here” and left",
        "she said “he was\n \nnot here” and left",
        # apostrophes open and close nothing
        "the cats’ and the dogs’ own house, rock ’n’ roll",
        "the so-called ‘cats’ of the house",
        # a sign in the middle of a line, and an arrow
        "more than > five of them, a -> b of them",
        # the apostrophe is no quotation mark
        "the cats' and the dogs' own house",
        # no quotation is longer than 600 characters
        "“" + "a word " * 100 + "”",
    ],
)
def test_no_quotations(text: str) -> None:
    assert [what for _, what in shown(text) if what == "a quotation"] == []


def test_quoted_lines() -> None:
    text = "He wrote:\n> it was not\n>> so at all\nand that is all."
    assert shown(text) == [("> it was not\n>> so at all", "a quotation")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Use <code>x = the vital\nsigns</code> here.", ["<code>x = the vital\nsigns</code>"]),
        ("<PRE class='a'>a <b>of</b> it</PRE> b", ["<PRE class='a'>a <b>of</b> it</PRE>"]),
        # what is never closed, or was never opened, holds nothing
        ("a <code>of the signs", ["<code>"]),
        ("a of the</code> signs", ["</code>"]),
        ("a <em>of the</em> signs", ["<em>", "</em>"]),
    ],
)
def test_elements_of_code(text: str, code: list[str]) -> None:
    assert shown(text) == [(one, "code or an address") for one in code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Run this:\n\n    important_signs = read(path)\n\nIt is quick.", ["    important_signs = read(path)"]),
        ("Run this:\n\n\tpip install sheds\n\tsheds --all\n", ["\tpip install sheds\n\tsheds --all"]),
        ("    for line in lines:\n        print(line)\n", ["    for line in lines:\n        print(line)"]),
        # an empty line within, and Windows line ends
        ("Then:\r\n\r\n    x = 1\r\n\r\n    y = 2\r\n\r\nDone.", ["    x = 1\r\n\r\n    y = 2"]),
        ("Then:\n\n    while waiting:\n        the cat sat\n\nDone.", ["    while waiting:\n        the cat sat"]),
        ("One:\n\n    a::b\n\nTwo:\n\n    $ ls\n", ["    a::b", "    $ ls"]),
    ],
)
def test_code_that_is_set_in(text: str, code: list[str]) -> None:
    tokens = tokenize(text)
    assert [text[start:end] for start, end, what in protected_letters(tokens) if what == CODE_IS] == code


@pytest.mark.parametrize(
    "text",
    [
        # the first lines of paragraphs, with none of them set in but those
        "    It was the best of times, it was\nthe worst of times (so they said);\n\n    It was the age of wisdom.",
        # verse: stops, brackets, dashes, apostrophes
        "He sang:\n\n    The sun (so bright) is down;\n    the day -- alas -- is o'er:\n    Go, lovely rose!\n\nThen he slept.",
        # the head and the end of a letter
        "                    14 High Street,\n                    May 3rd, 1871.\n\nDear Sir,\n\n    Yours, &c.,\n\n        J. _Smith_",
        # a quotation and a list
        "The report says:\n\n    Important signs were read each hour; if not, the nurse was called.\n\nSo it was.",
        "We need:\n\n    - two eggs\n    - flour, sugar and/or salt\n\nStir.",
        # set in, but within a paragraph
        "The value is\n    x = 5\nin most cases.",
        "\t\n\n    \n",
    ],
)  # fmt: skip
def test_prose_that_is_set_in(text: str) -> None:
    tokens = tokenize(text)
    assert [what for _, _, what in protected_letters(tokens) if what == CODE_IS] == []


def test_many_lines_that_are_set_in_take_linear_time() -> None:
    tokens = tokenize("\n\n    a = b" * 20_000)
    begin = time.process_time()
    ((start, end, _),) = protected_letters(tokens)
    assert (start, end) == (2, len(tokens.text))
    assert time.process_time() - begin < 2


def test_code_and_names() -> None:
    assert shown("IL-6 at www.a.org, `x y` and 5 mg") == [
        ("IL-6", "a name with digits"),
        ("www.a.org", "code or an address"),
        ("`x y`", "code or an address"),
    ]


def test_terms_are_found_as_words_in_any_case() -> None:
    text = "Vital Signs and vital signs, not vital signses nor revital signs; C++ too"
    assert shown(text, "vital signs", "c++") == [
        ("Vital Signs", "a protected term"),
        ("vital signs", "a protected term"),
        ("C++", "a protected term"),
    ]


def test_the_longest_term_is_taken() -> None:
    assert shown("the vital signs", "vital", "vital signs") == [("vital signs", "a protected term")]


@pytest.mark.parametrize(
    ("text", "term", "found"),
    [
        ("the vital\nsigns", "vital signs", "vital\nsigns"),
        ("the vital  signs", "vital signs", "vital  signs"),
        ("the patient’s care", "patient's care", "patient’s care"),
        ("the patient's care", "patient’s care", "patient's care"),
        # white space stands where the term has it, and nowhere else
        ("the vitalsigns", "vital signs", None),
        ("the C ++ of it", "C++", None),
        ("the vital, signs", "vital signs", None),
    ],
)
def test_terms_over_line_ends_and_with_other_apostrophes(text: str, term: str, found: str | None) -> None:
    assert shown(text, term) == ([(found, "a protected term")] if found else [])


def test_many_terms_are_as_fast_as_one() -> None:
    text = "the vital signs of one patient " * 2000
    terms = [f"vital {number} sign" for number in range(10_000)]
    began = time.process_time()
    spans = protected_spans(tokenize(text), [*terms, "vital signs"])
    assert len(spans) == 2000
    # .2 s here; one regular expression of all terms took many times as long
    assert time.process_time() - began < 2


def test_a_term_is_no_pattern() -> None:
    assert shown("a.b and axb", "a.b") == [("a.b", "a protected term")]


@pytest.mark.parametrize("terms", [[""], ["  "], ["good", ""]])
def test_an_empty_term_is_refused(terms: list[str]) -> None:
    with pytest.raises(SettingsError, match="protect takes a sequence of terms that are text and not empty"):
        protected_spans(tokenize("text"), terms)


def test_one_string_is_no_list_of_terms() -> None:
    with pytest.raises(SettingsError, match="put the one term into a list"):
        protected_spans(tokenize("text"), "term")


def test_spans_that_overlap_are_one() -> None:
    text = "he said “see www.a.org for vital signs” today"
    assert shown(text, "signs” today", "see") == [("“see www.a.org for vital signs” today", "a quotation")]


parts = st.sampled_from(["“", "”", '"', "«", "»", " ", "a", "word ", "IL-6 ", "www.a.org ", "\n", "the term "])


@given(
    st.lists(parts, max_size=40).map("".join),
    st.lists(st.sampled_from(["the term", "term", "word a", "a"]), max_size=3),
)
def test_spans_are_sorted_and_apart(text: str, terms: list[str]) -> None:
    spans = protected_spans(tokenize(text), terms)
    end_before = 0
    for start, end, what in spans:
        assert end_before <= start < end <= len(text)
        assert what
        end_before = end


def test_overlapping_terms_are_both_protected() -> None:
    text = "especially if you have kidney ailment now"
    spans = protected_spans(tokenize(text), ["especially if you have kidney", "kidney ailment"])
    assert [text[start:end] for start, end, _ in spans] == ["especially if you have kidney ailment"]


def test_letters_are_held_back_by_code_and_the_callers_terms_alone() -> None:
    text = "“he was not here”, IL-6 at www.a.org: vital signs"
    spans = protected_letters(tokenize(text), ["Vital signs"])
    assert [(text[start:end], what) for start, end, what in spans] == [
        ("www.a.org", "code or an address"),
        ("vital signs", "a protected term"),
    ]


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "It was paid for by the National Institute on Deafness and Other Communication Disorders in that year.",
            "National Institute on Deafness and Other Communication Disorders",
        ),
        ("We gave it to the Society for the Protection of Birds last year.", "Society for the Protection of Birds"),
        ("The boats lie in New Haven on most days.", "New Haven"),
        # the capital that opens a sentence is no part of it, unless two follow
        ("Last Royal Society meetings were held there in the spring.", "Royal Society"),
    ],
)
def test_names_of_several_words_are_protected(text: str, name: str) -> None:
    assert shown(text) == [(name, "a name")]


@pytest.mark.parametrize(
    "text",
    [
        # one capital, or two that only "and" joins, may be a spinner's
        "The treatment is both of those Secure and helpful for most.",
        "The treatment is both Safe and Effective for most people here.",
        "If Ketamine is given by mouth, the dose is higher than that.",
        # headings
        "How To Choose The Right Health Plan For Your Family",
        "THE USE OF THE DRUG IN THE CLINIC",
        "Signs and Symptoms of Anxiety",
    ],
)
def test_what_is_no_name_of_several_words(text: str) -> None:
    assert shown(text) == []


def test_many_names_are_found_in_linear_time() -> None:
    assert len(protected_spans(tokenize("we met Anna Maria there and then. " * 2000))) == 2000


@pytest.mark.parametrize("text", ["Anna Lee saw it and ", "the Institute on Deafness and Other Things of it, "])
def test_names_in_endless_sentences_take_linear_time(text: str) -> None:
    """Linear, this takes a second or two; quadratic, many minutes."""
    tokens = tokenize(text * 20_000)
    start = time.process_time()
    protected_spans(tokens)
    assert time.process_time() - start < 60
