"""Correlations of tensors, row by row."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Float64
from torch import Tensor, float64, from_numpy

from sparsight.stats import row_pearson, row_spearman


def pearson(first: Float[Tensor, "n m"], second: Float[Tensor, "n m"]) -> Float64[Tensor, " n"]:
    """Pearson's correlation of each row with its counterpart; NaN where one is constant or not finite."""
    return from_numpy(row_pearson(first.double().cpu().numpy(), second.double().cpu().numpy()))


def spearman(first: Float[Tensor, "n m"], second: Float[Tensor, "n m"]) -> Float64[Tensor, " n"]:
    """Spearman's correlation of each row with its counterpart, ties by midranks; NaN as ``pearson``."""
    # Ranks need no more digits than the values have, and short numbers are sorted faster.
    sides = (side if side.dtype == float64 else side.float() for side in (first, second))
    return from_numpy(row_spearman(*(side.cpu().numpy() for side in sides)))


def drift_of(correlate: Callable[[Tensor, Tensor], Tensor], first: Tensor, second: Tensor) -> Float64[Tensor, " n"]:
    """1 - the correlation of each row with its counterpart; 1 where one of the two is constant and the other is not.

    What says nothing has nothing in common with what says something, so that a correlation that does not exist is none.
    Of two that say nothing, and of numbers that are not finite, nothing is known: NaN.
    """
    drift = 1 - correlate(first, second)
    unknown = drift.isnan() & first.isfinite().all(1) & second.isfinite().all(1)
    if unknown.any():
        silent, other = (correlate(side[unknown], side[unknown]).isnan() for side in (first, second))
        drift[unknown] = torch.where(silent ^ other, 1.0, torch.nan).to(drift.dtype)
    return drift
