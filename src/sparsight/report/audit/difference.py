"""The difference of two maps over their image: orange with plus signs where there is more, blue with minus where less.

Both maps are scaled to their own maximum before the one is taken from the other: the picture compares places, not
strengths. The signs tell the two hues apart without colours.
"""

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from sparsight.report.overlay import Photo, Picture, grey, outlined, relu, scaled, shown_size

MORE, LESS = (230, 110, 0), (0, 98, 214)
SHOWN = 0.2
"""Difference from which on there is a sign, in shares of the maximum."""

_OPAQUE = 0.85
_STEP = 16
"""Pixels from sign to sign."""


def difference(
    image: Photo,
    original: Float32[np.ndarray, "h w"],
    other: Float32[np.ndarray, "h w"],
    mask: Bool[np.ndarray, "H W"] | None,
) -> tuple[Picture, float, float]:
    """What the other map has more and less than the original's.

    Args:
        image: the image, shape (H, W, 3).
        original: the original's map, raw and signed; its positive part counts.
        other: the other's, at its own resolution.
        mask: the object's true mask, or None.

    Returns:
        The picture, and the shares of the image where there is more and where there is less, by ``SHOWN``.
    """
    size = shown_size(image)
    moved = scaled(relu(other), size) - scaled(relu(original), size)
    picture = outlined(_painted(grey(image), moved), mask)
    return picture, float((moved >= SHOWN).mean()), float((moved <= -SHOWN).mean())


def difference_bar() -> Picture:
    """The colours and signs from -1 to 1 over a middle grey, shape (16, 176, 3)."""
    return _painted(np.full((16, 176, 3), 128.0), np.tile(np.linspace(-1, 1, 176), (16, 1)))


def _painted(base: Float[np.ndarray, "rows columns 3"], moved: Float[np.ndarray, "rows columns"]) -> Picture:
    colour = np.where((moved > 0)[..., None], np.array(MORE, dtype=float), np.array(LESS, dtype=float))
    alpha = _OPAQUE * np.abs(moved)[..., None]
    picture: UInt8[np.ndarray, "rows columns 3"] = (base * (1 - alpha) + colour * alpha).round().astype(np.uint8)
    rows, columns = moved.shape
    for y in range(_STEP // 2, rows, _STEP):
        for x in range(_STEP // 2, columns, _STEP):
            if abs(moved[y, x]) >= SHOWN:
                _sign(picture, y, x, plus=bool(moved[y, x] > 0))
    return picture


def _sign(picture: Picture, y: int, x: int, *, plus: bool) -> None:
    """White bars in black ones."""
    for shade, long, thick in ((0, 5, 2), (255, 4, 1)):
        bars = [(thick, long), (long, thick)] if plus else [(thick, long)]
        for high, wide in bars:
            picture[max(y - high, 0) : y + high + 1, max(x - wide, 0) : x + wide + 1] = shade
