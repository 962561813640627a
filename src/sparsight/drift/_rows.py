"""Correlations of tensors, row by row."""

from jaxtyping import Float, Float64
from torch import Tensor, from_numpy

from sparsight.stats import row_pearson, row_spearman


def pearson(first: Float[Tensor, "n m"], second: Float[Tensor, "n m"]) -> Float64[Tensor, " n"]:
    """Pearson's correlation of each row with its counterpart; NaN where one is constant or not finite."""
    return from_numpy(row_pearson(first.double().cpu().numpy(), second.double().cpu().numpy()))


def spearman(first: Float[Tensor, "n m"], second: Float[Tensor, "n m"]) -> Float64[Tensor, " n"]:
    """Spearman's correlation of each row with its counterpart, ties by midranks; NaN as ``pearson``."""
    return from_numpy(row_spearman(first.double().cpu().numpy(), second.double().cpu().numpy()))
