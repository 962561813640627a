"""ToyBirds: birds drawn by a program, with concepts, exact part masks and a habitat that can be made a shortcut."""

from sparsight.data.toybirds.build import toybirds
from sparsight.data.toybirds.render import Rendering, render
from sparsight.data.toybirds.scene import Scene, sample_scene
from sparsight.data.toybirds.settings import ToyBirdsSettings
from sparsight.data.toybirds.species import CONCEPTS, GROUPS, HABITATS, PARTS, SPECIES, Species, label_of

__all__ = [
    "CONCEPTS",
    "GROUPS",
    "HABITATS",
    "PARTS",
    "SPECIES",
    "Rendering",
    "Scene",
    "Species",
    "ToyBirdsSettings",
    "label_of",
    "render",
    "sample_scene",
    "toybirds",
]
