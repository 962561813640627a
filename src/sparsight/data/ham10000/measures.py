"""What a lesion looks like, in numbers: the A, B, C and D of the dermatologists' rule, from its image and its mask."""

import math

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage

MEASURES = ("size", "asymmetry", "irregularity", "abruptness", "variegation", "darkness", "redness", "blueness")
RING = 0.03
"""Width of the ring on either side of the border, as a share of the image's side."""
LEAST_SKIN = 0.05
"""Share of the image that skin must have for a lesion's colour to be told from it."""
MOST_CUT = 0.1
"""Share of the border that may lie on the image's edge, where the lesion is cut off, for its shape to be known."""


def measure(pixels: UInt8[np.ndarray, "s s 3"], mask: Bool[np.ndarray, "s s"]) -> Float[np.ndarray, " 8"]:
    """The numbers of one lesion, in the order of ``MEASURES``; NaN where one cannot be told.

    - size: the share of the image that the lesion covers.
    - asymmetry: it is folded about its two principal axes; the share of it that finds no lesion on the other half, mean
      of both.
    - irregularity: of the border, its length squared over 4 pi times the area, which is 1 for a disc.
    - abruptness: by how much the lightness L* rises across the border, from a ring within to a ring without.
    - variegation: root of the mean squared distance of its colours to their mean, in CIE L*a*b*; as all colours, of the
      lesion within that ring, where no pixel mixes it with skin.
    - darkness, redness, blueness: by how much the lesion's median L* is below the skin's, its median a* - b* above it
      (from brown towards red), and the b* of its bluest tenth below the skin's median.

    Shape is unknown if the image cuts much of the border off; colour, if it shows next to no skin.

    References:
        Stolz et al. ABCD rule of dermatoscopy. Eur. J. Dermatol. 4, 1994.
    """
    found = dict.fromkeys(MEASURES, math.nan)
    area = int(mask.sum())
    if area == 0:
        return np.array(list(found.values()))
    found["size"] = area / mask.size
    edge = sum(int(line.sum()) for line in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    border = perimeter(mask)
    if edge <= MOST_CUT * border:
        found["asymmetry"] = asymmetry(mask)
        found["irregularity"] = border**2 / (4 * math.pi * area)
    if mask.size - area >= LEAST_SKIN * mask.size:
        lab = lab_of(pixels)
        width = max(1, round(RING * len(mask)))
        core = ndimage.binary_erosion(mask, iterations=width, border_value=1)
        lesion, skin = lab[core if core.any() else mask], np.median(lab[~mask], axis=0)
        middle = np.median(lesion, axis=0)
        found["variegation"] = float(np.sqrt(((lesion - lesion.mean(0)) ** 2).sum(1).mean()))
        found["darkness"] = float(skin[0] - middle[0])
        found["redness"] = float(middle[1] - middle[2] - skin[1] + skin[2])
        found["blueness"] = float(skin[2] - np.quantile(lesion[:, 2], 0.1))
        inner = mask & ~core
        outer = ndimage.binary_dilation(mask, iterations=width) & ~mask
        if inner.any() and outer.any():
            found["abruptness"] = float(lab[outer, 0].mean() - lab[inner, 0].mean())
    return np.array(list(found.values()))


def asymmetry(mask: Bool[np.ndarray, "s s"]) -> float:
    """The share of a mask's pixels that finds none of the mask where it is folded to; mean over both principal axes."""
    places = np.argwhere(mask).astype(np.float64)
    centre = places.mean(0)
    away = places - centre
    down, across = away.T
    both = (down * across).sum()
    _, axes = np.linalg.eigh(np.array([[(down**2).sum(), both], [both, (across**2).sum()]]))
    padded = np.pad(mask, 1)
    missed = []
    for axis in axes.T:
        off = down * axis[0] + across * axis[1]
        folded = np.rint(places - 2 * np.outer(off, axis)).astype(np.int64) + 1
        row, column = folded.clip(0, len(padded) - 1).T  # what leaves the image lands on its rim, which is empty
        missed.append(1 - padded[row, column].mean())
    return float(np.mean(missed))


def perimeter(mask: Bool[np.ndarray, "s s"]) -> float:
    """The length of a mask's border in pixels, by Crofton's formula from lines in four directions.

    References:
        Lehmann & Legland. Efficient N-dimensional surface estimation using Crofton formula and run-length encoding.
        Insight Journal, 2012.
    """
    padded = np.pad(mask, 1)
    straight = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    oblique = (padded[1:, 1:] != padded[:-1, :-1]).sum() + (padded[1:, :-1] != padded[:-1, 1:]).sum()
    return float(math.pi / 8 * (straight + oblique / math.sqrt(2)))


def lab_of(pixels: UInt8[np.ndarray, "*s 3"]) -> Float[np.ndarray, "*s 3"]:
    """sRGB as CIE 1976 L*a*b* under D65."""
    linear = _LINEAR[pixels] @ _TO_XYZ.T / _WHITE
    f = np.where(linear > (6 / 29) ** 3, np.cbrt(linear), linear * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92)
_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_WHITE = np.array([0.95047, 1.0, 1.08883])
