"""The same scene drawn again with one thing changed, and where on the picture that can be seen."""

from collections import Counter
from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from sparsight.data.toybirds.picture import Shape
from sparsight.data.toybirds.raster import rasterise
from sparsight.data.toybirds.scene import Scene
from sparsight.data.toybirds.shapes import Path


def with_habitat(scene: Scene, habitat: str) -> Scene:
    """The same bird in the same place and light, in another habitat.

    Raises:
        ValueError: if there is no such habitat.
    """
    return replace(scene, habitat=habitat)


def changed_region(before: list[Shape], after: list[Shape], size: int) -> Bool[np.ndarray, "s s"]:
    """The pixels that a shape touches which stands in one of two pictures only.

    Pictures that are made of the same shapes in the same order but for those are equal, byte for byte, everywhere else.

    Args:
        before, after: as ``draw`` gives them.
        size: side of the picture.
    """
    region = np.zeros((size, size), dtype=bool)
    for shapes, others in ((before, after), (after, before)):
        spare = Counter(_signatures(others))
        own = []
        for shape, signature in zip(shapes, _signatures(shapes), strict=True):
            if spare[signature]:
                spare[signature] -= 1
            else:
                own.append(shape)
        if own:
            for patch in rasterise([shape.path for shape in own], [shape.placed for shape in own], size):
                region[patch.rows, patch.columns] |= patch.alpha > 0
    return region


def _signatures(shapes: list[Shape]) -> list[int]:
    """A number a shape that is equal where all that decides its pixels is, what it is cut to included."""
    found: list[int] = []
    for shape in shapes:
        outer = found[shape.inside] if shape.inside >= 0 else None
        found.append(hash((_outline(shape.path), shape._replace(path=None, inside=-1), outer)))  # type: ignore[arg-type]
    return found


def _outline(path: Path) -> tuple[bytes, ...]:
    return tuple(np.asarray(part).tobytes() for part in (path.points, path.previous, path.following))
