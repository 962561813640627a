"""More seeds or more controls: what other designs of a study would take, and find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparsight.config import StudySettings
from sparsight.networks import MOST_NETWORKS, Network, plan
from sparsight.planning.power import MOST_RETRAINS, MOST_SEEDS, Chances, Noise, chances
from sparsight.results.looks import at_its_level

MORE_SEEDS, MORE_RETRAINS = (0, 2, 5), (0, 1, 3)
"""What is added to the design that is asked for."""
_SURE = 0.95
OTHERS = ((3, 1), (5, 2), (8, 2))
"""Designs that are reckoned beside."""


@dataclass(frozen=True)
class Design:
    """A number of seeds and controls.

    Attributes:
        seeds, retrains: of the study, and controls a seed.
        trainings: networks in all.
        left: of these, how many are to be made.
        seconds: of wall time to make them, without tables and report.
        chances: by what noise there is: ``low``, ``typical`` and ``high``, or ``own`` where a run shows its own.
    """

    seeds: int
    retrains: int
    trainings: int
    left: int
    seconds: float
    chances: Mapping[str, Chances]


@dataclass(frozen=True)
class Advice:
    """Which of more seeds and more controls finds more in an hour.

    Attributes:
        seeds, retrains: the design with more seeds, and that with more controls.
        measure: ``changed``, or ``preserved`` where as good as every change is found anyway.
        better: ``seeds``, ``retrains``, or ``neither`` where there is nothing to gain or both gain alike.
    """

    seeds: Design
    retrains: Design
    measure: str
    better: str


def candidates(settings: StudySettings) -> list[tuple[int, int]]:
    """Seeds and retrains of the designs that are reckoned, what is asked for first; none where that is too large."""
    seeds, retrains = len(settings.study.seeds), settings.study.retrains
    grid = [(seeds + s, retrains + j) for s in MORE_SEEDS for j in MORE_RETRAINS]
    each = settings.pruning.rounds * len(settings.study.arms)
    found = [
        (s, j)
        for s, j in dict.fromkeys([*grid, *OTHERS])
        if s <= MOST_SEEDS and j <= MOST_RETRAINS and s * each * (1 + j) <= MOST_NETWORKS
    ]
    return found if grid[0] in found else []


def of_design(settings: StudySettings, seeds: int, retrains: int) -> StudySettings:
    """The study with so many seeds, its own first, and controls."""
    own = settings.study.seeds
    more = (seed for seed in range(seeds + len(own)) if seed not in own)
    held = (*own, *more)[:seeds]
    return settings.model_copy(
        update={"study": settings.study.model_copy(update={"seeds": held, "retrains": retrains})}
    )


def advice(designs: Sequence[Design], noise: str) -> Advice | None:
    """What more seeds and more controls buy beside the first design; None where nothing is reckoned to compare with.

    Args:
        designs: as of `candidates`.
        noise: of which chances.
    """
    first = designs[0]
    by_size = {(one.seeds, one.retrains): one for one in designs}
    seeds = by_size.get((first.seeds + MORE_SEEDS[1], first.retrains))
    retrains = by_size.get((first.seeds, first.retrains + MORE_RETRAINS[1]))
    if seeds is None or retrains is None:
        return None
    measure = "changed" if first.chances[noise].changed < _SURE else "preserved"

    def rate(one: Design) -> float:
        gained = getattr(one.chances[noise], measure) - getattr(first.chances[noise], measure)
        return float(gained) / max(one.seconds - first.seconds, 1.0)

    low, high = sorted((rate(seeds), rate(retrains)))
    better = "neither" if high <= max(0.0, 1.1 * low) else ("seeds" if rate(seeds) == high else "retrains")
    return Advice(seeds, retrains, measure, better)


def networks_of(
    settings: StudySettings, sizes: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Network, ...]]:
    """The networks of each design."""
    return {size: plan(of_design(settings, *size)) for size in sizes}


def chances_of(
    settings: StudySettings, seeds: int, retrains: int, noises: Mapping[str, Sequence[Noise]]
) -> dict[str, Chances]:
    """The chances of a design, by noise: where looks are planned, at the level of the look with so many seeds."""
    rounds, limits = settings.pruning.rounds - 1, at_its_level(of_design(settings, seeds, retrains)).verdict
    return {name: chances(seeds, retrains, own, rounds, limits) for name, own in noises.items()}
