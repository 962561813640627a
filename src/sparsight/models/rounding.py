"""How far answers of one network may lie apart by rounding alone: in batches of other sizes, or when asked twice."""

import torch
from torch import Tensor, nn

_ROUNDING = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 3e-2, torch.bfloat16: 1e-1}
"""What sums in another order may change, as a share of the largest number. Measured on 40 networks of torchvision and
timm on a CPU in batches of other sizes: 3e-6 at the most in single precision, 1e-3 in half. Parts may round to single
precision in a network of double precision."""
_TF32 = 3e-2
"""The same in single precision on a GPU between batches of other sizes, whose products may be in TF32 or not."""


def rounding(model: nn.Module) -> float:
    """What the network may change by rounding when it is asked twice, as a share of the largest number.

    The products are the same, but some of a GPU's operations, and threads on a CPU, add up in another order each time.
    """
    kinds = {one.dtype for one in (*model.parameters(), *model.buffers()) if one.is_floating_point()}
    return max((_ROUNDING.get(kind, max(_ROUNDING.values())) for kind in kinds), default=_ROUNDING[torch.float32])


def batch_rounding(model: nn.Module, images: Tensor) -> float:
    """What it may change by rounding when images are passed in batches of other sizes, as such a share."""
    return max(rounding(model), _TF32) if images.device.type == "cuda" else rounding(model)


def repeats(model: nn.Module, first: Tensor, again: Tensor) -> bool:
    """Whether what a network gave for the same images twice differs by rounding at the most.

    Numbers that are not finite have to be the same ones.
    """
    first, again = first.double(), again.double()
    finite = first.isfinite()
    if not torch.equal(finite, again.isfinite()):
        return False
    first, again = first[finite], again[finite]
    return not len(first) or bool((first - again).abs().max() <= rounding(model) * first.abs().max())
