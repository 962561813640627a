"""Derm7pt as a source of concepts: eight dermoscopic criteria, with images that show them and images that do not."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sparsight.data.examples import SHOWN, ConceptFiles, ConceptSource
from sparsight.data.listing import check_folder, files_below, folders
from sparsight.data.table import TableRow, read_table
from sparsight.errors import InputError

ABSENT_VALUE = "absent"
VALUES = {
    "pigment_network": ("typical", "atypical"),
    "streaks": ("regular", "irregular"),
    "dots_and_globules": ("regular", "irregular"),
    "regression_structures": ("blue areas", "white areas", "combinations"),
    "blue_whitish_veil": ("present",),
}
"""The columns of ``meta.csv`` that concepts are made of, and what stands in them beside ``absent``."""
CONCEPTS = {
    "TypicalPigmentNetwork": ("pigment_network", ("typical",)),
    "AtypicalPigmentNetwork": ("pigment_network", ("atypical",)),
    "RegularStreaks": ("streaks", ("regular",)),
    "IrregularStreaks": ("streaks", ("irregular",)),
    "RegularDG": ("dots_and_globules", ("regular",)),
    "IrregularDG": ("dots_and_globules", ("irregular",)),
    "RegressionStructures": ("regression_structures", VALUES["regression_structures"]),
    "BWV": ("blue_whitish_veil", ("present",)),
}
"""The paper's concepts: the column of each, and the values of its positive examples. Negative ones are ``absent``."""
PARTS = ("train", "valid")
"""The official parts whose rows give examples; the test rows do not."""
WANTED = "the folder of Derm7pt, with meta and images in it"


@dataclass(frozen=True)
class _Case:
    row: TableRow
    image: Path | None


def read_derm7pt(path: Path) -> ConceptSource:
    """The eight concepts of the paper, from the training and validation rows of the official folder.

    Positive examples have the concept's value in its column, negative ones ``absent``; the opposite type (atypical, for
    the typical network) is neither. The image is the dermoscopic one, in column ``derm``, below ``images``; capitals in
    its name may differ from the file's. Images that are not there are counted, and left out.

    Raises:
        InputError: if the folder has another layout, or a table says what cannot be.

    References:
        Kawahara et al. Seven-point checklist and skin lesion classification using multitask multimodal neural nets.
        IEEE JBHI 23(2), 2019.
    """
    root = find_derm7pt(path)
    notes = [f"Derm7pt read from {root.relative_to(path)}"] if root != path else []
    cases = _cases(root)
    if absent := [case.row.cells["derm"] for case in cases if case.image is None]:
        shown = ", ".join(absent[:SHOWN])
        notes.append(f"Derm7pt: {len(absent)} of {len(cases)} images of meta.csv are not there, as {shown}"[:500])
        if len(absent) == len(cases):
            raise InputError(f"{root / 'images'}: holds none of the images of meta.csv, as {shown}; unpack it again")
    found = []
    for name, (column, values) in CONCEPTS.items():
        shows = tuple(c.image for c in cases if c.image is not None and c.row.cells[column] in values)
        lacks = tuple(c.image for c in cases if c.image is not None and c.row.cells[column] == ABSENT_VALUE)
        found.append(ConceptFiles(name, column, shows, lacks))
    return ConceptSource(tuple(found), tuple(notes))


def find_derm7pt(path: Path) -> Path:
    """The folder that holds ``meta/meta.csv``: the one that is named, or the one in it that does.

    Raises:
        InputError: if there is none.
    """
    check_folder(path, WANTED)
    if (path / "meta" / "meta.csv").is_file():
        return path
    inside = [folder for folder in folders(path) if (folder / "meta" / "meta.csv").is_file()]
    if len(inside) != 1:
        state = "several folders with" if inside else "no"
        raise InputError(f"{path}: holds {state} meta/meta.csv; name {WANTED}")
    return inside[0]


def _cases(root: Path) -> list[_Case]:
    """The training and validation rows, by line, with their images."""
    meta = root / "meta" / "meta.csv"
    rows = read_table(meta, (*VALUES, "derm"))
    for row in rows:
        row.cells.update({column: row.cells[column].lower() for column in VALUES})
        for column, known in VALUES.items():
            if (value := row.cells[column]) not in (ABSENT_VALUE, *known):
                allowed = ", ".join((ABSENT_VALUE, *known))
                raise InputError(f"{meta}: line {row.line}: {column} is {value[:40]!r}, not one of {allowed}")
    chosen: dict[int, Path] = {}
    for part in PARTS:
        table = root / "meta" / f"{part}_indexes.csv"
        for line in read_table(table, ("indexes",)):
            index = _index(line, table, len(rows))
            if index in chosen:
                raise InputError(f"{table}: line {line.line}: index {index} stands in {chosen[index].name} already")
            chosen[index] = table
    files = {
        file.relative_to(root / "images").as_posix().lower(): file
        for file in (files_below(root / "images", 3) if (root / "images").is_dir() else [])
    }
    return [_Case(rows[i], files.get(_inside(rows[i], meta).as_posix().lower())) for i in sorted(chosen)]


def _index(row: TableRow, table: Path, count: int) -> int:
    cell = row.cells["indexes"]
    if not (cell.isascii() and cell.isdecimal()) or int(cell) >= count:
        raise InputError(
            f"{table}: line {row.line}: index {cell[:40]!r} is no row of meta.csv, whose rows are 0 to {count - 1}"
        )
    return int(cell)


def _inside(row: TableRow, table: Path) -> PurePosixPath:
    cell = row.cells["derm"]
    image = PurePosixPath(cell)
    if not cell or image.is_absolute() or ".." in image.parts or "\0" in cell or "\\" in cell:
        raise InputError(f"{table}: line {row.line}: derm is {cell[:80]!r}, no path below the folder images")
    return image
