"""The report of an audit: values come in, files go out."""

from sparsight.report.audit.contents import contents
from sparsight.report.audit.data import (
    COLUMNS,
    AuditData,
    AuditHeadline,
    AuditInput,
    AuditMap,
    AuditPicture,
)
from sparsight.report.audit.summary import summary_html
from sparsight.report.audit.words import failed_gate, gate_words, measure_words, reason_words, row_words, short
from sparsight.report.audit.write import write_audit_report

__all__ = [
    "COLUMNS",
    "AuditData",
    "AuditHeadline",
    "AuditInput",
    "AuditMap",
    "AuditPicture",
    "contents",
    "failed_gate",
    "gate_words",
    "measure_words",
    "reason_words",
    "row_words",
    "short",
    "summary_html",
    "write_audit_report",
]
