"""Object masks of class folders: from a folder laid out as the images are, or from a COCO JSON file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sparsight.data.coco import coco_masks, read_coco
from sparsight.data.folder_names import masked_stem, side_of
from sparsight.data.formats import LOSSLESS
from sparsight.data.masks import Masks, read_masks
from sparsight.data.pictures import Pictures
from sparsight.data.tree import Tree
from sparsight.data.walk import Folder, walk


def read_folder_masks(place: Path, tree: Tree, pictures: Pictures) -> Masks:
    """The masks of a tree's images, cut as these were.

    Args:
        place: a folder or a file.
        tree: the images.
        pictures: these, decoded; where one cannot be read, nothing is said of its mask.

    Raises:
        InputError: if there is nothing at ``place``, or a file that cannot be used at all.
    """
    if not place.is_dir():
        return coco_masks(read_coco(place), tree, pictures)
    paths: list[Path | None] = []
    problems = []
    whole = walk(place)
    known: dict[Path, dict[str, list[Path]]] = {}
    for entry, (width, _) in zip(tree.entries, pictures.sizes.tolist(), strict=True):
        parent = entry.path.parent
        if parent not in known:
            known[parent] = _by_stem(_same_place(whole, parent.parts))
        found = known[parent].get(entry.path.stem.casefold(), []) if width else []
        if len(exact := [path for path in found if path.stem == entry.path.stem]) == 1:
            found = exact
        paths.append(found[0] if len(found) == 1 else None)
        if width and len(found) != 1:
            here = place / parent
            state = f"several masks ({', '.join(path.name[:60] for path in found[:2])})" if found else "no mask"
            problems.append(
                f"{here / entry.path.stem}: {state} for {entry.path}; give each image one ({', '.join(LOSSLESS)})"
            )
    read = read_masks(paths, pictures)
    return replace(read, problems=[*problems, *read.problems])


def _same_place(masks: Folder, parts: Sequence[str]) -> Folder | None:
    """The folder of masks that lies as one of images does: capitals, and other names of a split, are no difference."""
    for part in parts:
        named = [folder for folder in masks.folders if folder.name == part]
        alike = [folder for folder in masks.folders if folder.name.casefold() == part.casefold()]
        side = side_of(part)
        sided = [folder for folder in masks.folders if side is not None and side_of(folder.name) == side]
        found = next((own for own in (named, alike, sided) if len(own) == 1), None)
        if found is None:
            return None
        masks = found[0]
    return masks


def _by_stem(folder: Folder | None) -> dict[str, list[Path]]:
    """A folder's images by their names without endings, in small letters; ``a_mask`` stands for ``a`` as well."""
    found: dict[str, list[Path]] = {}
    for path in folder.images if folder is not None else ():
        found.setdefault(path.stem.casefold(), []).append(path)
    for stem, paths in list(found.items()):
        if (image := masked_stem(stem)) is not None and image not in found:
            found[image] = paths
    return found
