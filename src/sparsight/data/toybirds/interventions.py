"""Interventions on scenes: every concept set to every value of its group, every part removed, every habitat.

They are the known truth that ToyBirds has and photographs have not: what a network's answer really depends on.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from sparsight.data.toybirds.edits import with_habitat
from sparsight.data.toybirds.render import Rendering, render
from sparsight.data.toybirds.scene import sample_scene
from sparsight.data.toybirds.settings import ToyBirdsSettings
from sparsight.data.toybirds.species import CONCEPTS, HABITATS, PARTS


@dataclass(frozen=True)
class Interventions:
    """Scenes of test images, drawn again with one thing changed.

    Attributes:
        images: the pictures of each scene, the untouched one first.
        concepts: for each scene and concept, the place in ``images`` of the picture in which its group has that value.
        parts: the place of the picture without each part.
        habitats: the place of the picture in each habitat.
        concept_names, concept_groups, part_names, habitat_names: what the columns are.
    """

    images: UInt8[Tensor, "n e 3 s s"]
    concepts: Int64[Tensor, "n c"]
    parts: Int64[Tensor, "n p"]
    habitats: Int64[Tensor, "n h"]
    concept_names: tuple[str, ...]
    concept_groups: tuple[str, ...]
    part_names: tuple[str, ...]
    habitat_names: tuple[str, ...]


def intervene(settings: ToyBirdsSettings, count: int) -> Interventions:
    """Draw the first ``count`` test images (all, if there are fewer) with everything changed, one thing at a time.

    A scene has one picture for each value of each group and for each habitat, its own being the untouched one, and one
    without each part: 1 + 33 + 8 + 5 pictures. Species take turns, so that the first images are balanced.
    """
    first = settings.train + settings.validation
    scenes = [sample_scene(settings.seed, first + i, settings) for i in range(min(count, settings.test))]
    pictures, concepts, parts, habitats = [], [], [], []
    for scene in scenes:
        drawn = [render(scene, settings.image_size)]

        def add(picture: Rendering, drawn: list[Rendering] = drawn) -> int:
            drawn.append(picture)
            return len(drawn) - 1

        concepts.append([
            0
            if scene.concepts[group] == value
            else add(render(scene.with_concept(group, value), settings.image_size))
            for group, value in CONCEPTS
        ])  # fmt: skip
        parts.append([add(render(scene, settings.image_size, without=part)) for part in PARTS])
        habitats.append([
            0 if scene.habitat == habitat else add(render(with_habitat(scene, habitat), settings.image_size))
            for habitat in HABITATS
        ])  # fmt: skip
        pictures.append(torch.stack([torch.from_numpy(one.image).permute(2, 0, 1) for one in drawn]))
    return Interventions(
        images=torch.stack(pictures),
        concepts=torch.tensor(concepts),
        parts=torch.tensor(parts),
        habitats=torch.tensor(habitats),
        concept_names=tuple(f"{group}_{value}" for group, value in CONCEPTS),
        concept_groups=tuple(group for group, _ in CONCEPTS),
        part_names=PARTS,
        habitat_names=HABITATS,
    )
