"""Products rounded as another processor, build or batch size might round them: ``pytest --other-rounding``.

Equal bits are promised for one machine, one build and one shape of a product. Under this option the last bits of every
matrix product and convolution on the CPU follow from the shapes that go in and from the place in the result, so that a
test which expects the same bits of products of two shapes fails on any machine, as it would on some.
"""

from typing import Any

import torch
from torch import Tensor

_WHOLE = {torch.float32: torch.int32, torch.float64: torch.int64}
_LIBRARY: Any = None


def round_otherwise() -> None:
    """Replace the kernels of this process, for good."""
    global _LIBRARY
    _LIBRARY = torch.library.Library("aten", "IMPL")
    for name, kernel in (("mm", _mm), ("addmm", _addmm), ("convolution", _convolution)):
        _LIBRARY.impl(name, kernel, "CPU")


def _mm(first: Tensor, second: Tensor) -> Tensor:
    return _rounded(torch.bmm(first[None], second[None])[0], first, second)


def _addmm(added: Tensor, first: Tensor, second: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    product = alpha * torch.bmm(first[None], second[None])[0]
    return _rounded(product + beta * added if beta else product, first, second)


def _convolution(images: Tensor, weight: Tensor, *rest: Any) -> Tensor:
    found = torch.ops.aten._convolution.default(images, weight, *rest, False, False, True, True)
    if torch.jit.is_tracing():  # which records what happens in here
        return found
    return _rounded(found, images, weight)


def _rounded(found: Tensor, *inputs: Tensor) -> Tensor:
    """The result with -2 to 2 units in the last place added, in place. Zeros and numbers of few bits stay as they are:
    sums of such are exact in any order."""
    if found.dtype not in _WHOLE or not found.numel():
        return found
    key = 0
    for size in (size for each in inputs for size in each.shape):
        key = (key * 1_000_003 + size) % 2_147_483_647
    flat = found.detach().reshape(-1).clone()
    noise = ((torch.arange(len(flat)) * 7919 + key) % 5 - 2).to(flat.dtype) * torch.finfo(flat.dtype).eps * flat
    short = flat.view(_WHOLE[flat.dtype]) & 0xFF == 0
    return found.copy_(torch.where(short | ~flat.isfinite(), flat, flat + noise).view(found.shape))
