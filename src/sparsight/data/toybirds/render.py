"""From a scene to pixels and masks."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from sparsight.data.toybirds.bird import draw_bird
from sparsight.data.toybirds.habitats import draw_habitat
from sparsight.data.toybirds.picture import Picture, Shape
from sparsight.data.toybirds.raster import Patch, rasterise
from sparsight.data.toybirds.scene import Scene
from sparsight.data.toybirds.species import PARTS


@dataclass(frozen=True, eq=False)
class Rendering:
    """A picture and what stands where on it.

    Attributes:
        image: red, green and blue.
        parts: 0 where the bird covers less than half of the pixel; else i + 1 where ``PARTS[i]`` is the part of which
            most is visible there.
    """

    image: UInt8[np.ndarray, "s s 3"]
    parts: UInt8[np.ndarray, "s s"]


def render(scene: Scene, image_size: int) -> Rendering:
    """Draw the scene. A pure function: the same scene and size give the same pixels on any machine."""
    picture = Picture()
    draw_habitat(picture, scene)
    draw_bird(picture, scene)
    shapes = picture.shapes
    patches = rasterise([shape.path for shape in shapes], [shape.placed for shape in shapes], image_size)
    image = np.zeros((3, image_size, image_size), dtype=np.float32)
    visible = np.zeros((len(PARTS) + 1, image_size, image_size), dtype=np.float32)
    visible[0] = 1
    for shape, patch, fill in zip(shapes, patches, _fills(shapes, image_size), strict=True):
        alpha = patch.alpha
        if shape.inside >= 0:
            alpha *= _within(patches[shape.inside], patch)  # in place: what is cut to this shape is cut to both
        if shape.part:
            seen = visible[:, patch.rows, patch.columns]
            seen *= 1 - alpha
            seen[shape.part] += alpha
        if shape.opacity != 1:
            alpha = alpha * np.float32(shape.opacity)
        below = image[:, patch.rows, patch.columns]
        change = fill[:, patch.rows] - below
        change *= alpha
        below += change
    return Rendering(_lit(image, scene), _parts(visible))


def _within(outer: Patch, inner: Patch) -> Float[np.ndarray, "h w"]:
    """The coverage of ``outer`` on the box of ``inner``; none outside its own box."""
    inside = np.zeros(inner.alpha.shape, dtype=np.float32)
    top, bottom = max(outer.rows.start, inner.rows.start), min(outer.rows.stop, inner.rows.stop)
    left, right = max(outer.columns.start, inner.columns.start), min(outer.columns.stop, inner.columns.stop)
    if top < bottom and left < right:
        inside[
            top - inner.rows.start : bottom - inner.rows.start, left - inner.columns.start : right - inner.columns.start
        ] = outer.alpha[
            top - outer.rows.start : bottom - outer.rows.start, left - outer.columns.start : right - outer.columns.start
        ]
    return inside


def _fills(shapes: list[Shape], size: int) -> Float[np.ndarray, "n 3 s 1"]:
    """The colour of each shape on each row of the picture."""
    ends = np.array([(*shape.top, *shape.bottom, *shape.span) for shape in shapes], dtype=np.float32)
    height = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(1 / size)
    start, end = ends[:, 6:7], ends[:, 7:]
    share = np.clip((height - start) / (end - start), 0, 1)[:, None]
    colors: Float[np.ndarray, "n 3 s"] = ends[:, :3, None] + (ends[:, 3:6] - ends[:, :3])[..., None] * share
    return colors[..., None]


def _lit(image: Float[np.ndarray, "3 s s"], scene: Scene) -> UInt8[np.ndarray, "s s 3"]:
    """The picture under the scene's light, rounded to bytes."""
    warm = scene.warmth
    light = [scene.brightness * factor for factor in (1 + 0.04 * warm, 1 + 0.01 * warm, 1 - 0.06 * warm)]
    image *= np.array(light, dtype=np.float32)[:, None, None]
    return np.ascontiguousarray(np.rint(np.clip(image, 0, 255)).astype(np.uint8).transpose(1, 2, 0))


def _parts(visible: Float[np.ndarray, "p s s"]) -> UInt8[np.ndarray, "s s"]:
    """The part most visible in each pixel that the bird covers by half or more."""
    most, label = visible[1], np.ones(visible.shape[1:], dtype=np.uint8)
    for part in range(2, len(visible)):
        label[visible[part] > most] = part
        most = np.maximum(most, visible[part])
    label[visible[0] > 0.5] = 0
    return label
