"""The classes as tables, those that moved most first."""

import math

from sparsight.report.audit.by_class import ORDER, ByClass, by_class
from sparsight.report.audit.data import AuditData
from sparsight.report.audit.words import metric_of, short
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import number


def class_sheet(data: AuditData) -> Sheet | None:
    """Every class of every model; None where nothing is known by class."""
    found = by_class(data)
    tables = tuple(class_table(data, found, model) for model in data.models if found.values.get(model))
    return Sheet("classes", "Accuracy and drift by class.", tables, data.classes_table) if tables else None


def class_table(data: AuditData, found: ByClass, model: str) -> Table:
    """The classes of one model, those that moved most first."""
    labels = found.worst_first(model)
    known = [metric for metric in ORDER if any(math.isfinite(found.value(model, label, metric)) for label in labels)]
    metrics = sorted(known, key=lambda metric: metric != found.lead)
    header = (
        *("Class", "Images", "Accuracy", "Original's accuracy"),
        *(f"{metric_of(data, metric)}{' ▾' if metric == found.lead else ''}" for metric in metrics),
    )
    rows = tuple(
        (
            label,
            number(found.value(model, label, "images"), 0),
            number(found.value(model, label, "accuracy")),
            number(found.value(data.original, label, "accuracy")),
            *(number(found.value(model, label, metric)) for metric in metrics),
        )
        for label in labels
    )
    return Table(f"Classes under {short(data, model, 40)}", header, rows)
