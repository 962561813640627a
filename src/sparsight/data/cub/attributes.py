"""From CUB's 312 attributes to concepts: the paper's rule, and the names that it prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from sparsight.data.cub.layout import Layout, numbered, rows
from sparsight.errors import InputError

LEAST_CLASSES = 10
"""An attribute that fewer of all classes have is no concept."""


@dataclass(frozen=True, eq=False)
class ClassConcepts:
    """Which class has which concept: a concept is a function of the class.

    Attributes:
        present: of all classes, by number - 1.
        names: as ``bill_shape_hooked_seabird``.
        groups: as ``bill_shape``. Its values do not exclude each other: a class may have two colours, or none.
    """

    present: Bool[np.ndarray, "k c"]
    names: tuple[str, ...]
    groups: tuple[str, ...]


def class_majority(layout: Layout) -> ClassConcepts:
    """A class has an attribute that more than half of its annotators saw (``class_attribute_labels_continuous.txt``).

    The paper's rule (its released code): attributes of fewer than ten classes are dropped; 108 are left of CUB's.

    Raises:
        InputError: if a file is missing, or holds other numbers than a percentage for each class and attribute.
    """
    path = layout.root / "attributes" / "class_attribute_labels_continuous.txt"
    attributes = read_attributes(layout.root)
    found = rows(path, len(attributes))
    try:
        percent = np.array([[float(cell) for cell in cells] for _, cells in found])
    except ValueError:  # not a number, or lines of several lengths
        raise InputError(f"{path}: not {len(attributes)} numbers a line; restore the file") from None
    wanted = (len(layout.class_names), len(attributes))
    if percent.shape != wanted:
        raise InputError(f"{path}: holds {' x '.join(map(str, percent.shape))} numbers, not {wanted[0]} x {wanted[1]}")
    if not ((percent >= 0) & (percent <= 100)).all():
        raise InputError(f"{path}: holds numbers that are not from 0 to 100; restore the file")
    return concepts_of(percent > 50, attributes)


def concepts_of(
    present: Bool[np.ndarray, "k a"], attributes: Sequence[tuple[str, str]], kept: Sequence[int] | None = None
) -> ClassConcepts:
    """The attributes of ``LEAST_CLASSES`` classes or more, or those at the positions ``kept``."""
    chosen = np.flatnonzero(present.sum(0) >= LEAST_CLASSES) if kept is None else np.array(kept)
    names, groups = (tuple(attributes[a][part] for a in chosen.tolist()) for part in (0, 1))
    return ClassConcepts(present[:, chosen], names, groups)


def read_attributes(root: Path) -> list[tuple[str, str]]:
    """Name and group of each attribute, by number - 1; the official archive has their file beside its folder.

    Raises:
        InputError: if the file is missing or damaged.
    """
    places = (root / "attributes" / "attributes.txt", root.parent / "attributes.txt", root / "attributes.txt")
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise InputError(f"{places[0]}: missing, and not beside {root} either; restore it from the archive")
    return numbered(path, lambda cells: spoken(cells[1]))


def spoken(attribute: str) -> tuple[str, str]:
    """Name and group: ``has_size::medium_(9_-_16_in)`` is ``size_medium_9_16_in`` of ``size``, as the paper prints it.

    Raises:
        ValueError: if it is not ``has_GROUP::VALUE``.
    """
    group, colons, value = attribute.partition("::")
    if not colons or not group.startswith("has_"):
        raise ValueError(f"{attribute[:80]!r} is not has_GROUP::VALUE")
    group = group.removeprefix("has_")
    for old, new in (("(", ""), (")", ""), ("_-_", "_"), ("-", ""), ("_the_", "_")):
        value = value.replace(old, new)
    return f"{group}_{value}", group
