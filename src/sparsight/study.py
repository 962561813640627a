"""The paper's study: prune, explain, report. This file is the story; each room does its part."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol

import pandas as pd
import torch

from sparsight.arms import Workshop, find_arm, has_ticket, read_ticket, train_dense, train_round, write_ticket
from sparsight.config import StudySettings, load_study
from sparsight.data import ConceptDataset, load_dataset, read_dataset, write_dataset
from sparsight.draws import key_seed
from sparsight.errors import InputError
from sparsight.evidence import (
    collect,
    dense_prediction,
    has_evidence,
    read_metrics,
    usable_concepts,
    write_evidence,
)
from sparsight.models import build_model, named_module, split
from sparsight.networks import Network, plan
from sparsight.pool import run_jobs
from sparsight.report import write_report
from sparsight.results import read_results, write_results
from sparsight.runs import DATA, REPORT, open_run, read_manifest, read_settings, write_manifest
from sparsight.training import resolve_device


class Listener(Protocol):
    """Who is told how a study goes."""

    def started(self, networks: int, standing: int, epochs: int) -> None:
        """So many networks are planned, so many stand already; so many epochs are to be trained."""

    def epoch(self) -> None:
        """An epoch has been trained, in whatever process."""

    def network(self, network: Network, summary: Mapping[str, float]) -> None:
        """A network has been trained and looked at."""


class Silent:
    """A listener that says nothing."""

    def started(self, networks: int, standing: int, epochs: int) -> None:
        """Say nothing."""

    def epoch(self) -> None:
        """Say nothing."""

    def network(self, network: Network, summary: Mapping[str, float]) -> None:
        """Say nothing."""


@dataclass(frozen=True, eq=False)
class StudyResult:
    """A study's tables, every repeat kept, and where its files are. Columns are those of the CSV files."""

    folder: Path
    report: Path
    settings: StudySettings
    accuracy: pd.DataFrame
    faithfulness: pd.DataFrame
    concepts: pd.DataFrame
    drift: pd.DataFrame
    notices: tuple[str, ...]


def run_study(
    study: str | Path | StudySettings,
    out: str | Path | None = None,
    *,
    quick: bool = False,
    workers: int | None = None,
    listener: Listener | None = None,
) -> StudyResult:
    """Run a study, or go on with the one that stands in ``out``, and write its report.

    Args:
        study: a preset's name, a settings file, or settings.
        out: the run's folder; by default ``runs/`` and the preset's name or the file's stem.
        quick: take the preset's settings for a first look, in a folder of their own.
        workers: processes that train side by side; by default as many as there are cores, or one where a GPU does the
            arithmetic. 0 trains in this process. Results do not depend on it.
        listener: is told how it goes.

    Raises:
        InputError: if a setting, a file or the folder cannot be used, or a training diverges.
    """
    settings = study if isinstance(study, StudySettings) else load_study(str(study), quick=quick)
    folder = Path(out) if out is not None else default_folder(study, quick)
    hears = listener or Silent()
    resolve_device(settings.training.device)
    standing = (folder / DATA).exists()
    data = read_dataset(folder / DATA) if standing else load_dataset(settings.data)
    check_network(settings, data)
    dropped = check_concepts(settings, data)

    with open_run(folder, settings) as agreed:
        started = time.monotonic()
        if not standing:
            write_dataset(folder / DATA, data)
        networks = plan(agreed)
        undone = [network for network in networks if not has_evidence(folder / network.folder)]
        untrained = [network for network in undone if not has_ticket(folder / network.folder)]
        hears.started(len(networks), len(networks) - len(undone), len(untrained) * agreed.training.epochs)
        run_jobs(
            {network: [network.before] if network.before in undone else [] for network in undone},
            partial(make_network, folder, agreed),
            default_workers(agreed) if workers is None else workers,
            on_tick=hears.epoch,
            on_done=hears.network,
        )
        write_results(folder, agreed, data, networks)
        write_manifest(folder, agreed, data, [*data.notes, *dropped], time.monotonic() - started)
        return report_run(folder)


def report_run(folder: Path) -> StudyResult:
    """Write the report of a run that has ended, from its result tables.

    Raises:
        InputError: if the folder is not a run's, or the run has not ended.
    """
    settings = read_settings(folder)
    data = read_results(folder, settings, read_manifest(folder))
    report = write_report(data, folder / REPORT)
    return StudyResult(
        folder, report, settings, data.accuracy, data.faithfulness, data.concepts, data.drift, data.notices
    )


def default_folder(study: str | Path | StudySettings, quick: bool) -> Path:
    """``runs/<preset>`` or ``runs/<the file's stem>``; a quick study has its own."""
    name = study.data.name if isinstance(study, StudySettings) else Path(study).stem
    return Path("runs") / (f"{name}-quick" if quick else name)


def default_workers(settings: StudySettings) -> int:
    """One process a usable core, or one in all where a GPU does the arithmetic."""
    if resolve_device(settings.training.device).type == "cuda":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_network(settings: StudySettings, data: ConceptDataset) -> None:
    """Build the network once, before anything is written.

    Raises:
        InputError: if its weights do not fit, its parts are not known, or the saliency layer does not exist.
    """
    model = _new_model(settings, len(data.class_names), settings.study.seeds[0])
    split(model)
    if settings.saliency.layer is not None:
        named_module(model, settings.saliency.layer)


def check_concepts(settings: StudySettings, data: ConceptDataset) -> list[str]:
    """Name the concepts that are dropped because no training image, or every one, has them.

    Raises:
        InputError: if fewer are left than ``concepts.top_k``.
    """
    usable = usable_concepts(data).tolist()
    constant = [name for name, kept in zip(data.concept_names, usable, strict=True) if not kept]
    if sum(usable) < settings.concepts.top_k:
        raise InputError(
            f"data set {data.name}: {sum(usable)} concepts differ between training images, too few for concepts.top_k "
            f"{settings.concepts.top_k}; lower it or add images"
        )
    if not constant:
        return []
    return [
        f"{len(constant)} of {len(usable)} concepts are constant in training and were dropped: {', '.join(constant)}"
    ]


def make_network(folder: Path, settings: StudySettings, network: Network, tick: Callable[[], None]) -> dict[str, float]:
    """Train one network, unless its ticket stands, and look at it. Runs in a worker."""
    started = time.monotonic()
    home = folder / network.folder
    data = _data(folder / DATA)
    device = resolve_device(settings.training.device)
    with _one_thread(device):
        new_model = partial(_new_model, settings, len(data.class_names))
        if not has_ticket(home):
            shop = Workshop(new_model, data, settings.training, settings.pruning, device, tick)
            _train(folder, settings, network, shop)
        ticket = read_ticket(home)
        model = new_model(network.seed)
        model.load_state_dict(ticket.weights)
        explained = None if network.kind == "dense" else dense_prediction(folder / network.dense.folder)
        rooms = (settings.evidence, settings.concepts, settings.saliency)
        evidence = collect(model, split(model), data, *rooms, device, explained)
        write_evidence(home, evidence, ticket.mask, settings.evidence.keep_embeddings)
    f, g = (read_metrics(home)["accuracy"][model]["test"]["accuracy"] for model in ("f", "g"))
    remaining = read_metrics(home)["weights_remaining"]
    return {"f": f, "g": g, "weights_remaining": remaining, "seconds": time.monotonic() - started}


def _train(folder: Path, settings: StudySettings, network: Network, shop: Workshop) -> None:
    if network.kind == "ticket":
        assert network.before is not None
        previous = read_ticket(folder / network.before.folder)
        arm = find_arm(network.arm)
        ticket, log = train_round(shop, arm, network.seed, network.round, previous, str(network))
    else:
        rule = next(arm.rule for arm in map(find_arm, settings.study.arms) if arm.rule.name == network.rule)
        ticket, log = train_dense(shop, rule, network.seed, network.repeat or 0, str(network))
    write_ticket(folder / network.folder, ticket, log)


def _new_model(settings: StudySettings, num_classes: int, seed: int) -> torch.nn.Module:
    return build_model(settings.model, num_classes, key_seed("initial weights", seed))


@lru_cache(maxsize=1)
def _data(path: Path) -> ConceptDataset:
    return read_dataset(path)


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """On the CPU a sum's order, and so its last bits, depends on the number of threads."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
