"""Misread letters: words that an OCR engine read wrongly, split or glued together.

Start reading at `find`. Words that stand in a list of words are left alone, and a text without others costs one look-up
a distinct string. For each other word the noisy channel (`despin.channel`) names what it may have been; two
neighbours may be one word that was split, and one may be two that lost their blank. All wordings of a place compete in
their context, in which a misread neighbour counts as what it most likely was: the places of a text are settled in
sweeps until each fits the others (iterated conditional modes; Besag, 1986).

The evidence for a wording over what stands there is a sum of named signals (`SIGNALS`), each times its weight
(data/ocr/weights.tsv), the weights of a conditional logit model that ``python -m benchmarks.calibrate_ocr`` fits.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import regex

from despin.channel import Candidate
from despin.context import PADDING, FloatArray
from despin.lexicon import Tier
from despin.reading import Reading
from despin.tokens import Kind
from despin.values import Alternative, Evidence, Finding
from despin.words import fold

if TYPE_CHECKING:
    from despin.resources import Resources

IntArray = npt.NDArray[np.int64]

# Signals by name, in the order of the columns of `_Search.signals`.
SIGNALS = (
    "page",  # 1: from the pages that the weights were fitted on to a heavily damaged one
    "channel",  # ln p(what was read | the wording) of the channel
    "context",  # what the context model gives the wording beyond what stands there
    "alone",  # ln p of the wording without its context
    "letters",  # ln p of the letters of what stands there, as letters of some word
    "unknown_lower",  # 1 where what stands there is in no list, in lower case
    "unknown_title",  # the same, with a capital
    "unknown_upper",  # the same, in capitals
    "opens",  # 1 where it has a capital and opens a sentence
    "unlike",  # how unlike a word its letters are: minus ln p a letter
    "short",  # letters that it has less than six
    "long",  # letters that it has beyond six, up to six of them
    "joinable",  # 1 where it makes a word with its neighbour, and the wording takes it for one by itself
    "marks",  # 1 where marks stand between its letters
    "repeats",  # ln of how often it stands in the document
    "elsewhere",  # 1 where the wording stands elsewhere in the document
    "outside",  # 1 where the wording is not in the context model's vocabulary
    "neighbours",  # misread words among the ten around it
    "split",  # 1 where the wording is two words for one
    "join",  # 1 where it is one word for two
    # the same of a wording for what is a word as well, and only where the text is misread elsewhere
    "word_channel",
    "word_context",
    "word_alone",
    "word_sure",  # 1 where no one doubts that what stands there is a word
    "word_rare",  # 1 where it is rare
    "word_name",  # 1 where it is a name
    "word_short",  # letters that it has less than six
    "word_repeats",
    "word_elsewhere",
    "word_join",  # 1 where the wording is one word for two that are words as well
)
OF_WORDS = SIGNALS.index("word_channel")

# A finding with less evidence than this on a heavily damaged page would be refused on any page.
LEAST = -1.0

# A text is misread where so many of its words are plain misreadings, findings of at least so many nats. Only there are
# words doubted that are words: those that fit their neighbours no better than any word does, and that the channel says
# may stand for another.
MISREAD_SHARE = 0.01
PLAIN = 2.0
FITS = 1.0
WORD_CHANNEL = -8.0
WORD_OPTIONS = 4

# Doubted words whose best wording is further than this from being proposed are not settled with the others.
FAR = -2.5

# Suspicious words that are judged by a sample, how many that has, and how many plainly misread ones it must hold. In
# clean text one unknown word in a hundred passes for plainly misread, on a page with one misread word in a hundred a
# quarter of them.
STRETCH, SAMPLED, LEAST_PLAIN = 240, 40, 3

# A few of the sample are enough where none of them is plainly misread: of such a page's one in thirty has none.
FEW_SAMPLED = 12

# Where a text is not misread, a word in no list that stands so often in it, and e**5 times as often as misreading makes
# likely, is a name or a term: "tlie" three times beside sixty "the" is e**2 times as often, "xserver" beside as many
# "server" e**10.
TERM_COUNT, TERM_NATS = 3, 5.0

# At most this many alternatives of a place are kept.
MOST_ALTERNATIVES = 5

# Sweeps over the places of a text; more change nothing on the development data.
SWEEPS = 2

# The share of the commonest hundred words among a text's words is .4 in English, .23 to .12 where it is badly misread,
# and under .08 in French and German.
COMMON_WORDS = 100
LEAST_COMMON = 0.15

# What a lost or an added blank costs: about 1 in 320 blanks is lost, and 1 in 400 letters is followed by a false one.
LOST_BLANK = -5.8
ADDED_BLANK = -6.0

# Words on either side of which the misread ones are counted.
BESIDE = 5

# Shorter words than this are neither split nor, when joined, taken for a word.
LEAST_PART = 2
LEAST_JOINED = 4

# Longer words are so rarely mistaken for another that their length tells no more.
SHORT_WORD = 6

# Words of context on either side: what a trigram can see.
REACH = 2

# What breaks or joins words; the soft hyphen and the sign that transcripts put for a broken word among them.
_HYPHENS = frozenset("-‐‑¬\u00ad")

# What may follow an odd mark as the rest of the same letter.
_AFTER_ODD = frozenset("'-")

# Words that are glued to others so often that what is left may be misread as well; how long the whole and the rest
# must be; and the nats of the channel from which a wording of the whole is near enough not to look further.
_GLUE = "the of to in and was at on for by is his he it that with as be my or".split()
LEAST_SPLIT, LEAST_REST = 7, 4
NEAR = -7.0

# Longer strings are no two words that lost their blank.
LONGEST_SPLIT = 30

# LogisticRegression, getElement: a capital inside, after small letters, is a programmer's.
_NAME_OF_CODE = regex.compile(r"\p{Ll}{2}\p{Lu}\p{Ll}")

# Marks that stand for a broken letter as well as for themselves.
_PARTING = frozenset(".,;:!'\"")

# Marks that no one sets inside or at a word: what engines make of broken letters.
_ODD = frozenset("^{}|\\~*<>»«¬•■_=+")

_LETTERS = regex.compile(r"[\p{L}'’]+")


@dataclass(frozen=True, slots=True)
class _Option:
    """One wording of a place. nats: ln p(what was read | the wording)."""

    text: str
    nats: float
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class _Options:
    """What does not change with the neighbours, of the options of some places in turn.

    ids: their word numbers, padded, shape (options, words); lengths: how many each has. fixed: the signals, with 0 for
    the context, shape (options, signals).
    """

    ids: IntArray
    lengths: IntArray
    fixed: FloatArray


@dataclass(frozen=True, slots=True)
class _Place:
    """Tokens `first` to `last`, `last` excluded, that may be one misread word, and what they may have been."""

    first: int
    last: int
    options: tuple[_Option, ...]
    joinable: bool = False
    is_doubted: bool = False  # whether all that stands there is words: the signals "word_…" are theirs


def find(reading: Reading, resources: Resources) -> list[Finding]:
    """Words that may be misread. Offsets are those of the text that was read."""
    search = _Search(reading, resources)
    if not search.suspicious.any() or not search.is_english():
        return []
    places = search.all_places()
    if not places:
        return []
    return list(search.findings(places, search.settle(places)))


class _Search:
    """The suspicious words of one reading."""

    def __init__(self, reading: Reading, resources: Resources) -> None:
        self.reading, self.resources = reading, resources
        self.tokens = reading.tokens
        kinds, types = self.tokens.type_kinds, self.tokens.types
        words = np.flatnonzero(kinds == Kind.WORD)
        self.type_tiers = np.zeros(len(types), np.int8)
        self.type_tiers[words] = resources.lexicon.tiers([types[i] for i in words.tolist()])
        self.suspicious: npt.NDArray[np.bool_] = self.type_tiers == Tier.UNKNOWN
        # by the tokens of a place, which no two kinds of places share: what is worked out once for all sweeps
        self._known: dict[tuple[int, int], _Options] = {}
        self._of_string: dict[str, tuple[float, ...]] = {}
        # by the places and what their neighbours were taken for: the last sweep is asked for again by who weighs it
        self._signals: dict[tuple[tuple[int, int, int], ...], FloatArray] = {}

    def is_english(self) -> bool:
        """Whether the text's commonest words are English."""
        reading = self.reading
        common = int(((reading.ids < COMMON_WORDS) & reading.words).sum())
        return common >= LEAST_COMMON * max(reading.word_count, 1)

    @cached_property
    def _is_old(self) -> bool:
        """Whether the text has the spelling of before 1800. Print of that time breaks and joins words as it likes."""
        words = self.tokens.type_kinds == Kind.WORD
        tiers = np.where(words, self.type_tiers, Tier.UNKNOWN)
        return self.resources.lexicon.is_old(self.reading.folded, tiers, self.tokens.type_ids, self.reading.word_count)

    def all_places(self) -> list[_Place]:
        """The places of unknown words, and where many of them are plainly misread those of other words as well."""
        places = list(self.places(self._worth_reading()))
        if not places:
            return places
        chosen = self.settle(places)
        terms = [self._is_term(place) for place in places]
        plain = sum(
            not is_term and float(scores.max()) >= PLAIN
            for is_term, scores in zip(terms, self.weigh(places, chosen), strict=True)
        )
        if plain < MISREAD_SHARE * self.reading.word_count:
            return [place for place, is_term in zip(places, terms, strict=True) if not is_term]
        words = [*self.word_places(places), *self.word_joins(places)]
        nats = self.weigh([*places, *words], [*chosen, *[-1] * len(words)])[len(places) :]
        return [*places, *(place for place, scores in zip(words, nats, strict=True) if scores.max() >= FAR)]

    def _is_term(self, place: _Place) -> bool:
        """Whether a text has a word far more often than misreading any of the place's options would explain."""
        count = self.counts[fold(self._text(place.first, place.last))]
        if count < TERM_COUNT:
            return False
        # what is said nowhere else may be read wrongly all the same: half an occurrence
        expected = max(
            option.nats + float(np.log(max(self.counts[fold(option.text)], 0.5))) for option in place.options
        )
        return float(np.log(count)) - expected > TERM_NATS

    def _worth_reading(self) -> list[tuple[int, int]]:
        """The suspicious words, but of stretches in which a sample shows hardly a misread one only that sample: most
        unknown words of a clean text are terms and names, and to look all of them up takes longer than all else."""
        spans = self._spans()
        stretches = [spans[start : start + STRETCH] for start in range(0, len(spans), STRETCH)]
        samples = [stretch[:: max(len(stretch) // SAMPLED, 1)] for stretch in stretches]
        chosen = list(stretches)
        doubtful = [k for k, sample in enumerate(samples) if len(sample) < len(stretches[k])]
        for k in doubtful:
            chosen[k] = samples[k][:: max(len(samples[k]) // FEW_SAMPLED, 1)]
        for larger, least in ((samples, 1), (stretches, LEAST_PLAIN)):
            plain = self._plain([chosen[k] for k in doubtful])
            doubtful = [k for k, count in zip(doubtful, plain, strict=True) if count >= least]
            for k in doubtful:
                chosen[k] = larger[k]
        return [span for part in chosen for span in part]

    def _plain(self, parts: Sequence[Sequence[tuple[int, int]]]) -> list[int]:
        """How many of the words of each part are plainly misread."""
        places = list(self.places([span for part in parts for span in part]))
        starts = [part[0][0] for part in parts]
        counts = [0] * len(parts)
        for place, nats in zip(places, self.weigh(places, self.settle(places)), strict=True) if places else ():
            # a place may begin with the word before
            counts[max(bisect.bisect_right(starts, place.last - 1) - 1, 0)] += float(nats.max()) >= PLAIN
        return counts

    def word_places(self, places: Sequence[_Place]) -> Iterator[_Place]:
        """Words that do not fit their neighbours and may be misread others."""
        reading, tokens = self.reading, self.tokens
        fits = reading.nats - reading.alone
        fits[:-1] += fits[1:]
        loose = reading.words & (fits <= FITS) & (self.type_tiers[tokens.type_ids[reading.index]] < Tier.UNKNOWN)
        covered = np.zeros(len(tokens), np.bool_)
        for place in places:
            covered[place.first : place.last] = True
        doubted = reading.index[loose & ~(covered | self._is_part_of_more())[reading.index]]
        numbers = tokens.type_ids[doubted]
        own = self.resources.lexicon.own
        strings = [tokens.types[i] for i in np.unique(numbers).tolist()]
        seen = [string for string in strings if len(string) > 1 and not (string in own or fold(string) in own)]
        options = dict(zip(seen, map(_words, seen, self.resources.channel.candidates(seen)), strict=True))
        for token, number in zip(doubted.tolist(), numbers.tolist(), strict=True):
            if found := options.get(tokens.types[number]):
                yield _Place(token, token + 1, found, is_doubted=True)

    def word_joins(self, places: Sequence[_Place]) -> Iterator[_Place]:
        """Two words that do not go with each other and make one together: "con course", "with drawn"."""
        if self._is_old:
            return
        reading, tokens = self.reading, self.tokens
        known = reading.words & (self.type_tiers[tokens.type_ids[reading.index]] < Tier.UNKNOWN)
        pairs = reading.joined & known & np.append(known[1:], False)
        pairs[:-1] &= (reading.nats - reading.alone)[1:] <= FITS
        covered = {token for place in places for token in range(place.first, place.last)}
        for first in reading.index[np.flatnonzero(pairs)].tolist():
            place = self._join(first) if covered.isdisjoint(range(first, first + 3)) else None
            if place and self.resources.lexicon.is_word(place.options[0].text):
                yield _Place(place.first, place.last, place.options, is_doubted=True)

    def places(self, spans: Sequence[tuple[int, int]]) -> Iterator[_Place]:
        """The suspicious words as places, with the words that they may be a part of."""
        blanks = not self._is_old
        glued = list(self._glued(spans))
        seen = sorted({self._text(*span) for span in (*spans, *glued)})
        found = dict(zip(seen, self.resources.channel.candidates(seen), strict=True))
        splits = self._splits(found) if blanks else {}
        joins: dict[int, _Place] = {}
        if blanks:
            for first, last in spans:
                for start in (first - 2, last - 1):
                    if start not in joins and (place := self._join(start)):
                        joins[start] = place
        for first, last in spans:
            string = self._text(first, last)
            options = (*_letters(found[string]), *splits.get(string, ()))
            if options:
                yield _Place(first, last, options, first - 2 in joins or last - 1 in joins)
        yield from joins.values()
        for first, last in glued:
            if options := tuple(_letters(found[self._text(first, last)])):
                yield _Place(first, last, options)

    def _glued(self, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Suspicious words with the words that one mark and no blank parts from them: "fam.ily", "Un,on"."""
        seen = set()
        for first, last in spans:
            for start in (first - 2, last - 1):
                if 0 <= start < len(self._parted) and self._parted[start]:
                    seen.add((start, start + 3))
        yield from sorted(seen)

    @cached_property
    def _parted(self) -> npt.NDArray[np.bool_]:
        """Whether token i is a word, i + 1 a mark that also stands for a broken letter, i + 2 a word in lower case."""
        tokens = self.tokens
        mark = tokens.per_type(lambda string: string in _PARTING)
        letters = tokens.kinds == Kind.WORD
        lower = tokens.per_type(str.islower) & letters
        parted: npt.NDArray[np.bool_] = letters[:-2] & mark[1:-1] & lower[2:]
        return parted

    def _text(self, first: int, last: int) -> str:
        """The text of tokens `first` to `last`, `last` excluded."""
        return self.tokens.text[self.tokens.starts[first] : self.tokens.starts[last]]

    def _spans(self) -> list[tuple[int, int]]:
        """The suspicious words: token spans, rising. Letters that an odd mark parts or touches are one word with it."""
        tokens = self.tokens
        odd = tokens.per_type(lambda string: string in _ODD)
        letters = np.isin(tokens.kinds, (Kind.WORD, Kind.NAME))
        places = np.flatnonzero(self.suspicious[tokens.type_ids] & ~self._is_part_of_more())
        spans: list[tuple[int, int]] = []
        for token in places.tolist():
            if spans and token < spans[-1][1]:
                continue
            first, last = token, token + 1
            while first and odd[first - 1] and first > (spans[-1][1] if spans else 0):
                first -= 1 + bool(first > 1 and letters[first - 2])
            while last < len(tokens) and odd[last]:
                last += 1 + bool(last + 1 < len(tokens) and letters[last + 1])
            # "prominentl}'": what an odd mark is followed by is the rest of the same letter
            if last < len(tokens) and odd[last - 1] and tokens.strings[last] in _AFTER_ODD:
                last += 1
            spans.append((max(first, spans[-1][1] if spans else 0), last))
        return spans

    def _is_part_of_more(self) -> npt.NDArray[np.bool_]:
        """Whether a token is a part of what is more than a word: one of digits and letters (alphaV-beta3), a word that
        a hyphen breaks at a line's end, a word with a lost character."""
        tokens = self.tokens
        hyphen = tokens.per_type(lambda string: string in _HYPHENS)
        name = np.isin(tokens.kinds, (Kind.NAME, Kind.CODE))
        gap = tokens.kinds == Kind.GAP
        after, before = np.append(hyphen[1:], False), np.append(False, hyphen[:-1])
        broken = after & np.append(gap[2:], [True, True])[: len(gap)]
        rest = before & np.append([True, True], gap[:-2])[: len(gap)]
        coded = (after & np.append(name[2:], [False, False])[: len(gap)]) | (
            before & np.append([False, False], name[:-2])[: len(gap)]
        )
        # doesn\ufffdt: what the sign for a lost character touches is not the whole word either
        lost = tokens.per_type(lambda string: "\ufffd" in string)
        cut = np.append(lost[1:], False) | np.append(False, lost[:-1])
        part: npt.NDArray[np.bool_] = broken | rest | coded | cut[: len(gap)]
        return part

    def _splits(self, found: Mapping[str, Sequence[Candidate]]) -> dict[str, list[_Option]]:
        """Strings, with what else they may have been, as two words whose blank was lost; one of them may be misread if
        the other is a common one."""
        splits: dict[str, list[_Option]] = {}
        rests: list[tuple[str, str, str]] = []
        for string, candidates in found.items():
            if len(string) > LONGEST_SPLIT or _NAME_OF_CODE.search(string):
                continue
            splits[string] = [
                _Option(f"{string[:cut]} {string[cut:]}", LOST_BLANK, "ocr.split")
                for cut in range(1, len(string))
                if self._is_part(string[:cut]) and self._is_part(string[cut:])
            ]
            if len(string) >= LEAST_SPLIT and not any(candidate.nats > NEAR for candidate in candidates):
                rests += _glued_to_others(string)
        misread = self.resources.channel.candidates([before or after for _, before, after in rests])
        for (string, before, after), candidates in zip(rests, misread, strict=True):
            for rest in candidates[:1]:
                if rest.nats > NEAR:
                    wording = (
                        f"{rest.word} {string[len(before) :]}" if before else f"{string[: -len(after)]} {rest.word}"
                    )
                    splits[string].append(_Option(wording, LOST_BLANK + rest.nats, "ocr.split"))
        return splits

    def _is_part(self, string: str) -> bool:
        if len(string) < LEAST_PART:
            return string in ("a", "I", "A")
        # a name in the middle of a word has no capital of its own
        return self.resources.lexicon.is_word(string)

    def _join(self, first: int) -> _Place | None:
        """Token `first` and the next word as one word that was split."""
        tokens = self.tokens
        last = first + 2
        if first < 0 or last >= len(tokens) or tokens.strings[first + 1] != " ":
            return None
        left, right = tokens.strings[first], tokens.strings[last]
        if not (_LETTERS.fullmatch(left) and _LETTERS.fullmatch(right)) or right[0].isupper() != left.isupper():
            return None
        whole = left + right
        if len(whole) < LEAST_JOINED or self.resources.lexicon.tier(whole) > Tier.NAME:
            return None
        return _Place(first, last + 1, (_Option(whole, ADDED_BLANK, "ocr.join"),))

    # --- weighing

    def settle(self, places: Sequence[_Place]) -> list[int]:
        """The option that each place most likely is, -1 for what stands there, in the context of the others."""
        chosen = [0 if place.options[0].rule == "ocr.letters" else -1 for place in places]
        for _ in range(SWEEPS):
            nats = self.weigh(places, chosen)
            new = _apart(places, nats)
            if new == chosen:
                break
            chosen = new
        return chosen

    def findings(self, places: Sequence[_Place], chosen: Sequence[int]) -> Iterator[Finding]:
        """What is worth proposing at each place, the other places as they were settled."""
        table = self.signals(places, chosen) * self.weights
        nats = np.round(table.sum(axis=1), 4).tolist()
        # the weighted signals of each wording, summed by where they come from
        channel, context = (table[:, 1 + i] + table[:, OF_WORDS + i] for i in (0, 1))
        parts = np.round([channel, context, table.sum(axis=1) - channel - context], 4).T.tolist()
        start = 0
        for place in places:
            rows = range(start, start + len(place.options))
            start += len(place.options)
            ranked = sorted(rows, key=lambda row: (-nats[row], row))[:MOST_ALTERNATIVES]
            if nats[ranked[0]] < LEAST:
                continue
            options = [place.options[row - rows.start] for row in ranked]
            first, last = int(self.tokens.starts[place.first]), int(self.tokens.starts[place.last])
            before = self.tokens.text[first:last]
            alternatives = tuple(
                Alternative(option.text, self._evidence(parts[row], before, option.text))
                for option, row in zip(options, ranked, strict=True)
            )
            yield Finding(first, last, before, options[0].rule, alternatives)

    def _evidence(self, nats: Sequence[float], before: str, after: str) -> tuple[Evidence, ...]:
        """Of channel, context and all else."""
        channel, context, rest = nats
        return (
            Evidence(channel, "ocr.channel", f"{after} read as {before}"),
            Evidence(context, "ocr.context", self.resources.context.name),
            Evidence(rest, "ocr.lexicon", before),
        )

    @cached_property
    def weights(self) -> FloatArray:
        """What each signal weighs."""
        return np.array([self.resources.ocr_weights[name] for name in SIGNALS])

    def weigh(self, places: Sequence[_Place], chosen: Sequence[int]) -> list[FloatArray]:
        """The nats of each option of each place over what stands there."""
        nats = np.round(self.signals(places, chosen) @ self.weights, 4)
        ends = np.cumsum([len(place.options) for place in places]).tolist()
        return [nats[first:last] for first, last in zip([0, *ends[:-1]], ends, strict=True)]

    def signals(self, places: Sequence[_Place], chosen: Sequence[int]) -> FloatArray:
        """One row an option of each place in turn: see `SIGNALS`. chosen: the neighbours' options."""
        key = tuple((place.first, place.last, option) for place, option in zip(places, chosen, strict=True))
        if key in self._signals:
            return self._signals[key]
        options = self._options(places)
        table = options.fixed
        of_words = np.array([place.is_doubted for place in places for _ in place.options], np.bool_)
        column = np.where(of_words, SIGNALS.index("word_context"), SIGNALS.index("context"))
        table[np.arange(len(table)), column] = self._context(places, chosen, options)
        table.setflags(write=False)
        self._signals[key] = table
        return table

    def _options(self, places: Sequence[_Place]) -> _Options:
        """The options of some places, in arrays of their own."""
        new = [place for place in places if (place.first, place.last) not in self._known]
        if new:
            self._known.update(zip(((place.first, place.last) for place in new), self._worked_out(new), strict=True))
        known = [self._known[place.first, place.last] for place in places]
        width = max((options.ids.shape[1] for options in known), default=1)
        lengths = np.concatenate([np.zeros(0, np.int64), *(options.lengths for options in known)])
        ids = np.full((len(lengths), width), PADDING, np.int64)
        ids[np.arange(width) < lengths[:, None]] = np.concatenate(
            [np.zeros(0, np.int64), *(options.ids[options.ids != PADDING] for options in known)]
        )
        return _Options(ids, lengths, np.concatenate([np.zeros((0, len(SIGNALS))), *(o.fixed for o in known)]))

    def _worked_out(self, places: Sequence[_Place]) -> Iterator[_Options]:
        """The options of each place."""
        context = self.resources.context
        words = [option.text.split() for place in places for option in place.options]
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        flat = context.encode(word for of_option in words for word in of_option)
        starts = np.cumsum(lengths) - lengths
        alone = np.add.reduceat(context.alone(flat), starts)
        outside = np.logical_or.reduceat(flat == context.vocabulary.unknown, starts)
        ids = np.full((len(words), int(lengths.max())), PADDING, np.int64)
        ids[np.arange(ids.shape[1]) < lengths[:, None]] = flat
        fixed = np.zeros((len(words), len(SIGNALS)))
        fixed[:, 0] = 1.0
        row = 0
        for place in places:
            about, beside = self._about(place), float(self.unknown_beside[place.first])
            for option in place.options:
                elsewhere = float(self.counts[fold(option.text)] > 0)
                split, join = option.rule == "ocr.split", option.rule == "ocr.join"
                if place.is_doubted:
                    fixed[row, OF_WORDS:] = option.nats, 0.0, alone[row], *about, elsewhere, join
                else:
                    fixed[row, 1:OF_WORDS] = (
                        option.nats, 0.0, alone[row], *about, elsewhere, outside[row], beside, split, join,
                    )  # fmt: skip
                row += 1
        row = 0
        for place in places:
            rows = slice(row, row + len(place.options))
            row = rows.stop
            yield _Options(ids[rows], lengths[rows], fixed[rows])

    def _about(self, place: _Place) -> tuple[float, ...]:
        """What speaks for what stands at a place, whatever the wording that competes with it."""
        tokens = self.tokens
        if place.is_doubted:
            # of two words the rarer one tells
            numbers = tokens.type_ids[place.first : place.last : 2].tolist()
            tier = max(int(self.type_tiers[number]) for number in numbers)
            length = sum(len(tokens.types[number]) for number in numbers)
            count = min(self.counts[self.reading.folded[number]] for number in numbers)
            return (
                *(float(tier == known) for known in (Tier.WORD, Tier.RARE, Tier.NAME)),
                float(max(0, SHORT_WORD - length)),
                float(np.log(count)),
            )
        numbers = tokens.type_ids[place.first : place.last].tolist()
        suspect = next((i for i in numbers if self.suspicious[i]), numbers[0])
        string = tokens.types[suspect]
        if string not in self._of_string:
            self._of_string[string] = self._about_string(string, self.counts[self.reading.folded[suspect]])
        letters, lower, title, upper, unlike, short, long, repeats = self._of_string[string]
        item = int(np.searchsorted(self.reading.index, place.first))
        opens = title and bool(self.reading.opens[min(item, len(self.reading) - 1)])
        parted = place.last - place.first > 1 and place.options[0].rule == "ocr.letters"
        return letters, lower, title, upper, opens, unlike, short, long, float(place.joinable), float(parted), repeats

    def _about_string(self, string: str, count: int) -> tuple[float, ...]:
        """The same of a string, wherever it stands."""
        upper = len(string) > 1 and string.isupper()
        title = not upper and string[:1].isupper()
        unlike = self.resources.channel.unlike(string)
        return (
            -unlike * (len(string) + 1),
            float(not upper and not title),
            float(title),
            float(upper),
            unlike,
            float(max(0, SHORT_WORD - len(string))),
            float(min(max(0, len(string) - SHORT_WORD), SHORT_WORD)),
            float(np.log(count)),
        )

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each folded string stands in the text."""
        counts: Counter[str] = Counter()
        of_type = np.bincount(self.tokens.type_ids, minlength=len(self.tokens.types))
        for string, count in zip(self.reading.folded, of_type.tolist(), strict=True):
            counts[string] += count
        return counts

    @cached_property
    def unknown_beside(self) -> FloatArray:
        """For each token the number of suspicious ones among the words beside it."""
        index = self.reading.index
        running = np.concatenate([[0], np.cumsum(self.suspicious[self.tokens.type_ids[index]])])
        here = np.searchsorted(index, np.arange(len(self.tokens)))
        first, last = np.maximum(here - BESIDE, 0), np.minimum(here + BESIDE + 1, len(index))
        beside: FloatArray = (running[last] - running[first]).astype(np.float64)
        return beside

    def _context(self, places: Sequence[_Place], chosen: Sequence[int], options: _Options) -> FloatArray:
        """What the context model gives each option beyond what stands there, in nats."""
        reading, context = self.reading, self.resources.context
        first = np.searchsorted(reading.index, [place.first for place in places])
        last = np.searchsorted(reading.index, [place.last for place in places])
        # only the stretch that holds the places: samples of a long text are weighed one after another
        begin = max(int(first.min()) - REACH, 0)
        ids = reading.ids[begin : int(last.max()) + REACH]
        first, last = first - begin, last - begin
        heads = np.cumsum([0, *(len(place.options) for place in places)])
        flat, starts = _settled(ids, chosen, first, last, options, heads)
        flat = np.concatenate([np.full(REACH, PADDING), flat, np.full(REACH, PADDING)])
        # what stands at each place comes before its options
        wordings = np.insert(options.ids, heads[:-1], PADDING, axis=0)
        lengths = np.insert(options.lengths, heads[:-1], last - first)
        standing = heads[:-1] + np.arange(len(places))
        wordings = np.pad(
            wordings, ((0, 0), (0, max(int(lengths.max()) - wordings.shape[1], 0))), constant_values=PADDING
        )
        for step in range(int((last - first).max())):
            held = first + step < last
            wordings[standing[held], step] = ids[first[held] + step]
        of_place = np.repeat(np.arange(len(places)), np.diff(heads) + 1)
        table = np.full((len(lengths), wordings.shape[1] + 2 * REACH), PADDING, np.int64)
        table[:, REACH:-REACH] = wordings
        rows = np.arange(len(table))
        for step in range(REACH):
            table[:, step] = flat[starts[first] + step][of_place]
            table[rows, REACH + lengths + step] = flat[starts[last] + REACH + step][of_place]
        fits = context.rows(table, REACH, lengths + 2 * REACH - 1)
        shift = fits - fits[standing][of_place]
        return np.delete(shift, standing)


def _settled(
    ids: IntArray, chosen: Sequence[int], first: IntArray, last: IntArray, options: _Options, heads: IntArray
) -> tuple[IntArray, IntArray]:
    """The word numbers `ids` with the chosen wordings, and where those of each item start. first, last: the items of
    each place. heads: where the options of each begin."""
    counts = np.ones(len(ids), np.int64)
    taken = []
    for k, option in enumerate(chosen):
        if option >= 0:
            row = int(heads[k]) + option
            wording = options.ids[row, : options.lengths[row]]
            counts[first[k] : last[k]] = 0
            counts[first[k]] = len(wording)
            taken.append((first[k], wording))
    flat = np.repeat(ids, counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    for item, wording in taken:
        flat[starts[item] : starts[item] + len(wording)] = wording
    return flat, starts


def _glued_to_others(string: str) -> Iterator[tuple[str, str, str]]:
    """(string, rest before, rest after) for each common word that the string begins or ends with; one rest is ""."""
    for word in _GLUE:
        if len(string) - len(word) < LEAST_REST:
            continue
        if string.lower().startswith(word):
            yield string, "", string[len(word) :]
        if string.endswith(word):
            yield string, string[: -len(word)], ""


def _letters(candidates: Sequence[Candidate]) -> Iterator[_Option]:
    """Candidates of the channel as options."""
    for candidate in candidates:
        yield _Option(candidate.word, candidate.nats, "ocr.letters")


def _words(seen: str, candidates: Sequence[Candidate]) -> tuple[_Option, ...]:
    """Candidates of the channel for what is a word as well."""
    # a long s is no misread one
    plain = fold(seen).replace("ſ", "s")
    likely = [c for c in candidates if c.nats >= WORD_CHANNEL and fold(c.word) != plain]
    return tuple(_Option(c.word, c.nats, "ocr.word") for c in likely[:WORD_OPTIONS])


def _apart(places: Sequence[_Place], nats: Sequence[FloatArray]) -> list[int]:
    """The best option of each place, -1 where what stands there is better or a better place takes its tokens."""
    best = [float(scores.max()) for scores in nats]
    chosen = [-1] * len(places)
    taken: set[int] = set()
    for k in sorted(range(len(places)), key=lambda k: (-best[k], k)):
        if best[k] <= 0:
            break
        covered = range(places[k].first, places[k].last)
        if taken.isdisjoint(covered):
            taken.update(covered)
            chosen[k] = int(np.argmax(nats[k]))
    return chosen
