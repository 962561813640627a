"""Batches in an order, and augmented by draws, that depend on their key alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from sparsight.data import ConceptDataset, normalise, normalise_
from sparsight.draws import generator
from sparsight.training.crops import cut, draw_boxes, mirror
from sparsight.training.settings import TrainingSettings


@dataclass(frozen=True)
class DrawKey:
    """What data order and augmentation are keyed by; the arm is not among it, so all arms see the same batches."""

    seed: int
    repeat: int
    round: int


def training_batches(
    data: ConceptDataset,
    settings: TrainingSettings,
    key: DrawKey,
    epoch: int,
    device: torch.device,
    first: int = 0,
) -> Iterator[tuple[Float[Tensor, "b 3 h w"], Int64[Tensor, " b"]]]:
    """One epoch of the training images in random order, augmented.

    An incomplete last batch is left out where there is a whole one, so that no batch norm sees one or two images. From
    ``first`` on they are what they would be after those before.
    """
    indices = data.splits["train"]
    draw = ("epoch", key.seed, key.repeat, key.round, epoch)
    order = indices[torch.randperm(len(indices), generator=generator("order", *draw))]
    augmentation = generator("augmentation", *draw)
    mirrored = torch.rand(len(order), generator=augmentation) < 0.5
    padding = settings.crop_padding
    offsets = torch.randint(0, 2 * padding + 1, (len(order), 2), generator=augmentation)
    boxes = None if settings.crop_scale is None else draw_boxes(_sizes(data, order), settings.crop_scale, augmentation)
    flip = settings.flip and data.flip
    if boxes is not None and flip:
        boxes = mirror(boxes, mirrored)
    pictures = data.images if boxes is None or data.whole_images is None else data.whole_images
    size = settings.batch_size
    for start in range(first * size, steps_per_epoch(data, settings) * size, size):
        chosen = slice(start, start + size)
        labels = data.labels[order[chosen]].to(device)
        # Indexing, ``pictures[...]``, would copy byte by byte: 0.8 ms for a picture of 512 px instead of 0.1.
        images = pictures.index_select(0, order[chosen]).to(device)
        if boxes is not None:
            crops = cut(images, boxes[chosen], (data.images.shape[2], data.images.shape[3]))
            yield normalise_(crops.contiguous(memory_format=torch.channels_last), data), labels
            continue
        if padding:
            images = _shifted(images, offsets[chosen], padding)
        if flip:
            images = torch.where(mirrored[chosen].view(-1, 1, 1, 1).to(device), images.flip(3), images)
        yield normalise(images, data, device), labels


def steps_per_epoch(data: ConceptDataset, settings: TrainingSettings) -> int:
    """Optimiser steps in one epoch."""
    return max(1, len(data.splits["train"]) // settings.batch_size)


def _sizes(data: ConceptDataset, order: Int64[Tensor, " n"]) -> Int64[Tensor, "n 2"]:
    """Width and height of what crops are taken from: the whole pictures where they are kept, or else the squares."""
    if data.whole_sizes is not None:
        return data.whole_sizes[order]
    height, width = data.images.shape[2:]
    return torch.tensor([[width, height]]).expand(len(order), 2)


def _shifted(images: Tensor, offsets: Int64[Tensor, "b 2"], padding: int) -> Tensor:
    height, width = images.shape[2:]
    padded = torch.nn.functional.pad(images, (padding,) * 4)
    crops = zip(padded, offsets.tolist(), strict=True)
    return torch.stack([image[:, top : top + height, left : left + width] for image, (top, left) in crops])
