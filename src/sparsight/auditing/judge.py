"""The verdicts of one model of an audit, and the sentence that they come to."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sparsight.auditing.gates import voids
from sparsight.auditing.look import Look
from sparsight.auditing.measure import Grid, levels, same_level
from sparsight.auditing.settings import AuditSettings
from sparsight.data import ConceptDataset
from sparsight.report.audit import AuditHeadline, measure_words
from sparsight.report.text import number
from sparsight.stats import mean
from sparsight.verdict import (
    BEYOND,
    BRIGHTEST,
    KEPT,
    LEAST_FLOOR,
    MOVED,
    WITHIN,
    Compared,
    Gate,
    PairVerdict,
    decide_level,
    decide_pair,
    is_coarse,
    percent,
    voided,
)

Row = Mapping[str, object]


def similarity(metrics: Sequence[Compared], settings: AuditSettings, gates: Sequence[Gate]) -> tuple[PairVerdict, ...]:
    """The verdicts on how far the model's evidence is from the original's.

    Args:
        metrics: the drifts.
        settings: margins and levels.
        gates: those that fail void the metrics that they name.
    """
    void = voids(gates, {one.key: one.identical for one in metrics})
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
            "ceiling": what.ceiling if what.has_ceiling else math.nan,
            "share": what.share,
            "retrains": len(what.floor),
            "margin": one.margin,
            "p_changed": one.p_changed,
            "p_preserved": one.p_preserved,
            "verdict": one.verdict,
            "reason": one.reason,
        }


def level_rows(
    other: Look,
    original: Look,
    floor: Sequence[Look],
    data: ConceptDataset,
    settings: AuditSettings,
    gates: Sequence[Gate],
) -> Iterator[Row]:
    """Rows of the axes of accuracy and faithfulness."""
    first, second, again = levels(original, data), levels(other, data), [levels(one, data) for one in floor]
    limits = settings.verdict
    for key in first:
        if key not in second:
            continue
        axis, metric = key
        target = "dense" if metric == "mask_energy" else ""
        named = (
            (axis, "accuracy", metric, target)
            if axis == "accuracy"
            else (axis, metric, _method(metric, settings), target)
        )
        margin = limits.energy_margin if metric == "mask_energy" else limits.accuracy_margin
        found = [mean(values[key]) for values in again if key in values]
        complete = tuple(found) if len(found) == len(floor) else ()
        one = decide_level(
            first[key],
            second[key],
            complete,
            margin,
            limits.level,
            identical=same_level(original, other, metric),
            void=voided(gates, [named]).get(named, ""),
        )
        yield {
            "model": other.name,
            "axis": axis,
            "family": axis,
            "metric": named[1],
            "method": named[2],
            "target": target,
            "primary": False,
            "unit": "concept" if metric == "concept_auroc" else "image",
            "units": one.units,
            "drift": one.difference,
            "low": one.low,
            "high": one.high,
            "floor": one.floor,
            "ceiling": math.nan,
            "share": math.nan,
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
    other: Look,
    original: Look,
    verdicts: Sequence[PairVerdict],
    levels: Sequence[Row],
    floor: int,
    settings: AuditSettings,
    grid: Grid | None = None,
) -> AuditHeadline:
    """What the primary metrics come to: changed if one is, preserved if all are, maps among them; without a floor
    beyond the margin if one is, within it if all are.

    The word is that of the explanation. The sentence also says what became of the answers and of the accuracy.

    Args:
        other: the model.
        original: what it was compared with.
        verdicts: of its similarity.
        levels: rows of its accuracy and faithfulness.
        floor: how many networks were trained again.
        settings: the audit's.
        grid: at which maps are compared; where they are coarse, their brightest places alone decide nothing.
    """
    primary = [one for one in verdicts if one.compared.primary]
    changed = [one for one in primary if one.verdict in MOVED]
    kept = [one for one in primary if one.verdict in KEPT]
    enough, unseen = floor >= LEAST_FLOOR, bool(other.missing or original.missing)
    ending = f"; {_answers(other, original, levels)}{'; no maps could be made' if unseen else ''}."
    lost = next((row for row in levels if row["method"] == "f" and row["verdict"] in MOVED), None)
    coarse = grid is not None and is_coarse(grid[0] * grid[1])
    alone = coarse and [one.compared.metric for one in changed] == [BRIGHTEST]
    if changed and not alone:
        worst = max(changed, key=lambda one: _excess(one))
        count = f"{len(changed)} of {len(primary)} measures moved more than"
        if enough:
            start = f"{other.name} decides on other evidence than {original.name}"
            by = f"the original trained again, most of all {_words(worst, settings)}"
        else:
            start = f"The evidence of {other.name} is beyond the margin around that of {original.name}"
            by = f"{'its margin' if len(changed) == 1 else 'their margins'}, most of all {_moved(worst, settings)}"
        return AuditHeadline("changed" if enough else BEYOND, f"{start}: {count} {by}{ending}")
    if primary and len(kept) == len(primary) and not unseen:
        start = f"The accuracy of {other.name} {_went(lost)}, although " if lost else ""
        same = all(one.compared.identical for one in primary)
        if not enough and not same:
            furthest = max(kept, key=lambda one: _excess(one))
            whose = "its evidence" if lost else f"The evidence of {other.name}"
            return AuditHeadline(
                WITHIN,
                f"{start}{whose} is within the margin around that of {original.name}: all "
                f"{len(primary)} measures lie within their margins, nearest to one "
                f"{_moved(furthest, settings)}{ending}",
            )
        within = "lie within what training the original again does, and its margin"
        within = "rest on evidence that is the same bit for bit" if same else within
        return AuditHeadline(
            "preserved",
            f"{start}{'it' if lost else other.name} decides on the same evidence as {original.name}: all "
            f"{len(primary)} measures {within}{ending}",
        )
    if alone:
        why = f"of the {len(primary)} measures only the brightest places of maps of so few positions have moved"
    elif len(kept) < len(primary) and (enough or settings.margin is not None):
        why = _counted(kept, len(primary))
    elif enough or settings.margin is not None:
        taken = "one measure that could be taken is" if len(kept) == 1 else f"{len(kept)} that could be taken are"
        why = f"the {taken} {_word(kept)}, and the others are missing"
    elif floor:
        why = f"{floor} networks trained again were given, and a verdict needs {LEAST_FLOOR}"
    else:
        why = "without networks trained again or a margin, how far they are apart is all that can be said"
    return AuditHeadline(
        "undecided", f"Whether {other.name} decides on the evidence of {original.name} is undecided: {why}{ending}"
    )


def _word(kept: Sequence[PairVerdict]) -> str:
    """What all of these are, those that are preserved by identity among them."""
    return max((one.verdict for one in kept), key=KEPT.index, default=KEPT[0])


def _moved(one: PairVerdict, settings: AuditSettings) -> str:
    """A measure with how far it moved of the way to nothing in common, and its margin."""
    what, name = one.compared, _words(one, settings)
    if not what.has_ceiling:
        return name
    margin = percent(one.margin / what.ceiling)
    return f"{name}, by {percent(what.share)} of the way to nothing in common (margin {margin})"


def _counted(found: Sequence[PairVerdict], measures: int) -> str:
    kept = len(found)
    if not kept:
        return "its one measure is undecided" if measures == 1 else f"all {measures} measures are undecided"
    others = "the other one is" if measures - kept == 1 else "the others are"
    return f"{kept} of {measures} measures {'is' if kept == 1 else 'are'} {_word(found)}, {others} undecided"


def _answers(other: Look, original: Look, levels: Sequence[Row]) -> str:
    """How many answers differ, and the accuracy of both, as the card under the sentence has it."""
    flipped = float(np.mean((original.predictions != other.predictions).numpy()))
    accuracy = next(row for row in levels if row["method"] == "f")
    word = _went(accuracy) if accuracy["verdict"] in MOVED else f"is {accuracy['verdict']}"
    own, before = (mean((one.predictions == one.seen.labels).numpy()) for one in (other, original))
    return (
        f"{flipped:.1%} of its answers differ from the original's, its accuracy {word} ({number(own)}, original "
        f"{number(before)})"
    )


def _excess(one: PairVerdict) -> float:
    reference = one.floor if one.compared.against_floor else one.margin
    return one.compared.drift.value / reference if reference > 0 else float("inf")


def _went(level: Row) -> str:
    beyond = " beyond its margin" if level["verdict"] == BEYOND else ""
    return f"has {'fallen' if float(str(level['drift'])) < 0 else 'risen'}{beyond}"


def _words(one: PairVerdict, settings: AuditSettings) -> str:
    return measure_words(settings.as_dict(), one.compared.metric)
