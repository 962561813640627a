import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.verdict import Drifted, Levelled, VerdictSettings, decide

SETTINGS = VerdictSettings()
nan = float("nan")
WOBBLE = np.array([-0.010, 0.002, 0.008])


def drifted(excess, name="jaccard", primary=True, floor=0.3, wobble=WOBBLE):
    """A metric whose drift is ``floor * (1 + excess)`` by round in the mean of seeds that deviate by ``wobble``."""
    r = len(excess)
    draw = np.random.default_rng(len(name))
    E = floor * (1 + np.array(excess)) + wobble[:, None] + 1e-3 * draw.standard_normal((len(wobble), r))
    return Drifted("concepts", name, "predictor", "prediction", primary, E, np.full((len(wobble), r, 1), floor))


def accuracies(loss, wobble=WOBBLE, j=1):
    ticket = 0.9 - np.array(loss) + wobble[:, None]
    dense, controls = np.full(len(wobble), 0.9), np.full((len(wobble), len(loss), j), 0.9)
    return Levelled("accuracy", "accuracy", "accuracy", "f", "label", 0.02, ticket, dense, controls)


def words(rows, name="jaccard"):
    return [row.verdict for row in rows if row.metric == name]


def test_one_round_of_an_arm():
    (row,) = decide([5], [drifted([1.0])], SETTINGS)
    assert (row.round, row.verdict, row.seeds, row.retrains) == (5, "changed", 3, 1)
    assert row.drift == pytest.approx(0.6, abs=0.005)
    assert row.excess == pytest.approx(1.0, abs=0.02)
    assert row.ci_low < row.excess < row.ci_high
    assert row.reason.startswith("Drift 0.60 is 2.0")
    assert "above the floor (p" in row.reason
    assert "corrected" not in row.reason


def test_preserved_then_changed():
    rows = decide(range(1, 6), [drifted([-0.2, -0.1, -0.1, 1.0, 1.2])], SETTINGS)
    assert words(rows) == ["preserved"] * 3 + ["changed"] * 2
    assert "below 1.50 times the floor (p" in rows[0].reason
    assert [row.round for row in rows] == [1, 2, 3, 4, 5]


def test_both_is_preserved_after_a_small_shift():
    rows = decide(range(1, 5), [drifted([0.2] * 4)], SETTINGS)
    assert words(rows) == ["preserved"] * 4
    assert all(row.reason.startswith("A small shift: drift 0.36 is 1.2") for row in rows)
    assert all(row.p_changed <= 0.05 >= row.p_preserved for row in rows)


def test_the_preserved_walk_stops_for_good():
    rows = decide(range(1, 6), [drifted([-0.2, -0.2, 0.6, -0.2, -0.2])], SETTINGS)
    assert words(rows) == ["preserved", "preserved", "undecided", "undecided", "undecided"]
    assert rows[4].p_preserved <= 0.05
    assert "below 1.50 times the floor at this round" in rows[4].reason
    assert "but not at round 3, which is denser" in rows[4].reason


def test_a_change_that_vanishes_at_the_sparsest_round_is_missed():
    rows = decide(range(1, 6), [drifted([0.0, 1.0, 1.0, 1.0, 0.0])], SETTINGS)
    assert words(rows) == ["preserved"] + ["undecided"] * 4
    assert rows[2].p_changed < 0.01
    assert "but not selected among the primary metrics at round 5" in rows[2].reason
    alone = decide(range(1, 6), [drifted([0.0, 1.0, 1.0, 1.0, 0.0], primary=False)], SETTINGS)
    assert words(alone) == words(rows)
    assert "but not at round 5, which is sparser" in alone[2].reason


def test_the_walk_starts_where_every_seed_has_a_value():
    metric = drifted([0.0, 1.0, 1.0, 1.0, 1.0])
    metric.drift[1, 4] = nan
    rows = decide(range(1, 6), [metric], SETTINGS)
    assert words(rows) == ["preserved", "changed", "changed", "changed", "undecided"]
    assert rows[4].reason == "It is undefined in 1 of 3 seeds"
    assert np.isnan([rows[4].drift, rows[4].excess, rows[4].p_changed]).all()
    metric.drift[0, 2] = np.inf
    assert words(decide(range(1, 6), [metric], SETTINGS))[1:] == ["undecided", "undecided", "changed", "undecided"]


def test_primary_metrics_share_the_level():
    # One of six has p between 0.05 / 6 and 0.05: not selected among six, found alone.
    wide = drifted([0.4], name="wide", wobble=6 * WOBBLE)
    (alone,) = decide([1], [wide], SETTINGS)
    assert 0.05 / 6 < alone.p_changed <= 0.05
    assert alone.verdict == "changed"
    others = [drifted([0.0], name=f"other {n}") for n in range(5)]
    among = next(row for row in decide([1], [wide, *others], SETTINGS) if row.metric == "wide")
    assert among.p_changed == alone.p_changed
    assert among.verdict == "undecided"
    uncounted = [drifted([0.0], name=f"other {n}", primary=False) for n in range(5)]
    assert words(decide([1], [wide, *uncounted], SETTINGS), "wide") == ["changed"]


def test_the_level_of_the_walk_is_the_selected_share():
    # Selected alone among six at round 3; at round 2 p is above 0.05 / 6.
    metric = drifted([0.4, 0.4, 2.5], name="wide", wobble=6 * WOBBLE)
    others = [drifted([0.0] * 3, name=f"other {n}") for n in range(5)]
    rows = [row for row in decide([1, 2, 3], [metric, *others], VerdictSettings(window=1)) if row.metric == "wide"]
    assert [row.verdict for row in rows][1:] == ["undecided", "changed"]
    assert 0.05 / 6 < rows[1].p_changed <= 0.05
    assert "but above the 0.0083 that is its share of the level" in rows[1].reason


def test_other_metrics_say_that_they_are_not_corrected():
    (row,) = decide([1], [drifted([1.0], primary=False)], SETTINGS)
    assert row.verdict == "changed"
    assert row.reason.endswith("; not corrected for the number of metrics")


def test_a_void_metric_is_undecided_and_counts():
    changed, other = drifted([0.0, 1.0]), drifted([0.0, 1.0], name="other")
    rows = decide([1, 2], [changed, other], SETTINGS, {changed.key: "Maps are dead"})
    assert words(rows) == ["undecided"] * 2
    assert {row.reason for row in rows if row.metric == "jaccard"} == {"Maps are dead"}
    assert rows[0].p_changed == decide([1, 2], [changed, other], SETTINGS)[0].p_changed
    assert words(rows, "other") == ["preserved", "changed"]
    # p of 0.02 to 0.05 passes alone, and no longer where a void metric makes it one of two.
    wide = drifted([0.4], name="wide", wobble=6 * WOBBLE)
    (alone,) = decide([1], [wide], SETTINGS)
    assert 0.025 < alone.p_changed <= 0.05
    assert words(decide([1], [wide, drifted([1.0])], SETTINGS, {drifted([1.0]).key: "void"}), "wide") == ["undecided"]


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds(seeds):
    metric = drifted([0.0, 1.0], wobble=WOBBLE[:seeds])
    rows = decide([1, 2], [metric, accuracies([0.0, 0.1], WOBBLE[:seeds])], SETTINGS)
    assert {row.verdict for row in rows} == {"undecided"}
    assert {row.reason for row in rows} == {f"Too few seeds: {seeds}, and a verdict needs 3"}
    assert {row.seeds for row in rows} == {seeds}


def test_without_a_control():
    metric = replace(drifted([0.0, 1.0]), floor=np.zeros((3, 2, 0)))
    rows = decide([1, 2], [metric, accuracies([0.0, 0.1], j=0)], SETTINGS)
    assert {row.verdict for row in rows} == {"undecided"}
    assert {row.reason for row in rows} == {"No retrained control to compare with"}
    assert {row.retrains for row in rows} == {0}
    assert np.isnan([row.floor for row in rows]).all()
    assert rows[0].drift == pytest.approx(0.3, abs=0.005)


def test_nothing_moves_at_all():
    zero = Drifted("pixels", "iou", "gradcam", "prediction", True, np.zeros((3, 4)), np.zeros((3, 4, 2)))
    rows = decide(range(1, 5), [zero, drifted([1.0] * 4)], SETTINGS)
    assert words(rows, "iou") == ["undecided"] * 4
    assert rows[0].reason.startswith("The floor is 0")
    assert words(rows) == ["changed"] * 4


def test_accuracies():
    rows = decide(range(1, 5), [accuracies([0.0, 0.0, 0.1, 0.2])], SETTINGS)
    assert words(rows, "accuracy") == ["preserved", "preserved", "changed", "changed"]
    assert rows[0].axis == "accuracy"
    assert "within 0.02 of them" in rows[0].reason
    assert rows[3].reason.startswith("0.20 below the unpruned networks (90 % interval -0.22 to -0.18), different (p")
    gained = decide([1], [accuracies([-0.1])], SETTINGS)[0]
    assert gained.verdict == "changed"
    assert gained.reason.startswith("0.10 above")


def test_undecided_says_how_many_seeds_would_do():
    (row,) = decide([1], [drifted([0.2], wobble=20 * WOBBLE)], SETTINGS)
    assert row.verdict == "undecided"
    assert row.seeds_needed is not None
    assert row.seeds_needed > 3
    low, high = row.seeds_needed_low, row.seeds_needed_high
    assert 3 <= low < row.seeds_needed < high
    assert row.reason.endswith(
        f"about {row.seeds_needed} ({low} to {high}) seeds would tell no change from one of the margin"
    )


def test_between_no_change_and_the_margin():
    (row,) = decide([1], [accuracies([0.012], np.array([-0.0198, -0.0078, 0.0033, 0.0093, 0.015]))], SETTINGS)
    assert row.seeds_needed <= row.seeds
    assert row.verdict == "undecided"
    assert "it lies between the two" in row.reason


def test_bad_calls():
    with pytest.raises(ValueError, match="rise"):
        decide([2, 1], [drifted([0.0, 0.0])], SETTINGS)
    with pytest.raises(ValueError, match="rise"):
        decide([0, 1], [drifted([0.0, 0.0])], SETTINGS)
    with pytest.raises(ValueError, match="2 rounds, not 3"):
        decide([1, 2, 3], [drifted([0.0, 0.0])], SETTINGS)
    with pytest.raises(ValueError, match="share"):
        decide([1], [drifted([0.0]), drifted([0.1])], SETTINGS)
    assert decide([1], [], SETTINGS) == ()


studies = st.tuples(st.integers(3, 6), st.integers(1, 15), st.integers(1, 2), st.integers(0, 2**32 - 1))


def random_study(s, r, j, seed, metrics=3):
    draw = np.random.default_rng(seed)
    made = []
    for n in range(metrics):
        E = draw.uniform(0.2, 0.4) + draw.normal(0, 0.04, (s, r)) + draw.choice([0, 0.2]) * np.linspace(0, 1, r)
        F = 0.25 + np.repeat(draw.normal(0, 0.04, (s, 1, j)), r, axis=1)
        made.append(Drifted("f", f"metric {n}", "m", "t", n < 2, E, F))
    return made


def numbers(row):
    return [row.excess, row.ci_low, row.ci_high, row.p_changed, row.p_preserved]


@given(studies)
@settings(max_examples=40, deadline=None)
def test_the_order_of_seeds_does_not_matter(study):
    metrics = random_study(*study)
    order = np.random.default_rng(study[3]).permutation(study[0])
    turned = [replace(m, drift=m.drift[order], floor=m.floor[order]) for m in metrics]
    for one, other in zip(
        decide(range(1, study[1] + 1), metrics, SETTINGS),
        decide(range(1, study[1] + 1), turned, SETTINGS),
        strict=True,
    ):
        assert one.verdict == other.verdict
        assert numbers(one) == pytest.approx(numbers(other), rel=1e-6, abs=1e-12)


@given(studies, st.sampled_from([0.25, 1.7, 100.0]))
@settings(max_examples=40, deadline=None)
def test_the_unit_of_drift_does_not_matter(study, factor):
    relative = VerdictSettings(least_margin=0)
    metrics = random_study(*study)
    scaled = [replace(m, drift=factor * m.drift, floor=factor * m.floor) for m in metrics]
    for one, other in zip(
        decide(range(1, study[1] + 1), metrics, relative),
        decide(range(1, study[1] + 1), scaled, relative),
        strict=True,
    ):
        assert (one.verdict, one.seeds_needed) == (other.verdict, other.seeds_needed)
        assert numbers(one) == pytest.approx(numbers(other), rel=1e-6, abs=1e-12)
        assert other.drift == pytest.approx(factor * one.drift)


@given(studies, st.floats(0.01, 0.3))
@settings(max_examples=40, deadline=None)
def test_more_drift_is_never_less_changed(study, more):
    metrics = random_study(*study, metrics=1)
    further = [replace(m, drift=m.drift + more * m.floor.mean(axis=2)) for m in metrics]
    rounds = range(1, study[1] + 1)
    for one, other in zip(decide(rounds, metrics, SETTINGS), decide(rounds, further, SETTINGS), strict=True):
        assert other.excess == pytest.approx(one.excess + more)
        assert other.verdict in {"preserved": ("preserved", "changed", "undecided")}.get(one.verdict, ("changed",)) or (
            one.verdict == "undecided"
        )


@given(studies)
@settings(max_examples=40, deadline=None)
def test_the_interval_holds_the_excess_and_words_follow_p(study):
    for row in decide(range(1, study[1] + 1), random_study(*study), SETTINGS):
        assert row.ci_low <= row.excess <= row.ci_high
        assert (row.verdict != "preserved") or row.p_preserved <= 0.05
        assert (row.verdict != "changed") or row.p_changed <= 0.05
        assert row.reason
        assert "\n" not in row.reason


def test_forty_metrics_take_milliseconds():
    metrics = random_study(5, 15, 2, 0, metrics=40)
    decide(range(1, 16), metrics, SETTINGS)
    times = []
    for _ in range(3):
        start = time.process_time()
        decide(range(1, 16), metrics, SETTINGS)
        times.append(time.process_time() - start)
    assert min(times) < 0.5  # about 0.02
