"""Which concepts two networks rank highest, compared class by class.

A list may be short: g uses few concepts for a class, or none, and a concept of no positive weight speaks for nothing.
Free places of a list hold -1.
"""

from jaxtyping import Float, Int64
from torch import Tensor


def shared(first: Int64[Tensor, "k top"], second: Int64[Tensor, "k top"]) -> Int64[Tensor, " k"]:
    """How many concepts two lists of a class have in common, whatever their order. No list holds a concept twice."""
    same = (first.unsqueeze(2) == second.unsqueeze(1)) & (first >= 0).unsqueeze(2)
    return same.sum((1, 2))


def top_k_overlap(first: Int64[Tensor, "k top"], second: Int64[Tensor, "k top"]) -> Float[Tensor, " k"]:
    """Drift of the top lists by class: 1 - the share of the longer list that both hold (the paper's bold entries).

    Args:
        first: for each of k classes the indices of its highest-ranked concepts, -1 where there are fewer.
        second: the same of the other network.

    Returns:
        NaN for a class where both lists are empty.
    """
    longer = (first >= 0).sum(1).maximum((second >= 0).sum(1))
    return 1 - shared(first, second).double() / longer


def top_k_jaccard(first: Int64[Tensor, "k top"], second: Int64[Tensor, "k top"]) -> Float[Tensor, " k"]:
    """Drift of the top lists by class: 1 - the Jaccard index of the two sets; NaN where both are empty."""
    common = shared(first, second)
    union = (first >= 0).sum(1) + (second >= 0).sum(1) - common
    return 1 - common.double() / union
