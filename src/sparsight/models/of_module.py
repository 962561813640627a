"""What is known of a network that comes as a module: how its library normalises images."""

from typing import Any

from torch import nn

from sparsight.models.given import IMAGENET, Normalisation

_TURNS = ("Inception3", "GoogLeNet")
"""Networks of torchvision whose weights expect other images, and which turn ImageNet's into these where they are told
to (``transform_input``)."""


def module_normalisation(model: nn.Module) -> Normalisation | None:
    """Mean and deviation of each channel that a network of timm or torchvision expects, as the command line takes them
    for the same network by its name; None where it is of neither, or does not say.

    Args:
        model: the network itself.
    """
    kind = type(model)
    if kind.__module__.startswith("timm."):
        said: Any = getattr(model, "pretrained_cfg", None) or getattr(model, "default_cfg", None) or {}
        mean, std = (said.get(key) if isinstance(said, dict) else getattr(said, key, None) for key in ("mean", "std"))
        if mean is None or std is None or len(mean) != 3 or len(std) != 3:
            return None
        return (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])
    if not kind.__module__.startswith("torchvision.models."):
        return None
    return IMAGENET if kind.__name__ not in _TURNS or getattr(model, "transform_input", False) else None
