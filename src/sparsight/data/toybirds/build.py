"""The data set: birds 0 to n - 1, training images first."""

from contextlib import nullcontext

import numpy as np
import torch

from sparsight.data.dataset import ConceptDataset
from sparsight.data.glimpse import Glimpse
from sparsight.data.toybirds.render import render
from sparsight.data.toybirds.scene import sample_scene
from sparsight.data.toybirds.settings import ToyBirdsSettings
from sparsight.data.toybirds.species import CONCEPTS, PARTS, SPECIES, label_of

# Of the 2,500 images of the default settings, rounded; a fixed part of the data set, whatever its settings.
MEAN = (0.696, 0.700, 0.671)
STD = (0.190, 0.184, 0.199)


def toybirds(settings: ToyBirdsSettings, glimpse: Glimpse | None = None) -> ConceptDataset:
    """Draw the data set that the settings describe: images in the order train, validation, test; nothing unknown.

    With a glimpse a few are drawn, and the others are black.
    """
    sizes = {"train": settings.train, "validation": settings.validation, "test": settings.test}
    n, side = sum(sizes.values()), settings.image_size
    images = np.zeros((n, 3, side, side), dtype=np.uint8)
    parts = np.zeros((n, side, side), dtype=np.uint8)
    concepts = np.empty((n, len(CONCEPTS)), dtype=np.int8)
    drawn = range(n) if glimpse is None else glimpse.chosen(n)
    for index in range(n):
        scene = sample_scene(settings.seed, index, settings)
        concepts[index] = [scene.concepts[group] == value for group, value in CONCEPTS]
        if index in drawn:
            with nullcontext() if glimpse is None else glimpse.extrapolating(len(drawn), n):
                rendering = render(scene, side)
            images[index] = rendering.image.transpose(2, 0, 1)
            parts[index] = rendering.parts
    part_masks = torch.from_numpy(parts)
    return ConceptDataset(
        name="toybirds",
        images=torch.from_numpy(images),
        labels=torch.tensor([label_of(index) for index in range(n)]),
        concepts=torch.from_numpy(concepts),
        splits=dict(zip(sizes, torch.split(torch.arange(n), list(sizes.values())), strict=True)),
        class_names=tuple(species.name for species in SPECIES),
        concept_names=tuple(f"{group}_{value}" for group, value in CONCEPTS),
        concept_groups=tuple(group for group, _ in CONCEPTS),
        object_masks=part_masks > 0,
        part_masks=part_masks,
        part_names=PARTS,
        mean=MEAN,
        std=STD,
        flip=settings.flip,
    )
