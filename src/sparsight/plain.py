"""Plain files and folders: what a run's, an audit's, an export's or the cache's folder may hold, and nothing else.

A link, a pipe, a socket or a device in their place is never opened: a link would lead out of the folder, and a pipe
would make its reader wait for ever. The folder itself may be a link, or lie below one.
"""

import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from sparsight.errors import DamagedError

_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_UNFOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def strange(path: Path) -> str | None:
    """What lies at a path in place of a plain file, in words; None where a plain file does, or nothing."""
    try:
        return _strange(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def strange_folder(path: Path) -> str | None:
    """What lies at a path in place of a folder, in words; None where a folder does, or nothing."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if stat.S_ISDIR(mode) else _strange(mode) or "a file"


def _strange(mode: int) -> str | None:
    return None if stat.S_ISREG(mode) else next((words for holds, words in _KINDS if holds(mode)), "no file")


def open_plain(path: Path) -> BufferedReader:
    """Open a plain file for reading; neither follows a link nor waits.

    Raises:
        DamagedError: if something else lies there.
        OSError: if nothing does, or it cannot be read.
    """
    if (found := strange(path)) is not None:
        raise DamagedError(path, f"is {found}, not a plain file")
    handle = os.open(path, os.O_RDONLY | _UNFOLLOWED)  # another may have been put there since
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise DamagedError(path, "is not a plain file")
    return os.fdopen(handle, "rb")


def read_plain(path: Path) -> bytes:
    """The bytes of a plain file.

    Raises:
        DamagedError: if something else lies there.
        OSError: if nothing does, or it cannot be read.
    """
    with open_plain(path) as file:
        return file.read()


def entries(folder: Path) -> Iterator[Path]:
    """Everything below a folder but the folders that are plain, sorted; no link is followed, the folder's own is."""
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.is_dir(follow_symlinks=False):
            yield from entries(Path(entry.path))
        else:
            yield Path(entry.path)


def plain_files(folder: Path) -> list[Path]:
    """Every plain file below a folder; none where there is no folder."""
    return [path for path in entries(folder) if strange(path) is None] if folder.is_dir() else []


def strange_on_the_way(folder: Path, name: str) -> tuple[Path, str] | None:
    """The first part of a place below a folder that is no plain folder, or in the end no plain file, and what it is.

    Args:
        folder: may itself be a link.
        name: the place, with ``/``; what does not exist yet is in nobody's way.
    """
    place = folder
    *folders, last = Path(name).parts
    for part in folders:
        place /= part
        if (found := strange_folder(place)) is not None:
            return place, found
    found = strange(place / last)
    return None if found is None else (place / last, found)
