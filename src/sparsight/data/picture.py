"""One image file of a stranger's, decoded to RGB or refused with one line that names it."""

import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from sparsight.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
LOSSLESS = ("PNG", "BMP", "TIFF", "GIF")
EXTENSIONS = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
)  # a file with one of them is taken for an image; what it holds is decided by its bytes
MOST_PIXELS = 100_000_000
MOST_BYTES = 1 << 30
_TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image file.

    Attributes:
        pixels: RGB at the size that was asked for.
        size: width and height of the whole picture, upright.
        frames: frames or pages in the file, of which the first was read.
    """

    pixels: UInt8[np.ndarray, "s s 3"]
    size: tuple[int, int]
    frames: int


def read_picture(path: Path, side: int) -> Picture:
    """The centre square of an image file, ``side`` pixels wide.

    The square reaches over the picture's short side and is resized by Pillow's bilinear filter, which antialiases where
    it shrinks. The picture is turned upright by its EXIF orientation first. Greyscale repeats its channel, transparency
    shows white, CMYK and palettes become RGB, 16 bits are scaled to 8, and of several frames the first is read.

    Raises:
        InputError: naming the file, if it is not a regular file, empty, cut off, not one of ``FORMATS``, larger than
            ``MOST_PIXELS`` (told from its header, before it is decoded) or holds numbers whose range is unknown.
    """
    image, frames = _opened(path, FORMATS)
    rgb = _rgb(image, path)
    return Picture(np.array(_square(rgb, side), dtype=np.uint8), rgb.size, frames)


def read_mask(path: Path, side: int, size: tuple[int, int]) -> Bool[np.ndarray, "side side"]:
    """An object's mask, cut and resized as its image was; a pixel is true where half of it or more lies on the object.

    The object is where a channel other than transparency, or a palette's index, is not zero, and the mask is not
    wholly transparent.

    Args:
        path: of a losslessly stored image: PNG, BMP, TIFF or GIF. JPEG would put specks around the object.
        side: in pixels.
        size: width and height of the whole image that the mask belongs to.

    Raises:
        InputError: as ``read_picture``, or if the size is another.
    """
    image, _ = _opened(path, LOSSLESS)
    if image.size != size:
        raise InputError(f"{path}: is {image.width} x {image.height}, its image {size[0]} x {size[1]}; make them equal")
    bands = np.array(image).reshape(size[1], size[0], -1)
    if image.mode in _TRANSPARENT:
        inside = (bands[..., :-1] != 0).any(axis=-1) & (bands[..., -1] != 0)
    else:
        inside = (bands != 0).any(axis=-1)
    cover = _square(Image.fromarray(inside.astype(np.uint8) * 255), side)
    return np.asarray(cover) >= 128


def _opened(path: Path, formats: tuple[str, ...]) -> tuple[Image.Image, int]:
    """The first frame, decoded and upright, and the number of frames."""
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
                frames = int(getattr(image, "n_frames", 1))
                image.seek(0)
                return ImageOps.exif_transpose(image).copy(), frames
            pixels = image.width * image.height
    except Image.DecompressionBombError:
        pixels = MOST_PIXELS + 1
    except UnidentifiedImageError:
        raise InputError(f"{path}: not an image of {', '.join(formats)}; convert or remove it") from None
    except Exception as error:  # a decoder may raise anything on a stranger's bytes
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:120] or type(error).__name__
        raise InputError(f"{path}: cannot be decoded ({reason}); replace or remove it") from None
    about = f"{pixels / 1e6:.0f} " if pixels > MOST_PIXELS + 1 else ""
    raise InputError(
        f"{path}: {about}megapixels, more than the {MOST_PIXELS // 1_000_000} that are decoded; shrink or remove it"
    )


def _rgb(image: Image.Image, path: Path) -> Image.Image:
    if image.mode == "F" or (image.mode == "I" and image.format != "PNG" and not _sixteen_bits(image)):
        raise InputError(f"{path}: pixels are floats or 32-bit integers of unknown range; save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.float32) / 257  # 65,535 becomes 255
        return Image.fromarray(np.rint(grey).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")


def _sixteen_bits(image: Image.Image) -> bool:
    low, high = np.asarray(image).min(), np.asarray(image).max()
    return bool(low >= 0 and 255 < high <= 65_535)


def _square(image: Image.Image, side: int) -> Image.Image:
    """The centre square, resized. Cropping comes first: a picture of 1 x 10,000,000 must not grow on its long side."""
    short = min(image.size)
    left, top = (image.width - short) / 2, (image.height - short) / 2
    box = (left, top, left + short, top + short)
    return image.resize((side, side), Image.Resampling.BILINEAR, box=box)
