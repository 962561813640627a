"""What every model scores, the original and those trained again among them, and what it was shown."""

import math

from sparsight.report.audit.data import AuditData, AuditInput
from sparsight.report.audit.words import metric_of, short
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, number, plain, sentence

_ROLES = {"original": "the original", "model": "compared", "floor": "trained again"}


def accuracy_sheet(data: AuditData) -> Sheet | None:
    """A row a model, a column a measure, then what it was shown; last the constant answer. None where nothing was
    measured."""
    columns = list(dict.fromkeys(data.accuracy[["of", "metric"]].itertuples(index=False, name=None)))
    found: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for model, role, of, metric, value in data.accuracy[["model", "role", "of", "metric", "value"]].itertuples(
        index=False, name=None
    ):
        found.setdefault((str(model), str(role)), {})[of, metric] = float(value)
    if not found:
        return None
    known = {one.name: one for one in data.inputs}
    rows = [
        (
            *(short(data, model, 80), _ROLES.get(role, role)),
            *(number(own.get(column, math.nan)) for column in columns),
            *_shown(known.get(model)),
        )
        for (model, role), own in found.items()
    ]
    if data.constant is not None:
        line = {"accuracy": data.constant.share, "balanced_accuracy": data.constant.balanced}
        of_constant = (number(line.get(metric, math.nan)) if of in ("f", "g") else NO_VALUE for of, metric in columns)
        rows.append((f"always {plain(data.constant.label, 60)}", "the constant answer", *of_constant, *_shown(None)))
    header = ("Model", "Role", *(_words(data, of, metric) for of, metric in columns), "Pixels", "Mean", "Deviation")
    caption = "What every model scores on the test images, and how these were handed to it."
    return Sheet("accuracy", caption, (Table("Test images", header, tuple(rows)),), data.accuracy)


def _shown(one: AuditInput | None) -> tuple[str, str, str]:
    """Size of the images, and mean and deviation, one number where the channels share it."""
    if one is None:
        return (NO_VALUE,) * 3
    mean, deviation = (
        f"{own[0]:.4g}" if len(set(own)) == 1 else " ".join(f"{value:.4g}" for value in own)
        for own in (one.mean, one.deviation)
    )
    return (" x ".join(map(str, one.size)), mean, deviation)


def _words(data: AuditData, of: str, metric: str) -> str:
    if metric == "auroc" and of == "concepts":
        return metric_of(data, "concept_auroc")
    return sentence(metric_of(data, metric, method=of))
