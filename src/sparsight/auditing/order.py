"""Whether two models, or a model and the labels, have their classes in the same order, as their answers show it."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Int64
from scipy.optimize import linear_sum_assignment
from scipy.stats import binomtest
from torch import Tensor

from sparsight.draws import generator
from sparsight.errors import InputError
from sparsight.models import Given

Remedy = Callable[[Sequence[int]], str]
_ALIKE, _TOLD = 0.5, 0.6
"""Two models have their classes in different orders if their predictions agree on less than this share of the images on
which they would in another order, and there by so much more than chance, as a share of what chance leaves."""
_SURE, _MIDDLING = 1e-4, 0.1
"""So is a middling model's order, if one that was found on half of the images agrees on the others by so much more than
chance, more than by chance with this p-value."""
_FEWEST = 20
"""Images below which agreement says nothing of the order."""
_NAMED = 12
"""Classes whose whole order a message names."""
_MOSTLY, _LEAST = 0.8, 5
"""And they have some classes exchanged if each of these, of so many images or more, is another one of them on such a
share of its images."""


def check_order(
    first: str,
    second: str,
    one: Int64[Tensor, " n"],
    other: Int64[Tensor, " n"],
    class_names: Sequence[str],
    remedy: Remedy = lambda found: "put the outputs in the order of the data's classes",
) -> None:
    """Refuse two models, or a model and the labels, that tell the same classes apart in different orders.

    Args:
        first, second: what they are called.
        one, other: the classes that they give the same images.
        class_names: of the data set.
        remedy: what helps, from the class that each output of the second shows itself to stand for.

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
    held, p = _held_out(one.numpy(), other.numpy(), k)
    wholly |= enough and chance < 1 and p < _SURE and held - chance >= _MIDDLING * (1 - chance) and here < _ALIKE * held
    moved = [r for r in range(k) if columns[r] != r and table[r, columns[r]]]
    if not wholly:
        moved = [
            r for circle in _circles(columns) for r in circle if all(_mostly(table, c, columns[c]) for c in circle)
        ]
        if not moved:
            return
    order = columns.argsort() if wholly else np.arange(k)
    order[columns[moved]] = moved
    r = max(moved, key=lambda r: table[r, columns[r]])
    raise InputError(
        f"{first} and {second}: their classes stand in different orders ({class_names[r]!r} of the one is mostly "
        f"{class_names[columns[r]]!r} of the other; they agree on {here:.0%} of the images, in another order on "
        f"{best:.0%}), which is {_listed(order.tolist(), class_names)}; {remedy(order.tolist())}"
    )


def remedy_for(second: Given, place: int, class_names: Sequence[str]) -> Remedy:
    """What puts a model's outputs in the order of the data's classes.

    Args:
        second: the model.
        place: in the audit; 0 is the original, of which all that was made from it mostly has the order.
        class_names: of the data set.
    """
    if second.class_names is not None:
        source = second.class_names_source or "its names"
        return lambda found: f"{source} does not fit its outputs: correct the names of its classes"
    if place == 0:
        return lambda found: (
            "write the names of its outputs in this order into a file, one a line, and give --labels FILE (labels= in "
            "Python)"
        )

    def apart(found: Sequence[int]) -> str:
        by_class = sorted(range(len(found)), key=lambda output: found[output])
        picked = f"outputs {by_class}" if len(found) <= _NAMED else "outputs"
        return (
            f"give it by a function of your own (package.module:function) whose network gives its {picked} in the "
            "order of the data's classes"
        )

    return apart


def _listed(order: Sequence[int], class_names: Sequence[str]) -> str:
    """The classes in an order: all of them, or the first and how many stand elsewhere than in the data."""
    names = ", ".join(class_names[k] for k in order[:_NAMED])
    if len(order) <= _NAMED:
        return names
    return f"{names}, ... ({sum(k != c for k, c in enumerate(order))} of {len(order)} differ from the data's)"


def _held_out(one: Int64[np.ndarray, " n"], other: Int64[np.ndarray, " n"], k: int) -> tuple[float, float]:
    """The agreement under an order that was found on other images, and the p-value of its being no better than none.

    An order is found on half of the images and tried on the others, and the other way round; the test is the exact
    one of the images on which one of both agreements holds.
    """
    turned = np.zeros(len(one), dtype=bool)
    shuffled = torch.randperm(len(one), generator=generator("class order", len(one))).numpy()
    one, other = one[shuffled], other[shuffled]
    for half in (0, 1):
        table = np.zeros((k, k), dtype=np.int64)
        np.add.at(table, (one[half::2], other[half::2]), 1)
        _, columns = linear_sum_assignment(-table)
        turned[1 - half :: 2] = columns[one[1 - half :: 2]] == other[1 - half :: 2]
    plain = one == other
    gained, lost = int((turned & ~plain).sum()), int((plain & ~turned).sum())
    p = binomtest(gained, gained + lost, alternative="greater").pvalue if gained + lost else 1.0
    return float(turned.mean()), float(p)


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
