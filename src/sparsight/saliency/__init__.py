"""Where a network looks: Grad-CAM, and how much of it lies on the object."""

from sparsight.saliency.gradcam import (
    SaliencyMaps,
    class_maps,
    closed_form_holds,
    closed_form_weights,
    dead,
    grad_cam,
    relu,
)
from sparsight.saliency.localisation import mask_area, mask_energy
from sparsight.saliency.released import released_maps
from sparsight.saliency.settings import Method, Reduction, SaliencySettings

__all__ = [
    "Method",
    "Reduction",
    "SaliencyMaps",
    "SaliencySettings",
    "class_maps",
    "closed_form_holds",
    "closed_form_weights",
    "dead",
    "grad_cam",
    "mask_area",
    "mask_energy",
    "released_maps",
    "relu",
]
