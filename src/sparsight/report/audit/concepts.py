"""The top concepts of each class, of the original and of every model side by side; the shared ones are marked."""

import pandas as pd

from sparsight.report.audit.data import AuditData
from sparsight.report.audit.words import short
from sparsight.report.quantity import select
from sparsight.report.tables import ConceptTable, lists_by_class, share_in_common


def shared_frame(data: AuditData) -> pd.DataFrame:
    """The concepts with the column ``shared``.

    Of a model: whether the original lists the concept for the class, too. Of the original: whether every model does.
    """
    keys = ["class", "concept"]
    lists = {
        str(model): set(own[keys].itertuples(index=False, name=None)) for model, own in data.concepts.groupby("model")
    }
    others = [lists[model] for model in data.models if model in lists]
    common = set.intersection(*others) if others else set()
    shared = [
        (label, concept) in (common if model == data.original else lists.get(data.original, set()))
        for model, label, concept in data.concepts[["model", *keys]].itertuples(index=False, name=None)
    ]
    return data.concepts.assign(shared=shared)


def concept_table(data: AuditData, shared: pd.DataFrame) -> ConceptTable | None:
    """One column a model, the original's first; None where no concepts were learned.

    Args:
        data: the report's data.
        shared: what :func:`shared_frame` gave.
    """
    models = [model for model in (data.original, *data.models) if (shared["model"] == model).any()]
    if not models:
        return None
    cells = [lists_by_class(select(shared, model=model)) for model in models]
    rows = tuple((label, tuple(own.get(label, ()) for own in cells)) for label in data.classes)
    shares = tuple(share_in_common(own, cells[0]) for own in cells)
    return ConceptTable(short(data, data.original, 60), tuple(short(data, one, 60) for one in models), rows, shares)
