"""How the folders of a data set are arranged: which of them are classes, which splits, and which neither."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsight.data.dataset import SPLITS
from sparsight.data.folder_names import is_of_masks, side_of, sides_among
from sparsight.data.passed_over import passed_over
from sparsight.data.walk import Folder
from sparsight.errors import InputError

_SHOWN = 5
_WRAPPINGS = 3


@dataclass(frozen=True, eq=False)
class Placed:
    """A class's folder, its split where the folders decide it, and the images in it and below."""

    split: str | None
    folder: Folder
    images: tuple[Path, ...]


def unwrapped(whole: Folder) -> Folder:
    """Return the folder that holds the class or split folders: the one that is named, or the only one in it."""
    top = whole
    for _ in range(_WRAPPINGS):
        filled = [folder for folder in top.filled if not _holds_masks(folder, top.filled)]
        if top.images or len(filled) != 1 or filled[0].images or side_of(filled[0].name) is not None:
            break
        top = filled[0]
    return top


def arrangement(top: Folder, needed: Collection[str]) -> tuple[list[Placed], list[str]]:
    """Tell classes and splits apart, and report what a user should know of it.

    Args:
        top: the folder that holds them.
        needed: the splits that must be there where the folders decide them.

    Raises:
        InputError: if what is there fits no layout; the line says what was seen and what to do.
    """
    masks = [folder for folder in top.filled if _holds_masks(folder, top.filled)]
    kept = [folder for folder in top.filled if folder not in masks]
    notes = [
        f"{folder.path}: holds masks by its name, which are not taken for images; --set data.masks={folder.path} "
        "takes them for masks"
        for folder in masks
    ]
    sides, noted = _sides(kept)
    all_named = len(kept) > 1 and all(folder in sides for folder in kept)
    splits = [f for f in kept if f in sides and f.filled and (not f.images or all_named)]
    splits.sort(key=lambda folder: SPLITS.index(sides[folder]))
    if splits:
        return _by_split(top, kept, splits, sides, needed), [*notes, *noted]
    if not kept:
        raise InputError(_nothing(top))
    if all_named:
        raise InputError(
            f"{top.path}: the folders {_named(kept)} hold images but no class folders, so that no image has a class; "
            "arrange them as <split>/<class>/<image>"
        )
    below = {side_of(folder.name) for one in kept for folder in one.filled}
    if None not in below and len(below) > 1 and not any(folder.images for folder in kept):
        inner = kept[0].filled[0]
        raise InputError(
            f"{top.path}: folders of splits lie in the class folders, as {inner.path.relative_to(top.path)}; arrange "
            f"them as {inner.name}/{kept[0].name}: <split>/<class>/<image>"
        )
    return [Placed(None, folder, _images(folder)) for folder in top.folders if folder not in masks], [
        *notes,
        *_doubts(kept),
    ]


def _sides(kept: Sequence[Folder]) -> tuple[dict[Folder, str], list[str]]:
    """The split of each folder that has the name of one, and a note where only what the names share shows it."""
    sides = {folder: side for folder in kept if (side := side_of(folder.name)) is not None}
    if sides:
        return sides, []
    among = sides_among([folder.name for folder in kept])
    sides = {folder: among[folder.name] for folder in kept if folder.name in among}
    inner = [{one.name for one in _classes_of(folder, sides)} for folder in sides]
    if not inner or any(folder.images for folder in sides) or not set.intersection(*inner):
        return {}, []
    shown = [f"{own.name} for {side}" for own, side in sorted(sides.items(), key=lambda item: SPLITS.index(item[1]))]
    return sides, [f"folders are taken for splits: {', '.join(shown)}"]


def _classes_of(split: Folder, splits: Collection[Folder]) -> tuple[Folder, ...]:
    """The class folders of a split: those in it, or in the one folder that each of the splits holds."""
    alone = all(not own.images and len(own.filled) == 1 and not own.filled[0].images for own in splits)
    return split.filled[0].folders if alone and split.filled else split.folders


def _by_split(
    top: Folder,
    kept: Sequence[Folder],
    splits: Sequence[Folder],
    sides: Mapping[Folder, str],
    needed: Collection[str],
) -> list[Placed]:
    largest = max(splits, key=lambda folder: folder.count)
    chosen = splits[0] if sides[splits[0]] == "train" else largest
    alone = f"name {chosen.path} alone, whose images are then split at random"
    if others := [folder for folder in kept if folder not in sides]:
        raise InputError(
            f"{top.path}: folder {others[0].name!r} stands beside {_named(splits)}; beside folders of splits only "
            f"others of train, validation and test may: move it away, or {alone}"
        )
    by_side: dict[str, list[Folder]] = {}
    for folder in splits:
        by_side.setdefault(sides[folder], []).append(folder)
    if twice := next((own for own in by_side.values() if len(own) > 1), None):
        side = sides[twice[0]]
        raise InputError(
            f"{top.path}: both {twice[0].name} and {twice[1].name} are taken for {side}; keep one, or rename the other "
            f"to {' or '.join(split for split in SPLITS if split not in by_side) or 'a name that starts with a dot'}"
        )
    flat = [folder for folder in kept if folder not in splits and sides[folder] not in by_side]
    if unsorted := [folder for folder in flat if sides[folder] in needed]:
        raise InputError(
            f"{unsorted[0].path}: holds images but no class folders, so that no image of it has a class; sort them "
            f"into <class>/<image>, or {alone}"
        )
    if missing := [split for split in SPLITS if split in needed and split not in by_side]:
        raise InputError(
            f"{top.path}: no folder {' and no folder '.join(missing)} beside {_named(splits)}; add it, or {alone}"
        )
    return [Placed(sides[own], folder, _images(folder)) for own in splits for folder in _classes_of(own, splits)]


def _images(folder: Folder) -> tuple[Path, ...]:
    """The images of a class: those in its folder and below, but for folders of masks beside images."""
    found = [*folder.images]
    for inner in folder.folders:
        if not (is_of_masks(inner.name) and folder.count > inner.count):
            found += _images(inner)
    return tuple(found)


def _holds_masks(folder: Folder, siblings: Sequence[Folder]) -> bool:
    """Whether a folder has a name of masks, and is laid out as a folder of images beside it, or as all of these."""
    if not is_of_masks(folder.name) or folder.images:
        return False
    inner, others = {one.name for one in folder.filled}, [one for one in siblings if one is not folder]
    return inner <= {one.name for one in others} or any(inner <= {one.name for one in other.filled} for other in others)


def _doubts(classes: Sequence[Folder]) -> list[str]:
    """What may not be meant: classes that have the name of a split, or whose folders could be the classes."""
    doubts = [
        f"folder {folder.name!r} is taken for a class, as it holds images and no class folders"
        for folder in classes
        if side_of(folder.name) == "test"
    ]
    inner = Counter(tuple(sorted(one.name for one in folder.filled)) for folder in classes)
    names, times = inner.most_common(1)[0]
    if len(names) > 1 and times == len(classes) > 1 and not any(folder.images for folder in classes):
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        doubts.append(
            f"the classes are {_named(classes)}, and each holds the folders {shown}; if these are the classes, name "
            f"one of the former, as {classes[0].path}, and if the former are parts of the data, call them train, "
            "validation and test"
        )
    return doubts


def _nothing(top: Folder) -> str:
    wanted = "images must lie in <class>/<image> or <split>/<class>/<image>"
    if top.images:
        state = f"{len(top.images):,} image{'s' if len(top.images) > 1 else ''} and no folder with images"
        return f"{top.path}: holds {state}; {wanted}"
    stray = passed_over([file for folder in top.below() for file in folder.others], top.path)
    found = f" ({stray[0]})" if stray else ""
    state = "folders without an image that is read" if top.folders else "no folders"
    return f"{top.path}: holds {state}{found}; {wanted}"


def _named(folders: Sequence[Folder]) -> str:
    names = [folder.name if len(folder.name) <= 60 else f"{folder.name[:50]}..." for folder in folders[:_SHOWN]]
    return ", ".join(names) + (", ..." if len(folders) > _SHOWN else "")
