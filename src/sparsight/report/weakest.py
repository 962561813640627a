"""The concepts that are read worst."""

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.measures import Measures, weakest_concepts
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import number

_MOST = 8
_COLUMNS = ["arm", "method", "concept", "dense", "last"]


def weakest_tables(data: ReportData, measured: Measures) -> list[tuple[str, list[Table]]]:
    """One table an arm, for each way of learning concepts."""
    header = ("Concept", "Dense", "Last round")
    return [
        (
            own.label,
            [
                Table(arm, header, tuple((name, number(dense), number(last)) for name, dense, last in weakest))
                for arm, weakest in weakest_concepts(data, method, _MOST).items()
                if weakest
            ],
        )
        for method, own in measured.auroc.items()
    ]


def weakest_sheet(data: ReportData, measured: Measures) -> Sheet | None:
    """The same with its numbers; none where no quality of concepts was recorded."""
    tables = tuple(table for _, own in weakest_tables(data, measured) for table in own)
    rows = [
        (arm, method, *one)
        for method in measured.auroc
        for arm, weakest in weakest_concepts(data, method, _MOST).items()
        for one in weakest
    ]
    caption = "The concepts with the lowest held-out AUROC at the last round, and when dense."
    return Sheet("concepts-weakest", caption, tables, pd.DataFrame(rows, columns=_COLUMNS)) if tables else None
