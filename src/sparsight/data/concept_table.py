"""Concept labels from a CSV file of the user's own."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Int8
from torch import Tensor

from sparsight.data.cells import read_cells
from sparsight.data.concept_cells import concept_values
from sparsight.data.dataset import PRESENT, UNKNOWN
from sparsight.data.named_images import images_by_name, plain_name, unknown_names
from sparsight.data.tree import Tree, composed
from sparsight.errors import InputError

_SHOWN = 30
_COLUMNS = 8
_KINDS = ("image", "class")
_OF_IMAGES = frozenset(
    f"{head}{tail}"
    for head in ("image", "img", "file", "filename", "picture", "photo")
    for tail in ("", "s", "_id", "id", "_name", "name", "_path", "path", "_file", " id", " name", " path")
) | {"path"}
"""Names of a column of images, in small letters."""
_ROW_NUMBERS = ("", "unnamed: 0")
"""Names of a first column that programs write by themselves."""


@dataclass(frozen=True, eq=False)
class ConceptTable:
    """Concepts of a tree's images, 1, 0 or -1, their names and groups, and how many images no row speaks of.

    ``apart`` holds the cells of the columns that are no concepts, by the column's name, for each image; empty for
    images without a row.
    """

    values: Int8[Tensor, "n c"]
    names: tuple[str, ...]
    groups: tuple[str, ...]
    unnamed: int
    apart: dict[str, list[str]] = field(default_factory=dict)


def read_concepts(path: Path, tree: Tree, apart: Collection[str] = ()) -> ConceptTable:
    """Read a table with the header ``image,<concept>,...`` or ``class,<concept>,...`` (``read_cells``).

    A row names an image by its path below the data's folder, or by its file's name where only one image has it; or it
    names a class, and all its images get its values. What cells may say is in ``concept_value``; an image without a row
    is unknown in all. A concept written ``group:value``, as ``wing_color:blue``, is named ``wing_color_blue`` and
    belongs to the group ``wing_color``, whose values exclude each other; without a colon it is a group of its own.

    Args:
        path: of the file.
        tree: the images.
        apart: columns that are no concepts.

    Raises:
        InputError: naming the file, the line and the column, if it has another form or speaks of what is not there.
    """
    lines = read_cells(path, (*_KINDS, *_OF_IMAGES), "save the table as CSV UTF-8", strict=True)
    if len(lines) < 2:
        state = "holds a header alone" if lines else "empty"
        raise InputError(f"{path}: {state}; it must hold image,<concept>,... and a line an image")
    kind, header, rows = _columns(path, lines, tree)
    if missing := [name for name in apart if name not in header]:
        known = ", ".join(name[:40] for name in header[:_COLUMNS]) + (", ..." if len(header) > _COLUMNS else "")
        raise InputError(
            f"{path}: has no column {missing[0][:80]!r}, which data.groups names, but {known}; name one of these, or "
            r"give a pattern with the group in brackets, as '(patient\d+)'"
        )
    columns = [k for k, name in enumerate(header) if name not in apart]
    named = [header[k] for k in columns]
    names = tuple(name.replace(":", "_", 1) for name in named)
    groups = tuple(name.partition(":")[0] for name in named)
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"{path}: line 1: concept {twice[0]!r} stands twice")
    found = _rows(path, kind, rows, tree)
    cells = concept_values(path, named, [(line, [row[k] for k in columns]) for line, _, row in rows])
    _check_groups(path, groups, [line for line, _, _ in rows], cells)
    values = torch.full((len(tree.entries), len(names)), UNKNOWN, dtype=torch.int8)
    others = {name: [""] * len(tree.entries) for name in apart if name in header}
    for places, own, (_, _, row) in zip(found, cells, rows, strict=True):
        if places:
            values[places] = torch.tensor(own, dtype=torch.int8)
        for name, column in others.items():
            for i in places:
                column[i] = row[header.index(name)]
    named_images = {i for places in found for i in places}
    return ConceptTable(values, names, groups, len(tree.entries) - len(named_images), others)


def _columns(
    path: Path, lines: list[tuple[int, list[str]]], tree: Tree
) -> tuple[str, list[str], list[tuple[int, str, list[str]]]]:
    """What rows name, the other columns, and each row's line, its name and its other cells."""
    header = [composed(cell) for cell in lines[0][1]]
    small = [name.casefold() for name in header]
    found = _naming(small, [row for _, row in lines[1:]], tree)
    if found is None or len(header) < 2:
        state = "there is no other column" if found else f"the first column is {header[0][:60]!r}"
        raise InputError(
            f"{path}: line {lines[0][0]}: must be image,<concept>,... or class,<concept>,...; {state}: call the column "
            "of images image, put it first, and one column a concept behind it"
        )
    kind, place = found
    others = [k for k in range(len(header)) if k != place and not (k == 0 and small[0] in _ROW_NUMBERS)]
    if not others or not all(header[k] for k in others):
        state = "a concept has no name" if others else "there is no column of a concept"
        raise InputError(f"{path}: line {lines[0][0]}: {state}; give each concept a column with its name on top")
    rows = [(line, row[place], [row[k] for k in others]) for line, row in lines[1:]]
    return kind, [header[k] for k in others], rows


def _naming(header: list[str], rows: list[list[str]], tree: Tree) -> tuple[str, int] | None:
    """Whether rows name images or classes, and by which column: by its name, or because its cells name them all."""
    for kind, names in (("image", ("image",)), ("image", _OF_IMAGES), ("class", ("class",))):
        if (place := next((k for k, name in enumerate(header) if name in names), None)) is not None:
            return kind, place
    cells = [row[0] for row in rows]
    images, classes = _places("image", tree), _places("class", tree)
    if len({*cells}) < len(cells):  # as of a column of 0 and 1, which may be names of images as well
        return None
    if all(plain_name(cell, images, tree.root) in images for cell in cells):
        return "image", 0
    return ("class", 0) if all(composed(cell) in classes for cell in cells) else None


def _rows(path: Path, kind: str, rows: list[tuple[int, str, list[str]]], tree: Tree) -> list[list[int]]:
    """The images that each row speaks of."""
    places = _places(kind, tree)
    keys = [plain_name(name, places, tree.root) if kind == "image" else composed(name) for _, name, _ in rows]
    if unknown := [(line, key) for (line, _, _), key in zip(rows, keys, strict=True) if key not in places]:
        words = unknown_names([key for _, key in unknown], places, len(rows), tree.root, kind)
        raise InputError(f"{path}: line {unknown[0][0]}: {words}; correct or remove the line")
    seen: dict[int, int] = {}
    found = []
    for (line, _, _), key in zip(rows, keys, strict=True):
        if (own := places[key]) is None:
            raise InputError(f"{path}: line {line}: several images are called {key!r}; give the path below {tree.root}")
        if repeated := [seen[i] for i in own if i in seen]:
            raise InputError(f"{path}: line {line}: {kind} {key!r} stands in line {repeated[0]} already")
        seen.update(dict.fromkeys(own, line))
        found.append(own)
    return found


def _check_groups(path: Path, groups: tuple[str, ...], lines: list[int], cells: list[list[int]]) -> None:
    several: dict[str, int] = {}
    for line, own in zip(lines, cells, strict=True):
        present = Counter(group for group, value in zip(groups, own, strict=True) if value == PRESENT)
        for group in (group for group, count in present.items() if count > 1):
            several.setdefault(group, line)
    if several:
        listed = ", ".join(map(repr, list(several)[:_SHOWN])) + (", ..." if len(several) > _SHOWN else "")
        raise InputError(
            f"{path}: line {min(several.values())}: two values of one group are present, in this file of {listed}; "
            "write concepts that may without a colon"
        )


def _places(kind: str, tree: Tree) -> dict[str, list[int] | None]:
    """Positions of the images that a row's first cell may name; None where it names several by accident."""
    if kind == "class":
        return {
            name: [i for i, entry in enumerate(tree.entries) if entry.label == k]
            for k, name in enumerate(tree.class_names)
        }
    return {name: None if i is None else [i] for name, i in images_by_name(tree).items()}
