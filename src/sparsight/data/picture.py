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
from jaxtyping import UInt8
from PIL import ExifTags, Image, UnidentifiedImageError

from sparsight.data.depth import (
    Depth,
    Span,
    deep_colours,
    grey_rgb,
    refuse_signed_bytes,
    stated_bits,
    upper_extremes,
)
from sparsight.data.formats import FORMATS
from sparsight.errors import InputError

MOST_PIXELS = 50_000_000
LARGE = 16_000_000
"""Pixels of a JPEG from which on its decoder halves it, as often as its short side stays twice what is wanted."""
MOST_BYTES = 1 << 30
TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")
_BAND = 512
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation."""
ACROSS = (5, 6, 7, 8)
"""The orientations whose turn swaps width and height."""
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image file.

    Attributes:
        pixels: RGB at the size that was asked for.
        size: width and height of the whole picture, upright.
        frames: frames or pages in the file, of which the first was read.
        orientation: the EXIF orientation by which it was turned upright; 1 where it was not.
        form: the file's format, one of ``FORMATS``, by its place there.
        depth: what it held a channel.
        whole: RGB of the whole picture, squeezed or stretched into a square, where that was asked for.
    """

    pixels: UInt8[np.ndarray, "s s 3"]
    size: tuple[int, int]
    frames: int
    orientation: int
    form: int
    depth: Depth
    whole: UInt8[np.ndarray, "w w 3"] | None = None


def read_picture(path: Path, side: int, whole: int | None = None, span: Span | None = None) -> Picture:
    """The centre square of an image file, ``side`` pixels wide; and all of it, ``whole`` pixels wide and high.

    The square reaches over the picture's short side and is resized by Pillow's bilinear filter, which antialiases where
    it shrinks; a JPEG of more than ``LARGE`` pixels is shrunk by its decoder first. The picture is turned upright by
    its EXIF orientation. Greyscale repeats its channel, transparency shows white, CMYK and palettes become RGB, more
    than 8 bits are scaled to 8, and of several frames the first is read.

    Args:
        path: of the file.
        side: of the square, in pixels.
        whole: side of the squeezed whole picture; None for none.
        span: of channels of more than 8 bits, the numbers that become black and white; by default 0 and the largest
            that so many bits hold.

    Raises:
        InputError: naming the file, if it is not a regular file, empty, cut off, not one of ``FORMATS``, larger than
            ``MOST_PIXELS`` (told from its header, before it is decoded) or holds numbers whose range is unknown.
    """

    def look(image: Image.Image) -> Picture:
        frames = int(getattr(image, "n_frames", 1))
        image.seek(0)
        bits = stated_bits(image)
        held = orientation(image)
        form = FORMATS.index("JPEG" if image.format == "MPO" else str(image.format))
        if image.format in ("JPEG", "MPO"):
            size, turn = upright(image)
            if image.width * image.height > LARGE:
                image.draft(None, (2 * max(side, whole or 0),) * 2)
        else:  # decoding a TIFF turns it already
            image.load()
            size, turn = upright(image)
        rgb, depth = _rgb(image, path, bits, span)
        facts = size, frames, held, form, depth
        square = np.array(turned(centre_square(rgb, side), turn), dtype=np.uint8)
        if whole is None:
            return Picture(square, *facts)
        squeezed = turned(rgb.resize((whole, whole), Image.Resampling.BILINEAR), turn)
        return Picture(square, *facts, np.array(squeezed, dtype=np.uint8))

    return opened(path, FORMATS, look)


def opened(path: Path, formats: tuple[str, ...], look: Callable[[Image.Image], T]) -> T:
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


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a picture that is not decoded yet; 1 where it needs no turn, or has none."""
    held = image.getexif().get(ExifTags.Base.Orientation, 1)
    return int(held) if held in TURNS else 1


def upright(image: Image.Image) -> tuple[tuple[int, int], Image.Transpose | None]:
    """Width and height of the picture when it is upright, and what turns it."""
    held = orientation(image)
    return ((image.height, image.width) if held in ACROSS else image.size), TURNS.get(held)


def turned(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    """Return the picture, turned."""
    return image if turn is None else image.transpose(turn)


def bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """The picture, so many rows at a time, each with its first row."""
    for top in range(0, image.height, _BAND):
        yield top, image.crop((0, top, image.width, min(top + _BAND, image.height)))


def _rgb(image: Image.Image, path: Path, bits: int, span: Span | None) -> tuple[Image.Image, Depth]:
    """The picture in RGB, or in grey where a channel is all that it has, and its depth; its pixels are decoded here."""
    refuse_signed_bytes(image, path)
    image.load()
    if image.mode == "F" or image.mode.startswith("I"):
        return grey_rgb(image, path, bits, span)
    if bits > 8 and span is not None:
        return deep_colours(image, path, bits, span)
    depth = upper_extremes(image, bits) if bits > 8 else Depth(bits)
    clear = image.mode in TRANSPARENT or "transparency" in image.info
    if image.mode == "RGB" and not clear:
        return image, depth
    whole = Image.new("RGB", image.size)
    for top, band in bands(image):
        whole.paste(_on_white(band) if clear else band.convert("RGB"), (0, top))
    return whole, depth


def _on_white(band: Image.Image) -> Image.Image:
    clear = band.convert("RGBA")
    white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, clear).convert("RGB")


def centre_square(image: Image.Image, side: int) -> Image.Image:
    """The centre square, resized. Cropping comes first: a picture of 1 x 10,000,000 must not grow on its long side."""
    short = min(image.size)
    left, top = (image.width - short) / 2, (image.height - short) / 2
    box = (left, top, left + short, top + short)
    return image.resize((side, side), Image.Resampling.BILINEAR, box=box)
