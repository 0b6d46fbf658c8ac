"""Synonym spin: wording that a spinner put where something more usual stood.

Start reading at `find`. It looks twice. The first look takes only wordings that say by themselves, or with a clear word
from the context, that something was replaced. Where such strong traces stand close together the second look takes
every wording of the maps, however ordinary; clean text, which has hardly any traces, is not looked at again.

The evidence for an original o over the spun s is a sum of named signals (`SIGNALS`), each times its weight
(data/spin_weights.tsv): the log odds of the map's row, which was judged without a context; how well o and s go with
their neighbours (pointwise mutual information, so that the context does not repeat how frequent the words are); which
of them is the commoner word; how often either stands elsewhere in the document; a stray capital; an article that fits o
and not s. The second look knows more: what may have stood beside a place that is a substitute now
(`despin.neighbours`), how well o and s go with the topic (`despin.topics`), and how damaged the sentence seems.

The weights are those of a conditional logit model (McFadden, 1974) in which all originals of a place compete with
leaving it alone, fitted on invented pages and sentences by ``python -m benchmarks.calibrate``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from despin.context import PADDING, FloatArray
from despin.maps import FUNCTION_WORDS, LONGEST, OTHER_FAMILY, WORD_FOR_WORD, MapIndex, Matches, holds
from despin.neighbours import Damage, Neighbours, damage_of, likely, standing_at
from despin.reading import Reading
from despin.topics import Topic
from despin.traces import stray_capitals
from despin.values import Alternative, Evidence, Finding
from despin.words import article, broken_like, fold, in_case_of

if TYPE_CHECKING:
    from despin.resources import Resources

IntArray = npt.NDArray[np.int64]

# Signals by name, in the order of the columns of `signals`.
SIGNALS = (
    "always",  # 1: what a match of a map says at all
    "row",  # log odds of the row's weight
    "original_fits",  # PMI of the original with its neighbours, bounded
    "spun_fits",  # PMI of what stands there with its neighbours, bounded
    "commoner",  # ln p of the original less that of what stands there, without a context; 0 where it forms a fixed term
    "original_topic",  # how well the original goes with the topical words around it
    "spun_topic",  # how well what stands there does
    "nearby",  # ln of how much of its sentence's other words seems replaced, against one in five
    "original_term",  # 1 where the original forms a fixed term with a neighbour
    "spun_term",  # 1 where what stands there does
    "original_repeats",  # how often the original stands in the document, on a log scale
    "spun_repeats",  # how often the spun wording stands elsewhere in the document, on a log scale
    "capital",  # 1 for a stray capital
    "article",  # 1 where a/an fits the original and not what stands there
    "many_words",  # words of the spun wording beyond the first
    "word_for_word",  # 1 for rows of this family; phrase_rewriter is what the others are measured against
    "other_family",  # 1 for rows of the smaller families
)

# A finding with less evidence than this on a heavily damaged page would be refused on any page.
LEAST = -0.5

# The same where a neural model reads the findings: of the wordings that the n-grams think unlikely it finds half again
# as many right ones, and few of the rest.
LEAST_READ = -2.5

# Evidence that counts as a strong trace, in nats on a heavily damaged page.
STRONG = 2.0

# The first look passes over rows of less weight than this (log odds of .25): ordinary English in the main. Its findings
# have the rule "spin.map" and tell how damaged the document is; those of the other rows have the rule "spin.common" and
# tell nothing, since they are only looked for where the damage is plain.
FIRST_LOOK_WEIGHT = -1.1

# Away from other traces findings with less evidence than this are not worth their time: no clean page lets them pass.
LEAST_ALONE = 0.0

# The second look is for stretches with this many strong traces within this many words.
CLOSE_TRACES = 3
CLOSE_WORDS = 150

# What a row of a rare family loses on a page that shows nothing else of that family: one page in twenty is of its
# making (`rates.RARE_FAMILIES`, where the decision takes it into account).
RARE_FAMILY = 3.0

# Words on either side in which an original that stands there too is passed over.
BESIDE = 4

# Occurrences are counted per this many words, so that a long document does not weigh more than a short one.
REPEAT_WORDS = 500

# At most this many alternatives are kept for a place.
MOST_ALTERNATIVES = 5


def find(reading: Reading, resources: Resources, *, everywhere: bool = False, least: float = LEAST) -> list[Finding]:
    """Wordings of the synonym maps that may stand for something else. Offsets are those of the text that was read.

    everywhere: take the second look at the whole text. least: the evidence in nats below which a finding is dropped.
    """
    if not len(reading):
        return []
    search = _Search(reading, resources, least)
    which, candidate = search.index.expand(search.matches)
    heavy = search.index.weight_nats[candidate] >= FIRST_LOOK_WEIGHT
    first = search.weigh(which[heavy], candidate[heavy])
    strong = np.unique(search.matches.at[first[0][first[2] >= STRONG]])
    near = np.full(len(reading), everywhere) | _close(strong, len(reading))
    alone = ~near[search.matches.at[first[0]]] & (first[2] >= LEAST_ALONE)
    parts = [tuple(part[alone] for part in first)]
    if near.any():
        again = near[search.matches.at[which]]
        table = search.look_again(which[again], candidate[again])
        parts.append(search.weigh(which[again], candidate[again], table))
    single = search.findings(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return [*single, *search.pairs(which, candidate, near)]


def _close(strong: IntArray, count: int) -> npt.NDArray[np.bool_]:
    """Which items lie in a stretch of CLOSE_WORDS items that holds at least CLOSE_TRACES strong traces."""
    edges = np.zeros(count + 1, np.int64)
    if len(strong) >= CLOSE_TRACES:
        first, last = strong[: -CLOSE_TRACES + 1], strong[CLOSE_TRACES - 1 :]
        room = CLOSE_WORDS - (last - first)
        held = room >= 0
        np.add.at(edges, np.maximum(first[held] - room[held], 0), 1)
        np.add.at(edges, np.minimum(last[held] + room[held] + 1, count), -1)
    return np.cumsum(edges[:-1]) > 0


class _Search:
    """The matches of one reading and what their candidates are weighed by."""

    def __init__(self, reading: Reading, resources: Resources, least: float = LEAST) -> None:
        self.reading = reading
        self.least = least
        self.index: MapIndex = resources.maps
        self.terms = resources.terms
        # loaded only for a text that is looked at again
        self.resources = resources
        self.weights = np.array([resources.spin_weights[name] for name in SIGNALS])
        self.matches: Matches = self.index.find(reading)
        # what may have stood beside each place; nothing else before `look_again`
        self.neighbours: Neighbours | None = None
        self.topic: Topic | None = None
        self.damage: Damage | None = None
        self.capital = stray_capitals(reading)
        # which items are "an", and which are "a" or "an"
        self.article = reading.among(("an",)), reading.among(("a", "an"))
        scale = REPEAT_WORDS / max(reading.new_word_count, REPEAT_WORDS)
        self.scale = scale
        self._words = np.unique(reading.ids[reading.new], return_counts=True)
        self._entries = np.unique(self.matches.entry[reading.new[self.matches.at]], return_counts=True)

    def word_counts(self, ids: IntArray) -> FloatArray:
        """How often words stand in the document, per REPEAT_WORDS words where it is longer."""
        return _count_of(ids, *self._words) * self.scale

    def _held(self, candidate: IntArray) -> FloatArray:
        """How often the rarest topical word of each original stands in the document; 0 for originals without one."""
        ids = self.index.ids[candidate]
        counts = np.where(ids < FUNCTION_WORDS, np.inf, self.word_counts(ids)).min(axis=1)
        return np.where(np.isfinite(counts), counts, 0.0)

    def weigh(
        self, which: IntArray, candidate: IntArray, table: FloatArray | None = None
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """The candidates with at least `least` nats: (which match, which candidate, nats, signals).

        table: their signals, where they are known.
        """
        if not len(which):
            return which, candidate, np.zeros(0), np.zeros((0, len(SIGNALS)))
        signals = self.signals(which, candidate) if table is None else table
        nats = np.round(signals @ self.weights, 4)
        kept = nats >= self.least
        return which[kept], candidate[kept], nats[kept], signals[kept]

    def look_again(self, which: IntArray, candidate: IntArray) -> FloatArray:
        """The signals of candidates where the damage is plain: each place is weighed among the likeliest originals of
        its neighbours too, by the topic of the lines around it, and by how damaged its sentence seems."""
        at, length = self.matches.at[which], self.matches.length[which]
        share = self._shares(which, self.signals(which, candidate))
        self.neighbours = likely(self.reading, self.index, at, length, candidate, share)
        self.topic = Topic(self.reading, self.resources.dense)
        table = self.signals(which, candidate)
        self.damage = damage_of(self.reading, at, length, which, self._shares(which, table))
        table[:, SIGNALS.index("nearby")] = self.damage.nearby(at, length)
        return table

    def _shares(self, which: IntArray, signals: FloatArray) -> FloatArray:
        """The probability of each candidate on a heavily damaged page; those of a match compete."""
        odds = np.exp(np.minimum(np.round(signals @ self.weights, 4), 50.0))
        shares: FloatArray = odds / (1.0 + np.bincount(which, odds))[which]
        return shares

    def _fits(self, which: IntArray, candidate: IntArray) -> tuple[FloatArray, FloatArray]:
        """How well each candidate, and what stands there, go with what stands, or stood, around them: PMI in nats."""
        index, reading = self.index, self.reading
        at, length = self.matches.at[which], self.matches.length[which]
        if self.neighbours is None:
            return index.context(reading, at, length, candidate)
        original_fits = self.neighbours.fits(
            at, length, index.ids[candidate], index.lengths[candidate], index.alone[candidate]
        )
        # what stands at a place is the same for all its candidates
        asked, place = np.unique(which, return_inverse=True)
        at, length = self.matches.at[asked], self.matches.length[asked]
        alone = index.entry_alone[self.matches.entry[asked]]
        standing = self.neighbours.fits(at, length, standing_at(reading, at, length), length, alone)
        return original_fits, standing[place]

    def _topics(self, which: IntArray, candidate: IntArray) -> tuple[FloatArray, FloatArray]:
        """How well each candidate, and what stands there, go with the topical words around; 0 on the first look."""
        if self.topic is None:
            return np.zeros(len(which)), np.zeros(len(which))
        at, length = self.matches.at[which], self.matches.length[which]
        original_topic = self.topic.fits(at, length, self.index.ids[candidate])
        asked, place = np.unique(which, return_inverse=True)
        at, length = self.matches.at[asked], self.matches.length[asked]
        return original_topic, self.topic.fits(at, length, standing_at(self.reading, at, length))[place]

    def signals(self, which: IntArray, candidate: IntArray) -> FloatArray:
        """One row a candidate, one column a signal."""
        reading, index = self.reading, self.index
        at, length = self.matches.at[which], self.matches.length[which]
        table = np.zeros((len(which), len(SIGNALS)))
        family = index.family[candidate]
        original_fits, spun_fits = self._fits(which, candidate)
        original_topic, spun_topic = self._topics(which, candidate)
        # the rarest word of the original says how often it can stand in the document
        held = self._held(candidate)
        # of the occurrences of what stands there the one that is looked at is none of the others
        entry = self.matches.entry[which]
        others = np.where(index.topical[entry], _count_of(entry, *self._entries) - 1.0, 0.0) * self.scale
        commoner = index.alone[candidate] - index.entry_alone[entry]
        in_term = self._in_term(at, length, index.ids[candidate, 0], index.ids[candidate, index.lengths[candidate] - 1])
        columns = (
            1.0,
            index.weight_nats[candidate],
            original_fits,
            spun_fits,
            np.where(in_term, 0.0, commoner),
            original_topic,
            spun_topic,
            0.0,  # filled in by `look_again`, which knows the damage only when it has these signals
            in_term,
            self._in_term(at, length, reading.ids[at], reading.ids[at + length - 1]),
            np.log1p(held),
            np.log1p(others),
            self.capital[at],
            self._article_mended(at, candidate),
            length - 1,
            family == WORD_FOR_WORD,
            family == OTHER_FAMILY,
        )
        for number, column in enumerate(columns):
            table[:, number] = column
        return table

    def _in_term(self, at: IntArray, length: IntArray, first: IntArray, last: IntArray) -> npt.NDArray[np.bool_]:
        """Where a wording's outer words form a fixed term with the words that they are joined to."""
        reading, after = self.reading, at + length
        before = np.where((at > 0) & reading.joined[at - 1], reading.ids[at - 1], PADDING)
        behind = np.where(reading.joined[after - 1], reading.ids[np.minimum(after, len(reading) - 1)], PADDING)
        return self.terms.holds(before, first) | self.terms.holds(last, behind)

    def _article_mended(self, at: IntArray, candidate: IntArray) -> npt.NDArray[np.bool_]:
        """Where "a" or "an" before the place fits the candidate and not what stands there."""
        reading = self.reading
        shape, either = self.article
        before = np.maximum(at - 1, 0)
        asked = either[before] & reading.joined[before] & (at > 0)
        mended = np.zeros(len(at), np.bool_)
        places = np.flatnonzero(asked)
        fitting = [article(self.index.originals[number]) == "an" for number in candidate[places].tolist()]
        mended[places] = np.array(fitting, np.bool_) == shape[before[places]]
        for place in places[mended[places]].tolist():
            standing = reading.word(int(at[place]))
            mended[place] = (article(standing) == "an") != shape[before[place]]
        return mended

    def pairs(self, which: IntArray, candidate: IntArray, near: npt.NDArray[np.bool_]) -> Iterator[Finding]:
        """Findings for two neighbouring words whose originals form a fixed term: bosom malignancy, breast cancer.

        Word for word neither may be likely; together they are. Where the damage is not plain only rows of some weight
        are paired.
        """
        one_word = self.matches.length[which] == 1
        held = one_word & ((self.index.weight_nats[candidate] >= FIRST_LOOK_WEIGHT) | near[self.matches.at[which]])
        candidate, at = candidate[held], self.matches.at[which[held]]
        order = np.argsort(at, kind="stable")
        candidate, at = candidate[order], at[order]
        first, second = _neighbours(at, self.reading.joined)
        index = self.index
        of_first, of_second = candidate[first], candidate[second]
        last_word = index.ids[of_first, index.lengths[of_first] - 1]
        term = self.terms.holds(last_word, index.ids[of_second, 0])
        term &= index.lengths[of_first] + index.lengths[of_second] <= LONGEST
        at, of_first, of_second = at[first[term]], of_first[term], of_second[term]
        if not len(at):
            return
        signals = self._pair_signals(at, of_first, of_second)
        nats = np.round(signals @ self.weights, 4)
        worth = self.worth(signals)
        places: dict[int, list[tuple[float, int, int, list[float]]]] = {}
        for i in np.flatnonzero(nats >= LEAST_ALONE).tolist():
            places.setdefault(int(at[i]), []).append((float(nats[i]), int(of_first[i]), int(of_second[i]), worth[i]))
        for place, found in sorted(places.items()):
            finding = self._pair_finding(place, sorted(found, key=lambda item: (-item[0], item[1], item[2])))
            if finding is not None:
                yield finding

    def _pair_signals(self, at: IntArray, of_first: IntArray, of_second: IntArray) -> FloatArray:
        """One row a pair of candidates. What two words say adds up, but a spinner that changes one word of a term
        changes the other as often as not: `always` counts once."""
        index, reading = self.index, self.reading
        singles = []
        for place, candidate in ((at, of_first), (at + 1, of_second)):
            held = self._held(candidate)
            family = index.family[candidate]
            columns = {
                "row": index.weight_nats[candidate],
                "original_repeats": np.log1p(held) / 2,
                "spun_repeats": np.log1p(self.word_counts(reading.ids[place]) - self.scale) / 2,
                "capital": self.capital[place],
                "word_for_word": (family == WORD_FOR_WORD) / 2,
                "other_family": (family == OTHER_FAMILY) / 2,
            }
            singles.append(columns)
        table = np.zeros((len(at), len(SIGNALS)))
        for name in singles[0]:
            table[:, SIGNALS.index(name)] = singles[0][name] + singles[1][name]
        ids, lengths, alone = index.pair_wordings(of_first, of_second)
        spun_alone = reading.running_alone[at + 2] - reading.running_alone[at]
        if self.neighbours is None:
            original_fits, spun_fits = index.pair_context(reading, at, of_first, of_second)
        else:
            length = np.full(len(at), 2)
            original_fits = self.neighbours.fits(at, length, ids, lengths, alone)
            spun_fits = self.neighbours.fits(at, length, standing_at(reading, at, length), length, spun_alone)
        table[:, SIGNALS.index("always")] = 1.0
        if self.topic is not None:
            length = np.full(len(at), 2)
            table[:, SIGNALS.index("original_topic")] = self.topic.fits(at, length, ids)
            table[:, SIGNALS.index("spun_topic")] = self.topic.fits(at, length, standing_at(reading, at, length))
        if self.damage is not None:
            table[:, SIGNALS.index("nearby")] = self.damage.nearby(at, np.full(len(at), 2))
        table[:, SIGNALS.index("original_fits")] = original_fits
        table[:, SIGNALS.index("spun_fits")] = spun_fits
        table[:, SIGNALS.index("original_term")] = 1.0
        table[:, SIGNALS.index("spun_term")] = self.terms.holds(reading.ids[at], reading.ids[at + 1])
        table[:, SIGNALS.index("article")] = self._article_mended(at, of_first)
        return table

    def _pair_finding(self, at: int, found: list[tuple[float, int, int, list[float]]]) -> Finding | None:
        reading, index = self.reading, self.index
        start, end = reading.span(at, at + 1)
        model = reading.tokens.text[start:end]
        opens = bool(reading.opens[at])
        if reading.capital[at : at + 2].all():
            return None  # a name, or a heading
        between = reading.tokens.text[reading.span(at, at)[1] : reading.span(at + 1, at + 1)[0]]
        alone = not opens and _among_lower_case(reading, at, 2)
        alternatives: dict[str, Alternative] = {}
        family = ""
        for nats, first, second, worth in found:
            if any(
                holds(condition, reading, place, 1)
                for place, candidate in ((at, first), (at + 1, second))
                for condition in index.rows[candidate].keep_if
            ):
                continue
            term = f"{index.originals[first]}{between}{index.originals[second]}"
            wording = in_case_of(term, model, opens_sentence=opens, alone=alone)
            if wording not in alternatives and len(alternatives) < MOST_ALTERNATIVES:
                sources = (
                    f"{index.originals[c]} <- {index.spun[index.entry_of_candidate[c]]}" for c in (first, second)
                )
                alternatives[wording] = Alternative(wording, self._evidence_of(worth, nats, "; ".join(sources)))
                family = family or index.rows[first].family
        if not alternatives:
            return None
        return _with_article(reading, at, Finding(start, end, model, "spin.pair", tuple(alternatives.values()), family))

    def findings(
        self, which: IntArray, candidate: IntArray, nats: FloatArray, signals: FloatArray
    ) -> Iterator[Finding]:
        """One finding for each place; its alternatives best first."""
        places: dict[tuple[int, int], list[int]] = {}
        spans = zip(self.matches.at[which].tolist(), self.matches.length[which].tolist(), strict=True)
        for number, span in enumerate(spans):
            places.setdefault(span, []).append(number)
        worth = self.worth(signals)
        for (at, length), numbers in sorted(places.items()):
            finding = self._finding(at, length, [(int(candidate[n]), float(nats[n]), worth[n]) for n in numbers])
            if finding is not None:
                yield finding

    def _finding(self, at: int, length: int, candidates: list[tuple[int, float, list[float]]]) -> Finding | None:
        reading, index = self.reading, self.index
        start, end = reading.span(at, at + length - 1)
        model = reading.tokens.text[start:end]
        opens = bool(reading.opens[at])
        if length > 1 and reading.capital[at : at + length].all():
            return None  # a name of several words, or a heading
        alone = not opens and _among_lower_case(reading, at, length)
        nearby = {
            fold(reading.word(item)) for item in (*range(at - BESIDE, at), *range(at + length, at + length + BESIDE))
        }
        ranked: dict[str, tuple[tuple[float, int], float, int, list[float]]] = {}
        for number, nats, worth in candidates:
            # "to-morrow" is not "to morrow": a hyphen stands where the row has one
            if model.count("-") != index.spun[index.entry_of_candidate[number]].count("-"):
                continue
            if any(holds(condition, reading, at, length) for condition in index.rows[number].keep_if):
                continue
            # "esteem or respect" names two things: a word that stands beside the place was not replaced in it
            if index.lengths[number] == 1 and length == 1 and fold(index.originals[number]) in nearby:
                continue
            wording = in_case_of(index.originals[number], model, opens_sentence=opens, alone=alone)
            wording = broken_like(wording, model)
            # of several rows for one wording that of a rare family counts less: the page must vouch for the family
            rank = (nats - RARE_FAMILY * (index.family[number] == OTHER_FAMILY), -number)
            if wording != model and (wording not in ranked or rank > ranked[wording][0]):
                ranked[wording] = (rank, nats, number, worth)
        if not ranked:
            return None
        best = sorted(ranked.items(), key=lambda item: (-item[1][1], item[0]))[:MOST_ALTERNATIVES]
        alternatives = tuple(
            Alternative(wording, self._evidence(number, worth, nats)) for wording, (_, nats, number, worth) in best
        )
        row = best[0][1][2]
        rule = "spin.map" if index.weight_nats[row] >= FIRST_LOOK_WEIGHT else "spin.common"
        return _with_article(reading, at, Finding(start, end, model, rule, alternatives, index.rows[row].family))

    def worth(self, signals: FloatArray) -> list[list[float]]:
        """What each signal is worth in nats, one row a candidate; rounded all at once, which costs far less than row by
        row."""
        rows: list[list[float]] = np.round(signals * self.weights, 4).tolist()
        return rows

    def _evidence(self, candidate: int, worth: list[float], nats: float) -> tuple[Evidence, ...]:
        """The signals as named evidence; what rounding leaves over goes to the row, so that the sum is `nats`."""
        row = self.index.rows[candidate]
        spun = self.index.spun[self.index.entry_of_candidate[candidate]]
        source = f"{row.family}: {self.index.originals[candidate]} <- {spun}"
        if row.place:
            source = f"{source} ({row.place})"
        return self._evidence_of(worth, nats, source)

    def _evidence_of(self, worth: list[float], nats: float, source: str) -> tuple[Evidence, ...]:
        of = dict(zip(SIGNALS, worth, strict=True))
        context = round(of["original_fits"] + of["spun_fits"], 4)
        term = round(of["original_term"] + of["spun_term"], 4)
        document = round(of["original_repeats"] + of["spun_repeats"], 4)
        topic = round(of["original_topic"] + of["spun_topic"], 4)
        other = [
            Evidence(context, "spin.context", self.reading.context.name),
            Evidence(term, "spin.term", "among its neighbours"),
            Evidence(document, "spin.document", "how often either wording stands in the document"),
            Evidence(topic, "spin.topic", "the topical words of some lines around it"),
            Evidence(of["nearby"], "spin.nearby", "how much of its sentence seems replaced"),
            Evidence(of["capital"], "spin.capital", "a capital inside a sentence"),
            Evidence(of["article"], "spin.article", "the article before it fits the original"),
        ]
        rest = round(nats - sum(reason.nats for reason in other), 4)
        return (Evidence(rest, "spin.map", source), *(reason for reason in other if reason.nats))


def _count_of(wanted: IntArray, values: IntArray, counts: IntArray) -> FloatArray:
    """How often each wanted number was counted; `values` are sorted."""
    place = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    return np.where(values[place] == wanted, counts[place], 0).astype(np.float64)


def _neighbours(at: IntArray, joined: npt.NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """All pairs (i, j) with at[j] == at[i] + 1, the two joined; `at` is sorted."""
    begins = np.searchsorted(at, at + 1, side="left")
    count = np.where(joined[at], np.searchsorted(at, at + 1, side="right") - begins, 0)
    first = np.repeat(np.arange(len(at)), count)
    second = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begins, count)
    return first, second


def _with_article(reading: Reading, at: int, finding: Finding) -> Finding:
    """The finding stretched over the article before it where an alternative needs the other one."""
    before = reading.word(at - 1)
    label = before[:1].isupper() and not reading.opens[at - 1]
    if fold(before) not in ("a", "an") or label or not reading.joined[at - 1]:
        return finding
    if all(article(alternative.text) == fold(before) for alternative in finding.alternatives):
        return finding
    start, _ = reading.span(at - 1, at - 1)
    between = reading.tokens.text[start + len(before) : finding.start]
    alternatives = tuple(
        Alternative(_article_like(before, alternative.text) + between + alternative.text, alternative.evidence)
        for alternative in finding.alternatives
    )
    return Finding(start, finding.end, before + between + finding.before, finding.rule, alternatives, finding.family)


def _article_like(before: str, wording: str) -> str:
    needed = article(wording)
    if before.isupper() and len(before) > 1:
        return needed.upper()
    return needed.capitalize() if before[0].isupper() else needed


def _among_lower_case(reading: Reading, at: int, length: int) -> bool:
    """Whether the words next to a wording have no capitals."""
    after = at + length
    return not (at > 0 and reading.capital[at - 1]) and not (after < len(reading) and reading.capital[after])
