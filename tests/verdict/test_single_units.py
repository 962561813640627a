"""Means over units: against scipy, in limiting cases, and their error rate where values are few."""

import math

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import jackknifed, over_units

DRAWS = 1000
TOLERABLE = stats.binom.ppf(0.999, DRAWS, 0.065)


def test_the_interval_over_units_is_students():
    values = np.array([0.1, 0.3, 0.2, np.nan, 0.4])
    found = over_units(values)
    assert (found.value, found.units, found.df) == (pytest.approx(0.25), 4, 3)
    expected = stats.t.interval(0.9, 3, 0.25, stats.sem(values[[0, 1, 2, 4]]))
    assert found.interval(0.05) == pytest.approx(expected)
    assert found.p_below(0.3) == pytest.approx(stats.ttest_1samp(values[[0, 1, 2, 4]], 0.3, alternative="less").pvalue)
    assert found.p_above(0.3) == pytest.approx(1 - found.p_below(0.3))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).normal(size=40)
    left_out = np.array([np.delete(values, i).mean() for i in range(40)])
    assert jackknifed(values.mean(), left_out, 40).error == pytest.approx(stats.sem(values))


def test_an_interval_stays_within_what_a_unit_can_be():
    assert over_units(np.array([0.0, 0.5]), 0.0, 1.0).interval(0.05) == (0.0, 1.0)
    assert over_units(np.array([-0.9, 0.9]), -1.0, 1.0).interval(0.05) == (-1.0, 1.0)


@pytest.mark.parametrize(("values", "why"), [([], "undefined"), ([0.3], "one unit"), ([0.3] * 40, "no spread")])
def test_what_cannot_be_tested_says_why(values, why):
    found = over_units(np.array(values), 0.0, 1.0)
    assert why in found.untested
    assert math.isnan(found.p_below(0.5))
    assert math.isnan(found.interval(0.05)[0])


def test_where_nothing_moved_a_bound_is_left_and_rounding_is_nothing():
    for values in (np.zeros(100), np.full(100, 2e-16), np.linspace(-1e-15, 1e-15, 100)):
        found = over_units(values, 0.0, 1.0)
        assert found.interval(0.05) == pytest.approx((0.0, 1 - 0.05**0.01))
        assert found.p_below(0.1) == pytest.approx(0.9**100)
        assert found.p_above(0.1) == 1.0
    signed = over_units(np.zeros(100), -1.0, 1.0)
    assert signed.p_above(-0.1) == pytest.approx(0.9**100)
    assert "no spread" in over_units(np.zeros(100)).untested, "what could be anything has no bound"


@pytest.mark.parametrize("n", [30, 60, 100, 200, 500])
@pytest.mark.parametrize("jump", [0.5, 1.0])
def test_false_preserved_of_short_lists_at_the_margin(n, jump):
    """Of each class's list nothing or one concept has moved (a drift of 0.5), or all have; their mean is the margin."""
    draws, margin = np.random.default_rng([n, int(10 * jump)]), 0.1
    counts, times = np.unique(draws.binomial(n, margin / jump, DRAWS), return_counts=True)
    lists = [np.where(np.arange(n) < count, jump, 0.0) for count in counts]
    kept = [over_units(values, 0.0, 1.0, coarse=True).p_below(margin) <= 0.05 for values in lists]
    assert times[kept].sum() <= TOLERABLE
    loose = [over_units(values, 0.0, 1.0).p_below(margin) <= 0.05 for values in lists]
    assert times[loose].sum() >= times[kept].sum()
