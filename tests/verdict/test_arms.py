from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sparsight.verdict import Arm, Claims, Drifted, VerdictSettings, decide, decide_arms
from sparsight.verdict.walk import simes

SETTINGS = VerdictSettings()


def study(arms, seed, s=4, r=4, metrics=3, moved=()):
    """Arms whose tickets share their seeds' controls; those ``moved`` drift half as far again."""
    draw = np.random.default_rng(seed)
    F = np.repeat(0.3 + 0.05 * draw.normal(size=(metrics, s, 1, 1)), r, axis=2)
    found = []
    for a in range(arms):
        E = 0.3 * (1 + 0.5 * (a in moved)) + 0.05 * draw.normal(size=(metrics, s, r))
        found.append(
            Arm(range(1, r + 1), [Drifted("f", f"m{m}", "", "", True, E[m], F[m].copy()) for m in range(metrics)])
        )
    return found


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_one_arm_is_what_it_is_alone(seed):
    (arm,) = study(1, seed, moved={0} if seed % 2 else ())
    (found,) = decide_arms([arm], SETTINGS)
    rows = decide(arm.rounds, arm.metrics, SETTINGS)
    assert found.verdicts == rows
    assert found.together == found.alone
    assert found.arms == 1
    changed = {(row.key, row.round) for row in rows if row.verdict == "changed"}
    preserved = {(row.key, row.round) for row in rows if row.verdict == "preserved"}
    assert found.alone.preserved == {r for r in arm.rounds if sum(number == r for _, number in preserved) == 3}
    assert changed <= found.alone.changed <= changed | preserved


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
@settings(max_examples=30, deadline=None)
def test_more_arms_claim_no_more_and_change_no_word(seed, count):
    arms = study(count, seed, moved={0, 1})
    found = decide_arms(arms, SETTINGS)
    for arm, one in zip(arms, found, strict=True):
        assert one.verdicts == decide(arm.rounds, arm.metrics, SETTINGS)
        for name in ("changed", "preserved", "wins", "loses"):
            assert getattr(one.together, name) <= getattr(one.alone, name)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_order_of_arms_does_not_matter(seed):
    arms = study(5, seed, moved={1, 3})
    order = np.random.default_rng(seed).permutation(5)
    found, turned = decide_arms(arms, SETTINGS), decide_arms([arms[i] for i in order], SETTINGS)
    assert [found[i].together for i in order] == [one.together for one in turned]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_changes_are_selected_by_arm_then_by_metric_then_by_round(seed):
    arms = study(4, seed, moved={0, 2} if seed % 3 else {0})
    found = decide_arms(arms, SETTINGS)
    p = [[decide(a.rounds, a.metrics, SETTINGS)[4 * m + 3].p_changed for m in range(3)] for a in arms]
    of_arm = [stats.false_discovery_control(own, method="bh").min() for own in p]
    chosen = stats.false_discovery_control(of_arm, method="bh") <= 0.05
    for i, one in enumerate(found):
        level = 0.05 * chosen.sum() / 4 if chosen[i] else 0.0
        k = max((n for n in (1, 2, 3) if sorted(p[i])[n - 1] <= level * n / 3), default=0)
        expected = set()
        for m in range(3):
            for n in range(3, -1, -1):
                row = one.verdicts[4 * m + n]
                if not (level and row.p_changed <= level * k / 3):
                    break
                expected.add((row.key, n + 1))
        assert one.together.changed == expected


def test_simes():
    assert simes(np.array([0.01, 0.04, 0.03])) == pytest.approx(0.03)
    assert simes(np.array([0.01, np.nan])) == pytest.approx(0.02)
    assert np.isnan(simes(np.array([])))
    assert np.isnan(simes(np.array([np.nan])))


def test_an_arm_without_rounds_is_none():
    arms = study(2, 1, moved={0})
    found = decide_arms([Arm((), ()), *arms], SETTINGS)
    assert [one.arms for one in found] == [2, 2, 2]
    assert (found[0].verdicts, found[0].together) == ((), Claims())
    assert decide_arms([Arm((), ())], SETTINGS)[0].arms == 0
    assert decide_arms([], SETTINGS) == ()


def test_what_may_not_be_judged_is_claimed_of_no_arm():
    (arm,) = study(1, 3, moved={0})
    assert decide_arms([arm], SETTINGS)[0].alone.changed
    void = replace(arm, void={metric.key: "dead" for metric in arm.metrics})
    assert decide_arms([void], SETTINGS)[0].alone == Claims()
    few = Arm(arm.rounds, [replace(m, drift=m.drift[:2], floor=m.floor[:2]) for m in arm.metrics])
    assert decide_arms([few], SETTINGS)[0].alone == Claims()
