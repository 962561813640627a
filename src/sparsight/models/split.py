"""A classifier as f = h ∘ Φ: where its last feature map, its embedding and its final linear layer are."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.tokens import token_map


@dataclass(frozen=True)
class Split:
    """Two dotted module names that cut a classifier in two.

    Attributes:
        features: the module whose output is the last feature map, (b, l, h, w).
        head: the final ``nn.Linear``; what goes into it is the embedding Φ(x), (b, l). Empty where there is none: then
            the embedding is (b, 0).
        blocks: modules whose outputs, averaged over positions and side by side, are the embedding instead; none where
            it is what goes into the head.
        tokens: where ``features`` gives a transformer's tokens (b, n, l) instead: how many of them come before those of
            the image's patches, which stand row by row; None where it gives a map.
    """

    features: str
    head: str
    blocks: tuple[str, ...] = ()
    tokens: int | None = None


@dataclass(frozen=True)
class Parts:
    """What one forward pass shows. The last feature map has c = l channels, a layer further up its own number."""

    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b l"]
    features: Float[Tensor, "b c h w"]


# By class name, because importing torchvision to ask about a network that is not one of its own takes seconds.
_TORCHVISION = {
    "alexnet.AlexNet": Split("features", "classifier.6"),
    "convnext.ConvNeXt": Split("features", "classifier.2"),
    "densenet.DenseNet": Split("features", "classifier"),
    "efficientnet.EfficientNet": Split("features", "classifier.1"),
    "googlenet.GoogLeNet": Split("inception5b", "fc"),
    "inception.Inception3": Split("Mixed_7c", "fc"),
    "maxvit.MaxVit": Split("blocks.3", "classifier.5"),
    "mobilenetv2.MobileNetV2": Split("features", "classifier.1"),
    "mobilenetv3.MobileNetV3": Split("features", "classifier.3"),
    "regnet.RegNet": Split("trunk_output", "fc"),
    "resnet.ResNet": Split("layer4", "fc"),
    "shufflenetv2.ShuffleNetV2": Split("conv5", "fc"),
    "swin_transformer.SwinTransformer": Split("permute", "head"),
    "vgg.VGG": Split("features", "classifier.6"),
}
_KNOWN = {
    "sparsight.models.resnet_cifar.CifarResNet": Split("layer3", "fc"),
    **{f"torchvision.models.{name}": cut for name, cut in _TORCHVISION.items()},
}


def split(model: nn.Module) -> Split:
    """Where to cut ``model``.

    Raises:
        InputError: if it is not a CIFAR ResNet of ours or a torchvision classifier that has a last feature map and
            ends in one linear layer, or lacks their modules.
    """
    known = known_split(model)
    if known is None:
        raise InputError(
            f"{_called(model)}: not a network whose parts are known; give Split(features=..., head=...), "
            "the names of the module that makes the last feature map and of the final nn.Linear"
        )
    linear_head(model, known)
    return known


def known_split(model: nn.Module) -> Split | None:
    """Where a network is cut whose class, or one that it comes from, is known; None for others."""
    names = (f"{ancestor.__module__}.{ancestor.__qualname__}" for ancestor in type(network_of(model)).__mro__)
    return next((_KNOWN[name] for name in names if name in _KNOWN), None)


def network_of(model: nn.Module) -> nn.Module:
    """The network behind what adapts it (``Adapted``); any other model itself."""
    network = getattr(model, "adapted_network", model)
    assert isinstance(network, nn.Module)
    return network


def _called(model: nn.Module) -> str:
    return type(network_of(model)).__name__


def named_module(model: nn.Module, name: str) -> nn.Module:
    """The submodule called ``name``.

    Raises:
        InputError: if there is none; the message gives the nearest names.
    """
    modules: dict[str, nn.Module] = dict(model.named_modules())
    if name and name in modules:
        return modules[name]
    near = difflib.get_close_matches(name, modules, n=4, cutoff=0.4) or [
        child for child, _ in network_of(model).named_children()
    ]
    raise InputError(f"{_called(model)} has no layer {name!r}; near are {', '.join(filter(None, near))}")


def linear_head(model: nn.Module, split: Split) -> nn.Linear:
    """The final linear layer h.

    Raises:
        InputError: if ``split.head`` is missing or is not an ``nn.Linear``.
    """
    head = named_module(model, split.head)
    if not isinstance(head, nn.Linear):
        raise InputError(
            f"{_called(model)}: the head {split.head!r} is {type(head).__name__}, "
            "not nn.Linear; name the last nn.Linear, or let the network end in one"
        )
    return head


def forward_parts(model: nn.Module, split: Split, images: Float[Tensor, "b c h w"]) -> Parts:
    """Logits, embedding and last feature map from one forward pass, in whatever mode the model is.

    The feature map is the module's output untouched by what follows (an in-place ReLU gets a copy), and stands in the
    autograd graph if one is recorded. Temporary hooks are removed even if the pass fails.

    Raises:
        InputError: if a module is missing, does not run exactly once, or its tensor is not (b, l, h, w) or (b, l), or
            where the split says so a row of tokens; or if the network's output is not (b, k).
    """
    source = named_module(model, split.features)
    feature_maps: list[Any] = []

    def keep_output(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if split.tokens is not None and isinstance(output, Tensor) and output.ndim == 3:
            kept = token_map(output, split.tokens, (images.shape[2], images.shape[3]))
            feature_maps.append(kept)
            # What follows is made of the map again, so that it stands in the graph between the images and the logits.
            return torch.cat([output[:, : split.tokens], kept.flatten(2).transpose(1, 2)], dim=1)
        feature_maps.append(plain(output) if isinstance(output, Tensor) else output)
        return output.clone() if isinstance(output, Tensor) else output

    hook = source.register_forward_hook(keep_output)
    try:
        logits, embedding = forward_embedding(model, split, images)
    finally:
        hook.remove()
    network = _called(model)
    features = _shaped(_only(feature_maps, network, split.features), f"{network}: {split.features!r} gives", "b l h w")
    return Parts(logits, embedding, features)


def forward_embedding(
    model: nn.Module, split: Split, images: Float[Tensor, "b c h w"]
) -> tuple[Float[Tensor, "b k"], Float[Tensor, "b l"]]:
    """Logits and embedding from one forward pass, in whatever mode the model is. A head that takes quantised numbers
    gives them as what they stand for.

    Raises:
        InputError: as ``forward_parts``.
    """
    network = _called(model)
    if not split.head:
        logits = _shaped(model(images), f"{network} gives", "b k", "wrap it so that it returns its logits")
        return logits, logits.new_empty(len(logits), 0)
    head, blocks = named_module(model, split.head), [named_module(model, name) for name in split.blocks]
    embeddings: list[Any] = []
    averages: list[list[Any]] = [[] for _ in blocks]

    def keep_input(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
        value = inputs[0]
        embeddings.append(plain(value) if isinstance(value, Tensor) else value)

    def keep_average(seen: list[Any]) -> Any:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            seen.append(output.mean((2, 3)) if is_map(output, images) else output)

        return keep

    hooks = [
        *(block.register_forward_hook(keep_average(seen)) for block, seen in zip(blocks, averages, strict=True)),
        head.register_forward_pre_hook(keep_input),
    ]
    try:
        logits = model(images)
    finally:
        for hook in hooks:
            hook.remove()
    embedding = _shaped(_only(embeddings, network, split.head), f"{network}: the head {split.head!r} takes", "b l")
    if blocks:
        each = zip(split.blocks, averages, strict=True)
        embedding = torch.cat(
            [_shaped(_only(seen, network, name), f"{network}: {name!r} gives", "b l") for name, seen in each], dim=1
        )
    return _shaped(logits, f"{network} gives", "b k", "wrap it so that it returns its logits"), embedding


def plain(value: Tensor) -> Tensor:
    """A tensor of quantised numbers as what they stand for; others as they are."""
    return value.dequantize() if value.is_quantized else value


def is_map(output: Any, images: Float[Tensor, "b c h w"]) -> bool:
    """Whether what a layer gives is a map (b, l, h, w): its last two sizes have the images' proportions, up to pixels
    lost at the edges. Some transformers have their channels last."""
    if not isinstance(output, Tensor) or output.ndim != 4:
        return False
    (height, width), (h, w) = images.shape[2:], output.shape[2:]
    return abs(h * width - w * height) <= height + width


def _only(seen: list[Any], network: str, name: str) -> Any:
    if len(seen) != 1:
        raise InputError(f"{network}: layer {name!r} runs {len(seen)} times in a forward pass; name one that runs once")
    return seen[0]


def _shaped(value: Any, where: str, shape: str, remedy: str = "name another layer") -> Tensor:
    if isinstance(value, Tensor) and value.ndim == len(shape.split()):
        return value
    found = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
    raise InputError(f"{where} {found}, not ({', '.join(shape.split())}); {remedy}")


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards every module's own flag as it was, also where they differed or on an error."""
    modes = [(module, module.training) for module in model.modules() if hasattr(module, "training")]
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, training in modes:
            module.training = training
