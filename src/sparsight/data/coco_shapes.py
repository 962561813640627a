"""What a COCO annotation outlines: polygons, a run-length encoding, or a box."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from sparsight.errors import InputError

_FAR = 1e9
_AT_ONCE = 1 << 20
"""Crossings of edges and rows that are found together."""


class ShapeError(InputError):
    """An outline that cannot be drawn."""


def fill_annotation(inside: Bool[np.ndarray, "h w"], annotation: Mapping[str, Any], where: str) -> bool:
    """Set the pixels of the object: of its ``segmentation``, or where there is none, of its ``bbox``.

    A pixel is set where its middle lies in a polygon (by the even-odd rule) or in the box; what reaches out of the
    image is cut off.

    Args:
        inside: the whole image, changed in place.
        annotation: with ``segmentation``, a list of polygons (x, y, x, y, ...) or a run-length encoding; or with
            ``bbox``, as left, top, width and height in pixels.
        where: the annotation's place, for errors.

    Returns:
        Whether the box was taken.

    Raises:
        ShapeError: if it is none of these, or lies elsewhere than in the image.
    """
    outline, box = annotation.get("segmentation"), annotation.get("bbox")
    if isinstance(outline, Mapping):
        inside |= _decoded(outline, inside.shape, where)
    elif outline:
        if not isinstance(outline, list):
            raise ShapeError(f"{where}: segmentation is neither polygons nor a run-length encoding; export it again")
        for polygon in outline:
            _fill_polygon(inside, _points(polygon, inside.shape, where))
    elif box is None:
        raise ShapeError(f"{where}: has neither a segmentation nor a bbox; outline the object or remove the annotation")
    else:
        _fill_box(inside, box, where)
        return True
    return False


def decode_counts(text: str) -> list[int]:
    """The counts of a compressed run-length encoding.

    Each is a little-endian number of 5 bits a character, the sixth bit saying that more follow, and from the fourth
    count on it is the difference to the last but one (pycocotools, ``rleFrString``).

    Raises:
        ValueError: if the text is none.
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError("no compressed counts")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("compressed counts are cut off")
    return counts


def _decoded(encoding: Mapping[str, Any], shape: tuple[int, ...], where: str) -> Bool[np.ndarray, "h w"]:
    """The mask of a run-length encoding: runs of 0 and 1 by turns, column by column."""
    if encoding.get("size") != list(shape):
        raise ShapeError(
            f"{where}: the run-length encoding is not of size {list(shape)}, its image's height and width; export it "
            "again"
        )
    counts = encoding.get("counts")
    try:
        runs = decode_counts(counts) if isinstance(counts, str) else counts
    except ValueError:
        runs = None
    if not isinstance(runs, list) or not all(type(run) is int and run >= 0 for run in runs):
        raise ShapeError(f"{where}: counts are no run-length encoding; export it again")
    if sum(runs) != math.prod(shape):
        raise ShapeError(
            f"{where}: counts add up to {min(sum(runs), 10**15):,}, not to the image's {math.prod(shape):,} pixels; "
            "export it again"
        )
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(shape[::-1]).T


def _points(polygon: Any, shape: tuple[int, ...], where: str) -> Float[np.ndarray, "k 2"]:
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        raise ShapeError(f"{where}: a polygon must be a list of three or more points, as x, y, x, y, ...")
    points = np.array(_numbers(polygon, where)).reshape(-1, 2)
    for low, high, length in zip(points.min(0), points.max(0), shape[::-1], strict=True):
        _check_reach(low, high, length, where)
    return points


def _fill_box(inside: Bool[np.ndarray, "h w"], box: Any, where: str) -> None:
    if not isinstance(box, list) or len(box) != 4:
        raise ShapeError(f"{where}: bbox must be left, top, width and height")
    left, top, width, height = _numbers(box, where)
    if width <= 0 or height <= 0:
        raise ShapeError(f"{where}: bbox is {width:g} wide and {height:g} high; it must have an area")
    _check_reach(left, left + width, inside.shape[1], where)
    _check_reach(top, top + height, inside.shape[0], where)
    rows, columns = (
        slice(max(0, math.ceil(start - 0.5)), max(0, math.ceil(start + length - 0.5)))
        for start, length in ((top, height), (left, width))
    )
    inside[rows, columns] = True


def _fill_polygon(inside: Bool[np.ndarray, "h w"], points: Float[np.ndarray, "k 2"]) -> None:
    """Every edge turns over, in each row whose middle it crosses, the pixels right of it."""
    height, width = inside.shape
    upper, lower = points, np.roll(points, -1, axis=0)
    first, end = (
        np.clip(np.ceil(of(upper[:, 1], lower[:, 1]) - 0.5), 0, height).astype(np.int64)
        for of in (np.minimum, np.maximum)
    )
    top, bottom = int(first.min()), int(end.max())
    reach = np.ceil(np.array([points[:, 0].min(), points[:, 0].max()]) - 0.5)
    left, right = np.clip(reach, 0, width).astype(np.int64).tolist()
    turned = np.zeros((bottom - top, right - left + 1), dtype=np.uint8)  # odd or even is all that counts
    lengths = end - first
    crossing = np.flatnonzero(lengths)
    for edges in np.array_split(crossing, 1 + int(lengths.sum()) // _AT_ONCE):
        edge = np.repeat(edges, lengths[edges])
        starts = np.cumsum(lengths[edges]) - lengths[edges]
        rows = first[edge] + np.arange(len(edge)) - np.repeat(starts, lengths[edges])
        (x, y), (x_end, y_end) = upper[edge].T, lower[edge].T
        across = x + (rows + 0.5 - y) * (x_end - x) / (y_end - y)
        columns = np.clip(np.ceil(across - 0.5), left, right).astype(np.int64)
        np.add.at(turned, (rows - top, columns - left), 1)
    inside[top:bottom, left:right] |= np.cumsum(turned, axis=1, dtype=np.uint8)[:, :-1] % 2 == 1


def _numbers(values: Sequence[Any], where: str) -> list[float]:
    if not all(type(value) in (int, float) and -_FAR < value < _FAR for value in values):  # NaN compares to nothing
        raise ShapeError(f"{where}: a coordinate is no number of pixels; export it again")
    return [float(value) for value in values]


def _check_reach(low: float, high: float, length: int, where: str) -> None:
    """Refuse what lies beside the image, or reaches further out than the image is long: it belongs to another size."""
    if high < 0 or low > length or low < -length or high > 2 * length:
        raise ShapeError(
            f"{where}: reaches from {low:g} to {high:g} along a side of {length} pixels; annotate the picture as it is"
        )
