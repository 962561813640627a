"""A saliency map laid over its image, and the outline of the true mask, as pictures of one size."""

import base64
import io

import matplotlib
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from PIL import Image

SIDE = 176
"""Longer side of a picture in the page, in pixels."""
_OPAQUE = 0.85

Photo = UInt8[np.ndarray, "H W 3"]
Picture = UInt8[np.ndarray, "rows columns 3"]


def photograph(image: Photo, mask: Bool[np.ndarray, "H W"] | None) -> Picture:
    """The image at the report's size, with the mask's outline."""
    picture = np.asarray(Image.fromarray(image).resize(shown_size(image), Image.Resampling.BICUBIC))
    return outlined(picture, mask)


def saliency(image: Photo, raw: Float32[np.ndarray, "h w"], mask: Bool[np.ndarray, "H W"] | None) -> Picture:
    """The positive part of a map over the grey image, scaled by its own maximum, with the mask's outline.

    Args:
        image: the image, shape (H, W, 3).
        raw: the signed map; it is resized bilinearly to the image. A map without a positive value leaves the grey.
        mask: the object's true mask, or None.
    """
    return outlined(_blend(grey(image), scaled(relu(raw), shown_size(image))), mask)


def grey(image: Photo) -> Float[np.ndarray, "rows columns 3"]:
    """The image at the report's size without its colours."""
    dull = Image.fromarray(image).convert("L").resize(shown_size(image), Image.Resampling.BICUBIC)
    return np.repeat(np.asarray(dull, dtype=np.float64)[..., None], 3, axis=2)


def relu(raw: Float32[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """The positive part of a map; what is not a number counts as nothing."""
    return np.maximum(np.nan_to_num(np.asarray(raw, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0), 0.0)


def outlined(picture: Picture, mask: Bool[np.ndarray, "H W"] | None) -> Picture:
    """The picture with the mask's outline: a white line in a black one, so that it shows on any ground."""
    if mask is None or not mask.any():
        return picture
    height, width = picture.shape[:2]
    inside = np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST), dtype=bool)
    white, black = inside & _touches(~inside), ~inside & _touches(inside)
    result = picture.copy()
    result[black], result[white] = 0, 255
    return result


def data_uri(picture: Picture) -> str:
    """The picture as a JPEG inside a ``data:`` address."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="JPEG", quality=86, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def colour_bar() -> Picture:
    """The colours from nothing to a map's maximum over a middle grey, shape (8, 160, 3)."""
    return _blend(np.full((8, 160, 3), 128.0), np.tile(np.linspace(0, 1, 160), (8, 1)))


def _blend(base: Float[np.ndarray, "rows columns 3"], heat: Float[np.ndarray, "rows columns"]) -> Picture:
    """Heat in [0, 1] as colours that grow opaque; inferno's black end is left out, where it says nothing."""
    colour = 255 * np.asarray(matplotlib.colormaps["inferno"](0.25 + 0.75 * heat), dtype=np.float64)[..., :3]
    alpha = _OPAQUE * heat[..., None]
    return np.asarray((base * (1 - alpha) + colour * alpha).round(), dtype=np.uint8)


def shown_size(image: Photo) -> tuple[int, int]:
    """Width and height with the image's shape and a longer side of ``SIDE``."""
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def scaled(values: Float[np.ndarray, "h w"], size: tuple[int, int]) -> Float[np.ndarray, "rows columns"]:
    """Bilinear, after division by the maximum; zeros stay zeros."""
    most = values.max(initial=0.0)
    if most <= 0:
        return np.zeros((size[1], size[0]))
    scaled = Image.fromarray((values / most).astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
    return np.clip(np.asarray(scaled, dtype=np.float64), 0.0, 1.0)


def _touches(region: Bool[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    """The pixels that have one of the region's pixels among their four neighbours."""
    near = np.zeros(region.shape, dtype=bool)
    near[1:] |= region[:-1]
    near[:-1] |= region[1:]
    near[:, 1:] |= region[:, :-1]
    near[:, :-1] |= region[:, 1:]
    return near
