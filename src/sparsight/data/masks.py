"""Objects' masks, from many files read side by side."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from sparsight.data.mask import Mask, MisfitError, read_mask, stored_size
from sparsight.data.picture import ACROSS
from sparsight.data.pictures import Pictures
from sparsight.errors import InputError
from sparsight.pool import threads

_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks of a data set's images.

    Attributes:
        inside: true on the object; false everywhere where a mask cannot be used.
        unread: what is wrong, by the positions of the masks that cannot be read; a line each.
        problems: a line for everything else that is wrong: a mask that is missing, or of another size than its image.
        notes: what a user should know.
        lacking: the positions of images without a mask that can be used, for whatever reason.
    """

    inside: Bool[Tensor, "n side side"]
    unread: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lacking: set[int] = field(default_factory=set)


def read_masks(
    paths: Sequence[Path | None],
    pictures: Pictures,
    least: int = 1,
    as_shown: bool = False,
) -> Masks:
    """The masks of images, cut as these were, and what is wrong with those that cannot be used.

    Args:
        paths: of the mask of each image, or None; its mask is false everywhere.
        pictures: the images; where one cannot be used, its mask is not read.
        least, as_shown: as of ``read_mask``.
    """
    side, sizes, orientations = pictures.images.shape[-1], pictures.sizes, pictures.fact("orientation")
    masks = Masks(torch.zeros(len(paths), side, side, dtype=torch.bool))
    votes = _drawn_before(paths, sizes, orientations)
    before = votes[True] > 0 == votes[False]

    def one(i: int) -> Mask | InputError | None:
        path, (width, height) = paths[i], sizes[i].tolist()
        if path is not None and width:
            try:
                return read_mask(path, side, (width, height), least, as_shown, int(orientations[i]), before)
            except InputError as error:
                return error
        return None

    turned = by_alpha = fits_both = faint = 0
    # The filters of warnings are the process's: threads that catch them one by one would leave them changed.
    with warnings.catch_warnings(action="ignore"), threads(_THREADS) as several:
        for i, found in enumerate(several.map(one, range(len(paths)))):
            if not isinstance(found, Mask):
                masks.lacking.add(i)
            if isinstance(found, MisfitError):
                masks.problems.append(str(found))
            elif isinstance(found, InputError):
                masks.unread[i] = str(found)
            elif found is not None:
                masks.inside[i] = torch.from_numpy(found.inside)
                turned, by_alpha = turned + found.turned, by_alpha + found.by_alpha
                fits_both += found.fits_both and not any(votes.values())
                faint += found.faint
    masks.notes.extend(_notes(turned, fits_both, by_alpha, faint))
    return masks


def _drawn_before(
    paths: Sequence[Path | None], sizes: Int64[Tensor, "n 2"], orientations: Int64[Tensor, " n"]
) -> dict[bool, int]:
    """Count the masks whose size shows that they were drawn before their pictures were turned upright (true) or after.

    That can be seen where a picture is turned by a quarter and is no square, from the heads of the files alone.
    """
    votes = {True: 0, False: 0}
    turned = torch.isin(orientations, torch.tensor(ACROSS)) & (sizes[:, 0] != sizes[:, 1])
    for i in turned.nonzero()[:, 0].tolist():
        path, size = paths[i], tuple(sizes[i].tolist())
        found = None if path is None else stored_size(path)
        if found is not None and not found[1] and found[0] in (size, size[::-1]):
            votes[found[0] != size] += 1
    return votes


def turned_note(turned: int) -> list[str]:
    """Return a note that so many masks were turned with their pictures; none without any."""
    were = "mask was drawn before its picture was" if turned == 1 else "masks were drawn before their pictures were"
    return [f"{turned:,} {were} turned upright by EXIF; turned as well"] if turned else []


def _notes(turned: int, fits_both: int, by_alpha: int, faint: int) -> list[str]:
    notes = turned_note(turned)
    if fits_both:
        notes.append(
            f"{fits_both:,} pictures with masks are turned upright by their EXIF orientation, and the masks' sizes fit "
            "both ways: they are taken as drawn on the upright pictures; look at them by 'sparsight data preview "
            "folder:PATH --set data.masks=MASKS'"
        )
    if by_alpha:
        have = "mask has" if by_alpha == 1 else "masks have"
        notes.append(f"{by_alpha:,} {have} no colour: the object is what is not transparent")
    if faint:
        have = "mask has" if faint == 1 else "masks have"
        notes.append(
            f"{faint:,} {have} many pixels that are next to black, as saving as JPEG leaves them, and not zero is the "
            "object: save masks with two values, as 0 and 255"
        )
    return notes
