"""Where the bird and its parts are in the centre squares: boxes, segmentations, part locations."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor

from sparsight.data.cub.layout import Image, Layout, check_covers, keyed, numbered
from sparsight.data.masks import Masks, read_masks
from sparsight.data.pictures import Pictures
from sparsight.errors import InputError
from sparsight.io import check_readable_file

VOTES = 128
"""Grey level of a segmentation from which on half of its annotators or more saw the bird there."""
RADIUS = 0.04
"""Of a part's disc, as a share of the box's diagonal."""
BEYOND = 0.05
"""How far a box may reach out of its picture, as a share of the picture's side."""
MOST_BEYOND = 0.02
"""Share of boxes that may reach farther: of the official ones a few do, by up to 32 pixels; they are cut off."""


def read_boxes(layout: Layout) -> dict[int, tuple[float, float, float, float]]:
    """Left, top, width and height in pixels of each image's box, by the image's number.

    Raises:
        InputError: if ``bounding_boxes.txt`` is missing or damaged.
    """
    path = layout.root / "bounding_boxes.txt"
    boxes = keyed(path, 5, _box)
    check_covers(path, boxes.keys(), {image.number for image in layout.images})
    return boxes


def misfits(boxes: Float[Tensor, "n 4"], sizes: Int64[Tensor, "n 2"]) -> int:
    """How many boxes reach out of their pictures: those of pictures that were resized, and the boxes not."""
    far = torch.maximum(-boxes[:, :2], boxes[:, :2] + boxes[:, 2:] - sizes).amax(1)
    return int(((far > BEYOND * sizes.amin(1)) & (sizes[:, 0] > 0)).sum())


def box_masks(boxes: Float[Tensor, "n 4"], sizes: Int64[Tensor, "n 2"], side: int) -> Bool[Tensor, "n side side"]:
    """True where a pixel's middle lies in the box, in the picture's centre square.

    Args:
        boxes: left, top, width and height in pixels of the whole picture.
        sizes: width and height of the whole picture.
        side: of the square.
    """
    across, down = _middles(sizes, side)
    left, top, width, height = boxes[:, :, None].unbind(1)
    inside = (across >= left) & (across < left + width), (down >= top) & (down < top + height)
    return inside[1][:, :, None] & inside[0][:, None, :]


def part_discs(
    parts: Float[Tensor, "n p 3"], boxes: Float[Tensor, "n 4"], sizes: Int64[Tensor, "n 2"], side: int
) -> UInt8[Tensor, "n side side"]:
    """Part p + 1 where a pixel's middle is nearest to the location of the visible part p, and within ``RADIUS``.

    Of two parts at the same place the first counts.

    Args:
        parts: across, down and whether visible (1 or 0), in pixels of the whole picture.
        boxes: as of ``box_masks``; their diagonal measures the bird.
        sizes: width and height of the whole picture.
        side: of the square.
    """
    short = sizes.min(1).values.clamp(min=1).float()
    scale = side / short
    radii = (RADIUS * torch.linalg.vector_norm(boxes[:, 2:], dim=1) * scale).numpy()
    centres = ((parts[:, :, :2] - ((sizes - short[:, None]) / 2)[:, None]) * scale[:, None, None]).numpy()
    visible = ((parts[:, :, 2] > 0) & (sizes[:, :1] > 0)).numpy()
    found = np.zeros((len(parts), side, side), dtype=np.uint8)
    for i, radius in enumerate(radii):
        nearest = np.full((side, side), radius * radius)
        for p in np.flatnonzero(visible[i]):
            (x, y), reach = centres[i, p], math.ceil(radius)
            left, top = max(0, math.floor(x) - reach), max(0, math.floor(y) - reach)
            window = slice(top, max(top, math.ceil(y) + reach)), slice(left, max(left, math.ceil(x) + reach))
            down, across = (np.arange(side)[one] + 0.5 for one in window)
            away = (down - y)[:, None] ** 2 + (across - x)[None] ** 2
            closer = away < nearest[window]
            found[i][window][closer] = p + 1
            nearest[window][closer] = away[closer]
    return torch.from_numpy(found)


def read_parts(layout: Layout, images: Sequence[Image]) -> tuple[tuple[str, ...], Float[Tensor, "n p 3"]]:
    """The parts' names, and their places in some of the images.

    Raises:
        InputError: if a file is missing or damaged.
    """
    folder = layout.root / "parts"
    names = numbered(folder / "parts.txt", lambda cells: " ".join(cells[1:]))
    path = folder / "part_locs.txt"
    table = _locations(path)
    check_covers(path, set(table["image"].unique().tolist()), {image.number for image in layout.images})
    part, located = table["part"].to_numpy(), table[["x", "y", "visible"]].to_numpy(np.float32)
    right = (part >= 1) & (part <= len(names)) & np.isfinite(located).all(1)
    if not right.all():
        line = int(np.argmin(right))
        raise InputError(f"{path}: line {line + 1}: {part[line]} is no part, or its place is no number; restore it")
    parts = torch.zeros(len(images), len(names), 3)
    place = table["image"].map({image.number: i for i, image in enumerate(images)}).fillna(-1).to_numpy(np.int64)
    here = place >= 0
    parts[place[here], part[here] - 1] = torch.tensor(located[here])
    return tuple(names), parts


def segmentation_folder(root: Path) -> Path | None:
    """Where the segmentations, an archive of their own, were unpacked: in the official folder or beside it."""
    return next((place for place in (root / "segmentations", root.parent / "segmentations") if place.is_dir()), None)


def segmentation_masks(folder: Path, images: Sequence[Image], pictures: Pictures) -> Masks:
    """The segmentations in the centre squares, and what is wrong with those that are not there or cannot be used."""
    files = [(folder / image.path).with_suffix(".png") for image in images]
    found = read_masks([file if file.exists() else None for file in files], pictures, VOTES)
    absent = [
        f"{file}: missing; unpack the segmentations again, or choose data.masks box"
        for file in files
        if not file.exists()
    ]
    return replace(found, problems=[*absent, *found.problems])


def _box(cells: list[str]) -> tuple[float, float, float, float]:
    left, top, width, height = (float(cell) for cell in cells[1:5])
    if not (math.isfinite(left) and math.isfinite(top) and 0 < width < math.inf and 0 < height < math.inf):
        raise ValueError(f"{' '.join(cells[1:5])} is no box")
    return left, top, width, height


def _locations(path: Path) -> pd.DataFrame:
    columns = ["image", "part", "x", "y", "visible"]
    check_readable_file(path)
    try:
        table = pd.read_csv(path, sep=r"\s+", header=None, names=columns, engine="c")
        return table.astype({"image": "int64", "part": "int64", "x": float, "y": float, "visible": float})
    except ValueError as error:  # pandas' own errors among them
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: not five numbers a line ({reason}); restore it from the archive") from None


def _middles(sizes: Int64[Tensor, "n 2"], side: int) -> tuple[Float[Tensor, "n side"], Float[Tensor, "n side"]]:
    """The middles of the square's pixels, across and down, in pixels of the whole picture."""
    short = sizes.min(1).values[:, None].float()
    steps = (torch.arange(side) + 0.5) / side * short
    start = (sizes - short) / 2
    return start[:, :1] + steps, start[:, 1:] + steps
