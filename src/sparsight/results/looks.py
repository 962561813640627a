"""The looks at a study that grows: the level of this one, what it leaves open, and those that no plan holds."""

from collections.abc import Collection, Iterator, Sequence
from math import isfinite
from typing import Any

from sparsight.config import Design, StudySettings
from sparsight.verdict import ACCURACY, Decided, Headline, Key, level_at, look_levels

Barred = Collection[tuple[Key, int]]
"""Metrics and rounds that a gate voids, so that no number of seeds decides them."""


def at_its_level(settings: StudySettings) -> StudySettings:
    """The settings by which a study is judged: the verdict's level is that of its look."""
    design, limits = settings.study, settings.verdict
    level = level_at(design.looks, len(design.seeds), limits.level)
    return settings.model_copy(update={"verdict": limits.model_copy(update={"level": level})})


def is_open(said: Headline, decided: Decided, primary: Collection[Key], barred: Barred) -> bool:
    """Whether an arm's headline is undecided, and more seeds may decide it.

    It is decided when a hypothesis describes it, or neither can. An undecided round stays so with any number of seeds
    where nothing in it is open: neither f's accuracy, nor a primary metric that has a test and that no gate voids, nor
    a claim that holds in the arm alone and not yet among all arms.

    Args:
        said: the arm's headline.
        decided: its verdicts and claims.
        primary: the primary similarity metrics.
        barred: what a gate voids.
    """
    if said.hypothesis != "undecided":
        return False
    winning = {one.round for one in said.rounds if one.winning == "undecided"}
    explained = {one.round for one in said.rounds if one.explanation == "undecided"}
    alone, together = decided.alone, decided.together
    if explained & (alone.preserved - together.preserved):
        return True
    for row in decided.verdicts:
        place = row.key, row.round
        if row.verdict == "changed" and row.round in explained and place in alone.changed - together.changed:
            return True
        if row.key[:3] == ACCURACY and row.round in winning and isfinite(row.ci_low) and isfinite(row.ci_high):
            return True
        own = row.axis == "similarity" and row.key in primary and row.verdict == "undecided"
        tested = isfinite(row.p_changed) or isfinite(row.p_preserved)
        if own and tested and row.round in explained and place not in barred:
            return True
    return False


def look_document(settings: StudySettings) -> dict[str, Any]:
    """What ``verdict.json`` says of the looks: those planned, with their levels, and this one's level.

    Args:
        settings: the study's own, not `at_its_level`.
    """
    design, level = settings.study, settings.verdict.level
    return {
        "seeds": len(design.seeds),
        "level": level_at(design.looks, len(design.seeds), level),
        "planned": list(design.looks),
        "levels": list(look_levels(design.looks, level)) if design.looks else [],
        "before": [list(one) for one in design.looked],
    }


def look_notices(settings: StudySettings) -> Iterator[str]:
    """What a reader must know of the looks at a study."""
    design, level = settings.study, settings.verdict.level
    if design.looks:
        seeds = len(design.seeds)
        own = level_at(design.looks, seeds, level)
        yield (
            f"looks at {listed(design.looks)} seeds were planned and share a level of {level:.3g}: with {seeds} seeds "
            f"every verdict is at {own:.2g}, and intervals leave that much on either side"
        )
    if unpaid := unplanned(design):
        words = " and ".join(
            f"{seeds} seeds and {retrains} retrain{'s' * (retrains != 1)}" for seeds, retrains in unpaid
        )
        yield (
            f"this run was also judged with {words}, which no plan of looks holds: verdicts that are looked at again "
            f"as a run grows are false more often than the {level:.3g} of one look (--until-decided plans looks "
            "beforehand)"
        )


def unplanned(design: Design) -> tuple[tuple[int, int], ...]:
    """Seeds and retrains that a run was or is judged with beside its plan of looks; one look without a plan is none."""
    now = (len(design.seeds), design.retrains)
    extra = [one for one in design.looked if one[0] not in design.looks or one[1] != design.retrains]
    if design.looks and now[0] not in design.looks and now[0] > design.looks[0]:
        extra.append(now)
    return tuple(extra)


def listed(looks: Sequence[int]) -> str:
    """``3, 5, 7 and 10``."""
    numbers = [str(look) for look in looks]
    return " and ".join([", ".join(numbers[:-1]), numbers[-1]]) if len(numbers) > 1 else numbers[0]
