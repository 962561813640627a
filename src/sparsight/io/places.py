"""What lies in a folder of ours in place of a folder of its own: nothing is read or written through it."""

from collections.abc import Sequence
from pathlib import Path

from sparsight.errors import DamagedError
from sparsight.io.lock import LOCK
from sparsight.plain import entries, strange, strange_folder

_WHY = "where the run has a folder or file of its own; what is outside of a run is not touched"
_REMEDY = "put in its place what was there, or remove it and run the study's command again"


def strange_places(folder: Path, aside: str, own: Sequence[str]) -> list[DamagedError]:
    """Links to folders, and what lies in place of the lock.

    Args:
        folder: may itself be a link, or not be there.
        aside: a folder in it in which files and links of others may lie beside its own.
        own: folders of that folder's own.

    Raises:
        OSError: if the folder cannot be looked into.
    """
    if not folder.is_dir():
        return []
    below = [path for path in entries(folder) if path.relative_to(folder).parts[0] != aside]
    linked = [path for path in below if path.is_symlink() and not path.is_file()]
    places = dict.fromkeys((folder / aside, *(folder / aside / name for name in own), *linked))
    found = {path: words for path in places if (words := strange_folder(path)) is not None}
    if (words := strange(folder / LOCK)) is not None:
        found[folder / LOCK] = words
    return [DamagedError(path, f"is {words} {_WHY}", _REMEDY) for path, words in found.items()]
