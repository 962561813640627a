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


def render(scene: Scene, image_size: int, without: str | None = None) -> Rendering:
    """Draw the scene. A pure function: the same scene and size give the same pixels on any machine.

    Args:
        scene: what to draw.
        image_size: side of the picture in pixels.
        without: a part to leave out, see ``draw``.
    """
    shapes = draw(scene, without)
    patches = rasterise([shape.path for shape in shapes], [shape.placed for shape in shapes], image_size)
    return Rendering(_lit(_painted(shapes, patches, image_size), scene), _parts(shapes, patches, image_size))


def draw(scene: Scene, without: str | None = None) -> list[Shape]:
    """The scene's shapes from back to front.

    Args:
        scene: what to draw.
        without: one of ``PARTS`` to leave out: what is behind it shows. What is cut to it goes with it: the belly and
            the wing's shadow with the back, which is the torso; cheek, crown and face markings with the head, whose
            eye and bill stay where they are.

    Raises:
        ValueError: if there is no such part.
    """
    picture = Picture()
    draw_habitat(picture, scene)
    draw_bird(picture, scene)
    if without is None:
        return picture.shapes
    if without not in PARTS:
        raise ValueError(f"a part is one of {PARTS}, not {without!r}")
    label, kept, place = PARTS.index(without) + 1, list[Shape](), dict[int, int]()
    for index, shape in enumerate(picture.shapes):
        if shape.part != label and (shape.inside < 0 or shape.inside in place):
            place[index] = len(kept)
            kept.append(shape._replace(inside=place.get(shape.inside, -1)))
    return kept


def _painted(shapes: list[Shape], patches: list[Patch], size: int) -> Float[np.ndarray, "3 s s"]:
    """The shapes over each other, from back to front.

    What is cut to a shape is painted on that shape's own canvas, which then goes onto the picture as one. Painted onto
    the picture one by one, both would let through what is behind them at their common edge, and the lower one would
    shine around the upper one as a fine line.
    """
    fills = _fills(shapes, size)
    inner: list[list[int]] = [[] for _ in shapes]
    image = np.zeros((3, size, size), dtype=np.float32)
    whole = slice(0, size)

    def paint(index: int, canvas: Float[np.ndarray, "3 h w"], rows: slice, columns: slice) -> None:
        """Put a shape, with what is cut to it, on a canvas that lies at ``rows`` and ``columns`` of the picture."""
        shape, patch = shapes[index], patches[index]
        color, alpha = fills[index, :, patch.rows], patch.alpha
        if inner[index]:
            color = np.repeat(color, alpha.shape[1], axis=2)
            for child in inner[index]:
                paint(child, color, patch.rows, patch.columns)
        if shape.inside >= 0:
            here, there = _common(patch, rows, columns)
            color, alpha = color[:, here[0], here[1] if inner[index] else slice(None)], alpha[here]
            canvas = canvas[:, there[0], there[1]]
        else:
            canvas = canvas[:, patch.rows, patch.columns]
        if shape.opacity != 1:
            alpha = alpha * np.float32(shape.opacity)
        canvas *= 1 - alpha  # not canvas + alpha * (color - canvas): where alpha is 1 nothing of the old may remain
        canvas += color * alpha

    for index, shape in enumerate(shapes):
        if shape.inside >= 0:
            inner[shape.inside].append(index)
    for index, shape in enumerate(shapes):
        if shape.inside < 0:
            paint(index, image, whole, whole)
    return image


def _parts(shapes: list[Shape], patches: list[Patch], size: int) -> UInt8[np.ndarray, "s s"]:
    """The part most visible in each pixel that the bird covers by half or more."""
    visible = np.zeros((len(PARTS) + 1, size, size), dtype=np.float32)
    visible[0] = 1
    boxes = []
    for shape, patch in zip(shapes, patches, strict=True):
        if not shape.part:
            continue
        seen, alpha = visible[:, patch.rows, patch.columns], patch.alpha
        if shape.inside < 0:
            seen *= 1 - alpha
            boxes.append((patch.rows.start, patch.columns.start, -patch.rows.stop, -patch.columns.stop))
        else:  # takes its share from the shape it is cut to, not from what is behind that
            outer = patches[shape.inside]
            here, there = _common(patch, outer.rows, outer.columns)
            seen, alpha = seen[:, here[0], here[1]], alpha[here] * outer.alpha[there]
            seen[shapes[shape.inside].part] -= alpha
        seen[shape.part] += alpha
    top, left, bottom, right = (min(side) for side in zip(*boxes, strict=True))
    bird = visible[:, top:-bottom, left:-right]
    most, winner = bird[1], np.ones(bird.shape[1:], dtype=np.uint8)
    for part in range(2, len(bird)):
        winner[bird[part] > most] = part
        most = np.maximum(most, bird[part])
    winner[bird[0] > 0.5] = 0
    label = np.zeros((size, size), dtype=np.uint8)
    label[top:-bottom, left:-right] = winner
    return label


def _common(patch: Patch, rows: slice, columns: slice) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The pixels that a patch shares with a box, counted from the patch's corner and from the box's."""
    top, left = max(patch.rows.start, rows.start), max(patch.columns.start, columns.start)
    bottom, right = max(top, min(patch.rows.stop, rows.stop)), max(left, min(patch.columns.stop, columns.stop))
    here = slice(top - patch.rows.start, bottom - patch.rows.start)
    there = slice(top - rows.start, bottom - rows.start)
    return (
        (here, slice(left - patch.columns.start, right - patch.columns.start)),
        (there, slice(left - columns.start, right - columns.start)),
    )


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
