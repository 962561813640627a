"""The report: values come in, files go out, nothing is computed."""

from sparsight.report.constant import ConstantAnswer
from sparsight.report.contact_sheet import contact_sheet
from sparsight.report.data import COLUMNS, ReportData, Strip, StripCell
from sparsight.report.measures import method_words
from sparsight.report.notebook import study_summary
from sparsight.report.text import enough_digits
from sparsight.report.write import LIST_KIND, PAGES, write_report

__all__ = [
    "COLUMNS",
    "LIST_KIND",
    "PAGES",
    "ConstantAnswer",
    "ReportData",
    "Strip",
    "StripCell",
    "contact_sheet",
    "enough_digits",
    "method_words",
    "study_summary",
    "write_report",
]
