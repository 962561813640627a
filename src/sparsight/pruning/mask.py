"""Masks over the prunable weights of a network."""

from collections.abc import Iterable, Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

Mask = dict[str, Tensor]
"""For each prunable parameter, by its name in the state dict, a boolean tensor of its shape: true where it is kept."""


def full_mask(state: Mapping[str, Tensor], names: Iterable[str]) -> Mask:
    """The mask of a dense network: ones for every named parameter."""
    return {name: torch.ones(state[name].shape, dtype=torch.bool) for name in names}


def masked(state: Mapping[str, Tensor], mask: Mask) -> dict[str, Tensor]:
    """A copy of ``state`` with zeros (never minus zeros) where the mask is false."""
    copy = {name: tensor.detach().cpu().clone() for name, tensor in state.items()}
    for name, keep in mask.items():
        copy[name].masked_fill_(~keep, 0)
    return copy


@torch.no_grad()
def hold_at_zero(model: nn.Module, mask: Mask) -> None:
    """Set a network's weights to zero (never minus zero) where the mask is false.

    In place, since a parameter that several layers share has one entry in a mask and several in a state dict.
    """
    parameters = dict(model.named_parameters())
    for name, keep in mask.items():
        parameters[name].masked_fill_(~keep.to(parameters[name].device), 0)


def kept(mask: Mask) -> int:
    """How many weights the mask keeps."""
    return sum(int(keep.sum()) for keep in mask.values())


def largest(
    scores: Float[Tensor, " n"], candidates: Bool[Tensor, " n"], count: int, generator: torch.Generator
) -> Bool[Tensor, " n"]:
    """Select exactly ``count`` candidates with the largest scores; ties fall by a draw from ``generator``.

    Fewer than ``count`` candidates are all selected. One permutation is drawn whether or not there are ties.

    Raises:
        ValueError: if a candidate's score is NaN.
    """
    if bool(torch.isnan(scores[candidates]).any()):
        raise ValueError("a score is NaN")
    shuffled = torch.randperm(len(scores), generator=generator)
    shuffled = shuffled[candidates[shuffled]]
    order = torch.argsort(scores[shuffled], descending=True, stable=True)
    selected = torch.zeros_like(candidates)
    selected[shuffled[order[:count]]] = True
    return selected
