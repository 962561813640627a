"""How many seeds would decide, and between which numbers that lies."""

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict.needed import Needed, needed, seeds_needed

nan = float("nan")


def test_seeds_needed_is_the_smallest_that_fits():
    for variance in (1e-9, 0.3, 1.0, 1.7, 40.0):
        (needed,) = seeds_needed(np.array([variance]), np.array([0.5]), 0.05)
        first = next(s for s in range(3, 3000) if s >= (stats.t.ppf([0.95, 0.8], s - 1).sum()) ** 2 * variance / 0.25)
        assert needed == first


def test_seeds_needed_has_ends():
    assert seeds_needed(np.array([1e9, nan, 0.0]), np.full(3, 0.5), 0.05) == (10_000, None, None)
    assert seeds_needed(np.array([1e-9]), np.array([nan]), 0.05) == (None,)


def test_the_interval_is_that_of_the_variance():
    """By chi-square: at three seeds, a variance on five degrees of freedom lies from 0.45 to 4.4 times what is seen."""
    variance, df, margin = np.array([1.3]), np.array([5.0]), np.array([1.0])
    (found,) = needed(variance, df, margin, 0.05)
    low, high = 5 * 1.3 / stats.chi2.ppf([0.95, 0.05], 5)
    assert (found.low, found.high) == tuple(seeds_needed(np.array([end]), margin, 0.05)[0] for end in (low, high))
    assert found == Needed(10, 6, 37)


@pytest.mark.parametrize("df", [2.0, 4.7, 20.0])
def test_it_holds_the_truth_as_often_as_it_says(df):
    rng = np.random.default_rng(3)
    margin = np.ones(2000)
    estimates = 3.0 * rng.chisquare(df, 2000) / df
    (truth,) = seeds_needed(np.array([3.0]), np.ones(1), 0.05)
    found = needed(estimates, np.full(2000, df), margin, 0.05)
    held = np.mean([one.low <= truth <= one.high for one in found])
    assert held == pytest.approx(0.9, abs=0.025)
    assert all(one.low <= one.seeds <= one.high for one in found)


def test_the_interval_has_ends_and_may_be_undefined():
    values = np.array([1e9, nan, 0.0, 1e-9, 1.0])
    found = needed(values, np.array([4.0, 4.0, nan, 4.0, nan]), np.full(5, 0.5), 0.05)
    assert found[0] == Needed(10_000, 10_000, 10_000)
    assert found[1] == Needed(None, None, None)
    assert found[3] == Needed(3, 3, 3)
    assert found[4].low is found[4].high is None
