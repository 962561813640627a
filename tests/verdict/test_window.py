import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsight.verdict.window import windowed, windows


def same(x, width, valid=None):
    """The same table tested at every round."""
    r = x.shape[1]
    return windowed(np.broadcast_to(x, (r, *x.shape)), np.ones(r, dtype=bool) if valid is None else valid, width)


def by_the_book(x, r, width):
    """Mean, variance, share and ratio at round r of a table without gaps, by the additive fit, step by step."""
    s, rounds = x.shape
    w = min(width, rounds)
    start = min(max(r - w // 2, 0), rounds - w)
    inside = [[float(x[i, t]) for t in range(start, start + w)] for i in range(s)]
    seed = [sum(row) / w for row in inside]
    round_ = [sum(inside[i][t] for i in range(s)) / s for t in range(w)]
    grand = sum(seed) / s
    A = sum((m - grand) ** 2 for m in seed) / (s - 1)
    B = 0.0
    if w > 1:
        square = sum((inside[i][t] - seed[i] - round_[t] + grand) ** 2 for i in range(s) for t in range(w))
        B = (1 - 1 / w) * square / ((s - 1) * (w - 1))
    here = [float(x[i, r]) for i in range(s)]
    mean = sum(here) / s
    own = sum((value - mean) ** 2 for value in here) / (s - 1)
    return mean, A + B, A / (A + B), own / (A + B), w, start


def test_windows_are_shifted_inwards_at_the_ends():
    ((rounds, nearest),) = windows(np.ones(7, dtype=bool), 5)
    assert rounds.tolist() == list(range(7))
    assert nearest[:, 0].tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert (np.diff(nearest, axis=1) == 1).all()


def test_a_window_never_spans_an_invalid_round():
    valid = np.array([True, True, False, True, True, True, True, False, False, True])
    found = windows(valid, 3)
    assert [(rounds.tolist(), nearest.tolist()) for rounds, nearest in found] == [
        ([0, 1], [[0, 1], [0, 1]]),
        ([3, 4, 5, 6], [[3, 4, 5], [3, 4, 5], [4, 5, 6], [4, 5, 6]]),
        ([9], [[9]]),
    ]
    assert windows(np.zeros(4, dtype=bool), 3) == []


def test_by_hand():
    found = same(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 3.0]]), 5)
    # Seed means 1.5, 3, 3: A = 0.75. Residuals 0, ∓0.5, ±0.5: mean square 1/2, B = 1/4.
    assert found.mean.tolist() == [2, 3]
    assert found.variance == pytest.approx([1, 1])
    assert found.share == pytest.approx([0.75] * 2)
    assert found.ratio == pytest.approx([1, 1])


def test_the_variance_is_the_mean_of_the_rounds_variances():
    x = np.array([[0.0, 0.0, 9.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    found = same(x, 3)
    v = (0 + 1 / 3 + 27) / 3
    assert found.variance == pytest.approx([v] * 3)
    assert found.ratio == pytest.approx([0, 1 / 3 / v, 27 / v])


def test_one_round_keeps_all():
    x = np.array([[0.3], [0.1], [0.5], [0.2]])
    found = same(x, 5)
    assert found.variance[0] == pytest.approx(x.var(ddof=1))
    assert (found.share[0], found.ratio[0], found.width[0], found.first[0]) == (1, 1, 1, 0)


@given(st.integers(2, 6), st.integers(1, 16), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_against_the_book(s, r, width, seed):
    x = np.random.default_rng(seed).normal(0.3, 1, (s, r))
    found = same(x, width)
    for i in range(r):
        values = [getattr(found, name)[i] for name in ("mean", "variance", "share", "ratio", "width", "first")]
        assert values == pytest.approx(by_the_book(x, i, width))


def test_a_gap_makes_two_tables():
    x = np.random.default_rng(0).normal(size=(4, 9))
    gap = x.copy()
    gap[1, 3] = np.nan
    found = same(gap, 5, np.arange(9) != 3)
    left, right = same(x[:, :3], 5), same(x[:, 4:], 5)
    for name in ("mean", "variance", "share", "ratio"):
        values = getattr(found, name)
        assert np.isnan(values[3])
        assert values[:3] == pytest.approx(getattr(left, name))
        assert values[4:] == pytest.approx(getattr(right, name))


def test_one_seed_has_no_spread():
    found = same(np.ones((1, 4)), 5)
    assert np.isnan(found.variance).all()
    assert np.isnan(found.mean).all()


def test_leading_axes_are_tables_of_their_own():
    x = np.random.default_rng(1).normal(size=(3, 6, 4, 6))
    together = windowed(x, np.ones(6, dtype=bool), 5)
    for k in range(3):
        alone = windowed(x[k], np.ones(6, dtype=bool), 5)
        assert together.variance[k] == pytest.approx(alone.variance)
        assert together.share[k] == pytest.approx(alone.share)
