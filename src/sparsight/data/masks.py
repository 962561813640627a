"""Many mask files, read side by side."""

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from sparsight.data.picture import read_mask
from sparsight.errors import InputError

_THREADS = min(8, os.cpu_count() or 1)


def read_masks(
    paths: Sequence[Path | None], side: int, sizes: Int64[Tensor, "n 2"], least: int = 1, as_shown: bool = False
) -> tuple[Bool[Tensor, "n side side"], list[str]]:
    """The masks of images, cut as these were, and a line for each that cannot be used.

    Args:
        paths: of the mask of each image, or None; its mask is false everywhere.
        side: of the squares, in pixels.
        sizes: width and height of each whole image; 0 where the image itself cannot be used: its mask is not read.
        least, as_shown: as of ``read_mask``.
    """
    masks = torch.zeros(len(paths), side, side, dtype=torch.bool)

    def one(i: int) -> str | None:
        path, (width, height) = paths[i], sizes[i].tolist()
        if path is not None and width:
            try:
                masks[i] = torch.from_numpy(read_mask(path, side, (width, height), least, as_shown))
            except InputError as error:
                return str(error)
        return None

    # The filters of warnings are the process's: threads that catch them one by one would leave them changed.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(_THREADS) as threads:
        return masks, [problem for problem in threads.map(one, range(len(paths))) if problem is not None]
