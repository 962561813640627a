"""The verdicts of a study: ``verdict.csv``, and ``verdict.json`` with the headline above them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Any

import numpy as np

from sparsight.arms import find_arm
from sparsight.ceiling import Ceilings, unrelated
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.report import COLUMNS
from sparsight.results.gates import failed_at, gates, places_of
from sparsight.results.looks import at_its_level, is_open, look_document
from sparsight.results.matched import matched
from sparsight.results.measured import Levels, drifted, levelled, levels, rounds_of
from sparsight.results.movers import movers
from sparsight.results.pairs import Pair, comparing
from sparsight.results.tables import Looked, Row
from sparsight.stats import mean
from sparsight.verdict import (
    Association,
    Drifted,
    Gate,
    Key,
    Levelled,
    Verdict,
    association,
    decide,
    headline,
    is_coarse,
    room,
    voided,
)

NAMES = COLUMNS["verdict"]


@dataclass(frozen=True)
class Judged:
    """One arm's verdicts, and what they are read with.

    Attributes:
        arm: its name.
        weights: share of the weights left, by round, mean over seeds.
        drifts: what was compared with the floor.
        levels: accuracies and faithfulness beside those of unpruned networks.
        verdicts: by metric and round.
        failed: gates of its own that failed: floors without room, rounds with mostly dead maps or too many
            dimensions.
        barred: metrics and rounds that a gate voids.
    """

    arm: str
    weights: Mapping[int, float]
    drifts: tuple[Drifted, ...]
    levels: tuple[Levelled, ...]
    verdicts: tuple[Verdict, ...]
    failed: tuple[Gate, ...]
    barred: frozenset[tuple[Key, int]]


def judge(
    everything: Sequence[Looked],
    pairs: Sequence[Pair],
    settings: StudySettings,
    data: ConceptDataset,
    rows: Mapping[str, Sequence[Row]],
) -> tuple[list[Row], dict[str, Any]]:
    """Rows of ``verdict.csv``, and the document of ``verdict.json``.

    Args:
        everything: the networks with their evidence.
        pairs: all comparisons.
        settings: the study's.
        data: what was looked at.
        rows: of the tables ``accuracy`` and ``faithfulness``.
    """
    looks, settings = look_document(settings), at_its_level(settings)
    checks = tuple(gates(everything, pairs, settings, data))
    found = levels(rows["accuracy"], rows["faithfulness"])
    ceilings = _ceilings(everything, settings, data)
    judged = [_judge(arm, everything, pairs, settings, ceilings, checks, found) for arm in settings.study.arms]
    table: list[Row] = []
    for one in judged:
        for verdict in one.verdicts:
            values = asdict(verdict)
            table.append((one.arm, verdict.round, one.weights[verdict.round], *(values[name] for name in NAMES[3:])))
    coarse = is_coarse(prod(places_of(everything)))
    document = {
        "looks": looks,
        "gates": [gate.document() for gate in (*checks, *(gate for one in judged for gate in one.failed))],
        "arms": {one.arm: _headline(one, coarse) for one in judged},
        "matched": _matched(judged, settings),
        "movers": {one.arm: movers(one.arm, rows["faithfulness"], settings) for one in judged},
        "rows": [dict(zip(NAMES, row, strict=True)) for row in table],
    }
    return table, document


def _matched(judged: Sequence[Judged], settings: StudySettings) -> dict[str, list[dict[str, Any]]]:
    drifts = {one.arm: one.drifts for one in judged}
    rounds = {one.arm: list(one.weights) for one in judged}
    return {one.arm: list(matched(one.arm, drifts, rounds, settings)) for one in judged}


def _judge(
    arm: str,
    everything: Sequence[Looked],
    pairs: Sequence[Pair],
    settings: StudySettings,
    ceilings: Mapping[str, Ceilings],
    checks: Sequence[Gate],
    found: Levels,
) -> Judged:
    rounds = rounds_of(arm, settings)
    drifts = tuple(drifted(arm, pairs, settings, ceilings.get(find_arm(arm).control, {})))
    own = tuple(levelled(arm, found, settings))
    weights = {
        round_: mean([one.key[4] for one in everything if one.key[0] == arm and one.key[3] == round_])
        for round_ in rounds
    }
    at = failed_at(arm, rounds, everything, settings)
    here = {r: voided(failed, [drift.key for drift in drifts]) for r, failed in at.items()}
    shown = [_without(drift, [i for i, r in enumerate(rounds) if drift.key in here[r]]) for drift in drifts]
    rooms = tuple(_rooms(drifts, settings.verdict.least_margin))
    void = voided((*checks, *rooms), [drift.key for drift in drifts])
    decided = decide(rounds, [*shown, *own], settings.verdict, void) if rounds else ()
    verdicts = tuple(
        replace(row, reason=here[row.round][row.key]) if row.key in here[row.round] else row for row in decided
    )
    failed = (*(gate for gate in rooms if not gate.passed), *(gate for each in at.values() for gate in each))
    barred = frozenset((row.key, row.round) for row in verdicts if row.key in void or row.key in here[row.round])
    return Judged(arm, weights, drifts, own, verdicts, failed, barred)


def _rooms(drifts: Sequence[Drifted], least: float) -> Iterator[Gate]:
    """Whether each metric's floor leaves room for a change."""
    for drift in drifts:
        if drift.floor.size:
            gate = room(drift.metric, mean(drift.floor), drift.ceiling, least, (drift.metric,), drift.target)
            yield replace(gate, method=drift.method, target=drift.target)


def _ceilings(everything: Sequence[Looked], settings: StudySettings, data: ConceptDataset) -> dict[str, Ceilings]:
    """By control the drifts of evidence that has nothing in common: means over the controls."""
    found: dict[str, list[Ceilings]] = {}
    for one in everything:
        if one.network.kind == "retrain":
            study = comparing(one.concepts, settings, data)
            found.setdefault(one.network.rule, []).append(unrelated(study, one.dense, one.arrays))
    return {rule: {key: mean([values[key] for values in own]) for key in own[0]} for rule, own in found.items()}


def _without(drift: Drifted, columns: Sequence[int]) -> Drifted:
    """A drift without the rounds at which a gate voids it."""
    if not columns:
        return drift
    left = drift.drift.copy()
    left[:, columns] = np.nan
    return replace(drift, drift=left)


def _headline(one: Judged, coarse: bool) -> dict[str, Any]:
    """What the arm's verdicts say together, which is what Hypotheses A and B are about."""
    primary = [drift for drift in one.drifts if drift.primary]
    keys = {drift.key for drift in primary}
    said = headline(one.arm, one.verdicts, keys, coarse)
    rounds = [{**asdict(round_), "weights_remaining": one.weights[round_.round]} for round_ in said.rounds]
    lost = _lost(one)
    return {
        "hypothesis": said.hypothesis,
        "sentence": said.sentence,
        "open": is_open(said, one.verdicts, keys, one.barred),
        "rounds": rounds,
        "association": {drift.metric: _association(association(lost, drift.drift)) for drift in primary},
        "truth": list(_against_truth(one)),
    }


def _association(found: Association) -> dict[str, Any]:
    return {**asdict(found), "by_seed": found.by_seed.tolist()}


def _lost(one: Judged) -> np.ndarray:
    """Test accuracy of f of the dense network less the ticket's, (seeds, rounds)."""
    f = next(own for own in one.levels if (own.axis, own.metric, own.method) == ("accuracy", "accuracy", "f"))
    return np.asarray(f.dense[:, None] - f.ticket)


TRUTHS = {"concepts": "do_concept", "pixels": "do_part"}
"""For a family of explanations, the change of the truth that it ought to follow."""


def _against_truth(one: Judged) -> Iterator[dict[str, Any]]:
    """Where a primary explanation changed, whether the truth did: if not, the method moved and not the network."""
    by_place = {(row.family, row.metric, row.round): row for row in one.verdicts if row.axis == "similarity"}
    primary = {drift.key for drift in one.drifts if drift.primary}
    for row in one.verdicts:
        truth = by_place.get(("truth", TRUTHS.get(row.family, ""), row.round))
        if row.key not in primary or row.axis != "similarity" or truth is None:
            continue
        if row.verdict == "changed":
            words = {
                "changed": "the explanation moved, and so did the network",
                "preserved": "the explanation moved and the truth did not: the method moved, not the network",
                "undecided": "the explanation moved; whether the network did is undecided",
            }[truth.verdict]
        elif truth.verdict == "changed":
            words = {
                "preserved": "the network moved and the explanation does not show it",
                "undecided": "the network moved; whether the explanation shows it is undecided",
            }[row.verdict]
        else:
            continue
        yield {
            "round": row.round,
            "metric": row.metric,
            "explanation": row.verdict,
            "truth_metric": truth.metric,
            "truth": truth.verdict,
            "excess": row.excess,
            "truth_excess": truth.excess,
            "sentence": words,
        }
