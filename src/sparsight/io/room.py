"""How much room a disk has, said before something is written rather than after."""

import shutil
from pathlib import Path

from sparsight.errors import InputError


def check_room(folder: Path, needed: int, what: str, remedy: str) -> None:
    """Refuse to write what would not fit.

    Args:
        folder: where it is to be written; it need not exist yet.
        needed: bytes.
        what: it is, in the singular.
        remedy: what to do.

    Raises:
        InputError: if the disk has less room than that.
    """
    free = free_room(folder)
    if free is not None and needed > free:
        raise InputError(f"{folder}: {what} takes {spoken_size(needed)}, {spoken_size(free)} are free; {remedy}")


def free_room(folder: Path) -> int | None:
    """Bytes that are free where a folder is or would be; None of a place that is on no disk: writing will tell."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    disk = shutil.disk_usage(there)
    return disk.free if disk.total else None


def spoken_size(count: int) -> str:
    """A number of bytes as a reader takes it in: ``1.5 GiB``, ``12 MiB``, ``1 KiB`` at the least."""
    if count >= 2**30:
        return f"{count / 2**30:.1f} GiB"
    return f"{count >> 20} MiB" if count >= 2**20 else f"{max(1, count >> 10)} KiB"
