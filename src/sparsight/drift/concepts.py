"""Which concepts two networks rank highest, compared class by class."""

from jaxtyping import Float, Int64
from torch import Tensor


def shared(first: Int64[Tensor, "k top"], second: Int64[Tensor, "k top"]) -> Int64[Tensor, " k"]:
    """How many concepts two lists of a class have in common, whatever their order. No list holds a concept twice."""
    return (first.unsqueeze(2) == second.unsqueeze(1)).sum((1, 2))


def top_k_overlap(first: Int64[Tensor, "k top"], second: Int64[Tensor, "k top"]) -> Float[Tensor, " k"]:
    """Drift of the top lists by class: 1 - the share of the concepts that both lists hold (the paper's bold entries).

    Args:
        first: for each of k classes the indices of its highest-ranked concepts.
        second: the same of the other network.
    """
    return 1 - shared(first, second).double() / first.shape[1]


def top_k_jaccard(first: Int64[Tensor, "k top"], second: Int64[Tensor, "k top"]) -> Float[Tensor, " k"]:
    """Drift of the top lists by class: 1 - the Jaccard index of the two sets."""
    common = shared(first, second).double()
    return 1 - common / (first.shape[1] + second.shape[1] - common)
