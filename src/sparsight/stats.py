"""Means and intervals, taken here and nowhere else."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, Int64
from numpy.typing import ArrayLike


def mean(values: ArrayLike) -> float:
    """The mean of the values that are defined; NaN where none is."""
    array = np.asarray(values, dtype=np.float64)
    defined = array[~np.isnan(array)]
    return float(defined.mean()) if defined.size else float("nan")


def spread(values: ArrayLike) -> tuple[float, float]:
    """The smallest and the largest of the values that are defined; NaN where none is."""
    array = np.asarray(values, dtype=np.float64)
    defined = array[~np.isnan(array)]
    return (float(defined.min()), float(defined.max())) if defined.size else (float("nan"), float("nan"))


def balanced_accuracy(predictions: Sequence[int] | np.ndarray, labels: Sequence[int] | np.ndarray) -> float:
    """The mean over the classes that occur in ``labels`` of the share of their images predicted right."""
    predicted, true = np.asarray(predictions), np.asarray(labels)
    return mean([(predicted[true == k] == k).mean() for k in np.unique(true)])


def auroc(scores: ArrayLike, positives: ArrayLike) -> float:
    """Area under the ROC curve, ties counted half (Mann-Whitney); NaN where one side is empty.

    Args:
        scores: array of shape (n,).
        positives: array of shape (n,), true for the positive images.
    """
    from scipy.stats import rankdata

    value, positive = np.asarray(scores, dtype=np.float64), np.asarray(positives, dtype=bool)
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    ranks = rankdata(value)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def row_pearson(first: Float64[np.ndarray, "n m"], second: Float64[np.ndarray, "n m"]) -> Float64[np.ndarray, " n"]:
    """Pearson's correlation of each row with its counterpart; NaN where a row is constant or not finite.

    A row counts as constant where its deviation is rounding: below 1e-12 of its largest magnitude.
    """
    m = max(first.shape[1], 1)
    centred, squares = [], []
    for rows in (first, second):
        values = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, np.nan)
        largest = np.abs(values).max(axis=1, keepdims=True, initial=0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = values / largest  # so that squares of tiny or huge numbers keep their digits
        scaled = scaled - scaled.sum(axis=1, keepdims=True) / m
        square = (scaled**2).sum(axis=1)
        centred.append(scaled)
        squares.append(np.where(square > 1e-24 * m, square, np.nan))
    # One root of the product, not a product of roots: so a row correlates with itself at exactly 1.
    correlation: Float64[np.ndarray, " n"] = (centred[0] * centred[1]).sum(axis=1) / np.sqrt(squares[0] * squares[1])
    return correlation.clip(-1.0, 1.0)


def row_spearman(first: Float[np.ndarray, "n m"], second: Float[np.ndarray, "n m"]) -> Float64[np.ndarray, " n"]:
    """Spearman's rank correlation of each row with its counterpart, ties by midranks.

    NaN where a row is not finite, or its values are all equal; ranks do not tell rounding from a difference.
    """
    centred = []
    for rows in (first, second):
        ranks = row_ranks(rows) - (rows.shape[1] + 1) / 2  # their mean, whatever the ties; so all sums are exact
        ranks[~np.isfinite(rows).all(axis=1)] = np.nan
        centred.append(ranks)
    both, one, other = (np.einsum("nm,nm->n", a, b) for a, b in (centred, centred[:1] * 2, centred[1:] * 2))
    with np.errstate(invalid="ignore"):
        correlation: Float64[np.ndarray, " n"] = both / np.sqrt(one * other)
    return correlation


def row_ranks(rows: Float[np.ndarray, "n m"]) -> Float64[np.ndarray, "n m"]:
    """The rank of each value in its row, from 1, ties by midranks.

    scipy's ``rankdata`` of finite rows, sooner; of NaN, any ranks.
    """
    n, m = rows.shape
    if not m:
        return np.empty((n, 0))
    values, order = _sorted_packed(rows) if rows.dtype == np.float32 else _sorted(rows)
    differs = np.ones((n, m), dtype=bool)  # no run of equal values goes on in the next row
    np.not_equal(values[:, 1:], values[:, :-1], out=differs[:, 1:])
    starts = np.flatnonzero(differs)
    ends = np.append(starts[1:], n * m)
    midranks = (starts + ends - 1) / 2 - starts // m * m + 1
    ranks = np.empty(n * m)
    ranks[(order + m * np.arange(n)[:, None]).ravel()] = np.repeat(midranks, ends - starts)
    return ranks.reshape(n, m)


def _sorted(rows: Float[np.ndarray, "n m"]) -> tuple[Float[np.ndarray, "n m"], Int64[np.ndarray, "n m"]]:
    """The values of each row in order, and their places in it."""
    order = rows.argsort(axis=1)
    return np.take_along_axis(rows, order, axis=1), order


def _sorted_packed(rows: Float32[np.ndarray, "n m"]) -> tuple[Int32[np.ndarray, "n m"], Int32[np.ndarray, "n m"]]:
    """The same, with whole numbers in the values' place that are in the same order and as equal.

    One number holds a value's bits and its place, because numbers are sorted with vector instructions and places by
    numbers are not: 1.4 against 5.2 ms for 1,000 rows of 196.
    """
    bits = (rows + np.float32(0)).view(np.int32)  # -0 + 0 is 0: they are equal
    rising = bits ^ ((bits >> 31) & 0x7FFFFFFF)  # of a negative number, more bits are less
    packed = rising.astype(np.int64)
    packed <<= 32
    packed |= np.arange(rows.shape[1])
    packed.sort(axis=1)
    return (packed >> 32).astype(np.int32), packed.astype(np.int32)


def t_interval(
    values: ArrayLike, level: float, least: float = -float("inf"), most: float = float("inf")
) -> tuple[float, float, float]:
    """Mean and Student's interval of independent values; NaN where one is undefined, no interval of fewer than two.

    Args:
        values: array of shape (n,).
        level: share of such intervals that hold the mean, as 0.9.
        least, most: what the mean can be; the interval is cut there, and holds the mean in any case.
    """
    from scipy.special import stdtrit

    array = np.asarray(values, dtype=np.float64)
    middle = float(array.mean()) if array.size else float("nan")
    if array.size < 2:
        return middle, float("nan"), float("nan")
    half = float(stdtrit(array.size - 1, (1 + level) / 2) * array.std(ddof=1) / np.sqrt(array.size))
    return middle, max(middle - half, min(least, middle)), min(middle + half, max(most, middle))
