"""How long jobs that need each other take on so many workers."""

import heapq
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Job = TypeVar("Job", bound=Hashable)


def makespan(jobs: Mapping[Job, Sequence[Job]], seconds: Mapping[Job, float], workers: int) -> float:
    """The time from the first job's start to the last one's end, when they run as ``pool.run_jobs`` runs them.

    A worker that is free takes the first job, in the mapping's order, whose needs are done.

    Args:
        jobs: each job with those that must be done before it. The order is the priority.
        seconds: how long each takes.
        workers: how many run side by side; 0, all in this process, is one at a time.

    Raises:
        ValueError: if jobs need each other in a circle, or one that is not there.
    """
    free = max(1, workers)
    waiting, done = dict(jobs), set[Job]()
    running: list[tuple[float, int, Job]] = []
    now = 0.0
    while waiting or running:
        while len(running) < free:
            job = next((job for job, needs in waiting.items() if done.issuperset(needs)), None)
            if job is None:
                break
            heapq.heappush(running, (now + seconds[job], len(waiting), job))
            del waiting[job]
        if not running:
            raise ValueError(f"jobs wait for something that is never done: {list(waiting)[:3]}")
        now, _, job = heapq.heappop(running)
        done.add(job)
    return now
