"""Whether two models, or a model and the labels, have their classes in the same order, as their answers show it."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int64
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from sparsight.errors import InputError

_ALIKE, _TOLD = 0.5, 0.6
"""Two models have their classes in different orders if their predictions agree on less than this share of the images on
which they would in another order, and there by so much more than chance, as a share of what chance leaves."""
_FEWEST = 20
"""Images below which agreement says nothing of the order."""
_MOSTLY, _LEAST = 0.8, 5
"""And they have some classes exchanged if each of these, of so many images or more, is another one of them on such a
share of its images."""


def check_order(
    first: str, second: str, one: Int64[Tensor, " n"], other: Int64[Tensor, " n"], class_names: Sequence[str]
) -> None:
    """Refuse two models, or a model and the labels, that tell the same classes apart in different orders.

    Args:
        first, second: what they are called.
        one, other: the classes that they give the same images.
        class_names: of the data set.

    Raises:
        InputError: if under another order of the classes they would agree far better, or of a few of them.
    """
    k = len(class_names)
    table = np.zeros((k, k), dtype=np.int64)
    np.add.at(table, (one.numpy(), other.numpy()), 1)
    rows, columns = linear_sum_assignment(-table)
    best, here = table[rows, columns].sum() / len(one), np.trace(table) / len(one)
    chance = float((np.sort(table.sum(0)) * np.sort(table.sum(1))).sum()) / len(one) ** 2
    enough = len(one) >= _FEWEST
    wholly = enough and best - chance >= _TOLD * (1 - chance) and chance < 1 and here < _ALIKE * best
    moved = [r for r in range(k) if columns[r] != r and table[r, columns[r]]]
    if not wholly:
        moved = [
            r for circle in _circles(columns) for r in circle if all(_mostly(table, c, columns[c]) for c in circle)
        ]
        if not moved:
            return
    r = max(moved, key=lambda r: table[r, columns[r]])
    raise InputError(
        f"{first} and {second}: their classes stand in different orders ({class_names[r]!r} of the one is mostly "
        f"{class_names[columns[r]]!r} of the other; they agree on {here:.0%} of the images, in another order on "
        f"{best:.0%}); put the outputs in the order of the data's classes"
    )


def _circles(columns: Sequence[int]) -> Iterator[list[int]]:
    """The classes that another order puts in each other's places, two or more."""
    left = {r for r, c in enumerate(columns) if r != c}
    while left:
        circle = [min(left)]
        while (following := int(columns[circle[-1]])) != circle[0]:
            circle.append(following)
        left -= set(circle)
        yield circle


def _mostly(table: Int64[np.ndarray, "k k"], row: int, column: int) -> bool:
    images = int(table[row].sum())
    return images >= _LEAST and table[row, column] >= _MOSTLY * images
