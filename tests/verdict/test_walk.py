import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sparsight.verdict.walk import select, walk, walk_back

nan = float("nan")


def test_benjamini_hochberg_by_hand():
    # 6 metrics: limits 1/120, 2/120, ... = 0.0083, 0.0167, 0.025, 0.0333, 0.0417, 0.05.
    assert select(np.array([0.02, 0.5, 0.001, 0.024, 0.9, 0.035]), 0.05).tolist() == [1, 0, 1, 1, 0, 0]
    assert select(np.array([0.009, 0.5, 0.6, 0.7, 0.8, 0.9]), 0.05).tolist() == [0] * 6
    assert select(np.array([0.05] * 6), 0.05).all()


def test_ties_are_selected_together():
    assert select(np.array([0.02, 0.02, 0.02, 0.9]), 0.05).tolist() == [1, 1, 1, 0]
    assert select(np.array([0.02, 0.02, 0.9, 0.9]), 0.05).tolist() == [1, 1, 0, 0]
    assert select(np.array([0.026, 0.026, 0.9, 0.9]), 0.05).tolist() == [0, 0, 0, 0]


def test_an_undefined_p_counts_and_is_never_selected():
    assert select(np.array([0.02, nan]), 0.05).tolist() == [True, False]
    assert select(np.array([0.03, nan]), 0.05).tolist() == [False, False]
    assert select(np.array([nan, nan]), 0.05).tolist() == [False, False]
    assert select(np.zeros(0), 0.05).tolist() == []


@given(st.lists(st.sampled_from([0.001, 0.008, 0.01, 0.02, 0.03, 0.04, 0.05, 0.2, 1.0]), min_size=1, max_size=8))
def test_against_scipy(p):
    values = np.array(p)
    adjusted = stats.false_discovery_control(values)
    near = np.isclose(adjusted, 0.05, rtol=1e-9)  # on the limit, rounding decides
    assert (select(values, 0.05) == (adjusted <= 0.05))[~near].all()


def test_walks_stop_and_do_not_start_again():
    p = np.array([0.01, 0.05, 0.06, 0.01])
    assert walk(p, 0.05).tolist() == [1, 1, 0, 0]
    assert walk_back(p, np.ones(4, dtype=bool), 0.05).tolist() == [0, 0, 0, 1]
    assert walk(np.array([nan, 0.01]), 0.05).tolist() == [0, 0]


def test_the_walk_back_starts_at_the_sparsest_valid_round():
    p = np.array([0.2, 0.01, 0.01, nan, nan])
    valid = np.array([True, True, True, False, False])
    assert walk_back(p, valid, 0.05).tolist() == [0, 1, 1, 0, 0]
    assert walk_back(p, np.ones(5, dtype=bool), 0.05).tolist() == [0] * 5
    assert walk_back(p, np.zeros(5, dtype=bool), 0.05).tolist() == [0] * 5
    assert walk_back(np.array([0.01, nan, 0.01]), np.array([True, False, True]), 0.05).tolist() == [0, 0, 1]


@pytest.mark.parametrize("level", [0.0, 0.05])
def test_level_zero_claims_nothing(level):
    assert walk(np.array([1e-9]), level).tolist() == [level > 0]
