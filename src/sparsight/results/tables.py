"""Rows of the result tables, from the networks' evidence. The columns are ``sparsight.report.COLUMNS``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from sparsight.concepts import ConceptSettings, resolved, shown_weights
from sparsight.data import ConceptDataset
from sparsight.drift import listed
from sparsight.evidence import has_concepts
from sparsight.networks import Network

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Looked:
    """A network with its evidence, under the name that its rows carry.

    Attributes:
        network: the network itself; for round 0 of an arm, its dense parent.
        key: the first five columns: arm, seed, repeat, round, weights remaining.
        dense: the evidence of the network that it is compared with.
    """

    network: Network
    key: Row
    metrics: Mapping[str, Any]
    arrays: Mapping[str, Tensor]
    dense: Mapping[str, Tensor]

    @property
    def concepts(self) -> tuple[str, ...]:
        """Names of the concepts in use; none where the data set has none, and then there is no g."""
        return tuple(self.metrics["concepts"]["names"]) if has_concepts(self.metrics) else ()


def accuracy_rows(looked: Looked) -> Iterator[Row]:
    """Accuracies by split of f and the probe, and where there are concepts of g and g on random directions."""
    for model, splits in looked.metrics["accuracy"].items():
        for split, scores in splits.items():
            for metric, value in scores.items():
                yield (*looked.key, split, model, metric, value)


def concept_rows(looked: Looked, data: ConceptDataset, concepts: ConceptSettings) -> Iterator[Row]:
    """The top concepts of each class in g, by signed weight; those without a positive weight are not listed.

    Weights that g's solver does not tell apart are equal (``resolved``): of those the first concept comes first.
    """
    if not looked.concepts:
        return
    weights = shown_weights(looked.arrays["g/weights"])
    tops = listed(resolved(weights, concepts.tolerance), concepts.top_k).tolist()
    for name, row, weight in zip(data.class_names, tops, weights, strict=True):
        for rank, index in enumerate((index for index in row if index >= 0), start=1):
            yield (*looked.key, name, rank, looked.concepts[index], float(weight[index]))
