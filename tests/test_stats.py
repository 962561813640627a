import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import pearsonr, rankdata, spearmanr
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from sparsight.stats import auroc, balanced_accuracy, mean, row_pearson, row_ranks, row_spearman, spread, t_interval


def test_undefined_values_are_left_out():
    assert mean([1, float("nan"), 3]) == 2
    assert spread([1, float("nan"), 3]) == (1, 3)
    assert math.isnan(mean([]))
    assert math.isnan(spread([float("nan")])[0])


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=50))
def test_auroc_as_scikit_learn_ties_included(pairs):
    scores, positives = np.array(pairs).T
    if len(set(positives)) < 2:
        assert math.isnan(auroc(scores, positives))
    else:
        assert auroc(scores, positives) == pytest.approx(roc_auc_score(positives, scores), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50))
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_balanced_accuracy_as_scikit_learn(pairs):
    predicted, true = np.array(pairs).T
    assert balanced_accuracy(predicted, true) == pytest.approx(balanced_accuracy_score(true, predicted), abs=1e-12)


def by_scipy(correlation, first, second):
    """Row after row, NaN where a row is constant (scipy warns there)."""
    pairs = zip(first, second, strict=True)
    return [math.nan if np.ptp(x) == 0 or np.ptp(y) == 0 else correlation(x, y).statistic for x, y in pairs]


@pytest.mark.parametrize(
    ("ours", "reference"), [(row_pearson, pearsonr), (row_spearman, spearmanr)], ids=["pearson", "spearman"]
)
@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 5),
    m=st.integers(2, 30),
    levels=st.sampled_from([2, 4, None]),
    scale=st.sampled_from([1e-300, 1e-30, 1.0, 1e30, 1e300]),
    offset=st.sampled_from([0.0, 1e3]),
)
def test_correlations_as_scipy_ties_and_constants_included(ours, reference, seed, n, m, levels, scale, offset):
    draws = np.random.default_rng(seed)
    first, second = (
        draws.normal(size=(2, n, m)) if levels is None else draws.integers(0, levels, (2, n, m)).astype(float)
    )
    expected = by_scipy(reference, first, second)
    np.testing.assert_allclose(ours(first, second), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours((first + offset) * scale, second), expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(ours(second, first), expected, rtol=0, atol=1e-12)
    itself = ours(first, first)
    assert (itself[~np.isnan(itself)] == 1).all(), "exactly"
    np.testing.assert_allclose(ours(first, -first), -itself, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ours", [row_pearson, row_spearman])
def test_rows_that_have_no_correlation(ours):
    fine = np.arange(4.0)
    rows = np.array([fine, [1, np.nan, 2, 3], [1, np.inf, 2, 3], [-np.inf, 1, 2, 3], np.zeros(4), np.full(4, 0.1)])
    others = np.tile(fine, (6, 1))
    for found in (ours(rows, others), ours(others, rows)):
        assert np.isnan(found).tolist() == [False, True, True, True, True, True]
        assert found[0] == 1
    assert np.isnan(ours(np.ones((2, 1)), np.ones((2, 1)))).all()


@pytest.mark.parametrize("ours", [row_pearson, row_spearman])
@pytest.mark.parametrize(("shape", "rows"), [((0, 3), 0), ((2, 0), 2), ((0, 0), 0)])
@pytest.mark.filterwarnings("error")
def test_correlations_of_nothing(ours, shape, rows):
    found = ours(np.ones(shape), np.ones(shape))
    assert found.shape == (rows,)
    assert np.isnan(found).all()


@pytest.mark.filterwarnings("error")
def test_rounding_is_not_a_correlation():
    """0.1 added up in another order each time: the same number but for its last digits."""
    rounded = np.array([[0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1, 0.6, 0.6]])
    assert np.ptp(rounded) > 0
    assert np.isnan(row_pearson(rounded, np.arange(4.0)[None])).all()
    small = 1e9 + np.array([[0.0, 1.0, 2.0, 4.0]])
    expected = pearsonr([0, 1, 2, 4], [0, 1, 2, 3]).statistic
    assert row_pearson(small, np.arange(4.0)[None])[0] == pytest.approx(expected, abs=1e-7)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 5),
    st.integers(0, 30),
    st.sampled_from([2, 9, 1000]),
    st.sampled_from([np.float32, np.float64]),
)
def test_ranks_are_scipys_midranks(seed, n, m, levels, dtype):
    rows = (np.random.default_rng(seed).integers(-levels, levels, (n, m)) / 7).astype(dtype)
    np.testing.assert_array_equal(row_ranks(rows), rankdata(rows, axis=1))


@given(arrays(np.float32, (2, 12), elements=st.floats(width=32, allow_nan=False)))
def test_ranks_of_any_single_precision_numbers_are_those_of_double_precision(rows):
    """Zeros of both signs, infinities and subnormal numbers among them."""
    np.testing.assert_array_equal(row_ranks(rows), rankdata(rows.astype(np.float64), axis=1))


def test_midranks_by_hand():
    """(0, 0, 2) ranks 1.5, 1.5, 3: sqrt(3) / 2 with 1, 2, 3."""
    found = row_spearman(np.array([[0.0, 0.0, 2.0]]), np.array([[1.0, 2.0, 3.0]]))
    assert found[0] == pytest.approx(3**0.5 / 2, abs=1e-15)


def test_students_interval_is_scipys():
    from scipy import stats

    values = np.array([0.3, -0.1, 0.4, 0.25])
    low, high = stats.t.interval(0.9, 3, values.mean(), stats.sem(values))
    assert t_interval(values, 0.9) == pytest.approx((values.mean(), low, high))
    assert np.isnan(t_interval([0.3], 0.9)[1:]).all()
    scattered = t_interval([0.0, 1.0], 0.9)
    assert t_interval([0.0, 1.0], 0.9, 0.1, 0.9) == (0.5, 0.1, 0.9)
    assert t_interval([0.0, 1.0], 0.9, -9, 9) == scattered
    assert t_interval([0.0, 1.0], 0.9, 0.6, 0.7) == (0.5, 0.5, 0.7), "an interval holds its mean"
    assert np.isnan(t_interval([0.3, np.nan], 0.9, 0.0, 1.0)).all()
    assert np.isnan(t_interval([0.3, np.nan], 0.9)).all()
    assert np.isnan(t_interval([], 0.9)).all()
