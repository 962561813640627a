"""Concepts of skin lesions from their images and masks, by the ABCD rule: a source for whoever has no Derm7pt."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int8, Int64, UInt8
from torch import Tensor
from torch.nn import functional

from sparsight.data.dataset import ABSENT, PRESENT, UNKNOWN
from sparsight.data.ham10000.measures import MEASURES, measure
from sparsight.pool import threads

CONCEPTS = {
    "size_large": "size",
    "asymmetry_high": "asymmetry",
    "border_irregular": "irregularity",
    "border_abrupt": "abruptness",
    "colour_variegated": "variegation",
    "colour_dark": "darkness",
    "colour_red": "redness",
    "colour_blue_grey": "blueness",
}
"""The concepts, and the measure that each is cut from; each is a group of its own."""
SIDE = 96
"""Pixels to which larger images are averaged before they are measured, so that concepts hardly depend on their size."""


def concepts_of(
    images: UInt8[Tensor, "n 3 s s"], masks: Bool[Tensor, "n s s"], train: Int64[Tensor, " t"]
) -> Int8[Tensor, "n 8"]:
    """Whether each lesion has each of ``CONCEPTS``: 1, 0 or -1 for unknown.

    A concept is present where its measure lies in the upper third of the training images', absent in the lower third,
    and unknown between; the two thresholds are fixed on the training images alone. It is unknown, too, where the
    measure cannot be told, as without a mask. So a concept means "large among these lesions", not a diagnosis: the
    labels are what a program sees in the image, which a network can see as well.
    """
    values = measured(images, masks)
    return torch.from_numpy(labelled(values, values[train.numpy()]))


def measured(images: UInt8[Tensor, "n 3 s s"], masks: Bool[Tensor, "n s s"]) -> Float[np.ndarray, "n 8"]:
    """The measures of each lesion, in the order of ``CONCEPTS``, at ``SIDE`` pixels or fewer."""
    columns = [MEASURES.index(name) for name in CONCEPTS.values()]
    rows: list[Float[np.ndarray, " 8"]] = []
    for start in range(0, len(images), 256):
        pixels, inside = images[start : start + 256].float(), masks[start : start + 256, None].float()
        if pixels.shape[-1] > SIDE:
            pixels, inside = (functional.interpolate(one, size=(SIDE, SIDE), mode="area") for one in (pixels, inside))
        colours = pixels.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        with threads(4) as several:
            rows += several.map(measure, colours, (inside[:, 0] >= 0.5).numpy())
    return np.array(rows)[:, columns] if rows else np.zeros((0, len(columns)))


def labelled(values: Float[np.ndarray, "n c"], trained: Float[np.ndarray, "t c"]) -> Int8[np.ndarray, "n c"]:
    """1 in the upper third of the training values, 0 in the lower, -1 between and where a value is NaN.

    A column whose two thresholds are equal, or that is NaN in training, is unknown throughout.
    """
    labels = np.full(values.shape, UNKNOWN, dtype=np.int8)
    for c in range(values.shape[1]):
        known = trained[~np.isnan(trained[:, c]), c]
        if len(known):
            low, high = np.quantile(known, [1 / 3, 2 / 3])
            if low < high:
                labels[values[:, c] <= low, c] = ABSENT
                labels[values[:, c] >= high, c] = PRESENT
    return labels
