"""The CSV tables that data sets come with: needed columns by name, the others passed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsight.data.cells import read_cells
from sparsight.errors import InputError


@dataclass(frozen=True)
class TableRow:
    """A row's line in the file, and its cells by column, without the blanks around them."""

    line: int
    cells: dict[str, str]


def read_table(path: Path, columns: Sequence[str]) -> list[TableRow]:
    """Read the rows of a CSV file with a header (``read_cells``); columns may be in capitals.

    Args:
        path: of the file.
        columns: those that are needed, in small letters.

    Raises:
        InputError: naming the file and the line, if it is no such table or lacks a column or a row.
    """
    lines = read_cells(path, columns, "restore the file")
    if len(lines) < 2:
        raise InputError(f"{path}: {'holds no rows' if lines else 'empty'}; restore the file")
    header = [cell.casefold() for cell in lines[0][1]]
    if missing := [name for name in columns if name not in header]:
        shown = ", ".join(cell[:40] for cell in lines[0][1][:8])
        raise InputError(
            f"{path}: line 1: no column {' and no column '.join(missing)}; restore the file (it has {shown})"
        )
    at = {name: header.index(name) for name in columns}
    return [TableRow(line, {name: row[k] for name, k in at.items()}) for line, row in lines[1:]]
