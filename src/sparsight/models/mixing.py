"""Whether a network's answer for an image depends on the other images of its batch in evaluation.

One that mixes them, as batch norm without running statistics does, has no answer of its own for an image: accuracies,
maps and drifts would be those of a batch size and an order.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models.rounding import batch_rounding
from sparsight.models.split import evaluating, plain

_BATCH = 4
_INT8 = 1e-1
"""What may change where a scale for int8 numbers is taken from a batch: 2e-2 of the largest number at the most on six
networks."""
_DYNAMIC = ("linear_dynamic", "conv2d_dynamic", "choose_qparams")
"""Operations that take such a scale, as graphs name them."""

Outputs = Callable[[Tensor], Tensor | tuple[Tensor, ...]]


def check_mixing(
    name: str, model: nn.Module, images: Float[Tensor, "b c h w"], outputs: Outputs | None = None
) -> str | None:
    """Pass a small batch, the same in another order, and its first and last image alone; refuse other answers.

    Where linear layers are quantised dynamically, the scale of their input comes from the whole batch. That is how such
    a network is deployed, so a small difference is let pass, with a note.

    Args:
        name: of the network, for messages.
        model: the network; it is left as it was found.
        images: a few, normalised. The same at half the contrast are added where they are few.
        outputs: gives what is compared, row by row; the logits by default.

    Returns:
        What a reader should know, or None.

    Raises:
        InputError: if answers differ by more than rounding, or an image alone cannot be passed.
    """
    few = images[:_BATCH]
    batch = torch.cat([few, few / 2])[:_BATCH]
    ends = [0, len(batch) - 1]

    def passed(given: Tensor) -> list[Tensor]:
        try:
            found = model(given) if outputs is None else outputs(given)
        except (InputError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # a network of somebody's may raise anything
            said = " ".join(str(error).split())[:160]
            images = f"{len(given)} image{'s' * (len(given) > 1)}"
            raise InputError(
                f"{name}: fails in evaluation on a batch of {images} ({type(error).__name__}: {said}); {_REMEDY}"
            ) from error
        return [plain(one).float() for one in ((found,) if isinstance(found, Tensor) else found)]

    with torch.no_grad(), evaluating(model):
        together = passed(batch)
        turned = [one.flip(0) for one in passed(batch.flip(0))]
        each = [passed(batch[k : k + 1]) for k in ends]
    worst = 0.0
    for k, one in enumerate(together):
        alone = torch.cat([found[k] for found in each])
        size = float(one.abs().max())
        difference = max(float((one - turned[k]).abs().max()), float((one[ends] - alone).abs().max()))
        worst = max(worst, difference / size if size else 0.0)
    if worst <= batch_rounding(model, batch):
        return None
    if worst <= _INT8 and scales_by_batch(model):
        return (
            f"{name}: its dynamic quantisation takes a scale from the whole batch, so that an answer depends slightly "
            f"on the images beside it (by {worst:.1%} of the largest on {len(batch)} images)"
        )
    raise InputError(
        f"{name}: its answer for an image depends on the other images of its batch in evaluation (by {worst:.2g} of "
        f"the largest between {len(batch)} images together, in another order and alone); {_REMEDY}"
    )


_REMEDY = (
    "let an image's answer depend on that image alone: give batch norms running statistics (track_running_stats=True) "
    "and leave them in evaluation mode, and take no mean, softmax or order over dimension 0"
)


def scales_by_batch(model: nn.Module) -> bool:
    """Whether some layer is quantised dynamically, with one scale for a whole batch."""
    if any(".quantized.dynamic" in type(module).__module__ for module in model.modules()):
        return True
    graphs = (getattr(module, "inlined_graph", getattr(module, "graph", None)) for module in model.modules())
    return any(word in str(graph) for graph in graphs if graph is not None for word in _DYNAMIC)


@torch.no_grad()
def stirred(model: nn.Module) -> nn.Module:
    """The same network, changed in place, with random numbers where a parameter is one number everywhere.

    Branches that start at zero, as of a layer scale or a last norm, hide what they do from the first weights' answers.
    """
    lot = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        flat = parameter.reshape(-1)
        if not parameter.is_floating_point() or not len(flat) or bool(flat[0] != flat[-1]):
            continue
        if bool((flat == flat[0]).all()):
            parameter.copy_(torch.rand(parameter.shape, generator=lot) + 0.5)
    return model
