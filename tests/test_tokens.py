"""The tokenizer, case by case: what each branch of the pattern takes and what it must leave alone.

A case is a text and its tokens, each as its kind's letter, a colon and the string; gaps are left out. The laws that
hold for any text are in test_tokens_laws.py.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from despin import tokens as tokens_module
from despin.tokens import Kind, Token, kind_of, passages, tokenize

LETTER = {Kind.WORD: "w", Kind.NUMBER: "n", Kind.MARK: "m", Kind.CODE: "c", Kind.NAME: "x"}


def shown(text: str) -> list[str]:
    return [f"{LETTER[token.kind]}:{token.text}" for token in tokenize(text) if token.kind != Kind.GAP]


CASES: dict[str, list[tuple[str, list[str]]]] = {
    "glued sentences": [
        ("Anxiety?Dependant", ["w:Anxiety", "m:?", "w:Dependant"]),
        ("pain.Others", ["w:pain", "m:.", "w:Others"]),
        ("pain.others", ["w:pain", "m:.", "w:others"]),
        ("pain...others", ["w:pain", "m:...", "w:others"]),
    ],
    "citations": [
        ("states [35] that", ["w:states", "m:[", "n:35", "m:]", "w:that"]),
        ("drug(5)", ["w:drug", "m:(", "n:5", "m:)"]),
        ("dysfunction.two Given", ["w:dysfunction", "m:.", "w:two", "w:Given"]),
        ("dysfunction.twelve,thirteen", ["w:dysfunction", "m:.", "w:twelve", "m:,", "w:thirteen"]),
        ("antagonism.31 The", ["w:antagonism", "m:.", "n:31", "w:The"]),
        ("rats.12,13 In", ["w:rats", "m:.", "n:12,13", "w:In"]),
        ("4–6", ["n:4", "m:–", "n:6"]),
        ("[12-14]", ["m:[", "n:12", "m:-", "n:14", "m:]"]),
        ("a–c", ["w:a", "m:–", "w:c"]),
        ("shown.¹²", ["w:shown", "m:.", "n:¹²"]),
        ("shown¹", ["w:shown", "n:¹"]),
    ],
    "DOI": [
        ("10.1016/j.pain.2009.01.005.", ["c:10.1016/j.pain.2009.01.005", "m:."]),
        ("(10.1000/xyz)", ["m:(", "c:10.1000/xyz", "m:)"]),
        ("10.1000/S0140-6736(05)17866-0,", ["c:10.1000/S0140-6736(05)17866-0", "m:,"]),
        # a registrant has four digits or more, and something follows the slash
        ("10.5/7", ["n:10.5", "m:/", "n:7"]),
        ("10.1000/ x", ["n:10.1000", "m:/", "w:x"]),
    ],
    "URL": [
        ("see https://example.org/a?b=c.", ["w:see", "c:https://example.org/a?b=c", "m:."]),
        ("http://a.b/c, and", ["c:http://a.b/c", "m:,", "w:and"]),
        ("(see www.example.org/x).", ["m:(", "w:see", "c:www.example.org/x", "m:)", "m:."]),
        ("http://a.b/Foo_(bar)", ["c:http://a.b/Foo_(bar)"]),
        ("“http://a.b/c”", ["m:“", "c:http://a.b/c", "m:”"]),
        ("[x](http://a.b)", ["m:[", "w:x", "m:]", "m:(", "c:http://a.b", "m:)"]),
        ("ftp://a.b/é", ["c:ftp://a.b/é"]),
        # no address without anything after the scheme
        ("http://", ["w:http", "m::", "m:/", "m:/"]),
        ("http://...", ["w:http", "m::", "m:/", "m:/", "m:..."]),
        ("www. here", ["w:www", "m:.", "w:here"]),
    ],
    "e-mail": [
        ("ask a.b@c-d.example.org now", ["w:ask", "c:a.b@c-d.example.org", "w:now"]),
        ("a_b+c@d.eu.", ["c:a_b+c@d.eu", "m:."]),
        # a handle has no host behind it, a host has a dot
        ("@user", ["m:@", "w:user"]),
        ("me@home", ["w:me", "m:@", "w:home"]),
        # RFC 5321: no local part is longer than 64
        ("a" * 65 + "@b.org", ["w:" + "a" * 65, "m:@", "c:b.org"]),
    ],
    "host and file names": [
        ("example.com", ["c:example.com"]),
        ("index.html and data-2.csv", ["c:index.html", "w:and", "c:data-2.csv"]),
        ("my.example.co.uk", ["c:my.example.co.uk"]),
        # glued sentences: the ending is a word, goes on, or is a capital
        ("rats.in", ["w:rats", "m:.", "w:in"]),
        ("rats.common", ["w:rats", "m:.", "w:common"]),
        ("rats.Info", ["w:rats", "m:.", "w:Info"]),
    ],
    "markup": [
        ('<p class="x">text</p>', ['c:<p class="x">', "w:text", "c:</p>"]),
        ("&amp; &#160; &#xA0;", ["c:&amp;", "c:&#160;", "c:&#xA0;"]),
        ("`x_1` is", ["c:`x_1`", "w:is"]),
        ("```\nx = 1\n``` so", ["c:```\nx = 1\n```", "w:so"]),
        ("**bold** _it_", ["m:**", "w:bold", "m:**", "m:_", "w:it", "m:_"]),
        ("## Head", ["m:##", "w:Head"]),
        # no tag, no entity, no code
        ("a < b > c", ["w:a", "m:<", "w:b", "m:>", "w:c"]),
        ("p<0.05", ["w:p", "m:<", "n:0.05"]),
        ("a <b and c", ["w:a", "m:<", "w:b", "w:and", "w:c"]),
        ("<p\n>", ["m:<", "w:p", "m:>"]),
        ("R&D; &amp", ["w:R", "m:&", "w:D", "m:;", "m:&", "w:amp"]),
        ("a ` b", ["w:a", "m:`", "w:b"]),
    ],
    "numbers": [
        ("3.5", ["n:3.5"]),
        ("1,234,567.89", ["n:1,234,567.89"]),
        ("2.1.3", ["n:2.1.3"]),
        ("½ Ⅳ ²", ["n:½", "n:Ⅳ", "n:²"]),
        ("٣٫", ["n:٣", "m:٫"]),
        ("10:30", ["n:10", "m::", "n:30"]),
        ("20%", ["n:20", "m:%"]),
        ("$5.00", ["m:$", "n:5.00"]),
        ("1/2", ["n:1", "m:/", "n:2"]),
        ("2010-2012", ["n:2010", "m:-", "n:2012"]),
        # a point or comma that nothing follows ends a sentence or a clause
        ("3.5.", ["n:3.5", "m:."]),
        ("1, 2", ["n:1", "m:,", "n:2"]),
        ("1..2", ["n:1", "m:..", "n:2"]),
    ],
    "versions and units": [
        ("v2.1.0", ["x:v2.1.0"]),
        ("v2.", ["x:v2", "m:."]),
        ("5mg", ["x:5mg"]),
        ("10 mg", ["n:10", "w:mg"]),
        ("1990s", ["x:1990s"]),
        ("3rd", ["x:3rd"]),
        ("5 h", ["n:5", "w:h"]),
    ],
    "chemical names": [
        ("5-HT3", ["x:5-HT3"]),
        ("IL-6", ["x:IL-6"]),
        ("IL‑6", ["x:IL‑6"]),
        ("N-methyl", ["x:N-methyl"]),
        ("N-methyl-D-aspartate", ["x:N-methyl", "m:-", "x:D-aspartate"]),
        ("H2O", ["x:H2O"]),
        ("COVID-19", ["x:COVID-19"]),
        ("CD4-2b", ["x:CD4-2b"]),
        ("l9O5", ["x:l9O5"]),
        # not: a range, a dash with blanks, a compound, a capital letter with a short word
        ("4-6", ["n:4", "m:-", "n:6"]),
        ("in 5 - HT", ["w:in", "n:5", "m:-", "w:HT"]),
        ("TNF-α", ["w:TNF", "m:-", "w:α"]),
        ("N-of", ["w:N", "m:-", "w:of"]),
        ("X-rays", ["w:X", "m:-", "w:rays"]),
    ],
    "abbreviations and initials": [
        ("e.g. rats", ["w:e.g.", "w:rats"]),
        ("i.e., mice", ["w:i.e.", "m:,", "w:mice"]),
        ("U.S.A.", ["w:U.S.A."]),
        ("et al. found", ["w:et", "w:al", "m:.", "w:found"]),
        ("J. R. Smith", ["w:J", "m:.", "w:R", "m:.", "w:Smith"]),
        ("T.S. Eliot", ["w:T.S.", "w:Eliot"]),
        # one letter ends a sentence; letters before a longer word are no abbreviation
        ("and I. Then", ["w:and", "w:I", "m:.", "w:Then"]),
        ("a.bc", ["w:a", "m:.", "w:bc"]),
        ("M.Sc", ["w:M", "m:.", "w:Sc"]),
    ],
    "contractions": [
        ("isn't", ["w:isn't"]),
        ("patient’s", ["w:patient’s"]),
        ("rockʼn", ["w:rockʼn"]),
        ("o'clock", ["w:o'clock"]),
        # quotes stand at the edges of words
        ("'quoted'", ["m:'", "w:quoted", "m:'"]),
        ("patients’ own", ["w:patients", "m:’", "w:own"]),
        ("don''t", ["w:don", "m:'", "m:'", "w:t"]),
    ],
    "hyphens": [
        ("well-known", ["w:well", "m:-", "w:known"]),
        ("third‑party", ["w:third", "m:‑", "w:party"]),
        ("exam-\nple", ["w:exam", "m:-", "w:ple"]),
        ("word—word", ["w:word", "m:—", "w:word"]),
        ("a -- b", ["w:a", "m:--", "w:b"]),
    ],
    "any other string": [
        ("", []),
        ("a\r\nb", ["w:a", "w:b"]),
        ("a\u2028b\u2029c", ["w:a", "w:b", "w:c"]),
        ("a\0b", ["w:a", "m:\0", "w:b"]),
        ("\ud800x\udfff", ["m:\ud800", "w:x", "m:\udfff"]),
        ("e\u0301te\u0301", ["w:e\u0301te\u0301"]),
        ("\u0301abc", ["w:\u0301abc"]),
        ("👨‍👩‍👧 👍🏽", ["m:👨‍👩‍👧", "m:👍🏽"]),
        ("🇬🇧🇫🇷🇩", ["m:🇬🇧", "m:🇫🇷", "m:🇩"]),
        ("مرحبا بالعالم", ["w:مرحبا", "w:بالعالم"]),
        ("中文", ["w:中文"]),
        ("snake_case __init__", ["w:snake", "m:_", "w:case", "m:__", "w:init", "m:__"]),
        ("x=y+1", ["w:x", "m:=", "w:y", "m:+", "n:1"]),
    ],
}


@pytest.mark.parametrize(("text", "expected"), [case for cases in CASES.values() for case in cases])
def test_case(text: str, expected: list[str]) -> None:
    assert shown(text) == expected
    assert "".join(token.text for token in tokenize(text)) == text


@pytest.mark.parametrize("gap", [" ", "  ", "\t", "\r\n", "\n\n \n", "\u00a0", "\u2028", "\u3000", "\x85"])
def test_white_space_is_one_gap(gap: str) -> None:
    assert [token.kind for token in tokenize(f"a{gap}b")] == [Kind.WORD, Kind.GAP, Kind.WORD]


@pytest.mark.parametrize(
    "ending",
    "com org net edu gov info io uk htm html php asp aspx pdf doc docx xls xlsx csv json xml yaml txt py js css jpg jpeg png gif zip".split(),
)
def test_each_known_ending_makes_a_name(ending: str) -> None:
    assert shown(f"some.{ending}") == [f"c:some.{ending}"]
    assert shown(f"some.{ending}q") == ["w:some", "m:.", f"w:{ending}q"]


@pytest.mark.parametrize("letter", list("NOSCRDL"))
def test_each_capital_locant(letter: str) -> None:
    assert shown(f"{letter}-acetyl") == [f"x:{letter}-acetyl"]
    assert shown(f"{letter}-Acetyl") == [f"w:{letter}", "m:-", "w:Acetyl"]


def test_token_objects_and_slices() -> None:
    tokens = tokenize("Two cats.")
    assert tokens[0] == Token("Two", 0, 3, Kind.WORD)
    assert tokens[-1] == Token(".", 8, 9, Kind.MARK)
    assert tokens[1:3] == (Token(" ", 3, 4, Kind.GAP), Token("cats", 4, 8, Kind.WORD))
    assert tokens.starts.tolist() == [0, 3, 4, 8, 9]
    with pytest.raises(IndexError):
        tokens[4]


def test_at() -> None:
    tokens = tokenize("Two cats.")
    assert [tokens.at(offset) for offset in range(9)] == [0, 0, 0, 1, 2, 2, 2, 2, 3]
    for outside in (-1, 9):
        with pytest.raises(IndexError, match=f"offset {outside} is outside the text of 9"):
            tokens.at(outside)


@pytest.mark.parametrize("wrong", [b"bytes", None, 3, ["a"]])
def test_only_str_is_read(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"despin reads str, not \w+; decode bytes first"):
        tokenize(wrong)  # type: ignore[arg-type]


def test_kind_is_a_property_of_the_string() -> None:
    assert [kind_of(string) for string in (" ", "a", "1", "-", "www.a.b", "a1")] == list(Kind)


SENTENCES = [
    ("One here. Two there! Three? Four", ["One here.", "Two there!", "Three?", "Four"]),
    # glued: a capital after a word in lower case
    ("It is so.Then it was.", ["It is so.", "Then it was."]),
    ("Anxiety?Dependant on it", ["Anxiety?", "Dependant on it"]),
    # after a full stop no lower-case letter opens a sentence
    ("He saw approx. two. and… left", ["He saw approx. two. and… left"]),
    ("Why? because", ["Why?", "because"]),
    ("dysfunction.two Given", ["dysfunction.two Given"]),
    # abbreviations and initials
    ("Smith et al. Found it. Dr. Jones left.", ["Smith et al. Found it.", "Dr. Jones left."]),
    ("J. R. Smith wrote.", ["J. R. Smith wrote."]),
    ("So did I. Then he left.", ["So did I.", "Then he left."]),
    # closing quotes and brackets belong to their sentence
    ("He said “Go.” She went. (So it was.) End", ["He said “Go.”", "She went.", "(So it was.)", "End"]),
    # a scraped line is a paragraph, with a stop or without
    ("A heading\nIts text. More\n\nEnd", ["A heading", "Its text.", "More", "End"]),
    ("  \n ", []),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in tokenize(text).sentences().tolist()] == expected


@pytest.mark.parametrize("abbreviation", sorted(tokens_module.ABBREVIATIONS))
def test_no_sentence_ends_at_an_abbreviation(abbreviation: str) -> None:
    assert len(tokenize(f"so {abbreviation}. Smith did").sentences()) == 1
    assert len(tokenize(f"so {abbreviation}q. Smith did").sentences()) == 2


def test_lines_of_a_hard_wrapped_text_are_no_paragraphs() -> None:
    wrapped = (
        "The river was high that spring and\nthe bridge was closed for a week or\ntwo, so that all of the carts had\n"
        "to go round by the old mill. It was\nlate.\nIn May it fell again and the men of\nthe village set to work on it."
    )
    paragraphs = [wrapped[start:end] for start, end in tokenize(wrapped).paragraphs().tolist()]
    # the short line that ends with a stop ends a paragraph
    assert paragraphs == [wrapped[: wrapped.index("\nIn May")], wrapped[wrapped.index("In May") :]]
    # a line longer than any wrapping says that each line is a paragraph
    assert len(tokenize(wrapped + "\n" + "word " * 30).paragraphs()) == 8
    # three line ends are too few to tell
    assert len(tokenize("\n".join(wrapped.split("\n")[:3])).paragraphs()) == 3


def sentence(words: int) -> str:
    return "Word" + " word" * (words - 1) + "."


def passage_sizes(text: str) -> list[int]:
    return [len(text[start:end].split()) for start, end in passages(tokenize(text)).tolist()]


def test_passages_merge_and_cut() -> None:
    assert passage_sizes("") == []
    assert passage_sizes(sentence(5)) == [5]
    # short paragraphs are merged until they reach 60 words
    assert passage_sizes("\n".join(sentence(20) for _ in range(9))) == [60, 60, 60]
    # a long paragraph is cut at sentence starts, after 90 words at the earliest
    assert passage_sizes(" ".join(sentence(10) for _ in range(30))) == [90, 90, 90, 30]
    assert passage_sizes(" ".join(sentence(10) for _ in range(29))) == [90, 90, 110]
    # a rest of fewer than 30 words joins the passage before it
    assert passage_sizes("\n".join([sentence(60), sentence(29)])) == [89]
    assert passage_sizes("\n".join([sentence(60), sentence(30)])) == [60, 30]
    # one sentence is never cut
    assert passage_sizes(sentence(300)) == [300]


# Each text is endless in one branch of the pattern, or makes one look ahead over and over.
ENDLESS = [
    "a", ".", "(", "\u0301", "1,1,1,", "1", "-", "a-", "1-", "a1-", "N-", "a.", "1.", "a'", "a@", "a.b.", "<a", "</", "&a", "&#1;",
    "`a", "```", "_", "10.1000/", "www.", "http://", "http://a,,,,", "http://(a", "a.com", "\U0001f468\u200d", "\U0001f468",
    "\U0001f1ec", "\ud800", "\0", "\n", "\r\n", "\u2028", "é", "中",
]  # fmt: skip


@pytest.mark.parametrize("unit", ENDLESS, ids=ascii)
def test_time_is_linear(unit: str) -> None:
    """Sixteen times the text takes at most some sixty times as long; a quadratic branch would take 256 times.

    Processor time, so that other work on the machine does not count.
    """

    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        times = []
        for _ in range(3):
            start = time.process_time()
            tokenize(text)
            times.append(time.process_time() - start)
        return min(times)

    # the small part is not less than a millisecond, so that the clock's and the caches' noise does not decide
    assert seconds(80_000) < 60 * max(seconds(5_000), 0.001)


def test_arrays_are_small_integers() -> None:
    tokens = tokenize("One two, one.")
    assert (tokens.starts.dtype, tokens.type_ids.dtype, tokens.kinds.dtype) == (np.int32, np.int32, np.uint8)
    assert [tokens.types[number] for number in tokens.type_ids] == tokens.strings
