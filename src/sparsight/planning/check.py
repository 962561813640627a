"""A study's own forecast, from its first networks, and what came of it."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from sparsight.arms import read_ticket
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.evidence import EVIDENCE, METRICS, read_evidence, read_metrics
from sparsight.footprint import private_peak
from sparsight.networks import Network
from sparsight.plain import plain_files
from sparsight.planning.forecast import Disk, Forecast, Memory, Pace, forecast
from sparsight.planning.tables import Sample, Tables, measure_tables, tables
from sparsight.planning.words import checked, expected, spoken_time
from sparsight.planning.work import work_of
from sparsight.runs import DATA, WEIGHTS
from sparsight.standing import Standing, to_do

LEAST_SECONDS = 30.0
"""Of making networks, for a study to be worth a forecast."""
_FORWARD = 1 / 3
"""What a pass over an image takes of what a training step takes for it."""


class Check:
    """Watches a study: forecasts it as soon as a network of each kind is done, a dense parent and another, and says at
    the end how far that was from what came.

    Args:
        folder: the run's.
        settings: the study's.
        data: its data set.
        found: what stood of its networks.
        workers: how many are made side by side; 0 in this process.
        begun: when the study began, by ``time.monotonic``.
        least: seconds of making networks below which nothing is forecast.
        report: whether one is to be written.
    """

    def __init__(
        self,
        folder: Path,
        settings: StudySettings,
        data: ConceptDataset,
        found: Mapping[Network, Standing],
        workers: int,
        begun: float,
        least: float = LEAST_SECONDS,
        report: bool = True,
    ) -> None:
        self.folder, self.settings, self.data = folder, settings, data
        self.workers, self.begun, self.least, self.report = workers, begun, least, report
        self.works = {one: work_of(one, settings, data, state.trained, state.seen) for one, state in found.items()}
        self.jobs = to_do(found)
        self.made: dict[Network, Mapping[str, float]] = {}
        self.before = 0.0
        self.said: Forecast | None = None
        self.decided = not self.jobs
        self.processes: dict[float, float] = {}
        self.main: int | None = None

    def network(self, network: Network, summary: Mapping[str, float]) -> str | None:
        """Take note of a network that is done; the forecast in a line, when it can first be made."""
        if not self.made:
            self.before = time.monotonic() - self.begun - summary["seconds"]
        self.made[network] = summary
        if "process" in summary:
            self.processes[summary["process"]] = summary["private_bytes"]
        wanted = {self.works[job].dense for job in self.jobs if self.works[job].looks}
        if self.decided or wanted - {self.works[one].dense for one in self.made}:
            return None
        self.decided = True
        making = forecast(self.jobs, self.works, self._pace(None), None, self.workers, None, Disk(0, 0, 0, 0, 0, 0))
        if len(self.made) == len(self.jobs) or making.wall - self.before < self.least:
            return None
        made = self._tables(network)
        self.said = forecast(
            self.jobs, self.works, self._pace(made), None, self.workers, self._memory(made), self._disk(made)
        )
        return expected(self.said, f"from the first {len(self.made)} of {len(self.jobs)} networks")

    def made_all(self) -> None:
        """All networks are made, and the workers have ended."""
        self.main = private_peak()

    def ended(self) -> tuple[str, dict[str, Any] | None]:
        """What was said beside what came: a line, and plain values for the manifest; None where nothing was said."""
        wall = time.monotonic() - self.begun
        if self.said is None:
            why = "everything stood already" if not self.jobs else "too short a study, or too few networks, to predict"
            return f"took {spoken_time(wall)}: {why}", None
        memory = self._held()
        disk = sum(path.stat().st_size for path in plain_files(self.folder))
        document = {"said": self.said.as_dict(), "was": {"wall": wall, "memory": memory, "disk": disk}}
        return checked(self.said, wall, memory, disk), document

    def _pace(self, made: Tables | None) -> Pace:
        """Seconds of the parts, as the networks that are done took them."""
        done = {one: summary for one, summary in self.made.items() if self.works[one].looks}
        score = len(self.data.splits["validation"]) / self.settings.training.batch_size * _FORWARD
        steps = sum(self.works[one].steps + self.works[one].scores * score for one in self.made)
        step = sum(summary["training_seconds"] for summary in self.made.values()) / max(1, steps)
        looks: dict[bool, list[float]] = {True: [], False: []}
        for one, summary in done.items():
            own = summary["seconds"] - summary["training_seconds"] - summary["once_seconds"]
            looks[self.works[one].dense].append(own)
        once = max((summary["once_seconds"] for summary in self.made.values()), default=0.0)
        return Pace(
            images=self.before,
            start=once,
            step=step,
            score=step * score,
            look=mean(looks[False] or [0.0]),
            look_dense=mean(looks[True] or [0.0]),
            tables=0.0 if made is None else made.tables.wall,
            report=0.0 if made is None else made.report.wall,
        )

    def _tables(self, network: Network) -> Tables:
        home, dense = self.folder / network.folder, self.folder / network.dense.folder
        sample = Sample(read_evidence(home), read_evidence(dense), read_metrics(home))
        measured = measure_tables(sample, self.settings, self.data)
        return tables(measured, list(self.works), self.settings, bool(self.data.concept_names), self.report)

    def _memory(self, made: Tables) -> Memory | None:
        main = private_peak()
        if main is None or not self.processes:
            return None
        if self.workers == 0:
            return Memory(main, 0, main + made.memory)
        return Memory(main, int(max(self.processes.values())), main + made.memory)

    def _disk(self, made: Tables) -> Disk:
        kept = {self.works[one].dense: one for one in self.made}
        evidence = {dense: _size(self.folder / one.folder, (EVIDENCE, METRICS)) for dense, one in kept.items()}
        ticket = read_ticket(self.folder / next(iter(self.made)).folder)
        larger = max(evidence.values())
        return Disk(
            data=_size(self.folder, (DATA, WEIGHTS)),
            state=sum(value.nbytes for value in ticket.weights.values()),
            mask=sum(keep.nbytes for keep in ticket.mask.values()),
            evidence=evidence.get(False, larger),
            evidence_dense=evidence.get(True, larger),
            results=made.disk,
        )

    def _held(self) -> int | None:
        now = private_peak()
        if now is None or self.main is None:
            return None
        others = 0.0 if self.workers == 0 else sum(self.processes.values())
        return int(max(self.main + others, now))


def _size(folder: Path, names: Sequence[str]) -> int:
    return sum((folder / name).stat().st_size for name in names if (folder / name).exists())
