"""Whether saliency maps depend on what the network has learned: the cascading randomisation check.

From the head downwards, layer by layer, learned weights give way to fresh random ones. A map that says something of the
network is another one after that; a map that stays the same shows the image, not the network.

References:
    J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim. Sanity Checks for Saliency Maps. NeurIPS 2018.
"""

import copy
import math
from dataclasses import dataclass
from itertools import chain

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from sparsight.draws import key_seed
from sparsight.models import Split, named_module
from sparsight.saliency.gradcam import closed_form_holds
from sparsight.saliency.methods import maps_of
from sparsight.saliency.settings import SaliencySettings
from sparsight.stats import row_spearman

MOST_STAGES = 20
"""Of a deeper network, neighbouring blocks are randomised together."""


@dataclass(frozen=True)
class Cascade:
    """What is left of the maps as the network is randomised from its head downwards.

    Attributes:
        stages: the lowest block that is random; all above it are too. The first is the head, at the last no learned
            weight is left.
        similarity: Spearman's correlation of each image's map with that of the learned network; NaN where one of them
            is constant.
    """

    stages: tuple[str, ...]
    similarity: Float64[Tensor, "s b"]


def cascade(
    model: nn.Module,
    split: Split,
    images: Float[Tensor, "b c h w"],
    targets: Int64[Tensor, " b"],
    settings: SaliencySettings,
    seed: int,
) -> Cascade:
    """Compare each image's map with those of ever more random copies of the network.

    Signed maps are compared, not ReLU'd ones: under random weights a map is often nowhere positive, and its
    correlation would be undefined just where it is asked for. A signed map's is undefined only if it is constant.

    One draw of a random head points somewhere, for or against what the learned one sees, the same way for all images of
    a class. So read means over several classes or seeds.

    Args:
        model: the network, on the device of ``images``. It is not touched: a copy is randomised.
        split: where its last feature map and its head are.
        images: normalised as the network expects.
        targets: the class that each image's map explains, at every stage.
        settings: which maps.
        seed: of the random weights, which depend on it and on a layer's name only.

    Raises:
        InputError: as ``grad_cam`` and ``released_maps``.
    """
    looked = copy.deepcopy(model)
    fresh = randomised(looked, seed)
    closed = (
        settings.method == "gradcam"
        and settings.layer in (None, split.features)
        and closed_form_holds(looked, split, images[:8])
    )

    def maps() -> Tensor:
        return maps_of(looked, split, images, targets[:, None], settings, closed_form=closed).maps

    learned = maps()
    groups = stages(model, split)
    similarity = []
    for names in groups.values():
        for name in names:
            _replace(_module(looked, name), _module(fresh, name))
        similarity.append(_alike(learned, maps()))
    return Cascade(tuple(groups), torch.stack(similarity))


def stages(model: nn.Module, split: Split) -> dict[str, tuple[str, ...]]:
    """The layers that are randomised together, stage by stage, from the head downwards.

    The head is a stage of its own. Below it a stage is a block: an outermost module that is no plain ``Sequential`` or
    ``ModuleList`` and does not hold the head or the last feature map, in the reverse of the order in which the model
    lists its modules. A block without a weight matrix or filter (a norm) goes with the block before it. So a ResNet-8
    has five stages (head, three blocks, stem) and a ResNet-50 eighteen. Of more than 20, neighbours go together.

    Returns:
        For the name of each stage's lowest block, the names of its modules that hold learned numbers themselves.
    """
    modules = dict(model.named_modules())
    opened = {*_prefixes(split.head)[:-1], *_prefixes(split.features), ""}
    blocks: dict[str, list[str]] = {}
    for name, module in modules.items():
        if name == split.head or not _learns(module):
            continue
        closed = (
            p for p in _prefixes(name) if p not in opened and type(modules[p]) not in (nn.Sequential, nn.ModuleList)
        )
        blocks.setdefault(next(closed, name), []).append(name)
    joined: dict[str, list[str]] = {}
    for block, names in blocks.items():
        weighty = any(p.ndim > 1 for name in names for p in modules[name].parameters(recurse=False))
        if joined and not weighty:
            joined[next(reversed(joined))] += names
        else:
            joined[block] = names
    downwards = list(reversed(joined.items()))
    size = max(1, math.ceil(len(downwards) / (MOST_STAGES - 1)))
    found: dict[str, tuple[str, ...]] = {split.head: (split.head,)}
    for start in range(0, len(downwards), size):
        together = downwards[start : start + size]
        found[together[-1][0]] = tuple(chain.from_iterable(names for _, names in together))
    return found


@torch.no_grad()
def randomised(model: nn.Module, seed: int) -> nn.Module:
    """A copy of the network on the CPU without anything learned: fresh weights, and norms as before training.

    Every layer is reset as its class does it (``reset_parameters``), whatever scheme the network was first initialised
    with. Parameters of a module that has no such method are shuffled among themselves. A pruning mask is not kept.
    torch's global generator is seeded for the draws, layer by layer, and put back as it was.
    """
    fresh = copy.deepcopy(model).cpu()
    with torch.random.fork_rng(devices=[]):
        for name, module in fresh.named_modules():
            if not _learns(module):
                continue
            torch.default_generator.manual_seed(key_seed("cascade", seed, name))
            reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
            if reset is not None:
                reset()
                continue
            for parameter in module.parameters(recurse=False):
                parameter.copy_(parameter.flatten()[torch.randperm(parameter.numel())].view_as(parameter))
    return fresh


def _learns(module: nn.Module) -> bool:
    """Whether it holds learned numbers itself, parameters or running statistics."""
    return any(True for _ in module.parameters(recurse=False)) or getattr(module, "running_mean", None) is not None


@torch.no_grad()
def _replace(module: nn.Module, fresh: nn.Module) -> None:
    """Take over the numbers of another module of the same kind, not those of its submodules."""
    for own, new in (
        *zip(module.parameters(recurse=False), fresh.parameters(recurse=False), strict=True),
        *zip(module.buffers(recurse=False), fresh.buffers(recurse=False), strict=True),
    ):
        own.copy_(new)


def _alike(first: Float[Tensor, "b 1 h w"], second: Float[Tensor, "b 1 h w"]) -> Float64[Tensor, " b"]:
    return torch.from_numpy(row_spearman(*(maps.flatten(1).float().cpu().numpy() for maps in (first, second))))


def _module(model: nn.Module, name: str) -> nn.Module:
    return named_module(model, name) if name else model


def _prefixes(name: str) -> list[str]:
    """``a``, ``a.b`` and ``a.b.c`` of ``a.b.c``."""
    words = name.split(".")
    return [".".join(words[: i + 1]) for i in range(len(words))]
