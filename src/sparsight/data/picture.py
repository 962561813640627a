"""One image file of a stranger's, decoded to RGB or refused with one line that names it.

A picture is decoded once and cut and converted by bands of rows, so that it costs little more than its own pixels.
"""

import re
import stat
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import ExifTags, Image, UnidentifiedImageError

from sparsight.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
LOSSLESS = ("PNG", "BMP", "TIFF", "GIF")
EXTENSIONS = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
)  # a file with one of them is taken for an image; what it holds is decided by its bytes
MOST_PIXELS = 50_000_000
LARGE = 16_000_000
"""Pixels of a JPEG from which on its decoder halves it, as often as its short side stays twice what is wanted."""
MOST_BYTES = 1 << 30
_TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")
_BAND = 512
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation."""
T = TypeVar("T")


class MisfitError(InputError):
    """A mask that has another size than its image."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image file.

    Attributes:
        pixels: RGB at the size that was asked for.
        size: width and height of the whole picture, upright.
        frames: frames or pages in the file, of which the first was read.
        whole: RGB of the whole picture, squeezed or stretched into a square, where that was asked for.
    """

    pixels: UInt8[np.ndarray, "s s 3"]
    size: tuple[int, int]
    frames: int
    whole: UInt8[np.ndarray, "w w 3"] | None = None


def read_picture(path: Path, side: int, whole: int | None = None) -> Picture:
    """The centre square of an image file, ``side`` pixels wide; and all of it, ``whole`` pixels wide and high.

    The square reaches over the picture's short side and is resized by Pillow's bilinear filter, which antialiases where
    it shrinks; a JPEG of more than ``LARGE`` pixels is shrunk by its decoder first. The picture is turned upright by
    its EXIF orientation. Greyscale repeats its channel, transparency shows white, CMYK and palettes become RGB, 16 bits
    are scaled to 8, and of several frames the first is read.

    Raises:
        InputError: naming the file, if it is not a regular file, empty, cut off, not one of ``FORMATS``, larger than
            ``MOST_PIXELS`` (told from its header, before it is decoded) or holds numbers whose range is unknown.
    """

    def look(image: Image.Image) -> Picture:
        frames = int(getattr(image, "n_frames", 1))
        image.seek(0)
        if image.format in ("JPEG", "MPO"):
            size, turn = _upright(image)
            if image.width * image.height > LARGE:
                image.draft(None, (2 * max(side, whole or 0),) * 2)
        else:  # decoding a TIFF turns it already
            image.load()
            size, turn = _upright(image)
        rgb = _rgb(image, path)
        square = np.array(_turned(_square(rgb, side), turn), dtype=np.uint8)
        if whole is None:
            return Picture(square, size, frames)
        squeezed = _turned(rgb.resize((whole, whole), Image.Resampling.BILINEAR), turn)
        return Picture(square, size, frames, np.array(squeezed, dtype=np.uint8))

    return _opened(path, FORMATS, look)


def read_mask(
    path: Path, side: int, size: tuple[int, int], least: int = 1, as_shown: bool = False
) -> Bool[np.ndarray, "side side"]:
    """An object's mask, cut and resized as its image was; a pixel is true where half of it or more lies on the object.

    The object is where a channel other than transparency, or a palette's index, is ``least`` or more, and the mask is
    not wholly transparent.

    Args:
        path: of a losslessly stored image: PNG, BMP, TIFF or GIF. JPEG would put specks around the object.
        side: in pixels.
        size: width and height of the whole image that the mask belongs to.
        least: the smallest value that marks the object.
        as_shown: whether a palette's indices count as the greys that they show.

    Raises:
        MisfitError: if the size is another.
        InputError: as ``read_picture``.
    """

    def look(image: Image.Image) -> np.ndarray:
        image.load()
        upright, turn = _upright(image)
        if upright != size:
            raise MisfitError(
                f"{path}: is {upright[0]} x {upright[1]}, its image {size[0]} x {size[1]}; make them equal"
            )
        inside = Image.new("L", image.size)
        for top, part in _bands(image):
            band = part.convert("L") if as_shown and part.mode == "P" else part
            inside.paste(Image.fromarray(_inside(band, least).astype(np.uint8) * 255), (0, top))
        return _covered(_turned(_square(inside, side), turn))

    return _opened(path, LOSSLESS, look)


def square_mask(inside: Bool[np.ndarray, "h w"], side: int) -> Bool[np.ndarray, "side side"]:
    """The mask of a whole upright picture, cut and resized as ``read_mask`` does it."""
    return _covered(_square(Image.fromarray(inside.astype(np.uint8) * 255), side))


def _covered(square: Image.Image) -> Bool[np.ndarray, "side side"]:
    return np.asarray(square) >= 128


def _opened(path: Path, formats: tuple[str, ...], look: Callable[[Image.Image], T]) -> T:
    """What ``look`` finds in the file's image, which is not decoded yet."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason}); mend or remove it") from None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: not a regular file; remove it")
    if not 0 < status.st_size <= MOST_BYTES:
        state = "empty" if status.st_size == 0 else f"{status.st_size / 2**30:.1f} GiB, more than an image may have"
        raise InputError(f"{path}: {state}; replace or remove it")
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=formats) as image:
            if image.width * image.height <= MOST_PIXELS:
                return look(image)
            pixels = image.width * image.height
    except InputError:
        raise
    except Image.DecompressionBombError as error:  # as "Image size (3600000000 pixels) exceeds limit of ..."
        found = re.search(r"\((\d+) pixels\)", str(error))
        pixels = int(found[1]) if found else 2 * (Image.MAX_IMAGE_PIXELS or MOST_PIXELS)
    except UnidentifiedImageError:
        raise InputError(f"{path}: not an image of {', '.join(formats)}; convert or remove it") from None
    except Exception as error:  # a decoder may raise anything on a stranger's bytes
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:120] or type(error).__name__
        raise InputError(f"{path}: cannot be decoded ({reason}); replace or remove it") from None
    raise InputError(
        f"{path}: {pixels / 1e6:.1f} megapixels, more than the {MOST_PIXELS // 1_000_000} that are decoded; "
        "shrink or remove it"
    )


def _upright(image: Image.Image) -> tuple[tuple[int, int], Image.Transpose | None]:
    """Width and height of the picture when it is upright, and what turns it."""
    turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    across = turn in (_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8])
    return ((image.height, image.width) if across else image.size), turn


def _turned(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return image if turn is None else image.transpose(turn)


def _bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """The picture, so many rows at a time, each with its first row."""
    for top in range(0, image.height, _BAND):
        yield top, image.crop((0, top, image.width, min(top + _BAND, image.height)))


def _rgb(image: Image.Image, path: Path) -> Image.Image:
    """The picture in RGB, or in grey where a channel is all that it has; its pixels are decoded here."""
    image.load()
    sixteen = image.mode.startswith("I")
    if image.mode == "F" or (image.mode == "I" and image.format != "PNG" and not _sixteen_bits(image)):
        raise InputError(f"{path}: pixels are floats or 32-bit integers of unknown range; save it with 8 or 16 bits")
    clear = image.mode in _TRANSPARENT or "transparency" in image.info
    if image.mode == "RGB" and not clear:
        return image
    whole = Image.new("RGB", image.size)
    for top, band in _bands(image):
        whole.paste(_grey(band) if sixteen else _on_white(band) if clear else band.convert("RGB"), (0, top))
    return whole


def _grey(band: Image.Image) -> Image.Image:
    """65,535 becomes 255."""
    grey = np.asarray(band).astype(np.float32) / 257
    return Image.fromarray(np.rint(grey).clip(0, 255).astype(np.uint8)).convert("RGB")


def _on_white(band: Image.Image) -> Image.Image:
    clear = band.convert("RGBA")
    white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, clear).convert("RGB")


def _inside(band: Image.Image, least: int) -> Bool[np.ndarray, "h w"]:
    values = np.array(band).reshape(band.height, band.width, -1)
    if band.mode in _TRANSPARENT:
        return np.asarray((values[..., :-1] >= least).any(axis=-1) & (values[..., -1] != 0))
    return np.asarray((values >= least).any(axis=-1))


def _sixteen_bits(image: Image.Image) -> bool:
    low, high = image.getextrema()
    return isinstance(low, int | float) and isinstance(high, int | float) and low >= 0 and 255 < high <= 65_535


def _square(image: Image.Image, side: int) -> Image.Image:
    """The centre square, resized. Cropping comes first: a picture of 1 x 10,000,000 must not grow on its long side."""
    short = min(image.size)
    left, top = (image.width - short) / 2, (image.height - short) / 2
    box = (left, top, left + short, top + short)
    return image.resize((side, side), Image.Resampling.BILINEAR, box=box)
