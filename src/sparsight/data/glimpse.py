"""A few pictures of a data set instead of all, so that it can be told what all of them would take."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Int64
from PIL import Image
from torch import Tensor

from sparsight.data.dataset import ConceptDataset

_ORIENTATION, _TURNED = 274, (5, 6, 7, 8)
"""The EXIF entry that says how a picture is to be held, and its values that swap width and height."""


@dataclass
class Glimpse:
    """A listener that asks readers for a few pictures: what they leave out is black, and what it would take is noted.

    Labels, concepts, splits and sizes are those of the whole data set. Nothing is written to the cache.

    Attributes:
        most: pictures that are read or drawn of each list.
        wall, processor: seconds that those that are left out would take, by both clocks.
        cache: bytes of the cache that a study would fill.
        memory: bytes that it would hold in memory, where there is no cache.
    """

    most: int = 256
    wall: float = 0.0
    processor: float = 0.0
    cache: int = 0
    memory: int = 0

    def note(self, text: str) -> None:
        """Say nothing."""

    def decoded(self, done: int, total: int) -> None:
        """Say nothing."""

    def chosen(self, count: int) -> list[int]:
        """Which of so many pictures to read: evenly spread."""
        return [i * count // self.most for i in range(self.most)] if count > self.most else list(range(count))

    @contextmanager
    def extrapolating(self, done: int, count: int) -> Iterator[None]:
        """Take the time of some or all of ``done`` pictures; note their share of what the others of ``count`` take."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        more = (count - done) / max(1, done)
        self.wall += (time.perf_counter() - wall) * more
        self.processor += (time.process_time() - processor) * more


def readable(data: ConceptDataset) -> Int64[Tensor, " m"]:
    """Places of the images that are not black across their middle, as those that a glimpse left out are; else all."""
    middle = data.images[:, :, data.images.shape[2] // 2].flatten(1)
    found = (middle != 0).any(1).nonzero()[:, 0]
    return found if len(found) else torch.arange(len(data))


def shown_sizes(paths: Sequence[Path]) -> Iterator[tuple[int, int] | None]:
    """Width and height of each picture held upright, from its file's head alone; None where it cannot be read."""
    for path in paths:
        size = None
        with suppress(OSError, ValueError, SyntaxError, Image.DecompressionBombError), Image.open(path) as image:
            turned = image.getexif().get(_ORIENTATION) in _TURNED
            size = (image.height, image.width) if turned else image.size
        yield size
