"""Objects' masks, from many files read side by side."""

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from sparsight.data.picture import MisfitError, read_mask
from sparsight.errors import InputError

_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks of a data set's images.

    Attributes:
        inside: true on the object; false everywhere where a mask cannot be used.
        unread: what is wrong, by the positions of the masks that cannot be read; a line each.
        problems: a line for everything else that is wrong: a mask that is missing, or of another size than its image.
        notes: what a user should know.
    """

    inside: Bool[Tensor, "n side side"]
    unread: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_masks(
    paths: Sequence[Path | None], side: int, sizes: Int64[Tensor, "n 2"], least: int = 1, as_shown: bool = False
) -> Masks:
    """The masks of images, cut as these were, and what is wrong with those that cannot be used.

    Args:
        paths: of the mask of each image, or None; its mask is false everywhere.
        side: of the squares, in pixels.
        sizes: width and height of each whole image; 0 where the image itself cannot be used: its mask is not read.
        least, as_shown: as of ``read_mask``.
    """
    masks = Masks(torch.zeros(len(paths), side, side, dtype=torch.bool))

    def one(i: int) -> InputError | None:
        path, (width, height) = paths[i], sizes[i].tolist()
        if path is not None and width:
            try:
                masks.inside[i] = torch.from_numpy(read_mask(path, side, (width, height), least, as_shown))
            except InputError as error:
                return error
        return None

    # The filters of warnings are the process's: threads that catch them one by one would leave them changed.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(_THREADS) as threads:
        for i, error in enumerate(threads.map(one, range(len(paths)))):
            if isinstance(error, MisfitError):
                masks.problems.append(str(error))
            elif error is not None:
                masks.unread[i] = str(error)
    return masks
