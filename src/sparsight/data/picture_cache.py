"""Where decoded images are kept: one file for each list of contents and size, found by every later run of any study."""

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import filelock
import numpy as np
import PIL
from torch import Tensor

from sparsight.data.listing import expanded
from sparsight.data.picture import MOST_BYTES
from sparsight.errors import InputError
from sparsight.io import PARTIAL, check_room, lock_at, read_metadata, read_tensors, sha256, spoken_size
from sparsight.pool import threads

FORM = 2
"""Of the cache: raised when a picture is decoded to other pixels than before, or more is kept of it."""
CACHE = "SPARSIGHT_CACHE"
"""The environment variable that names the cache's folder, or is ``off``."""
KIND = "pictures"
THREADS = min(8, os.cpu_count() or 1)  # Pillow decodes and resizes without the interpreter's lock
Shapes = dict[str, tuple[tuple[int, ...], type[np.generic]]]


@runtime_checkable
class DecodingListener(Protocol):
    """Receive reports on how decoding goes."""

    def note(self, text: str) -> None:
        """Report what a user should know, in one line."""

    def decoded(self, done: int, total: int) -> None:
        """Report how many of the pictures are decoded."""


@dataclass(frozen=True)
class CacheFile:
    """A file of the cache, which may exist.

    Attributes:
        path: of the file.
        key: of what its arrays follow from.
        shapes: of the arrays.
    """

    path: Path
    key: str
    shapes: Shapes

    def kept(self) -> dict[str, Tensor] | None:
        """Return the arrays, mapped; None where there is no file, or one that is damaged or of other images."""
        with suppress(InputError):
            if read_metadata(self.path, KIND) == {"key": self.key}:
                return dict(read_tensors(self.path))
        return None

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        return bytes_of(self.shapes)


def bytes_of(shapes: Shapes) -> int:
    """Return what arrays take."""
    return sum(math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in shapes.values())


def cache_folder() -> Path | None:
    """Where decoded images are kept; None where they are not to be.

    ``$SPARSIGHT_CACHE``, or ``sparsight`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
    """
    named = os.environ.get(CACHE)
    if named == "off":
        return None
    if named:
        return expanded(Path(named)) / "images"
    return expanded(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")) / "sparsight" / "images"


def cached_files(folder: Path) -> list[Path]:
    """The files of the cache in its folder, whatever else may lie there."""
    ours = re.compile(rf"[0-9a-f]{{64}}\.(safetensors|lock)|\.[0-9a-f]{{64}}\.safetensors\..*{re.escape(PARTIAL)}")
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if ours.fullmatch(path.name) and path.is_file() and not path.is_symlink())


def cache_file(folder: Path, parts: Sequence[object], digests: Sequence[str | None], shapes: Shapes) -> CacheFile:
    """Name the file of what follows from the bytes of images and ``parts``: sizes, and how pictures are decoded."""
    key = hashlib.sha256(json.dumps([FORM, PIL.__version__, *parts, digests]).encode()).hexdigest()
    return CacheFile(folder / f"{key}.safetensors", key, shapes)


def digests_of(paths: Sequence[Path]) -> list[str | None]:
    """Return what ``digest_of`` does for each file."""
    with threads(THREADS) as several:
        return list(several.map(digest_of, paths))


def digest_of(path: Path) -> str | None:
    """Of a file that an image may be; the others are told when they are decoded, and nothing is kept then."""
    with suppress(OSError, ValueError):
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            return sha256(path)
    return None


def remove_left(files: Iterable[CacheFile]) -> None:
    """Remove what processes that were killed have left of files."""
    for file in files:
        for left in file.path.parent.glob(f".{file.path.name}.*{PARTIAL}"):
            left.unlink()


def check_cache_room(files: Sequence[CacheFile], count: int, hears: DecodingListener) -> None:
    """Say what is about to be written, or refuse.

    Raises:
        InputError: if the disk has less room than that.
    """
    folder, needed = files[0].path.parent, sum(file.nbytes for file in files)
    remedy = f"make room, name another folder by {CACHE}, or set {CACHE}=off to decode them into memory every time"
    check_room(folder, needed, f"the cache of {count:,} images", remedy)
    hears.note(f"decoding {count:,} images once, into {spoken_size(needed)} below {folder}")


@contextmanager
def alone(path: Path, hears: DecodingListener) -> Iterator[None]:
    """Hold a lock, which the system frees when the process ends; wait for it if another process holds it."""
    lock = lock_at(path)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        hears.note("another process decodes the same images; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def blank(shapes: Shapes) -> Mapping[str, np.ndarray]:
    """Return arrays of zeros, which take memory once they are filled."""
    return {name: np.zeros(shape, dtype) for name, (shape, dtype) in shapes.items()}
