"""A study that is looked at until it is decided: its plan of looks, and the seeds that come next."""

from itertools import count, islice
from pathlib import Path

from sparsight.arguments import check_truth, check_whole
from sparsight.config import Design, StudySettings
from sparsight.errors import InputError
from sparsight.io import read_json
from sparsight.results.looks import listed
from sparsight.results.rules import VERDICT
from sparsight.runs import RESULTS, STUDY, check_folder, has_ended, read_settings
from sparsight.verdict import LEAST_SEEDS, STEP, USUAL_MOST, next_look, planned_looks

MOST = 1000
"""As many seeds may a study have."""


def check_looking(until_decided: bool, at_most: int | None) -> None:
    """Check the arguments that ask for a study until it is decided.

    Raises:
        InputError: if one is of another kind, or ``at_most`` is there alone.
    """
    check_truth("until_decided", until_decided)
    check_whole("at_most", at_most, LEAST_SEEDS)
    if at_most is not None and not until_decided:
        raise InputError(
            f"at_most: {at_most} bounds a study that goes on until it is decided; ask for that, too "
            "(--until-decided, until_decided=True)"
        )
    if at_most is not None and at_most > MOST:
        raise InputError(f"at_most: {at_most} will not do; give a whole number of {MOST} or less")


def planned(folder: Path, settings: StudySettings, at_most: int | None) -> StudySettings:
    """The settings with which a study in this folder that goes on until it is decided begins: with its plan of looks.

    A run that stands, judged without a plan, is taken as it is: the looks to come are planned when it is undecided.

    Args:
        folder: the run's.
        settings: what is asked for.
        at_most: seeds of the last look; None for the plan's own, or else `USUAL_MOST`.

    Raises:
        InputError: if no verdict can be reached, or ``at_most`` leaves no look or is not the plan's.
    """
    design = check_folder(folder, settings).study
    if not design.retrains:
        raise InputError(
            "study.retrains: 0, and without a control nothing can be decided; ask for one at least (--retrains 1)"
        )
    last, seeds = _last(design, at_most), len(design.seeds)
    if seeds > last:
        raise InputError(
            f"at_most: {last} is fewer than the {seeds} seeds that there are; give {seeds} or more, or fewer seeds in "
            "a new --out"
        )
    if not design.looks and _judged_so(folder, design):
        return settings
    return _grown(settings, design, design.looks or planned_looks(max(seeds, LEAST_SEEDS), last), seeds - 1)


def more_seeds(folder: Path, settings: StudySettings, at_most: int | None) -> StudySettings | None:
    """The settings of the next look at a study that has been judged; None where it is decided, or this was the last.

    Args:
        folder: the run's; its verdicts stand.
        settings: by which they were made.
        at_most: as of `planned`.
    """
    if not open_arms(folder):
        return None
    design = settings.study
    last, seeds = _last(design, at_most), len(design.seeds)
    looks = design.looks or (planned_looks(min(seeds + STEP, last), last) if last > seeds else ())
    return None if next_look(looks, seeds) is None else _grown(settings, design, looks, seeds)


def closing(folder: Path, settings: StudySettings) -> str:
    """Why no seeds are added to a study, in words.

    Args:
        folder: the run's; its verdicts stand.
        settings: by which they were made.
    """
    judged = read_json(folder / RESULTS / VERDICT, "verdict")["arms"]
    seeds = f"{len(settings.study.seeds)} seeds"
    if arms := open_arms(folder):
        return f"undecided with {seeds}, the last look: {', '.join(arms)}"
    if arms := [arm for arm, one in judged.items() if one["hypothesis"] == "undecided" and one["rounds"]]:
        return f"undecided with {seeds}, and with any number of them, by what voids its metrics: {', '.join(arms)}"
    return f"decided with {seeds}"


def open_arms(folder: Path) -> list[str]:
    """The arms of a run whose headline is undecided, and may be decided by more seeds."""
    judged = read_json(folder / RESULTS / VERDICT, "verdict")["arms"]
    return [arm for arm, one in judged.items() if one["open"]]


def _last(design: Design, at_most: int | None) -> int:
    """Seeds of the last look.

    Raises:
        InputError: if the looks are planned otherwise.
    """
    if not design.looks:
        return USUAL_MOST if at_most is None else int(at_most)
    if at_most not in (None, design.looks[-1]):
        raise InputError(
            f"at_most: {at_most}, but looks at {listed(design.looks)} seeds are planned, and share their level; leave "
            "it out, or choose another --out"
        )
    return design.looks[-1]


def _judged_so(folder: Path, design: Design) -> bool:
    """Whether a run has ended with just these seeds and retrains, and verdicts could be reached with them."""
    if len(design.seeds) < LEAST_SEEDS or not (folder / STUDY).exists() or not has_ended(folder):
        return False
    standing = read_settings(folder).study
    return (set(standing.seeds), standing.retrains) == (set(design.seeds), design.retrains)


def _grown(settings: StudySettings, design: Design, looks: tuple[int, ...], seeds: int) -> StudySettings:
    """The settings with the plan of looks, and with the seeds of the first look that has more than ``seeds``.

    The least numbers that are no seeds yet are added to those of ``design``.
    """
    wanted = next_look(looks, seeds)
    more = (seed for seed in count() if seed not in design.seeds)
    held = (*design.seeds, *islice(more, (wanted or seeds) - len(design.seeds)))
    return settings.model_copy(update={"study": settings.study.model_copy(update={"seeds": held, "looks": looks})})
