"""Object masks of class folders: from a folder laid out as the images are, or from a COCO JSON file."""

from dataclasses import replace
from pathlib import Path

from sparsight.data.coco import coco_masks, read_coco
from sparsight.data.formats import EXTENSIONS, LOSSLESS
from sparsight.data.masks import Masks, read_masks
from sparsight.data.pictures import Pictures
from sparsight.data.tree import Tree


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
    for entry, (width, _) in zip(tree.entries, pictures.sizes.tolist(), strict=True):
        here = place / entry.path.parent
        names = (here / f"{entry.path.stem}{ending}" for ending in sorted(EXTENSIONS))
        found = [path for path in names if path.exists()] if width else []
        paths.append(found[0] if len(found) == 1 else None)
        if width and len(found) != 1:
            state = "several masks" if found else "no mask"
            problems.append(
                f"{here / entry.path.stem}: {state} for {entry.path}; give each image one ({', '.join(LOSSLESS)})"
            )
    read = read_masks(paths, pictures)
    return replace(read, problems=[*problems, *read.problems])
