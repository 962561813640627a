"""The levels of planned looks, against multivariate normal probabilities and simulated walks."""

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import LEAST_SEEDS
from sparsight.verdict.looks import level_at, look_levels, next_look, planned_looks

PLANS = [(3, 5, 7, 10), (3, 4), (5, 10), (3, 4, 100), (4, 6, 8, 9, 10)]


def crossed(looks, levels):
    """The chance that independent seeds' mean crosses any boundary up to each look, by another way of integration."""
    n = np.array(looks, dtype=float)
    law = np.sqrt(np.minimum.outer(n, n) / np.maximum.outer(n, n))  # of the means, standardised
    bounds = stats.norm.isf(levels)
    return [
        1 - stats.multivariate_normal(np.zeros(k), law[:k, :k], allow_singular=True).cdf(bounds[:k])
        if k > 1
        else levels[0]
        for k in range(1, len(n) + 1)
    ]


@pytest.mark.parametrize("looks", PLANS)
@pytest.mark.parametrize("level", [0.05, 0.01])
def test_looks_spend_the_third_power_of_their_share_of_the_seeds(looks, level):
    shares = np.array(looks) / looks[-1]
    assert crossed(looks, look_levels(looks, level)) == pytest.approx(level * shares**3, abs=2e-5)


def test_the_published_levels():
    assert look_levels((3, 5, 7, 10), 0.05) == pytest.approx((0.00135, 0.005575, 0.014683, 0.044771), abs=5e-7)
    assert look_levels((7,), 0.05) == (0.05,)


def test_levels_of_many_looks_and_of_near_ones_are_solved():
    many = look_levels(tuple(range(3, 61, 3)), 0.05)
    assert all(0 < one < 0.05 for one in many)
    assert np.all(np.diff(many) > 0)
    near = look_levels((3, 999, 1000), 0.05)
    # 999 of 1000 seeds have spent nearly all; the last look repeats it, and adds as good as nothing
    assert near[1:] == pytest.approx((0.0498504, 0.0458257), abs=2e-6)


def test_a_walk_crosses_as_often_as_it_may():
    rng = np.random.default_rng(5)
    looks = (3, 5, 7, 10)
    sums = rng.standard_normal((200_000, 10)).cumsum(1)
    p = np.stack([stats.norm.sf(sums[:, n - 1] / np.sqrt(n)) for n in looks], axis=1)
    assert (p <= np.array(look_levels(looks, 0.05))).any(1).mean() == pytest.approx(0.05, abs=0.0015)
    assert (p <= 0.05).any(1).mean() > 0.10  # what looking again and again at the whole level costs


@pytest.mark.parametrize(
    ("first", "most", "looks"),
    [
        (3, 10, (3, 5, 7, 10)),
        (3, 9, (3, 5, 7, 9)),
        (3, 4, (3, 4)),
        (3, 3, (3,)),
        (5, 8, (5, 8)),
        (3, 19, (3, 5, 7, 9, 11, 13, 15, 17, 19)),
        (3, 20, (3, 6, 9, 12, 15, 20)),
        (3, 100, (3, 16, 29, 42, 55, 68, 81, 100)),
    ],
)
def test_planned_looks(first, most, looks):
    assert planned_looks(first, most) == looks


@pytest.mark.parametrize("first", [LEAST_SEEDS, 4, 17])
def test_every_plan_rises_to_its_last_look_in_few_steps(first):
    for most in range(first, 200):
        looks = planned_looks(first, most)
        assert (looks[0], looks[-1]) == (first, most)
        assert list(looks) == sorted(set(looks))
        assert len(looks) <= 9


def test_the_level_of_a_number_of_seeds():
    looks = (3, 5, 10)
    levels = look_levels(looks, 0.05)
    found = [level_at(looks, seeds, 0.05) for seeds in (1, 3, 4, 5, 9, 10, 40)]
    assert found == [levels[0], levels[0], levels[0], levels[1], levels[1], levels[2], levels[2]]
    assert level_at((), 4, 0.05) == 0.05
    assert [next_look(looks, seeds) for seeds in (2, 3, 4, 10)] == [3, 5, 5, None]
