"""The released code's saliency maps, as the paper's Figures 3 to 8 were drawn. They are not Grad-CAM.

Defined from a description of them (docs/paper.md), not from the code itself: the gradient is of the
cross-entropy loss at the explained class; pooled over positions, it is *added* to the activations, where Grad-CAM
multiplies; the map is the mean over channels of that sum, without a ReLU; batch norm takes its statistics from the one
image; and each column of the map is divided by its own maximum. So a class only shifts the map by a constant, next to
nothing, and some pixel of every column lights up. There is no closed form.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from sparsight.errors import InputError
from sparsight.models import Split, evaluating, forward_parts
from sparsight.saliency.passes import SaliencyMaps, Targets, chosen, ordinary, pooled, recording_from
from sparsight.saliency.settings import SaliencySettings

_STATISTICS = ("running_mean", "running_var")


def released_maps(
    model: nn.Module,
    split: Split,
    images: Float[Tensor, "b c H W"],
    targets: Targets,
    settings: SaliencySettings | None = None,
) -> SaliencyMaps:
    """The released code's maps of ``targets`` for every image, one image at a time.

    Logits and embedding are of the network in evaluation mode, and so are the classes that ``targets`` picks. The
    network is left as it was found: modes, hooks, gradients, running statistics.

    Args:
        model: the classifier, on the device of ``images``.
        split: where its last feature map and its head are.
        images: normalised as the network expects.
        targets: classes to explain, or a function that picks them from the logits.
        settings: layer and how gradients are pooled; the defaults if None.

    Raises:
        InputError: if the layer is unknown, gives no (b, l, h, w), does not run once or does not reach the logits, or
            if one image is too small for a batch norm's own statistics.
        ValueError: if the targets are not (b, t) integers below the number of classes.
    """
    settings = settings or SaliencySettings(method="released")
    layer = split.features if settings.layer is None else settings.layer
    with evaluating(model), torch.no_grad():
        seen = forward_parts(model, split, images)
    classes = chosen(targets, seen.logits)
    at_layer = dataclasses.replace(split, features=layer)
    with recording_from(model, layer), _own_statistics(model):
        maps = [
            _of_one_image(model, at_layer, ordinary(images[i : i + 1]), classes[i], settings)
            for i in range(len(images))
        ]
    return SaliencyMaps(torch.stack(maps), classes, seen.logits.detach(), seen.embedding.detach(), "released")


def added(features: Float[Tensor, "l h w"], gradient: Float[Tensor, " l"]) -> Float[Tensor, "h w"]:
    """Mean over channels of activations plus pooled gradients."""
    return (features + gradient[:, None, None]).mean(dim=0)


def by_column(values: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """Each column over its own maximum; a negative maximum turns its column's signs, as it would there.

    A column whose maximum is zero is zero: by the text it would be 0 / 0, and nothing says what was drawn.
    """
    most = values.amax(dim=0, keepdim=True)
    return torch.where(most == 0, torch.zeros_like(values), values / most)


def _of_one_image(
    model: nn.Module, split: Split, image: Float[Tensor, "1 c H W"], classes: Int64[Tensor, " t"], s: SaliencySettings
) -> Float[Tensor, "t h w"]:
    try:
        parts = forward_parts(model, split, image)
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise InputError(
            f"saliency.method: released takes a batch norm's statistics from one image, and one of "
            f"{type(model).__name__} sees a single value a channel there; take larger images or gradcam"
        ) from None
    maps = []
    for label in classes:
        loss = functional.cross_entropy(parts.logits, label[None])
        gradient = None
        if loss.requires_grad:
            (gradient,) = torch.autograd.grad(loss, parts.features, retain_graph=True, allow_unused=True)
        if gradient is None:
            raise InputError(
                f"{type(model).__name__}: layer {split.features!r} does not reach the logits; name another layer"
            )
        maps.append(by_column(added(parts.features.detach()[0], pooled(gradient, s.reduction)[0])))
    return torch.stack(maps)


@contextmanager
def _own_statistics(model: nn.Module) -> Iterator[None]:
    """Batch norms normalise by the batch they see, as in training, and do not write it down.

    That is what one does that has no running statistics; so they are out of sight inside, and untouched.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    kept = [(norm, name, norm._buffers[name]) for norm in norms for name in _STATISTICS if name in norm._buffers]
    try:
        for norm, name, _ in kept:
            norm._buffers[name] = None
        yield
    finally:
        for norm, name, statistics in kept:
            norm._buffers[name] = statistics
