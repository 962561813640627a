from dataclasses import replace

import numpy as np
import pytest

from sparsight.verdict import Arm, Claims, Drifted, Levelled, VerdictSettings, decide_arms
from sparsight.verdict.winning import why_winning, winning

SETTINGS = VerdictSettings(window=1)
WOBBLE = np.array([-0.010, 0.002, 0.008])


def arm(*loss, wide=()):
    """Of accuracies that lose this much by round; rounds that are ``wide`` scatter much."""
    r = len(loss)
    scale = np.array([20.0 if i + 1 in wide else 1.0 for i in range(r)])
    ticket = 0.9 - np.array(loss) + scale * WOBBLE[:, None] / 4
    level = Levelled(
        "accuracy", "accuracy", "accuracy", "f", "", 0.02, ticket, np.full(3, 0.9), np.full((3, r, 1), 0.9)
    )
    return Arm(range(1, r + 1), [level])


def decided(*arms):
    return decide_arms(arms, SETTINGS)


def answers(found):
    return [winning(row.round, found.together) for row in found.verdicts]


def why(found, number):
    return why_winning(number, [row for row in found.verdicts if row.round == number], found)


def test_winning_is_walked_from_the_densest_round():
    (found,) = decided(arm(0.0, 0.0, 0.02, 0.0, 0.0))
    assert answers(found) == ["yes", "yes", "undecided", "undecided", "undecided"]
    assert found.verdicts[3].ci_low > -0.02, "the interval of the round itself lies above"
    assert why(found, 4) == (
        "the interval of f's accuracy, -0.0039 to 0.0039 beside the unpruned networks, lies above the margin of -0.02, "
        "but round 3, which is denser, is not shown to win"
    )
    assert "holds the margin" in why(found, 3)
    assert why(found, 1) == ""


def test_losing_is_walked_from_the_sparsest_round():
    (found,) = decided(arm(0.1, 0.1, 0.1, 0.02, 0.2))
    assert answers(found) == ["undecided"] * 4 + ["no"]
    assert why(found, 2).endswith("lies below the margin of -0.02, but round 4, which is sparser, is not shown to lose")
    (found,) = decided(arm(0.0, 0.02, 0.1, 0.1))
    assert answers(found) == ["yes", "undecided", "no", "no"]


def test_a_round_that_has_no_spread_stops_the_walk():
    one = arm(0.0, 0.0, 0.0)
    one.metrics[0].ticket[:, 1] = 0.9
    (found,) = decided(one)
    assert answers(found) == ["yes", "undecided", "undecided"]
    assert "no spread" in why(found, 2)
    assert "round 2, which is denser" in why(found, 3)


def test_claims_about_accuracy_share_the_level_among_arms():
    sure, near = arm(0.0), arm(0.0125)
    (alone,) = decided(near)
    assert answers(alone) == ["yes"]
    found = decided(near, *[arm(0.05)] * 3)
    assert [answers(one) for one in found] == [["undecided"], ["no"], ["no"], ["no"]]
    assert found[0].alone == Claims(wins=frozenset({1}))
    assert why(found[0], 1).endswith(
        "lies above the margin of -0.02, but not at the level that the 4 arms of the study share"
    )
    assert answers(decided(near, sure, sure, sure)[0]) == ["yes"], "where all arms win the level is whole"


@pytest.mark.parametrize("loss", [0.0, 0.0125, 0.02, 0.05])
def test_in_one_round_it_is_the_interval(loss):
    (found,) = decided(arm(loss))
    (row,) = found.verdicts
    expected = "yes" if row.ci_low >= -0.02 else "no" if row.ci_high <= -0.02 else "undecided"
    assert answers(found) == [expected]


def test_without_the_networks_own_accuracy_nothing_wins_and_the_arm_counts():
    drift = Drifted("concepts", "jaccard", "", "", True, 0.3 + WOBBLE[:, None], np.full((3, 1, 1), 0.3))
    bare, plain = Arm([1], [drift]), arm(0.0)
    one, other = decided(bare, plain)
    assert (answers(one), why(one, 1)) == (["undecided"], "no accuracy was measured")
    assert (one.arms, other.arms) == (2, 2)
    of_g = Arm([1], [replace(plain.metrics[0], method="g")])
    (found,) = decided(of_g)
    assert (answers(found), why(found, 1)) == (["undecided"], "no accuracy was measured")


def test_without_a_control_nothing_wins():
    bare = arm(0.0)
    (found,) = decided(Arm(bare.rounds, [replace(bare.metrics[0], controls=np.zeros((3, 1, 0)))]))
    assert answers(found) == ["undecided"]
    assert why(found, 1) == "No retrained control to compare with"
