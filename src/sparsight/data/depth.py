"""Pictures of more than 8 bits a channel: which numbers they hold, and which of these become black and white.

A file of 16 bits says nothing of how many of them are used: a camera of 12 bits writes 0 to 4,095 there, which is all
but black where 65,535 is white. That can be seen of a whole data set (``data/ranges.py``), and not of one picture.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageFile, TiffImagePlugin

from sparsight.errors import InputError

Span = tuple[float, float]
"""The numbers that become black and white."""
_BITS, _SAMPLE_FORMAT = 258, 339
_SIGNED, _MOST = 2, 65_535
_ROWS = 512


@dataclass(frozen=True)
class Depth:
    """What a file holds a channel.

    Attributes:
        bits: as the file states.
        lowest, highest: of its numbers, where it has more than 8 bits; else 0 and 255.
    """

    bits: int
    lowest: float = 0.0
    highest: float = 255.0


def stated_bits(image: Image.Image) -> int:
    """Return the bits of a channel that the head of a file states, before its pixels are decoded."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(_BITS, (1,))
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    if image.mode == "1":
        return 1
    return 16 if image.mode.startswith("I") or "16" in _layout(image) else 8


def refuse_signed_bytes(image: Image.Image, path: Path) -> None:
    """Raise InputError for a TIFF of signed bytes, which Pillow reads as unsigned ones."""
    if isinstance(image, TiffImagePlugin.TiffImageFile) and stated_bits(image) <= 8:
        kinds = image.tag_v2.get(_SAMPLE_FORMAT, (1,))
        if _SIGNED in (kinds if isinstance(kinds, tuple) else (kinds,)):
            raise InputError(f"{path}: pixels are signed bytes; save it with numbers from 0 to 255")


def grey_rgb(image: Image.Image, path: Path, bits: int, span: Span | None) -> tuple[Image.Image, Depth]:
    """Return a picture of one channel of more than 8 bits in RGB with 8, and what it held.

    Args:
        image: decoded.
        path: of its file.
        bits: as the file states.
        span: the numbers that become black and white; by default 0 and the largest of so many bits, 16 at most.

    Raises:
        InputError: if the numbers are floats, negative or larger than 16 bits hold, and no ``span`` is stated.
    """
    extremes = [(float(band.min()), float(band.max())) for _, band in _bands(image)]
    lowest, highest = min(low for low, _ in extremes), max(high for _, high in extremes)
    if span is None and not (image.mode != "F" and lowest >= 0 and highest <= _MOST):
        kind = "floats" if image.mode == "F" else "32-bit or signed integers"
        raise InputError(
            f"{path}: pixels are {kind} of unknown range, here from {lowest:g} to {highest:g}; state which become "
            "black and white by --set data.range=[BLACK,WHITE], or save it with 8 or 16 bits"
        )
    low, high = span or (0.0, float(2 ** min(bits, 16) - 1))
    whole = Image.new("RGB", image.size)
    for top, band in _bands(image):
        whole.paste(Image.fromarray(scaled(band, low, high)).convert("RGB"), (0, top))
    return whole, Depth(bits, lowest, highest)


def deep_colours(image: Image.Image, path: Path, bits: int, span: Span) -> tuple[Image.Image, Depth]:
    """Return a picture of colours of 16 bits in RGB with 8, and what it held.

    Pillow decodes the upper byte of each number alone, so the file is decoded once more for the lower ones.

    Raises:
        InputError: if it holds grey and transparency, whose lower bytes cannot be decoded.
    """
    whole, lower = Image.new("RGB", image.size), _lower_bytes(path)
    lowest, highest = float(_MOST), 0.0
    for (top, high_byte), (_, low_byte) in zip(_bands(image), _bands(lower), strict=True):
        numbers = (high_byte.astype(np.uint16) << 8) | low_byte
        seen = numbers[..., :3]
        lowest, highest = min(lowest, float(seen.min())), max(highest, float(seen.max()))
        colours = scaled(seen, *span).astype(np.float32)
        if numbers.shape[-1] > 3:
            opaque = numbers[..., 3:] / np.float32(_MOST)
            colours = np.rint(colours * opaque + 255 * (1 - opaque))
        whole.paste(Image.fromarray(colours.astype(np.uint8)), (0, top))
    return whole, Depth(bits, lowest, highest)


def upper_extremes(image: Image.Image, bits: int) -> Depth:
    """Return what a picture of colours of 16 bits held, as far as their upper bytes, which Pillow decodes, say it."""
    channels: list[tuple[int, int]] = [channel.getextrema() for channel in image.convert("RGB").split()]  # type: ignore[misc]
    return Depth(bits, 256.0 * min(low for low, _ in channels), 256.0 * max(high for _, high in channels) + 255)


def scaled(numbers: np.ndarray, low: float, high: float) -> UInt8[np.ndarray, "..."]:
    """Return numbers with ``low`` as 0 and ``high`` as 255, rounded; what lies beyond becomes 0 or 255."""
    parts: Float[np.ndarray, ...] = numbers.astype(np.float32)
    parts = (parts - np.float32(low)) / np.float32((high - low) / 255) if low else parts / np.float32(high / 255)
    return np.rint(np.nan_to_num(parts)).clip(0, 255).astype(np.uint8)


def _lower_bytes(path: Path) -> Image.Image:
    """Return a picture with the lower bytes of its numbers: it is decoded as if their bytes were in the other order."""
    with Image.open(path) as image:
        image.seek(0)
        tiles = []
        for tile in image.tile if isinstance(image, ImageFile.ImageFile) else []:
            args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
            kind, mark, order = str(args[0]).rpartition("16")
            own = "L" if sys.byteorder == "little" else "B"
            turned = kind + mark + ("B" if (own if order == "N" else order) == "L" else "L")
            tiles.append(tile._replace(args=(turned, *args[1:]) if isinstance(tile.args, tuple) else turned))
        image.tile = tiles
        try:
            image.load()
        except ValueError:
            raise InputError(
                f"{path}: grey with transparency of 16 bits, whose range cannot be stated; save it without transparency"
            ) from None
        return image.copy()


def _bands(image: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
    """Yield a decoded picture's numbers, so many rows at a time, each with its first row."""
    for top in range(0, image.height, _ROWS):
        yield top, np.asarray(image.crop((0, top, image.width, min(top + _ROWS, image.height))))


def _layout(image: Image.Image) -> str:
    tiles = getattr(image, "tile", None) or []
    return " ".join(str(tile.args[0] if isinstance(tile.args, tuple) else tile.args) for tile in tiles)
