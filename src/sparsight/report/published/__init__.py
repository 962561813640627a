"""What the paper printed beside what a run measured: its figure, its tables, its claims."""

from sparsight.report.published.claims import claims_sheet
from sparsight.report.published.curve import printed_marks
from sparsight.report.published.paper import DATA_SETS, PAPER, figures_shown, prints
from sparsight.report.published.top_concepts import overlap_sheet, tables_sheet

__all__ = [
    "DATA_SETS",
    "PAPER",
    "claims_sheet",
    "figures_shown",
    "overlap_sheet",
    "printed_marks",
    "prints",
    "tables_sheet",
]
