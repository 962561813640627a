"""What moved most: the concepts, parts and habitats whose weight in the decision changed beyond retraining."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from sparsight.arms import find_arm
from sparsight.config import StudySettings
from sparsight.networks import Network, Place, controls
from sparsight.results.tables import Row
from sparsight.stats import mean

MOST = 5
KINDS = {("do_concept", "group"): "concept group", ("do_part", "part"): "part", ("do_habitat", "all"): "habitat"}
"""Interventions that are compared, by metric and unit, and what they change."""


def movers(arm: str, faithfulness: Iterable[Row], settings: StudySettings) -> list[dict[str, Any]]:
    """At the arm's last round, by how much more what a decision depends on moved than under retraining.

    ``moved`` is the mean over seeds of |ticket - dense| less the mean of |control - dense|, in logits less their mean
    over the classes: how far an intervention moves the decision is ``evidence.dependence``. ``change`` is the mean of
    ticket - dense, signed. The largest ``moved`` first; nothing that moved less than a retraining does.
    """
    rounds = list(find_arm(arm).rounds(settings.pruning.rounds))
    if not rounds:
        return []
    last, seeds = rounds[-1], settings.study.seeds
    values: dict[tuple[str, str], dict[Place, float]] = {}
    for name, seed, repeat, round_, _, metric, _, _, unit, unit_id, value in faithfulness:
        if (metric, unit) in KINDS:
            values.setdefault((KINDS[metric, unit], unit_id), {})[name, seed, repeat, round_] = value
    found: list[dict[str, Any]] = []
    for (kind, unit_id), own in values.items():
        changes, floors = [], []
        for seed in seeds:
            dense = Network(arm, seed, None, 1).dense
            parent = own.get(dense.place, np.nan)
            changes.append(own.get((arm, seed, None, last), np.nan) - parent)
            floors += [
                abs(own.get(one.place, np.nan) - parent)
                for one in controls(find_arm(arm), seed, last, settings.study.retrains)
            ]
        moved = mean(np.abs(changes)) - mean(floors)
        if moved > 0:  # false where there is no control
            found.append(
                {"kind": kind, "name": unit_id or kind, "round": last, "moved": moved, "change": mean(changes)}
            )
    return sorted(found, key=lambda one: one["moved"], reverse=True)[:MOST]
