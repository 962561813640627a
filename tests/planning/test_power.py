"""What designs would find, against noncentral t and the published calibration."""

import numpy as np
import pytest
from scipy import stats

from sparsight.planning.power import LEVELS, Chances, Noise, chances, usual
from sparsight.verdict import VerdictSettings

SETTINGS = VerdictSettings()


def test_without_enough_for_a_verdict_nothing_is_found():
    for seeds, retrains, rounds in ((2, 1, 4), (3, 0, 4), (3, 1, 0)):
        assert chances(seeds, retrains, usual(0.2), rounds, SETTINGS) == Chances(0.0, 0.0)


def test_one_metric_at_one_round_is_a_paired_t_test():
    """With one metric, one round and no seed part, x of a change is nearly normal: noncentral t has its power."""
    noise, seeds, retrains = 0.3, 6, 2
    found = chances(seeds, retrains, [Noise(noise, noise, 0.0)], 1, SETTINGS)
    for factor, share in ((1.0, found.changed), (1.5, found.preserved)):
        away = 0.5 * np.sqrt(seeds) / (noise * np.sqrt(1 + factor**2 / retrains))
        df = seeds - 1
        assert share == pytest.approx(stats.nct.sf(stats.t.ppf(0.95, df), df, away), abs=0.07)


@pytest.mark.parametrize(
    ("seeds", "retrains", "noise", "least", "most"),
    [(3, 1, 0.17, 0.85, 0.97), (3, 1, 0.34, 0.38, 0.56), (5, 2, 0.25, 0.94, 1.0), (5, 2, 0.34, 0.78, 0.92)],
)
def test_chances_are_those_of_whole_studies(seeds, retrains, noise, least, most):
    """Of the table of power in the documentation, *study*, within the error of 400 studies and of rarer rounds."""
    assert least <= chances(seeds, retrains, usual(noise), 14, SETTINGS).changed <= most


def test_more_of_anything_finds_more_and_noise_less():
    base = chances(3, 1, usual(0.3), 5, SETTINGS)
    for more in (
        chances(5, 1, usual(0.3), 5, SETTINGS),
        chances(3, 3, usual(0.3), 5, SETTINGS),
        chances(3, 1, usual(0.15), 5, SETTINGS),
        chances(3, 1, [Noise(0.3, 0.05, 0.2)] * 6, 5, SETTINGS),
    ):
        assert more.changed > base.changed
        assert more.preserved > base.preserved


def test_it_is_drawn_alike_every_time_and_without_concepts():
    own = usual(LEVELS["typical"], 3)
    assert chances(4, 1, own, 3, SETTINGS) == chances(4, 1, own, 3, SETTINGS)
    assert 0.3 < chances(4, 1, own, 3, SETTINGS).changed < 1
