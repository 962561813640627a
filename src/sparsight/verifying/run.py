"""All checks of a run, one after the other."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.errors import DamagedError, InputError
from sparsight.evidence import read_evidence
from sparsight.io import hold
from sparsight.networks import Network, plan
from sparsight.results import result_files
from sparsight.runs import (
    DATA,
    MANIFEST,
    RESULTS,
    STUDY,
    errors_named,
    read_manifest,
    read_settings,
    standing_data,
)
from sparsight.standing import Standing, sources, survey
from sparsight.verifying.check import Check
from sparsight.verifying.evidence import TRAINING, evidence_faults
from sparsight.verifying.files import check_manifest, check_origins, check_seals
from sparsight.verifying.tickets import ticket_faults

_UNFIT = (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError)
"""What reading arrays of other names, shapes or types raises: files with a seal of somebody else's making."""


def verify_run(folder: Path) -> tuple[Check, ...]:
    """Check a run that has ended; nothing is written.

    Raises:
        InputError: if the folder is not a run's, the run has not ended, or a process works on it.
    """
    if not (folder / STUDY).exists() or not (folder / MANIFEST).exists():
        read_settings(folder)
        read_manifest(folder)
    with errors_named(folder, "mend it"), hold(folder):
        return tuple(_checks(folder))


def _checks(folder: Path) -> Iterator[Check]:
    yield check_seals(folder)
    try:
        settings = read_settings(folder)
    except InputError as error:
        yield Check("settings", STUDY, (f"{STUDY}: {_why(error)}; nothing else can be checked without it",))
        return
    networks = plan(settings)
    try:
        manifest: dict[str, Any] = read_manifest(folder)
        yield check_manifest(folder, manifest, networks)
    except InputError as error:
        yield Check("manifest", MANIFEST, (f"{MANIFEST}: {_why(error)}",))
    data = standing_data(folder)
    try:
        found = survey(folder, networks, sources(folder))
    except InputError:
        yield Check("origins", "", (f"{DATA}: not the data, or initial weights, that the tickets name",))
        return
    yield check_origins(folder, found)
    yield _each(
        "tickets",
        "masks nest, pruned weights are zero, as many are left as asked",
        folder,
        found,
        lambda network: ticket_faults(folder, network, settings.pruning.rate),
    )
    if data is None:
        yield Check("evidence", "", (f"{DATA}: damaged; nothing can be computed again without it",))
        return
    whole = data
    yield _each(
        "evidence",
        f"scores, concepts, g and maps computed again; {_training(folder, found)}",
        folder,
        found,
        lambda network: evidence_faults(folder, network, settings, whole),
    )
    yield _tables(folder, settings, data, networks, found)


def _each(
    name: str,
    looked: str,
    folder: Path,
    found: dict[Network, Standing],
    faults: Callable[[Network], Iterator[str]],
) -> Check:
    """A check of every network whose files, and those of the networks that it needs, stand."""
    failures = []
    ready = [network for network in found if all(found[one].done for one in (network, *network.needs))]
    for network in ready:
        try:
            failures += [f"{network.folder}: {fault}" for fault in faults(network)]
        except _UNFIT as error:
            failures.append(f"{network.folder}: does not hold what it should ({type(error).__name__}: {error})")
    return Check(name, f"{len(ready)} of {len(found)} networks: {looked}", tuple(failures))


def _training(folder: Path, found: dict[Network, Standing]) -> str:
    done = [network for network, state in found.items() if state.seen]
    if done and all(TRAINING in read_evidence(folder / network.folder) for network in done[:1]):
        return "of training, g's (its images' logits of f are not kept)"
    return "not those of training, whose embeddings are not kept"


def _tables(
    folder: Path,
    settings: StudySettings,
    data: ConceptDataset,
    networks: Sequence[Network],
    found: dict[Network, Standing],
) -> Check:
    """The result tables and pictures, made again, byte for byte."""
    if not all(state.done for state in found.values()):
        return Check("results", "not looked at: not every network stands", (), skipped=True)
    try:
        files = result_files(folder, settings, data, networks)
    except _UNFIT as error:
        return Check("results", "", (f"{RESULTS}: cannot be made again ({type(error).__name__}: {error})",))
    places = {folder / RESULTS / name: content for name, content in files.items()}
    failures = [
        f"{path.relative_to(folder)}: {'not what the evidence gives' if path.is_file() else 'missing'}"
        for path, content in places.items()
        if not path.is_file() or path.read_bytes() != content
    ]
    return Check("results", f"{len(files)} files, made again from the evidence", tuple(failures))


def _why(error: InputError) -> str:
    return error.why if isinstance(error, DamagedError) else str(error)
