"""What must hold before anything is said of a model's evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from sparsight.auditing.look import EXPLAINED, Look
from sparsight.auditing.measure import Grid
from sparsight.auditing.settings import AuditSettings
from sparsight.comparison import Comparing, Drift, random_drifts
from sparsight.data import ConceptDataset
from sparsight.drift import effective_dimensions
from sparsight.evidence import TARGETS
from sparsight.stats import mean
from sparsight.verdict import (
    CONCEPTS,
    EMBEDDINGS,
    MAPS,
    Compared,
    Gate,
    Key,
    dead_maps,
    few_images,
    few_pairs,
    few_places,
    random_bank,
    random_labels,
    room,
    voided,
)

MOST_UNDEFINED = 0.05
"""Share of units without a value above which a primary metric is void: what is missing must not speak for it."""

OF_FLOORS = ("room", "random bank")
"""Gates of what a floor can tell; evidence that is identical needs no floor."""

_LEVELS = ("concept_auroc", "mask_energy")
_EXACT = ("accuracy", "flips")
"""Metrics whose tests are exact at any number of images, so that none are too few."""


def gates(
    original: Look, other: Look, own: Sequence[Drift], grid: Grid | None, settings: AuditSettings, data: ConceptDataset
) -> Iterator[Gate]:
    """Images enough, also for the dimensions of embeddings, maps that are alive and have places, values enough,
    concepts told better than shuffled labels.

    Whether maps depend on what was learned is not looked at: that needs networks whose layers are randomised.

    Args:
        original: the one model.
        other: the other.
        own: their drifts.
        grid: the resolution at which maps are compared.
        settings: the limits.
        data: the images.
    """
    limits, both = settings.verdict, (original, other)
    everything = (*dict.fromkeys(one.metric for one in own if one.metric not in _EXACT), *_LEVELS)
    yield few_images("the test images", len(data.splits["test"]), limits.least_images, everything)
    shares = {one.name: float(one.maps.dead[:, EXPLAINED].double().mean()) for one in both if one.maps is not None}
    if len(shares) == 2 and grid is not None:
        yield few_places(settings.saliency.method, grid)
    if shares:
        yield replace(dead_maps(settings.saliency.method, shares, limits.most_dead, MAPS), target=TARGETS[EXPLAINED])
    if any(one.family == "representation" for one in own):
        yield _few_pairs(both)
    for one in both:
        if one.concepts is not None:
            told, shuffled = one.concepts.held_out.auroc.numpy(), one.concepts.controls.shuffled_auroc.numpy()
            yield random_labels(f"{settings.concepts.method}, {one.name}", told, shuffled, CONCEPTS)
    yield from _undefined(other.name, own)


def floor_gates(
    study: Comparing, original: Look, again: Sequence[Look], metrics: Sequence[Compared], settings: AuditSettings
) -> Iterator[Gate]:
    """Floors that leave room for a change, and below those of random directions, as in a study; images enough for the
    dimensions of embeddings.

    Args:
        study: what comparisons share.
        original: the one model.
        again: the networks trained again; without any there are no floors.
        metrics: with their floors and ceilings.
        settings: the limits.
    """
    if not again:
        return
    if any(one.family == "representation" for one in metrics):
        yield _few_pairs(again)
    drawable = [one for one in again if one.concepts is not None and original.concepts is not None]
    random = [random_drifts(study, original.arrays(), one.arrays()) for one in drawable]
    for one in metrics:
        if one.primary and one.family == "concepts" and random:
            drawn = mean([found[one.metric] for found in random])
            gate = random_bank(one.metric, mean(list(one.floor)), drawn, (one.metric,))
            yield replace(gate, method=one.method, target=one.target)
    for one in metrics:
        floor, least = mean(list(one.floor)), settings.verdict.least_margin
        gate = room(one.metric, floor, one.ceiling, least, (one.metric,), one.target)
        yield replace(gate, method=one.method, target=one.target)


def voids(checks: Sequence[Gate], identical: Mapping[Key, bool]) -> dict[Key, str]:
    """By metric the reason of the first failed gate that voids it.

    Args:
        checks: the gates.
        identical: the metrics, and whether their evidence is the same bit for bit.
    """
    needed = [gate for gate in checks if gate.name not in OF_FLOORS]
    found: dict[Key, str] = {}
    for key, same in identical.items():
        found |= voided(needed if same else checks, [key])
    return found


def _few_pairs(looks: Sequence[Look]) -> Gate:
    found = {one.name: effective_dimensions(one.seen.embedding) for one in looks}
    return few_pairs("embedding", len(looks[0].seen.embedding), found, EMBEDDINGS)


def _undefined(name: str, own: Sequence[Drift]) -> Iterator[Gate]:
    """A failed gate for each primary metric that lacks too many values, else a passed one for all."""
    primary = {one.metric: one for one in own if one.primary}
    shares = {metric: float(np.isnan(one.values).mean()) for metric, one in primary.items()}
    if not shares:
        return
    worst = max(shares, key=lambda metric: shares[metric])
    over = [metric for metric, share in shares.items() if share > MOST_UNDEFINED]
    for metric in over or [worst]:
        share = f"{100 * shares[metric]:.0f} % of the values of {metric} are undefined in {name}"
        reason = f"{share} (limit {100 * MOST_UNDEFINED:g} %)"
        guards = (metric,) if over else tuple(shares)
        gate = Gate("undefined values", metric, shares[metric], MOST_UNDEFINED, not over, guards, reason)
        yield replace(gate, method=primary[metric].method, target=primary[metric].target) if over else gate
