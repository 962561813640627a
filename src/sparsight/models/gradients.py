"""Whether a network has gradients at all: one of int8 numbers has none."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.models.split import evaluating


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


def gives_gradients(model: nn.Module, images: Float[Tensor, "b c h w"]) -> bool:
    """Whether logits have a gradient with respect to the images.

    Args:
        model: the classifier; it is left as it was found.
        images: a few, normalised.
    """
    with frozen(model):
        given = images.detach().clone().requires_grad_()
        try:
            logits = model(given)
            if not logits.requires_grad:
                return False
            return torch.autograd.grad(logits.sum(), given, allow_unused=True)[0] is not None
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, NotImplementedError):  # of a quantised layer
            return False
