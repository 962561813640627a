"""Which networks of a study are compared, and the rows and arrays that come of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sparsight.arms import find_arm
from sparsight.comparison import Comparing, Drift, by_stratum, compare, concept_drifts
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.evidence import named_concepts
from sparsight.networks import controls
from sparsight.results.tables import Looked, Row
from sparsight.stats import mean

UNDEFINED = "undefined"
"""The unit of rows that count the images without a drift, which no mean holds."""

Kind = Literal["ticket", "retrain", "seed", "refit", "inheritance"]


@dataclass(frozen=True, eq=False)
class Pair:
    """Two networks compared.

    Attributes:
        kind: ``ticket`` and ``retrain`` with their dense network, which is what verdicts are made of; and what is
            reported beside it: dense networks of two seeds, one network's concepts learned on other images, and a
            ticket with the controls.
        key: the first five columns of its rows.
        reference: the four columns that name what it is compared with.
        drifts: how far they are apart.
        strata: for each map's drift, its values by what became of the answers.
    """

    kind: Kind
    key: Row
    reference: Row
    drifts: tuple[Drift, ...]
    strata: Mapping[tuple[str, str], tuple[tuple[str, float], ...]]


def pairs(everything: Sequence[Looked], settings: StudySettings, data: ConceptDataset) -> Iterator[Pair]:
    """Every comparison of a study, in the order of its rows.

    Args:
        everything: the networks under the names that their rows carry, with their evidence.
        settings: the study's.
        data: what was looked at.
    """
    found = {one.key[:4]: one for one in everything}
    for one in everything:
        study = _comparing(one, settings, data)
        reference, kind = one.network.dense.place, one.network.kind
        if kind == "retrain":
            yield _pair("retrain", study, one, reference, one.dense)
        elif one.key[0] in settings.study.arms:
            yield _pair("ticket", study, one, reference, one.dense)
            if one.network.kind == "ticket":
                for control in controls(
                    find_arm(one.key[0]), one.network.seed, one.network.round, settings.study.retrains
                ):
                    yield _pair("inheritance", study, one, control.place, found[control.place].arrays)
    parents = [one for one in everything if one.network.kind == "dense" and one.key[0].startswith("dense:")]
    for first, second in combinations(parents, 2):
        if first.key[0] == second.key[0]:
            study = _comparing(first, settings, data)
            yield _pair("seed", study, second, (first.key[0], first.key[1], 0, 0), first.arrays)
    for one in parents:
        study = _comparing(one, settings, data)
        for b in range(1, settings.evidence.refits + 1) if one.concepts else ():
            yield _refit(study, one, b)


def drift_rows(pair: Pair, data: ConceptDataset) -> Iterator[Row]:
    """Rows of ``drift.csv``: by class or concept, and the mean of all; maps by stratum, too.

    Per-image values are averaged by class here; they stand raw in ``drift.safetensors`` (``image_values``).
    """
    labels = data.labels[data.splits["test"]]
    whole_only = pair.kind == "inheritance"
    for one in pair.drifts:
        front = (*pair.key, *pair.reference, one.family, one.metric, one.method, one.target, one.split)
        if not whole_only and one.unit in ("class", "concept"):
            for name, value in zip(one.ids, one.values.tolist(), strict=True):
                yield (*front, one.unit, name, value)
        elif not whole_only and one.unit == "image" and (one.primary or one.family == "accuracy"):
            for k, name in enumerate(data.class_names):
                yield (*front, "class", name, mean(one.values[(labels == k).numpy()]))
        if not whole_only:
            for name, value in pair.strata.get((one.metric, one.target), ()):
                yield (*front, "stratum", name, value)
        yield (*front, "all", "", mean(one.values))
        missing = int(np.isnan(one.values).sum())
        if not whole_only and one.family == "pixels" and missing:  # both maps are dead
            yield (*front, UNDEFINED, "", float(missing))


def image_values(pair: Pair) -> dict[str, Tensor]:
    """The raw values of a pair's images, by ``arm/seed/repeat/round/metric/target``, of tickets and controls."""
    if pair.kind not in ("ticket", "retrain"):
        return {}
    arm, seed, repeat, round_ = pair.key[:4]
    name = f"{arm}/seed-{seed}/repeat-{repeat or 0}/round-{round_:02d}"
    return {
        f"{name}/{one.metric}/{one.target}": torch.from_numpy(one.values).float()
        for one in pair.drifts
        if one.unit == "image"
    }


def comparing(names: Sequence[str], settings: StudySettings, data: ConceptDataset) -> Comparing:
    """What every comparison of networks with these concepts in use shares."""
    concepts = settings.concepts
    return Comparing(
        data,
        tuple(names),
        tuple(one.groups for one in named_concepts(names, data)),
        concepts.tolerance,
        concepts.top_k,
        concepts.method,
        concepts.value,
        settings.saliency.method,
    )


def _comparing(one: Looked, settings: StudySettings, data: ConceptDataset) -> Comparing:
    return comparing(one.concepts, settings, data)


def _pair(kind: Kind, study: Comparing, one: Looked, reference: Row, arrays: Mapping[str, Tensor]) -> Pair:
    drifts = tuple(compare(study, arrays, one.arrays, same_targets=kind != "seed", primary=kind == "inheritance"))
    strata = {
        (drift.metric, drift.target): tuple(
            (name, mean(values)) for name, values in by_stratum(study, arrays, one.arrays, drift)
        )
        for drift in drifts
        if drift.family == "pixels" and kind in ("ticket", "retrain")
    }
    return Pair(kind, one.key, reference, drifts, strata)


def _refit(study: Comparing, one: Looked, repeat: int) -> Pair:
    """A dense network's concepts and g, and those learned again on other images of the same network."""
    names = {"bank/Q": "Q", "bank/intercepts": "intercepts", "g/weights": "weights"}
    again = {name: one.arrays[f"refit/{repeat}/{part}"] for name, part in names.items()}
    again["embedding/test"] = one.arrays["embedding/test"]
    _, _, rule = one.key[0].partition(":")
    key = (f"refit:{rule}", one.key[1], repeat, 0, one.key[4])
    return Pair("refit", key, (*one.key[:2], 0, 0), tuple(concept_drifts(study, one.arrays, again)), {})
