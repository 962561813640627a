"""Rows of ``faithfulness.csv``: what one network's evidence says of what is true."""

from collections.abc import Iterator

import torch
from torch import Tensor

from sparsight.comparison import of_explained, visible_parts
from sparsight.concepts import ConceptSettings, resolved, shown_weights
from sparsight.data import ConceptDataset
from sparsight.drift import energy_against_truth, reordered, weights_against_truth
from sparsight.evidence import TARGETS, dependence, named_concepts
from sparsight.results.tables import Looked, Row
from sparsight.saliency import mask_area, part_area, part_energy, pointing_game
from sparsight.stats import mean

_DENSE = TARGETS.index("dense")


def faithfulness_rows(
    looked: Looked, data: ConceptDataset, concepts: ConceptSettings, saliency: str = "gradcam"
) -> Iterator[Row]:
    """Held-out scores of each concept, if there are any; energy inside the object's mask, its area and dead maps, by
    target and class.

    Args:
        looked: the network.
        data: what it was looked at with.
        concepts: how they were learned.
        saliency: how maps were made.
    """
    if looked.concepts:
        yield from _concept_rows(looked, concepts.method)
        yield from _order_rows(looked, data, concepts)
    images = looked.metrics["saliency"]["images"]
    for target, dead in looked.metrics["saliency"]["dead_maps"].items():
        yield (*looked.key, "dead_maps", saliency, target, "all", "", dead / images)
    yield from _intervention_rows(looked)
    yield from _truth_rows(looked, data, concepts, saliency)
    if data.object_masks is None:
        return
    labels = data.labels[data.splits["test"]]
    energy = looked.arrays["saliency/mask_energy"]
    area = mask_area(data.object_masks[data.splits["test"]])
    maps, masks = looked.arrays["saliency/maps"], data.object_masks[data.splits["test"]]
    for measure, target, values in (
        *(("mask_energy", target, energy[:, t]) for t, target in enumerate(TARGETS)),
        *(("pointing_game", target, pointing_game(maps[:, t], masks)) for t, target in enumerate(TARGETS)),
        ("mask_area", "", area),
    ):
        at = "" if measure == "mask_area" else saliency
        for k, name in enumerate(data.class_names):
            yield (*looked.key, measure, at, target, "class", name, mean(values[labels == k].numpy()))
        yield (*looked.key, measure, at, target, "all", "", mean(values.numpy()))
    if data.part_masks is not None:
        yield from _part_rows(looked, data, data.part_masks[data.splits["test"]], saliency)


def _concept_rows(looked: Looked, method: str) -> Iterator[Row]:
    """Held-out scores of each concept."""
    rights, areas = (looked.arrays[f"concepts/{score}"].tolist() for score in ("accuracy", "auroc"))
    for name, right, area in zip(looked.concepts, rights, areas, strict=True):
        yield (*looked.key, "concept_accuracy", method, "", "concept", name, right)
        yield (*looked.key, "concept_auroc", method, "", "concept", name, area)


def _order_rows(looked: Looked, data: ConceptDataset, concepts: ConceptSettings) -> Iterator[Row]:
    """What the order of equal columns alone would change of the lists; none where all columns are distinct."""
    counts = [max(1, len(one.columns)) for one in named_concepts(looked.concepts, data)]
    if max(counts) == 1:
        return
    weights = resolved(shown_weights(looked.arrays["g/weights"]), concepts.tolerance)
    found = reordered(weights, counts, concepts.top_k)
    for name, value in zip(data.class_names, found.tolist(), strict=True):
        yield (*looked.key, "lists_reordered", "pcbm", "", "class", name, value)
    yield (*looked.key, "lists_reordered", "pcbm", "", "all", "", mean(found.numpy()))


def _part_rows(looked: Looked, data: ConceptDataset, parts: Tensor, saliency: str) -> Iterator[Row]:
    """Energy in each part, and its area: means over the images that show it."""
    energy = part_energy(looked.arrays["saliency/maps"][:, _DENSE], parts, len(data.part_names))
    area = part_area(parts, len(data.part_names))
    for p, name in enumerate(data.part_names):
        seen = area[:, p] > 0
        yield (*looked.key, "part_energy", saliency, "dense", "part", name, mean(energy[seen, p].numpy()))
        yield (*looked.key, "part_area", "", "", "part", name, mean(area[seen, p].numpy()))


def _truth_rows(looked: Looked, data: ConceptDataset, concepts: ConceptSettings, saliency: str) -> Iterator[Row]:
    """How well explanations rank what interventions show to matter: g's rows by class, energy in parts by image.

    A concept of several names does what they do on average: scenes can be drawn with one and without another.
    """
    if "interventions/concepts" not in looked.arrays:
        return
    of_names = looked.arrays["interventions/concepts"].double().mean(0).T
    in_use = named_concepts(looked.concepts, data)
    effects = torch.stack([of_names[:, list(one.columns)].mean(1) for one in in_use], dim=1)
    found = weights_against_truth(resolved(shown_weights(looked.arrays["g/weights"]), concepts.tolerance), effects)
    for name, value in zip(data.class_names, found.tolist(), strict=True):
        yield (*looked.key, "weights_truth", concepts.method, "", "class", name, value)
    yield (*looked.key, "weights_truth", concepts.method, "", "all", "", mean(found.numpy()))
    if data.part_masks is None:
        return
    changes = of_explained(looked.arrays["interventions/parts"], looked.arrays["saliency/classes"][:, _DENSE])
    count = len(changes)
    parts = data.part_masks[data.splits["test"][:count]]
    energy = part_energy(looked.arrays["saliency/maps"][:count, _DENSE], parts, len(data.part_names))
    told = energy_against_truth(energy, changes.float(), visible_parts(data, count))
    yield (*looked.key, "energy_truth", saliency, "dense", "all", "", mean(told.numpy()))


def _intervention_rows(looked: Looked) -> Iterator[Row]:
    """How far each intervention moves the decision, by concept, group, part and habitat; none where none was made.

    The mean over the classes is taken off each change of the logits (``dependence``).
    """
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
