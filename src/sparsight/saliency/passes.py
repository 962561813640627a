"""What methods by gradients share: one forward pass whose graph starts at a layer, and a network left as found."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models import Parts, Split, forward_parts, frozen, named_module
from sparsight.saliency.settings import Reduction

Targets = Int64[Tensor, "b t"] | Callable[[Float[Tensor, "b k"]], Int64[Tensor, "b t"]]
Gradients = Iterator[Float[Tensor, "b l h w"]]
Rule = Callable[[Float[Tensor, "b l h w"], Gradients], Float[Tensor, "b t h w"]]
"""Maps from the activations of a layer and, target by target, their gradients."""


@dataclass(frozen=True)
class SaliencyMaps:
    """Maps of t classes an image, and what else the same forward pass showed.

    Attributes:
        maps: signed and unscaled, at the resolution of the layer; Captum's on a grid over the image.
        classes: the class that each map explains.
        logits: of the network in evaluation mode.
        embedding: Φ(x), what went into the head.
        path: how Grad-CAM's channel weights were found, ``autograd`` for its variants; else whose method it is.
    """

    maps: Float[Tensor, "b t h w"]
    classes: Int64[Tensor, "b t"]
    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b l"]
    path: Literal["closed form", "autograd", "released", "captum"]


def by_autograd(
    model: nn.Module, split: Split, images: Float[Tensor, "b c H W"], targets: Targets, layer: str | None, rule: Rule
) -> SaliencyMaps:
    """Maps from activations and gradients: one forward pass, and one backward pass down to the layer a target.

    Args:
        model: the classifier, on the device of ``images``; left as it was found.
        split: where its last feature map and its head are.
        images: normalised as the network expects.
        targets: classes to explain, or a function that picks them from the logits.
        layer: whose output is explained; None is the last feature map.
        rule: what is made of activations and gradients.

    Raises:
        InputError: if the layer is unknown, gives no (b, l, h, w), does not run once, or does not reach the logits.
        ValueError: if the targets are not (b, t) integers below the number of classes.
    """
    layer = split.features if layer is None else layer
    with recording_from(model, layer):
        parts = forward_parts(model, dataclasses.replace(split, features=layer), ordinary(images))
        classes = chosen(targets, parts.logits.detach())
        maps = rule(parts.features.detach(), gradients(model, layer, parts, classes))
    return SaliencyMaps(maps, classes, parts.logits.detach(), parts.embedding.detach(), "autograd")


@contextmanager
def recording_from(model: nn.Module, layer: str) -> Iterator[None]:
    """Evaluation mode, autograd on, and the graph starts at the output of ``layer``: nothing before it is recorded.

    With every parameter frozen, neither what comes before the layer nor any weight's gradient costs memory or time.
    """

    def start_here(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        # A copy, because a module may hand out what others still change in place.
        return output.detach().clone().requires_grad_() if isinstance(output, Tensor) else output

    hook = named_module(model, layer).register_forward_hook(start_here)
    try:
        with frozen(model):
            yield
    finally:
        hook.remove()


def gradients(model: nn.Module, layer: str, parts: Parts, classes: Int64[Tensor, "b t"]) -> Gradients:
    """For each target, the gradient of every image's own class logit with respect to its activations.

    Raises:
        InputError: if the activations do not reach the logits.
    """
    unreached = InputError(f"{type(model).__name__}: layer {layer!r} does not reach the logits; name another layer")
    if not parts.logits.requires_grad:
        raise unreached
    for target in range(classes.shape[1]):
        # Images do not mix in evaluation mode, so the gradient of the sum holds each image's own.
        score = parts.logits.gather(1, classes[:, target : target + 1]).sum()
        keep = target + 1 < classes.shape[1]
        (gradient,) = torch.autograd.grad(score, parts.features, retain_graph=keep, allow_unused=True)
        if gradient is None:
            raise unreached
        yield gradient


def pooled(gradient: Float[Tensor, "b l h w"], reduction: Reduction) -> Float[Tensor, "b l"]:
    """One number a channel."""
    return gradient.mean(dim=(2, 3)) if reduction == "mean" else gradient.sum(dim=(2, 3))


def ordinary(images: Float[Tensor, "b c H W"]) -> Float[Tensor, "b c H W"]:
    """The images as a tensor that autograd accepts and that asks for no gradient."""
    return images.clone() if images.is_inference() else images.detach()


def chosen(targets: Targets, logits: Float[Tensor, "b k"]) -> Int64[Tensor, "b t"]:
    """The classes to explain.

    Raises:
        ValueError: if they are not (b, t) integers below the number of classes.
    """
    classes = (targets if isinstance(targets, Tensor) else targets(logits)).to(logits.device)
    images, number = logits.shape
    if classes.ndim != 2 or len(classes) != images or classes.dtype != torch.int64:
        raise ValueError(f"targets must be int64 of shape ({images}, t), not {classes.dtype} {tuple(classes.shape)}")
    if classes.numel() and not 0 <= int(classes.min()) <= int(classes.max()) < number:
        raise ValueError(f"a target lies outside 0..{number - 1}")
    return classes
