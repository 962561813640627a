"""The report: values come in, files go out, nothing is computed."""

from sparsight.report.data import COLUMNS, ReportData, Strip, StripCell
from sparsight.report.write import write_report

__all__ = ["COLUMNS", "ReportData", "Strip", "StripCell", "write_report"]
