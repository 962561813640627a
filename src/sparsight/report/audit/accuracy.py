"""What every model scores, the original and those trained again among them."""

import math

from sparsight.report.audit.data import AuditData
from sparsight.report.audit.words import metric_of, short
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import number, sentence

_ROLES = {"original": "the original", "model": "compared", "floor": "trained again"}


def accuracy_sheet(data: AuditData) -> Sheet | None:
    """A row a model, a column a measure; None where nothing was measured."""
    columns = list(dict.fromkeys(data.accuracy[["of", "metric"]].itertuples(index=False, name=None)))
    found: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for model, role, of, metric, value in data.accuracy[["model", "role", "of", "metric", "value"]].itertuples(
        index=False, name=None
    ):
        found.setdefault((str(model), str(role)), {})[of, metric] = float(value)
    if not found:
        return None
    rows = tuple(
        (short(data, model, 80), _ROLES.get(role, role), *(number(own.get(column, math.nan)) for column in columns))
        for (model, role), own in found.items()
    )
    header = ("Model", "Role", *(_words(data, of, metric) for of, metric in columns))
    caption = "What every model scores on the test images."
    return Sheet("accuracy", caption, (Table("Test images", header, rows),), data.accuracy)


def _words(data: AuditData, of: str, metric: str) -> str:
    if metric == "auroc" and of == "concepts":
        return metric_of(data, "concept_auroc")
    return sentence(metric_of(data, metric, method=of))
