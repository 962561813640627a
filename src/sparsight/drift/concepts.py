"""Which concepts two networks rank highest, compared class by class.

A list may be short: g uses few concepts for a class, or none, and a concept of no positive weight speaks for nothing.
Free places of a list hold -1.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from sparsight.concepts import top_concepts


def listed(weights: Float[Tensor, "k c"], top_k: int) -> Int64[Tensor, "k top"]:
    """Indices of each class's top concepts by signed weight, largest first; -1 where fewer have a positive weight.

    Of equal weights the concept with the smaller index comes first. The list has ``top_k`` places, also where there
    are fewer concepts.

    Raises:
        ValueError: if there is no concept, or ``top_k`` is below 1.
    """
    if top_k < 1:
        raise ValueError(f"top {top_k} concepts")
    indices, values = top_concepts(weights, min(top_k, weights.shape[1]))
    return functional.pad(indices.masked_fill(~(values > 0), -1), (0, top_k - indices.shape[1]), value=-1)


def by_group(
    weights: Float[Tensor, "k c"], groups: Sequence[tuple[str, ...]]
) -> tuple[Float[Tensor, "k m"], tuple[str, ...]]:
    """What each group of concepts says for a class: the sum of its positive weights, to be compared as weights are.

    The concepts of a group mostly exclude each other, so a group that decides holds positive and negative weights side
    by side (for blue wings is against red ones), and their sum would cancel. Only the positive ones are listed, and so
    only they are summed. A concept of several names, whose columns are equal, speaks for all of them: its weight is
    shared among its names in equal parts, each of which counts for the group of that name.

    Args:
        weights: of g, as shown.
        groups: of each concept, the group of each of its names.

    Returns:
        The sums, float64, and the names of the groups in order of first appearance.

    Raises:
        ValueError: if there are not as many tuples of groups as concepts, or one is empty.
    """
    if len(groups) != weights.shape[1] or not all(groups):
        raise ValueError(f"groups of {sum(map(bool, groups))} concepts for {weights.shape[1]} concepts")
    names = tuple(dict.fromkeys(group for own in groups for group in own))
    place = {name: i for i, name in enumerate(names)}
    parts = [(place[group], c, len(own)) for c, own in enumerate(groups) for group in own]
    index, concept, among = torch.tensor(parts, dtype=torch.int64, device=weights.device).reshape(-1, 3).unbind(1)
    sums = weights.new_zeros(len(weights), len(names), dtype=torch.float64)
    return sums.index_add_(1, index, weights.double().clamp(min=0)[:, concept] / among), names


def reordered(weights: Float[Tensor, "k c"], names: Sequence[int], top_k: int) -> Float[Tensor, " k"]:
    """What the order of equal columns alone would change of a class's list, if they were listed apart.

    A concept of m equal columns then stands there m times, with an m-th of its weight, and which of them come first is
    rounding. Of two lists that differ in that order alone, drawn at random, this is the expected ``top_k_overlap``:
    where the last s places of a list of L are those of m equal columns, both hold s / m of each other's, and
    ``s (1 - s / m) / L`` is lost.

    Args:
        weights: of g, as ``resolved``.
        names: how many columns each concept has.
        top_k: length of the list.

    Returns:
        NaN for a class whose list is empty.
    """
    counts = torch.tensor(names, device=weights.device)
    positive = weights > 0
    each = torch.where(positive, weights.double() / counts, -torch.inf)
    order = each.argsort(dim=1, descending=True, stable=True)
    sizes = torch.where(positive, counts, 0).gather(1, order)
    ends = sizes.cumsum(1)
    length = ends[:, -1:].clamp(max=top_k)
    cut = (ends > length) & (ends - sizes < length)  # the one concept whose columns the list's end parts, if any
    inside = torch.where(cut, length - (ends - sizes), 0).double()
    return (inside * (1 - inside / sizes.clamp(min=1))).sum(1) / length[:, 0]


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
