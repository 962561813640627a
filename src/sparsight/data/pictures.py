"""Many image files decoded once, into a memory-mapped file that every later run of any study finds."""

import hashlib
import json
import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import filelock
import numpy as np
import PIL
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from sparsight.data.glimpse import Glimpse, shown_sizes
from sparsight.data.listing import expanded
from sparsight.data.picture import MOST_BYTES, read_picture
from sparsight.errors import InputError
from sparsight.io import PARTIAL, check_room, lock_at, mapped_tensors, read_metadata, read_tensors, sha256, spoken_size

FORM = 1
"""Of the cache: raised when a picture is decoded to other pixels than before."""
CACHE = "SPARSIGHT_CACHE"
"""The environment variable that names the cache's folder, or is ``off``."""
_KIND = "pictures"
_THREADS = min(8, os.cpu_count() or 1)  # Pillow decodes and resizes without the interpreter's lock


@runtime_checkable
class DecodingListener(Protocol):
    """Who is told how decoding goes."""

    def note(self, text: str) -> None:
        """Something is to be known: one line."""

    def decoded(self, done: int, total: int) -> None:
        """So many of the pictures are decoded."""


class _Silent:
    def note(self, text: str) -> None:
        pass

    def decoded(self, done: int, total: int) -> None:
        pass


@dataclass(frozen=True, eq=False)
class Pictures:
    """Decoded image files, in their order.

    Attributes:
        images: the centre squares (``read_picture``); zeros where a file cannot be used.
        sizes: width and height of each whole picture, upright, in pixels; zeros where a file cannot be used.
        whole: the whole pictures, each squeezed into a square, where they were asked for.
        frames: how many frames or pages each file holds.
        problems: what is wrong, by the positions of the files that cannot be used; a line each.
    """

    images: UInt8[Tensor, "n 3 s s"]
    sizes: Int64[Tensor, "n 2"]
    whole: UInt8[Tensor, "n 3 w w"] | None
    frames: Int64[Tensor, " n"]
    problems: dict[int, str]


def read_pictures(
    paths: Sequence[Path],
    side: int,
    whole: int | None = None,
    reader: DecodingListener | None = None,
    keep: bool = False,
) -> Pictures:
    """Decode image files side by side, or map what an earlier call has decoded.

    The cache holds one file for each list of contents and sizes: it is keyed by the SHA-256 of every image file, so
    that a changed image is decoded again, and a moved folder is not. Of two processes that want the same pictures one
    decodes, and the other waits.

    Args:
        paths: of the image files.
        side: of the squares, in pixels.
        whole: side of the squeezed whole pictures; None for none.
        reader: is told the size of what is to be written, and how it goes.
        keep: whether the others are kept where some files cannot be used; else nothing is, for who mends them has
            another list of contents.

    Raises:
        InputError: if there is no room for the cache, or it cannot be written.
    """
    hears = reader or _Silent()
    folder = cache_folder()
    shapes = _shapes(len(paths), side, whole)
    if isinstance(reader, Glimpse) and paths:
        return _glimpsed(paths, side, whole, reader)
    if folder is None or not paths:
        in_memory = {name: np.zeros(shape, dtype) for name, (shape, dtype) in shapes.items()}
        return _pictures(in_memory, _decode(paths, side, whole, in_memory, hears))
    key = _key(paths, side, whole)
    file = folder / f"{key}.safetensors"
    if (found := _kept(file, key, paths)) is not None:  # also where nothing can be written, as on shared storage
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / f"{key}.lock", hears):
            if (found := _kept(file, key, paths)) is not None:
                return found
            for left in folder.glob(f".{file.name}.*{PARTIAL}"):  # by a process that was killed
                left.unlink()
            _check_room(folder, shapes, hears)
            with suppress(_NotKeptError), mapped_tensors(file, shapes, {"key": key}, _KIND) as arrays:
                problems = _decode(paths, side, whole, arrays, hears)
                if problems and not keep:  # the data set is refused; what could be read serves to say all that is wrong
                    raise _NotKeptError
            return _pictures(arrays if problems and not keep else read_tensors(file), problems)
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: the cache of decoded images cannot be written ({error.strerror}); "
            f"name another folder by {CACHE}, or set {CACHE}=off"
        ) from None


def _glimpsed(paths: Sequence[Path], side: int, whole: int | None, glimpse: Glimpse) -> Pictures:
    """What the cache holds, or a few pictures; the others are black, but no two are alike, and have their sizes."""
    folder, shapes = cache_folder(), _shapes(len(paths), side, whole)
    if folder is not None and cached_files(folder):
        key = _key(paths, side, whole)
        if (found := _kept(folder / f"{key}.safetensors", key, paths)) is not None:
            return found
    needed = sum(math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in shapes.values())
    if folder is None:
        glimpse.memory += needed
    else:
        glimpse.cache += needed
    arrays = {name: np.zeros(shape, dtype) for name, (shape, dtype) in shapes.items()}  # takes memory once it is filled
    chosen = glimpse.chosen(len(paths))
    few = {name: np.zeros((len(chosen), *shape[1:]), dtype) for name, (shape, dtype) in shapes.items()}
    with glimpse.extrapolating(len(chosen), len(paths)):
        problems = _decode([paths[i] for i in chosen], side, whole, few, glimpse)
    for i, size in enumerate(shown_sizes(paths)):
        arrays["images"][i].reshape(-1)[:8] = np.frombuffer(i.to_bytes(8, "little"), np.uint8)
        arrays["sizes"][i], arrays["frames"][i] = size or (side, side), 1
    for name, own in few.items():
        arrays[name][chosen] = own
    return _pictures(arrays, {chosen[i]: problem for i, problem in problems.items()})


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


def _kept(file: Path, key: str, paths: Sequence[Path]) -> Pictures | None:
    """The pictures in a file of the cache that is whole and of these images. What was wrong with the files that could
    not be used is found by reading these again; if one can be read now, all are decoded anew.
    """
    with suppress(InputError):
        if read_metadata(file, _KIND) == {"key": key}:
            found = _pictures(read_tensors(file), {})
            unread = (found.sizes[:, 0] == 0).nonzero()[:, 0].tolist()
            problems = {i: problem for i in unread if (problem := _problem(paths[i])) is not None}
            return replace(found, problems=problems) if len(problems) == len(unread) else None
    return None


def _problem(path: Path) -> str | None:
    try:
        read_picture(path, 1)
    except InputError as error:
        return str(error)
    return None


class _NotKeptError(Exception):
    """What was decoded is not to be kept."""


def _shapes(n: int, side: int, whole: int | None) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
        "images": ((n, 3, side, side), np.uint8),
        "sizes": ((n, 2), np.int64),
        "frames": ((n,), np.int64),
    }
    return shapes if whole is None else {**shapes, "whole": ((n, 3, whole, whole), np.uint8)}


def _pictures(arrays: Mapping[str, np.ndarray | Tensor], problems: dict[int, str]) -> Pictures:
    found = {name: torch.as_tensor(array) for name, array in arrays.items()}
    return Pictures(found["images"], found["sizes"], found.get("whole"), found["frames"], problems)


def _key(paths: Sequence[Path], side: int, whole: int | None) -> str:
    """Of what the pixels follow from: the bytes of the files, the sizes asked for, and how pictures are decoded."""
    with ThreadPoolExecutor(_THREADS) as threads:
        digests = list(threads.map(digest_of, paths))
    return hashlib.sha256(json.dumps([FORM, PIL.__version__, side, whole, digests]).encode()).hexdigest()


def digest_of(path: Path) -> str | None:
    """Of a file that an image may be; the others are told when they are decoded, and nothing is kept then."""
    with suppress(OSError, ValueError):
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            return sha256(path)
    return None


def _decode(
    paths: Sequence[Path], side: int, whole: int | None, arrays: Mapping[str, np.ndarray], hears: DecodingListener
) -> dict[int, str]:
    """Fill the arrays; what is wrong is told by the files' positions."""

    def one(i: int) -> str | None:
        try:
            picture = read_picture(paths[i], side, whole)
        except InputError as error:
            return str(error)
        arrays["images"][i] = picture.pixels.transpose(2, 0, 1)
        arrays["sizes"][i], arrays["frames"][i] = picture.size, picture.frames
        if picture.whole is not None:
            arrays["whole"][i] = picture.whole.transpose(2, 0, 1)
        return None

    problems = {}
    # Each file's warnings are caught one by one, but the filters are the process's: threads would leave them changed.
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor(_THREADS) as threads:
        for i, problem in enumerate(threads.map(one, range(len(paths)))):
            if problem is not None:
                problems[i] = problem
            hears.decoded(i + 1, len(paths))
    return problems


def _check_room(
    folder: Path, shapes: Mapping[str, tuple[tuple[int, ...], type[np.generic]]], hears: DecodingListener
) -> None:
    """Say what is about to be written, or refuse.

    Raises:
        InputError: if the disk has less room than that.
    """
    needed = sum(math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in shapes.values())
    count = f"{shapes['frames'][0][0]:,} images"
    remedy = f"make room, name another folder by {CACHE}, or set {CACHE}=off to decode them into memory every time"
    check_room(folder, needed, f"the cache of {count}", remedy)
    hears.note(f"decoding {count} once, into {spoken_size(needed)} below {folder}")


@contextmanager
def _alone(path: Path, hears: DecodingListener) -> Iterator[None]:
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
