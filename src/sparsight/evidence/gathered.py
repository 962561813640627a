"""What successive batches give, in tensors of their final size."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

Told = Callable[[int, int], None]
"""Is told after each batch how many images are done, and of how many."""


def gathered(total: int, batches: Iterable[tuple[Tensor, ...]], told: Told | None = None) -> tuple[Tensor, ...]:
    """The rows of successive batches, on the CPU, floating numbers in single precision.

    Written where they will stay: small pieces that are kept while a network runs lie between its activations and keep
    the allocator from giving their memory back, which grew with the images to many times what is kept.

    Args:
        total: how many rows there are in all, one or more.
        batches: for each batch, tensors of as many rows as it has images; of the same kinds each time.
        told: is told how far it is.

    Raises:
        ValueError: if rows are too many or too few.
    """
    rows: list[Tensor] = []
    done = 0
    for parts in batches:
        if not rows:
            kinds = [torch.float32 if part.is_floating_point() else part.dtype for part in parts]
            shapes = [(total, *part.shape[1:]) for part in parts]
            rows = [torch.empty(shape, dtype=kind) for shape, kind in zip(shapes, kinds, strict=True)]
        end = done + len(parts[0])
        for own, part in zip(rows, parts, strict=True):
            own[done:end] = part
        done = end
        if told is not None:
            told(done, total)
    if done != total or not total:
        raise ValueError(f"{done} rows, not {total}")
    return tuple(rows)
