"""Whether a saliency map lies on the object."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from sparsight.saliency.gradcam import relu


def mask_energy(maps: Float[Tensor, "b h w"], masks: Bool[Tensor, "b H W"]) -> Float[Tensor, " b"]:
    """Share of a map's positive energy that lies inside the mask, in [0, 1], at the resolution of the *mask*.

    The signed map is cut at zero first and resized to (H, W) afterwards (bilinear, ``align_corners=False``), so that
    negative evidence does not eat into its positive neighbours. A map without a positive value has no share: NaN.
    Read it beside ``mask_area``, which is what a map that is the same everywhere would get.

    Raises:
        ValueError: if the shapes do not fit, masks are not boolean, or masks are coarser than maps.

    References:
        H. Wang et al. Score-CAM: Score-Weighted Visual Explanations for CNNs. CVPR Workshops 2020 (the energy-based
        pointing game).
    """
    if maps.ndim != 3 or masks.ndim != 3 or len(maps) != len(masks) or masks.dtype != torch.bool:
        raise ValueError(
            f"needs maps (b, h, w), boolean masks (b, H, W); got {maps.shape}, {masks.dtype} {masks.shape}"
        )
    if masks.shape[1] < maps.shape[1] or masks.shape[2] < maps.shape[2]:
        raise ValueError(f"masks {masks.shape} are coarser than maps {maps.shape}: resizing would skip values")
    positive = relu(maps.double())
    peak = positive.amax(dim=(1, 2), keepdim=True)
    scaled = (positive / peak)[:, None]  # so that a map of tiny numbers does not underflow; 0 / 0 is a dead map's NaN
    energy = functional.interpolate(scaled, size=masks.shape[1:], mode="bilinear", align_corners=False)[:, 0]
    share = (energy * masks).sum(dim=(1, 2)) / energy.sum(dim=(1, 2))
    return share.to(maps.dtype)


def mask_area(masks: Bool[Tensor, "b H W"]) -> Float[Tensor, " b"]:
    """Share of the image that the mask covers, in [0, 1]."""
    return masks.double().mean(dim=(1, 2)).float()
