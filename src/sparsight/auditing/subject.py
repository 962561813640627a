"""A model under audit: where it is cut, what its outputs stand for, how its images are normalised."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.auditing.answering import answering, outputs_of
from sparsight.errors import InputError
from sparsight.models import Given, Split, check_mixing, evaluating, locate

_REPEATED = 1e-4
"""Of the largest logit: two passes over the same images differ by less."""


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
    set's classes are taken, and it is asked which of them an image shows (``outputs_of``).

    Args:
        given: the model.
        class_names: of the data set.
        images: two or more, normalised.
        layer: where its maps are explained.

    Raises:
        InputError: if its outputs are not the data set's classes, it answers otherwise when it is asked again or for
            an image in another batch (``check_mixing``), or it cannot be cut (``locate``).
    """
    located = locate(given.name, given.model, images, layer)
    with torch.no_grad(), evaluating(given.model):
        logits, again = given.model(images), given.model(images)
    if bool((logits - again).abs().max() > _REPEATED * logits.abs().max()):
        raise InputError(
            f"{given.name}: gives other logits for the same images in evaluation mode, so that it differs from itself; "
            "make it fixed"
        )
    mixed = check_mixing(given.name, given.model, images)
    outputs = logits.shape[1]
    if given.class_names is not None and len(given.class_names) != outputs:
        raise InputError(f"{given.name}: names {len(given.class_names)} classes and has {outputs} outputs; mend it")
    columns, note = outputs_of(given.name, given.class_names, class_names, outputs)
    model, split = given.model, located.split
    if columns is not None:
        model, split = answering(model, split, columns)
    return Subject(given.name, model, split, located.mapless, given.normalisation, tuple(filter(None, (mixed, note))))
