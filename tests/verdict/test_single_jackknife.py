"""The jackknife of a drift that all images share: its error, and that its intervals hold the truth."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from sparsight.drift import linear_cka, linear_cka_left_out
from sparsight.verdict import jackknifed


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).normal(size=40) + 5
    left_out = np.array([np.delete(values, i).mean() for i in range(40)])
    found = jackknifed(values.mean(), left_out)
    assert found.error == pytest.approx(stats.sem(values))
    assert found.log_error == pytest.approx(
        np.sqrt(39 / 40 * np.square(np.log(left_out) - np.log(left_out).mean()).sum())
    )
    assert found.units == 40


def test_below_by_the_logarithm_and_above_plainly():
    found = jackknifed(0.2, np.array([0.18, 0.2, 0.22, 0.2]))
    t = stats.t.ppf(0.95, 3)
    low, high = found.interval(0.05)
    assert low == max(0.0, 0.2 - t * found.error)
    assert high == pytest.approx(0.2 * math.exp(t * found.log_error))
    assert found.p_below(high) == pytest.approx(0.05)
    assert found.p_above(0.3) == pytest.approx(stats.t.cdf(0.1 / found.error, 3))
    assert found.p_below(0.0) == found.p_below(-1.0) == 1
    wide = jackknifed(0.9, np.array([0.5, 0.9, 1.3, 0.9]), 2.0)
    assert wide.interval(0.05) == (0.0, 2.0)
    beyond = jackknifed(1.05, np.array([1.0, 1.05, 1.1, 1.05]), 2.0)
    assert 1.05 < beyond.interval(0.05)[1] < 2, "the estimate of unrelated embeddings scatters around 1"


def test_a_value_of_0_without_some_unit_has_no_logarithm():
    found = jackknifed(0.1, np.array([0.0, 0.1, 0.2, 0.1]))
    assert math.isnan(found.log_error)
    assert found.p_below(0.3) == pytest.approx(stats.t.cdf(-0.2 / found.error, 3))
    assert found.interval(0.05)[1] == pytest.approx(0.1 + stats.t.ppf(0.95, 3) * found.error)


def test_what_cannot_be_tested():
    alone = jackknifed(0.3, np.array([0.3, math.nan, 0.2]))
    assert "undefined where one unit is left out" in alone.untested
    assert np.isnan([*alone.interval(0.05), alone.p_below(1.0), alone.p_above(0.1)]).all()
    assert "undefined on all units" in jackknifed(math.nan, np.full(5, math.nan)).untested
    assert "whichever unit" in jackknifed(0.3, np.full(5, 0.3)).untested
    assert math.isnan(jackknifed(0.3, np.array([0.3])).error)


def test_an_embedding_that_is_another_turned_has_an_exact_bound():
    x = torch.randn(60, 5, generator=torch.Generator().manual_seed(0)).double()
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(1)).double()).Q
    found = jackknifed(linear_cka(x, x @ turn), linear_cka_left_out(x, x @ turn).numpy(), 2.0)
    assert not found.untested
    assert found.p_below(0.1) == pytest.approx(0.9**60)
    assert found.p_above(0.0) == 1
    assert found.interval(0.05) == (0.0, pytest.approx(1 - 0.05 ** (1 / 60)))


@pytest.mark.parametrize(("n", "width", "flat"), [(30, 64, False), (30, 64, True), (100, 20, False)])
def test_intervals_hold_the_truth(n, width, flat):
    """Embeddings of width 64 whose drift over all images that there could be is 0.1: 5 % may miss it on either side."""
    spread = torch.ones(width) if flat else 1 / torch.arange(1, width + 1)
    draws = torch.Generator().manual_seed(0)
    above = below = 0
    for _ in range(300):
        x, apart = (torch.randn(n, width, generator=draws).double() * spread.sqrt() for _ in range(2))
        y = math.sqrt(0.9) * x + math.sqrt(0.1) * apart
        low, high = jackknifed(linear_cka(x, y), linear_cka_left_out(x, y).numpy(), 2.0).interval(0.05)
        above, below = above + (high < 0.1), below + (low > 0.1)
    most = stats.binom.ppf(0.995, 300, 0.05)
    assert max(above, below) <= most
    if not flat:
        assert above + below >= 9, "intervals that miss nothing say nothing"
