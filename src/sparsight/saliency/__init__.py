"""Where a network looks: Grad-CAM, how much of it lies on the object, and whether it depends on what was learned."""

from sparsight.saliency.gradcam import (
    SaliencyMaps,
    class_maps,
    closed_form_holds,
    closed_form_weights,
    dead,
    grad_cam,
    relu,
)
from sparsight.saliency.localisation import mask_area, mask_energy, part_area, part_energy, pointing_game
from sparsight.saliency.methods import maps_of
from sparsight.saliency.released import released_maps
from sparsight.saliency.sanity import Cascade, cascade
from sparsight.saliency.settings import Method, Reduction, SaliencySettings

__all__ = [
    "Cascade",
    "Method",
    "Reduction",
    "SaliencyMaps",
    "SaliencySettings",
    "cascade",
    "class_maps",
    "closed_form_holds",
    "closed_form_weights",
    "dead",
    "grad_cam",
    "maps_of",
    "mask_area",
    "mask_energy",
    "part_area",
    "part_energy",
    "pointing_game",
    "released_maps",
    "relu",
]
