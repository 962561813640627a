"""Whether a network has gradients at all, and if not, why: one of int8 numbers has none."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.models.split import evaluating

_CUT = "it has no gradients, as one of int8 numbers, under torch.no_grad or behind detach has none"
_SHOWN = 120


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, autograd on, no parameter of which a gradient is taken; afterwards all is as it was."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    try:
        for parameter in trainable:
            parameter.requires_grad_(False)
        with evaluating(model), torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_()


def gradient_flaw(model: nn.Module, images: Float[Tensor, "b c h w"]) -> str:
    """Why logits have no gradient with respect to the images; empty where they have one.

    Args:
        model: the classifier; it is left as it was found.
        images: a few, normalised.
    """
    with frozen(model):
        given = images.detach().clone().requires_grad_()
        try:
            logits = model(given)
            gradient = None
            if logits.requires_grad:
                gradient = torch.autograd.grad(logits.sum(), given, allow_unused=True)[0]
            return _CUT if gradient is None else ""
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # of a quantised layer, or a function of the user's own
            said = " ".join(str(error).split())[:_SHOWN]
            return f"it has no gradients, its backward pass fails ({type(error).__name__}: {said})"
