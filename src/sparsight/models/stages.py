"""The convolution blocks whose averages, side by side, can be the embedding: the last one of every resolution.

The paper takes "all the convolution blocks" as the image's embedding, flattened by adaptive average pooling, and does
not say whether it means the last block's output, which all of them lead to, or every stage's. Both can be had.
"""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.split import evaluating, is_map

SMALLER = 0.6
"""A stage ends where the map's side is at most so much of what it was where the stage began; filters without padding
take less than that away."""


def block_layers(model: nn.Module, features: str, images: Float[Tensor, "b c h w"]) -> tuple[str, ...]:
    """The last block of each resolution, in the order in which they run; ``features`` is that of the last.

    A block is a child of the network, or of a list of modules in it, that has children itself: a residual block, an
    inception block. Where there is none, as in VGG, every layer is one.

    Args:
        model: the network; it is left as it was found.
        features: the module whose output is the last feature map.
        images: a few, normalised.

    Raises:
        InputError: if there is one resolution only, or the others' maps are not (b, l, h, w).
    """
    sides: dict[str, int] = {}
    odd: list[str] = []

    def watch(name: str) -> Any:
        def note(module: nn.Module, _inputs: Any, output: Any) -> None:
            if is_map(output, images):
                sides[name] = output.shape[2]
            elif isinstance(output, Tensor) and output.ndim == 4 and _has_children(module):
                odd.append(name)

        return note

    trunk = dict(_trunk(model))
    watched = {**trunk, features: model.get_submodule(features)}
    hooks = [module.register_forward_hook(watch(name)) for name, module in watched.items()]
    try:
        with torch.no_grad(), evaluating(model):
            model(images)
    finally:
        for hook in hooks:
            hook.remove()
    blocks = [name for name in trunk if name in sides and _has_children(trunk[name])]
    stages: list[list[str]] = []
    for name in [name for name in sides if name in (blocks or trunk)]:
        if not stages or sides[name] <= SMALLER * sides[stages[-1][0]]:
            stages.append([])
        stages[-1].append(name)
    before = [stage[-1] for stage in stages if SMALLER * sides[stage[0]] >= sides[features]]
    if odd or not before:
        raise InputError(
            f"model.embedding: {type(model).__name__}: the blocks before {features!r} do not give larger maps "
            "(b, l, h, w); take head, or name layers"
        )
    return (*before, features)


def _has_children(module: nn.Module) -> bool:
    return any(True for _ in module.children())


def _trunk(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """What a network is a chain of: its children, those of a list of modules in its place."""
    for child, below in module.named_children():
        path = f"{name}.{child}" if name else child
        if isinstance(below, nn.Sequential | nn.ModuleList):
            yield from _trunk(below, path)
        else:
            yield path, below
