"""Where two networks look, compared image by image at the resolution of the maps.

Only what speaks for the class is compared: maps are cut at zero. A dead map looks nowhere, and has nothing in common
with one that looks somewhere: a drift of 1, at which a correlation or an overlap of nothing stands. It is no reversal,
which for a correlation would be 2. Of two dead maps the drift is undefined.
"""

import math

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor, from_numpy, nan
from torch.nn.functional import adaptive_avg_pool2d

from sparsight.drift._rows import drift_of, spearman
from sparsight.saliency import dead, relu


def on_one_grid(
    first: Float[Tensor, "n t h w"], second: Float[Tensor, "n t h2 w2"]
) -> tuple[Float[Tensor, "n t g m"], Float[Tensor, "n t g m"]]:
    """Signed maps of two networks at one resolution: averaged down, over areas, to the coarser one's on either side.

    Maps of equal resolution are given back as they are. Networks of one architecture have such; of others the finer
    maps lose what the coarser ones cannot show.
    """
    if first.shape[2:] == second.shape[2:]:
        return first, second
    height, width = (min(sizes) for sizes in zip(first.shape[2:], second.shape[2:], strict=True))
    return adaptive_avg_pool2d(first, (height, width)), adaptive_avg_pool2d(second, (height, width))


def map_spearman(first: Float[Tensor, "b h w"], second: Float[Tensor, "b h2 w2"]) -> Float[Tensor, " b"]:
    """Drift of saliency maps: 1 - Spearman's correlation of the ReLU'd maps over positions, ties by midranks.

    Args:
        first: maps of the same images at the layer's own resolution, signed or ReLU'd.
        second: the same of the other network.

    Returns:
        1 where one of the two maps is dead, or otherwise the same everywhere; NaN where both are or one is not finite.

    Raises:
        ValueError: if the shapes differ. Maps of different resolution are not resized: it would smooth one of them.
    """
    _must_match(first, second)
    return drift_of(spearman, relu(first).flatten(1), relu(second).flatten(1))


def map_iou(first: Float[Tensor, "b h w"], second: Float[Tensor, "b h2 w2"], share: float = 0.2) -> Float[Tensor, " b"]:
    """Drift of the brightest places: 1 - intersection over union of the top ``share`` of each map's positions.

    A place belongs to a map's set where its value is positive and at least the ceil(share h w)-th largest. So equal
    values are in or out together, and a set may be larger than the share, or smaller where few places are positive.

    Args:
        first: maps of the same images at the layer's own resolution, signed or ReLU'd.
        second: the same of the other network.
        share: of the positions, above 0 and at most 1.

    Returns:
        1 where one of the two maps is dead; NaN where both are or one is not finite.

    Raises:
        ValueError: if the shapes differ (as ``map_spearman``) or the share is out of range.
    """
    _must_match(first, second)
    if not 0 < share <= 1:
        raise ValueError(f"the share of positions lies above 0 and is at most 1, not {share}")
    a, b = _brightest(first, share), _brightest(second, share)
    overlap = (a & b).sum(1).double() / (a | b).sum(1)
    finite = (first.isfinite() & second.isfinite()).flatten(1).all(1)
    return (1 - overlap).masked_fill((dead(first) & dead(second)) | ~finite, nan)


def _brightest(maps: Float[Tensor, "b h w"], share: float) -> Bool[Tensor, "b p"]:
    values = maps.flatten(1)
    places = math.ceil(round(share * values.shape[1], 9))  # rounded, because 0.07 * 100 is a little over 7
    least = values.shape[1] - places
    # numpy selects in a twentieth of the time of torch's topk.
    threshold = from_numpy(np.partition(values.cpu().numpy(), least, axis=1)[:, least : least + 1]).to(values.device)
    return (values >= threshold) & (values > 0)


def _must_match(first: Tensor, second: Tensor) -> None:
    if first.ndim != 3 or first.shape != second.shape:
        raise ValueError(
            f"maps of {tuple(first.shape)} and {tuple(second.shape)} cannot be compared: both must be (b, h, w), of "
            "the same images at the same resolution"
        )
