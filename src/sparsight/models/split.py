"""A classifier as f = h ∘ Φ: where its last feature map, its embedding and its final linear layer are."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError


@dataclass(frozen=True)
class Split:
    """Two dotted module names that cut a classifier in two.

    Attributes:
        features: the module whose output is the last feature map, (b, l, h, w).
        head: the final ``nn.Linear``; what goes into it is the embedding Φ(x), (b, l).
    """

    features: str
    head: str


@dataclass(frozen=True)
class Parts:
    """What one forward pass shows. The last feature map has c = l channels, a layer further up its own number."""

    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b l"]
    features: Float[Tensor, "b c h w"]


# By class name, because importing torchvision to ask about a network that is not one of its own takes seconds.
_KNOWN = {
    "sparsight.models.resnet_cifar.CifarResNet": Split("layer3", "fc"),
    "torchvision.models.resnet.ResNet": Split("layer4", "fc"),
    "torchvision.models.mobilenetv2.MobileNetV2": Split("features", "classifier.1"),
}


def split(model: nn.Module) -> Split:
    """Where to cut ``model``.

    Raises:
        InputError: if it is not a CIFAR ResNet of ours, a torchvision ResNet or MobileNetV2, or lacks their modules.
    """
    for ancestor in type(model).__mro__:
        known = _KNOWN.get(f"{ancestor.__module__}.{ancestor.__qualname__}")
        if known is not None:
            linear_head(model, known)
            return known
    raise InputError(
        f"{type(model).__name__}: not a network whose parts are known; give Split(features=..., head=...), "
        "the names of the module that makes the last feature map and of the final nn.Linear"
    )


def named_module(model: nn.Module, name: str) -> nn.Module:
    """The submodule called ``name``.

    Raises:
        InputError: if there is none; the message gives the nearest names.
    """
    modules: dict[str, nn.Module] = dict(model.named_modules())
    if name and name in modules:
        return modules[name]
    near = difflib.get_close_matches(name, modules, n=4, cutoff=0.4) or [child for child, _ in model.named_children()]
    raise InputError(f"{type(model).__name__} has no layer {name!r}; near are {', '.join(filter(None, near))}")


def linear_head(model: nn.Module, split: Split) -> nn.Linear:
    """The final linear layer h.

    Raises:
        InputError: if ``split.head`` is missing or is not an ``nn.Linear``.
    """
    head = named_module(model, split.head)
    if not isinstance(head, nn.Linear):
        raise InputError(
            f"{type(model).__name__}: the head {split.head!r} is {type(head).__name__}, "
            "not nn.Linear; name the final linear layer"
        )
    return head


def forward_parts(model: nn.Module, split: Split, images: Float[Tensor, "b c h w"]) -> Parts:
    """Logits, embedding and last feature map from one forward pass, in whatever mode the model is.

    The feature map is the module's output untouched by what follows (an in-place ReLU gets a copy), and stands in the
    autograd graph if one is recorded. Two temporary hooks are removed even if the pass fails.

    Raises:
        InputError: if a module is missing, does not run exactly once, or its tensor is not (b, l, h, w) or (b, l);
            or if the network's output is not (b, k).
    """
    source, head = named_module(model, split.features), linear_head(model, split)
    feature_maps: list[Any] = []
    embeddings: list[Any] = []

    def keep_output(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        feature_maps.append(output)
        return output.clone() if isinstance(output, Tensor) else output

    def keep_input(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
        embeddings.append(inputs[0])

    hooks = [source.register_forward_hook(keep_output), head.register_forward_pre_hook(keep_input)]
    try:
        logits = model(images)
    finally:
        for hook in hooks:
            hook.remove()
    network = type(model).__name__
    return Parts(
        logits=_shaped(logits, f"{network} gives", "b k", "wrap it so that it returns its logits"),
        embedding=_shaped(_only(embeddings, network, split.head), f"{network}: the head {split.head!r} takes", "b l"),
        features=_shaped(
            _only(feature_maps, network, split.features), f"{network}: {split.features!r} gives", "b l h w"
        ),
    )


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
    modes = [(module, module.training) for module in model.modules()]
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, training in modes:
            module.training = training
