"""Folders of strangers, listed."""

from pathlib import Path

from sparsight.errors import InputError

ARCHIVES = (".tgz", ".gz", ".tar", ".zip", ".bz2", ".xz", ".7z", ".rar")
HIDDEN = (".", "__MACOSX")
"""How names begin that systems leave behind."""


def expanded(path: Path) -> Path:
    """The absolute path, with a leading ``~`` as the home folder.

    Raises:
        InputError: if it is not a path, or nobody has that home folder.
    """
    if "\0" in str(path):
        raise InputError(f"{str(path)!r}: not a path")
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise InputError(f"{path}: there is no such home folder; give the whole path") from None


def check_folder(path: Path, wanted: str) -> None:
    """Raise InputError unless ``path`` is a folder; ``wanted`` is what it should be, as ``the folder X``."""
    if path.is_file() and path.suffix.lower() in ARCHIVES:
        raise InputError(f"{path}: an archive; unpack it and name {wanted}")
    if not path.is_dir():
        raise InputError(f"{path}: {'not a folder' if path.exists() else 'does not exist'}; name {wanted}")


def listed(folder: Path) -> list[Path]:
    """What lies in a folder, by name, hidden entries left out.

    Raises:
        InputError: if it cannot be listed.
    """
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}); mend its permissions") from None
    return [child for child in children if not child.name.startswith(HIDDEN)]


def folders(folder: Path) -> list[Path]:
    """The folders in a folder, as ``listed``."""
    return [child for child in listed(folder) if child.is_dir()]


def files_below(folder: Path, depth: int) -> list[Path]:
    """The files in a folder and in the folders down to ``depth`` below it, as ``listed``."""
    children = listed(folder)
    below = [child for child in children if child.is_dir()]
    files = [child for child in children if child.is_file()]
    return files + [file for child in below if depth for file in files_below(child, depth - 1)]
