import numpy as np
import pytest
from scipy import stats

from sparsight.verdict.pooling import degrees, spread
from sparsight.verdict.window import windowed

S, R = 4, 6


def window(x, valid=None):
    valid = np.ones(x.shape[1], dtype=bool) if valid is None else valid
    return windowed(np.broadcast_to(x, (x.shape[1], *x.shape)), valid, 5)


def tables(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, S, R))


def without(x):
    return np.zeros(x.shape[1], dtype=bool)


def test_satterthwaite():
    share, width = np.array([1.0, 0.2, 0.6]), np.array([1.0, 5.0, 5.0])
    v, (A, B) = 7.0, (7.0 * share, 7.0 * (1 - share))
    expected = [3.0, *(v**2 / (A[i] ** 2 / 3 + B[i] ** 2 / 12) for i in (1, 2))]
    assert degrees(share, width, 4) == pytest.approx(expected)
    assert expected[1] == pytest.approx(15), "independent rounds: all degrees that there are"


def test_one_round_is_the_t_test():
    x = tables(1)[0][:, :1]
    found = spread(window(x), without(x), S, ())
    t, p = stats.ttest_1samp(x[:, 0], 0, alternative="greater")
    assert x.mean() / found.error[0] == pytest.approx(t)
    assert stats.t.sf(x.mean() / found.error[0], found.df[0]) == pytest.approx(p)


def test_alone_a_round_that_scatters_more_has_its_own_degrees_of_freedom():
    x = tables(1)[0] * [1, 1, 1, 1, 1, 3.0]
    own = window(x)
    found = spread(own, without(x), S, ())
    assert own.ratio[-1] > 1
    assert found.df[-1] == S - 1
    assert found.variance[-1] == pytest.approx(x[:, -1].var(ddof=1))
    calm = int(np.argmin(own.ratio))
    assert found.variance[calm] == own.variance[calm]
    assert found.df[calm] > S - 1


def test_peers_tell_what_is_kept_and_how_much_more_a_round_scatters():
    x = tables(3) * [1, 1, 1, 1, 1, 2.0]
    own, *others = (window(one) for one in x)
    found = spread(own, without(x[0]), S, [(other, without(x[0])) for other in others])
    shares, ratios = (np.array([getattr(one, name) for one in (own, *others)]) for name in ("share", "ratio"))
    share, h = np.maximum(shares[0], shares.mean(axis=0)), np.maximum(ratios.mean(axis=0), 1)
    assert h[-1] > 1
    assert found.variance == pytest.approx(own.variance * h)
    assert found.df == pytest.approx(np.maximum(degrees(share, np.full(R, 5.0), S) / h, S - 1))
    assert found.error == pytest.approx(np.sqrt(found.variance / S))


def test_the_size_of_a_peer_does_not_count_but_its_window_does():
    x, other = tables(2)
    alone = spread(window(x), without(x), S, ())
    one, large = (spread(window(x), without(x), S, [(window(f * other), without(x))]) for f in (1, 1000))
    assert one.error == pytest.approx(large.error)
    assert one.df == pytest.approx(large.df)
    assert one.df != pytest.approx(alone.df)
    shorter = window(other, np.arange(R) < 4)  # windows of four rounds, and none at the last two
    still = spread(window(x), without(x), S, [(window(other), ~without(x))])
    for found in (spread(window(x), without(x), S, [(shorter, without(x))]), still):
        assert found.df == pytest.approx(alone.df)
        assert found.error == pytest.approx(alone.error)


def test_without_a_spread_there_is_nothing():
    x = np.ones((S, R))
    found = spread(window(x), ~without(x), S, ())
    for values in (found.variance, found.error, found.df):
        assert np.isnan(values).all()
