"""A network from its settings: the same seed gives the same bits."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from sparsight.models.own import build_own
from sparsight.models.resnet_cifar import CifarResNet
from sparsight.models.settings import CIFAR_DEPTHS, ModelSettings, is_own
from sparsight.models.weights import fit_notices, load_weights


def build_model(settings: ModelSettings, num_classes: int, generator_seed: int) -> nn.Module:
    """The network in training mode on the CPU, with initial weights that depend on its architecture and the seed only.

    Initialisers draw from torch's global CPU generator; it is seeded for them and put back as it was.

    Args:
        settings: which network; ``settings.weights``, if given, replaces the initial weights. The name in
            ``settings.pretrained`` is not followed: ``initial_weights`` gives the file that it stands for.
        num_classes: number of logits.
        generator_seed: a key's seed, as of ``sparsight.draws.key_seed``.

    Raises:
        InputError: if the weights file cannot be read or does not fit, or an own function gives no network.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(generator_seed)  # not torch.manual_seed, which would reseed the GPUs too
        model = _initialised(settings, num_classes)
    if settings.weights is not None:
        load_weights(model, settings.weights, *_how(settings))
    return model


def initial_weights(settings: ModelSettings) -> Path | None:
    """The file that a network's initial weights come from, fetched if need be; None where they are drawn.

    Raises:
        InputError: if weights that have a name cannot be had.
    """
    if settings.pretrained is None:
        return settings.weights
    from sparsight.models.pretrained import pretrained_file

    return pretrained_file(settings.name, settings.pretrained)


def weights_notices(settings: ModelSettings, num_classes: int, file: Path | None) -> list[str]:
    """What a user should know of how the initial weights fit the network, a line each.

    Args:
        settings: which network, and what the weights are called.
        num_classes: number of logits.
        file: where the weights lie; None where they are drawn.

    Raises:
        InputError: as ``build_model``.
    """
    if file is None:
        return []
    model = build_model(settings.model_copy(update={"weights": None}), num_classes, 0)
    called = settings.pretrained or (file if settings.weights is None else settings.weights).name
    return fit_notices(model, file, *_how(settings), called)


def _how(settings: ModelSettings) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Which layers a file of weights may lack or have for other classes, and which it may have in vain."""
    if settings.name in CIFAR_DEPTHS:
        return {"fc": "fc"}, ()
    if is_own(settings.name):
        return ({} if settings.head is None else {settings.head: settings.head}), ()
    from sparsight.models.catalogue import AUXILIARY, class_layers

    return class_layers(settings.name, settings.auxiliary), () if settings.auxiliary else AUXILIARY


def _initialised(settings: ModelSettings, num_classes: int) -> nn.Module:
    if settings.name in CIFAR_DEPTHS:
        return CifarResNet(CIFAR_DEPTHS[settings.name], num_classes, settings.stem_stride)
    if is_own(settings.name):
        return build_own(settings.name, num_classes, settings.source)
    # Imported here because it takes as long as torch itself, and networks of ours do without it.
    from sparsight.models.catalogue import build_named

    return build_named(settings, num_classes)
