"""The verdict of a single pair: by hand, in limiting cases, and its error rates against a floor in simulations."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import (
    BEYOND,
    DEFAULTS,
    WITHIN,
    Bounded,
    Compared,
    Share,
    VerdictSettings,
    decide_pair,
    over_units,
)

METRICS = ("map_spearman", "linear_cka", "flips")
SETTINGS = VerdictSettings()


def metric(values, floor=(), name="map_spearman", primary=True, ceiling=math.inf):
    drift = over_units(np.array(values), 0.0, 2.0)
    return Compared("pixels", name, "gradcam", "dense", primary, "image", drift, floor, ceiling)


def known(drift, floor, name):
    """A metric whose mean is known, as tests against a floor take it."""
    return Compared("f", name, "", "", True, "image", Bounded(float(drift), (float(drift),), 0.0, 2.0), floor)


def one(row, margin=None, void=None, settings=SETTINGS):
    if margin is not None and math.isinf(row.ceiling):
        row = replace(row, ceiling=1.0)
    return decide_pair([row], settings, margin, void)[0]


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [0.3]])
def test_too_few_units_decide_nothing(values):
    row = one(metric(values), margin=0.5)
    assert row.verdict == "undecided"
    assert math.isnan(row.low)
    assert "undefined on all units" in row.reason or "one unit has no interval" in row.reason


def test_without_a_margin_or_a_floor_nothing_is_decided_and_the_interval_stands():
    row = one(metric(np.linspace(0.1, 0.3, 50)))
    assert row.verdict == "undecided"
    assert row.low < 0.2 < row.high
    assert row.reason.endswith("no margin was set, and no network trained again is given")
    assert "chance" not in row.reason


def test_against_a_margin():
    values = np.random.default_rng(1).normal(0.2, 0.05, 100)
    for margin, word in ((0.3, WITHIN), (0.1, BEYOND), (0.2, "undecided")):
        row = one(metric(values), margin=margin)
        assert row.verdict == word
        assert row.margin == margin
        assert row.p_changed + row.p_preserved >= 1


@pytest.mark.parametrize("margin", [None, 0.001])
@pytest.mark.parametrize("floor", [(), (0.2, 0.3), (0.2, 0.21, 0.22), (0.2, 0.2, 0.2)])
def test_evidence_that_is_identical_is_preserved_with_a_floor_and_without(floor, margin):
    row = one(replace(metric(np.zeros(30), floor), identical=True), margin=margin)
    assert (row.verdict, row.p_preserved, row.low, row.high) == ("preserved", 0.0, 0.0, 0.0)
    assert row.reason.endswith("preserved by identity, the evidence is the same bit for bit")
    nothing = one(replace(metric([np.nan] * 30, floor), identical=True), margin=margin)
    assert nothing.verdict == "undecided"


def test_no_spread_is_no_certainty():
    two = one(metric(np.zeros(2)), margin=0.02)
    assert two.verdict == "undecided"
    assert (two.p_preserved, two.high) == pytest.approx((0.99**2, 2 * (1 - 0.05**0.5)))
    assert one(metric(np.zeros(300)), margin=0.02).verdict == WITHIN
    for margin, word in ((0.001, BEYOND), (0.00995, "undecided"), (0.02, "undecided"), (0.03, WITHIN)):
        flat = one(metric(np.full(300, 0.01)), margin=margin)
        assert flat.verdict == word
        assert (flat.low, flat.high) == pytest.approx((0.01 * 0.05 ** (1 / 300), 0.01 + 1.99 * (1 - 0.05 ** (1 / 300))))


def test_a_margin_that_no_drift_on_so_few_units_can_be_shown_to_lie_below_says_so():
    least = 2 * (1 - 0.05 ** (1 / 12))
    rows = [one(metric(np.linspace(0, 0.1, 12)), margin=margin) for margin in (least - 0.001, least + 0.01)]
    assert [row.verdict for row in rows] == ["undecided", "undecided"]
    assert rows[0].reason.endswith("; no drift over 12 images can be shown to lie below 0.44")
    assert rows[1].reason.endswith(")")
    flips = Compared("accuracy", "flips", "f", "", False, "image", Share(1, 60))
    assert one(flips, margin=0.02).reason.endswith("; no drift over 60 images can be shown to lie below 0.049")
    assert over_units(np.zeros(12), 0.0, 2.0).interval(0.05)[1] == pytest.approx(least)
    again = one(metric(np.linspace(0, 0.1, 12), (0.02, 0.09, 0.2)))
    assert again.verdict == "undecided"
    assert "can be shown" not in again.reason


def test_too_few_networks_trained_again_leave_the_margin():
    values = np.random.default_rng(1).normal(0.2, 0.05, 100)
    row = one(metric(values, (0.2, 0.3)), margin=0.3)
    assert (row.verdict, row.margin, row.floor) == (WITHIN, 0.3, 0.25)
    assert "20 % of the way to nothing in common (1.00): below the margin of 0.30, which is 30 % of it" in row.reason


def test_a_margin_is_a_share_of_the_way_to_nothing_in_common():
    values = np.random.default_rng(1).normal(0.2, 0.05, 100)
    for ceiling, word in ((1.0, WITHIN), (0.4, BEYOND), (0.65, "undecided")):
        row = one(metric(values, ceiling=ceiling), margin=0.3)
        assert (row.verdict, row.margin) == (word, pytest.approx(0.3 * ceiling))
    whole = one(metric(np.random.default_rng(1).normal(0.9, 0.05, 100), ceiling=0.9), margin=1.0)
    assert (whole.verdict, whole.margin) == ("undecided", 0.9)
    floor = (0.5, 0.51, 0.52)
    for share, most in ((0.2, 0.2), (0.5, 0.5), (0.9, 0.5)):
        wide = one(metric([0.7, 0.72], floor, ceiling=0.71), margin=share)
        assert wide.verdict == "changed"
        assert wide.margin == pytest.approx(0.51 + most * 0.2)


@pytest.mark.parametrize("ceiling", [math.inf, math.nan, 0.0])
def test_without_a_ceiling_there_is_no_margin(ceiling):
    values = np.random.default_rng(1).normal(0.2, 0.05, 100)
    row = decide_pair([metric(values, ceiling=ceiling)], SETTINGS, 0.3)[0]
    assert row.verdict == "undecided"
    assert row.reason.endswith("is not known, so that no share of it is a margin")
    against = decide_pair([metric(values, (0.2, 0.21, 0.22), ceiling=ceiling)], SETTINGS, 0.3)[0]
    assert (against.verdict, math.isnan(against.margin)) == ("undecided", True)
    moved = decide_pair([metric(values, (0.02, 0.021, 0.022), ceiling=ceiling)], SETTINGS, 0.3)[0]
    assert moved.verdict == "changed"


def test_margins_are_by_metric():
    rows = [metric(np.random.default_rng(1).normal(0.2, 0.05, 100), ceiling=1.0, name=name) for name in METRICS]
    found = decide_pair(rows, SETTINGS, {"map_spearman": 0.3, "linear_cka": 0.1})
    assert [row.verdict for row in found[:2]] == [WITHIN, BEYOND]
    assert found[2].margin == DEFAULTS["flips"]
    assert [row.margin for row in decide_pair(rows, SETTINGS, "default")] == [DEFAULTS[name] for name in METRICS]
    assert [row.margin for row in decide_pair(rows, SETTINGS, {"all": 0.25, "flips": 0.5})] == [0.25, 0.25, 0.5]


def test_a_share_is_judged_by_its_exact_bound():
    none, some = (Compared("accuracy", "flips", "f", "", False, "image", Share(k, 60)) for k in (0, 20))
    assert one(none, margin=0.02).verdict == "undecided"
    assert one(none, margin=0.05).verdict == WITHIN
    assert one(some, margin=0.05).verdict == BEYOND


def test_against_a_floor_it_is_the_t_test_of_one_more_network():
    floor = (0.20, 0.25, 0.22, 0.27)
    row = one(metric([0.3, 0.5], floor))
    s, mean = np.std(floor, ddof=1), np.mean(floor)
    assert row.p_changed == pytest.approx(stats.t.sf((0.4 - mean) / (s * np.sqrt(1 + 1 / 4)), 3))
    assert row.p_preserved == pytest.approx(stats.t.cdf((0.4 - 1.5 * mean) / (1.5 * s * np.sqrt(1 + 1 / 4)), 3))
    assert row.floor == pytest.approx(mean)
    assert row.margin == pytest.approx(1.5 * mean)
    assert row.verdict == "changed"


@pytest.mark.parametrize(
    ("floor", "why"),
    [
        ((0.2, 0.3), "2 networks trained again, and a verdict needs 3"),
        ((0.2, 0.2, 0.2), "there is no spread"),
        ((0.2, np.nan, 0.3), "undefined"),
    ],
)
def test_a_floor_that_cannot_decide_says_why(floor, why):
    row = one(metric([0.4, 0.5, 0.6], floor))
    assert row.verdict == "undecided"
    assert why in row.reason


def test_a_high_floor_lowers_the_margin_to_half_the_room():
    floor = (0.60, 0.62, 0.61)
    free, tight = (one(metric([0.6, 0.6], floor, ceiling=c)) for c in (math.inf, 0.7))
    assert free.margin == pytest.approx(1.5 * 0.61)
    assert tight.margin == pytest.approx((0.61 + 0.7) / 2)
    assert tight.p_preserved > free.p_preserved
    far = [one(metric([0.1, 0.1], floor, ceiling=c)).p_preserved for c in (math.inf, 0.7)]
    assert far[0] <= far[1] <= 0.001
    small = one(metric([0.1, 0.1], floor, ceiling=0.62))
    assert small.margin == pytest.approx(0.61 + SETTINGS.least_margin)


def test_with_a_floor_a_margin_is_a_share_of_the_way_from_it():
    floor = (0.2, 0.21, 0.22)
    row = one(metric([0.2, 0.22], floor), margin=0.1)
    assert row.margin == pytest.approx(0.21 + 0.1 * 0.79)
    assert row.verdict == "preserved"


def test_primary_metrics_share_the_level_and_others_do_not():
    floor = (0.2, 0.22, 0.25)
    found = one(metric([0.36, 0.36], floor))
    assert SETTINGS.level / 6 < found.p_changed <= SETTINGS.level
    dull = [metric([0.22, 0.23], floor, name=f"m{i}") for i in range(5)]
    crowd = decide_pair([metric([0.36, 0.36], floor), *dull], SETTINGS, None)
    assert found.verdict == "changed"
    assert crowd[0].verdict == "undecided"
    alone = decide_pair([replace(metric([0.36, 0.36], floor), primary=False), *dull], SETTINGS, None)
    assert alone[0].verdict == "changed"


def test_a_void_metric_leaves_another_target_of_its_name():
    dense = metric(np.zeros(30), ceiling=1.0)
    label = replace(dense, target="label", primary=False)
    rows = decide_pair([dense, label], SETTINGS, 0.5, {dense.key: "90 % of the maps are dead"})
    assert [row.verdict for row in rows] == ["undecided", WITHIN]


def test_a_void_metric_is_undecided_with_the_gates_reason():
    dense = metric(np.zeros(30))
    row = one(dense, margin=0.5, void={dense.key: "90 % of the maps are dead"})
    assert row.verdict == "undecided"
    assert row.reason.endswith("90 % of the maps are dead")


@pytest.mark.parametrize("retrains", [3, 5])
@pytest.mark.parametrize("noise", [0.15, 0.34])
def test_false_alarms_keep_their_rate(retrains, noise):
    """The pruned network is one more retrain: drifts around 0.3 with noise between networks, 6 correlated metrics."""
    draws, pairs = np.random.default_rng([retrains, int(100 * noise)]), 300
    alarms = 0
    for _ in range(pairs):
        shared = draws.normal(0, noise * 0.3 * np.sqrt(0.5), (1, retrains + 1))
        drift = 0.3 + shared + draws.normal(0, noise * 0.3 * np.sqrt(0.5), (6, retrains + 1))
        metrics = [known(row[0], tuple(row[1:]), f"m{i}") for i, row in enumerate(drift)]
        alarms += any(row.verdict == "changed" for row in decide_pair(metrics, SETTINGS, None))
    assert alarms <= stats.binom.ppf(0.999, pairs, 0.05)


@pytest.mark.parametrize(
    ("floor", "ceiling", "margin"),
    [
        (0.3, math.inf, None),
        (0.7, 1.0, None),
        (0.03, math.inf, None),
        (0.1, 1.0, 0.1),
        (0.01, 1.0, 0.1),
        (0.002, math.inf, None),
    ],
)
@pytest.mark.parametrize("retrains", [3, 8, 19])
@pytest.mark.parametrize("grows", [0.0, 0.5, 1.0])
def test_false_preserved_at_the_margin_keeps_its_rate(floor, ceiling, margin, retrains, grows):
    """A network that has drifted as far as the margin scatters as those of the floor do, or by as much more."""
    draws, pairs = np.random.default_rng([retrains, int(100 * floor), int(2 * grows)]), 600
    excess = max(0.5 * floor, 0.02) if margin is None else margin * (ceiling - floor)
    limit = floor + min(excess, (ceiling - floor) / 2)
    drift = limit + draws.normal(0, 0.17 * floor * (limit / floor) ** grows, pairs)
    floors = floor * (1 + draws.normal(0, 0.17, (pairs, retrains)))
    rows = [one(replace(known(E, tuple(F), "m"), ceiling=ceiling), margin) for E, F in zip(drift, floors, strict=True)]
    assert sum(row.verdict == "preserved" for row in rows) <= stats.binom.ppf(0.999, pairs, 0.05)


def test_a_drift_that_is_a_small_part_of_a_margin_of_many_floors_is_preserved():
    floor = (0.0005, 0.001, 0.0015)
    row = one(metric([0.001, 0.001], floor))
    assert row.verdict == "preserved"
    s, error = np.std(floor, ddof=1), 1.6 * np.std(np.log(floor), ddof=1)
    log = stats.t.cdf(np.log(0.001 / 0.021) / (error * np.sqrt(1 + (0.001 / 0.021) ** 2 / 3)), 2)
    plain = stats.t.cdf(-0.02 / (s * np.sqrt(21**2 + 1 / 3)), 2)
    assert row.p_preserved == pytest.approx(log)
    assert plain > 0.05 > log
    assert one(metric([0.0, 0.0], floor)).p_preserved == 0.0
    below = one(metric([0.001, 0.001], (-0.0005, 0.001, 0.0025)))
    assert below.p_preserved == pytest.approx(
        stats.t.cdf(-0.02 / (0.0015 * np.sqrt((0.021 / 0.0015) ** 2 + 1 / 3)), 2)
    ), "a drift below 0 has no logarithm, and a floor below its deviation is that"


def test_a_network_that_has_not_moved_is_preserved_where_networks_agree():
    draws = np.random.default_rng(6)
    drift, floors = 0.3 + draws.normal(0, 0.03, 300), 0.3 + draws.normal(0, 0.03, (300, 8))
    rows = decide_pair([known(E, tuple(F), "m") for E, F in zip(drift, floors, strict=True)], SETTINGS, None)
    assert sum(row.p_preserved <= 0.05 for row in rows) > 0.85 * 300
