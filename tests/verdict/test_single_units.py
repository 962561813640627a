"""Means over units: what is left out and cut, what is rejected, in limiting cases, and their error rate on lists."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sparsight.verdict import Share, over_units

DRAWS = 1000
TOLERABLE = stats.binom.ppf(0.999, DRAWS, 0.05)
drifts = st.lists(st.floats(0, 2, allow_subnormal=False).map(lambda x: round(x, 6)), min_size=2, max_size=30)


def test_undefined_units_are_left_out_and_rounding_is_cut():
    found = over_units(np.array([0.1, 0.3, 0.2, np.nan, 1 + 1e-15, -1e-15]), 0.0, 1.0)
    assert (found.value, found.units) == (pytest.approx(0.32), 5)
    assert found.values == (0.0, 0.1, 0.2, 0.3, 1.0)


@pytest.mark.parametrize("n", [2, 7, 40, 300])
def test_zeros_and_ones_are_bounded_as_shares_are(n):
    for ones in sorted({0, 1, n // 3, n - 1, n}):
        found, share = over_units(np.where(np.arange(n) < ones, 1.0, 0.0), 0.0, 1.0), Share(ones, n)
        assert found.interval(0.05) == pytest.approx(share.interval(0.05), abs=1e-8)
        for limit in (0.01, 0.2, 0.7):
            assert found.p_below(limit) == pytest.approx(share.p_below(limit), rel=1e-6, abs=1e-8)
            assert found.p_above(limit) == pytest.approx(share.p_above(limit), rel=1e-6, abs=1e-8)


@settings(deadline=None, max_examples=50)
@given(drifts, st.randoms(use_true_random=False))
def test_the_interval_is_what_is_not_rejected_and_units_have_no_order(values, lot):
    found = over_units(np.array(values), 0.0, 2.0)
    low, high = found.interval(0.05)
    assert 0 <= low <= found.value + 1e-9
    assert found.value - 1e-9 <= high <= 2
    for end, p in ((high, found.p_below), (low, found.p_above)):
        if end not in (0, 2):
            assert p(end) == pytest.approx(0.05, abs=1e-6)
    if high < 1.99:
        assert found.p_below(high + 0.01) <= 0.05 < found.p_below(high - 0.01)
    if low > 0.01:
        assert found.p_above(low - 0.01) <= 0.05 < found.p_above(low + 0.01)
    lot.shuffle(values)
    again = over_units(np.array(values), 0.0, 2.0)
    assert again.interval(0.05) == (low, high)
    assert again.p_below(0.7) == found.p_below(0.7)
    mirrored = over_units(-np.array(values), -2.0, 0.0)
    assert mirrored.p_above(-0.7) == pytest.approx(found.p_below(0.7), abs=1e-9)
    assert mirrored.interval(0.05) == pytest.approx((-high, -low))


def test_an_interval_stays_within_what_a_unit_can_be():
    for values, least in (([0.0, 0.5], 0.0), ([-0.9, 0.9], -1.0), ([1.0, 1.0], 0.0)):
        low, high = over_units(np.array(values), least, 1.0).interval(0.05)
        assert least <= low < high <= 1
    low, high = over_units(np.full(40, 0.3), 0.0, 1.0).interval(0.05)
    assert (low, high) == pytest.approx((0.3 * 0.05 ** (1 / 40), 0.3 + 0.7 * (1 - 0.05 ** (1 / 40))))


@pytest.mark.parametrize(("values", "why"), [([], "undefined"), ([0.3], "one unit")])
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


@pytest.mark.parametrize("n", [30, 60, 100, 200, 500])
@pytest.mark.parametrize("jump", [0.5, 1.0])
def test_short_lists_at_the_margin_are_called_below_or_above_it_at_the_level_at_most(n, jump):
    """Of each class's list nothing or one concept has moved (a drift of 0.5), or all have; their mean is the margin."""
    draws, margin = np.random.default_rng([n, int(10 * jump)]), 0.1
    counts, times = np.unique(draws.binomial(n, margin / jump, DRAWS), return_counts=True)
    lists = [np.where(np.arange(n) < count, jump, 0.0) for count in counts]
    kept = [over_units(values, 0.0, 1.0).p_below(margin) <= 0.05 for values in lists]
    assert times[kept].sum() <= TOLERABLE
    beyond = [over_units(values, 0.0, 1.0).p_above(margin) <= 0.05 for values in lists]
    assert times[beyond].sum() <= TOLERABLE
