"""Explanations against what interventions show, and how far the truth itself moved.

``weights_against_truth`` and ``energy_against_truth`` are similarities, of one network's explanation and its own truth:
1 where they rank alike. ``effect_drift`` is a drift, of two networks' truths.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sparsight.drift._rows import drift_of, pearson, spearman

FEWEST_VISIBLE = 3
"""So many things of a row must count: any two are in one order or the other, a correlation of 1 or -1."""


def weights_against_truth(weights: Float[Tensor, "k c"], effects: Float[Tensor, "k c"]) -> Float[Tensor, " k"]:
    """Spearman's correlation by class of g's weights with what each concept does to the class's logit.

    Args:
        weights: of g, as shown.
        effects: mean over images of the change of the logit of class k, as it is, when concept c is set.

    Returns:
        A similarity; NaN for a class whose weights or effects are constant.
    """
    return spearman(weights, effects)


def energy_against_truth(
    energy: Float[Tensor, "n p"], effects: Float[Tensor, "n p"], visible: Bool[Tensor, "n p"]
) -> Float[Tensor, " n"]:
    """Spearman's correlation by image of the energy in each part with what the part does to the explained logit.

    Args:
        energy: share of the map's energy in each part.
        effects: change that the part makes of the explained logit less the mean of all.
        visible: whether the part can be seen; the others have neither energy nor effect, and are left out.

    Returns:
        A similarity; NaN for an image with fewer than 3 visible parts, a dead map, or the same value for all of them.
    """
    return _over_visible(_midranks(energy, visible), _midranks(effects, visible), visible)


def effect_drift(
    first: Float[Tensor, "n m"], second: Float[Tensor, "n m"], visible: Bool[Tensor, "n m"] | None = None
) -> Float[Tensor, " n"]:
    """How far the true dependence moved: 1 - Pearson's correlation of two networks' effects, row by row.

    Scale does not count: a network that is surer by a factor depends on the same things. For concepts, a row is a class
    and holds the mean effect of each concept on its logit, as it is. For parts or habitats, a row is an image and holds
    the effect of each on the explained logit less the mean of all, the same class for both networks.

    Args:
        first: effects in the one network.
        second: effects in the other.
        visible: which to count, as parts that can be seen; all if None.

    Returns:
        1 for a row of constant effects in one network alone, which depends on none of it; NaN for one of constant
        effects in both, or of fewer than 3 that count.
    """
    counted = torch.ones_like(first, dtype=torch.bool) if visible is None else visible
    drift = drift_of(pearson, *_filled(first, second, counted))
    return drift.masked_fill(counted.sum(1) < FEWEST_VISIBLE, torch.nan)


def _over_visible(first: Float[Tensor, "n p"], second: Float[Tensor, "n p"], visible: Bool[Tensor, "n p"]) -> Tensor:
    """Pearson's correlation of each row over what is visible."""
    return pearson(*_filled(first, second, visible)).masked_fill(visible.sum(1) < FEWEST_VISIBLE, torch.nan)


def _filled(first: Float[Tensor, "n p"], second: Float[Tensor, "n p"], visible: Bool[Tensor, "n p"]) -> list[Tensor]:
    """Both, in which what is not visible takes the row's mean, and so has no part in a correlation."""
    return [
        torch.where(visible, side, side.masked_fill(~visible, 0).sum(1, keepdim=True) / visible.sum(1, keepdim=True))
        for side in (first.double(), second.double())
    ]


def _midranks(values: Float[Tensor, "n p"], visible: Bool[Tensor, "n p"]) -> Float[Tensor, "n p"]:
    """The rank of each value among the visible ones of its row, ties by midranks; NaN where not finite."""
    one, others, seen = values[:, :, None], values[:, None, :], visible[:, None, :]
    ranks = ((others < one) & seen).sum(2) + (((others == one) & seen).sum(2) + 1) / 2
    return ranks.double().masked_fill(~values.isfinite(), torch.nan)
