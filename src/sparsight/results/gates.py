"""The gates of a study, from the evidence of its networks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from sparsight.comparison import random_drifts
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.evidence import TARGETS
from sparsight.results.pairs import Pair, comparing
from sparsight.results.tables import Looked
from sparsight.stats import mean
from sparsight.verdict import (
    CONCEPTS,
    MAPS,
    Gate,
    dead_maps,
    few_images,
    few_places,
    primary_names,
    random_bank,
    random_labels,
    randomised_model,
)


def gates(
    everything: Sequence[Looked], pairs: Sequence[Pair], settings: StudySettings, data: ConceptDataset
) -> Iterator[Gate]:
    """The checks that hold for all arms: images enough, maps and, if any, concepts that depend on what was learned.

    Args:
        everything: the networks with their evidence.
        pairs: all comparisons.
        settings: the study's.
        data: what was looked at.
    """
    limits = settings.verdict
    dense = [one for one in everything if one.key[0].startswith("dense:")]
    has_concepts = bool(data.concept_names)
    yield few_images("the test split", len(data.splits["test"]), limits.least_images, primary_names(has_concepts))
    yield few_places(settings.saliency.method, places_of(everything))
    if stages := dense[0].metrics.get("cascade"):
        tables = np.stack([one.arrays["gates/cascade"].numpy() for one in dense])  # (networks, draws, stages, images)
        similarity = {stage: mean(tables[:, :, i]) for i, stage in enumerate(stages)}
        yield randomised_model(settings.saliency.method, similarity, limits.most_randomised, MAPS)
    if not has_concepts:
        return
    learned = np.concatenate([one.arrays["concepts/auroc"].numpy() for one in dense])
    shuffled = np.concatenate([one.arrays["gates/shuffled_auroc"].numpy() for one in dense])
    yield random_labels(settings.concepts.method, learned, shuffled, CONCEPTS)
    yield from _random_banks(everything, pairs, settings, data)


def places_of(everything: Sequence[Looked]) -> tuple[int, int]:
    """Rows and columns of a study's maps: all its networks are of one architecture."""
    rows, columns = everything[0].arrays["saliency/maps"].shape[2:]
    return rows, columns


def _random_banks(
    everything: Sequence[Looked], pairs: Sequence[Pair], settings: StudySettings, data: ConceptDataset
) -> Iterator[Gate]:
    """Each concept metric's floor beside the one that as many random directions have: the same pairs of networks."""
    retrained = [one for one in everything if one.network.kind == "retrain"]
    if not retrained:
        return
    study = comparing(retrained[0].concepts, settings, data)
    random = [random_drifts(study, one.dense, one.arrays) for one in retrained]
    for metric in CONCEPTS:
        floor = [
            mean(one.values) for pair in pairs if pair.kind == "retrain" for one in pair.drifts if one.metric == metric
        ]
        yield random_bank(metric, mean(floor), mean([found[metric] for found in random]), (metric,))


def mapless(
    arm: str, rounds: Sequence[int], everything: Sequence[Looked], settings: StudySettings
) -> Mapping[int, Gate]:
    """For each round of an arm whose tickets have too many dead maps, the gate that fails there."""
    failed = {}
    for round_ in rounds:
        shares = {
            f"{arm}, round {round_}, seed {one.key[1]}": one.metrics["saliency"]["dead_maps"][TARGETS[-1]]
            / one.metrics["saliency"]["images"]
            for one in everything
            if one.key[0] == arm and one.key[3] == round_
        }
        gate = dead_maps(settings.saliency.method, shares, settings.verdict.most_dead, MAPS)
        if not gate.passed:
            failed[round_] = replace(gate, target=TARGETS[-1])
    return failed
