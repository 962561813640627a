"""Many image files decoded once, into memory-mapped files that every later run of any study finds."""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from PIL import Image
from torch import Tensor

from sparsight.data.depth import Span
from sparsight.data.glimpse import Glimpse, shown_sizes
from sparsight.data.picture import read_picture
from sparsight.data.picture_cache import (
    CACHE,
    KIND,
    THREADS,
    CacheFile,
    DecodingListener,
    Shapes,
    alone,
    blank,
    bytes_of,
    cache_file,
    cache_folder,
    cached_files,
    check_cache_room,
    digests_of,
    remove_left,
)
from sparsight.errors import InputError
from sparsight.io import mapped_tensors, read_tensors
from sparsight.pool import threads

THUMB = 48
"""Side of the small grey picture that is kept of each, by which near copies are found."""
FACTS = ("orientation", "form", "bits", "coloured")


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
        facts: of each file, by ``FACTS``: its EXIF orientation, the place of its format in ``FORMATS``, its bits a
            channel, and whether its centre square has colour; zeros where a file cannot be used, or was not read.
        extremes: the lowest and the highest number of each file of more than 8 bits a channel; 0 and 255 of the others.
        thumbs: the centre squares in grey, small.
        digests: of the centre squares' pixels; equal for equal squares.
        problems: what is wrong, by the positions of the files that cannot be used; a line each.
    """

    images: UInt8[Tensor, "n 3 s s"]
    sizes: Int64[Tensor, "n 2"]
    whole: UInt8[Tensor, "n 3 w w"] | None
    frames: Int64[Tensor, " n"]
    facts: Int64[Tensor, "n 4"]
    extremes: Float32[Tensor, "n 2"]
    thumbs: UInt8[Tensor, "n t t"]
    digests: UInt8[Tensor, "n 16"]
    problems: dict[int, str]

    def fact(self, name: str) -> Int64[Tensor, " n"]:
        """Return one of ``FACTS`` of each file."""
        return self.facts[:, FACTS.index(name)]


def read_pictures(
    paths: Sequence[Path],
    side: int,
    whole: int | None = None,
    reader: DecodingListener | None = None,
    keep: bool = False,
    span: Span | None = None,
) -> Pictures:
    """Decode image files side by side, or map what an earlier call has decoded.

    The cache holds one file of squares and one of whole pictures for each list of contents and size: they are keyed by
    the SHA-256 of every image file, so that a changed image is decoded again, and a moved folder is not. Of two
    processes that want the same pictures one decodes, and the other waits.

    Args:
        paths: of the image files.
        side: of the squares, in pixels.
        whole: side of the squeezed whole pictures; None for none.
        reader: is told the size of what is to be written, and how it goes.
        keep: whether the others are kept where some files cannot be used; else nothing is, for who mends them has
            another list of contents.
        span: as of ``read_picture``.

    Raises:
        InputError: if there is no room for the cache, or it cannot be written.
    """
    hears = reader or _Silent()
    folder, asked = cache_folder(), _Asked(paths, side, whole, span)
    shapes = _shapes(len(paths), side, whole)
    if isinstance(reader, Glimpse) and paths:
        return _glimpsed(asked, folder, shapes, reader)
    if folder is None or not paths:
        in_memory = blank(shapes)
        return _pictures(in_memory, _decode(asked, in_memory, hears))
    files = asked.files(folder)
    if (found := _kept(files, paths)) is not None:  # also where nothing can be written, as on shared storage
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as locks:
            for file in sorted(files, key=lambda one: one.key):
                locks.enter_context(alone(file.path.with_suffix(".lock"), hears))
            if (found := _kept(files, paths)) is not None:
                return found
            return _made(asked, files, keep, hears)
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: the cache of decoded images cannot be written ({error.strerror}); "
            f"name another folder by {CACHE}, or set {CACHE}=off"
        ) from None


@dataclass(frozen=True)
class _Asked:
    """What is asked of ``read_pictures``."""

    paths: Sequence[Path]
    side: int
    whole: int | None
    span: Span | None

    def files(self, folder: Path) -> list[CacheFile]:
        """The file of the squares, and where whole pictures are asked for, theirs."""
        digests, n = digests_of(self.paths), len(self.paths)
        found = [cache_file(folder, ["squares", self.side, self.span], digests, _squares(n, self.side))]
        if self.whole is not None:
            found.append(cache_file(folder, ["whole", self.whole, self.span], digests, _wholes(n, self.whole)))
        return found


def _made(asked: _Asked, files: Sequence[CacheFile], keep: bool, hears: DecodingListener) -> Pictures:
    """Decode what some of the files of the cache lack."""
    missing = [file for file in files if not _stands(file)]
    remove_left(missing)
    check_cache_room(missing, len(asked.paths), hears)
    arrays: dict[str, np.ndarray | Tensor] = {}
    problems: dict[int, str] = {}
    with suppress(_NotKeptError), ExitStack() as maps:
        made: dict[str, np.ndarray] = {}
        for file in missing:
            made.update(maps.enter_context(mapped_tensors(file.path, file.shapes, {"key": file.key}, KIND)))
        arrays.update(made)
        problems = _decode(asked, made, hears)
        if problems and not keep:  # the data set is refused; what could be read serves to say all that is wrong
            raise _NotKeptError
    dropped = problems and not keep
    for file in files:
        if not (dropped and file in missing):
            arrays.update(read_tensors(file.path))
    return _pictures(arrays, problems)


def _stands(file: CacheFile) -> bool:
    """Whether a file of the cache holds all its pictures: of one that does not, others may be readable by now."""
    held = file.kept()
    return held is not None and bool((held["sizes" if "sizes" in held else "read"] != 0).all())


def _glimpsed(asked: _Asked, folder: Path | None, shapes: Shapes, glimpse: Glimpse) -> Pictures:
    """What the cache holds, or a few pictures; the others are black, but no two are alike, and have their sizes."""
    paths = asked.paths
    if folder is not None and cached_files(folder) and (found := _kept(asked.files(folder), paths)) is not None:
        return found
    if folder is None:
        glimpse.memory += bytes_of(shapes)
    else:
        glimpse.cache += bytes_of(shapes)
    arrays = blank(shapes)
    chosen = glimpse.chosen(len(paths))
    few = blank({name: ((len(chosen), *shape[1:]), dtype) for name, (shape, dtype) in shapes.items()})
    with glimpse.extrapolating(len(chosen), len(paths)):
        problems = _decode(_Asked([paths[i] for i in chosen], asked.side, asked.whole, asked.span), few, glimpse)
    for i, size in enumerate(shown_sizes(paths)):
        number = np.frombuffer(i.to_bytes(8, "little"), np.uint8)
        arrays["images"][i].reshape(-1)[:8] = arrays["digests"][i, :8] = number
        arrays["sizes"][i], arrays["frames"][i] = size or (asked.side, asked.side), 1
    for name, own in few.items():
        arrays[name][chosen] = own
    return _pictures(arrays, {chosen[i]: problem for i, problem in problems.items()})


def _kept(files: Sequence[CacheFile], paths: Sequence[Path]) -> Pictures | None:
    """The pictures in files of the cache that are whole and of these images. What was wrong with the files that could
    not be used is found by reading these again; if one can be read now, all are decoded anew.
    """
    arrays: dict[str, Tensor] = {}
    for file in files:
        if (held := file.kept()) is None:
            return None
        arrays.update(held)
    unread = (arrays["sizes"][:, 0] == 0).nonzero()[:, 0].tolist()
    if "read" in arrays and (arrays["read"] == 0).nonzero()[:, 0].tolist() != unread:
        return None
    problems = {i: problem for i in unread if (problem := _problem(paths[i])) is not None}
    return _pictures(arrays, problems) if len(problems) == len(unread) else None


def _problem(path: Path) -> str | None:
    try:
        read_picture(path, 1)
    except InputError as error:
        return str(error)
    return None


class _NotKeptError(Exception):
    """What was decoded is not to be kept."""


def _squares(n: int, side: int) -> Shapes:
    return {
        "images": ((n, 3, side, side), np.uint8),
        "sizes": ((n, 2), np.int64),
        "frames": ((n,), np.int64),
        "facts": ((n, len(FACTS)), np.int64),
        "extremes": ((n, 2), np.float32),
        "thumbs": ((n, THUMB, THUMB), np.uint8),
        "digests": ((n, 16), np.uint8),
    }


def _wholes(n: int, whole: int) -> Shapes:
    return {"whole": ((n, 3, whole, whole), np.uint8), "read": ((n,), np.uint8)}


def _shapes(n: int, side: int, whole: int | None) -> Shapes:
    return _squares(n, side) | ({} if whole is None else _wholes(n, whole))


def _pictures(arrays: Mapping[str, np.ndarray | Tensor], problems: dict[int, str]) -> Pictures:
    found = {name: torch.as_tensor(array) for name, array in arrays.items() if name not in ("read", "whole")}
    whole = torch.as_tensor(arrays["whole"]) if "whole" in arrays else None
    return Pictures(**found, whole=whole, problems=problems)


def _decode(asked: _Asked, arrays: Mapping[str, np.ndarray], hears: DecodingListener) -> dict[int, str]:
    """Fill the arrays that there are; what is wrong is told by the files' positions."""
    paths, squares = asked.paths, "images" in arrays

    def one(i: int) -> str | None:
        try:
            picture = read_picture(
                paths[i], asked.side if squares else 1, asked.whole if "whole" in arrays else None, asked.span
            )
        except InputError as error:
            return str(error)
        if squares:
            pixels = picture.pixels
            arrays["images"][i] = pixels.transpose(2, 0, 1)
            arrays["sizes"][i], arrays["frames"][i] = picture.size, picture.frames
            coloured = bool((pixels[..., :2] != pixels[..., 1:]).any())
            arrays["facts"][i] = picture.orientation, picture.form, picture.depth.bits, coloured
            arrays["extremes"][i] = picture.depth.lowest, picture.depth.highest
            grey = Image.fromarray(pixels).convert("L").resize((THUMB, THUMB), Image.Resampling.BILINEAR)
            arrays["thumbs"][i] = np.asarray(grey)
            arrays["digests"][i] = np.frombuffer(hashlib.blake2b(pixels.tobytes(), digest_size=16).digest(), np.uint8)
        if picture.whole is not None:
            arrays["whole"][i], arrays["read"][i] = picture.whole.transpose(2, 0, 1), 1
        return None

    problems = {}
    # Each file's warnings are caught one by one, but the filters are the process's: threads would leave them changed.
    with warnings.catch_warnings(action="ignore"), threads(THREADS) as several:
        for i, problem in enumerate(several.map(one, range(len(paths)))):
            if problem is not None:
                problems[i] = problem
            hears.decoded(i + 1, len(paths))
    return problems
