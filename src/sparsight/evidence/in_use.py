"""The concepts that are learned: those on which images differ, and what is one column under several names, once.

A concept vector, and with it everything that g says of a concept, follows from the labels that it is learned from. Two
concepts whose labels are equal on all of those images have the same vector, and nothing could tell their weights in g
apart but the rounding of sums: they are one concept that has several names. So it is judged here and nowhere else, by
the labels of the images that concepts are learned from, unknown ones included.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int8
from torch import Tensor

from sparsight.concepts import constant_concepts
from sparsight.data import UNKNOWN, ConceptDataset

_LONGEST = 60
"""Characters of the first of several names, so that what stands behind it is seen in a table's cell."""


@dataclass(frozen=True)
class ConceptInUse:
    """One concept of the bank and of g.

    Attributes:
        name: what it is called, in one line of a table: its name, or the first of its names and how many more it has.
        names: all its names, in the order of the data set; several where their columns are equal.
        groups: the group of each name.
        columns: the place of each name in the data set.
    """

    name: str
    names: tuple[str, ...]
    groups: tuple[str, ...]
    columns: tuple[int, ...]


def usable_concepts(data: ConceptDataset) -> Bool[Tensor, " c"]:
    """The concepts that some of the images to learn from have and others lack; the rest cannot be learned."""
    return constant_concepts(learned_labels(data)).logical_not()


def concepts_in_use(data: ConceptDataset) -> tuple[ConceptInUse, ...]:
    """The usable concepts, those with equal columns once, in the order of their first columns."""
    taken = set(data.concept_names)
    found = []
    for columns in _together(learned_labels(data), usable_concepts(data).nonzero().flatten().tolist()):
        names = tuple(data.concept_names[c] for c in columns)
        name = _called(names, taken)
        taken.add(name)
        found.append(ConceptInUse(name, names, tuple(data.concept_groups[c] for c in columns), tuple(columns)))
    return tuple(found)


def columns_digest(data: ConceptDataset) -> str | None:
    """The SHA-256 of which columns are one concept; None where all concepts in use have columns of their own.

    Evidence names it: what was learned of equal columns apart is not what is learned of them as one.
    """
    together = [one.columns for one in concepts_in_use(data) if len(one.columns) > 1]
    return hashlib.sha256(json.dumps(together).encode()).hexdigest() if together else None


def named_concepts(names: Sequence[str], data: ConceptDataset) -> tuple[ConceptInUse, ...]:
    """The concepts of the data that are called so.

    Args:
        names: as of ``ConceptInUse.name``; one that the data do not know, as of the few images of a calibration, is a
            concept without a column.
        data: the data set.
    """
    known = {one.name: one for one in concepts_in_use(data)}
    return tuple(known.get(name, ConceptInUse(name, (name,), (name,), ())) for name in names)


def learned_labels(data: ConceptDataset) -> Int8[Tensor, "n c"]:
    """What concepts are learned from: labels of the training images, or of the examples that are not held out."""
    if data.example_concepts is None or data.example_held_out is None:
        return data.concepts[data.splits["train"]]
    return data.example_concepts[~data.example_held_out]


def tested_labels(data: ConceptDataset) -> Int8[Tensor, "n c"]:
    """What concepts are tested on: labels of the test images, or of the examples that are held out."""
    if data.example_concepts is None or data.example_held_out is None:
        return data.concepts[data.splits["test"]]
    return data.example_concepts[data.example_held_out]


def merged(labels: Int8[Tensor, "n c"], concepts: Sequence[ConceptInUse]) -> Int8[Tensor, "n m"]:
    """Whether images have each concept in use: what all its names say, and unknown where they contradict each other.

    Args:
        labels: one column a name, in the order of the data set.
        concepts: those in use.
    """
    found = labels.new_full((len(labels), len(concepts)), UNKNOWN)
    for place, one in enumerate(concepts):
        own = labels[:, list(one.columns)]
        found[:, place] = torch.where((own == own[:, :1]).all(1), own[:, 0], found[:, place])
    return found


def held_out_labels(data: ConceptDataset) -> Int8[Tensor, "n m"]:
    """Which of the concepts in use the images have that concepts are tested on."""
    return merged(tested_labels(data), concepts_in_use(data))


def _together(labels: Int8[Tensor, "n c"], columns: Sequence[int]) -> list[list[int]]:
    """The columns, those that are equal in one list; in the order of the first of each."""
    alike: dict[bytes, list[int]] = {}
    for c in columns:
        alike.setdefault(labels[:, c].numpy().tobytes(), []).append(c)
    return list(alike.values())


def _called(names: Sequence[str], taken: set[str]) -> str:
    """The first name, and how many more there are; unlike every other name, whatever the names are."""
    if len(names) == 1:
        return names[0]
    first = names[0] if len(names[0]) <= _LONGEST else f"{names[0][: _LONGEST - 3]}..."
    name = f"{first} (= {len(names) - 1} more)"
    while name in taken:
        name += "*"
    return name
