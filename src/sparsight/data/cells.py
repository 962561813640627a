"""Tables of strangers as rows of cells, by whatever program they were saved."""

import codecs
import csv
import io
import re
from collections.abc import Collection
from pathlib import Path

from sparsight.errors import InputError
from sparsight.io import check_readable_file

_PARTED_BY = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_cells(path: Path, wanted: Collection[str], remedy: str, strict: bool = False) -> list[tuple[int, list[str]]]:
    """Read the rows of a text table that are not blank: the header first, each with its line in the file.

    The text is UTF-8, or UTF-16 or UTF-32 as its mark says. Cells are parted by commas, semicolons, tabs or bars:
    whichever gives the header most of the wanted columns. Blanks around cells are cut off, as are empty cells behind
    the last named column.

    Args:
        path: of the file.
        wanted: names of columns in small letters, by which the header is known.
        remedy: what to do with a file that is no such table.
        strict: whether stray quotes are an error.

    Raises:
        InputError: naming the file and the line, if it is no such table, or a row has too few or too many cells.
    """
    check_readable_file(path)
    lines = io.StringIO(table_text(path, remedy), newline="").readlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if stated := re.fullmatch(r'"?sep=(.)"?\s*', lines[first] if lines else ""):  # as Excel writes it
        delimiter, skipped = stated[1], first + 1
    else:
        delimiter, skipped = _delimiter(lines[first] if lines else "", wanted), 0
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=strict)
    try:
        rows = [(reader.line_num + skipped, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise InputError(
            f"{path}: line {reader.line_num + skipped}: not a row of a CSV file ({error}); {remedy}"
        ) from None
    rows = [(line, row) for line, row in rows if any(row)]
    if not rows:
        return []
    width = max(k + 1 for k, cell in enumerate(rows[0][1]) if cell)
    for line, row in rows:
        if len(row) < width or any(row[width:]):
            count = max([width, *(k + 1 for k, cell in enumerate(row) if cell)]) if len(row) > width else len(row)
            raise InputError(f"{path}: line {line}: has {count} cells, the header {width}; {remedy}")
    return [(line, row[:width]) for line, row in rows]


def table_text(path: Path, remedy: str) -> str:
    """Return the text of a table in UTF-8, or in UTF-16 or UTF-32 as its mark says.

    Raises:
        InputError: naming the file and the line, if it is no text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); mend its permissions or its disk") from None
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and len(content) > 1 and b"\0" in content[:2]:  # UTF-16 without its mark
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}: line {line}: not a text file in UTF-8; {remedy}") from None
    if "\0" in text:
        raise InputError(f"{path}: not a text file; {remedy}")
    return text


def _delimiter(header: str, wanted: Collection[str]) -> str:
    """What parts the cells of a header."""

    def found(delimiter: str) -> tuple[int, int]:
        try:
            cells = [cell.strip().casefold() for cell in next(csv.reader([header], delimiter=delimiter), [])]
        except csv.Error:  # a long header that another one parts is one cell, too large for the reader
            return 0, 0
        return sum(name in cells for name in wanted), len(cells)

    return max(_PARTED_BY, key=found)
