"""Whether a saliency map lies on the object."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from sparsight.saliency.gradcam import relu


def mask_energy(maps: Float[Tensor, "b h w"], masks: Bool[Tensor, "b H W"]) -> Float[Tensor, " b"]:
    """Share of a map's positive energy that lies inside the mask, in [0, 1], at the resolution of the *mask*.

    The signed map is cut at zero first and then resized to (H, W), bilinearly with pixel centres aligned
    (``align_corners=False``), so that negative evidence does not eat into its positive neighbours. A map without a
    positive value has no share: NaN. Compare with ``mask_area``, the share of a map that is the same everywhere.

    Raises:
        ValueError: if the shapes do not fit, masks are not boolean, or masks are coarser than maps.

    References:
        H. Wang et al. Score-CAM: Score-Weighted Visual Explanations for CNNs. CVPR Workshops 2020 (energy-based
        pointing game).
    """
    if maps.ndim != 3 or masks.ndim != 3 or len(maps) != len(masks) or masks.dtype != torch.bool:
        raise ValueError(
            f"maps (b, h, w) and boolean masks (b, H, W), not {maps.shape} and {masks.dtype} {masks.shape}"
        )
    positive = relu(maps.double())
    peak = positive.amax(dim=(1, 2), keepdim=True)
    # Divided by its peak so that a map of tiny numbers does not underflow; 0 / 0 is the NaN of a dead map.
    energy = functional.interpolate(
        (positive / peak)[:, None], size=masks.shape[1:], mode="bilinear", align_corners=False
    )
    energy = energy[:, 0]
    share = (energy * masks).sum(dim=(1, 2)) / energy.sum(dim=(1, 2))
    return share.to(maps.dtype)


def mask_area(masks: Bool[Tensor, "b H W"]) -> Float[Tensor, " b"]:
    """Share of the image that the mask covers, in [0, 1]."""
    return masks.double().mean(dim=(1, 2)).float()
