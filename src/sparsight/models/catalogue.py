"""Networks by torchvision's and timm's names."""

import difflib
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from sparsight.errors import InputError
from sparsight.models.settings import AUXILIARY_MODELS, TIMM, TORCHVISION, ModelSettings

# By the start of the name.
_UNFIT = {
    "squeezenet": "its logits come from a convolution, not from a linear layer",
    "mnasnet": "it refuses weights that do not say by which version of torchvision they were saved",
}
_SHOWN = 80
AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")
"""Where Inception-V3 and GoogLeNet have their auxiliary classifiers."""
_INCEPTION_SIDE = 299
"""The smallest images that pass the auxiliary classifier of Inception-V3, whose last filter is as large as its map."""


def check_name(name: str, *, tagged: bool = False) -> None:
    """Check that a network called ``torchvision:NAME`` or ``timm:NAME`` exists and can be studied.

    Args:
        name: of the network.
        tagged: whether a name of timm may name weights, too, as ``timm:resnet18.a1_in1k``.

    Raises:
        InputError: if it does not, with the nearest names; or if timm is not installed.
    """
    library, _, network = name.partition(":")
    if f"{library}:" == TORCHVISION:
        names = models.list_models(module=models)
    else:
        timm = _timm(name)
        names = timm.list_models()
        if network not in names and "." in network and timm.is_model(network):
            if not tagged:
                raise InputError(
                    f"model.name: {name[:_SHOWN]} names weights, too; give {TIMM}{network.partition('.')[0]}, and the "
                    "weights as a file by model.weights"
                )
            names = timm.list_pretrained(f"{network.partition('.')[0]}.*")
    if network not in names:
        near = difflib.get_close_matches(network, names, n=4, cutoff=0.4)
        hint = f"near are {', '.join(near)}" if near else f"{library} lists {len(names)}"
        raise InputError(f"model.name: unknown network {name[:_SHOWN]!r}; {hint}")
    for start, why in _UNFIT.items():
        if f"{library}:" == TORCHVISION and network.startswith(start):
            raise InputError(f"model.name: {name} cannot be studied: {why}; choose another network")


def build_named(settings: ModelSettings, num_classes: int, image_size: int | None = None) -> nn.Module:
    """The network, in training mode, with weights drawn from torch's global generator.

    With ``pretrained``, Inception-V3 and GoogLeNet turn images that are normalised by ImageNet's mean and deviation
    into what those weights were trained on, as torchvision's own do.

    Args:
        settings: which network.
        num_classes: number of logits.
        image_size: in pixels, of a transformer's images; None takes those of the network's name.
    """
    library, _, network = settings.name.partition(":")
    more: dict[str, Any] = {}
    if f"{library}:" == TIMM:
        more = {} if image_size is None else {"img_size": image_size}
        made: nn.Module = _timm(settings.name).create_model(network, pretrained=False, num_classes=num_classes, **more)
        return made.train()
    if settings.name in AUXILIARY_MODELS:
        turned = settings.pretrained is not None
        more = {"aux_logits": settings.auxiliary, "transform_input": turned, "init_weights": True}
    if network.startswith("vit_") and image_size is not None:
        more = {"image_size": image_size}
    model: nn.Module = models.get_model(network, weights=None, num_classes=num_classes, **more)
    return model


@lru_cache(maxsize=8)
def template(name: str, auxiliary: bool) -> dict[str, Tensor]:
    """The state dict of a network for two classes, without its numbers: names and shapes."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        settings = ModelSettings().model_copy(update={"name": name, "auxiliary": auxiliary})
        return {key: value.to("meta") for key, value in build_named(settings, 2).state_dict().items()}


@lru_cache(maxsize=8)
def class_layers(name: str, auxiliary: bool) -> dict[str, str]:
    """The layers of a network whose sizes go with the number of classes: its head, and those of auxiliary classifiers.

    Found by building it for two and for three classes.

    Returns:
        For each layer's name that of the classifier that it ends: the module that holds it, or itself.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        settings = ModelSettings().model_copy(update={"name": name, "auxiliary": auxiliary})
        two, three = template(name, auxiliary), build_named(settings, 3).state_dict()
    layers = dict.fromkeys(key.rpartition(".")[0] for key in two if two[key].shape != three[key].shape)
    return {layer: layer.rpartition(".")[0] or layer for layer in layers}


def check_side(settings: ModelSettings, side: int) -> None:
    """Check that images of ``side`` pixels are large enough for a network of torchvision.

    Raises:
        InputError: if they are not.
    """
    if not settings.name.startswith(TORCHVISION):
        return
    smallest = min(models.get_model_weights(settings.name.removeprefix(TORCHVISION)).DEFAULT.meta["min_size"])
    least, without = smallest, ""
    if settings.name == AUXILIARY_MODELS[0] and settings.auxiliary:
        least, without = _INCEPTION_SIDE, f", or model.auxiliary=false, which takes {smallest} and more"
    if side < least:
        raise InputError(
            f"model.name: {settings.name} takes images of {least} pixels and more, not {side}; set "
            f"data.image_size={least}{without}"
        )


def _timm(name: str) -> Any:
    try:
        import timm
    except ImportError:
        raise InputError(f"model.name: {name[:_SHOWN]} needs timm: pip install 'sparsight[timm]'") from None
    return timm
