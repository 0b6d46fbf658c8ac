"""Laws of the tokenizer, for any text: lone surrogates, NUL, combining marks, emoji, and what damaged text looks like."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import regex
from hypothesis import example, given, settings

from despin import tokens as tokens_module
from despin.tokens import PATTERN, Kind, kind_of, passages, tokenize

# Characters and strings at which the branches of the pattern part ways come often, any other now and then.
PARTS = [
    *"aZ19.,;:!?-–'’\"()[]<>&@_`*#/%=+ \t\n\r\0\u2028\u2029\u00a0\u0301\u200d\ufe0f\ud83d\ude00\U0001f468\U0001f3fd\U0001f1ec½²Ⅳé中م",
    "\r\n", "\n\n", "e.g.", "et al.", "Dr.", "two", "Two", "10.1000/", "http://", "www.", ".com", "a@b.c", "N-", "IL-6", "```", "<p>", "&amp;",
    "The cat sat.", "(12)", "[3–5]",
]  # fmt: skip


def blank(string: str) -> str:
    """The white space that the string starts with. Unlike str.isspace it does not hold for the separators U+001C to U+001F."""
    found = regex.match(r"\s*", string)
    assert found
    return found.group()


texts = st.lists(st.sampled_from(PARTS) | st.characters(), max_size=40).map("".join)


@given(texts)
@example("\ud800\udc00")
@example("a.\u0301b")
def test_nothing_is_lost(text: str) -> None:
    tokens = tokenize(text)
    assert "".join(token.text for token in tokens) == text
    assert "".join(tokens.strings) == text
    assert all(tokens.strings)


@given(texts)
def test_offsets_agree_with_the_text(text: str) -> None:
    tokens = tokenize(text)
    starts = tokens.starts.tolist()
    assert (starts[0], starts[-1]) == (0, len(text))
    assert len(starts) == len(tokens) + 1
    for i, token in enumerate(tokens):
        assert (token.start, token.end) == (starts[i], starts[i + 1])
        assert text[token.start : token.end] == token.text == tokens.types[tokens.type_ids[i]]
        assert tokens.at(token.start) == tokens.at(token.end - 1) == i


@given(texts)
def test_the_string_alone_decides_the_kind(text: str) -> None:
    tokens = tokenize(text)
    for string, kind in zip(tokens.strings, tokens.kinds.tolist(), strict=True):
        assert kind == kind_of(string)
        assert (kind == Kind.GAP) == (blank(string) == string)
    assert len(set(tokens.types)) == len(tokens.types)


@given(texts, texts)
def test_a_paragraph_by_itself_gives_the_same_tokens(left: str, right: str) -> None:
    """No branch looks across an empty line, but for markdown code blocks."""
    if "`" in left:
        return
    left, right = regex.sub(r"\s+\Z", "", left), regex.sub(r"\A\s+", "", right)
    if left and right:
        assert tokenize(f"{left}\n\n{right}").strings == [*tokenize(left).strings, "\n\n", *tokenize(right).strings]


@pytest.mark.parametrize("piece", [1, 700, 6000])
@settings(max_examples=40)
@given(data=st.data())
def test_pieces_make_no_difference(piece: int, data: st.DataObject) -> None:
    """A long text that is cut piece by piece gives what one pass over it gives."""
    unit = data.draw(texts.filter(bool))
    prefix = data.draw(texts)
    text = (prefix + unit * (15_000 // len(unit)) + prefix + "x " * 200)[:20_000]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens_module, "_PIECE", piece)
        assert tokenize(text).strings == PATTERN.findall(text)


@given(texts)
def test_sentences_are_in_order_and_hold_everything(text: str) -> None:
    assert_tiles(text, tokenize(text).sentences())


@given(texts)
def test_paragraphs_are_in_order_and_hold_everything(text: str) -> None:
    assert_tiles(text, tokenize(text).paragraphs())


@given(st.lists(texts | st.just("The cat sat on the mat and looked at the moon. "), max_size=40).map("".join))
def test_passages_are_in_order_and_hold_everything(text: str) -> None:
    tokens = tokenize(text)
    spans = passages(tokens)
    assert_tiles(text, spans)
    # passages begin where sentences do
    assert {start for start, _ in spans.tolist()} <= {start for start, _ in tokens.sentences().tolist()}


def assert_tiles(text: str, spans: np.ndarray) -> None:
    """Spans are in order, inside the text, without white space at their ends, and leave out nothing but white space."""
    assert spans.shape[1:] == (2,)
    end_before = 0
    for start, end in spans.tolist():
        assert end_before <= start < end <= len(text)
        assert blank(text[end_before:start]) == text[end_before:start]
        assert not blank(text[start])
        assert not blank(text[end - 1])
        end_before = end
    assert blank(text[end_before:]) == text[end_before:]


# Texts so long that most of them is out of reach of a change: ordinary words, and now and then what reaches far.
FILLERS = (
    "A short line of words.\n",
    "x" * 7000,
    " " * 6000,
    "```" + "code " * 700 + "```",
    "1,1,1,",
    "'" * 40,
    "a-b " * 900,
)
long_texts = st.lists(st.tuples(texts, st.sampled_from(FILLERS), st.integers(1, 200)), min_size=1, max_size=5).map(
    lambda parts: "".join(text + (filler * count)[:30_000] for text, filler, count in parts)
)


@given(long_texts, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), texts), max_size=3))
@settings(max_examples=60)
def test_replacing_is_tokenizing_the_new_text(text: str, places: list[tuple[float, int, str]]) -> None:
    changes: list[tuple[int, int, str]] = []
    for share, length, after in sorted(places):
        start = int(share * len(text))
        if not changes or start >= changes[-1][1]:
            changes.append((start, min(start + length, len(text)), after))
    found = tokenize(text).replaced(changes)
    fresh = tokenize(found.text)
    assert found.types == fresh.types
    assert np.array_equal(found.type_ids, fresh.type_ids)
    assert np.array_equal(found.starts, fresh.starts)


def test_only_what_is_near_a_change_is_cut_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = tokenize("A short line of words.\n" * 40_000)
    cut = []

    class Watched:
        def findall(self, text: str, start: int, end: int) -> list[str]:
            cut.append(end - start)
            return PATTERN.findall(text, start, end)

    monkeypatch.setattr(tokens_module, "PATTERN", Watched())
    assert tokens.replaced([(20, 24, "x"), (500_000, 500_001, "")]).text.startswith("A short line of wordx")
    assert sum(cut) < 60_000
