"""One object's mask, from an image file of a stranger's or from an array, cut as its picture was."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool
from PIL import Image

from sparsight.data.formats import LOSSLESS
from sparsight.data.picture import ACROSS, TRANSPARENT, TURNS, bands, centre_square, opened, turned, upright
from sparsight.errors import InputError

_FAINT, _BRIGHT = 16, 128
"""The largest value next to black, and the least of an object that is meant to be white."""
_FAINT_SHARE, _FAINT_VALUES = 0.1, 4
"""Share of an object's pixels that are next to black, and how many values these have, from which on a mask is faint."""


class MisfitError(InputError):
    """A mask that has another size than its image."""


@dataclass(frozen=True, eq=False)
class Mask:
    """An object's mask.

    Attributes:
        inside: true on the object.
        turned: whether it was turned upright by the orientation of its picture, before whose turn it was drawn.
        fits_both: whether its size does not say if it was drawn before that turn or after.
        by_alpha: whether its transparency was taken, because it has no colour.
        faint: whether many of the pixels that mark the object are next to black, as if it had been saved with loss.
    """

    inside: Bool[np.ndarray, "side side"]
    turned: bool
    fits_both: bool
    by_alpha: bool
    faint: bool = False


def read_mask(
    path: Path,
    side: int,
    size: tuple[int, int],
    least: int = 1,
    as_shown: bool = False,
    orientation: int = 1,
    before: bool = False,
) -> Mask:
    """An object's mask, cut and resized as its image was; a pixel is true where half of it or more lies on the object.

    The object is where a channel other than transparency, or a palette's index, is ``least`` or more, and the mask is
    not wholly transparent. Where all colour is 0 and transparency varies, the object is what is not transparent.

    A mask without an orientation of its own that has the size of its picture before this is turned upright by a quarter
    is turned as well.

    Args:
        path: of a losslessly stored image: PNG, BMP, TIFF or GIF. JPEG would put specks around the object.
        side: in pixels.
        size: width and height of the whole image that the mask belongs to, upright.
        least: the smallest value that marks the object.
        as_shown: whether a palette's indices count as the greys that they show.
        orientation: of the picture, by EXIF.
        before: whether masks that fit both ways were drawn before their pictures were turned, too.

    Raises:
        MisfitError: if the size is another.
        InputError: as ``read_picture``.
    """

    def look(image: Image.Image) -> Mask:
        image.load()
        own, turn = upright(image)
        stored = size[::-1] if orientation in ACROSS else size
        loose = turn is None and orientation != 1 and own == stored
        as_its_picture = loose and (own != size or before)
        if as_its_picture:
            turn = TURNS[orientation]
        elif own != size:
            raise MisfitError(
                f"{path}: is {own[0]} x {own[1]}, its image {size[0]} x {size[1]}; make them equal"
                + (" (its image was turned upright by its EXIF orientation)" if orientation != 1 else "")
            )
        by_alpha = _only_transparency(image)
        inside = Image.new("L", image.size)
        for top, part in bands(image):
            band = part.convert("L") if as_shown and part.mode == "P" else part
            found = np.asarray(part.getchannel("A")) >= 128 if by_alpha else _inside(band, least)
            inside.paste(Image.fromarray(found.astype(np.uint8) * 255), (0, top))
        square = _covered(turned(centre_square(inside, side), turn))
        return Mask(square, as_its_picture, loose and own == size, by_alpha, least == 1 and _is_faint(image))

    return opened(path, LOSSLESS, look)


def square_mask(inside: Bool[np.ndarray, "h w"], side: int, orientation: int = 1) -> Bool[np.ndarray, "side side"]:
    """The mask of a whole picture, cut and resized as ``read_mask`` does it, and turned upright by ``orientation``."""
    drawn = Image.fromarray(inside.astype(np.uint8) * 255)
    return _covered(turned(centre_square(drawn, side), TURNS.get(orientation)))


def stored_size(path: Path) -> tuple[tuple[int, int], bool] | None:
    """Return width and height of an image file upright, and whether it has an orientation; None if it is no image."""
    try:
        return opened(path, LOSSLESS, lambda image: (upright(image)[0], upright(image)[1] is not None))
    except InputError:
        return None


def _covered(square: Image.Image) -> Bool[np.ndarray, "side side"]:
    return np.asarray(square) >= 128


def _only_transparency(image: Image.Image) -> bool:
    """Whether a mask holds no colour, and is neither wholly transparent nor wholly opaque."""
    if image.mode not in ("RGBA", "LA"):
        return False
    *colours, alpha = (channel.getextrema() for channel in image.split())
    return all(high == 0 for _, high in colours) and alpha[0] != alpha[1]


def _is_faint(image: Image.Image) -> bool:
    """Whether many pixels of a mask with white in it are next to black, at several values."""
    if image.mode not in ("L", "RGB"):
        return False
    counts = np.array(image.histogram()).reshape(-1, 256).sum(0)
    near = counts[1 : _FAINT + 1]
    many = near.sum() >= _FAINT_SHARE * counts[1:].sum() and (near > 0).sum() >= _FAINT_VALUES
    return bool(many and counts[_BRIGHT:].any())


def _inside(band: Image.Image, least: int) -> Bool[np.ndarray, "h w"]:
    values = np.array(band).reshape(band.height, band.width, -1)
    if band.mode in TRANSPARENT:
        return np.asarray((values[..., :-1] >= least).any(axis=-1) & (values[..., -1] != 0))
    return np.asarray((values >= least).any(axis=-1))
