"""A model under audit: where it is cut, what its outputs stand for, how its images are normalised."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.auditing.answering import answering, outputs_of
from sparsight.errors import InputError
from sparsight.models import (
    Adapted,
    Given,
    Split,
    UserCodeError,
    broken_weights,
    check_mixing,
    evaluating,
    find_answers,
    fixed_rows,
    grey_shares,
    is_of_library,
    locate,
    repeats,
)

_SUM = 1e-3
"""Rows of numbers from 0 that are so near to 1 in all are probabilities."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A model under audit.

    Attributes:
        name: what it is called.
        model: gives the logits of the data set's classes, in their order.
        split: where it is cut.
        mapless: why no maps can be made of it; empty where they can.
        headless: why it has no embedding; empty where it has one.
        normalisation: mean and deviation of each channel that it expects; None for the data set's.
        notes: what a reader should know of how it was taken, a line each.
    """

    name: str
    model: nn.Module
    split: Split
    mapless: str
    normalisation: tuple[tuple[float, float, float], tuple[float, float, float]] | None
    notes: tuple[str, ...]
    headless: str = ""


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
        images: some, two or more, normalised.
        layer: where its maps are explained.

    Raises:
        InputError: if a weight is not a finite number, its outputs are not the data set's classes, it answers
            otherwise when it is asked again or for an image in another batch (``check_mixing``), or it cannot be cut
            (``locate``).
    """
    if broken := broken_weights(given.model):
        raise InputError(f"{given.name}: not finite numbers: {broken}; give a whole model")
    adapted, notes = _adapted(given, len(class_names), images)
    located = locate(given.name, adapted, images[:2], layer)
    with torch.no_grad(), evaluating(adapted):
        logits, again = adapted(images[:2]), adapted(images[:2])
    if not repeats(adapted, logits, again):
        raise InputError(
            f"{given.name}: gives other logits for the same images in evaluation mode, so that it differs from itself; "
            "make it fixed"
        )
    mixed = check_mixing(given.name, adapted, images)
    outputs = logits.shape[1]
    if given.class_names is not None and len(given.class_names) != outputs:
        names, source = len(given.class_names), given.class_names_source
        raise InputError(
            f"{given.name}: names {names} classes and has {outputs} outputs; mend it"
            if source is None
            else f"{source}: {names:,} names for the {outputs:,} outputs of {given.name}; give one name for each output"
        )
    columns, note = outputs_of(given.name, given.class_names, class_names, outputs)
    model: nn.Module = adapted
    split = located.split
    if columns is not None:
        model, split = answering(model, split, columns)
    notes += [one for one in (mixed, note) if one]
    if bool((logits >= 0).all()) and bool(((logits.sum(1) - 1).abs() < _SUM).all()):
        notes.append(f"{given.name}: gives probabilities, not logits; its answers are the same, its maps are of these")
    return Subject(
        given.name, model, split, located.mapless, given.normalisation, tuple(notes), headless=located.headless
    )


_SIDES = (224, 32, 28, 64, 96, 128, 160, 256, 299, 384, 512)
"""Sides in pixels that are tried where a network fails on the images that it is given."""


def _adapted(given: Given, classes: int, images: Float[Tensor, "b 3 h w"]) -> tuple[Adapted, list[str]]:
    """The network behind one call that takes normalised images and gives logits, and what a reader should know.

    A network that fails on images of three channels and not on their grey is one of greyscale pictures.

    Raises:
        InputError: if it fails on these images, or gives no logits.
    """
    network, contiguous = given.model, not is_of_library(given.model)
    grey = grey_shares(given.normalisation[1] if given.normalisation is not None else (1.0, 1.0, 1.0))
    ways = [Adapted(given.name, network, grey=one, contiguous=contiguous) for one in (None, grey)]
    if (rows := fixed_rows(network)) is not None:
        images = images[torch.arange(rows) % len(images)]
    with torch.no_grad(), evaluating(ways[0]):
        try:
            taken, output = ways[0], ways[0](images)
        except UserCodeError as error:
            try:
                taken, output = ways[1], ways[1](images)
            except UserCodeError:
                left = not isinstance(error.__cause__, Exception)  # it would have ended the process
                raise InputError(f"{error}{'' if left else _remedy(ways, images)}") from error
    wanted = {classes} | ({len(given.class_names)} if given.class_names is not None else set())
    answers, note = find_answers(given.name, output, len(images), classes, wanted)
    notes = [f"{given.name}: {note}"] if note else []
    if taken.grey is not None:
        notes.append(
            f"{given.name}: takes images of one channel: it was given the grey of the pictures (0.299 red + 0.587 "
            "green + 0.114 blue), normalised as their channels are"
        )
    return Adapted(given.name, network, answers, taken.grey, contiguous, rows), notes


def _remedy(ways: Sequence[Adapted], images: Tensor) -> str:
    """What helps a network that fails on images: another size, if it works on one."""
    for side in _SIDES:
        for way in ways:
            with suppress(UserCodeError):
                way(images.new_zeros(2, 3, side, side))
                return f"; it takes images of {side} pixels: give --image-size {side} (image_size={side} in Python)"
    return "; give a network that takes normalised images (b, 3, h, w) alone"
