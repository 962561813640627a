"""What a data set may take of memory."""

from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import spoken_size


def check_size(root: Path, n: int, side: int, masks: int, whole: int | None, most: int, remedy: str) -> None:
    """Refuse a data set whose images and masks would take more than ``most`` bytes, before any is decoded.

    Args:
        root: where it lies.
        n: how many images it has.
        side: of the square images, in pixels.
        masks: how many masks of a byte a pixel each image has.
        whole: side at which whole pictures are kept besides; None where they are not.
        most: the limit.
        remedy: what to do.

    Raises:
        InputError: if they would take more.
    """
    needed = n * ((3 + masks) * side * side + 3 * (whole or 0) ** 2)
    if needed > most:
        words = "images and masks" if masks else "images"
        raise InputError(
            f"{root}: {n:,} {words} of {side} x {side} take {spoken_size(needed)}, more than {spoken_size(most)}; "
            f"{remedy}"
        )
