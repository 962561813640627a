import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import Levelled, VerdictSettings
from sparsight.verdict.test import compare_level, half_width

SETTINGS = VerdictSettings()
nan = float("nan")


def test_intervals_end_where_a_number_cannot_go_on():
    """Seeds that scatter: without a bound the interval of an accuracy reaches below -1."""
    dense, controls = np.ones(3), np.ones((3, 2, 1))
    ticket = np.array([[1.0, 0.9], [0.3, 0.1], [0.0, 0.0]])
    level = Levelled("accuracy", "accuracy", "accuracy", "f", "", 0.02, ticket, dense, controls, 0.0, 1.0)
    found = compare_level(level, VerdictSettings())
    assert (found.ci_low == -1).all()
    assert (found.ci_high == 0).all()


def test_without_controls():
    level = compare_level(levelled([[0.9], [0.8], [0.9]], [0.8, 0.8, 0.8], np.zeros((3, 1, 0))), SETTINGS)
    assert level.drift == pytest.approx([0.2 / 3])
    assert np.isnan([level.ci_low, level.p_changed, level.p_preserved]).all()


def levelled(ticket, dense, controls, margin=0.02):
    arrays = (np.array(values, dtype=np.float64) for values in (ticket, dense, controls))
    return Levelled("accuracy", "accuracy", "accuracy", "f", "label", margin, *arrays)


def test_levels_by_hand():
    ticket, dense, control = np.array([0.90, 0.93, 0.89]), np.array([0.91, 0.93, 0.92]), np.array([0.93, 0.91, 0.90])
    found = compare_level(levelled(ticket[:, None], dense, control[:, None, None]), SETTINGS)
    x = ticket - (dense + control) / 2
    whole = stats.ttest_1samp(x, 0)
    assert found.p_changed[0] == pytest.approx(whole.pvalue)
    above = stats.ttest_1samp(x, -0.02, alternative="greater").pvalue
    below = stats.ttest_1samp(x, 0.02, alternative="less").pvalue
    assert found.p_preserved[0] == pytest.approx(max(above, below))
    interval = whole.confidence_interval(0.90)
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((interval.low, interval.high))
    assert found.excess[0] == found.drift[0] == pytest.approx(x.mean())
    assert np.isnan(found.floor[0])
    assert found.margin[0] == 0.02


def test_levels_all_the_same():
    found = compare_level(levelled(np.ones((3, 2)), np.ones(3), np.ones((3, 2, 1))), SETTINGS)
    assert all("no spread" in why for why in found.undefined)
    assert found.drift.tolist() == [0, 0]
    assert np.isnan(found.p_preserved).all()


def test_intervals_by_the_table():
    assert half_width(np.array([1.0, 2.0]), np.array([2.0, 10.0]), 0.05) == pytest.approx(
        [2.919986, 3.624922], rel=1e-5
    )
