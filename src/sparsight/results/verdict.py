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
from sparsight.evidence import concepts_in_use
from sparsight.report import COLUMNS
from sparsight.results.gates import failed_at, gates, places_of
from sparsight.results.looks import at_its_level, is_open, look_document
from sparsight.results.matched import matched
from sparsight.results.measured import Levels, drifted, levelled, levels, rounds_of
from sparsight.results.movers import movers
from sparsight.results.pairs import Pair, comparing
from sparsight.results.tables import Looked, Row
from sparsight.results.truths import against_truth
from sparsight.stats import mean
from sparsight.verdict import (
    ACCURACY,
    Arm,
    Association,
    Decided,
    Drifted,
    Gate,
    Key,
    Levelled,
    association,
    decide_arms,
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
        decided: verdicts by metric and round, and which claims hold among all arms.
        failed: gates of its own that failed: floors without room, rounds with mostly dead maps or too many
            dimensions.
        barred: metrics and rounds that a gate voids.
    """

    arm: str
    weights: Mapping[int, float]
    drifts: tuple[Drifted, ...]
    levels: tuple[Levelled, ...]
    decided: Decided
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
    judged = _judge(
        [_measured(arm, everything, pairs, settings, ceilings, found) for arm in settings.study.arms], checks, settings
    )
    table: list[Row] = []
    for one in judged:
        for verdict in one.decided.verdicts:
            values = asdict(verdict)
            table.append((one.arm, verdict.round, one.weights[verdict.round], *(values[name] for name in NAMES[3:])))
    coarse = is_coarse(prod(places_of(everything)))
    several = [one for one in concepts_in_use(data) if len(one.names) > 1] if data.concept_names else []
    document = {
        "looks": looks,
        **({"concepts": [{"name": one.name, "names": list(one.names)} for one in several]} if several else {}),
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


@dataclass(frozen=True)
class _Measured:
    """One arm before its verdicts; ``failed`` are the gates that failed at each round."""

    arm: str
    rounds: tuple[int, ...]
    weights: Mapping[int, float]
    drifts: tuple[Drifted, ...]
    levels: tuple[Levelled, ...]
    failed: Mapping[int, Sequence[Gate]]


def _measured(
    arm: str,
    everything: Sequence[Looked],
    pairs: Sequence[Pair],
    settings: StudySettings,
    ceilings: Mapping[str, Ceilings],
    found: Levels,
) -> _Measured:
    rounds = rounds_of(arm, settings)
    drifts = tuple(drifted(arm, pairs, settings, ceilings.get(find_arm(arm).control, {})))
    own = tuple(levelled(arm, found, settings))
    weights = {
        round_: mean([one.key[4] for one in everything if one.key[0] == arm and one.key[3] == round_])
        for round_ in rounds
    }
    return _Measured(arm, tuple(rounds), weights, drifts, own, failed_at(arm, rounds, everything, settings))


def _judge(measured: Sequence[_Measured], checks: Sequence[Gate], settings: StudySettings) -> list[Judged]:
    """The verdicts of all arms; what stands above them is decided among them."""
    arms, spoiled, rooms = [], [], []
    for one in measured:
        keys = [drift.key for drift in one.drifts]
        here = {r: voided(failed, keys) for r, failed in one.failed.items()}
        shown = [_without(drift, [i for i, r in enumerate(one.rounds) if drift.key in here[r]]) for drift in one.drifts]
        own = tuple(_rooms(one.drifts, settings.verdict.least_margin))
        metrics: tuple[Drifted | Levelled, ...] = (*shown, *one.levels) if one.rounds else ()
        arms.append(Arm(one.rounds, metrics, voided((*checks, *own), keys)))
        spoiled.append(here)
        rooms.append([gate for gate in own if not gate.passed])
    judged = []
    found = decide_arms(arms, settings.verdict)
    for one, arm, here, full, decided in zip(measured, arms, spoiled, rooms, found, strict=True):
        void = arm.void
        verdicts = tuple(
            replace(row, reason=here[row.round][row.key]) if row.key in here[row.round] else row
            for row in decided.verdicts
        )
        failed = (*full, *(gate for each in one.failed.values() for gate in each))
        barred = frozenset((row.key, row.round) for row in verdicts if row.key in void or row.key in here[row.round])
        decided = replace(decided, verdicts=verdicts)
        judged.append(Judged(one.arm, one.weights, one.drifts, one.levels, decided, failed, barred))
    return judged


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
    said = headline(one.arm, one.decided, keys, coarse)
    rounds = [{**asdict(round_), "weights_remaining": one.weights[round_.round]} for round_ in said.rounds]
    lost = _lost(one)
    return {
        "hypothesis": said.hypothesis,
        "sentence": said.sentence,
        "open": is_open(said, one.decided, keys, one.barred),
        "rounds": rounds,
        "association": {drift.metric: _association(association(lost, drift.drift)) for drift in primary},
        "truth": list(against_truth(one.decided.verdicts, keys)),
    }


def _association(found: Association) -> dict[str, Any]:
    return {**asdict(found), "by_seed": found.by_seed.tolist()}


def _lost(one: Judged) -> np.ndarray:
    """Test accuracy of f of the dense network less the ticket's, (seeds, rounds)."""
    f = next(own for own in one.levels if own.key[:3] == ACCURACY)
    return np.asarray(f.dense[:, None] - f.ticket)
