"""Rows of the result tables, from the networks' evidence. The columns are ``sparsight.report.COLUMNS``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from sparsight.concepts import shown_weights, top_concepts
from sparsight.data import ConceptDataset
from sparsight.drift import top_k_jaccard, top_k_overlap
from sparsight.evidence import TARGETS, dependence
from sparsight.networks import Network
from sparsight.saliency import mask_area
from sparsight.stats import mean

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


def accuracy_rows(looked: Looked) -> Iterator[Row]:
    """Accuracies of f and g by split."""
    for model, splits in looked.metrics["accuracy"].items():
        for split, scores in splits.items():
            for metric, value in scores.items():
                yield (*looked.key, split, model, metric, value)


def faithfulness_rows(looked: Looked, data: ConceptDataset, method: str, saliency: str = "gradcam") -> Iterator[Row]:
    """Held-out scores of each concept; energy inside the object's mask, its area and dead maps, by target and class.

    Args:
        looked: the network.
        data: what it was looked at with.
        method: how concepts were learned.
        saliency: how maps were made.
    """
    for name, right, area in zip(
        looked.metrics["concepts"]["names"],
        looked.arrays["concepts/accuracy"].tolist(),
        looked.arrays["concepts/auroc"].tolist(),
        strict=True,
    ):
        yield (*looked.key, "concept_accuracy", method, "", "concept", name, right)
        yield (*looked.key, "concept_auroc", method, "", "concept", name, area)
    images = looked.metrics["saliency"]["images"]
    for target, dead in looked.metrics["saliency"]["dead_maps"].items():
        yield (*looked.key, "dead_maps", saliency, target, "all", "", dead / images)
    yield from _intervention_rows(looked)
    if data.object_masks is None:
        return
    labels = data.labels[data.splits["test"]]
    energy = looked.arrays["saliency/mask_energy"]
    area = mask_area(data.object_masks[data.splits["test"]])
    for measure, target, values in (
        *(("mask_energy", target, energy[:, t]) for t, target in enumerate(TARGETS)),
        ("mask_area", "", area),
    ):
        at = saliency if measure == "mask_energy" else ""
        for k, name in enumerate(data.class_names):
            yield (*looked.key, measure, at, target, "class", name, mean(values[labels == k].numpy()))
        yield (*looked.key, measure, at, target, "all", "", mean(values.numpy()))


def _intervention_rows(looked: Looked) -> Iterator[Row]:
    """How far each intervention moves the decision, by concept, group, part and habitat; none where none was made."""
    names = looked.metrics.get("interventions")
    if names is None:
        return
    kinds = {"concepts": "concept", "parts": "part", "habitats": "habitat"}
    key = looked.key
    moved = {kind: dependence(looked.arrays[f"interventions/{kind}"]).numpy() for kind in kinds}
    for kind, unit in kinds.items():
        for i, name in enumerate(names[kind]):
            yield (*key, f"do_{unit}", "intervention", "logits", unit, name, mean(moved[kind][:, i]))
    for group in dict.fromkeys(names["groups"]):
        own = [i for i, name in enumerate(names["groups"]) if name == group]
        yield (*key, "do_concept", "intervention", "logits", "group", group, mean(moved["concepts"][:, own]))
    yield (*key, "do_habitat", "intervention", "logits", "all", "", mean(moved["habitats"]))


def concept_rows(looked: Looked, data: ConceptDataset, top_k: int) -> Iterator[Row]:
    """The top concepts of each class in g, by signed weight; those without a positive weight are not listed."""
    names = looked.metrics["concepts"]["names"]
    weights = shown_weights(looked.arrays["g/weights"])
    for name, row, weight in zip(data.class_names, listed_concepts(weights, top_k).tolist(), weights, strict=True):
        for rank, index in enumerate((index for index in row if index >= 0), start=1):
            yield (*looked.key, name, rank, names[index], float(weight[index]))


def listed_concepts(weights: Tensor, top_k: int) -> Tensor:
    """Indices of the top concepts of each class, (k, top), -1 in place of a concept whose weight is not above 0."""
    indices, values = top_concepts(weights, top_k)
    return indices.masked_fill(values <= 0, -1)


def drift_rows(looked: Looked, data: ConceptDataset, top_k: int) -> Iterator[Row]:
    """Drift of each class's top concepts from the dense network of the same rule and seed."""
    tops = [listed_concepts(shown_weights(side["g/weights"]), top_k) for side in (looked.dense, looked.arrays)]
    reference = (looked.network.dense.arm, looked.network.seed, 0, 0)
    for metric, measure in (("top_k_overlap", top_k_overlap), ("top_k_jaccard", top_k_jaccard)):
        for name, value in zip(data.class_names, measure(*tops).tolist(), strict=True):
            yield (*looked.key, *reference, "concepts", metric, "pcbm", "", "train", "class", name, value)
