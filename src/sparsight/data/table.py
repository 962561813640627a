"""The CSV tables that data sets come with: needed columns by name, the others passed over."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import check_readable_file


@dataclass(frozen=True)
class TableRow:
    """A row's line in the file, and its cells by column, without the blanks around them."""

    line: int
    cells: dict[str, str]


def read_table(path: Path, columns: Sequence[str]) -> list[TableRow]:
    """The rows of a CSV file with a header; cells are parted by commas, or by tabs if the header holds one.

    Args:
        path: of a text file in UTF-8.
        columns: those that are needed.

    Raises:
        InputError: naming the file and the line, if it is no such table or lacks a column or a row.
    """
    check_readable_file(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            tabs = "\t" in file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter="\t" if tabs else ",")
            lines = [(reader.line_num, row) for row in reader if row]
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8; restore the file") from None
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error}); restore the file") from None
    if len(lines) < 2:
        raise InputError(f"{path}: {'holds no rows' if lines else 'empty'}; restore the file")
    header = [cell.strip() for cell in lines[0][1]]
    if missing := [name for name in columns if name not in header]:
        raise InputError(f"{path}: line 1: no column {' and no column '.join(missing)}; restore the file")
    if ragged := [(line, row) for line, row in lines if len(row) != len(header)]:
        line, row = ragged[0]
        raise InputError(f"{path}: line {line}: has {len(row)} cells, the header {len(header)}; restore the file")
    at = {name: header.index(name) for name in columns}
    return [TableRow(line, {name: row[k].strip() for name, k in at.items()}) for line, row in lines[1:]]
