"""Grad-CAM (the paper's eq. 2), raw: signed, at the layer's own resolution, never rescaled.

A map is the sum over channels of (weight of the channel) x (activation of the channel), where the weights are the
gradient of a class logit pooled over positions. Where the logits are one linear layer of the average-pooled feature
map, that gradient is known without a backward pass: the classifier's row (the *closed form*). Elsewhere autograd
gives it.

References:
    R. R. Selvaraju et al. Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization. ICCV 2017.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models import Parts, Split, evaluating, forward_parts, linear_head, named_module
from sparsight.saliency.settings import Reduction, SaliencySettings

Targets = Int64[Tensor, "b t"] | Callable[[Float[Tensor, "b k"]], Int64[Tensor, "b t"]]

# Float32 rounding in the head's backward pass stays near 1e-7; a nonlinearity in between changes gradients by tenths.
_CLOSED_FORM_TOLERANCE = 1e-4


@dataclass(frozen=True)
class SaliencyMaps:
    """Grad-CAM of t classes an image, and what else the same forward pass showed.

    Attributes:
        maps: signed and unscaled, at the resolution of the layer.
        classes: the class that each map explains.
        logits: of the network in evaluation mode.
        embedding: Φ(x), what went into the head.
        path: how the channel weights were found; ``released`` for maps that have none.
    """

    maps: Float[Tensor, "b t h w"]
    classes: Int64[Tensor, "b t"]
    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b l"]
    path: Literal["closed form", "autograd", "released"]


def grad_cam(
    model: nn.Module,
    split: Split,
    images: Float[Tensor, "b c h w"],
    targets: Targets,
    settings: SaliencySettings | None = None,
    *,
    closed_form: bool = False,
) -> SaliencyMaps:
    """Grad-CAM of ``targets`` for every image: one forward pass, and by autograd one backward pass a target.

    The network runs in evaluation mode and is left as it was found: modes, hooks, gradients, buffers.

    Args:
        model: the classifier, on the device of ``images``.
        split: where its last feature map and its head are.
        images: normalised as the network expects.
        targets: classes to explain, or a function that picks them from the logits (for the network's own prediction).
        settings: layer and reduction; the defaults if None.
        closed_form: take the closed form on the last feature map; give here what ``closed_form_holds`` said of this
            network. Another layer takes autograd in any case.

    Raises:
        InputError: if the layer is unknown, gives no (b, l, h, w), does not run once, or does not reach the logits.
        ValueError: if the targets are not (b, t) integers below the number of classes.
    """
    settings = settings or SaliencySettings()
    layer = split.features if settings.layer is None else settings.layer
    if closed_form and layer == split.features:
        with evaluating(model), torch.no_grad():
            parts = forward_parts(model, split, images)
        classes = _chosen(targets, parts.logits)
        weights = closed_form_weights(linear_head(model, split), classes, _positions(parts), settings.reduction)
        path: Literal["closed form", "autograd"] = "closed form"
    else:
        with _recording_from(model, layer):
            parts = forward_parts(model, dataclasses.replace(split, features=layer), _ordinary(images))
            classes = _chosen(targets, parts.logits.detach())
            weights = torch.stack(
                [_pooled(gradient, settings.reduction) for gradient in _gradients(model, layer, parts, classes)], dim=1
            )
        path = "autograd"
    maps = class_maps(parts.features.detach(), weights)
    return SaliencyMaps(maps, classes, parts.logits.detach(), parts.embedding.detach(), path)


def class_maps(features: Float[Tensor, "b l h w"], weights: Float[Tensor, "b t l"]) -> Float[Tensor, "b t h w"]:
    """The signed map of each class: activations summed over channels with the class's weights."""
    return torch.einsum("btl,blhw->bthw", weights, features)


def closed_form_weights(
    head: nn.Linear, classes: Int64[Tensor, "b t"], positions: int, reduction: Reduction
) -> Float[Tensor, "b t l"]:
    """Channel weights under average pooling and one linear layer: the class's row, over h * w for the mean.

    The gradient of logit k at any position of channel m is row[k, m] / (h * w), the same at all of them.
    """
    rows = head.weight.detach()[classes]
    return rows / positions if reduction == "mean" else rows


def closed_form_holds(model: nn.Module, split: Split, images: Float[Tensor, "b c h w"]) -> bool:
    """Whether this network's logits are its head applied to the average of its last feature map.

    Checked on the given images with autograd: for the highest and the lowest logit of each, the gradient at *every*
    position and channel must equal the classifier's row over h * w to 1e-4 of the largest such gradient.

    Raises:
        InputError: if a module of the split is missing, does not run once, or does not reach the logits.
    """
    head = linear_head(model, split)
    with _recording_from(model, split.features):
        parts = forward_parts(model, split, _ordinary(images))
        if parts.features.shape[1] != head.in_features or parts.logits.shape[1] != head.out_features:
            return False
        classes = torch.stack([parts.logits.argmax(dim=1), parts.logits.argmin(dim=1)], dim=1)
        expected = closed_form_weights(head, classes, _positions(parts), "mean")
        allowed = _CLOSED_FORM_TOLERANCE * expected.abs().max()
        return all(
            bool(((gradient - expected[:, target, :, None, None]).abs() <= allowed).all())
            for target, gradient in enumerate(_gradients(model, split.features, parts, classes))
        )


def relu(maps: Float[Tensor, "*b h w"]) -> Float[Tensor, "*b h w"]:
    """What speaks for the class: Grad-CAM's last step, before any resizing."""
    return maps.clamp(min=0)


def dead(maps: Float[Tensor, "*b h w"]) -> Bool[Tensor, "*b"]:
    """Maps, signed or ReLU'd, that are all zero after the ReLU: nothing in the layer speaks for the class."""
    return (maps <= 0).flatten(-2).all(dim=-1)


@contextmanager
def _recording_from(model: nn.Module, layer: str) -> Iterator[None]:
    """Evaluation mode, autograd on, and the graph starts at the output of ``layer``: nothing before it is recorded.

    With every parameter frozen, neither what comes before the layer nor any weight's gradient costs memory or time.
    """

    def start_here(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        # A copy, because a module may hand out what others still change in place.
        return output.detach().clone().requires_grad_() if isinstance(output, Tensor) else output

    hook = named_module(model, layer).register_forward_hook(start_here)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    try:
        for parameter in trainable:
            parameter.requires_grad_(False)
        with evaluating(model), torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        hook.remove()
        for parameter in trainable:
            parameter.requires_grad_()


def _gradients(
    model: nn.Module, layer: str, parts: Parts, classes: Int64[Tensor, "b t"]
) -> Iterator[Float[Tensor, "b l h w"]]:
    """For each target, the gradient of every image's own class logit with respect to its activations."""
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


def _pooled(gradient: Float[Tensor, "b l h w"], reduction: Reduction) -> Float[Tensor, "b l"]:
    return gradient.mean(dim=(2, 3)) if reduction == "mean" else gradient.sum(dim=(2, 3))


def _positions(parts: Parts) -> int:
    return parts.features.shape[2] * parts.features.shape[3]


def _ordinary(images: Tensor) -> Tensor:
    """The images as a tensor that autograd accepts and that asks for no gradient."""
    return images.clone() if images.is_inference() else images.detach()


def _chosen(targets: Targets, logits: Float[Tensor, "b k"]) -> Int64[Tensor, "b t"]:
    classes = (targets if isinstance(targets, Tensor) else targets(logits)).to(logits.device)
    images, number = logits.shape
    if classes.ndim != 2 or len(classes) != images or classes.dtype != torch.int64:
        raise ValueError(f"targets must be int64 of shape ({images}, t), not {classes.dtype} {tuple(classes.shape)}")
    if classes.numel() and not 0 <= int(classes.min()) <= int(classes.max()) < number:
        raise ValueError(f"a target lies outside 0..{number - 1}")
    return classes
