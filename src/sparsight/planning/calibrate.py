"""Measure what the parts of a study take on this machine, with as many processes at work as the study would have."""

import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import mean
from typing import Any

from torch import Tensor

from sparsight.evidence import CASCADES
from sparsight.planning.bench import PHASES, Found, Phase, measure
from sparsight.planning.clocks import Clocks
from sparsight.planning.specimen import Specimen
from sparsight.pool import run_jobs


@dataclass(frozen=True)
class Parts:
    """What one network's parts take, each the mean of what the processes found.

    Attributes:
        start: until a process can begin, and what it draws once.
        step, image, map: of an optimiser step; of an image that passes the network, without maps and with.
        fits: what evidence takes beside passes: probe, concepts, g and their controls.
        fits_dense: what a dense parent's takes beyond: refits and cascades of random weights.
        changed: pictures of scenes with one thing changed.
        worker: bytes of memory that a process held for itself; None where the system does not tell.
        state, mask: bytes of one network's.
        arrays, metrics: evidence of a few images as a dense network's, and its numbers.
        learned_part: concepts were learned on one image in so many, and the seconds multiplied.
    """

    start: Clocks
    step: Clocks
    image: Clocks
    map: Clocks
    fits: Clocks
    fits_dense: Clocks
    changed: int
    worker: int | None
    state: int
    mask: int
    arrays: Mapping[str, Tensor]
    metrics: Mapping[str, Any]
    learned_part: int


def calibrate(taken: Specimen, workers: int, tell: Callable[[str], None]) -> Parts:
    """Run every phase in so many processes at the same time, one phase after the other.

    Args:
        taken: what they measure on.
        workers: how many, one at least.
        tell: called with the name of each phase (``bench.PHASES``) as it begins.
    """
    jobs: dict[Phase, list[Phase]] = {}
    before: list[Phase] = []
    for name in PHASES:
        own = [(name, i) for i in range(workers)]
        jobs |= dict.fromkeys(own, before)
        before = own
    found: dict[str, list[Found]] = {name: [] for name in PHASES}
    begun, started = time.perf_counter(), 0.0

    def done(job: Phase, result: Found) -> None:
        nonlocal started
        found[job[0]].append(result)
        if len(found[job[0]]) == workers and job[0] != PHASES[-1]:
            tell(PHASES[PHASES.index(job[0]) + 1])
        if job[0] == PHASES[0]:
            started = time.perf_counter() - begun

    tell(PHASES[0])
    run_jobs(jobs, partial(measure, taken), workers, on_done=done)
    return _parts(found, started, taken.settings.evidence.refits)


def _parts(found: Mapping[str, list[Found]], started: float, refits: int) -> Parts:
    ready, saw, learned = (found[name][0] for name in ("ready", "see", "learn"))
    concepts, scenes = _mean(found["learn"], "concepts"), _mean(found["see"], "scenes")
    held = [one["private"] for one in found["collect"]]
    extra = saw["batch_memory"] + saw["scene_memory"]
    arrays, metrics = pickle.loads(found["collect"][0]["arrays"])
    return Parts(
        start=Clocks(started, mean(one["processor"] for one in found["ready"])) + scenes,
        step=_mean(found["train"], "step"),
        image=_mean(found["see"], "image"),
        map=_mean(found["see"], "map"),
        fits=_mean(found["learn"], "probe") + concepts,
        # Concepts and g are learned twice for each network, once on shuffled labels and random directions.
        fits_dense=concepts * (refits / 2) + _mean(found["collect"], "cascade") * CASCADES,
        changed=saw["changed"],
        worker=None if None in held else max(held) + extra,
        state=ready["state"],
        mask=ready["mask"],
        arrays=arrays,
        metrics=metrics,
        learned_part=learned["learned_part"],
    )


def _mean(found: list[Found], name: str) -> Clocks:
    return Clocks(mean(one[name].wall for one in found), mean(one[name].processor for one in found))
