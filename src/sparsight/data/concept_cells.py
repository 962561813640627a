"""What a cell of a table of concepts says: present, absent, unknown, or nothing that is read."""

from collections.abc import Sequence
from pathlib import Path

from sparsight.data.dataset import ABSENT, PRESENT, UNKNOWN
from sparsight.errors import InputError

_WORDS = {
    PRESENT: ("true", "yes", "y", "t", "present", "positive", "pos", "on", "wahr", "vrai", "verdadero", "vero", "waar"),
    ABSENT: ("false", "no", "n", "f", "absent", "negative", "neg", "off", "falsch", "faux", "falso", "onwaar"),
    UNKNOWN: ("", "?", "-", "--", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nil", "unknown"),
}
_VALUES = {word: value for value, words in _WORDS.items() for word in words}
_SHOWN = 40


def concept_value(cell: str) -> int | None:
    """Return 1, 0 or -1 for a cell, by word or number (``TRUE``, ``yes``, ``1.0``, ``1,0``); None if it is neither."""
    plain = cell.strip().casefold()
    if plain in _VALUES:
        return _VALUES[plain]
    number = _number(plain)
    return int(number) if number in (PRESENT, ABSENT, UNKNOWN) else None


def concept_values(path: Path, columns: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]]) -> list[list[int]]:
    """Return the values of all rows of a table.

    Args:
        path: of the table.
        columns: the concepts' names in its header.
        rows: line in the file, and a cell a concept.

    Raises:
        InputError: naming the first cell that is not read, or if present is 1 and absent looks like -1.
    """
    known: dict[str, int | None] = {}
    for _, cells in rows:
        for cell in cells:
            if cell not in known:
                known[cell] = concept_value(cell)
    wrong = [
        (line, name, cell)
        for line, cells in rows
        for name, cell in zip(columns, cells, strict=True)
        if known[cell] is None
    ]
    if wrong:
        line, name, cell = wrong[0]
        more = f" (and {len(wrong) - 1:,} more cells)" if len(wrong) > 1 else ""
        number = _number(cell.strip())
        remedy = "write 1 for present, 0 for absent, or leave the cell empty for unknown"
        if number is not None and 0 < number < 1:
            remedy = (
                "a concept is present or absent: write 1 or 0 in place of a probability (1 from 0.5 on, for instance), "
                "or leave the cell empty where it is in doubt"
            )
        elif len(rows) > 1 and all(known[cells[columns.index(name)]] is None for _, cells in rows):
            remedy = (
                "no cell of this column is: remove it if it is no concept (if it states which images belong together, "
                f"name it by --set data.groups={name[:40]}), or {remedy}"
            )
        shown = cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}..."
        raise InputError(f"{path}: line {line}, column {name[:80]!r}: {shown!r} is not read{more}; {remedy}")
    stated = {cell: value for cell, value in known.items() if value is not None}
    if UNKNOWN in stated.values() and PRESENT in stated.values() and ABSENT not in stated.values():
        minus = any(value == UNKNOWN and _number(cell.strip()) is not None for cell, value in stated.items())
        raise InputError(
            f"{path}: cells are 1 and {'-1' if minus else 'unknown'}, and none is 0: write 0 where a concept is "
            "absent, and leave a cell empty where it is unknown"
        )
    return [[stated[cell] for cell in cells] for _, cells in rows]


def _number(text: str) -> float | None:
    """The number that a text spells, with a point or a comma; None for other words, NaN among them."""
    try:
        number = float(text.replace(",", ".", 1))
    except ValueError:
        return None
    return None if number != number or "_" in text else number
