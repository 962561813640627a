"""Closed smooth outlines, and the affine maps that place them on the picture.

Coordinates are (x, y), y downwards. Everything is plain float arithmetic in a fixed order: libraries' sine and matrix
product round differently from machine to machine, so neither is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a x + b y + c and y' = d x + e y + f."""

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORNER = 0.0
"""Third coordinate of a point at which an outline has a corner; a point without a third coordinate is smooth."""


@dataclass(frozen=True, eq=False)
class Path:
    """One or several closed outlines, filled together.

    Attributes:
        points: x, y and smoothness (1 smooth, 0 corner) of the outlines' points.
        previous, following: for each point, the row of its neighbours on the same outline.
    """

    points: Float[np.ndarray, "n 3"]
    previous: Int[np.ndarray, " n"]
    following: Int[np.ndarray, " n"]


def closed(*loops: Sequence[tuple[float, ...]]) -> Path:
    """A path through the points of each loop, in order and back to the first."""
    rows = [(*point, 1.0)[:3] for loop in loops for point in loop]
    previous: list[int] = []
    following: list[int] = []
    for loop in loops:
        start, n = len(previous), len(loop)
        previous += [start + (i - 1) % n for i in range(n)]
        following += [start + (i + 1) % n for i in range(n)]
    return Path(np.array(rows, dtype=np.float64), np.array(previous), np.array(following))


def sine(degrees: float) -> float:
    """The sine, by its Taylor polynomial after folding into [-90, 90] degrees; error below 1e-8."""
    folded = (degrees + 180.0) % 360.0 - 180.0
    folded = 180.0 - folded if folded > 90.0 else -180.0 - folded if folded < -90.0 else folded
    x = folded * (3.141592653589793 / 180.0)
    y = x * x
    series = 1 - y / 6 * (1 - y / 20 * (1 - y / 42 * (1 - y / 72 * (1 - y / 110 * (1 - y / 156)))))
    return x * series


def cosine(degrees: float) -> float:
    """The cosine, by the sine."""
    return sine(degrees + 90.0)


def after(outer: Affine, inner: Affine) -> Affine:
    """The map that applies ``inner`` first and ``outer`` to its result."""
    a, b, c, d, e, f = outer
    p, q, r, s, t, u = inner
    return (a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f)


def moved(x: float, y: float, scale: float = 1.0, mirror: int = 1) -> Affine:
    """Scale, mirror left to right where ``mirror`` is -1, then move the origin to (x, y)."""
    return (scale * mirror, 0.0, x, 0.0, scale, y)


def turned(degrees: float, x: float = 0.0, y: float = 0.0) -> Affine:
    """Turn about (x, y); positive angles lift what lies to the right."""
    s, c = sine(-degrees), cosine(degrees)
    return (c, -s, x - c * x + s * y, s, c, y - s * x - c * y)


def stretched(x: float, y: float, rx: float, ry: float, degrees: float = 0.0) -> Affine:
    """Scale by ``rx`` and ``ry``, turn, then move the origin to (x, y): places ``DISC`` as an ellipse."""
    s, c = sine(-degrees), cosine(degrees)
    return (c * rx, -s * ry, x, s * rx, c * ry, y)


def spanned(x0: float, y0: float, x1: float, y1: float, width: float) -> Affine:
    """Take (0, 0) to the first point, (1, 0) to the second and a unit across to ``width``: places ``BAR``."""
    dx, dy = x1 - x0, y1 - y0
    across = width / float(np.sqrt(dx * dx + dy * dy))
    return (dx, -dy * across, x0, dy, dx * across, y0)


_DIAGONAL = 0.7071067811865476
_ROUND = ((1.0, 0.0), (_DIAGONAL, _DIAGONAL), (0.0, 1.0), (-_DIAGONAL, _DIAGONAL),
          (-1.0, 0.0), (-_DIAGONAL, -_DIAGONAL), (0.0, -1.0), (_DIAGONAL, -_DIAGONAL))  # fmt: skip

DISC = closed(_ROUND)
"""The unit disc."""
BOX = closed(((0.0, 0.0, CORNER), (1.0, 0.0, CORNER), (1.0, 1.0, CORNER), (0.0, 1.0, CORNER)))
"""The unit square."""
BAR = closed(((0.0, -0.5), (1.0, -0.5), (1.0, 0.5), (0.0, 0.5)))
"""A bar with soft ends from (0, 0) to (1, 0), one unit wide."""
LEAF = closed(((0.0, 0.0, CORNER), (0.3, -0.42), (0.65, -0.36), (1.0, 0.0, CORNER), (0.65, 0.36), (0.3, 0.42)))
"""A pointed leaf from (0, 0) to (1, 0)."""


_ROUND_POINTS = np.array([(x, y, 1.0) for x, y in _ROUND])


@lru_cache(maxsize=64)
def neighbours(loops: int, points: int) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """``previous`` and ``following`` of as many loops of equally many points."""
    rows = np.arange(loops * points).reshape(loops, points)
    return np.roll(rows, 1, axis=1).ravel(), np.roll(rows, -1, axis=1).ravel()


def discs(places: Sequence[tuple[float, float, float]], squash: float = 1.0) -> Path:
    """Many discs, each (x, y, radius), as one path; ``squash`` times as high as wide."""
    place = np.array(places)
    points = np.empty((len(places), len(_ROUND), 3))
    points[..., 0] = place[:, :1] + place[:, 2:] * _ROUND_POINTS[:, 0]
    points[..., 1] = place[:, 1:2] + place[:, 2:] * (_ROUND_POINTS[:, 1] * squash)
    points[..., 2] = 1.0
    return Path(points.reshape(-1, 3), *neighbours(len(places), len(_ROUND)))


def ridge(heights: Sequence[float]) -> Path:
    """All that lies below a line through the heights, evenly spaced from beyond the left to beyond the right edge."""
    n = len(heights)
    points = np.ones((n + 2, 3))
    points[:n, 0] = np.arange(n) * (1.4 / (n - 1)) - 0.2
    points[:n, 1] = heights
    points[0, 2] = points[n - 1, 2] = CORNER
    points[n:] = ((1.2, 1.2, CORNER), (-0.2, 1.2, CORNER))
    return Path(points, *neighbours(1, n + 2))
