"""Exact bounds: against scipy, against enumeration, and their error rates at the margin."""

import itertools

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import PairedShares, Share
from sparsight.verdict.single_exact import NUISANCE

MARGIN, LEVEL, DRAWS = 0.02, 0.05, 1000
TOLERABLE = stats.binom.ppf(0.999, DRAWS, LEVEL)


@pytest.mark.parametrize(("count", "units"), [(0, 30), (3, 40), (40, 40), (500, 1000)])
def test_a_share_has_clopper_and_pearsons_bounds(count, units):
    found = Share(count, units)
    expected = stats.binomtest(count, units).proportion_ci(0.9)
    assert found.interval(0.05) == pytest.approx((expected.low, expected.high))
    assert found.p_below(0.1) == pytest.approx(stats.binom.cdf(count, units, 0.1))
    assert found.p_above(0.1) == pytest.approx(stats.binom.sf(count - 1, units, 0.1))


def test_limits_that_no_share_has():
    assert (Share(3, 4).p_below(1.5), Share(3, 4).p_above(1.5)) == (0.0, 1.0)
    assert Share(4, 4).p_below(1.0) == 1.0
    assert PairedShares(3, 0, 4).p_above(-1.0) <= 0.05
    assert PairedShares(3, 0, 4).p_below(-1.0) == 1.0
    assert PairedShares(0, 0, 9).p_below(0.0) == 1.0
    assert PairedShares(4, 0, 4).p_below(1.0) == PairedShares(0, 4, 4).p_above(-1.0) == 1.0, "all are gained, or lost"


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (0, 1), (2, 2)])
@pytest.mark.parametrize("limit", [0.02, 0.1, 0.5, 0.99, 1.0])
def test_a_claim_that_the_units_contradict_has_a_p_of_1(gained, lost, limit):
    """So few of 2,000 units differ that the difference is surely near 0: it is not beyond the limit on either side."""
    pair = PairedShares(gained, lost, 2000)
    assert pair.p_below(-limit) == pair.p_above(limit) == 1.0
    assert pair.p_below(limit) == pair.p_above(-limit) == NUISANCE


def test_nothing_that_differs_bounds_the_difference_as_one_share():
    least = next(n for n in range(100, 200) if PairedShares(0, 0, n).p_below(MARGIN) <= LEVEL)
    assert least == 150, "1 - 0.98 ** 150 is 95.2 %, of which 0.1 % is added; docs/audit.md states it"
    low, high = PairedShares(0, 0, 400).interval(LEVEL)
    assert low == -high
    assert PairedShares(0, 0, 400).p_below(high + 1e-5) <= LEVEL < PairedShares(0, 0, 400).p_below(high - 1e-5)


@pytest.mark.parametrize(("gained", "lost"), [(5, 5), (25, 25), (0, 60), (60, 10)])
def test_the_interval_is_near_the_normal_one_where_there_are_many(gained, lost):
    n = 2000
    found, value = PairedShares(gained, lost, n).interval(LEVEL), (gained - lost) / n
    half = 1.645 * np.sqrt((gained + lost) / n - value**2) / np.sqrt(n)
    assert found[0] < value < found[1]
    assert all(0.95 < abs(end - value) / half < 1.5 for end in found)


def test_p_is_never_too_small():
    """Enumerated on 12 images: the chance of a p of at most 5, 10, 20 % at the limit, whatever else differs."""
    n, limit = 12, 0.2
    tables = [(g, lost) for g, lost in itertools.product(range(n + 1), repeat=2) if g + lost <= n]
    p = np.array([PairedShares(g, lost, n).p_below(limit) for g, lost in tables])
    for other in (0.0, 0.01, 0.05, 0.1, 0.2, 0.4):
        chances = [limit + other, other, 1 - limit - 2 * other]
        counts = np.array([(g, lost, n - g - lost) for g, lost in tables])
        weight = stats.multinomial.pmf(counts, n, chances)
        assert all(weight[p <= level].sum() <= level for level in (0.05, 0.1, 0.2))
        assert weight.sum() == pytest.approx(1)


@pytest.mark.parametrize("limit", [-1.0, -0.9, -0.5, -0.2, -0.05, 0.0, 0.05, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("side", ["p_below", "p_above"])
def test_p_bounds_the_chance_of_so_small_a_p_wherever_the_claim_is_false(limit, side):
    """Enumerated on 10 units, over all differences on the far side of limits below, at and above 0."""
    n, sign = 10, 1 if side == "p_below" else -1
    tables = np.array([(g, lost) for g, lost in itertools.product(range(n + 1), repeat=2) if g + lost <= n])
    counts = np.column_stack([tables, n - tables.sum(1)])
    p = np.array([getattr(PairedShares(int(g), int(lost), n), side)(limit) for g, lost in tables])
    order = np.argsort(p, kind="stable")
    last = np.searchsorted(p[order], p[order], side="right") - 1
    differences = np.unique(np.append(np.linspace(-1, 1, 21), limit))
    for true in differences[sign * (differences - limit) >= 0]:
        for other in np.linspace(0, (1 - abs(true)) / 2, 9):
            chances = np.array([max(true, 0) + other, max(-true, 0) + other])
            weight = stats.multinomial.pmf(counts, n, [*chances, max(0.0, 1 - chances.sum())])
            assert (np.cumsum(weight[order])[last] <= p[order] + 1e-6).all()


@pytest.mark.parametrize("n", [30, 60, 100, 200, 500, 1000])
def test_false_preserved_at_the_margin_keeps_its_rate(n):
    """Flips at a rate of the margin, and accuracies that differ by the margin, whatever else differs."""
    draws = np.random.default_rng(n)
    flips, wrong = np.unique(draws.binomial(n, MARGIN, DRAWS), return_counts=True)
    kept = [Share(int(count), n).p_below(MARGIN) <= LEVEL for count in flips]
    assert wrong[kept].sum() <= TOLERABLE
    for other in (0.0, 0.01, 0.05):
        tables = draws.multinomial(n, [other, MARGIN + other, 1 - MARGIN - 2 * other], DRAWS)[:, :2]
        pairs, counts = np.unique(tables, axis=0, return_counts=True)
        kept = [PairedShares(int(g), int(lost), n).p_above(-MARGIN) <= LEVEL for g, lost in pairs]
        assert counts[kept].sum() <= TOLERABLE
        changed = [2 * PairedShares(int(g), int(lost), n).p_below(-MARGIN) <= LEVEL for g, lost in pairs]
        assert counts[changed].sum() <= TOLERABLE
