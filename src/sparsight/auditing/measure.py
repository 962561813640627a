"""How far two models' evidence is apart, metric by metric, with its interval over units."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from sparsight.auditing.look import EXPLAINED, Look
from sparsight.auditing.settings import AuditSettings
from sparsight.comparison import Comparing, Drift, compare, unrelated
from sparsight.data import ConceptDataset
from sparsight.draws import generator
from sparsight.drift import linear_cka
from sparsight.stats import mean
from sparsight.verdict import Compared, Estimate, jackknifed, over_units

GROUPS = 20
"""Of images that are left out, one after the other, for the error of a number that all images share."""


def comparing(one: Look, settings: AuditSettings, data: ConceptDataset) -> Comparing:
    """What every comparison of an audit shares."""
    names = () if one.concepts is None else one.concepts.bank.names
    group = dict(zip(data.concept_names, data.concept_groups, strict=True))
    method, concepts = settings.saliency.method, settings.concepts
    groups = tuple(group[name] for name in names)
    return Comparing(data, names, groups, concepts.top_k, concepts.method, concepts.value, method)


def drifts(study: Comparing, original: Look, other: Look) -> tuple[Drift, ...]:
    """Every drift of a model from the original."""
    return tuple(compare(study, original.arrays(), other.arrays()))


def compared(
    study: Comparing, original: Look, other: Look, own: Sequence[Drift], floors: Sequence[Sequence[Drift]]
) -> tuple[Compared, ...]:
    """The drifts as a verdict takes them: means with their errors, the floor, and what unrelated evidence has.

    Args:
        study: what comparisons share.
        original: the one model.
        other: the other.
        own: their drifts.
        floors: drifts of the original from each network trained again.
    """
    ceilings = unrelated(study, original.arrays(), other.arrays()) if floors else {}
    again = [{_key(one): mean(one.values) for one in drift} for drift in floors]
    return tuple(
        Compared(
            family=one.family,
            metric=one.metric,
            method=one.method,
            target=one.target,
            primary=one.primary,
            unit=one.unit,
            drift=_estimate(one, original.seen.embedding, other.seen.embedding),
            floor=tuple(found.get(_key(one), float("nan")) for found in again),
            ceiling=ceilings.get(one.metric, float("inf")),
        )
        for one in own
    )


def _key(one: Drift) -> tuple[str, str, str]:
    """A metric, whatever the resolution that its method names."""
    return one.family, one.metric, one.target


def _estimate(one: Drift, first: Tensor, second: Tensor) -> Estimate:
    if one.metric != "linear_cka":
        return over_units(one.values)
    n = len(first)
    g = min(GROUPS, n)
    groups = torch.randperm(n, generator=generator("jackknife", n)) % g
    left_out = np.array([linear_cka(first[groups != k], second[groups != k]) for k in range(g)])
    return jackknifed(float(one.values[0]), left_out, n)


def levels(one: Look, data: ConceptDataset) -> Mapping[tuple[str, str], np.ndarray]:
    """One model's numbers by unit: answers right by image, concepts told, energy inside the object."""
    labels = one.seen.labels
    found: dict[tuple[str, str], np.ndarray] = {("accuracy", "f"): (one.predictions == labels).double().numpy()}
    if one.concepts is not None:
        found["accuracy", "g"] = (one.concepts.logits["test"].argmax(1) == labels).double().numpy()
        found["faithfulness", "concept_auroc"] = one.concepts.held_out.auroc.double().numpy()
    if one.maps is not None and one.maps.mask_energy is not None:
        found["faithfulness", "mask_energy"] = one.maps.mask_energy[:, EXPLAINED].double().numpy()
    return found
