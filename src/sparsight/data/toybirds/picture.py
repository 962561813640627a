"""A picture as a list of filled shapes, from back to front."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sparsight.data.toybirds.palette import Color
from sparsight.data.toybirds.shapes import IDENTITY, Affine, Path


class Shape(NamedTuple):
    """A filled outline.

    Attributes:
        path, placed: the outline and the map that takes it to the unit square.
        top, bottom: colours at the heights ``span``; between them the fill changes linearly with height.
        span: heights of the two colours on the unit square.
        opacity: 0 to 1; a shape without opacity is not seen but still counts in the part mask.
        part: index in ``PARTS`` plus 1, or 0 for what is not the bird.
        inside: index of the earlier shape that this one is painted on and cut to, or -1 for the picture itself.
    """

    path: Path
    placed: Affine
    top: Color
    bottom: Color
    span: tuple[float, float]
    opacity: float
    part: int
    inside: int


@dataclass
class Picture:
    """The shapes of one picture, collected while it is drawn."""

    shapes: list[Shape] = field(default_factory=list)

    def add(
        self,
        path: Path,
        placed: Affine = IDENTITY,
        color: Color = (0.0, 0.0, 0.0),
        bottom: Color | None = None,
        span: tuple[float, float] = (0.0, 1.0),
        opacity: float = 1.0,
        part: int = 0,
        inside: int = -1,
    ) -> int:
        """Put a shape in front of all others; returns its index, for ``inside``."""
        self.shapes.append(Shape(path, placed, color, bottom or color, span, opacity, part, inside))
        return len(self.shapes) - 1
