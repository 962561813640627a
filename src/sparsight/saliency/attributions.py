"""Attributions of the image's pixels by Captum, which is an extra (``sparsight[captum]``).

Each class runs with Captum's own defaults: ``Saliency`` is the absolute gradient, ``IntegratedGradients`` starts at an
image of zeros (the data set's mean colour) and takes 50 steps. What has no default is given here, in parts of the
image's sides: ``Occlusion`` slides a window of a 7th by steps of a 14th, over all channels and 169 places where sides
are multiples of 14, and ``FeatureAblation`` takes away the cells of a grid of 14 x 14. What Captum asks of a network it
asks here, too: ``LRP`` knows no skip connections, ``DeepLift`` wants every activation to be a module that runs once.

Attributions (b, c, H, W) are summed over channels, signs and all, and averaged down to a grid of at most ``GRID`` x
``GRID`` (``adaptive_avg_pool2d``, whose cells overlap by a pixel where the sizes do not divide). So a map's numbers are
per pixel, and maps are compared, held against masks and shown as those of a layer are.
"""

import copy
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import Split, evaluating, forward_embedding, frozen
from sparsight.saliency.captum_class import captum_class, takes
from sparsight.saliency.passes import SaliencyMaps, Targets, chosen, ordinary
from sparsight.saliency.settings import CAPTUM, GRID, SaliencySettings
from sparsight.saliency.smoothgrad import smoothed

_PIXELS = 32 * 224 * 224
"""In one pass: backward through a whole network, 32 images of 224 take a ResNet-50 about 3 GB."""
_STEPS = 14
"""Places along a side at which a part of the image is taken away."""
_PASSES = {"IntegratedGradients": 50, "Occlusion": 169, "FeatureAblation": _STEPS**2}
"""Through a network for one map of an image of 224 pixels; others take one or a few."""


def passes_of(settings: SaliencySettings) -> int:
    """About how often a network is run for one map of an image, where Grad-CAM runs it once."""
    each = _PASSES.get(settings.method.removeprefix(CAPTUM), 1) if settings.method.startswith(CAPTUM) else 1
    return each * max(1, settings.smooth)


def captum_maps(
    model: nn.Module, split: Split, images: Float[Tensor, "b c H W"], targets: Targets, settings: SaliencySettings
) -> SaliencyMaps:
    """Maps of ``targets`` by an attribution of Captum, on a grid over the image.

    A class that several targets of an image name is explained once. The network is left as it was found: attributions
    that change its modules are given a copy.

    Args:
        model: the classifier, on the device of ``images``.
        split: where its head is; its feature map has no part in this.
        images: normalised as the network expects.
        targets: classes to explain, or a function that picks them from the logits.
        settings: method and SmoothGrad.

    Raises:
        InputError: if Captum is missing, has no such attribution or it needs what there is not, or if it does not work
            with this network.
        ValueError: if the targets are not (b, t) integers below the number of classes.
    """
    name = settings.method.removeprefix(CAPTUM)
    found = captum_class(name)
    with evaluating(model), torch.no_grad():
        logits, embedding = forward_embedding(model, split, images)
    classes = chosen(targets, logits)
    b, t = classes.shape
    rows = max(1, _PIXELS // (images.shape[2] * images.shape[3]))
    at_once = max(1, rows // 50) if name == "IntegratedGradients" else rows  # each image fills 50 rows there
    grid = (min(images.shape[2], GRID), min(images.shape[3], GRID))
    maps = []
    with frozen(model), _one_line(name, model):
        places = torch.arange(b, device=classes.device)[:, None].expand(b, t)
        pairs, where = torch.stack([places, classes], dim=2).view(-1, 2).unique(dim=0, return_inverse=True)
        method, source = found(_of_modules(found, model)), ordinary(images)
        for part in pairs.split(at_once):
            own, explained = source[part[:, 0]], part[:, 1]

            def attribution(noisy: Tensor, explained: Tensor = explained) -> Tensor:
                made: Tensor = method.attribute(noisy, target=explained, **_options(method, noisy, rows))
                return made.detach()

            pixels = smoothed(attribution, settings.smooth, settings.noise)(own)
            maps.append(functional.adaptive_avg_pool2d(pixels.sum(dim=1, keepdim=True), grid)[:, 0])
    every = torch.cat(maps)[where].view(b, t, *grid).to(logits.dtype)
    return SaliencyMaps(every, classes, logits.detach(), embedding.detach(), "captum")


def _of_modules(found: Any, model: nn.Module) -> nn.Module:
    """The network; for attributions that change what its modules do, a copy without operations in place.

    Raises:
        InputError: if it has no ``nn.ReLU`` whose backward pass they could change.
    """
    if "model" not in takes(found.__init__):
        return model
    if not any(isinstance(module, nn.ReLU) for module in model.modules()):
        raise InputError(
            f"saliency.method: captum:{found.__name__} changes what nn.ReLU modules pass back, and "
            f"{type(model).__name__} has none; take captum:IntegratedGradients"
        )
    looked = copy.deepcopy(model)
    for module in looked.modules():
        if hasattr(module, "inplace"):
            vars(module)["inplace"] = False
    return looked


def _options(method: Any, images: Float[Tensor, "b c H W"], rows: int) -> dict[str, Any]:
    """What an attribution is given beside images and classes, of what it takes."""
    b, c, height, width = images.shape
    options: dict[str, Any] = {
        "internal_batch_size": max(rows, b),
        "perturbations_per_eval": max(1, rows // b),
    }
    if "sliding_window_shapes" in takes(method.attribute):
        options["sliding_window_shapes"] = (c, math.ceil(2 * height / _STEPS), math.ceil(2 * width / _STEPS))
        options["strides"] = (c, math.ceil(height / _STEPS), math.ceil(width / _STEPS))
    else:
        options["feature_mask"] = _cells(images)
    return {name: value for name, value in options.items() if name in takes(method.attribute)}


def _cells(images: Float[Tensor, "b c H W"]) -> Int64[Tensor, "1 1 H W"]:
    """The number of each pixel's cell."""
    row, column = (torch.arange(side, device=images.device) * min(side, _STEPS) // side for side in images.shape[2:])
    return (row[:, None] * _STEPS + column)[None, None]


@contextmanager
def _one_line(name: str, model: nn.Module) -> Iterator[None]:
    """What Captum or autograd say of a network that does not suit them, as an error that a user can read."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"captum")  # that it asks for gradients and hooks into modules
            yield
    except torch.OutOfMemoryError:
        raise
    except (AssertionError, NotImplementedError, RuntimeError, TypeError) as error:
        said = " ".join(str(error).split())
        raise InputError(
            f"saliency.method: captum:{name} does not work with {type(model).__name__}: "
            f"{said if len(said) <= 200 else said[:197] + '...'}"
        ) from error
