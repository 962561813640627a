"""The paper's study: prune, explain, report. This file is the story; each room does its part."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from sparsight.arguments import check_kind, check_methods, check_path, check_seconds, check_truth, check_whole
from sparsight.arms import CHECKPOINT, remove_checkpoint
from sparsight.beforehand import few_test_images, idle_arms
from sparsight.config import StudySettings, data_as_used, load_study
from sparsight.data import ConceptDataset, dataset_bytes, load_dataset, staged_dataset
from sparsight.errors import DamagedError, InputError
from sparsight.evidence import check_shown
from sparsight.io import check_room, hold, partial_file, read_json, remove_listed
from sparsight.looking import check_looking, closing, more_seeds, open_arms, planned
from sparsight.making import CHECKPOINT_SECONDS, check_concepts, check_network, forget_data, make_network
from sparsight.models import is_own, ordinary_torch, own_source
from sparsight.networks import Network, plan
from sparsight.planning import Check
from sparsight.pool import check_not_imported, run_jobs
from sparsight.report import LIST_KIND, PAGES, ConstantAnswer, ReportData, study_summary, write_report
from sparsight.results import read_results, result_flaws, write_results
from sparsight.results.rules import VERDICT
from sparsight.runs import (
    DATA,
    REPORT,
    RESULTS,
    WEIGHTS,
    add_forecast,
    check_folder,
    check_settings,
    errors_named,
    forget_manifest,
    kept_weights,
    open_run,
    read_manifest,
    read_settings,
    result_hashes,
    standing_data,
    weights_bytes,
    weights_file,
    write_manifest,
    write_settings,
)
from sparsight.seals import seal_in
from sparsight.standing import Standing, sources, survey, to_do
from sparsight.stopping import Stopped, heard
from sparsight.training import resolve_device


class Listener(Protocol):
    """Who is told how a study goes."""

    def started(self, networks: int, standing: int, epochs: int) -> None:
        """So many networks are planned, so many stand already; so many epochs are to be trained."""

    def note(self, text: str) -> None:
        """Something about the run's files is to be known: one line."""

    def decoded(self, done: int, total: int) -> None:
        """So many images of the data set are decoded."""

    def epoch(self) -> None:
        """An epoch has been trained, in whatever process."""

    def network(self, network: Network, summary: Mapping[str, float]) -> None:
        """A network has been trained and looked at."""


class Silent:
    """A listener that says nothing."""

    def started(self, networks: int, standing: int, epochs: int) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def decoded(self, done: int, total: int) -> None:
        """Say nothing."""

    def epoch(self) -> None:
        """Say nothing."""

    def network(self, network: Network, summary: Mapping[str, float]) -> None:
        """Say nothing."""


@dataclass(frozen=True, eq=False)
class StudyResult:
    """A study's tables, every repeat kept, and where its files are. Columns are those of the CSV files.

    ``report`` is None where none was asked for; ``constant`` is what one answer for every test image scores.
    """

    folder: Path
    report: Path | None
    settings: StudySettings
    accuracy: pd.DataFrame
    faithfulness: pd.DataFrame
    concepts: pd.DataFrame
    drift: pd.DataFrame
    notices: tuple[str, ...]
    constant: ConstantAnswer | None

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        judged = read_json(self.folder / RESULTS / VERDICT, "verdict")["arms"]
        sentences = {arm: judged[arm]["sentence"] for arm in judged}
        return study_summary(self.accuracy, self.settings.study.arms, sentences, self.report, self.constant)


@heard((signal.SIGINT,))
@ordinary_torch()
def run_study(
    study: str | Path | StudySettings,
    out: str | Path | None = None,
    *,
    quick: bool = False,
    workers: int | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    report: bool = True,
    until_decided: bool = False,
    at_most: int | None = None,
    listener: Listener | None = None,
) -> StudyResult:
    """Run a study, or go on with the one that stands in ``out``, and write its report.

    Args:
        study: a preset's name, a settings file, or settings.
        out: the run's folder; by default ``runs/`` and the preset's name or the file's stem.
        quick: take the preset's settings for a first look, in a folder of their own.
        workers: processes that train side by side; by default as many as there are cores, or one where a GPU does the
            arithmetic. 0 trains in this process. Results do not depend on it.
        checkpoint_seconds: a training is saved at the end of an epoch when so much time has gone since it was last, so
            that a killed one goes on from there. Results do not depend on it.
        report: whether to write the report. If not, one that stands is removed where the tables have changed.
        until_decided: judge the study at a planned number of seeds, and add seeds until the headline of every arm is
            decided, no number of seeds would decide it, or there are ``at_most``. The looks share the verdict's level.
        at_most: seeds of the last look; by default 10, or those of the run's plan.
        listener: is told how it goes.

    Raises:
        InputError: if a setting, a file or the folder cannot be used, or a training diverges.
    """
    check_not_imported("run_study")
    check_study(study, out, quick, workers, report)
    check_seconds("checkpoint_seconds", checkpoint_seconds)
    check_looking(until_decided, at_most)
    check_methods("listener", listener, ("started", "note", "decoded", "epoch", "network"))
    begun = time.monotonic()
    settings = study if isinstance(study, StudySettings) else load_study(str(study), quick=quick)
    settings = with_source(with_device(settings))
    folder = Path(out) if out is not None else default_folder(study, quick)
    hears = listener or Silent()
    if until_decided:
        settings = planned(folder, settings, at_most)
    combined = check_folder(folder, settings)
    plan(combined)
    if is_own(settings.model.name):
        hears.note(f"model.name: runs the code in {own_source(settings.model.name).path}")
    forget_data()
    data = standing_data(folder) or load_dataset(data_as_used(settings), hears)
    for notice in (told := check_network(settings, data, weights_file(folder, settings.model))):
        hears.note(notice)
    notices = [*told, *check_concepts(settings, data), *check_shown(data, settings.evidence.shown)]
    few = few_test_images(data, settings.verdict.least_images)
    idle = idle_arms(combined.study.arms, combined.training, combined.pruning.rounds)
    notices += [*few, *idle]
    for notice in [*data.notes, *few, *idle]:
        hears.note(notice)

    if not os.path.lexists(folder / DATA):
        check_room(
            folder, dataset_bytes(data), "the run's own copy of the images", "make room, or choose another --out"
        )

    while True:
        with open_run(folder, settings) as agreed:
            look = _Look(folder, agreed, data, hears, begun, until_decided, at_most, report)
            more, check = _make(look, notices, checkpoint_seconds, workers)
            if more is None:
                result = _result(folder, report)
                _compare(folder, check, hears)
                if until_decided:
                    hears.note(closing(folder, agreed))
                return result
            _compare(folder, check, hears)
            seeds, held = len(more.study.seeds), len(agreed.study.seeds)
            hears.note(f"undecided with {held} seeds: {', '.join(open_arms(folder))}; goes on with {seeds}")
        settings, begun = more, time.monotonic()


@dataclass(frozen=True, eq=False)
class _Look:
    """One look at a study: what is made and judged under one lock.

    Attributes:
        folder: the run's.
        settings: of this look, with what stands.
        data: the data set.
        hears: is told how it goes.
        begun: when the study, or this look, began.
        until_decided, at_most, report: as of ``run_study``.
    """

    folder: Path
    settings: StudySettings
    data: ConceptDataset
    hears: Listener
    begun: float
    until_decided: bool
    at_most: int | None
    report: bool


def _make(
    look: _Look, notices: Sequence[str], checkpoint_seconds: float, workers: int | None
) -> tuple[StudySettings | None, Check]:
    """Make the networks that do not stand, and the tables; the settings of the next look, None where this is the last.

    Args:
        look: what is made.
        notices: what is to be known of data and network.
        checkpoint_seconds, workers: as of ``run_study``.
    """
    folder, agreed, hears = look.folder, look.settings, look.hears
    started = time.monotonic()
    networks = plan(agreed)
    found = _take_stock(folder, agreed, look.data, networks, hears)
    undone = [network for network, state in found.items() if not state.done]
    untrained = [network for network in undone if not found[network].trained]
    hears.started(len(networks), len(networks) - len(undone), len(untrained) * agreed.training.epochs)

    side_by_side = default_workers(agreed) if workers is None else workers
    check = Check(folder, agreed, look.data, found, side_by_side, look.begun, report=look.report)
    made: set[Network] = set()

    def done(network: Network, summary: Mapping[str, float] | None) -> None:
        if summary is None:
            return
        made.add(network)
        if found[network].done:
            hears.note(f"{network.folder}: comes from another network than before; made again")
        hears.network(network, summary)
        if said := check.network(network, summary):
            hears.note(said)

    try:
        run_jobs(
            to_do(found),
            partial(make_network, folder, agreed, checkpoint_seconds),
            side_by_side,
            on_tick=hears.epoch,
            on_done=done,
        )
    except Stopped as stop:
        stop.kept = _kept(folder, networks, len(networks) - len(undone) + len(made))
        raise
    check.made_all()
    for network in networks:
        remove_checkpoint(folder / network.folder)
    earlier = forget_manifest(folder)
    write_settings(folder, agreed)
    write_results(folder, agreed, look.data, networks)
    more = more_seeds(folder, agreed, look.at_most) if look.until_decided else None
    files = result_hashes(folder, [network.folder for network in networks])
    # Before there is a manifest again: a run that is killed here takes whatever report stands for an old one.
    anew = look.report and more is None
    if (
        not anew
        and files != earlier.get("files")
        and remove_listed(folder / REPORT, LIST_KIND, PAGES)
        and not look.report
    ):
        hears.note("report: removed, as the tables have changed; sparsight report writes it again")
    told = [*look.data.notes, *notices]
    write_manifest(folder, agreed, files, look.data, told, time.monotonic() - started, earlier)
    return more, check


def _compare(folder: Path, check: Check, hears: Listener) -> None:
    """Say what it took beside what was predicted."""
    line, forecast = check.ended()
    if forecast is not None:
        add_forecast(folder, forecast)
    hears.note(line)


def _kept(folder: Path, networks: Sequence[Network], done: int) -> str:
    """What a study that is stopped leaves, in words."""
    begun = sum((folder / network.folder / CHECKPOINT).is_file() for network in networks)
    trainings = f", {begun} training{'s' * (begun > 1)} kept between two steps" if begun else ""
    return f"{done} of {len(networks)} networks are done{trainings}"


def check_study(study: Any, out: Any, quick: Any, workers: Any, report: Any) -> None:
    """Check the arguments that running a study and predicting it share.

    Raises:
        InputError: naming the one that is of a wrong kind, with what to give.
    """
    words = "a preset's name, a settings file, or settings as of load_study"
    check_kind("study", study, (str, Path, StudySettings), words)
    if not isinstance(study, StudySettings):
        check_path("study", study, optional=False)
    check_path("out", out)
    check_truth("quick", quick)
    check_whole("workers", workers, 0)
    check_truth("report", report)


def report_run(folder: Path) -> StudyResult:
    """Write the report of a run that has ended, from its result tables.

    Raises:
        InputError: if the folder is not a run's, the run has not ended, or another process works on it.
    """
    read_settings(folder)
    with errors_named(folder, "mend it"), hold(folder):
        check_settings(folder)
        return _result(folder, report=True)


def read_run(folder: Path) -> ReportData:
    """The result tables of a run that has ended; nothing is written.

    Raises:
        InputError: if the folder is not a run's, the run has not ended, or a table is damaged.
    """
    settings = read_settings(folder)
    return read_results(folder, settings, read_manifest(folder))


def _take_stock(
    folder: Path, settings: StudySettings, data: ConceptDataset, networks: Sequence[Network], hears: Listener
) -> dict[Network, Standing]:
    """What stands of the networks. Files that are damaged are told, and the data and initial weights made again.

    Raises:
        InputError: if a network was made from other data, initial weights or settings.
    """
    start = sources(folder, settings, data)
    with ExitStack() as staged:  # of what is written here nothing stays if the run is refused
        again = []
        if standing_data(folder) is None:
            again.append(DATA)
            start["data"] = staged.enter_context(staged_dataset(folder / DATA, data))
        source = weights_file(folder, settings.model)
        if source is not None and kept_weights(folder) is None:
            again.append(WEIGHTS)
            weights = weights_bytes(source)
            start["weights"] = seal_in(weights, Path(WEIGHTS).suffix)
            staged.enter_context(partial_file(folder / WEIGHTS)).write_bytes(weights)
        found = survey(folder, networks, start)
        flaws = [DamagedError(folder / name) for name in again if os.path.lexists(folder / name)]
        flaws += [flaw for state in found.values() for flaw in state.flaws]
        for flaw in [*flaws, *result_flaws(folder)]:
            hears.note(f"{flaw.path.relative_to(folder)}: {flaw.why}; made again")
    return found


def _result(folder: Path, report: bool) -> StudyResult:
    settings = read_settings(folder)
    data = read_results(folder, settings, read_manifest(folder))
    page = write_report(data, folder / REPORT) if report else None
    tables = (data.accuracy, data.faithfulness, data.concepts, data.drift)
    return StudyResult(folder, page, settings, *tables, data.notices, data.constant)


def with_device(settings: StudySettings) -> StudySettings:
    """The settings with the device that this machine has in place of ``auto``: results depend on it.

    Raises:
        InputError: if the device is absent.
    """
    device = resolve_device(settings.training.device).type
    return settings.model_copy(update={"training": settings.training.model_copy(update={"device": device})})


def with_source(settings: StudySettings) -> StudySettings:
    """The settings with the SHA-256 of the file of a network of the user's own; none of its code is run.

    Raises:
        InputError: if there is no such file, or it is not the one that the settings name.
    """
    model = settings.model
    if not is_own(model.name):
        return settings
    file = own_source(model.name)
    if model.source not in (None, file.digest):
        raise InputError(
            f"model.source: {file.path} is not the file of {model.name} that these settings were made with; restore it "
            "or set model.source=null"
        )
    return settings.model_copy(update={"model": model.model_copy(update={"source": file.digest})})


def default_folder(study: str | Path | StudySettings, quick: bool) -> Path:
    """``runs/<preset>`` or ``runs/<the file's stem>``; a quick study has its own."""
    if isinstance(study, str) and study.startswith("folder:"):
        name = Path(os.path.realpath(study.removeprefix("folder:"))).name or "folder"
        return Path("runs") / (f"{name}-quick" if quick else name)
    name = study.data.name if isinstance(study, StudySettings) else Path(study).stem
    return Path("runs") / (f"{name}-quick" if quick else name)


def default_workers(settings: StudySettings) -> int:
    """One process a usable core, or one in all where a GPU does the arithmetic."""
    if resolve_device(settings.training.device).type == "cuda":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
