"""Grad-CAM (the paper's eq. 2), raw: signed, at the layer's own resolution, never rescaled.

A map is the sum over channels of (weight of the channel) x (activation of the channel), where the weights are the
gradient of a class logit pooled over positions. Where the logits are one linear layer of the average-pooled feature
map, that gradient is known without a backward pass: the classifier's row (the *closed form*). Elsewhere autograd
gives it.

References:
    R. R. Selvaraju et al. Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization. ICCV 2017.
"""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from sparsight.models import Parts, Split, evaluating, forward_parts, linear_head, named_module
from sparsight.saliency.passes import (
    Gradients,
    SaliencyMaps,
    Targets,
    by_autograd,
    chosen,
    gradients,
    ordinary,
    pooled,
    recording_from,
)
from sparsight.saliency.settings import Reduction, SaliencySettings

# Float32 rounding in the head's backward pass stays near 1e-7; a nonlinearity in between changes gradients by tenths.
_CLOSED_FORM_TOLERANCE = 1e-4


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
    if not (closed_form and settings.layer in (None, split.features)):

        def weighed(features: Float[Tensor, "b l h w"], found: Gradients) -> Float[Tensor, "b t h w"]:
            return class_maps(features, torch.stack([pooled(one, settings.reduction) for one in found], dim=1))

        return by_autograd(model, split, images, targets, settings.layer, weighed)
    with evaluating(model), torch.no_grad():
        parts = forward_parts(model, split, images)
    classes = chosen(targets, parts.logits)
    weights = closed_form_weights(linear_head(model, split), classes, _positions(parts), settings.reduction)
    maps = class_maps(parts.features.detach(), weights)
    return SaliencyMaps(maps, classes, parts.logits.detach(), parts.embedding.detach(), "closed form")


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

    Without an ``nn.Linear`` of plain numbers as its head, whose rows could be read, there is none.

    Raises:
        InputError: if a module of the split is missing, does not run once, or does not reach the logits.
    """
    head = named_module(model, split.head) if split.head else None
    if not isinstance(head, nn.Linear) or type(head.weight) not in (Tensor, nn.Parameter):
        return False
    with recording_from(model, split.features):
        parts = forward_parts(model, split, ordinary(images))
        if parts.features.shape[1] != head.in_features or parts.logits.shape[1] != head.out_features:
            return False
        classes = torch.stack([parts.logits.argmax(dim=1), parts.logits.argmin(dim=1)], dim=1)
        expected = closed_form_weights(head, classes, _positions(parts), "mean")
        allowed = _CLOSED_FORM_TOLERANCE * expected.abs().max()
        return all(
            bool(((gradient - expected[:, target, :, None, None]).abs() <= allowed).all())
            for target, gradient in enumerate(gradients(model, split.features, parts, classes))
        )


def relu(maps: Float[Tensor, "*b h w"]) -> Float[Tensor, "*b h w"]:
    """What speaks for the class: Grad-CAM's last step, before any resizing."""
    return maps.clamp(min=0)


def dead(maps: Float[Tensor, "*b h w"]) -> Bool[Tensor, "*b"]:
    """Maps, signed or ReLU'd, that are all zero after the ReLU: nothing in the layer speaks for the class."""
    return (maps <= 0).flatten(-2).all(dim=-1)


def _positions(parts: Parts) -> int:
    return parts.features.shape[2] * parts.features.shape[3]
