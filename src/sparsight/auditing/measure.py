"""How far two models' evidence is apart, metric by metric, with its interval over units."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from sparsight.auditing.look import EXPLAINED, Look
from sparsight.auditing.settings import AuditSettings
from sparsight.ceiling import Ceilings, unrelated
from sparsight.comparison import Comparing, Drift, compare
from sparsight.data import ConceptDataset
from sparsight.drift import linear_cka_left_out
from sparsight.evidence import TARGETS
from sparsight.stats import mean
from sparsight.verdict import LEAST_PLACES, Compared, Estimate, Share, jackknifed, over_units

_READS = {
    "concepts": ("bank/Q", "bank/intercepts", "g/weights", "embedding/test"),
    "pixels": ("saliency/maps", "saliency/classes"),
    "representation": ("embedding/test",),
    "accuracy": ("logits/test",),
}
"""The arrays that the drifts of a family are made of."""
_OF_LEVELS = {
    "f": ("logits/test",),
    "g": ("g/logits/test",),
    "concept_auroc": ("bank/Q", "bank/intercepts", "embedding/test"),
    "mask_energy": ("saliency/maps", "saliency/classes"),
}

Grid = tuple[int, int]


def comparing(one: Look, settings: AuditSettings, data: ConceptDataset) -> Comparing:
    """What every comparison of an audit shares."""
    learned = () if one.concepts is None else one.concepts.concepts
    method, concepts = settings.saliency.method, settings.concepts
    names, groups = tuple(own.name for own in learned), tuple(own.groups for own in learned)
    return Comparing(data, names, groups, concepts.tolerance, concepts.top_k, concepts.method, concepts.value, method)


def grid_of(looks: Sequence[Look]) -> Grid | None:
    """The resolution at which all maps are compared, that of the coarsest on either side; None without maps."""
    sizes = [one.maps.signed.shape[2:] for one in looks if one.maps is not None]
    return (min(size[0] for size in sizes), min(size[1] for size in sizes)) if sizes else None


def drifts(study: Comparing, original: Look, other: Look, grid: Grid | None) -> tuple[Drift, ...]:
    """Every drift of a model from the original; maps of fewer than ``LEAST_PLACES`` positions have none.

    Args:
        study: what comparisons share.
        original: the one model.
        other: the other.
        grid: the resolution of the maps, the same for a model and for what it is held against.
    """
    found = compare(study, _arrays(original, grid), _arrays(other, grid))
    few = grid is not None and grid[0] * grid[1] < LEAST_PLACES
    return tuple(
        replace(one, values=np.full_like(one.values, np.nan)) if few and one.family == "pixels" else one
        for one in found
    )


def _arrays(one: Look, grid: Grid | None) -> dict[str, Tensor]:
    found = one.arrays()
    if "saliency/maps" in found and grid is not None and found["saliency/maps"].shape[2:] != grid:
        found["saliency/maps"] = adaptive_avg_pool2d(found["saliency/maps"], grid)
    return found


def ceilings(study: Comparing, original: Look, others: Sequence[Look], grid: Grid | None) -> Ceilings:
    """The drift of evidence that has nothing in common: means over the others."""
    found = [unrelated(study, _arrays(original, grid), _arrays(one, grid)) for one in others]
    return {key: mean([one[key] for one in found if key in one]) for key in found[0]} if found else {}


def compared(
    original: Look,
    other: Look,
    own: Sequence[Drift],
    floors: Sequence[Sequence[Drift]],
    unlike: Ceilings,
) -> tuple[Compared, ...]:
    """The drifts as a verdict takes them: means with their errors, the floor, and what unrelated evidence has.

    Args:
        original: the one model.
        other: the other.
        own: their drifts.
        floors: drifts of the original from each network trained again, maps at the same resolution.
        unlike: ``ceilings``.
    """
    again = [{_key(one): mean(one.values) for one in drift} for drift in floors]
    first, second = original.arrays(), other.arrays()
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
            ceiling=unlike.get((one.metric, one.target), float("inf")),
            identical=_same(first, second, _READS.get(one.family, ()), one.target),
        )
        for one in own
    )


def _key(one: Drift) -> tuple[str, str, str]:
    """A metric, whatever the resolution that its method names."""
    return one.family, one.metric, one.target


def _same(first: Mapping[str, Tensor], second: Mapping[str, Tensor], names: Sequence[str], target: str = "") -> bool:
    """Whether both have these arrays, the same bit for bit; of maps those of one target."""

    return bool(names) and all(_equal(first.get(name), second.get(name), name, target) for name in names)


def _equal(one: Tensor | None, two: Tensor | None, name: str, target: str) -> bool:
    if one is None or two is None or one.shape != two.shape or one.dtype != two.dtype:
        return False
    if name.startswith("saliency/"):
        t = TARGETS.index(target)
        one, two = one[:, t], two[:, t]
    return bool(torch.equal(one, two))


def _estimate(one: Drift, first: Tensor, second: Tensor) -> Estimate:
    if one.metric == "linear_cka":
        return jackknifed(float(one.values[0]), linear_cka_left_out(first, second).cpu().numpy(), one.most)
    if one.metric == "flips":
        return Share(int(one.values.sum()), len(one.values))
    found = over_units(one.values, one.least, one.most)
    if one.unit == "class" and len(one.values) == 2:
        # Two classes share one row of g, with either sign: they are one unit, and its scatter says nothing.
        return replace(found, values=found.values[:1])
    return found


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


def same_level(original: Look, other: Look, number: str) -> bool:
    """Whether all that one of the ``levels`` is made of is the same bit for bit in both."""
    return _same(original.arrays(), other.arrays(), _OF_LEVELS[number], TARGETS[EXPLAINED])
