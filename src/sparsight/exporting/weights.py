"""A ticket's weights as a plain state dict, and its mask as ``torch.nn.utils.prune`` takes it."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor, nn
from torch.nn.utils import prune

from sparsight.arms import Ticket

_MASK = "_mask"


@dataclass(frozen=True)
class Layer:
    """The prunable weights of one layer, counted in the exported tensors.

    Attributes:
        name: the parameter's, as in the state dict.
        weights: how many there are.
        kept: how many the mask keeps.
        zeros: how many are 0 in the state dict.
    """

    name: str
    weights: int
    kept: int
    zeros: int

    @property
    def sparsity(self) -> float:
        """The share of zeros."""
        return self.zeros / self.weights


def count_layers(state: Mapping[str, Tensor], masks: Mapping[str, Bool[Tensor, "..."]]) -> tuple[Layer, ...]:
    """Count what is written, layer by layer; masks are named as they are exported."""
    return tuple(
        Layer(name, mask.numel(), int(mask.sum()), int((state[name] == 0).sum()))
        for name, mask in ((key.removesuffix(_MASK), mask) for key, mask in masks.items())
    )


def exported_masks(ticket: Ticket) -> dict[str, Bool[Tensor, "..."]]:
    """Masks by ``<module>.weight_mask``; a weight that a rule has revived counts as kept, as it is not 0."""
    return {f"{name}{_MASK}": keep for name, keep in ticket.alive.items()}


def by_every_name(
    masks: Mapping[str, Bool[Tensor, "..."]], shared: Mapping[str, str]
) -> dict[str, Bool[Tensor, "..."]]:
    """The exported masks with one for each layer that shares its parameter with another: each layer is pruned by its
    own name.

    Args:
        masks: as ``exported_masks`` names them.
        shared: for each further name of a parameter its name in the masks.
    """
    return {**masks, **{f"{name}{_MASK}": masks[f"{first}{_MASK}"].clone() for name, first in shared.items()}}


def apply_masks(model: nn.Module, masks: Mapping[str, Bool[Tensor, "..."]]) -> None:
    """Prune a model by exported masks; ``torch.nn.utils.prune.remove`` would make it permanent.

    From the files, without this package::

        model.load_state_dict(load_file("state.safetensors"))
        for key, mask in load_file("mask.safetensors").items():
            module, _, name = key.removesuffix("_mask").rpartition(".")
            prune.custom_from_mask(model.get_submodule(module), name, mask)
    """
    for key, mask in masks.items():
        module, _, name = key.removesuffix(_MASK).rpartition(".")
        prune.custom_from_mask(model.get_submodule(module), name, mask)


def with_ones(state: Mapping[str, Tensor], masks: Mapping[str, Bool[Tensor, "..."]]) -> dict[str, Tensor]:
    """The state dict with ones where the masks are false, so that only a mask that is applied gives its logits."""
    ones = dict(state)
    for key, mask in masks.items():
        name = key.removesuffix(_MASK)
        ones[name] = torch.where(mask, state[name], torch.ones_like(state[name]))
    return ones
