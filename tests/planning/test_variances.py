"""How much of a run's spread comes from tickets, controls and seeds."""

import numpy as np
import pytest

from sparsight.planning.variances import own_noise, parts_of


@pytest.mark.parametrize(("retrains", "control"), [(3, 0.2), (1, 0.3)])
def test_the_parts_of_many_seeds_are_found(retrains, control):
    rng = np.random.default_rng(4)
    seeds, rounds, ticket, seed = 3000, 4, 0.3, 0.25
    size = np.array([0.1, 0.2, 0.3, 0.4])
    own = 1 + seed * rng.standard_normal((seeds, 1))
    drift = size * (own + 0.4 + ticket * rng.standard_normal((seeds, rounds)))
    floor = size[:, None] * (own[..., None] + control * rng.standard_normal((seeds, rounds, retrains)))
    found = np.sqrt(parts_of(drift, floor))
    # with one control a seed, ticket and control are taken to be alike, as they are here
    assert found == pytest.approx([ticket, control, seed], rel=0.06)


def test_what_cannot_be_told_is_not():
    drift, floor = np.ones((3, 2)), np.ones((3, 2, 1))
    assert parts_of(drift[:1], floor[:1]) is None
    assert parts_of(drift * np.nan, floor) is None
    assert parts_of(drift, floor * 0) is None
    assert parts_of(drift, floor) == (0.0, 0.0, 0.0)
    drift[:, 1] = np.nan  # the other round counts
    assert parts_of(drift, floor) == (0.0, 0.0, 0.0)


def test_where_there_is_no_run_there_is_no_noise(tmp_path):
    assert own_noise(tmp_path) is None
    assert own_noise(tmp_path / "nowhere") is None
