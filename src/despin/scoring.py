"""How likely is it that a text was rewritten by a machine? Start reading at `judge`.

A text's traces are counted: findings of each strength, stray capitals, articles that do not fit, odd word pairs. Each
count has a density per word in human text and one on rewritten pages (data/rates.tsv). The sum of their log
likelihood ratios is the evidence; how much human text reaches as much (data/score.tsv) gives percentile and verdict.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from despin import rates
from despin.context import FloatArray
from despin.maps import FUNCTION_WORDS
from despin.measured import Densities, Quantiles
from despin.reading import Reading
from despin.resources import Resources
from despin.results import PassageScore, Score, Verdict
from despin.settings import SettingsError
from despin.tokens import Kind, passages
from despin.traces import traces
from despin.values import Evidence, Finding
from despin.words import fold, is_word

# Below this a text has too few traces to tell; published audits of sentence-level verdicts found a third and more of
# human sentences flagged.
LEAST_WORDS = 50

# Share of the words that the English vocabulary knows, below which a text is not English, or hardly legible.
LEAST_KNOWN = 0.6

# Share of the words that are among the 300 most frequent of English, below which a text is not English: 99 % of English
# texts of 50 words and more have over .13, most .35 to .65; German and French have under .12.
LEAST_FREQUENT = 0.13

# Per cent of human texts, below which none is named: the last quantile of data/score.tsv.
LEAST_SHARE = 0.2

# Share of tokens (gaps apart) that are words, below which a text is a table, a list of figures or source code.
LEAST_PROSE = 0.55


class Tally:
    """Where a text's words and traces are, so that any stretch of it can be weighed."""

    def __init__(
        self, reading: Reading, findings: Sequence[Finding], densities: Mapping[str, tuple[Densities, ...]]
    ) -> None:
        self.items = reading.tokens.starts[reading.index].astype(np.int64)
        self.kinds = sorted(densities)
        rows = [row for kind in self.kinds for row in densities[kind]]
        # the columns of the counts: all rows of all kinds, one after another
        self._first = np.cumsum([0, *(len(densities[kind]) for kind in self.kinds[:-1])])
        self._density = rates.density(rows)
        starts = reading.tokens.starts
        # of the same type as the offsets that are looked up, or each look-up would convert the whole array
        self.words = starts[:-1][reading.tokens.kinds == Kind.WORD].astype(np.int64)
        column = dict(zip(self.kinds, self._first.tolist(), strict=True))
        tallied = rates.tally(findings, densities)
        offsets = [np.array([offset for offset, _, _ in tallied], np.int64)]
        columns = [np.array([column[kind] + row for _, kind, row in tallied], np.int64)]
        for kind, shown in traces(reading).items():
            found = starts[reading.index[shown]].astype(np.int64)
            offsets.append(found)
            columns.append(np.full(len(found), column[kind]))
        order = np.argsort(np.concatenate(offsets), kind="stable")
        self._offsets, self._columns = np.concatenate(offsets)[order], np.concatenate(columns)[order]

    def word_count(self, start: int, end: int) -> int:
        """How many words begin in ``text[start:end]``."""
        return int(np.searchsorted(self.words, end) - np.searchsorted(self.words, start))

    def counts(self, spans: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Traces, shape (spans, columns), and words, shape (spans, 1), in spans that are sorted and do not overlap."""
        edges = np.asarray(spans, np.int64).reshape(-1, 2)
        words = np.diff(np.searchsorted(self.words, edges), axis=1).astype(np.float64)
        first, last = np.searchsorted(self._offsets, (edges[0, 0], edges[-1, 1]))
        offsets, columns = self._offsets[first:last], self._columns[first:last]
        span = np.searchsorted(edges[:, 0], offsets, side="right") - 1
        inside = offsets < edges[span, 1]
        counts = np.zeros((len(edges), len(self._density)))
        np.add.at(counts, (span[inside], columns[inside]), 1.0)
        return counts, words

    def totals(self, spans: npt.ArrayLike) -> FloatArray:
        """Evidence for rewriting in each span, in nats."""
        counts, words = self.counts(spans)
        likelihood = rates.log_likelihood(counts, words, self._density)
        return _mean_ratio(likelihood - likelihood[:, :1])

    def weigh(self, start: int, end: int) -> list[Evidence]:
        """Evidence for rewriting in ``text[start:end]``, one item a kind of trace, in nats.

        Each item is what its kind adds to the ln of the mean likelihood ratio over the rates of damaged pages.
        """
        (counts,), ((words,),) = self.counts([(start, end)])
        each = rates.log_likelihood(np.diag(counts), words, self._density, summed=False)
        by_kind = np.cumsum(np.add.reduceat(each - each[:, :1], self._first, axis=0), axis=0)
        nats = np.diff(_mean_ratio(by_kind), prepend=0.0)
        found = np.add.reduceat(counts, self._first)
        return [
            Evidence(round(value, 4), kind, f"{int(count)} in {int(words)} words")
            for kind, value, count in zip(self.kinds, nats.tolist(), found.tolist(), strict=True)
        ]


def _mean_ratio(log_ratios: FloatArray) -> FloatArray:
    """ln of the mean likelihood ratio over the rates of damaged pages."""
    mean: FloatArray = np.logaddexp.reduce(log_ratios[:, 1:] + np.log(rates.AMONG_DAMAGED), axis=1)
    return mean


def judge(
    reading: Reading,
    findings: Sequence[Finding],
    resources: Resources,
    signature: str,
    fpr: float = 0.01,
    prior: float = 0.5,
) -> Score:
    """The score of a whole text.

    Three accounts of the text are weighed: a person wrote it; all of it was rewritten; one passage of it was. The last
    is the mean over the passages, so that a page with one spun paragraph is found and a long page is not flagged for
    having many passages. Raises SettingsError for an `fpr` or `prior` that is no probability.
    """
    tally = Tally(reading, findings, resources.densities)
    findings = sorted(findings, key=lambda finding: finding.start)
    spans = passages(reading.tokens).astype(np.int64)
    return _judge(tally, reading, findings, (0, len(reading.tokens.text)), spans, resources, signature, fpr, prior)


def judge_passages(
    reading: Reading,
    findings: Sequence[Finding],
    resources: Resources,
    signature: str,
    fpr: float = 0.01,
    prior: float = 0.5,
) -> tuple[PassageScore, ...]:
    """The score of each passage (see `despin.tokens.passages`) by itself."""
    tally = Tally(reading, findings, resources.densities)
    none = np.zeros((0, 2), np.int64)
    findings = sorted(findings, key=lambda finding: finding.start)
    return tuple(
        PassageScore(start, end, _judge(tally, reading, findings, (start, end), none, resources, signature, fpr, prior))
        for start, end in passages(reading.tokens).tolist()
    )


def _judge(
    tally: Tally,
    reading: Reading,
    findings: Sequence[Finding],
    span: tuple[int, int],
    parts: npt.NDArray[np.int64],
    resources: Resources,
    signature: str,
    fpr: float,
    prior: float,
) -> Score:
    for name, value in (("fpr", fpr), ("prior", prior)):
        if not 0 < value < 1:
            raise SettingsError(f"{name}={value} is no probability; use a number between 0 and 1")
    words = tally.word_count(*span)
    nats, evidence = evidence_of(tally, span, parts)
    known = _known_share(tally, reading, span)
    probability = round(1 / (1 + math.exp(-max(min(nats + math.log(prior / (1 - prior)), 50), -50))), 4)
    percentile = round(percentile_of(nats, words, resources.quantiles), 4)
    verdict, reason = _verdict(tally, reading, span, words, known, percentile, fpr)
    return Score(
        probability,
        verdict,
        reason,
        percentile,
        _family(findings, span) if verdict == "flag" else "",
        round(known, 4),
        words,
        tuple(evidence),
        f"{signature} fpr:{fpr} prior:{prior}",
    )


def evidence_of(tally: Tally, span: tuple[int, int], parts: npt.NDArray[np.int64]) -> tuple[float, list[Evidence]]:
    """All evidence for rewriting in a span, in nats: as a whole, or in one of its passages `parts`; and by kind."""
    evidence = tally.weigh(*span)
    whole = math.fsum(reason.nats for reason in evidence)
    long = parts[np.diff(np.searchsorted(tally.words, parts), axis=1)[:, 0] >= LEAST_WORDS]
    if len(long) < 2:
        return round(whole, 4), evidence
    one = float(np.logaddexp.reduce(tally.totals(long)) - math.log(len(long)))
    nats = float(np.logaddexp(whole, one) - math.log(2))
    evidence.append(Evidence(round(nats - whole, 4), "score.passages", f"{len(long)} passages, one by one"))
    return round(nats, 4), evidence


def _verdict(
    tally: Tally, reading: Reading, span: tuple[int, int], words: int, known: float, percentile: float, fpr: float
) -> tuple[Verdict, str]:
    if words < LEAST_WORDS:
        return "abstain", f"too short: {words} words where {LEAST_WORDS} are needed"
    kinds = reading.tokens.kinds[slice(*np.searchsorted(reading.tokens.starts, np.array(span, np.int32)))]
    solid = kinds[kinds != Kind.GAP]
    prose = float(np.mean(solid == Kind.WORD))
    if prose < LEAST_PROSE:
        return "abstain", f"not prose: {prose:.0%} of the tokens are words; tables, figures and code are not judged"
    if known < LEAST_KNOWN:
        return "abstain", f"not English, or hardly legible: {known:.0%} of the words are known"
    frequent = _frequent_share(tally, reading, span)
    if frequent < LEAST_FREQUENT:
        return "abstain", f"not English: {frequent:.0%} of the words are among the most frequent of English"
    # the quantiles reach to 99.8 %: beyond that there are too few human texts to tell
    rest = 100 - percentile
    share = f"{rest:.1f} %" if rest >= LEAST_SHARE else f"fewer than {LEAST_SHARE} %"
    share = f"of human texts of this length, {share} show as many rewriting traces"
    return ("flag" if percentile >= 100 * (1 - fpr) else "no-flag"), share


def percentile_of(nats: float, words: int, quantiles: Sequence[Quantiles]) -> float:
    """The share of human texts of about `words` words with less evidence, 0 to 100; between table rows linear.

    The longest band that is not longer than the text serves. Beyond the last quantile the share of the rest shrinks
    with the evidence: an e-th for each nat.
    """
    band = next((band for band in reversed(quantiles) if band.words <= words), quantiles[0])
    if nats > band.nats[-1]:
        return 100 - (100 - band.percentiles[-1]) * math.exp(band.nats[-1] - nats)
    return float(np.interp(nats, band.nats, band.percentiles))


def _frequent_share(tally: Tally, reading: Reading, span: tuple[int, int]) -> float:
    """Share of the words that are among the most frequent of English."""
    first, last = np.searchsorted(tally.items, span)
    ids = reading.ids[first:last][reading.words[first:last]]
    return float((ids < FUNCTION_WORDS).mean()) if len(ids) else 0.0


def _known_share(tally: Tally, reading: Reading, span: tuple[int, int]) -> float:
    """Share of the words that the vocabulary knows, 1 where there is no word."""
    first, last = np.searchsorted(tally.items, span)
    items = first + np.flatnonzero(reading.words[first:last])
    if not len(items):
        return 1.0
    unknown = items[reading.ids[items] == reading.context.vocabulary.unknown]
    rare = sum(is_word(fold(reading.word(item))) for item in unknown.tolist())
    return 1 - (len(unknown) - rare) / len(items)


def _family(findings: Sequence[Finding], span: tuple[int, int]) -> str:
    """The family with the most evidence among the findings, which are sorted, "" where none names one."""
    sums: dict[str, float] = {}
    first = bisect.bisect_left(findings, span[0], key=lambda finding: finding.start)
    for finding in findings[first:]:
        if finding.start >= span[1]:
            break
        if finding.family and finding.best.nats > 0:
            sums[finding.family] = sums.get(finding.family, 0.0) + finding.best.nats
    return max(sorted(sums), key=lambda family: round(sums[family], 4), default="")
