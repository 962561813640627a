"""A model under audit: where it is cut, what its outputs stand for, how its images are normalised."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.models import Given, Located, Split, evaluating, locate, named_module

_ALIKE, _TOLD = 0.5, 0.6
"""Two models have their classes in different orders if their predictions agree on less than this share of the images on
which they would in another order, and there by so much more than chance, as a share of what chance leaves."""
_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Subject:
    """A model under audit.

    Attributes:
        name: what it is called.
        model: gives the logits of the data set's classes, in their order.
        split: where it is cut.
        mapless: why no maps can be made of it; empty where they can.
        normalisation: mean and deviation of each channel that it expects; None for the data set's.
        notes: what a reader should know of how it was taken, a line each.
    """

    name: str
    model: nn.Module
    split: Split
    mapless: str
    normalisation: tuple[tuple[float, float, float], tuple[float, float, float]] | None
    notes: tuple[str, ...]


def subject_of(
    given: Given, class_names: Sequence[str], images: Float[Tensor, "b 3 h w"], layer: str | None = None
) -> Subject:
    """Cut a model, and have it answer for the data set's classes.

    Where it has as many outputs as there are classes, these are taken to be in the same order, unless both have names:
    then outputs are put in the order of the names. Of a model with more outputs that have names, those of the data
    set's classes are taken, and it is asked which of them an image shows.

    Args:
        given: the model.
        class_names: of the data set.
        images: two or more, normalised.
        layer: where its maps are explained.

    Raises:
        InputError: if its outputs are not the data set's classes, or it cannot be cut (``locate``).
    """
    located = locate(given.name, given.model, images, layer)
    with torch.no_grad(), evaluating(given.model):
        outputs = given.model(images).shape[1]
    if given.class_names is not None and len(given.class_names) != outputs:
        raise InputError(f"{given.name}: names {len(given.class_names)} classes and has {outputs} outputs; mend it")
    columns = _columns(given, class_names, outputs)
    model, notes = given.model, []
    if columns is not None:
        model = _answering_for(given.model, located, columns)
        if len(columns) < outputs:
            notes.append(f"{given.name}: of its {outputs:,} classes it was asked for the {len(columns)} of the data")
        else:
            notes.append(f"{given.name}: its classes were put in the order of the data's by their names")
    if located.mapless:
        notes.append(f"{given.name}: no maps: {located.mapless}")
    return Subject(given.name, model, located.split, located.mapless, given.normalisation, tuple(notes))


def _columns(given: Given, class_names: Sequence[str], outputs: int) -> list[int] | None:
    """The output of each class; None where they are taken as they stand."""
    classes = len(class_names)
    place = {_plain(name): k for k, name in enumerate(given.class_names or ())}
    known = [place.get(_plain(name)) for name in class_names]
    if place and None not in known:
        columns = [k for k in known if k is not None]
        return None if columns == list(range(outputs)) else columns
    if outputs == classes:
        return None
    unknown = [name for name, k in zip(class_names, known, strict=True) if k is None]
    hint = (
        f"; it does not name {', '.join(unknown[:_SHOWN])}" + (", ..." if len(unknown) > _SHOWN else "")
        if place
        else "; its outputs have no names by which the data's classes could be found among them"
    )
    raise InputError(f"{given.name}: {outputs:,} outputs for {classes:,} classes of the data{hint}")


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


def _answering_for(model: nn.Module, located: Located, columns: list[int]) -> nn.Module:
    """A copy whose head has the rows of these classes alone, in this order."""
    narrowed = copy.deepcopy(model)
    head = named_module(narrowed, located.split.head)
    if not isinstance(head, nn.Linear):
        raise InputError(
            f"{located.split.head}: {type(head).__name__} cannot be narrowed to the data's classes; give a model whose "
            "outputs are these classes"
        )
    with torch.no_grad():
        head.weight = nn.Parameter(head.weight[columns].clone(), requires_grad=head.weight.requires_grad)
        if head.bias is not None:
            head.bias = nn.Parameter(head.bias[columns].clone(), requires_grad=head.bias.requires_grad)
    head.out_features = len(columns)
    return narrowed


def check_order(
    first: str, second: str, one: Int64[Tensor, " n"], other: Int64[Tensor, " n"], class_names: Sequence[str]
) -> None:
    """Refuse two models, or a model and the labels, that tell the same classes apart in different orders.

    Args:
        first, second: what they are called.
        one, other: the classes that they give the same images.
        class_names: of the data set.

    Raises:
        InputError: if under another order of the classes they would agree far better.
    """
    k = len(class_names)
    table = np.zeros((k, k), dtype=np.int64)
    np.add.at(table, (one.numpy(), other.numpy()), 1)
    rows, columns = linear_sum_assignment(-table)
    best, here = table[rows, columns].sum() / len(one), np.trace(table) / len(one)
    chance = float((np.sort(table.sum(0)) * np.sort(table.sum(1))).sum()) / len(one) ** 2
    if best - chance < _TOLD * (1 - chance) or chance == 1 or here >= _ALIKE * best:
        return
    moved = [(r, c) for r, c in zip(rows.tolist(), columns.tolist(), strict=True) if r != c and table[r, c]]
    r, c = max(moved, key=lambda place: table[place])
    raise InputError(
        f"{first} and {second}: their classes stand in different orders ({class_names[r]!r} of the one is mostly "
        f"{class_names[c]!r} of the other; they agree on {here:.0%} of the images, in another order on {best:.0%}); "
        "put the outputs in the order of the data's classes"
    )
