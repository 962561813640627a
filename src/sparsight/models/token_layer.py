"""Where a transformer's tokens are explained: a layer whose tokens stand for the patches of the image."""

import copy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.gradients import frozen
from sparsight.models.mixing import stirred
from sparsight.models.split import Split, evaluating, forward_parts, named_module
from sparsight.models.tokens import prefix
from sparsight.models.watch import Seen, last_layers

MOST_TRIED = 24
"""Layers whose tokens are tried, from the last one on."""


def token_layer(model: nn.Module, head: str, seen: Seen, images: Float[Tensor, "b c h w"]) -> Split | None:
    """The cut at the last layer norm whose tokens of patches reach the logits; None where there is none.

    Args:
        model: the classifier; it is left as it was found.
        head: its final linear layer.
        seen: what a pass showed of it.
        images: those of the pass.
    """
    tried = stirred(copy.deepcopy(model))  # a head that starts at zero has no gradient
    for candidate in last_layers(layer for layer in seen.tokens if seen.runs[layer] == 1)[:MOST_TRIED]:
        cut = Split(candidate, head, tokens=prefix(seen.tokens[candidate][0], (images.shape[2], images.shape[3])))
        if cut.tokens is not None and reaches(tried, cut, images):
            return cut
    return None


def with_tokens(model: nn.Module, cut: Split, images: Float[Tensor, "b c h w"]) -> Split:
    """The same cut; where its layer gives tokens (b, n, l) of the image's patches, with how many come before them."""
    output = output_of(model, cut.features, images)
    if not isinstance(output, Tensor) or output.ndim != 3 or len(output) != len(images):
        return cut
    first = prefix(output.shape[1], (images.shape[2], images.shape[3]))
    return cut if first is None else Split(cut.features, cut.head, cut.blocks, first)


def output_of(model: nn.Module, layer: str, images: Float[Tensor, "b c h w"]) -> object:
    """What a layer gives of images in evaluation mode; None where it does not run exactly once.

    Raises:
        InputError: if there is no such layer.
    """
    outputs: list[object] = []
    hook = named_module(model, layer).register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    try:
        with torch.no_grad(), evaluating(model):
            model(images)
    finally:
        hook.remove()
    return outputs[0] if len(outputs) == 1 else None


def reaches(model: nn.Module, cut: Split, images: Float[Tensor, "b c h w"]) -> bool:
    """Whether logits depend on what the layer gives: a gradient there that is not all zero, or none at all to be had,
    which making maps will say."""
    try:
        with frozen(model):
            parts = forward_parts(model, cut, images.detach().clone().requires_grad_())
            if not parts.logits.requires_grad or not parts.features.requires_grad:
                return True
            (gradient,) = torch.autograd.grad(parts.logits.max(1).values.sum(), parts.features, allow_unused=True)
    except (torch.OutOfMemoryError, InputError):
        raise
    except Exception:  # of a quantised layer, which has no gradient, or of a backward pass of the user's
        return True
    return gradient is not None and bool((gradient != 0).any())
