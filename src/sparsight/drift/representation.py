"""How alike two networks' embeddings are, and in how many dimensions one spreads."""

import math

import torch
from jaxtyping import Float, Float64
from torch import Tensor

_ROUNDING = 64
"""A column that deviates by so many units of its precision is constant: what is left is rounding."""
_NOTHING = 1e-12
"""Share of a sum of squares below which the difference of sums that is left of it is rounding."""
FEWEST = 4
"""Images below which nothing is left once each image's own mean is taken off."""


def linear_cka(first: Float[Tensor, "n l"], second: Float[Tensor, "n m"]) -> float:
    """Drift of embeddings: 1 - debiased linear centred kernel alignment, HSIC(X, Y) / sqrt(HSIC(X, X) HSIC(Y, Y)).

    HSIC is the unbiased estimate over pairs of different images: with the Gram matrices K = XX' and L = YY', their
    diagonals set to 0 and their rows and columns U-centred, the sum of products over n (n - 3). The usual estimate
    counts each image's alignment with itself, which all networks share: it makes two networks look the more alike the
    fewer the images and the more dimensions their embeddings fill, unrelated ones too.

    Rotations of an embedding, its offset and its scale do not count. The alignment is the correlation of the two
    U-centred matrices, so that a drift lies in 0..2: 0 for the same embedding, on average 1 for unrelated ones, and
    above 1 where pairs of images that are alike for the one network are unlike for the other.

    Args:
        first: embeddings of n images.
        second: those of the other network, of the same images; the widths may differ.

    Returns:
        1 where no two images of one embedding have more or less in common than any other two (all are the same, or all
        but one) and those of the other have; NaN where this is so of both, with fewer than 4 images, or where a value
        is not finite.

    Raises:
        ValueError: if the numbers of images differ.

    References:
        S. Kornblith, M. Norouzi, H. Lee, G. Hinton. Similarity of Neural Network Representations Revisited. ICML 2019.
        L. Song, A. Smola, A. Gretton, J. Bedo, K. Borgwardt. Feature Selection via Dependence Maximization. JMLR 2012.
        G. Székely, M. Rizzo. Partial Distance Correlation with Methods for Dissimilarities. Annals of Statistics 2014.
        M. Davari, S. Horoi, A. Natik, G. Lajoie, G. Wolf, E. Belilovsky. Reliability of CKA as a Similarity Measure in
        Deep Learning. ICLR 2023.
    """
    if (sides := _defined(first, second)) is None:
        return math.nan
    x, y = sides
    shared, own, others = (_pairs(a, b, _aligned(a, b)) for a, b in ((x, y), (x, x), (y, y)))
    return float(_drift(shared, own, others, _floor(x), _floor(y)))


def linear_cka_left_out(first: Float[Tensor, "n l"], second: Float[Tensor, "n m"]) -> Float64[Tensor, " n"]:
    """``linear_cka`` of all images but one, for each of them; in about the time of three of all.

    Args:
        first: embeddings of n images.
        second: those of the other network.

    Returns:
        NaN where it is undefined.

    Raises:
        ValueError: if the numbers of images differ.
    """
    if (sides := _defined(first, second)) is None or len(first) <= FEWEST:
        return torch.full((len(first),), torch.nan, dtype=torch.float64)
    x, y = sides
    shared, own, others = (_pairs_left_out(a, b) for a, b in ((x, y), (x, x), (y, y)))
    return _drift(shared, own, others, _floor(x), _floor(y))


def effective_dimensions(embedding: Float[Tensor, "n l"]) -> float:
    """The participation ratio (tr C)² / tr C² of the covariance C of an embedding: in how many dimensions it spreads.

    Both parts are unbiased, over pairs of pairs of different images; the plug-in estimate never exceeds n - 1. It may
    come out a little below 1 by chance.

    Args:
        embedding: of n images.

    Returns:
        NaN with fewer than 4 images, where all have the same embedding, or a value is not finite; infinite where no two
        have more or less in common than any other two.

    References:
        P. Gao et al. A theory of multineuronal dimensionality, dynamics and measurement. bioRxiv 2017.
    """
    if len(embedding) < FEWEST or not embedding.isfinite().all():
        return math.nan
    x = _centred(embedding)
    n, norms = len(x), x.square().sum(1)
    total, aligned = norms.sum(), _aligned(x, x)
    if not total > 0:
        return math.nan
    squares = norms.square().sum()
    # Half the squared distances of two pairs of images, multiplied, over all pairs that have no image in common.
    above = n * n * total**2 - n * (n - 1) * squares - (3 * n - 1) * total**2 + 2 * aligned
    pairs = _pairs(x, x, aligned)
    if not pairs > _floor(x):
        return math.inf
    return float(above / ((n - 1) * (n - 2)) / pairs)


def _defined(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor] | None:
    if len(first) != len(second):
        raise ValueError(f"embeddings of {len(first)} and of {len(second)} images cannot be compared")
    if len(first) < FEWEST or not (first.isfinite().all() and second.isfinite().all()):
        return None
    return _centred(first), _centred(second)


def _drift(shared: Tensor, own: Tensor, others: Tensor, least: Tensor, least_others: Tensor) -> Tensor:
    # No product of the two: each may be as small as a float is. Cauchy and Schwarz bound it; what lies beyond is
    # rounding.
    drift = 1 - (shared / own.sqrt() / others.sqrt()).clamp(-1, 1)
    drift = torch.where((shared == own) & (own == others), 0.0, drift)
    silent, other = ~(own > least), ~(others > least_others)
    return torch.where(silent | other, torch.where(silent & other, torch.nan, 1.0), drift)


def _aligned(x: Tensor, y: Tensor) -> Tensor:
    """The sum over all pairs of images of what both say of them, from Gram matrices (n, n) or the covariance (l, m):
    whichever is less work."""
    n, a, b = len(x), x.shape[1], y.shape[1]
    if n * (a + b) < a * b:
        return ((x @ x.T) * (y @ y.T)).sum()
    return (x.T @ y).square().sum()


def _aligned_rows(x: Tensor, y: Tensor) -> Tensor:
    """The same by image: its pairs with all, itself among them."""
    n, a, b = len(x), x.shape[1], y.shape[1]
    if n * (a + b) < 2 * a * b:
        return ((x @ x.T) * (y @ y.T)).sum(1)
    return ((x @ (x.T @ y)) * y).sum(1)


def _pairs(x: Tensor, y: Tensor, aligned: Tensor) -> Tensor:
    """n (n - 3) times the unbiased HSIC, of centred embeddings: their Gram matrices' rows sum to 0, so that what
    U-centring takes off is made of the images' squared norms."""
    n, own, others = len(x), x.square().sum(1), y.square().sum(1)
    return aligned - n / (n - 2) * (own @ others) + own.sum() * others.sum() / ((n - 1) * (n - 2))


def _pairs_left_out(x: Tensor, y: Tensor) -> Tensor:
    """The same without each image, which leaves the others uncentred: (n - 1) (n - 4) times their HSIC."""
    m, own, others = len(x) - 1, x.square().sum(1), y.square().sum(1)
    both = own * others
    rows = _aligned_rows(x, y) - both
    sums = both.sum() - 3 * both + x @ (others @ x) + y @ (own @ y) + rows
    totals = (2 * own - own.sum()) * (2 * others - others.sum())
    return rows.sum() - 2 * rows + totals / ((m - 1) * (m - 2)) - 2 / (m - 2) * sums


def _floor(x: Tensor) -> Tensor:
    """What ``_pairs`` of an embedding with itself must exceed to be more than rounding."""
    return _NOTHING * x.square().sum() ** 2


def _centred(embedding: Float[Tensor, "n l"]) -> Float[Tensor, "n l"]:
    """Less each column's mean, constant columns exactly 0, and the largest value 1 so that no square overflows."""
    x = embedding.double()
    largest = x.abs().amax()
    x = x / largest
    centred = x - x.mean(0)
    rounding = _ROUNDING * torch.finfo(embedding.dtype).eps * x.abs().amax(0)
    centred = torch.where(centred.abs().amax(0) > rounding, centred, 0.0)
    return centred / centred.abs().amax()
