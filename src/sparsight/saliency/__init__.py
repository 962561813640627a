"""Where a network looks, how much of it lies on the object, and whether it depends on what was learned."""

from sparsight.saliency.attributions import captum_maps, passes_of
from sparsight.saliency.cams import cam_maps
from sparsight.saliency.gradcam import (
    class_maps,
    closed_form_holds,
    closed_form_weights,
    dead,
    grad_cam,
    relu,
)
from sparsight.saliency.localisation import mask_area, mask_energy, part_area, part_energy, pointing_game
from sparsight.saliency.methods import check_method, maps_of
from sparsight.saliency.passes import SaliencyMaps
from sparsight.saliency.released import released_maps
from sparsight.saliency.sanity import Cascade, cascade
from sparsight.saliency.settings import CAPTUM, GRID, Method, Reduction, SaliencySettings

__all__ = [
    "CAPTUM",
    "GRID",
    "Cascade",
    "Method",
    "Reduction",
    "SaliencyMaps",
    "SaliencySettings",
    "cam_maps",
    "captum_maps",
    "cascade",
    "check_method",
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
    "passes_of",
    "pointing_game",
    "released_maps",
    "relu",
]
