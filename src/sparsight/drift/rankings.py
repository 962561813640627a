"""How two networks rank all concepts of a class, compared class by class."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sparsight.drift._rows import drift_of, spearman


def weight_spearman(first: Float[Tensor, "k c"], second: Float[Tensor, "k c"]) -> Float[Tensor, " k"]:
    """Drift of g's rows: 1 - Spearman's correlation over all concepts, the negative and the unused ones among them.

    The many weights that are 0 share their midrank. A row that is constant in one network, as where g uses no concept,
    has nothing in common with one that is not: 1. NaN where it is in both.
    """
    return drift_of(spearman, first, second)


def rank_biased_overlap(
    first: Float[Tensor, "k c"], second: Float[Tensor, "k c"], *, persistence: float = 0.9
) -> Float[Tensor, " k"]:
    """Drift of the rankings: 1 - the extrapolated rank-biased overlap of the concepts of positive weight.

    The lists are as long as g makes them, and of uneven length. What a shorter one would go on with is taken to agree
    as well as what is seen of it, so that the head of a list is at 0 from the whole. Of equal weights the concept with
    the smaller index comes first, in both lists: ties between the same concepts count as agreement.

    Args:
        first: weights of g, as shown.
        second: the same of the other network.
        persistence: p, the chance of reading on at each rank; at 0.9 the first ten ranks hold 86 % of the measure.

    Returns:
        NaN for a class where both lists are empty or a weight is not finite, 1 where one list is empty.

    Raises:
        ValueError: if the persistence is not between 0 and 1.

    References:
        W. Webber, A. Moffat, J. Zobel. A Similarity Measure for Indefinite Rankings. ACM TOIS 2010, eq. 32.
    """
    if not 0 < persistence < 1:
        raise ValueError(f"the persistence of rank-biased overlap lies between 0 and 1, not {persistence}")
    lengths = torch.stack([(first > 0).sum(1), (second > 0).sum(1)]).double()
    short, long = lengths.amin(0)[:, None], lengths.amax(0)[:, None]
    depth = torch.arange(1, first.shape[1] + 1, dtype=torch.float64, device=first.device)
    # A concept counts from the rank at which both lists have reached it.
    reached = _ranks(first).maximum(_ranks(second))
    both = ((first > 0) & (second > 0)).double()
    overlap = torch.zeros_like(both).scatter_add_(1, reached, both).cumsum(1)  # X_d
    common = both.sum(1, keepdim=True)  # X_l
    at_short = torch.where(depth <= short, overlap, 0.0).amax(1, keepdim=True)  # X_s
    beyond = (depth > short) * at_short * (depth - short) / (short * depth)
    # 1 - eq. 32 term by term, as its weights sum to 1: so a ranking is at exactly 0 from itself.
    weight = (1 - persistence) / persistence * persistence**depth * (depth <= long)
    seen = (weight * (1 - overlap / depth - beyond)).sum(1, keepdim=True)
    unseen = persistence**long * (1 - (common - at_short) / long - at_short / short)
    drift = torch.where(short > 0, seen + unseen, 1.0).clamp(0, 1)[:, 0]
    undefined = (long[:, 0] == 0) | ~(first.isfinite() & second.isfinite()).all(1)
    return drift.masked_fill(undefined, torch.nan)


def _ranks(weights: Float[Tensor, "k c"]) -> Int64[Tensor, "k c"]:
    """The place of each concept by weight, from 0 for the largest; ties by index."""
    return weights.sort(dim=1, descending=True, stable=True).indices.argsort(1)
