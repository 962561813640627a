"""From what each part of a study takes to the whole: seconds, memory, disk. Nothing is measured here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sparsight.networks import Network
from sparsight.planning.schedule import makespan
from sparsight.planning.work import Work

STAGES = ("images", "training", "evidence", "tables", "report")


@dataclass(frozen=True)
class Pace:
    """Seconds that each part takes, by one clock: of the wall, or of the processor.

    Attributes:
        images: to have the data set and the run's copy of it, once.
        start: until a worker can begin: its start, and what it makes once for all its networks.
        step: an optimiser step.
        score: a pass over the validation images in a training.
        look: to collect and write the evidence of a ticket or control.
        look_dense: the same of a dense parent.
        tables: to write all result tables.
        report: to write the report.
    """

    images: float
    start: float
    step: float
    score: float
    look: float
    look_dense: float
    tables: float
    report: float

    def training(self, work: Work) -> float:
        """Seconds of the training that is left of a network."""
        return work.steps * self.step + work.scores * self.score

    def looking(self, work: Work) -> float:
        """Seconds until its evidence stands."""
        return (self.look_dense if work.dense else self.look) * work.looks


@dataclass(frozen=True)
class Memory:
    """Bytes that processes hold for themselves; files that are mapped are not among them.

    Attributes:
        main: the study's own process while workers train.
        worker: one worker, at its peak.
        tables: the study's own process while tables and report are written, when the workers have ended.
    """

    main: int
    worker: int
    tables: int

    def peak(self, workers: int) -> int:
        """The most that all processes hold at once."""
        return max(self.main + workers * self.worker, self.tables)


@dataclass(frozen=True)
class Disk:
    """Bytes of a run's files.

    Attributes:
        data: the run's copy of the images, and of initial weights from a file.
        state: parameters and buffers of one network.
        mask: of one network.
        evidence: of a ticket or control; ``evidence_dense`` of a dense parent.
        results: of all tables and the report.
    """

    data: int
    state: int
    mask: int
    evidence: int
    evidence_dense: int
    results: int

    def network(self, work: Work) -> int:
        """What the folder of one network takes."""
        return work.states * self.state + self.mask + (self.evidence_dense if work.dense else self.evidence)

    def run(self, works: Sequence[Work]) -> int:
        """What the folder of a run with these networks takes."""
        return self.data + self.results + sum(map(self.network, works))


@dataclass(frozen=True)
class Forecast:
    """What a study will take.

    Attributes:
        seconds: of wall time by stage (``STAGES``); training and evidence run side by side.
        processor_seconds: of all processes, by stage; empty where it was not measured.
        memory: the most bytes that all processes hold for themselves at once; None where the system does not tell.
        disk: bytes of the run's folder when it has ended.
    """

    seconds: Mapping[str, float]
    processor_seconds: Mapping[str, float]
    memory: int | None
    disk: int

    @property
    def wall(self) -> float:
        """Seconds from start to end."""
        return sum(self.seconds.values())

    @property
    def processor(self) -> float:
        """Seconds of all processors."""
        return sum(self.processor_seconds.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; nothing of processors where they were not measured."""
        values = {**asdict(self), "wall": self.wall, "processor": self.processor}
        return values if self.processor_seconds else {key: values[key] for key in values if "processor" not in key}


def forecast(
    jobs: Mapping[Network, Sequence[Network]],
    works: Mapping[Network, Work],
    wall: Pace,
    processor: Pace | None,
    workers: int,
    memory: Memory | None,
    disk: Disk,
) -> Forecast:
    """What a study will take.

    Args:
        jobs: the networks that are to be made, each with those of them that it needs, in the study's order.
        works: what is left to do of every network of the study, of those that stand as well.
        wall: seconds of the parts by the wall's clock, measured with as many workers at work.
        processor: the same by the processors'; None where it was not measured, and is not told then.
        workers: how many trainings run side by side; 0: in the study's own process.
        memory: of the processes.
        disk: of the files.
    """
    side_by_side = min(workers, len(jobs))
    each = {job: wall.training(works[job]) + wall.looking(works[job]) for job in jobs}
    total, looked = sum(each.values()), sum(wall.looking(works[job]) for job in jobs)
    making = makespan(jobs, each, side_by_side)
    share = looked / total if total else 0.0
    start = wall.start if jobs else 0.0
    return Forecast(
        seconds={
            "images": wall.images,
            "training": making * (1 - share),
            "evidence": making * share + start,
            "tables": wall.tables,
            "report": wall.report,
        },
        processor_seconds={} if processor is None else _processor(jobs, works, processor, side_by_side),
        memory=None if memory is None else memory.peak(side_by_side),
        disk=disk.run(list(works.values())),
    )


def _processor(
    jobs: Mapping[Network, Sequence[Network]], works: Mapping[Network, Work], pace: Pace, workers: int
) -> dict[str, float]:
    """Seconds of all processes by stage; every one of them starts."""
    starts = pace.start * max(1, workers) if jobs else 0.0
    return {
        "images": pace.images,
        "training": sum(pace.training(works[job]) for job in jobs),
        "evidence": sum(pace.looking(works[job]) for job in jobs) + starts,
        "tables": pace.tables,
        "report": pace.report,
    }
