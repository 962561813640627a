"""How far two networks' evidence is apart: every drift of the study, raw, from the stored arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from sparsight.concepts import ValueKind, concept_values, resolved, shown_weights, vectors_only
from sparsight.data import ConceptDataset
from sparsight.drift import (
    STRATA,
    by_group,
    effect_drift,
    flips,
    linear_cka,
    listed,
    map_iou,
    map_spearman,
    on_one_grid,
    rank_biased_overlap,
    strata,
    top_k_jaccard,
    top_k_overlap,
    value_agreement,
    weight_spearman,
)
from sparsight.evidence import TARGETS
from sparsight.stats import mean
from sparsight.verdict import PRIMARY

CORRELATIONS = (
    *("weight_spearman", "group_spearman", "value_agreement", "map_spearman"),
    *("do_concept", "do_part", "do_habitat", "linear_cka"),
)
"""Metrics whose drift is 1 less a correlation, and so at most 2; that of all others is 1 less a share, at most 1."""

Arrays = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Drift:
    """One drift between two networks.

    Attributes:
        family, metric, method, target: what was compared, how.
        split: the images it was found on.
        unit: what a value stands for: ``class``, ``concept``, ``image`` or ``all``.
        ids: one name a value; empty for images and ``all``.
        values: raw; NaN where undefined.
    """

    family: str
    metric: str
    method: str
    target: str
    split: str
    unit: str
    ids: tuple[str, ...]
    values: Float64[np.ndarray, " n"]

    @property
    def primary(self) -> bool:
        """Whether it makes headlines."""
        return (self.family, self.metric, self.target) in PRIMARY

    @property
    def most(self) -> float:
        """The largest value that there can be."""
        return 2.0 if self.metric in CORRELATIONS else 1.0

    @property
    def least(self) -> float:
        """The smallest value that there can be: a drift is 1 less a similarity, which is at most 1."""
        return 0.0


@dataclass(frozen=True)
class Comparing:
    """What every comparison of a study shares.

    Attributes:
        data: the images looked at.
        names: of the concepts in use; none where the data set has none.
        groups: the group of each name of each.
        tolerance: at which g is solved; weights that it does not tell apart are equal (``resolved``).
        top_k: length of a class's list.
        method: how concepts are learned.
        value: what a concept value is.
        saliency: how maps are made.
    """

    data: ConceptDataset
    names: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    tolerance: float
    top_k: int
    method: str
    value: ValueKind
    saliency: str


def compare(
    study: Comparing, dense: Arrays, other: Arrays, *, same_targets: bool = True, primary: bool = False
) -> Iterator[Drift]:
    """Every drift of ``other`` from ``dense``.

    Concepts, maps and embeddings are compared where both have some, maps at the resolution of the coarser ones, which
    the method names.

    Args:
        study: what the comparison needs to know.
        dense: evidence of the one network.
        other: evidence of the other.
        same_targets: whether both explain the same dense network's predictions; where not, that target is left out.
        primary: only those that make headlines.
    """
    of_concepts = concept_drifts(study, dense, other) if "bank/Q" in dense and "bank/Q" in other else ()
    found = [*of_concepts, *_pixel_drifts(study, dense, other, same_targets)]
    if "embedding/test" in dense and "embedding/test" in other:
        cka = np.array([linear_cka(dense["embedding/test"], other["embedding/test"])])
        found.append(Drift("representation", "linear_cka", "debiased", "", "test", "all", (), cka))
    if not primary:
        flipped = flips(dense["logits/test"].argmax(1), other["logits/test"].argmax(1))
        found.append(Drift("accuracy", "flips", "f", "", "test", "image", (), flipped.double().numpy()))
        if same_targets:
            found += _truth_drifts(study, dense, other)
    yield from (one for one in found if one.primary or not primary)


def concept_drifts(study: Comparing, dense: Arrays, other: Arrays) -> Iterator[Drift]:
    """Those of g's rows and of the concepts' values.

    Args:
        study: what the comparison needs to know.
        dense: ``bank/Q``, ``bank/intercepts``, ``g/weights`` and ``embedding/test`` of the one network.
        other: the same of the other.
    """
    yield from row_drifts(study, dense, other)
    values = tuple(
        concept_values(
            vectors_only(side["bank/Q"], side["bank/intercepts"], study.names), side["embedding/test"], study.value
        )
        for side in (dense, other)
    )
    agreement = _numbers(value_agreement(*values))
    yield Drift("concepts", "value_agreement", study.method, "", "test", "concept", study.names, agreement)


def row_drifts(study: Comparing, dense: Arrays, other: Arrays) -> Iterator[Drift]:
    """Those of g's rows alone, by class.

    Args:
        study: what the comparison needs to know.
        dense: ``g/weights`` of the one network.
        other: the same of the other.
    """
    shown = tuple(shown_weights(side["g/weights"]) for side in (dense, other))
    grouped = tuple(resolved(by_group(weights, study.groups)[0], study.tolerance) for weights in shown)
    rows = tuple(resolved(weights, study.tolerance) for weights in shown)
    tops = tuple(listed(weights, study.top_k) for weights in rows)
    group_tops = tuple(listed(weights, study.top_k) for weights in grouped)
    classes = study.data.class_names
    for metric, value in (
        ("top_k_overlap", top_k_overlap(*tops)),
        ("top_k_jaccard", top_k_jaccard(*tops)),
        ("rank_biased_overlap", rank_biased_overlap(*rows)),
        ("weight_spearman", weight_spearman(*rows)),
        ("group_top_k_jaccard", top_k_jaccard(*group_tops)),
        ("group_spearman", weight_spearman(*grouped)),
    ):
        yield Drift("concepts", metric, "pcbm", "", "train", "class", classes, _numbers(value))


def random_drifts(study: Comparing, dense: Arrays, other: Arrays) -> dict[str, float]:
    """The primary concept drifts that random directions give in place of concepts: means, by metric."""
    sides = [
        {
            "bank/Q": side["g-random/Q"],
            "bank/intercepts": side["g-random/Q"].new_zeros(len(study.names)),
            "g/weights": side["g-random/weights"],
            "embedding/test": side["embedding/test"],
        }
        for side in (dense, other)
    ]
    return {one.metric: mean(one.values) for one in concept_drifts(study, *sides) if one.primary}


def by_stratum(study: Comparing, dense: Arrays, other: Arrays, drift: Drift) -> Iterator[tuple[str, np.ndarray]]:
    """A drift's images by what became of their answers: both right, flipped, both wrong."""
    labels = study.data.labels[study.data.splits["test"]]
    own = strata(labels, dense["logits/test"].argmax(1), other["logits/test"].argmax(1)).numpy()
    for i, name in enumerate(STRATA):
        yield name, drift.values[own == i]


def _pixel_drifts(study: Comparing, dense: Arrays, other: Arrays, same_targets: bool) -> Iterator[Drift]:
    if "saliency/maps" not in dense or "saliency/maps" not in other:
        return
    first, second = on_one_grid(dense["saliency/maps"], other["saliency/maps"])
    method = f"{study.saliency}@{first.shape[2]}x{first.shape[3]}"
    for t, target in enumerate(TARGETS):
        if target == "dense" and not same_targets:
            continue
        for metric, measure in (("map_spearman", map_spearman), ("map_iou_20", map_iou)):
            value = _numbers(measure(first[:, t], second[:, t]))
            yield Drift("pixels", metric, method, target, "test", "image", (), value)


def _truth_drifts(study: Comparing, dense: Arrays, other: Arrays) -> Iterator[Drift]:
    """How far what the decision truly depends on moved, where scenes can be drawn again.

    Effects of parts and habitats are those on the explained logit less the mean of all; of concepts, on each class's
    logit as it is.
    """
    if "interventions/concepts" not in dense:
        return
    yield effects_of_concepts(study, dense, other)
    explained = dense["saliency/classes"][:, TARGETS.index("dense")]
    for kind in ("part", "habitat"):
        first, second = (of_explained(side[f"interventions/{kind}s"], explained) for side in (dense, other))
        visible = visible_parts(study.data, len(first)) if kind == "part" else None
        value = _numbers(effect_drift(first, second, visible))
        yield Drift("truth", f"do_{kind}", "intervention", "dense", "test", "image", (), value)


def effects_of_concepts(study: Comparing, dense: Arrays, other: Arrays) -> Drift:
    """How far what concepts do to the classes' logits moved, from ``interventions/concepts`` of both."""
    first, second = (side["interventions/concepts"].double().mean(0).T for side in (dense, other))
    value = _numbers(effect_drift(first, second))
    return Drift("truth", "do_concept", "intervention", "", "test", "class", study.data.class_names, value)


def of_explained(change: Tensor, explained: Tensor) -> Tensor:
    """The change (n, m, k) of each image's explained logit, less the mean of all: (n, m). The first n are explained."""
    centred = change.double() - change.double().mean(2, keepdim=True)
    return centred.gather(2, explained[: len(change), None, None].expand(-1, change.shape[1], 1))[:, :, 0]


def visible_parts(data: ConceptDataset, count: int) -> Tensor:
    """Which parts can be seen in the first test images: (count, p)."""
    assert data.part_masks is not None
    masks = data.part_masks[data.splits["test"][:count]].flatten(1)
    return torch.stack([(masks == p + 1).any(1) for p in range(len(data.part_names))], dim=1)


def _numbers(values: Tensor) -> np.ndarray:
    return values.double().numpy()
