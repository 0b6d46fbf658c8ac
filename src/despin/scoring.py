"""How likely is it that a text was rewritten by a machine? Start reading at `judge`.

Features of a text (`despin.features`) are set against those of human texts of its length. Three logistic regressions
weigh them, one for each kind of rewriter (data/score_weights.tsv); their mixture is calibrated by length
(data/score_bands.tsv), and a neural model may add its own features (data/score_neural.tsv). Every feature adds its own
nats of evidence. How much human text reaches as much (data/score.tsv) gives percentile and verdict.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from despin.context import FloatArray, IntArray
from despin.features import FEATURES, NEURAL_FEATURES, Measure, deviations, items_of
from despin.maps import FUNCTION_WORDS
from despin.measured import REWRITERS, Calibration, Quantiles, ScoreWeights
from despin.reading import Reading
from despin.resources import Resources
from despin.results import PassageScore, Score, Verdict
from despin.settings import SettingsError
from despin.tokens import Kind, passages
from despin.values import Evidence, Finding
from despin.words import fold, is_word

# Below this a text has too few traces to tell; published audits of sentence-level verdicts found a third and more of
# human sentences flagged.
LEAST_WORDS = 50

# From this length on a text is weighed passage by passage too. Below, a rewritten passage is a good part of the whole,
# and calibration and quantiles are those of passages.
LEAST_LONG = 400

# Share of the words that the English vocabulary knows, below which a text is not English, or hardly legible.
LEAST_KNOWN = 0.6

# Share of the words that are among the 300 most frequent of English, below which a text is not English: 99 % of English
# texts of 50 words and more have over .13, most .35 to .65; German and French have under .12.
LEAST_FREQUENT = 0.13

# Per cent of human texts, below which none is named: the last quantile of data/score.tsv.
LEAST_SHARE = 0.2

# Share of tokens (gaps apart) that are words, below which a text is a table, a list of figures or source code.
LEAST_PROSE = 0.55

# Share of words with a capital inside a sentence, above which a text is a list of names or titles. Prose full of names
# reaches a third.
MOST_NAMES = 0.5

# How common each kind of rewriter is taken to be among rewritten texts (REWRITERS, in order): most put synonyms in that
# no map has; round trips are the rarest, and what they leave is most like what learners write and scanners misread.
REWRITER_SHARES = (0.3, 0.55, 0.15)

# Share of lone letters and unknown words, above which a text is hardly legible: misread letters leave neighbours that
# do not fit. Prose seldom has as much; of manuals full of identifiers one passage in twelve has.
MOST_NOISE = 0.12

# Posterior of a kind of rewriter, below which none is named.
LEAST_SURE = 0.6


@runtime_checkable
class WordReader(Protocol):
    """A neural model that reads running text."""

    def word_log_probs(self, text: str) -> tuple[IntArray, FloatArray]:
        """Offset and ln p of each word of `text`, given the words before it."""
        ...


def reader(model: object) -> WordReader | None:
    """The model if it reads running text, else None: a context model need not."""
    return model if isinstance(model, WordReader) else None


class Tally:
    """What is known of a text, so that any stretch of it can be weighed."""

    def __init__(
        self,
        reading: Reading,
        findings: Sequence[Finding],
        resources: Resources,
        model: WordReader | None = None,
    ) -> None:
        self.measure = Measure(
            items_of(reading, findings, resources.spun_lexicon), resources.word_doubts, resources.pair_nats
        )
        self._weights, self._bands = resources.score_weights, resources.score_bands
        self._neural = resources.neural_weights if model else None
        if model:
            self.measure.add_neural(*model.word_log_probs(reading.tokens.text))

    def word_count(self, start: int, end: int) -> int:
        """How many words begin in ``text[start:end]``."""
        return int(self.measure.words(self.measure.edges([(start, end)]))[0])

    def totals(self, spans: npt.ArrayLike) -> FloatArray:
        """Evidence for rewriting of each span, in nats."""
        edges = self.measure.edges(spans)
        slope, offset = scale(self.measure.words(edges), self._bands)
        mixture, _ = mixed_rewriters(deviations(*self.measure.means(edges), self._weights), self._weights)
        nats = slope * mixture + offset
        if self._neural:
            nats = self._neural.default * nats + self._neural_shares(edges).sum(axis=1) + self._neural.offset
        return np.round(nats, 4)

    def _neural_shares(self, edges: npt.NDArray[np.int64]) -> FloatArray:
        """What each of the neural model's features adds, in nats, shape (spans, features)."""
        assert self._neural is not None
        shares: FloatArray = deviations(*self.measure.means(edges, NEURAL_FEATURES), self._neural) * self._neural.weight
        return shares

    def weigh(self, start: int, end: int) -> tuple[list[Evidence], FloatArray]:
        """Evidence for rewriting in ``text[start:end]``, one item a feature, in nats; and how likely each rewriter is.

        ln of a mixture is the mean of its parts' logarithms, by their posterior, less the divergence of the posterior
        from the prior: so each feature has its share, and what is the same for all texts of that length is one more.
        """
        edges = self.measure.edges([(start, end)])
        (means,), (counts,) = self.measure.means(edges)
        slope, _ = scale(self.measure.words(edges), self._bands)
        away = deviations(means[None], counts[None], self._weights)
        _, (posterior,) = mixed_rewriters(away, self._weights)
        scale_all = slope[0] * (self._neural.default if self._neural else 1.0)
        shares = (scale_all * away[0] * (self._weights.weight @ posterior)).round(4)
        evidence = [
            Evidence(share, f"score.{name}", _said(name, mean, count))
            for name, share, mean, count in zip(FEATURES, shares.tolist(), means.tolist(), counts.tolist(), strict=True)
            if share
        ]
        if self._neural:
            (means,), (counts,) = self.measure.means(edges, NEURAL_FEATURES)
            (added,) = self._neural_shares(edges).round(4)
            evidence += [
                Evidence(share, f"score.{name}", f"{NEURAL_FEATURES[name]}: {mean:.3f} on average")
                for name, share, mean in zip(NEURAL_FEATURES, added.tolist(), means.tolist(), strict=True)
            ]
            shares = np.concatenate([shares, added])
        rest = round(float(self.totals([(start, end)])[0]) - math.fsum(shares.tolist()), 4)
        evidence.append(Evidence(rest, "score.length", f"any text of {self.word_count(start, end)} words"))
        return evidence, posterior


# Features that are no counts: their means are said as they are.
MEANS = frozenset(
    "words.light words.heavy words.content words.function original.nats moved.light moved.heavy moved.function "
    "moved.pairs fit.content fit.function".split()
)


def _said(feature: str, mean: float, count: float) -> str:
    """A feature in words, with its figure."""
    if feature in MEANS:
        return f"{FEATURES[feature]}: {mean:.3f} nats a word"
    return f"{FEATURES[feature]}: {mean * count:.0f} in {count:.0f} words"


def mixed_rewriters(away: FloatArray, weights: ScoreWeights) -> tuple[FloatArray, FloatArray]:
    """ln of the mean likelihood ratio over the kinds of rewriters, by REWRITER_SHARES; and their posterior.

    away: shape (spans, features), see `deviations`. Returns shapes (spans,) and (spans, rewriters).
    """
    each = away @ weights.weight + weights.offset + np.log(REWRITER_SHARES)
    mixture = np.logaddexp.reduce(each, axis=1)
    posterior: FloatArray = np.exp(each - mixture[:, None])
    return mixture, posterior


def scale(words: FloatArray, bands: Sequence[Calibration]) -> tuple[FloatArray, FloatArray]:
    """Slope and offset of the calibration at so many words: between the rows of the table linear in their logarithm."""
    at = np.log([band.words for band in bands])
    where = np.log(np.maximum(words, 1.0))
    slope = np.interp(where, at, [band.slope for band in bands])
    offset = np.interp(where, at, [band.offset for band in bands])
    return slope, offset


def judge(
    reading: Reading,
    findings: Sequence[Finding],
    resources: Resources,
    signature: str,
    fpr: float = 0.01,
    prior: float = 0.5,
    model: WordReader | None = None,
) -> Score:
    """The score of a whole text; `model` reads it too where there is one.

    Three accounts of a long text are weighed: a person wrote it; all of it was rewritten; one passage of it was. The
    last is the mean over the passages, so that a page with one spun paragraph is found and a long page is not flagged
    for having many passages. Raises SettingsError for an `fpr` or `prior` that is no probability.
    """
    tally = Tally(reading, findings, resources, model)
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
    model: WordReader | None = None,
) -> tuple[PassageScore, ...]:
    """The score of each passage (see `despin.tokens.passages`) by itself."""
    tally = Tally(reading, findings, resources, model)
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
    nats, evidence, posterior = evidence_of(tally, span, parts)
    known = _known_share(tally, reading, span)
    probability = round(1 / (1 + math.exp(-max(min(nats + math.log(prior / (1 - prior)), 50), -50))), 4)
    percentile = round(percentile_of(nats, words, resources.quantiles), 4)
    verdict, reason = _verdict(tally, reading, span, words, known, percentile, fpr)
    return Score(
        probability,
        verdict,
        reason,
        percentile,
        _family(findings, span, posterior) if verdict == "flag" else "",
        round(known, 4),
        words,
        tuple(evidence),
        f"{signature} fpr:{fpr} prior:{prior}",
    )


def evidence_of(
    tally: Tally, span: tuple[int, int], parts: npt.NDArray[np.int64]
) -> tuple[float, list[Evidence], FloatArray]:
    """All evidence for rewriting in a span, in nats: as a whole, or in one of its passages `parts`; then item by item;
    and how likely each kind of rewriter is."""
    evidence, posterior = tally.weigh(*span)
    whole = math.fsum(reason.nats for reason in evidence)
    long = parts[tally.measure.words(tally.measure.edges(parts)) >= LEAST_WORDS]
    if len(long) < 2 or tally.word_count(*span) < LEAST_LONG:
        return round(whole, 4), evidence, posterior
    one = float(np.logaddexp.reduce(tally.totals(long)) - math.log(len(long)))
    nats = float(np.logaddexp(whole, one) - math.log(2))
    evidence.append(Evidence(round(nats - whole, 4), "score.passages", f"{len(long)} passages, one by one"))
    return round(nats, 4), evidence, posterior


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
    names = _name_share(tally, reading, span)
    if names > MOST_NAMES:
        return "abstain", f"mostly names: {names:.0%} of the words have a capital inside a sentence"
    if known < LEAST_KNOWN:
        return "abstain", f"not English, or hardly legible: {known:.0%} of the words are known"
    noise = float(tally.measure.items.noise[slice(*tally.measure.edges([span])[0])].sum()) / words
    if noise > MOST_NOISE:
        return "abstain", f"hardly legible: {noise:.0%} of the words are lone letters or unknown"
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


def _name_share(tally: Tally, reading: Reading, span: tuple[int, int]) -> float:
    """Share of the words that have a capital and do not open a sentence."""
    first, last = np.searchsorted(tally.measure.items.starts, span)
    words = reading.words[first:last]
    return float((reading.capital & ~reading.opens)[first:last][words].mean()) if words.any() else 0.0


def _frequent_share(tally: Tally, reading: Reading, span: tuple[int, int]) -> float:
    """Share of the words that are among the most frequent of English."""
    first, last = np.searchsorted(tally.measure.items.starts, span)
    ids = reading.ids[first:last][reading.words[first:last]]
    return float((ids < FUNCTION_WORDS).mean()) if len(ids) else 0.0


def _known_share(tally: Tally, reading: Reading, span: tuple[int, int]) -> float:
    """Share of the words that the vocabulary knows, 1 where there is no word."""
    first, last = np.searchsorted(tally.measure.items.starts, span)
    items = first + np.flatnonzero(reading.words[first:last])
    if not len(items):
        return 1.0
    unknown = items[reading.ids[items] == reading.context.vocabulary.unknown]
    rare = sum(is_word(fold(reading.word(item))) for item in unknown.tolist())
    return 1 - (len(unknown) - rare) / len(items)


def _family(findings: Sequence[Finding], span: tuple[int, int], posterior: FloatArray) -> str:
    """The family of rewriters that a text looks like, "unknown" where none stands out. Findings are sorted.

    Wordings that the maps know name their family; other synonyms were put in word for word; or it is a round trip.
    """
    if posterior.max() < LEAST_SURE:
        return "unknown"
    rewriter = REWRITERS[int(posterior.argmax())]
    if rewriter != "wordings":
        return {"synonyms": "word_for_word", "round_trip": "round_trip"}[rewriter]
    sums: dict[str, float] = {}
    first = bisect.bisect_left(findings, span[0], key=lambda finding: finding.start)
    for finding in findings[first:]:
        if finding.start >= span[1]:
            break
        if finding.family and finding.best.nats > 0:
            sums[finding.family] = sums.get(finding.family, 0.0) + finding.best.nats
    return max(sorted(sums), key=lambda family: round(sums[family], 4), default="unknown")
