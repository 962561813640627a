"""How alike two networks' embeddings are."""

import torch
from jaxtyping import Float
from torch import Tensor

_ROUNDING = 64
"""A column that deviates by so many units of its precision is constant: what is left is rounding."""


def linear_cka(first: Float[Tensor, "n l"], second: Float[Tensor, "n m"]) -> float:
    """Drift of embeddings: 1 - linear centred kernel alignment, ||Y'X||² / (||X'X|| ||Y'Y||) of centred X and Y.

    Rotations of an embedding and its scale do not count. With few images it runs high for any two networks, so
    compare values of the same number of images only.

    Args:
        first: embeddings of n images.
        second: those of the other network, of the same images; the widths may differ.

    Returns:
        NaN where an embedding is the same for all images, or a value is not finite.

    Raises:
        ValueError: if the numbers of images differ.

    References:
        S. Kornblith, M. Norouzi, H. Lee, G. Hinton. Similarity of Neural Network Representations Revisited. ICML 2019.
    """
    if len(first) != len(second):
        raise ValueError(f"embeddings of {len(first)} and of {len(second)} images cannot be compared")
    if not len(first) or not (first.isfinite().all() and second.isfinite().all()):
        return float("nan")
    x, y = _centred(first), _centred(second)
    n, a, b = len(x), x.shape[1], y.shape[1]
    # The same numbers from (n, n) Gram matrices or from (l, l), (m, l) and (m, m) covariances: whichever is less work.
    if n * (a + b) < a * a + a * b + b * b:
        gram, other = x @ x.T, y @ y.T
        shared, own = (gram * other).sum(), gram.square().sum() * other.square().sum()
    else:
        shared, own = (y.T @ x).square().sum(), (x.T @ x).square().sum() * (y.T @ y).square().sum()
    return float(1 - (shared / own.sqrt()).clamp(0, 1))


def _centred(embedding: Float[Tensor, "n l"]) -> Float[Tensor, "n l"]:
    """Less each column's mean, constant columns exactly 0, and the largest value 1 so that no square overflows."""
    x = embedding.double()
    largest = x.abs().amax()
    x = x / largest
    centred = x - x.mean(0)
    rounding = _ROUNDING * torch.finfo(embedding.dtype).eps * x.abs().amax(0)
    centred = torch.where(centred.abs().amax(0) > rounding, centred, 0.0)
    return centred / centred.abs().amax()
