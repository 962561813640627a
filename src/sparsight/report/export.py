"""Tables as CSV and as LaTeX."""

import re

import pandas as pd
from pandas.api.types import is_numeric_dtype

from sparsight.io import written_cell
from sparsight.report.tables import ConceptTable, Table
from sparsight.report.text import number, plain

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "\u2212": "$-$",
    "✓": "",
    "✗": "",
    "≠": "$\\neq$",
    "⊘": "",
    "“": "``",
    "”": "''",
    "…": r"\ldots{}",
}
_SPECIAL = re.compile("|".join(map(re.escape, _LATEX)))


def csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV, UTF-8, with ``\\n`` at the end of a line; a value that is not defined is empty.

    Names are written by ``io.written_cell``: none is a formula to a spreadsheet or a command to a terminal.
    """
    shown = frame.copy(deep=False)
    for name in frame.columns[[not is_numeric_dtype(kind) for kind in frame.dtypes]]:
        shown[name] = frame[name].map(_inert, na_action="ignore")
    shown.columns = shown.columns.map(_inert)
    return shown.to_csv(index=False, lineterminator="\n").encode("utf-8", "replace")


def _inert(value: object) -> object:
    return written_cell(value) if isinstance(value, str) else value


def escaped(text: str) -> str:
    """Text for LaTeX: nothing in it is a command."""
    return _SPECIAL.sub(lambda found: _LATEX[found.group()], plain(text))


def latex(tables: list[Table]) -> bytes:
    r"""One ``tabular`` a table, with plain ``\hline`` rules: no package is needed but ``[T1]{fontenc}`` for quotes."""
    return _document(
        [_tabular(table.caption, table.header, [list(map(escaped, row)) for row in table.rows]) for table in tables]
    )


def latex_concepts(table: ConceptTable, original: str = "dense network") -> bytes:
    """The concepts of one arm; those that the dense network, or whatever it is called, lists, too, in bold."""
    rows = [
        [escaped(label), *(", ".join(_bold(concept.name, concept.shared) for concept in cell) for cell in cells)]
        for label, cells in table.rows
    ]
    rows.append([f"shared with the {original}", *(escaped(number(share, 2)) for share in table.shared)])
    return _document([_tabular(table.arm, ("Class", *table.columns), rows)])


def _bold(name: str, bold: bool) -> str:
    return rf"\textbf{{{escaped(name)}}}" if bold else escaped(name)


def _tabular(caption: str, header: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [" & ".join(row) + r" \\" for row in rows]
    return "\n".join(
        [
            rf"% {plain(caption)}",
            rf"\begin{{tabular}}{{l{'l' * (len(header) - 1)}}}",
            r"\hline",
            " & ".join(map(escaped, header)) + r" \\",
            r"\hline",
            *lines,
            r"\hline",
            r"\end{tabular}",
        ]
    )


def _document(tabulars: list[str]) -> bytes:
    return ("\n\n".join(tabulars) + "\n").encode("utf-8", "replace")
