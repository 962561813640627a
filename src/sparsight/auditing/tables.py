"""The tables and pictures of an audit's report."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sparsight.auditing.judge import Row
from sparsight.auditing.look import EXPLAINED, Look
from sparsight.comparison import Drift
from sparsight.concepts import ConceptSettings, resolved, shown_weights
from sparsight.data import ConceptDataset
from sparsight.drift import STRATA, listed, strata
from sparsight.models import Given
from sparsight.pruning import counted_zeros
from sparsight.report.audit import AuditInput, AuditMap, AuditPicture
from sparsight.stats import balanced_accuracy, mean


def accuracy_rows(one: Look, role: str) -> Iterator[Row]:
    """Accuracies on the test images, of f and where there are concepts of g, and how well concepts are told."""
    labels = one.seen.labels.numpy()
    answers = {"f": one.predictions.numpy()}
    if one.concepts is not None:
        answers["g"] = one.concepts.logits["test"].argmax(1).numpy()
    for of, given in answers.items():
        yield {"model": one.name, "role": role, "of": of, "metric": "accuracy", "value": mean(given == labels)}
        balanced = balanced_accuracy(given, labels)
        yield {"model": one.name, "role": role, "of": of, "metric": "balanced_accuracy", "value": balanced}
    if one.concepts is not None:
        told = mean(one.concepts.held_out.auroc.numpy())
        yield {"model": one.name, "role": role, "of": "concepts", "metric": "auroc", "value": told}
    if one.maps is not None and one.maps.mask_energy is not None:
        energy = mean(one.maps.mask_energy[:, EXPLAINED].numpy())
        yield {"model": one.name, "role": role, "of": "maps", "metric": "mask_energy", "value": energy}


def inputs(
    looks: Sequence[Look], given: Sequence[Given], roles: Sequence[str], data: ConceptDataset
) -> list[AuditInput]:
    """What every model holds and was shown, and how right it was.

    Args:
        looks: the models', in order.
        given: the models with their normalisation.
        roles: of each, as the table of accuracies has them.
        data: the images.
    """
    height, width = data.images.shape[2:]
    found = []
    for one, model, role in zip(looks, given, roles, strict=True):
        average, deviation = model.normalisation or (data.mean, data.std)
        right = mean((one.predictions == one.seen.labels).numpy())
        answers = len(one.predictions.unique())
        source, held = model.normalisation_source, counted_zeros(model.model)
        found.append(
            AuditInput(
                one.name,
                role,
                right,
                answers,
                (height, width),
                average,
                deviation,
                source="" if source is None else str(source),
                expected=model.side,
                parameters=held.parameters or None,
                zeros=held.zeros,
            )
        )
    return found


def concept_rows(one: Look, data: ConceptDataset, concepts: ConceptSettings) -> Iterator[Row]:
    """The top concepts of each class in g; those without a positive weight are not listed.

    Weights that g's solver does not tell apart are equal (``resolved``): of those the first concept comes first.
    """
    if one.concepts is None:
        return
    weights, names = shown_weights(one.concepts.pcbm.weights), one.concepts.bank.names
    tops = listed(resolved(weights, concepts.tolerance), concepts.top_k).tolist()
    for name, row, weight in zip(data.class_names, tops, weights, strict=True):
        for rank, index in enumerate((index for index in row if index >= 0), start=1):
            yield {
                "model": one.name,
                "class": name,
                "rank": rank,
                "concept": names[index],
                "weight": float(weight[index]),
            }


def class_rows(one: Look, data: ConceptDataset, own: Sequence[Drift]) -> Iterator[Row]:
    """Means by class of accuracy, and of the drifts that have a value a class or an image."""
    labels = one.seen.labels.numpy()
    right = one.predictions.numpy() == labels
    for k, name in enumerate(data.class_names):
        there = labels == k
        row = {"model": one.name, "class": name, "images": int(there.sum())}
        yield {**row, "metric": "accuracy", "value": mean(right[there])}
        for drift in own:
            if not drift.primary or drift.unit not in ("class", "image"):
                continue
            value = float(drift.values[k]) if drift.unit == "class" else mean(drift.values[there])
            yield {**row, "metric": drift.metric, "value": value}


def image_rows(original: Look, other: Look, data: ConceptDataset, own: Sequence[Drift]) -> Iterator[Row]:
    """A row a test image."""
    names = data.class_names
    moved = {one.metric: one.values for one in own if one.primary and one.unit == "image"}
    nothing = np.full(len(other.predictions), np.nan)
    kinds = strata(original.seen.labels, original.predictions, other.predictions).tolist()
    for i, (label, first, second, kind) in enumerate(
        zip(
            original.seen.labels.tolist(), original.predictions.tolist(), other.predictions.tolist(), kinds, strict=True
        )
    ):
        yield {
            "model": other.name,
            "place": i,
            "label": names[label],
            "original": names[first],
            "prediction": names[second],
            "stratum": STRATA[kind],
            "map_spearman": float(moved.get("map_spearman", nothing)[i]),
            "map_iou_20": float(moved.get("map_iou_20", nothing)[i]),
        }


def pictures(
    original: Look, others: Sequence[Look], data: ConceptDataset, moved: Mapping[str, np.ndarray], shown: int
) -> tuple[AuditPicture, ...]:
    """The images whose maps moved most in any model: those that all get right first, then the others.

    Args:
        original: the original.
        others: the models.
        data: the images.
        moved: by model, the drift of each image's map; NaN where undefined. Without maps nothing is shown.
        shown: how many.
    """
    if not moved:
        return ()
    n = len(original.predictions)
    right = np.ones(n, dtype=bool)
    for one in (original, *others):
        right &= (one.predictions == one.seen.labels).numpy()
    most = np.max(np.nan_to_num(np.stack(list(moved.values())), nan=-1.0), axis=0)
    order = np.lexsort((np.arange(n), -most, ~right))[:shown].tolist()
    test, names = data.splits["test"], data.class_names
    return tuple(
        AuditPicture(
            place=i,
            image=data.images[test[i]].permute(1, 2, 0).numpy(),
            mask=None if data.object_masks is None else data.object_masks[test[i]].numpy(),
            label=names[int(original.seen.labels[i])],
            explained=names[int(original.predictions[i])],
            original=_map(original, i, names, float("nan")),
            models={
                one.name: _map(one, i, names, float(moved[one.name][i]) if one.name in moved else float("nan"))
                for one in others
            },
        )
        for i in order
    )


def _map(one: Look, i: int, names: Sequence[str], moved: float) -> AuditMap:
    prediction = names[int(one.predictions[i])]
    if one.maps is None:
        return AuditMap(None, prediction, dead=False, moved=moved)
    own = one.maps.signed[i, EXPLAINED].float().numpy()
    return AuditMap(own, prediction, dead=bool(one.maps.dead[i, EXPLAINED]), moved=moved)


def map_moves(own: Sequence[Drift]) -> np.ndarray | None:
    """Drift of each test image's map of the original's prediction; None where none is known."""
    found = next((one.values for one in own if one.primary and one.metric == "map_spearman"), None)
    return None if found is None or np.isnan(found).all() else found
