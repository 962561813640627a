"""Coverage of pixels by smooth outlines, in integer arithmetic.

Outlines become polygons whose vertices lie on a grid of 1/256 pixel. Every pixel row is cut by eight scan lines; where
an edge crosses one, the coverage of all pixels to the right changes by exact integer amounts, and one running sum
over all shapes of a picture gives every pixel's coverage. Integers leave nothing to a machine's rounding, and all
shapes of a picture pass through each numpy call together, which is what makes it fast.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped

from sparsight.data.toybirds.shapes import Affine, Path

_SHIFT = 8  # 256 grid units a pixel
_UNIT = 1 << _SHIFT
_LINES = 8  # scan lines a pixel row
_STEP = _UNIT // _LINES
_TENSION = 0.5625  # of the tangents; half, as in Catmull-Rom, would flatten circles given by eight points


class Patch(NamedTuple):
    """Where one shape lies on the picture.

    Attributes:
        rows, columns: the box of pixels that the shape may touch; empty where it lies outside the picture.
        alpha: share of each pixel of the box that is covered.
    """

    rows: slice
    columns: slice
    alpha: Float[np.ndarray, "h w"]


def rasterise(paths: Sequence[Path], affines: Sequence[Affine], size: int) -> list[Patch]:
    """The coverage of each path, placed by its affine map on the unit square, on ``size`` by ``size`` pixels."""
    x, y, starts, ends = _outlines(paths, affines, size)
    left, top, right, bottom = _boxes(x, y, starts, size)
    width = right - left + 2  # a crossing in the last column also changes the one after; one more for its right edge
    area = width * (bottom - top)
    offset = np.cumsum(area) - area
    shape = np.repeat(np.arange(len(paths)), np.diff(np.append(starts, len(x))))
    index, amount = _crossings(x, y, ends, shape, (left, top, bottom, width, offset), size)
    # Sums of integers far below 2**53: exact in double precision. Each shape's rows sum to zero, so that the running
    # sum starts anew by itself.
    change = np.bincount(index, amount, int(area.sum()))
    alpha = np.abs(np.cumsum(change)).astype(np.float32) * np.float32(1 / (_UNIT * _LINES))
    alpha = np.minimum(alpha, np.float32(1), out=alpha)
    boxes = zip(*(side.tolist() for side in (left, top, right, bottom, offset)), strict=True)
    return [
        Patch(slice(t, b), slice(lf, r), alpha[o : o + (b - t) * (r - lf + 2)].reshape(b - t, r - lf + 2)[:, : r - lf])
        for lf, t, r, b, o in boxes
    ]


@lru_cache(maxsize=8)
def _basis(steps: int) -> Float[np.ndarray, "4 1 k"]:
    """Cubic Hermite weights of a span's two ends and two tangents at ``steps`` places from 0 up to but without 1."""
    t = np.arange(steps) / steps
    return np.stack([
        (1 + 2 * t) * (1 - t) * (1 - t), t * t * (3 - 2 * t), t * (1 - t) * (1 - t), t * t * (t - 1),
    ])[:, None]  # fmt: skip


def _outlines(
    paths: Sequence[Path], affines: Sequence[Affine], size: int
) -> tuple[Int[np.ndarray, " v"], Int[np.ndarray, " v"], Int[np.ndarray, " s"], Int[np.ndarray, " v"]]:
    """Vertices of all polygons on the grid, where each path starts, and each vertex's successor."""
    counts = np.array([len(path.points) for path in paths])
    first = np.cumsum(counts) - counts
    points = np.concatenate([path.points for path in paths])
    base = np.repeat(first, counts)
    previous = np.concatenate([path.previous for path in paths]) + base
    following = np.concatenate([path.following for path in paths]) + base
    a, b, c, d, e, f = np.repeat(np.array(affines).T * float(size * _UNIT), counts, axis=1)
    steps = 4 if size <= 96 else 8 if size <= 256 else 12
    w0, w1, w2, w3 = _basis(steps)
    grid = []
    for p, q, r in ((a, b, c), (d, e, f)):
        place = p * points[:, 0] + q * points[:, 1] + r
        tangent = (place[following] - place[previous]) * (points[:, 2] * _TENSION)
        curve = w0 * place[:, None] + w1 * place[following, None]
        curve = curve + w2 * tangent[:, None] + w3 * tangent[following, None]
        grid.append(np.rint(curve).astype(np.int64).ravel())
    successor = np.arange(len(points) * steps).reshape(-1, steps) + 1
    successor[:, -1] = following * steps
    return grid[0], grid[1], first * steps, successor.ravel()


def _boxes(
    x: Int[np.ndarray, " v"], y: Int[np.ndarray, " v"], starts: Int[np.ndarray, " s"], size: int
) -> list[Int[np.ndarray, " s"]]:
    """Left, top, right and bottom pixel of each shape, the last two excluded, cut to the picture."""
    low = [np.minimum.reduceat(side, starts) >> _SHIFT for side in (x, y)]
    high = [(np.maximum.reduceat(side, starts) >> _SHIFT) + 1 for side in (x, y)]
    left, top = (np.clip(side, 0, size) for side in low)
    right, bottom = (np.clip(side, 0, size) for side in high)
    return [left, top, right, bottom]


def _crossings(
    x: Int[np.ndarray, " v"],
    y: Int[np.ndarray, " v"],
    ends: Int[np.ndarray, " v"],
    shape: Int[np.ndarray, " v"],
    boxes: tuple[Int[np.ndarray, " s"], ...],
    size: int,
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """Where edges cross scan lines: cells of the buffer of all boxes, and by how much the coverage changes there."""
    left, top, bottom, width, offset = boxes
    x1, y1 = x[ends], y[ends]
    # Line k lies at (k + 1/2) steps; an edge crosses those from its upper end, included, to its lower end, excluded.
    first = (np.minimum(y, y1) + (_STEP // 2 - 1)) // _STEP
    last = (np.maximum(y, y1) + (_STEP // 2 - 1)) // _STEP
    first = np.maximum(first, (top * _LINES)[shape])
    count = np.maximum(np.minimum(last, (bottom * _LINES)[shape]) - first, 0)
    slope = (x1 - x) / np.where(y1 == y, 1, y1 - y)

    def spread(values: Shaped[np.ndarray, " v"]) -> Shaped[np.ndarray, " m"]:
        """One value an edge becomes one a crossing."""
        return np.repeat(values, count)

    line = np.arange(int(count.sum())) + spread(first - np.cumsum(count) + count)
    # Rounding keeps a crossing between its edge's ends, which lie in the box; only the picture's sides can cut it.
    at = np.rint(spread(x + (_STEP // 2 - y) * slope) + line * spread(_STEP * slope)).astype(np.int64)
    at = np.minimum(np.maximum(at, 0), size << _SHIFT)
    cell = (line // _LINES) * spread(width[shape]) + spread((offset - top * width - left)[shape]) + (at >> _SHIFT)
    sign = spread(np.where(y1 > y, 1, -1))
    part = (at & (_UNIT - 1)) * sign
    return np.concatenate([cell, cell + 1]), np.concatenate([sign * _UNIT - part, part])
