"""The gates of a study, from the evidence of its networks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from sparsight.comparison import random_drifts
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.drift import effective_dimensions
from sparsight.evidence import TARGETS
from sparsight.results.pairs import Pair, comparing
from sparsight.results.tables import Looked
from sparsight.stats import mean
from sparsight.verdict import (
    CONCEPTS,
    EMBEDDINGS,
    MAPS,
    Gate,
    dead_maps,
    few_images,
    few_pairs,
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
    if pairs_of_images := _few_pairs([one for one in everything if one.network.kind in ("dense", "retrain")]):
        yield pairs_of_images
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


def failed_at(
    arm: str, rounds: Sequence[int], everything: Sequence[Looked], settings: StudySettings
) -> Mapping[int, tuple[Gate, ...]]:
    """For each round of an arm the gates that its tickets fail there: too many dead maps, too many dimensions."""
    found = {}
    for round_ in rounds:
        tickets = [one for one in everything if one.key[0] == arm and one.key[3] == round_]
        checks = (_mapless(tickets, settings), _few_pairs(tickets))
        found[round_] = tuple(gate for gate in checks if gate is not None and not gate.passed)
    return found


def _mapless(tickets: Sequence[Looked], settings: StudySettings) -> Gate:
    shares = {
        _named(one): one.metrics["saliency"]["dead_maps"][TARGETS[-1]] / one.metrics["saliency"]["images"]
        for one in tickets
    }
    gate = dead_maps(settings.saliency.method, shares, settings.verdict.most_dead, MAPS)
    return replace(gate, target=TARGETS[-1])


def _few_pairs(networks: Sequence[Looked]) -> Gate | None:
    """None where no embedding differs between images: then nothing is measured, and the verdict says so."""
    found = {_named(one): effective_dimensions(one.arrays["embedding/test"]) for one in networks}
    if np.isnan(list(found.values())).all():
        return None
    return few_pairs("embedding", len(networks[0].arrays["embedding/test"]), found, EMBEDDINGS)


def _named(one: Looked) -> str:
    """A network as gates name it: a ticket by its round, a dense network or control by its rule."""
    arm, seed, repeat, round_ = one.key[:4]
    again = f", repeat {repeat}" if repeat else ""
    return f"{arm}, round {round_}, seed {seed}{again}" if round_ else f"{arm}, seed {seed}{again}"
