"""How many weights each round keeps, and which ones."""

from math import floor

import torch
from torch import Tensor

from sparsight.pruning.mask import Mask, largest


def count_at(total: int, rate: float, round_: int) -> int:
    """How many of ``total`` weights round ``round_`` keeps: ``total * (1 - rate) ** round_``, halves rounded up.

    At least one weight is left. Counts come from the dense total, so rounding errors do not add up over rounds.
    """
    return max(1, floor(total * (1 - rate) ** round_ + 0.5))


def prune_by_layer(
    scores: dict[str, Tensor], alive: Mask, rate: float, round_: int, generator: torch.Generator
) -> Mask:
    """The mask of round ``round_``: in each parameter the alive weights with the largest scores.

    Where exactly the previous round's number of weights is alive, the count is ``count_at`` of the schedule. Where
    more or fewer are (an arm that counts by value), the same share of those that are alive is kept.

    Args:
        scores: for each prunable parameter a score a weight, larger is kept.
        alive: the weights that may be kept.
        rate: share of the weights that each round removes, in (0, 1).
        round_: the round whose mask is asked for, 1 or more.
        generator: decides ties.
    """
    pruned = {}
    for name, score in scores.items():
        candidates = alive[name].flatten()
        now, before = (count_at(score.numel(), rate, r) for r in (round_, round_ - 1))
        count = max(1, floor(int(candidates.sum()) * now / before + 0.5))
        pruned[name] = largest(score.flatten(), candidates, count, generator).reshape(score.shape)
    return pruned


def prune_globally(
    scores: dict[str, Tensor], alive: Mask, rate: float, round_: int, generator: torch.Generator
) -> Mask:
    """As ``prune_by_layer``, but with one ranking over all parameters: a layer may lose every weight."""
    everything = prune_by_layer(
        {"": torch.cat([score.flatten() for score in scores.values()])},
        {"": torch.cat([alive[name].flatten() for name in scores])},
        rate,
        round_,
        generator,
    )[""]
    parts = everything.split([score.numel() for score in scores.values()])
    return {name: part.reshape(scores[name].shape) for name, part in zip(scores, parts, strict=True)}
