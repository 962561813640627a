"""Layers that have died: their output no longer depends on the image."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.models import evaluating

_ROUNDING = 1e-6
"""Of a layer's largest output. Equal rows of one product need not come out equal to the last bit: a processor may take
the last of them by another kernel."""


@torch.no_grad()
def dead_layers(model: nn.Module, images: Float[Tensor, "b c h w"]) -> tuple[str, ...]:
    """Names of the convolutions and linear layers whose output is the same, to rounding, for every one of the images.

    A layer that does not run in evaluation, as of an auxiliary classifier, is not dead.

    Args:
        model: the network; it runs in evaluation mode and is left as it was found.
        images: normalised, two or more that differ.
    """
    layers = {name: module for name, module in model.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)}
    ran: set[str] = set()
    alive: set[str] = set()

    def watch(name: str) -> Any:
        def note(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            ran.add(name)
            if not bool((output - output[:1]).abs().max() <= _ROUNDING * output.abs().max()):
                alive.add(name)

        return note

    hooks = [module.register_forward_hook(watch(name)) for name, module in layers.items()]
    try:
        with evaluating(model):
            model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(name for name in layers if name in ran and name not in alive)
