"""The official folder of CUB-200-2011: where its files lie, and what they say. No image is opened."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from sparsight.data.cells import table_text
from sparsight.data.formats import EXTENSIONS
from sparsight.data.listing import ARCHIVES, check_folder, listed
from sparsight.errors import InputError
from sparsight.io import check_readable_file

WANTED = "the folder CUB_200_2011"
SHOWN = 5
T = TypeVar("T")


@dataclass(frozen=True)
class Image:
    """A line of ``images.txt``, and what the other tables say of it.

    Attributes:
        number: its id.
        path: below ``images/``.
        label: its class's number, from 1.
        official_train: whether the official split trains on it.
    """

    number: int
    path: Path
    label: int
    official_train: bool


@dataclass(frozen=True)
class Layout:
    """What the tables say and the folder holds.

    Attributes:
        root: the folder with ``images.txt``.
        class_names: by class number - 1, as ``Black footed Albatross``.
        images: every image of the tables, in their order.
        present: whether its file is there.
        notes: what a user should know.
    """

    root: Path
    class_names: tuple[str, ...]
    images: tuple[Image, ...]
    present: tuple[bool, ...]
    notes: tuple[str, ...]


def read_layout(path: Path | None) -> Layout:
    """Find the folder and read ``images.txt``, ``classes.txt``, ``image_class_labels.txt``, ``train_test_split.txt``.

    Raises:
        InputError: naming the file and the line, if one is missing or says what cannot be.
    """
    root = find_root(path)
    notes = (
        [f"read from {root.relative_to(path)} in the folder that was named"]
        if path is not None and root != path
        else []
    )
    classes = numbered(root / "classes.txt", lambda cells: spoken_class(cells[1]))
    paths = keyed(root / "images.txt", 2, lambda cells: _inside(cells[1]))
    if len(last := {path: number for number, path in paths.items()}) < len(paths):
        twice = next(path for number, path in paths.items() if last[path] != number)
        raise InputError(f"{root / 'images.txt'}: {twice} stands twice; restore the file")
    labels = keyed(root / "image_class_labels.txt", 2, lambda cells: _one_of(cells[1], range(1, len(classes) + 1)))
    trained = keyed(root / "train_test_split.txt", 2, lambda cells: _one_of(cells[1], range(2)) == 1)
    check_covers(root / "image_class_labels.txt", labels.keys(), paths.keys())
    check_covers(root / "train_test_split.txt", trained.keys(), paths.keys())
    images = tuple(Image(number, paths[number], labels[number], trained[number]) for number in paths)
    present = tuple((root / "images" / image.path).is_file() for image in images)
    if absent := [image.number for image, there in zip(images, present, strict=True) if not there]:
        there = f"{len(images) - len(absent):,} of {len(images):,} images of images.txt are there"
        notes.append(f"{there}; {len(absent):,} ids have no image: {_first(absent)}")
    if strangers := _strangers(root, {image.path for image in images}):
        shown = ", ".join(strangers[:SHOWN])
        notes.append(f"{len(strangers):,} image files in no line of images.txt were left out: {shown}"[:500])
    if not any(present):
        raise InputError(f"{root / 'images'}: holds none of the images of images.txt; unpack the archive again")
    return Layout(root, tuple(classes), images, present, tuple(notes))


def find_root(path: Path | None) -> Path:
    """The folder that holds ``images.txt``: the one that is named, or ``CUB_200_2011`` in it.

    Raises:
        InputError: if there is none.
    """
    if path is None:
        raise InputError(
            "data.path: cub200 reads the official folder; name it by --data .../CUB_200_2011 "
            "('sparsight data where cub200' says where it is had)"
        )
    check_folder(path, WANTED)
    for root in (path, path / "CUB_200_2011", path / "CUB_200_2011" / "CUB_200_2011"):
        if (root / "images.txt").is_file():
            return root
    packed = next((file.name for file in listed(path) if file.suffix.lower() in ARCHIVES), None)
    hint = f"unpack {packed}" if packed else f"name {WANTED} as unpacked"
    raise InputError(f"{path}: holds no images.txt, nor does CUB_200_2011 in it; {hint}")


def rows(path: Path, least: int) -> list[tuple[int, list[str]]]:
    """Line numbers and cells of a table whose cells are parted by spaces.

    Raises:
        InputError: if the file cannot be read, or a line has fewer cells.
    """
    check_readable_file(path)
    lines = table_text(path, "restore it from the archive").splitlines()
    found = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    for number, cells in found:
        if len(cells) < least:
            raise InputError(f"{path}: line {number}: has {len(cells)} cells, not {least}; restore the file")
    if not found:
        raise InputError(f"{path}: empty; restore it from the archive")
    return found


def keyed(path: Path, least: int, value: Callable[[list[str]], T]) -> dict[int, T]:
    """A table by the number in its first cell.

    Raises:
        InputError: if a number is none, or stands twice, or ``value`` raises a ValueError for a line.
    """
    table: dict[int, T] = {}
    for line, cells in rows(path, least):
        try:
            number = int(cells[0])
            found = value(cells)
        except ValueError as error:
            raise InputError(f"{path}: line {line}: {error}; restore the file") from None
        if number in table:
            raise InputError(f"{path}: line {line}: {number} stands twice; restore the file")
        table[number] = found
    return table


def numbered(path: Path, value: Callable[[list[str]], T]) -> list[T]:
    """A table whose first cells are 1, 2, ... in any order, in that order.

    Raises:
        InputError: as ``keyed``, or if a number is missing.
    """
    table = keyed(path, 2, value)
    if sorted(table) != list(range(1, len(table) + 1)):
        raise InputError(f"{path}: lines must be numbered from 1 without a gap; restore the file")
    return [table[number] for number in sorted(table)]


def check_covers(path: Path, numbers: Set[int], images: Set[int]) -> None:
    """Raise InputError if a table lacks images, or speaks of others; with counts and the first ones."""
    if missing := sorted(images - numbers):
        raise InputError(f"{path}: no line for {len(missing):,} images of images.txt, as {_first(missing)}; restore it")
    if more := sorted(numbers - images):
        raise InputError(f"{path}: {len(more):,} ids are in no line of images.txt, as {_first(more)}; restore it")


def spoken_class(folder: str) -> str:
    """``001.Black_footed_Albatross`` as the paper prints it."""
    number, dot, name = folder.partition(".")
    return (name if dot and number.isdecimal() else folder).replace("_", " ")


def _first(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:SHOWN])) + (", ..." if len(numbers) > SHOWN else "")


def _one_of(cell: str, allowed: range) -> int:
    number = int(cell)
    if number not in allowed:
        raise ValueError(f"{number} is not from {allowed[0]} to {allowed[-1]}")
    return number


def _inside(cell: str) -> Path:
    path = PurePosixPath(cell)
    if path.is_absolute() or ".." in path.parts or "\0" in cell:
        raise ValueError(f"{cell[:80]!r} leads out of the folder images")
    return Path(path)


def _strangers(root: Path, known: set[Path]) -> list[str]:
    found = sorted(path for path in (root / "images").rglob("*") if path.suffix.lower() in EXTENSIONS)
    return [path.name for path in found if path.relative_to(root / "images") not in known and path.is_file()]
