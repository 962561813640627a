"""A transformer's tokens as the map that they are of the image's patches."""

import math

from jaxtyping import Float
from torch import Tensor

from sparsight.errors import InputError

_MOST_PREFIX = 8
"""Tokens that stand for no place, before those of the patches: a class token, one of distillation, registers."""


def token_map(tokens: Float[Tensor, "b n l"], first: int, size: tuple[int, int]) -> Float[Tensor, "b l g1 g2"]:
    """A transformer's tokens as a map, without the ``first`` ones, which stand for no place.

    Args:
        tokens: what a layer gives.
        first: how many come before those of the patches, which stand row by row.
        size: height and width of the images.

    Raises:
        InputError: if they are no row of tokens, or the others no grid of patches of such images (``token_grid``).
    """
    grid = token_grid(tokens.shape[1] - first, size) if tokens.ndim == 3 else None
    if grid is None:
        number = "a square number" if size[0] == size[1] else f"the patches of {size[0]} x {size[1]} pixels"
        raise InputError(f"a layer gives {tuple(tokens.shape)}, not (b, {first} + {number}, l); name another layer")
    return tokens[:, first:].transpose(1, 2).reshape(len(tokens), -1, *grid)


def token_grid(count: int, size: tuple[int, int]) -> tuple[int, int] | None:
    """Rows and columns of so many patches; None where there is no such grid.

    Of a square image it is any square. Of another one it is that of square patches that lie side by side, which leave
    out what is left at the edges or are filled up there.
    """
    height, width = size
    if height == width:
        side = math.isqrt(max(count, 0))
        return (side, side) if side and side * side == count else None
    for patch in range(1, min(height, width) + 1):
        for grid in ((height // patch, width // patch), (-(-height // patch), -(-width // patch))):
            if grid[0] * grid[1] == count:
                return grid
    return None


def prefix(count: int, size: tuple[int, int]) -> int | None:
    """How many of so many tokens come before those of the patches; None where they are no such row.

    Args:
        count: of all tokens.
        size: height and width of the images.
    """
    fitting = (first for first in range(_MOST_PREFIX + 1) if token_grid(count - first, size) is not None)
    return next((first for first in fitting if count - first > 1), None)
