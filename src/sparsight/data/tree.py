"""Which images a folder of class folders holds, and on which side each stands; nothing is opened."""

import unicodedata
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sparsight.data.dataset import SPLITS
from sparsight.data.picture import EXTENSIONS
from sparsight.errors import InputError

_SIDES = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Entry:
    """An image file: its path below the folder, its class, and its split where the folders decide it."""

    path: Path
    label: int
    split: str | None


@dataclass(frozen=True)
class Tree:
    """A folder's classes, its images in the order of their paths, what else stands among them, and the hidden folders
    that were passed over although they hold images."""

    root: Path
    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    ignored: tuple[Path, ...]
    hidden: tuple[Path, ...]


def images_by_name(tree: Tree) -> dict[str, int | None]:
    """Positions of images by the names that users' tables give them, in composed form: the path below the folder, or
    the file's name; None where it names several by accident.
    """
    names: dict[str, int | None] = {}
    for i, entry in enumerate(tree.entries):
        name = composed(entry.path.name)
        names[name] = None if name in names else i
    return names | {composed(entry.path.as_posix()): i for i, entry in enumerate(tree.entries)}


def composed(text: str) -> str:
    """The text in composed form, so that a name copied from another system is the same name."""
    return unicodedata.normalize("NFC", text.strip())


def read_tree(root: Path, masks: Path | None = None, needed: Collection[str] = SPLITS) -> Tree:
    """List ``root/<class>/<image>`` or ``root/{train,validation or val,test}/<class>/<image>``.

    The second holds where a folder ``train`` has no image of its own, but folders. Hidden files and folders are passed
    over, a folder of masks as well; folders below a class count as ignored, as do files without an image's extension.

    Args:
        root: the folder.
        masks: a folder of masks, which is none of classes.
        needed: the splits that must be there where the folders decide them.

    Raises:
        InputError: if the folder cannot be listed, or has another layout.
    """
    if not root.is_dir():
        raise InputError(f"{root}: {'not a folder' if root.exists() else 'does not exist'}; name a folder of classes")
    folders, stray = _listed(root, masks)
    if not folders:
        raise InputError(f"{root}: holds no folders; images must lie in <class>/<image> or <split>/<class>/<image>")
    if not _is_split(folders, masks):
        return _gathered(root, [(None, folder) for folder in folders], stray, masks)
    others = [folder.name for folder in folders if folder.name not in _SIDES]
    if others:
        raise InputError(f"{root}: folder {others[0]!r} stands beside train; only validation (or val) and test may")
    sides = [_SIDES[folder.name] for folder in folders]
    if missing := [split for split in SPLITS if split in needed and split not in sides]:
        raise InputError(f"{root}: no folder {' and no '.join(missing)} beside train; add it or take the splits away")
    if len(sides) > len(set(sides)):
        raise InputError(f"{root}: both validation and val; keep one")
    placed: list[tuple[str | None, Path]] = []
    for folder, side in zip(folders, sides, strict=True):
        below, files = _listed(folder, masks)
        placed += [(side, child) for child in below]
        stray += files
    return _gathered(root, placed, stray, masks)


def _is_split(folders: list[Path], masks: Path | None) -> bool:
    train = [folder for folder in folders if folder.name == "train"]
    if not train:
        return False
    below, files = _listed(train[0], masks)
    return bool(below) and not any(map(_is_image, files))


def _gathered(root: Path, placed: list[tuple[str | None, Path]], stray: list[Path], masks: Path | None) -> Tree:
    names = tuple(sorted({_class_name(folder) for _, folder in placed}))
    if len(names) < 2:
        raise InputError(f"{root}: {len(names)} class folders; a classifier needs two or more")
    number = {name: k for k, name in enumerate(names)}
    entries, ignored = [], [*stray]
    hidden = [
        one for parent in dict.fromkeys((root, *(folder.parent for _, folder in placed))) for one in _hidden(parent)
    ]
    for split, folder in placed:
        below, files = _listed(folder, masks)
        images = [file for file in files if _is_image(file)]
        ignored += [*(file for file in files if not _is_image(file)), *below]
        entries += [Entry(file.relative_to(root), number[_class_name(folder)], split) for file in images]
    return Tree(root, names, tuple(sorted(entries, key=lambda entry: entry.path.parts)), tuple(ignored), tuple(hidden))


def _hidden(parent: Path) -> list[Path]:
    """The hidden folders that hold images, which look like classes; those that cannot be listed do not."""
    found = []
    for folder in sorted(parent.iterdir()):
        with suppress(OSError):
            if folder.name.startswith(".") and folder.is_dir() and any(map(_is_image, folder.iterdir())):
                found.append(folder)
    return found


def sides_of(root: Path, masks: Path | None = None) -> tuple[str, ...]:
    """The splits that the folders decide; none where they do not, or cannot be listed."""
    if not root.is_dir():
        return ()
    folders, _ = _listed(root, masks)
    return (
        tuple(dict.fromkeys(_SIDES[one.name] for one in folders if one.name in _SIDES))
        if _is_split(folders, masks)
        else ()
    )


def _class_name(folder: Path) -> str:
    """The folder's name in composed form, so that a name copied from another system is the same class."""
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{folder}: the name is not valid UTF-8; rename the folder") from None
    return unicodedata.normalize("NFC", folder.name)


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in EXTENSIONS


def _listed(folder: Path, masks: Path | None) -> tuple[list[Path], list[Path]]:
    """Folders and other entries, hidden ones and the masks left out, by name."""
    try:
        children: Iterable[Path] = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}); mend its permissions") from None
    shown = [child for child in children if not child.name.startswith(".") and child != masks]
    folders = [child for child in shown if child.is_dir()]
    return folders, [child for child in shown if child not in set(folders)]
