"""The verdicts of one model of an audit, and the sentence that they come to."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sparsight.auditing.look import Look
from sparsight.auditing.measure import levels
from sparsight.auditing.settings import AuditSettings
from sparsight.data import ConceptDataset
from sparsight.report.audit import AuditHeadline
from sparsight.stats import mean
from sparsight.verdict import LEAST_FLOOR, Compared, Gate, PairVerdict, decide_level, decide_pair

Row = Mapping[str, object]


def similarity(metrics: Sequence[Compared], settings: AuditSettings, gates: Sequence[Gate]) -> tuple[PairVerdict, ...]:
    """The verdicts on how far the model's evidence is from the original's.

    Args:
        metrics: the drifts.
        settings: margins and levels.
        gates: those that fail void the metrics that they name.
    """
    void = [f"{metric}: {gate.reason}" for gate in gates if not gate.passed for metric in gate.voids]
    return decide_pair(metrics, settings.verdict, settings.margin, void)


def similarity_rows(model: str, verdicts: Sequence[PairVerdict]) -> Iterator[Row]:
    """Rows of the report's table ``verdicts``."""
    for one in verdicts:
        what = one.compared
        yield {
            "model": model,
            "axis": "similarity",
            "family": what.family,
            "metric": what.metric,
            "method": what.method,
            "target": what.target,
            "primary": what.primary,
            "unit": what.unit,
            "units": what.drift.units,
            "drift": what.drift.value,
            "low": one.low,
            "high": one.high,
            "floor": one.floor,
            "retrains": len(what.floor),
            "margin": one.margin,
            "p_changed": one.p_changed,
            "p_preserved": one.p_preserved,
            "verdict": one.verdict,
            "reason": one.reason,
        }


def level_rows(
    other: Look, original: Look, floor: Sequence[Look], data: ConceptDataset, settings: AuditSettings
) -> Iterator[Row]:
    """Rows of the axes of accuracy and faithfulness."""
    first, second, again = levels(original, data), levels(other, data), [levels(one, data) for one in floor]
    limits = settings.verdict
    for key in first:
        if key not in second:
            continue
        axis, metric = key
        margin = limits.energy_margin if metric == "mask_energy" else limits.accuracy_margin
        found = [mean(values[key]) for values in again if key in values]
        complete = tuple(found) if len(found) == len(floor) else ()
        one = decide_level(first[key], second[key], complete, margin, limits.level)
        yield {
            "model": other.name,
            "axis": axis,
            "family": axis,
            "metric": "accuracy" if axis == "accuracy" else metric,
            "method": metric if axis == "accuracy" else _method(metric, settings),
            "target": "dense" if metric == "mask_energy" else "",
            "primary": False,
            "unit": "concept" if metric == "concept_auroc" else "image",
            "units": one.units,
            "drift": one.difference,
            "low": one.low,
            "high": one.high,
            "floor": one.floor,
            "retrains": len(complete),
            "margin": one.margin,
            "p_changed": one.p_changed,
            "p_preserved": one.p_preserved,
            "verdict": one.verdict,
            "reason": one.reason,
        }


def _method(metric: str, settings: AuditSettings) -> str:
    return settings.concepts.method if metric == "concept_auroc" else settings.saliency.method


def headline(
    other: Look, original: Look, verdicts: Sequence[PairVerdict], floor: int, settings: AuditSettings
) -> AuditHeadline:
    """What the primary metrics come to: changed if one is, preserved if all are that could be looked at.

    Args:
        other: the model.
        original: what it was compared with.
        verdicts: of its similarity.
        floor: how many networks were trained again.
        settings: the audit's.
    """
    primary = [one for one in verdicts if one.compared.primary]
    changed = [one for one in primary if one.verdict == "changed"]
    kept = [one for one in primary if one.verdict == "preserved"]
    flipped = float(np.mean((original.predictions != other.predictions).numpy()))
    answers = f"{flipped:.1%} of its answers are others"
    unseen = "; no maps could be made" if other.missing or original.missing else ""
    if changed:
        worst = max(changed, key=lambda one: _excess(one))
        by = "than the original trained again" if floor else f"than the margin of {settings.margin:g}"
        return AuditHeadline(
            "changed",
            f"{other.name} decides on other evidence than {original.name}: {len(changed)} of {len(primary)} measures "
            f"moved more {by}, most of all {_words(worst)}; {answers}{unseen}.",
        )
    if primary and len(kept) == len(primary):
        by = "as the original trained again, and its margin" if floor else f"within the margin of {settings.margin:g}"
        return AuditHeadline(
            "preserved",
            f"{other.name} decides on the same evidence as {original.name}: all {len(primary)} measures lie {by}; "
            f"{answers}{unseen}.",
        )
    if floor >= LEAST_FLOOR or (not floor and settings.margin is not None):
        why = f"{len(kept)} of {len(primary)} measures are preserved, the others undecided"
    elif floor:
        why = f"{floor} networks trained again were given, and a verdict needs {LEAST_FLOOR}"
    else:
        why = "without networks trained again or a margin, how far they are apart is all that can be said"
    return AuditHeadline(
        "undecided",
        f"Whether {other.name} decides on the evidence of {original.name} is undecided: {why}; {answers}{unseen}.",
    )


def _excess(one: PairVerdict) -> float:
    reference = one.floor if one.compared.floor else one.margin
    return one.compared.drift.value / reference if reference > 0 else float("inf")


def _words(one: PairVerdict) -> str:
    return f"{one.compared.metric.replace('_', ' ')} ({one.compared.family})"
