"""What verdicts are made of: one number a network and metric, tickets beside their controls, by seed and round."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from sparsight.arms import Arm, find_arm
from sparsight.ceiling import Ceilings
from sparsight.comparison import Drift
from sparsight.config import StudySettings
from sparsight.networks import Network, Place, controls
from sparsight.results.pairs import Pair
from sparsight.results.tables import Row
from sparsight.stats import mean
from sparsight.verdict import Drifted, Key, Levelled

Levels = Mapping[Key, Mapping[Place, float]]
"""By metric, one number a network."""

LEVELS = ("concept_auroc", "mask_energy", "pointing_game", "weights_truth", "energy_truth")
"""Metrics of faithfulness that get a verdict: AUROCs by the margin of accuracies, the rest by that of energies."""
_CORRELATIONS = ("weights_truth", "energy_truth")
"""Of these, those that lie in -1..1; all others, and accuracies, are shares in 0..1."""


def rounds_of(arm: str, settings: StudySettings) -> list[int]:
    """The rounds that an arm has tickets in."""
    return list(find_arm(arm).rounds(settings.pruning.rounds))


def drifted(arm: str, pairs: Iterable[Pair], settings: StudySettings, ceilings: Ceilings) -> list[Drifted]:
    """The arm's drifts from its dense networks beside those of its controls, means over classes or images.

    Args:
        arm: its name.
        pairs: all comparisons.
        settings: the study's.
        ceilings: the drift of what has nothing in common (``ceiling.unrelated``).
    """
    found: dict[tuple[str, ...], tuple[Drift, dict[Place, float]]] = {}
    for pair in pairs:
        if pair.kind in ("ticket", "retrain"):
            for one in pair.drifts:
                key = (one.family, one.metric, one.method, one.target)
                found.setdefault(key, (one, {}))[1][pair.key[:4]] = mean(one.values)
    rounds, seeds = rounds_of(arm, settings), settings.study.seeds
    return [
        Drifted(
            *(one.family, one.metric, one.method, one.target, one.primary),
            _tickets(arm, seeds, rounds, values),
            _controls(find_arm(arm), seeds, rounds, settings.study.retrains, values),
            ceilings.get((one.metric, one.target), np.inf),
            one.most,
            one.least,
        )
        for one, values in found.values()
    ]


def levels(accuracy: Iterable[Row], faithfulness: Iterable[Row]) -> Levels:
    """Accuracies on test images, and the metrics of faithfulness that get a verdict, by network.

    Args:
        accuracy: rows of ``accuracy.csv``.
        faithfulness: rows of ``faithfulness.csv``; metrics that have no row for all images are averaged over units.
    """
    raw: dict[Key, dict[Place, list[float]]] = {}
    for arm, seed, repeat, round_, _, split, model, metric, value in accuracy:
        if split == "test":
            own = raw.setdefault(("accuracy", metric, model, ""), {})
            own.setdefault((arm, seed, repeat, round_), []).append(value)
    for arm, seed, repeat, round_, _, metric, method, target, unit, _, value in faithfulness:
        if metric in LEVELS and target in ("", "dense") and (unit == "all" or metric == "concept_auroc"):
            own = raw.setdefault(("faithfulness", metric, method, target), {})
            own.setdefault((arm, seed, repeat, round_), []).append(value)
    return {key: {place: mean(values) for place, values in own.items()} for key, own in raw.items()}


def levelled(arm: str, found: Levels, settings: StudySettings) -> Iterator[Levelled]:
    """The arm's accuracies and faithfulness beside those of its dense networks and controls."""
    rounds, seeds = rounds_of(arm, settings), settings.study.seeds
    wide, narrow = settings.verdict.energy_margin, settings.verdict.accuracy_margin
    for (family, metric, method, target), values in found.items():
        dense = [values.get(Network(arm, seed, None, 1).dense.place, np.nan) for seed in seeds]
        yield Levelled(
            family,  # which is its axis, too
            *(family, metric, method, target),
            narrow if family == "accuracy" or metric == "concept_auroc" else wide,
            _tickets(arm, seeds, rounds, values),
            np.array(dense, dtype=np.float64),
            _controls(find_arm(arm), seeds, rounds, settings.study.retrains, values),
            *((-1.0 if metric in _CORRELATIONS else 0.0), 1.0),
        )


def _tickets(arm: str, seeds: Sequence[int], rounds: Sequence[int], values: Mapping[Place, float]) -> np.ndarray:
    table = [[values.get((arm, seed, None, round_), np.nan) for round_ in rounds] for seed in seeds]
    return np.array(table, dtype=np.float64).reshape(len(seeds), len(rounds))


def _controls(
    arm: Arm, seeds: Sequence[int], rounds: Sequence[int], retrains: int, values: Mapping[Place, float]
) -> np.ndarray:
    """(seeds, rounds, retrains); a control that serves all rounds is repeated."""
    table = [
        [[values.get(one.place, np.nan) for one in controls(arm, seed, r, retrains)] for r in rounds] for seed in seeds
    ]
    return np.array(table, dtype=np.float64).reshape(len(seeds), len(rounds), retrains)
