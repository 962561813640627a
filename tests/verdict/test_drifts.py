from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import Drifted, VerdictSettings
from sparsight.verdict.drifts import compare_drifts
from sparsight.verdict.needed import Needed
from sparsight.verdict.pooling import spread
from sparsight.verdict.window import windowed

SETTINGS = VerdictSettings()
nan = float("nan")


def compare_drift(metric, settings):
    """One metric by itself."""
    (found,) = compare_drifts([metric], settings)
    return found


def test_intervals_end_where_a_number_cannot_go_on():
    """Seeds that scatter: without a bound the interval of a drift reaches below 0."""
    E = np.array([[0.0, 0.0], [0.5, 0.4], [1.0, 1.0]])
    F = np.full((3, 2, 1), 0.5) + np.linspace(-0.1, 0.1, 3)[:, None, None]
    drift = Drifted("pixels", "iou", "gradcam", "", True, E, F, 0.9, 1.0)
    found = compare_drift(drift, VerdictSettings())
    assert (found.ci_low == -1).all()
    assert found.ci_high == pytest.approx(1 / 0.5 - 1)


def test_the_interval_of_a_drift_is_cut_at_the_metrics_own_ends_and_holds_the_drift():
    E = np.array([[0.3], [0.02], [-0.29]])
    F = np.full((3, 1, 1), 0.5) + np.linspace(-0.1, 0.1, 3)[:, None, None]

    def low(least, shift=0.0):
        one = Drifted("representation", "cka", "", "", True, E + shift, F, 0.9, 2.0, least)
        return compare_drift(one, VerdictSettings())

    assert low(0.0).ci_low == pytest.approx(-1)
    assert low(-0.1).ci_low == pytest.approx(-0.1 / 0.5 - 1)
    assert low(-9.0).ci_low < -1.5
    below = low(0.0, -0.1)
    assert below.ci_low == below.excess < -1, "an estimate below 0 is in its interval"


def drifted(drift, floor, ceiling=np.inf):
    drift, floor = np.array(drift, dtype=np.float64), np.array(floor, dtype=np.float64)
    return Drifted("concepts", "jaccard", "predictor", "prediction", True, drift, floor, ceiling)


def test_one_round_is_the_paired_t_test():
    E, F = np.array([0.30, 0.41, 0.38]), np.array([0.21, 0.25, 0.30])
    found = compare_drift(drifted(E[:, None], F[:, None, None]), SETTINGS)
    assert found.p_changed[0] == pytest.approx(stats.ttest_rel(E, F, alternative="greater").pvalue)
    assert found.p_preserved[0] == pytest.approx(stats.ttest_rel(E, 1.5 * F, alternative="less").pvalue)
    assert found.drift[0] == pytest.approx(E.mean())
    assert found.floor[0] == pytest.approx(F.mean())
    ratio = E.mean() / F.mean()
    interval = stats.ttest_1samp(E - ratio * F, 0).confidence_interval(0.90)
    assert found.excess[0] == pytest.approx(ratio - 1)
    assert found.ci_low[0] == pytest.approx(ratio - 1 + interval.low / F.mean())
    assert found.ci_high[0] == pytest.approx(ratio - 1 + interval.high / F.mean())
    assert (found.seeds, found.retrains, found.undefined) == (3, 1, ("",))


def test_controls_are_averaged():
    E = [[0.3], [0.4], [0.5]]
    two = compare_drift(drifted(E, [[[0.1, 0.3]], [[0.2, 0.4]], [[0.2, 0.3]]]), SETTINGS)
    one = compare_drift(drifted(E, [[[0.2]], [[0.3]], [[0.25]]]), SETTINGS)
    assert two.p_changed == pytest.approx(one.p_changed)
    assert two.ci_high == pytest.approx(one.ci_high)
    assert two.retrains == 2


def test_a_small_floor_has_the_least_margin():
    E, F = np.array([0.030, 0.027, 0.036]), np.array([0.020, 0.025, 0.030])
    found = compare_drift(drifted(E[:, None], F[:, None, None]), SETTINGS)
    # 0.5 times the mean floor of 0.025 is 0.0125, less than 0.02.
    assert found.p_preserved[0] == pytest.approx(stats.ttest_rel(E - 0.02, F, alternative="less").pvalue)
    assert found.margin[0] == pytest.approx(0.02 / 0.025)
    none = compare_drift(drifted(E[:, None], F[:, None, None]), VerdictSettings(least_margin=0))
    assert none.p_preserved[0] == pytest.approx(stats.ttest_rel(E, 1.5 * F, alternative="less").pvalue)
    assert none.margin[0] == 0.5


def test_the_kind_of_margin_is_the_rounds_own():
    draw = np.random.default_rng(0)
    F = np.repeat(draw.uniform(0.02, 0.03, (4, 1)), 3, axis=1) * [1.0, 5.0, 1.0]
    found = compare_drift(drifted(F * draw.uniform(0.9, 1.1, (4, 3)), F[:, :, None]), SETTINGS)
    assert found.margin[1] == 0.5
    assert found.margin[[0, 2]] == pytest.approx(0.02 / F.mean(0)[[0, 2]])


def test_a_high_floor_has_half_of_the_way_to_the_ceiling():
    E, F = np.array([0.72, 0.81, 0.78]), np.array([0.70, 0.76, 0.79])
    found = compare_drift(drifted(E[:, None], F[:, None, None], 0.95), SETTINGS)
    # The mean floor of 0.75 leaves 0.20: the margin is 0.10, less than 0.375.
    assert found.margin[0] == pytest.approx(0.10 / 0.75)
    assert found.p_preserved[0] == pytest.approx(stats.ttest_rel(E, (F + 0.95) / 2, alternative="less").pvalue)
    assert found.p_changed[0] == compare_drift(drifted(E[:, None], F[:, None, None]), SETTINGS).p_changed[0]


def test_below_both_margins_where_either_may_be_the_less():
    E, F = np.array([0.50, 0.35, 0.62]), np.array([0.48, 0.30, 0.61])
    found = compare_drift(drifted(E[:, None], F[:, None, None], 0.95), SETTINGS)
    parts = [stats.ttest_rel(E, limit, alternative="less").pvalue for limit in (1.5 * F, (F + 0.95) / 2)]
    assert found.p_preserved[0] == pytest.approx(max(parts))
    assert found.margin[0] == pytest.approx(0.5)


def test_a_floor_at_the_ceiling_has_the_least_margin():
    E, F = np.array([0.93, 0.95, 0.94]), np.array([0.93, 0.93, 0.95])
    found = compare_drift(drifted(E[:, None], F[:, None, None], 0.95), SETTINGS)
    assert found.margin[0] == pytest.approx(0.02 / F.mean())
    assert found.p_preserved[0] == pytest.approx(stats.ttest_rel(E - 0.02, F, alternative="less").pvalue)


def test_differences_are_in_units_of_the_mean_drift_of_their_round():
    draw = np.random.default_rng(3)
    E, F = draw.normal(0.4, 0.03, (5, 9)), draw.normal(0.3, 0.03, (5, 9, 2))
    found = compare_drift(drifted(E, F), SETTINGS)
    x = (E - F.mean(2)) / ((E.mean(0) + F.mean((0, 2)) * 2) / 3)
    window = windowed(np.broadcast_to(x, (9, 5, 9)), np.ones(9, dtype=bool), 5)
    known = spread(window, np.zeros(9, dtype=bool), 5, ())
    assert found.p_changed == pytest.approx(stats.t.sf(x.mean(0) / known.error, known.df))


def test_a_round_in_which_everything_drifts_more_changes_nothing():
    draw = np.random.default_rng(4)
    E, F = draw.normal(0.4, 0.06, (4, 5)), draw.normal(0.3, 0.06, (4, 5, 1))
    grows = np.array([0.5, 0.7, 1.0, 1.0, 2.0])
    even, steep = (
        compare_drift(drifted(E * by, F * by[:, None]), VerdictSettings(least_margin=0)) for by in (np.ones(5), grows)
    )
    for name in ("p_changed", "p_preserved", "excess", "ci_low", "ci_high", "margin"):
        assert getattr(even, name) == pytest.approx(getattr(steep, name))
    assert even.needed == steep.needed


def test_a_round_without_a_floor_lends_no_spread():
    draw = np.random.default_rng(5)
    E, F = draw.normal(0.4, 0.03, (4, 6)), draw.normal(0.3, 0.03, (4, 6, 1))
    F[:, 2] = 0
    found = compare_drift(drifted(E, F), SETTINGS)
    left, right = (
        compare_drift(drifted(E[:, :2], F[:, :2]), SETTINGS),
        compare_drift(drifted(E[:, 3:], F[:, 3:]), SETTINGS),
    )
    assert found.p_changed[[0, 1, 3, 4, 5]] == pytest.approx([*left.p_changed, *right.p_changed])
    assert "the floor is 0" in found.undefined[2]
    assert np.isnan(found.p_changed[2])


def test_pooled_metrics_share_the_shape_of_their_spread():
    draw = np.random.default_rng(6)
    metrics = [drifted(draw.normal(0.4, 0.03, (3, 5)), draw.normal(0.3, 0.03, (3, 5, 1))) for _ in range(3)]
    pooled, apart = compare_drifts(metrics, SETTINGS, [0, 1]), compare_drifts(metrics, SETTINGS)
    assert (pooled[0].p_changed != apart[0].p_changed).any()
    assert pooled[2].p_changed.tolist() == apart[2].p_changed.tolist()
    scaled = [replace(metrics[1], drift=9 * metrics[1].drift, floor=9 * metrics[1].floor), metrics[0]]
    assert compare_drifts(scaled, SETTINGS, [0, 1])[1].p_changed == pytest.approx(pooled[0].p_changed)


def test_a_drift_below_0_has_a_unit():
    """Estimates without bias reach below 0; their mean is not a unit of drift."""
    draw = np.random.default_rng(7)
    E, F = draw.normal(-0.3, 0.03, (4, 3)), draw.normal(0.1, 0.01, (4, 3, 1))
    found = compare_drift(drifted(E, F), SETTINGS)
    assert (found.p_changed > 0.99).all()
    assert (found.p_preserved < 0.01).all()


def test_no_drift_and_no_floor():
    found = compare_drift(drifted(np.zeros((3, 4)), np.zeros((3, 4, 1))), SETTINGS)
    assert all("the floor is 0" in why for why in found.undefined)
    for values in (found.excess, found.ci_low, found.ci_high, found.p_changed, found.p_preserved, found.margin):
        assert np.isnan(values).all()
    assert found.drift.tolist() == found.floor.tolist() == [0] * 4
    assert found.needed == (Needed(None, None, None),) * 4


def test_a_drift_without_a_floor():
    found = compare_drift(drifted([[0.1, 0.2], [0.2, 0.3], [0.1, 0.4]], np.zeros((3, 2, 1))), SETTINGS)
    assert all("the floor is 0" in why for why in found.undefined)
    assert np.isnan(found.p_changed).all()
    assert np.isnan(found.p_preserved).all()


def test_no_spread_between_seeds():
    found = compare_drift(drifted(np.full((3, 4), 0.1 + 0.2), np.full((3, 4, 1), 0.1)), SETTINGS)
    assert all("no spread" in why for why in found.undefined)
    assert found.excess == pytest.approx(np.full(4, 2.0))
    assert found.needed == (Needed(None, None, None),) * 4
    assert np.isnan(found.p_changed).all()
    assert np.isnan(found.ci_low).all()


def test_a_value_that_one_seed_lacks():
    E = np.random.default_rng(0).uniform(0.2, 0.4, (3, 4))
    F = np.random.default_rng(1).uniform(0.2, 0.4, (3, 4, 2))
    E[1, 2], F[0, 3, 1] = nan, np.inf
    found = compare_drift(drifted(E, F), SETTINGS)
    assert found.valid.tolist() == [True, True, False, False]
    assert found.undefined[2:] == ("it is undefined in 1 of 3 seeds",) * 2
    assert np.isnan([found.p_changed[2], found.drift[2], found.floor[3], found.excess[3]]).all()
    alone = compare_drift(drifted(E[:, :2], F[:, :2]), SETTINGS)
    assert found.p_changed[:2] == pytest.approx(alone.p_changed)


def test_without_controls():
    found = compare_drift(drifted([[0.1], [0.2], [0.3]], np.zeros((3, 1, 0))), SETTINGS)
    assert found.drift == pytest.approx([0.2])
    assert np.isnan([found.floor, found.excess, found.p_changed, found.p_preserved]).all()


def test_the_margin_is_at_most_half_of_the_way_to_what_has_nothing_in_common():
    rng = np.random.default_rng(3)
    floor = 0.8 + 0.01 * rng.normal(size=(5, 3, 2))
    drift = 0.95 + 0.01 * rng.normal(size=(5, 3))

    def tested(ceiling: float):
        return compare_drift(Drifted("f", "m", "", "", True, drift, floor, ceiling), VerdictSettings())

    unit = floor.mean(axis=2).mean(axis=0)
    free, narrow, full = tested(float("inf")), tested(0.98), tested(0.81)
    np.testing.assert_allclose(free.margin, 0.5)
    np.testing.assert_allclose(narrow.margin, (0.98 - unit) / 2 / unit)
    np.testing.assert_allclose(
        full.margin, 0.02 / unit
    )  # the least margin holds, and a gate says that there is no room
    assert (free.p_preserved < 0.05).all()  # 0.95 is below 1.5 times 0.8, but no network drifts by 1.2
    assert (narrow.p_preserved > 0.95).all()
    np.testing.assert_array_equal(narrow.p_changed, free.p_changed)
    np.testing.assert_array_equal(narrow.ci_low, free.ci_low)


def test_both_parts_of_the_margin_are_the_paired_t_of_one_round():
    drift, floor = np.array([[0.55], [0.62], [0.58]]), np.array([[[0.5]], [[0.52]], [[0.6]]])
    found = compare_drift(Drifted("f", "m", "", "", True, drift, floor, 0.7), VerdictSettings())
    E, F = drift[:, 0], floor[:, 0, 0]
    parts = [stats.ttest_1samp(x, 0, alternative="less").pvalue for x in (E - 1.5 * F, E - (F + 0.7) / 2)]
    np.testing.assert_allclose(found.p_preserved, max(parts))
    assert parts[1] > parts[0]
