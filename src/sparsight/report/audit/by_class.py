"""What is known of each class, by model, and which classes moved most."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sparsight.report.audit.data import AuditData

ORDER = ("map_spearman", "map_iou_20", "weight_spearman", "top_k_jaccard")
"""Drifts by class, the one that classes are sorted by first; of those that are missing the next."""


@dataclass(frozen=True)
class ByClass:
    """Accuracy and drifts by model and class.

    Attributes:
        values: by model, class and metric; ``images`` is how many there are.
        models: those that are compared with the original.
        lead: the drift that classes are sorted by; empty where none is known by class.
    """

    values: Mapping[str, Mapping[str, Mapping[str, float]]]
    models: tuple[str, ...]
    lead: str

    def value(self, model: str, label: str, metric: str) -> float:
        """A number; NaN where it is not known."""
        return self.values.get(model, {}).get(label, {}).get(metric, math.nan)

    def worst_first(self, model: str) -> list[str]:
        """A model's classes by falling drift, or by rising accuracy where no drift is known; the unknown last."""

        def key(label: str) -> float:
            value = self.value(model, label, self.lead) if self.lead else -self.value(model, label, "accuracy")
            return math.inf if math.isnan(value) else -value

        return sorted(self.values.get(model, {}), key=key)

    def most(self, label: str) -> float:
        """The largest drift of a class in any model; NaN where none is known."""
        return _largest(self.value(model, label, self.lead) for model in self.models)

    def moved(self) -> list[str]:
        """The classes whose drift is known in some model, those that moved most in any of them first."""
        labels = dict.fromkeys(label for model in self.models for label in self.values.get(model, {}))
        known = {label: value for label in labels if math.isfinite(value := self.most(label))}
        return sorted(known, key=lambda label: -known[label])

    def worst_model(self, label: str) -> str:
        """The model in which a class of :meth:`moved` moved most."""
        return next(model for model in self.models if self.value(model, label, self.lead) == self.most(label))


def by_class(data: AuditData) -> ByClass:
    """What the audit found by class."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    columns = ["model", "class", "metric", "value", "images"]
    for model, label, metric, value, images in data.classes_table[columns].itertuples(index=False, name=None):
        own = found.setdefault(str(model), {}).setdefault(str(label), {"images": float(images)})
        own[str(metric)] = float(value)
    known = set(data.classes_table.dropna(subset=["value"])["metric"])
    return ByClass(found, data.models, next((metric for metric in ORDER if metric in known), ""))


def _largest(values: Iterable[float]) -> float:
    return max((value for value in values if math.isfinite(value)), default=math.nan)
