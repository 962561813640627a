"""One step of stochastic gradient descent under a mask."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from sparsight.training.loss import training_loss
from sparsight.training.rule import FREEZE_BELOW, Rule
from sparsight.training.settings import TrainingSettings


@dataclass(frozen=True, eq=False)
class Held:
    """What a step does not train.

    Attributes:
        weights: the parameters of which something is pruned. One of which all is kept needs no masking.
        keep: 1 where they are kept and 0 where they are pruned, in their own type and memory format: as booleans in
            another order of memory they cost three times as much (ResNet-50, one thread, a multiplication of all:
            26 against 8.6 ms).
        again: whether pruned weights are set to zero again after every step. Weights of zero that get no gradient stay
            zero, so only momentum from an earlier training asks for it.
        frozen_below: the parameters that get no gradient where they are below the released code's threshold.
    """

    weights: list[Tensor]
    keep: list[Tensor]
    again: bool
    frozen_below: list[Tensor]


@torch.no_grad()
def held(model: nn.Module, mask: Mapping[str, Tensor], rule: Rule, again: bool) -> Held:
    """What a step of ``model``, which is on its device and in its memory format, does not train under ``mask``."""
    parameters = dict(model.named_parameters())
    pruned = [name for name, keep in mask.items() if not bool(keep.all())]
    every_weight: list[Tensor] = [
        parameter for name, parameter in parameters.items() if name.rsplit(".", 1)[-1] == "weight"
    ]
    return Held(
        [parameters[name] for name in pruned],
        [torch.empty_like(parameters[name]).copy_(mask[name]) for name in pruned],
        again,
        every_weight if rule.freeze_negative else [],
    )


def training_step(
    model: nn.Module,
    sgd: torch.optim.SGD,
    images: Float[Tensor, "b 3 h w"],
    labels: Int64[Tensor, " b"],
    held: Held,
    settings: TrainingSettings,
    class_weights: Float[Tensor, " k"] | None,
) -> tuple[Float[Tensor, ""], Float[Tensor, "b k"]]:
    """Lower the loss of a batch in place; returns the loss and the logits from before the step.

    With ``precision: bfloat16`` convolutions and products are made in bfloat16, the loss in single precision
    (``torch.autocast``); the loss needs no scaling, as bfloat16 has the exponents of single precision.
    """
    with torch.autocast(images.device.type, torch.bfloat16, enabled=settings.precision == "bfloat16"):
        loss, logits = training_loss(model(images), labels, settings, class_weights)
    sgd.zero_grad(set_to_none=True)
    loss.backward()
    with torch.no_grad():
        _stop_gradients(held)
        sgd.step()
        if held.again and held.weights:
            torch._foreach_mul_(held.weights, held.keep)
    return loss.detach(), logits.detach()


def _stop_gradients(held: Held) -> None:
    """Zero the gradients of pruned weights, and of those that are below the released code's threshold."""
    used = [
        (weight.grad, keep) for weight, keep in zip(held.weights, held.keep, strict=True) if weight.grad is not None
    ]
    if used:
        # One call for all weights: on CUDA one launch, where one a weight would be 3 % of a small batch's launches.
        torch._foreach_mul_([gradient for gradient, _ in used], [keep for _, keep in used])
    for weight in held.frozen_below:
        if weight.grad is not None:
            weight.grad.mul_(weight >= FREEZE_BELOW)
