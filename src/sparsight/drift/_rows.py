"""Correlations of tensors, row by row."""

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
