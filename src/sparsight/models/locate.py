"""Where any classifier is cut, whatever made it: for maps as far as it has any, and always for its embedding."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.gradients import frozen
from sparsight.models.split import Split, evaluating, forward_parts, is_map, known_split, named_module
from sparsight.models.tokens import prefix
from sparsight.models.watch import feature_layer, head_layer, last_layers, watched

_MOST_TRIED = 24


@dataclass(frozen=True)
class Located:
    """Where a classifier is cut.

    Attributes:
        split: the cut. Without a feature map its ``features`` is the head, and no map may be made there.
        mapless: why there is no layer to explain; empty where there is one.
    """

    split: Split
    mapless: str


def locate(name: str, model: nn.Module, images: Float[Tensor, "b c h w"], layer: str | None = None) -> Located:
    """Find a classifier's head, and the layer whose maps explain it.

    A network whose class is known is cut where it is known to be. Of another one the head is the last linear layer,
    whose output are the logits, also one of quantised numbers. Its maps are explained at ``layer``, or else at the last
    module whose map, averaged over positions, goes into the head; or else, in a transformer, at the last layer norm
    whose tokens of patches reach the logits.

    Args:
        name: what the model is called in messages.
        model: the classifier; it is left as it was found.
        images: a few, normalised.
        layer: the module to explain; it may give a map (b, l, h, w) or tokens (b, n, l).

    Raises:
        InputError: if its logits are not the output of one linear layer, or ``layer`` is missing or gives neither maps
            nor tokens, or does not reach the logits.
    """
    known = known_split(model)
    try:
        seen, logits = watched(name, model, images)
    except InputError as error:
        said = str(error).removeprefix("model.name: ").removeprefix("the network of ").removeprefix(f"{name} ")
        remedy = "; --image-size says how large images are" if error.__cause__ is not None else ""
        raise InputError(f"{name}: {said}{remedy}") from None
    head = known.head if known is not None and known.head in seen.linears else head_layer(seen, logits)
    if head is None:
        linears = ", ".join(last_layers(seen.linears)[:4]) or "none"
        raise InputError(
            f"{name}: the logits are not the output of one linear layer, what goes into which could be compared as the "
            f"embedding (its linear layers: {linears}); give a network that ends in one"
        )
    if layer is not None:
        named_module(model, layer)
        return Located(_explained(name, model, layer, head, images), "")
    features = known.features if known is not None and known.head == head else feature_layer(seen, head)
    if features is not None:
        return Located(Split(features, head), "")
    for candidate in last_layers(seen.tokens)[:_MOST_TRIED]:
        cut = Split(candidate, head, tokens=prefix(seen.tokens[candidate][0], _size(images)))
        if cut.tokens is not None and _reaches(model, cut, images):
            return Located(cut, "")
    near = last_layers(seen.maps)[:4]
    hint = f"; name a layer by --layer: its last maps are {', '.join(near)}" if near else ""
    return Located(Split(head, head), f"no map of its last layers goes into its head {head}{hint}")


def _explained(name: str, model: nn.Module, layer: str, head: str, images: Tensor) -> Split:
    """The cut at a layer that a user has named."""
    outputs: list[object] = []
    hook = named_module(model, layer).register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    try:
        with torch.no_grad(), evaluating(model):
            model(images)
    finally:
        hook.remove()
    output = outputs[0] if len(outputs) == 1 else None
    if isinstance(output, Tensor) and output.ndim == 4 and not is_map(output, images):
        raise InputError(
            f"{name}: layer {layer!r} gives {tuple(output.shape)} of images of {' x '.join(map(str, _size(images)))}, "
            "not a map (b, l, h, w); its channels may stand last; name another layer"
        )
    tokens = prefix(output.shape[1], _size(images)) if isinstance(output, Tensor) and output.ndim == 3 else None
    cut = Split(layer, head, tokens=tokens)
    with torch.no_grad(), evaluating(model):
        forward_parts(model, cut, images)  # which says what is wrong with it
    if not _reaches(model, cut, images):
        raise InputError(
            f"{name}: the gradient at layer {layer!r} is zero, so that nothing there explains the logits; name one "
            "before it, as a block's first layer norm in a transformer"
        )
    return cut


def _reaches(model: nn.Module, cut: Split, images: Tensor) -> bool:
    """Whether logits depend on what the layer gives: a gradient there that is not all zero, or none at all to be had,
    which making maps will say."""
    try:
        with frozen(model):
            parts = forward_parts(model, cut, images.detach().clone().requires_grad_())
            if not parts.logits.requires_grad or not parts.features.requires_grad:
                return True
            (gradient,) = torch.autograd.grad(parts.logits.max(1).values.sum(), parts.features, allow_unused=True)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:  # of a quantised layer, which has no gradient
        return True
    return gradient is not None and bool((gradient != 0).any())


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[2], images.shape[3]
