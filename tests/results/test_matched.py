"""A ticket's drift beside that of a dense network of its accuracy."""

import numpy as np
import pytest
from scipy import stats

from sparsight.config import StudySettings
from sparsight.results.matched import matched
from sparsight.verdict import Drifted

STOPS = "dense-at:magnitude:2"
SETTINGS = StudySettings.model_validate(
    {
        "data": {"name": "toybirds"},
        "pruning": {"rounds": 3},
        "study": {"arms": ["magnitude", STOPS], "seeds": [0, 1, 2], "retrains": 1},
    }
)
ROUNDS = {"magnitude": [1, 2], STOPS: [2]}


def found(ticket, of_same, floor, most=1.0):
    """What is said of one metric whose round 2 has these drifts by seed."""
    tables = [np.column_stack([np.full(3, 0.9), ticket]), np.array(of_same)[:, None]]
    drifts = {
        arm: [Drifted("concepts", "m", "", "", True, table, np.full((*table.shape, 1), floor), 1.0, most)]
        for arm, table in zip(ROUNDS, tables, strict=True)
    }
    (row,) = matched("magnitude", drifts, ROUNDS, SETTINGS)
    assert (row["arm"], row["round"]) == (STOPS, 2)
    return row["difference"], row["ci_low"], row["ci_high"]


def test_seeds_are_paired_and_the_difference_is_in_floor_units():
    apart = np.array([0.1, 0.12, 0.11]) / 0.2
    low, high = stats.t.interval(0.9, 2, apart.mean(), stats.sem(apart))
    assert found([0.4, 0.52, 0.61], [0.3, 0.4, 0.5], 0.2) == pytest.approx((apart.mean(), low, high))


def test_the_interval_ends_where_the_tickets_drift_cannot_go_on():
    scattered, same = [0.0, 0.2, 1.0], [0.3, 0.3, 0.3]
    assert found(scattered, same, 0.5) == pytest.approx((0.2, -0.3 / 0.5, 0.7 / 0.5))
    assert found(scattered, same, 0.5, most=2.0)[2] > 0.7 / 0.5


def test_without_a_floor_there_is_no_unit():
    assert np.isnan(found([0.1, 0.2, 0.4], [0.3, 0.3, 0.3], 0.0)).all()
