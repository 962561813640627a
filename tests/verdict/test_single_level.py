"""Accuracy and faithfulness of a single pair."""

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import BEYOND, WITHIN, decide_level, over_units

RIGHT = np.array([1.0] * 80 + [0.0] * 20)
MANY = np.tile(RIGHT, 4)


def test_equal_numbers_of_enough_images_are_preserved():
    found = decide_level(MANY, MANY, (), 0.02, 0.05)
    assert (found.verdict, found.difference, found.units) == (WITHIN, 0.0, 400)
    assert found.reason.startswith("as the original")
    assert (found.p_changed, found.p_preserved) == (1.0, 0.001)
    few = decide_level(RIGHT, RIGHT, (), 0.02, 0.05)
    assert (few.verdict, few.difference) == ("undecided", 0.0)
    assert few.high > 0.02, "no difference on 100 images bounds it no better"
    assert decide_level(np.ones(2), np.ones(2), (), 0.02, 0.05).verdict == "undecided"


def test_evidence_that_is_identical_is_preserved_with_a_floor_and_without():
    for again in ((), (0.8, 0.81), (0.8, 0.8, 0.8), (0.5, 0.6, 0.9)):
        found = decide_level(RIGHT, RIGHT, again, 0.02, 0.05, identical=True)
        assert (found.verdict, found.low, found.high) == ("preserved", 0.0, 0.0)
        assert "by identity" in found.reason
    void = decide_level(RIGHT, RIGHT, (), 0.02, 0.05, identical=True, void="20 images")
    assert void.verdict == "undecided"
    assert void.reason.endswith(": 20 images")


def test_a_difference_beyond_the_margin_is_a_change_without_a_floor():
    worse = RIGHT.copy()
    worse[:60] = 0
    for first, second, side, word in ((RIGHT, worse, -1, "changed"), (worse, RIGHT, 1, BEYOND)):
        found = decide_level(first, second, (), 0.02, 0.05)
        assert found.verdict == word, "a loss needs no floor"
        assert found.difference == pytest.approx(side * 0.6)
        assert all(0.4 < side * end < 0.8 for end in (found.low, found.high))
        assert found.p_changed < 0.01 < found.p_preserved


def test_numbers_that_are_not_counted_are_bounded_as_what_could_move_by_1():
    draws = np.random.default_rng(0)
    first = draws.uniform(0.2, 0.8, 100)
    second = first + draws.normal(0, 0.02, 100)
    found = decide_level(first, second, (), 0.05, 0.05)
    expected = over_units(second - first, -1.0, 1.0)
    assert (found.low, found.high) == expected.interval(0.05)
    assert found.p_preserved == max(expected.p_below(0.05), expected.p_above(-0.05))
    assert found.verdict == WITHIN
    few = decide_level(first[:50], second[:50], (), 0.05, 0.05)
    assert few.verdict == "undecided", "one in 50 could have moved by 1"
    still = decide_level(first, first + 0.01, (), 0.05, 0.05)
    assert (still.verdict, still.p_preserved) == (WITHIN, pytest.approx((1 - 0.04 / 0.99) ** 100))


def test_against_networks_trained_again_it_is_one_more_of_them():
    again = (0.81, 0.79, 0.80)
    worse = RIGHT.copy()
    worse[:20] = 0
    found = decide_level(RIGHT, worse, again, 0.02, 0.05)
    known = np.array([0.8, *again])
    t = (0.6 - known.mean()) / (known.std(ddof=1) * np.sqrt(1 + 1 / 4))
    assert found.p_changed == pytest.approx(2 * stats.t.cdf(t, 3))
    assert found.verdict == "changed"
    assert found.difference == pytest.approx(-0.2), "from the original, as a card and a sentence show it"
    alone = decide_level(RIGHT, worse, (), 0.02, 0.05)
    assert (found.low, found.high) == (alone.low, alone.high)
    assert "0.20 below the mean of the original and 3 networks trained again: more than these differ" in found.reason
    assert found.floor == pytest.approx(np.mean(again))
    same = decide_level(RIGHT, RIGHT, (0.801, 0.799, 0.8), 0.02, 0.05)
    assert same.verdict == "preserved"


def test_a_floor_without_spread_leaves_the_pair():
    for first in (RIGHT, MANY):
        found = decide_level(first, first, (0.8, 0.8, 0.8), 0.02, 0.05)
        alone = decide_level(first, first, (), 0.02, 0.05)
        assert (found.verdict, found.p_preserved) == (alone.verdict, alone.p_preserved)
    assert found.verdict == WITHIN
    scores = np.random.default_rng(0).uniform(0.2, 0.8, 50)
    flat = decide_level(scores, scores + 0.1, (scores.mean(),) * 3, 0.02, 0.05)
    alone = decide_level(scores, scores + 0.1, (), 0.02, 0.05)
    assert (flat.verdict, flat.p_changed) == (BEYOND, alone.p_changed)


@pytest.mark.parametrize("again", [(), (0.9, 0.5, 0.1), (0.53, 1.0, 1.0), (1.0, 1.0, 1.0)])
def test_a_loss_that_mcnemars_test_shows_is_a_change_whatever_the_floor(again):
    right, worse = np.ones(24), np.ones(24)
    worse[:14] = 0
    found = decide_level(right, worse, again, 0.02, 0.05)
    assert found.verdict == "changed"
    assert found.p_changed <= 0.05
    assert found.difference == pytest.approx(-14 / 24)
    small = np.ones(400)
    small[:7] = 0
    found = decide_level(np.ones(400), small, again, 0.01, 0.05)
    expected = stats.binomtest(0, 7).pvalue
    assert (found.verdict, found.p_changed) == ("changed", pytest.approx(expected))
    assert f"a loss by the exact test of pairs (p = {expected:.2g}); " in found.reason


def test_a_loss_that_is_shown_to_be_within_the_margin_is_preserved_and_a_gain_has_to_exceed_it():
    worse = np.ones(4000)
    worse[:20] = 0
    assert decide_level(np.ones(4000), worse, (), 0.02, 0.05).verdict == WITHIN
    better = np.ones(400)
    better[:7] = 0
    assert decide_level(better, np.ones(400), (), 0.01, 0.05).verdict == "undecided"


@pytest.mark.parametrize("again", [(), (0.4, 0.9, 0.1)])
@pytest.mark.parametrize("share", [0.0, 0.04, 0.5, 1.0])
def test_no_interval_leaves_what_the_number_can_be(again, share):
    draws = np.random.default_rng(0)
    count = round(24 * share)
    first = np.array([1.0] * count + [0.0] * (24 - count))
    for other in (np.zeros(24), np.ones(24), draws.permutation(first), draws.uniform(0, 0.1, 24)):
        found = decide_level(first, other, again, 0.02, 0.05)
        if found.low == found.low:
            assert -first.mean() <= found.low <= found.difference <= found.high <= 1 - first.mean()


def test_too_few_networks_trained_again_leave_the_pair():
    found = decide_level(MANY, MANY, (0.5, 0.6), 0.02, 0.05)
    assert (found.verdict, found.difference) == (WITHIN, 0.0)


def test_undefined_units_are_left_out_unless_one_of_the_two_alone_lacks_many():
    nothing = np.full(100, np.nan)
    assert decide_level(nothing, RIGHT, (), 0.02, 0.05).verdict == "undecided"
    both = MANY.copy()
    both[:100] = np.nan
    found = decide_level(both, both, (), 0.02, 0.05)
    assert (found.verdict, found.units) == (WITHIN, 300)
    for again in ((), (0.801, 0.799, 0.8)):
        lost = decide_level(MANY, both, again, 0.02, 0.05)
        assert lost.verdict == "undecided"
        assert "25 % of the units are defined in one of the two alone" in lost.reason
