"""Names in cells of CSV: no spreadsheet calculates them, no terminal obeys them, and they are read back as written."""

import re

from sparsight.unseen import hidden

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a cell begins with that spreadsheets calculate, and the mark that it is text."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


def written_cell(name: str) -> str:
    r"""A name as a cell: with an apostrophe before what a spreadsheet would calculate, and ``\x1b`` for what is not
    seen but does something; a backslash is doubled. Line breaks and tabs stay: CSV quotes them.
    """
    text = "".join(_written(letter) for letter in name)
    formula = text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula else text


def read_cell(cell: str) -> str:
    """The name of which ``written_cell`` made a cell."""
    return _ESCAPE.sub(_read, cell.removeprefix("'"))


def _written(letter: str) -> str:
    if letter == "\\":
        return r"\\"
    return letter if letter in "\n\t" else hidden(letter)


def _read(found: re.Match[str]) -> str:
    body = found.group(1)
    return body if body == "\\" else chr(int(body[1:], 16))
