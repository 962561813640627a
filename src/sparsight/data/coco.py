"""Object masks from a COCO JSON file: https://cocodataset.org/#format-data."""

import json
import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from sparsight.data.cells import table_text
from sparsight.data.coco_shapes import ShapeError, fill_annotation
from sparsight.data.mask import square_mask
from sparsight.data.masks import Masks, turned_note
from sparsight.data.named_images import images_by_name, plain_name, unknown_names
from sparsight.data.picture import ACROSS
from sparsight.data.pictures import Pictures
from sparsight.data.tree import Tree
from sparsight.errors import InputError
from sparsight.io import check_readable_file, spoken_size

MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class CocoImage:
    """An image by its name in the file, its width and height in pixels, and its annotations by their places there."""

    name: str
    size: tuple[int, int]
    annotations: dict[int, dict[str, Any]]


@dataclass(frozen=True)
class CocoFile:
    """The images of a COCO file, whose path it is."""

    path: Path
    images: tuple[CocoImage, ...]


def read_coco(path: Path) -> CocoFile:
    """Read ``images`` (``id``, ``file_name``, ``width``, ``height``) and ``annotations`` (``image_id``) of a file.

    What an annotation outlines is looked at by ``coco_masks``; other keys are passed over.

    Raises:
        InputError: naming the file and the place in it, if it has another form.
    """
    check_readable_file(path)
    if (size := path.stat().st_size) > MOST_BYTES:
        raise InputError(
            f"{path}: {spoken_size(size)}, more than the {spoken_size(MOST_BYTES)} that a COCO file may have; keep the "
            "annotations of these images alone"
        )
    document = _parsed(path)
    listed = [document.get(key) if isinstance(document, dict) else None for key in ("images", "annotations")]
    for key, value in zip(("images", "annotations"), listed, strict=True):
        if not isinstance(value, list):
            raise InputError(f"{path}: holds no list {key!r}; give a COCO file of object annotations")
    images: dict[int | float | str, CocoImage] = {}
    for i, one in enumerate(listed[0] or []):
        number, image = _image(one, f"{path}: images[{i}]")
        if number in images:
            raise InputError(f"{path}: images[{i}]: another image has the id {reprlib.repr(number)}; number them anew")
        images[number] = image
    for i, one in enumerate(listed[1] or []):
        of = one.get("image_id") if isinstance(one, dict) else None
        if not isinstance(of, int | float | str) or of not in images:
            raise InputError(
                f"{path}: annotations[{i}]: image_id {reprlib.repr(of)} is of no image; correct it or remove it"
            )
        images[of].annotations[i] = one
    return CocoFile(path, tuple(images.values()))


def coco_masks(coco: CocoFile, tree: Tree, pictures: Pictures) -> Masks:
    """The masks of a tree's images, cut as these were: all annotations of an image together, crowds among them.

    An image is named by its path below the tree's folder, or by its file's name where only one image has it. Where the
    file states the size of a picture before this is turned upright by a quarter, its annotations are turned as well.

    Args:
        coco: the file.
        tree: the images.
        pictures: these, decoded; where one cannot be read, its annotations are not looked at.

    Raises:
        InputError: if the file speaks of an image that is not there, or twice of one.
    """
    outlined = _placed(coco, tree)
    side, facts = pictures.images.shape[-1], pictures.fact("orientation").tolist()
    masks = Masks(torch.zeros(len(tree.entries), side, side, dtype=torch.bool))
    boxes = turned = 0
    for i, (entry, (width, height)) in enumerate(zip(tree.entries, pictures.sizes.tolist(), strict=True)):
        if not width:
            continue
        image = outlined.get(i)
        if image is None or not image.annotations:
            masks.problems.append(f"{coco.path}: no annotation of {entry.path}; give each image one")
            masks.lacking.add(i)
            continue
        before = facts[i] in ACROSS and image.size == (height, width) != (width, height)
        if image.size != (width, height) and not before:
            stated = f"{image.size[0]} x {image.size[1]}"
            masks.problems.append(
                f"{coco.path}: image {image.name!r} is {stated} there, the picture {width} x {height} when upright; "
                "annotate the picture as it is"
            )
            masks.lacking.add(i)
        else:
            inside = np.zeros(image.size[::-1], dtype=bool)
            try:
                by_box = [
                    fill_annotation(inside, one, f"{coco.path}: annotations[{place}]")
                    for place, one in image.annotations.items()
                ]
            except ShapeError as error:
                masks.problems.append(str(error))
                masks.lacking.add(i)
                continue
            boxes, turned = boxes + any(by_box), turned + before
            masks.inside[i] = torch.from_numpy(square_mask(inside, side, facts[i] if before else 1))
    if boxes:
        masks.notes.append(f"{boxes:,} object masks are boxes, at least in part")
    masks.notes.extend(turned_note(turned))
    return masks


def _parsed(path: Path) -> Any:
    """What the file holds; NaN and Infinity are no JSON."""

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number")

    text = table_text(path, "give a folder of masks, or a COCO JSON file")
    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise InputError(f"{path}: too deeply nested for a COCO file; export the annotations again") from None
    except ValueError as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: not valid JSON ({reason}); give a folder of masks, or a COCO JSON file") from None


def _image(one: Any, where: str) -> tuple[int | str, CocoImage]:
    """An image's id, and the image."""
    keys = ("id", "file_name", "width", "height")
    number, name, width, height = (one.get(key) if isinstance(one, dict) else None for key in keys)
    if not isinstance(number, int | str) or not isinstance(name, str) or not name:
        raise InputError(f"{where}: needs an id and a file_name; export the annotations again")
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        raise InputError(f"{where}: width and height of {name[:200]!r} must be whole numbers of pixels")
    return number, CocoImage(name, (width, height), {})


def _placed(coco: CocoFile, tree: Tree) -> dict[int, CocoImage]:
    """The file's images by their positions in the tree."""
    names = images_by_name(tree)
    stated = [plain_name(image.name, names, tree.root) for image in coco.images]
    if unknown := [name for name in stated if name not in names]:
        words = unknown_names(unknown, names, len(stated), tree.root, row="image")
        raise InputError(f"{coco.path}: {words}; correct or remove it")
    found: dict[int, CocoImage] = {}
    for name, image in zip(stated, coco.images, strict=True):
        if (place := names[name]) is None:
            raise InputError(
                f"{coco.path}: several images are called {image.name[:200]!r}; give the path below {tree.root}"
            )
        if place in found:
            raise InputError(f"{coco.path}: image {image.name[:200]!r} stands there twice; keep one")
        found[place] = image
    return found
