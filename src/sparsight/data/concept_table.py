"""Concept labels from a CSV file of the user's own."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Int8
from torch import Tensor

from sparsight.data.dataset import ABSENT, PRESENT, UNKNOWN
from sparsight.data.tree import Tree, composed, images_by_name
from sparsight.errors import InputError
from sparsight.io import check_readable_file

_SHOWN = 30
_VALUES = {"1": PRESENT, "0": ABSENT, "": UNKNOWN}


@dataclass(frozen=True, eq=False)
class ConceptTable:
    """Concepts of a tree's images, 1, 0 or -1, their names and groups, and how many images no row speaks of."""

    values: Int8[Tensor, "n c"]
    names: tuple[str, ...]
    groups: tuple[str, ...]
    unnamed: int


def read_concepts(path: Path, tree: Tree) -> ConceptTable:
    """Read a CSV file with the header ``image,<concept>,...`` or ``class,<concept>,...``.

    A row names an image by its path below the data's folder, or by its file's name where only one image has it; or it
    names a class, and all its images get its values. Cells are 1, 0 or empty for unknown; an image without a row is
    unknown in all. A concept written ``group:value``, as ``wing_color:blue``, is named ``wing_color_blue`` and belongs
    to the group ``wing_color``, whose values exclude each other; without a colon it is a group of its own.

    Raises:
        InputError: naming the file and the line, if it has another form or speaks of what is not there.
    """
    lines = _lines(path)
    header = [composed(cell) for cell in lines[0][1]]
    if header[0] not in ("image", "class") or len(header) < 2:
        raise InputError(f"{path}: line 1: must be image,<concept>,... or class,<concept>,...")
    if not all(header):
        raise InputError(f"{path}: line 1: a concept has no name")
    names = tuple(name.replace(":", "_", 1) for name in header[1:])
    groups = tuple(name.partition(":")[0] for name in header[1:])
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"{path}: line 1: concept {twice[0]!r} stands twice")
    values = torch.full((len(tree.entries), len(names)), UNKNOWN, dtype=torch.int8)
    places = _places(header[0], tree)
    named: set[int] = set()
    seen: dict[str, int] = {}
    several: dict[str, int] = {}
    for number, row in lines[1:]:
        where = f"{path}: line {number}"
        if len(row) != len(header):
            raise InputError(f"{where}: has {len(row)} cells, the header {len(header)}")
        key = composed(row[0]).removeprefix("./")
        if key not in places:
            raise InputError(f"{where}: no {header[0]} {key!r} in {tree.root}; correct or remove the line")
        if (found := places[key]) is None:
            raise InputError(f"{where}: several images are called {key!r}; give the path below {tree.root}")
        cells = [cell.strip() for cell in row[1:]]
        if wrong := [cell for cell in cells if cell not in _VALUES]:
            raise InputError(f"{where}: {wrong[0][:40]!r} is not 1, 0 or empty")
        present = Counter(group for group, cell in zip(groups, cells, strict=True) if cell == "1")
        for group in (group for group, count in present.items() if count > 1):
            several.setdefault(group, number)
        if repeated := [seen[str(i)] for i in found if i in named]:
            raise InputError(f"{where}: {header[0]} {key!r} stands in line {repeated[0]} already")
        named.update(found)
        seen.update({str(i): number for i in found})
        if found:
            values[found] = torch.tensor([_VALUES[cell] for cell in cells], dtype=torch.int8)
    if several:
        listed = ", ".join(map(repr, list(several)[:_SHOWN])) + (", ..." if len(several) > _SHOWN else "")
        raise InputError(
            f"{path}: line {min(several.values())}: two values of one group are present, in this file of {listed}; "
            "write concepts that may without a colon"
        )
    return ConceptTable(values, names, groups, len(tree.entries) - len(named))


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Line numbers and cells of the lines that are not empty."""
    check_readable_file(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, row) for row in reader if row]
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8; save the table as CSV UTF-8") from None
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error}); save the table as CSV") from None
    if not lines:
        raise InputError(f"{path}: empty; it must hold image,<concept>,... and a line an image")
    return lines


def _places(kind: str, tree: Tree) -> dict[str, list[int] | None]:
    """Positions of the images that a row's first cell may name; None where it names several by accident."""
    if kind == "class":
        return {
            name: [i for i, entry in enumerate(tree.entries) if entry.label == k]
            for k, name in enumerate(tree.class_names)
        }
    return {name: None if i is None else [i] for name, i in images_by_name(tree).items()}
