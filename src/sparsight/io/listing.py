"""What is a folder's own, by SHA-256: files of others beside it are neither taken for its own nor removed with it."""

from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Any

from sparsight.errors import DamagedError, InputError
from sparsight.io.files import read_json, sha256_plain, write_json
from sparsight.plain import strange_on_the_way

LIST = "files.json"


def write_list(folder: Path, names: Collection[str], kind: str) -> None:
    """Write, when all of them are there, which files of a folder are its own, sealed.

    What the list before this one names, and this one does not, is removed.

    Args:
        folder: whose files they are.
        names: places below the folder, with ``/``.
        kind: whose list it is.
    """
    try:
        before = read_list(folder, kind)
    except InputError:
        before = {}
    write_json(folder / LIST, {"files": {name: sha256_plain(folder / name) for name in names}}, kind)
    _remove(folder, {name: digest for name, digest in before.items() if name not in names})


def read_list(folder: Path, kind: str) -> dict[str, str]:
    """The SHA-256 of every file of a folder's own, by its place below it.

    Raises:
        InputError: if there is no list.
        DamagedError: if it is damaged, or names what is not below the folder.
    """
    files: Any = read_json(folder / LIST, kind).get("files")
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise DamagedError(folder / LIST)
    for name in files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise DamagedError(folder / LIST, f"lists {name!r}, which does not lie below it")
    return files


def remove_listed(folder: Path, kind: str, entries: Collection[str] = ()) -> bool:
    """Remove what a folder has of its own: what its list names and is as it was listed, and the list.

    Args:
        folder: it is removed with its own folders where nothing of others is left in them; it may be missing.
        kind: whose list it is.
        entries: files at the top that nobody else can have; they are removed whatever is in them, also without a list.

    Returns:
        Whether anything was removed.
    """
    try:
        files = read_list(folder, kind)
    except InputError:
        files = {}
    removed = _remove(folder, {name: digest for name, digest in files.items() if name not in entries})
    for name in (*entries, LIST):
        if (folder / name).is_file() or (folder / name).is_symlink():
            (folder / name).unlink()
            removed = True
    _remove_empty({folder})
    return removed


def _remove(folder: Path, files: dict[str, str]) -> bool:
    """Remove files that are as they were listed, and their folders where nothing is left in them; nothing is removed
    through a link."""
    own = [name for name in files if strange_on_the_way(folder, name) is None]
    own = [name for name in own if (folder / name).is_file()]
    alike = [folder / name for name in own if sha256_plain(folder / name) == files[name]]
    for path in alike:
        path.unlink()
    _remove_empty({path.parent for path in alike} - {folder})
    return bool(alike)


def _remove_empty(folders: set[Path]) -> None:
    for place in folders:
        if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
            place.rmdir()
