"""ToyBirds: birds drawn by a program, with concepts, exact part masks and a habitat that can be made a shortcut."""

from sparsight.data.toybirds.build import toybirds
from sparsight.data.toybirds.edits import changed_region, with_habitat
from sparsight.data.toybirds.interventions import Interventions, intervene
from sparsight.data.toybirds.render import Rendering, draw, render
from sparsight.data.toybirds.scene import Scene, sample_scene
from sparsight.data.toybirds.settings import ToyBirdsSettings
from sparsight.data.toybirds.species import CONCEPTS, GROUPS, HABITATS, PARTS, SPECIES, Species, label_of

__all__ = [
    "CONCEPTS",
    "GROUPS",
    "HABITATS",
    "PARTS",
    "SPECIES",
    "Interventions",
    "Rendering",
    "Scene",
    "Species",
    "ToyBirdsSettings",
    "changed_region",
    "draw",
    "intervene",
    "label_of",
    "render",
    "sample_scene",
    "toybirds",
    "with_habitat",
]
