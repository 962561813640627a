"""The report of an audit: values come in, files go out."""

from sparsight.report.audit.data import COLUMNS, AuditData, AuditHeadline, AuditMap, AuditPicture

__all__ = ["COLUMNS", "AuditData", "AuditHeadline", "AuditMap", "AuditPicture"]
