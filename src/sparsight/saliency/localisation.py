"""Whether a saliency map lies on the object, and on which of its parts."""

import torch
from jaxtyping import Bool, Float, Float64, UInt8
from torch import Tensor
from torch.nn import functional

from sparsight.saliency.gradcam import relu

_AT_ONCE = 256
"""Images whose maps are resized at once: in double precision, at the masks' size, they are what takes most memory."""
_TIED = 1e-12  # of the highest value: what interpolating equal values leaves between them


def mask_energy(maps: Float[Tensor, "b h w"], masks: Bool[Tensor, "b H W"]) -> Float[Tensor, " b"]:
    """Share of a map's positive energy that lies inside the mask, in [0, 1], at the resolution of the *mask*.

    The signed map is cut at zero first and resized to (H, W) afterwards (bilinear, ``align_corners=False``), so that
    negative evidence does not eat into its positive neighbours. A map without a positive value has no share, and
    neither has one beside an empty mask, where it is not known or not shown where the object is: NaN. Read it beside
    ``mask_area``, which is what a map that is the same everywhere would get.

    Raises:
        ValueError: if the shapes do not fit, masks are not boolean, or masks are coarser than maps.

    References:
        H. Wang et al. Score-CAM: Score-Weighted Visual Explanations for CNNs. CVPR Workshops 2020 (the energy-based
        pointing game).
    """
    _check(maps, masks, torch.bool)
    shares = []
    for own, inside in zip(maps.split(_AT_ONCE), masks.split(_AT_ONCE), strict=True):
        energy = _resized(own, inside)
        share = (energy * inside).sum(dim=(1, 2)) / energy.sum(dim=(1, 2))
        shares.append(share.masked_fill(_empty(inside), torch.nan).to(maps.dtype))
    return torch.cat(shares)


def mask_area(masks: Bool[Tensor, "b H W"]) -> Float[Tensor, " b"]:
    """Share of the image that the mask covers, in (0, 1]; NaN where it is empty, and so not known."""
    area = torch.cat([part.double().mean(dim=(1, 2)).float() for part in masks.split(_AT_ONCE)])
    return area.masked_fill(area == 0, torch.nan)


def part_energy(maps: Float[Tensor, "b h w"], parts: UInt8[Tensor, "b H W"], count: int) -> Float[Tensor, "b count"]:
    """Share of a map's positive energy in each part, found as ``mask_energy`` finds it; 0 in a part out of sight.

    Args:
        maps: signed or ReLU'd.
        parts: 0 where there is no part, i + 1 where part i can be seen.
        count: how many parts there are.

    Returns:
        NaN in all parts where the map is dead.

    Raises:
        ValueError: if the shapes do not fit, a part is out of range, or masks are coarser than maps.
    """
    _check(maps, parts, torch.uint8)
    shares = []
    for own, places in zip(maps.split(_AT_ONCE), parts.split(_AT_ONCE), strict=True):
        energy = _resized(own, places)
        shares.append((_by_part(energy, places, count) / energy.sum(dim=(1, 2))[:, None]).to(maps.dtype))
    return torch.cat(shares)


def part_area(parts: UInt8[Tensor, "b H W"], count: int) -> Float[Tensor, "b count"]:
    """Share of the image that each part covers, in [0, 1].

    Raises:
        ValueError: if a part is out of range.
    """
    pixels = parts.shape[1] * parts.shape[2]
    one = torch.ones(1, 1, 1, dtype=torch.float64, device=parts.device)
    areas = [_by_part(one.expand(places.shape), places, count) / pixels for places in parts.split(_AT_ONCE)]
    return torch.cat(areas).float()


def pointing_game(maps: Float[Tensor, "b h w"], masks: Bool[Tensor, "b H W"]) -> Float[Tensor, " b"]:
    """1 where the map's highest position lies in the mask, 0 where it does not, at the resolution of the *mask*.

    The map is cut and resized as for ``mask_energy``. Where several positions are highest, the share of them that
    lies inside: what one drawn at random would score. NaN where a dead map points nowhere, or an empty mask leaves
    nothing to point at.

    Raises:
        ValueError: as ``mask_energy``.

    References:
        J. Zhang, S. A. Bargal, Z. Lin, J. Brandt, X. Shen, S. Sclaroff. Top-Down Neural Attention by Excitation
        Backprop. IJCV 2018.
    """
    _check(maps, masks, torch.bool)
    hits = []
    for own, mask in zip(maps.split(_AT_ONCE), masks.split(_AT_ONCE), strict=True):
        energy = _resized(own, mask)
        highest = energy >= energy.amax(dim=(1, 2), keepdim=True) * (1 - _TIED)  # nowhere in a dead map: 0 / 0
        inside = (highest & mask).sum(dim=(1, 2)).double() / highest.sum(dim=(1, 2))
        hits.append(inside.masked_fill(_empty(mask), torch.nan).to(maps.dtype))
    return torch.cat(hits)


def _empty(masks: Bool[Tensor, "b H W"]) -> Bool[Tensor, " b"]:
    return masks.flatten(1).any(dim=1).logical_not()


def _check(maps: Tensor, masks: Tensor, kind: torch.dtype) -> None:
    if maps.ndim != 3 or masks.ndim != 3 or len(maps) != len(masks) or masks.dtype != kind:
        named = "boolean masks" if kind == torch.bool else "uint8 parts"
        raise ValueError(f"needs maps (b, h, w), {named} (b, H, W); got {maps.shape}, {masks.dtype} {masks.shape}")
    if masks.shape[1] < maps.shape[1] or masks.shape[2] < maps.shape[2]:
        raise ValueError(f"masks {masks.shape} are coarser than maps {maps.shape}: resizing would skip values")


def _resized(maps: Tensor, masks: Tensor) -> Float64[Tensor, "b H W"]:
    """The positive part of each map, over its peak, at the masks' resolution; NaN where it is dead."""
    positive = relu(maps.double())
    peak = positive.amax(dim=(1, 2), keepdim=True)
    scaled = (positive / peak)[:, None]  # so that a map of tiny numbers does not underflow; 0 / 0 is a dead map's NaN
    return functional.interpolate(scaled, size=masks.shape[1:], mode="bilinear", align_corners=False)[:, 0]


def _by_part(values: Float64[Tensor, "b H W"], parts: UInt8[Tensor, "b H W"], count: int) -> Float64[Tensor, "b count"]:
    """Sum of the values in each part."""
    if parts.numel() and int(parts.max()) > count:
        raise ValueError(f"part {int(parts.max())} of {count}")
    sums = values.new_zeros(len(parts), count + 1)
    return sums.scatter_add_(1, parts.flatten(1).long(), values.flatten(1))[:, 1:]
