"""A folder of a stranger's, walked once: its folders, its images and everything else; nothing is opened."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sparsight.data.formats import EXTENSIONS
from sparsight.errors import InputError

_DEEPEST = 12
MOST = 5_000_000
"""Files and folders below a folder of images; more of them are another kind of folder, as a whole disk."""
_LEFT_BEHIND = ("__MACOSX", "$RECYCLE.BIN", "System Volume Information")
"""Folders that systems leave behind."""


@dataclass(frozen=True, eq=False)
class Folder:
    """What lies in a folder, by name.

    Attributes:
        path: of the folder.
        folders: those in it; hidden ones and those that systems leave behind are left out.
        images: files with an image's extension.
        others: all other files, and links that lead nowhere or back to a folder above.
        hidden: files and folders whose names start with a dot.
    """

    path: Path
    folders: tuple["Folder", ...]
    images: tuple[Path, ...]
    others: tuple[Path, ...]
    hidden: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.name

    @cached_property
    def count(self) -> int:
        """Images in it and below it."""
        return len(self.images) + sum(folder.count for folder in self.folders)

    @cached_property
    def filled(self) -> tuple["Folder", ...]:
        """The folders in it that hold images, directly or below."""
        return tuple(folder for folder in self.folders if folder.count)

    def below(self) -> Iterator["Folder"]:
        """Yield the folder itself and all below it."""
        yield self
        for folder in self.folders:
            yield from folder.below()


def walk(root: Path, apart: Collection[Path] = ()) -> Folder:
    """List a folder and all below it; links to folders are followed, but not in circles.

    Args:
        root: the folder.
        apart: folders and files that are passed over, as one of masks.

    Raises:
        InputError: if a folder cannot be listed, or more than ``MOST`` files lie below.
    """
    return _walked(root, apart, (), [MOST])


def _walked(path: Path, apart: Collection[Path], above: tuple[tuple[int, int], ...], left: list[int]) -> Folder:
    folders: list[Folder] = []
    images: list[Path] = []
    others: list[Path] = []
    hidden: list[Path] = []
    try:
        status = path.stat()
        here = (*above, (status.st_dev, status.st_ino))
        with os.scandir(path) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{path}: cannot be listed ({error.strerror}); mend its permissions") from None
    left[0] -= len(children)
    if left[0] < 0:
        raise InputError(f"{path}: one of too many folders: more than {MOST:,} files; name the folder of class folders")
    for child in children:
        place = path / child.name
        if place in apart or child.name in _LEFT_BEHIND:
            continue
        if child.name.startswith("."):
            hidden.append(place)
        elif not _is_folder(child):
            (images if _is_image(place, child) else others).append(place)
        elif len(here) > _DEEPEST or _identity(place) in here:
            others.append(place)
        else:
            folders.append(_walked(place, apart, here, left))
    return Folder(path, tuple(folders), tuple(images), tuple(others), tuple(hidden))


def _is_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError:
        return False


def _is_image(place: Path, child: os.DirEntry[str]) -> bool:
    """Whether a file is taken for an image by its extension; a link that leads nowhere is none."""
    return place.suffix.lower() in EXTENSIONS and not (child.is_symlink() and not place.exists())


def _identity(place: Path) -> tuple[int, int]:
    status = place.stat()
    return status.st_dev, status.st_ino
