"""Where any classifier is cut, whatever made it: for its embedding and for maps as far as it has any."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.gradients import gradient_flaw
from sparsight.models.split import (
    Split,
    evaluating,
    forward_parts,
    is_map,
    known_split,
    named_module,
    network_of,
)
from sparsight.models.token_layer import MOST_TRIED, output_of, reaches
from sparsight.models.tokens import prefix
from sparsight.models.watch import Seen, feature_layer, head_layer, is_closed, last_layers, watched

_GUARDS = "_guards_fn"
"""What checks the input of an exported program, its only module that is called."""


@dataclass(frozen=True)
class Located:
    """Where a classifier is cut.

    Attributes:
        split: the cut. Without a feature map its ``features`` is the head, and no map may be made there; without a head
            there is no embedding.
        mapless: why there is no layer to explain; empty where there is one.
        headless: why there is no embedding; empty where there is one.
    """

    split: Split
    mapless: str
    headless: str = ""


def locate(name: str, model: nn.Module, images: Float[Tensor, "b c h w"], layer: str | None = None) -> Located:
    """Find a classifier's head, and the layer whose maps explain it.

    A network whose class is known is cut where it is known to be. Of another one the head is the last linear layer,
    whose output are the logits, also one of quantised numbers. Its maps are explained at ``layer``, or else at the last
    module whose map, averaged over positions, goes into the head; or else, in a transformer, at the last layer norm
    whose tokens of patches reach the logits. Of a network that has neither, its logits are left.

    Args:
        name: what the model is called in messages.
        model: the classifier; it is left as it was found.
        images: a few, normalised.
        layer: the module to explain; it may give a map (b, l, h, w) or tokens (b, n, l).

    Raises:
        InputError: if it fails on the images, or ``layer`` is missing or gives neither maps nor tokens, or does not
            reach the logits although these have gradients.
    """
    known = known_split(model)
    try:
        seen, logits = watched(name, model, images)
    except InputError as error:
        said = str(error).removeprefix("model.name: ").removeprefix("the network of ").removeprefix(f"{name} ")
        raise InputError(said if said.startswith(f"{name}: ") else f"{name}: {said}") from None
    closed = _closed(network_of(model))
    if closed:
        return Located(Split("", ""), closed, closed)
    head = known.head if known is not None and known.head in seen.linears else head_layer(seen, logits)
    headless = "" if head is not None else _headless(seen)
    if layer is not None:
        named_module(model, layer)
        return _explained(name, model, layer, head or "", images, headless)
    if head is None:
        near = last_layers(seen.maps)[:4]
        hint = f"; name a layer by --layer: its last maps are {', '.join(near)}" if near else ""
        return Located(Split("", ""), f"no map of its last layers goes into one linear layer{hint}", headless)
    features = known.features if known is not None and known.head == head else feature_layer(seen, head)
    if features is not None:
        return Located(Split(features, head), "")
    for candidate in last_layers(layer for layer in seen.tokens if seen.runs[layer] == 1)[:MOST_TRIED]:
        cut = Split(candidate, head, tokens=prefix(seen.tokens[candidate][0], _size(images)))
        if cut.tokens is not None and reaches(model, cut, images):
            return Located(cut, "")
    near = last_layers(seen.maps)[:4]
    hint = f"; name a layer by --layer: its last maps are {', '.join(near)}" if near else ""
    return Located(Split(head, head), f"no map of its last layers goes into its head {head}{hint}")


def _closed(network: nn.Module) -> str:
    """Why nothing can be seen of a network's layers; empty where it can."""
    if is_closed(network):
        return "it is TorchScript, whose layers cannot be watched"
    called = network.graph.nodes if isinstance(network, torch.fx.GraphModule) else ()
    if called and not any(node.op == "call_module" and node.target != _GUARDS for node in called):
        return "it is an exported program, whose layers cannot be watched"
    return ""


def _headless(seen: Seen) -> str:
    linears = ", ".join(last_layers(seen.linears)[:4]) or "none"
    return (
        "its logits are not the output of one linear layer, what goes into which would be the embedding (its linear "
        f"layers: {linears})"
    )


def _explained(name: str, model: nn.Module, layer: str, head: str, images: Tensor, headless: str) -> Located:
    """The cut at a layer that a user has named."""
    if is_closed(named_module(model, layer)):
        return Located(Split(head, head), f"its layer {layer!r} is TorchScript, which cannot be watched", headless)
    output = output_of(model, layer, images)
    if isinstance(output, Tensor) and output.ndim == 4 and not is_map(output, images):
        raise InputError(
            f"{name}: layer {layer!r} gives {tuple(output.shape)} of images of {' x '.join(map(str, _size(images)))}, "
            "not a map (b, l, h, w); its channels may stand last; name another layer"
        )
    tokens = prefix(output.shape[1], _size(images)) if isinstance(output, Tensor) and output.ndim == 3 else None
    cut = Split(layer, head, tokens=tokens)
    with torch.no_grad(), evaluating(model):
        forward_parts(model, cut, images)  # which says what is wrong with it
    if reaches(model, cut, images):
        return Located(cut, "", headless)
    if flaw := gradient_flaw(model, images):
        return Located(Split(head, head), flaw, headless)
    raise InputError(
        f"{name}: the gradient at layer {layer!r} is zero, so that nothing there explains the logits; name one "
        "before it, as a block's first layer norm in a transformer"
    )


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[2], images.shape[3]
