"""A network from its settings: the same seed gives the same bits."""

import torch
from torch import nn

from sparsight.models.own import build_own
from sparsight.models.resnet_cifar import CifarResNet
from sparsight.models.settings import CIFAR_DEPTHS, TORCHVISION, ModelSettings, is_own
from sparsight.models.weights import load_weights


def build_model(settings: ModelSettings, num_classes: int, generator_seed: int) -> nn.Module:
    """The network in training mode on the CPU, with initial weights that depend on its architecture and the seed only.

    Initialisers draw from torch's global CPU generator; it is seeded for them and put back as it was.

    Args:
        settings: which network; ``settings.weights``, if given, replaces the initial weights.
        num_classes: number of logits.
        generator_seed: a key's seed, as of ``sparsight.draws.key_seed``.

    Raises:
        InputError: if the weights file cannot be read or does not fit, or an own function gives no network.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(generator_seed)  # not torch.manual_seed, which would reseed the GPUs too
        model = _initialised(settings, num_classes)
    if settings.weights is not None:
        load_weights(model, settings.weights)
    return model


def _initialised(settings: ModelSettings, num_classes: int) -> nn.Module:
    if settings.name in CIFAR_DEPTHS:
        return CifarResNet(CIFAR_DEPTHS[settings.name], num_classes, settings.stem_stride)
    if is_own(settings.name):
        return build_own(settings.name, num_classes, settings.source)
    # Imported here because it takes as long as torch itself, and networks of ours do without it.
    from torchvision import models

    model: nn.Module = models.get_model(settings.name.removeprefix(TORCHVISION), weights=None, num_classes=num_classes)
    return model
