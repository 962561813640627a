"""Means and intervals, taken here and nowhere else."""

from collections.abc import Sequence

import numpy as np
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
