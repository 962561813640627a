"""Accuracy and faithfulness of a single pair."""

import math

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import decide_level

RIGHT = np.array([1.0] * 80 + [0.0] * 20)


def test_equal_numbers_are_preserved():
    found = decide_level(RIGHT, RIGHT, (), 0.02, 0.05)
    assert (found.verdict, found.difference, found.units) == ("preserved", 0.0, 100)
    assert found.reason.startswith("as the original")


def test_a_pair_is_never_called_changed():
    worse = RIGHT.copy()
    worse[:60] = 0
    found = decide_level(RIGHT, worse, (), 0.02, 0.05)
    assert found.verdict == "undecided"
    assert found.difference == pytest.approx(-0.6)
    assert found.high < -0.4
    assert math.isnan(found.p_changed)


def test_the_interval_is_of_the_paired_differences():
    other = RIGHT.copy()
    other[[3, 5, 90]] = [0, 0, 1]
    found = decide_level(RIGHT, other, (), 0.02, 0.05)
    expected = stats.t.interval(0.9, 99, -0.01, stats.sem(other - RIGHT))
    assert (found.low, found.high) == pytest.approx(expected)


def test_against_networks_trained_again_it_is_one_more_of_them():
    again = (0.81, 0.79, 0.80)
    worse = RIGHT.copy()
    worse[:20] = 0
    found = decide_level(RIGHT, worse, again, 0.02, 0.05)
    known = np.array([0.8, *again])
    t = (0.6 - known.mean()) / (known.std(ddof=1) * np.sqrt(1 + 1 / 4))
    assert found.p_changed == pytest.approx(2 * stats.t.cdf(t, 3))
    assert found.verdict == "changed"
    half = stats.t.ppf(0.95, 3) * known.std(ddof=1) * np.sqrt(1 + 1 / 4)
    assert (found.low, found.high) == pytest.approx((0.6 - known.mean() - half, 0.6 - known.mean() + half))
    assert found.floor == pytest.approx(np.mean(again))
    same = decide_level(RIGHT, RIGHT, (0.801, 0.799, 0.8), 0.02, 0.05)
    assert same.verdict == "preserved"


@pytest.mark.parametrize(("again", "why"), [((0.8, 0.81), "a verdict needs 3"), ((0.8, 0.8, 0.8), "no spread")])
def test_a_floor_that_cannot_decide_says_why(again, why):
    found = decide_level(RIGHT, RIGHT, again, 0.02, 0.05)
    assert found.verdict == "undecided"
    assert why in found.reason


def test_undefined_units_are_left_out():
    nothing = np.full(100, np.nan)
    assert decide_level(nothing, RIGHT, (), 0.02, 0.05).verdict == "undecided"
    some = RIGHT.copy()
    some[:10] = np.nan
    assert decide_level(RIGHT, some, (), 0.02, 0.05).units == 90
