"""The damage rate: no findings mean a clean document, more and stronger ones a higher rate, longer texts a lower one."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from despin.measured import Densities
from despin.rates import (
    AMONG_DAMAGED,
    GRID,
    GROUPS,
    HEAVY,
    RARE_FAMILIES,
    Rate,
    density,
    estimate,
    log_likelihood,
    tally,
)
from despin.resources import Resources
from despin.values import Alternative, Evidence, Finding

DENSITIES = {
    "spin": (Densities(0.5, 0.008, 0.02), Densities(2.0, 0.001, 0.03)),
    "citations": (Densities(1.0, 0.0001, 0.002),),
    "trace.odd": (Densities(0.0, 0.007, 0.02),),
}


# the share of documents taken for damaged beforehand
DAMAGED = 0.04


def finding(number: int, nats: float, kind: str = "spin", family: str = "") -> Finding:
    """A finding of a wording of its own."""
    return Finding(
        number * 10, number * 10 + 3, f"w{number}", f"{kind}.map", (Alternative("o", (Evidence(nats, "x"),)),), family
    )


def mean(findings: list[Finding], words: int = 400) -> float:
    return estimate(findings, words, DENSITIES, DAMAGED)["wording"].mean


def test_the_grid_is_a_distribution_from_clean_to_beyond_heavy() -> None:
    assert AMONG_DAMAGED.sum() == pytest.approx(1.0)
    assert len(AMONG_DAMAGED) == len(GRID) - 1
    assert (np.diff(GRID) > 0).all()
    assert GRID[0] < 0.001 < HEAVY < GRID[-1] < 1


def test_no_findings_mean_clean() -> None:
    rates = estimate([], 1000, DENSITIES, DAMAGED)
    assert rates["wording"].mean < 0.001
    assert rates["wording"].damaged < 0.01
    # without a word nothing is known but how common damage is
    assert estimate([], 0, DENSITIES, DAMAGED)["wording"].damaged == pytest.approx(DAMAGED, abs=1e-6)
    assert set(rates) == set(GROUPS.values())


def test_a_full_page_of_findings_means_heavy() -> None:
    rate = estimate([finding(i, 3.0) for i in range(30)], 400, DENSITIES, DAMAGED)["wording"]
    assert rate.damaged > 0.99
    assert rate.mean > 0.1
    assert abs(rate.nats) < 1


@given(st.lists(st.sampled_from([2.0, 3.5]), max_size=25), st.integers(100, 2000))
def test_more_strong_findings_mean_a_higher_rate(nats: list[float], words: int) -> None:
    findings = [finding(i, value) for i, value in enumerate(nats)]
    assert mean([*findings, finding(99, 2.5)], words) > mean(findings, words) - 1e-8


@given(st.integers(1, 20), st.integers(50, 1000), st.integers(1, 2000))
def test_more_words_without_findings_mean_a_lower_rate(count: int, words: int, more: int) -> None:
    findings = [finding(i, 3.0) for i in range(count)]
    assert mean(findings, words + more) <= mean(findings, words) + 1e-8


def test_what_a_clean_page_shows_does_not_make_it_damaged() -> None:
    words = 2000
    usual = [finding(i, 1.0) for i in range(16)] + [finding(100 + i, 3.0) for i in range(2)]
    assert mean(usual, words) < 0.002


def test_kinds_of_one_group_share_their_rate() -> None:
    spin = [finding(i, 3.0) for i in range(4)]
    assert mean([*spin, finding(50, 2.0, "citations"), finding(51, 2.0, "citations")]) > mean(spin)
    assert estimate(spin, 400, DENSITIES, DAMAGED)["letters"] == estimate([], 400, {}, DAMAGED)["letters"]


def test_traces_that_name_no_original_do_not_count() -> None:
    assert mean([finding(i, 1.0, "trace") for i in range(40)]) == mean([])


def test_tally_counts_a_wording_once_by_its_strongest() -> None:
    same = [Finding(start, start + 3, before, "spin.map", (Alternative("o", (Evidence(nats, "x"),)),)) for start, before, nats in
            ((0, "Bad", 1.0), (20, "bad", 3.0), (40, "bad", 2.5))]  # fmt: skip
    assert tally(same, DENSITIES) == [(20, "spin", 1)]
    assert tally(list(reversed(same)), DENSITIES) == [(20, "spin", 1)]


def test_tally_knows_rules_and_kinds_and_passes_over_the_rest() -> None:
    by_rule = {"spin.map": (Densities(0.0, 0.01, 0.02),), **DENSITIES}
    assert tally([finding(1, 1.0)], by_rule) == [(10, "spin.map", 0)]
    assert tally([finding(1, 1.0)], DENSITIES) == [(10, "spin", 0)]
    assert tally([finding(1, 0.4)], DENSITIES) == []
    assert tally([finding(1, 9.0, "ocr")], DENSITIES) == []


def test_log_likelihood_is_poisson() -> None:
    rows = DENSITIES["spin"]
    by_hand = []
    for rate in GRID:
        total = 0.0
        for count, row in zip((3, 2), rows, strict=True):
            expected = row.clean + (rate - GRID[0]) / (HEAVY - GRID[0]) * (row.damaged - row.clean)
            total += count * math.log(expected) - 400 * expected
        by_hand.append(total)
    got = log_likelihood([3, 2], [400], density(rows))
    # up to one factor, that counts are less sure than independent ones
    np.testing.assert_allclose(
        (got - got[0]) / (got[-1] - got[0]), (np.array(by_hand) - by_hand[0]) / (by_hand[-1] - by_hand[0])
    )
    assert 0 < (got[-1] - got[0]) / (by_hand[-1] - by_hand[0]) <= 1


def test_nats_are_log_odds_against_a_heavy_page() -> None:
    assert Rate(HEAVY, 1.0).nats == 0
    assert Rate(0.0004, 0.0).nats == pytest.approx(math.log(0.0004 / 0.9996 / 0.25), abs=1e-4)


@pytest.mark.parametrize("family", sorted(RARE_FAMILIES))
def test_a_rare_family_counts_as_far_as_the_page_speaks_for_it(family: str) -> None:
    other = [finding(i, 3.0, family="phrase_rewriter") for i in range(20)]
    own = [finding(i, 3.0, family=family) for i in range(20)]
    one = [finding(0, 3.0, family=family), *other[1:]]
    against, some, its = (
        estimate(page, 400, DENSITIES, DAMAGED)["wording"].families[family] for page in (other, one, own)
    )
    assert against == some < its <= 0
    assert estimate(own, 400, DENSITIES, DAMAGED)["wording"].families.get("phrase_rewriter", 0.0) == estimate(
        own, 400, DENSITIES, DAMAGED
    )["wording"].families.get("", 0.0)


def test_the_shipped_densities_serve(resources: Resources) -> None:
    assert {kind.partition(".")[0] for kind in resources.densities} <= {*GROUPS, "trace"}
    rates = estimate([], 500, resources.densities, DAMAGED)
    assert rates["wording"].damaged < DAMAGED
    strong = [Finding(i, i + 1, f"w{i}", "spin.map", (Alternative("o", (Evidence(6.0, "x"),)),)) for i in range(25)]
    assert estimate(strong, 500, resources.densities, DAMAGED)["wording"].damaged > 0.9
