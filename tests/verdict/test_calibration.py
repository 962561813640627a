"""A reduced calibration; the whole one is benchmarks/verdict_calibration.py."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

from sparsight.verdict import Drifted, VerdictSettings, decide

STUDIES, ROUNDS, METRICS = 100, 9, 6
TOLERABLE = stats.binom.ppf(0.999, STUDIES, 0.05)


@cache
def words(s, j, noise, excess=0.0, floor=0.3, ceiling=np.inf):
    """Verdicts of 100 studies, (study, metric, round), some rounds before ``excess`` and five with it.

    Networks deviate by ``noise`` floor units, correlated over metrics, from a floor that differs by seed.
    """
    found = []
    moved = excess * (np.arange(ROUNDS) >= 4)[:, None]
    for draw in np.random.default_rng(2024).spawn(STUDIES):

        def network(*shape, draw=draw):
            return noise * (0.6 * draw.normal(size=(*shape, 1)) + 0.8 * draw.normal(size=(*shape, METRICS)))

        level = floor * (1 + 0.2 * draw.normal(size=(s, 1, METRICS)))
        E = level * (1 + moved + network(s, ROUNDS))
        F = np.repeat((level * (1 + network(s, j)))[:, None], ROUNDS, axis=1)
        metrics = [Drifted("f", f"{m}", "", "", True, E[..., m], F[..., m].copy(), ceiling) for m in range(METRICS)]
        rows = decide(range(1, ROUNDS + 1), metrics, VerdictSettings())
        found.append(np.array([row.verdict for row in rows]).reshape(METRICS, ROUNDS))
    return np.array(found)


@pytest.mark.parametrize(("s", "j", "noise"), [(3, 1, 0.34), (5, 2, 0.17)])
def test_false_alarms(s, j, noise):
    assert (words(s, j, noise) == "changed").any(axis=(1, 2)).sum() <= TOLERABLE


def test_no_change_is_preserved():
    assert (words(5, 2, 0.17) == "preserved").mean() > 0.85


def test_planted_changes_are_found():
    found = words(5, 2, 0.25, excess=0.5) == "changed"
    assert found[..., -1].any(axis=1).sum() >= 95
    assert found[..., -1].mean() > 0.8
    # A metric's walk goes on into rounds that have not changed at its level, 5 % where all are selected.
    assert (found[..., :4].any(axis=2).sum(axis=0) <= TOLERABLE).all()


def test_a_change_of_the_margin_is_not_called_preserved():
    # Every metric by itself at 5 %.
    wrong = (words(5, 2, 0.25, excess=0.5)[..., 4:] == "preserved").any(axis=2).sum(axis=0)
    assert (wrong <= TOLERABLE).all()


def test_a_change_of_half_of_the_way_to_the_ceiling_is_not_called_preserved():
    found = words(5, 2, 0.17, excess=0.15 / 0.7, floor=0.7, ceiling=1.0)[..., 4:] == "preserved"
    assert (found.any(axis=2).sum(axis=0) <= TOLERABLE).all()
