"""All checks of a run, one after the other."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.errors import DamagedError, InputError
from sparsight.evidence import read_evidence
from sparsight.io import hold
from sparsight.models import UserCodeError, build_model, is_own
from sparsight.networks import Network, plan
from sparsight.plain import read_plain, strange
from sparsight.results import other_rules, result_files
from sparsight.runs import (
    DATA,
    MANIFEST,
    RESULTS,
    STUDY,
    check_run,
    errors_named,
    read_manifest,
    read_settings,
    standing_data,
)
from sparsight.standing import Standing, sources, survey
from sparsight.verifying.check import Check
from sparsight.verifying.deep import Forward, deep_faults
from sparsight.verifying.evidence import TRAINING, evidence_faults
from sparsight.verifying.facts import check_facts
from sparsight.verifying.files import check_manifest, check_origins, check_plain_files, check_report, check_seals
from sparsight.verifying.masks import mask_faults, prunes
from sparsight.verifying.tables import same_content
from sparsight.verifying.tickets import ticket_faults

UNLOCKED = "cannot be taken on storage that cannot be written: another process may be changing this run meanwhile"
SHALLOW = "whether logits, embeddings and maps are what the weights give (--deep looks)"
LEFT_OUT = (
    "whether the weights come from their training, and concepts, probe and random controls from its images (only "
    "making them again would tell); training logs beyond their hashes; what the report says"
)
"""What no check looks at."""
UNFIT = (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError, AssertionError)
"""What reading arrays of other names, shapes or types raises: files with a seal of somebody else's making."""


def verify_run(folder: Path, *, deep: bool = False) -> tuple[Check, ...]:
    """Check a run that has ended; nothing is written, so that it may lie on storage that cannot be.

    Args:
        folder: the run's.
        deep: also pass the images through every network again.

    Raises:
        InputError: if the folder is not a run's, the run has not ended, or a process works on it.
    """
    check_run(folder)
    with errors_named(folder, "mend its permissions", "read"):
        plain, readable = check_plain_files(folder)
        if not readable:
            return (plain,)
        if not os.path.lexists(folder / MANIFEST):
            read_settings(folder)
            read_manifest(folder)
        with hold(folder, reading=True) as held:
            alone = () if held else (Check("lock", UNLOCKED, (), skipped=True),)
            return (*alone, plain, *_made(checks_of(folder, deep)))


def _made(checks: Iterator[Check]) -> Iterator[Check]:
    """The checks; after one that cannot be made, as its files hold what no study writes, a last one says so."""
    try:
        yield from checks
    except UNFIT as error:
        why = f"the run does not hold what it should ({type(error).__name__}: {error}); nothing else can be checked"
        yield Check("content", "", (why,))


def checks_of(folder: Path, deep: bool) -> Iterator[Check]:
    """The checks of a run that holds plain files alone, each made when it is asked for."""
    yield check_seals(folder)
    yield check_report(folder)
    try:
        settings = read_settings(folder)
    except InputError as error:
        yield Check("settings", STUDY, (f"{STUDY}: {_why(error)}; nothing else can be checked without it",))
        return
    networks, data = plan(settings), standing_data(folder)
    try:
        manifest: dict[str, Any] = read_manifest(folder)
        yield check_manifest(folder, manifest, networks)
        if data is not None:
            yield check_facts(folder, manifest, settings, data)
    except InputError as error:
        yield Check("manifest", MANIFEST, (f"{MANIFEST}: {_why(error)}",))
    try:
        found = survey(folder, networks, sources(folder, settings, data))
    except DamagedError as error:
        yield Check("origins", "", (f"{STUDY}: {error.why}; nothing else can be checked without it",))
        return
    except InputError:
        yield Check("origins", "", (f"{DATA}: not the data, initial weights or settings that the networks name",))
        return
    yield check_origins(folder, found)
    yield _each(
        "tickets",
        "masks nest, pruned weights are zero, as many are left as asked",
        [(network, ticket_faults(folder, network, settings.pruning.rate)) for network in found],
    )
    if data is None:
        yield Check("evidence", "", (f"{DATA}: damaged; nothing can be computed again without it",))
        return
    model = None
    try:
        model = _model(settings, data, deep)
        pruned = [network for network in found if prunes(network)]
        yield _each(
            "masks",
            "pruned again from the ticket before" + _borrowed(found),
            [(network, mask_faults(folder, network, model, settings.pruning.rate)) for network in pruned],
        )
    except InputError as error:
        yield Check("masks", f"not looked at: {error}", (), skipped=True)
        if deep:  # which was asked for
            yield Check("deep", "0 networks", (str(error),))
    of_what = "scores, concepts, g and maps" if data.concept_names else "scores and maps"
    ready = [network for network in found if all(found[one].done for one in (network, *network.needs))]
    yield _each(
        "evidence",
        f"{of_what} computed again; {_training(folder, found, data)}",
        [(network, evidence_faults(folder, network, settings, data)) for network in ready],
        len(found),
    )
    yield _tables(folder, settings, data, networks, found)
    if deep and model is not None:
        yield _deep(folder, Forward(model, data, settings), ready, len(found))
    yield Check("not looked at", LEFT_OUT if deep else f"{SHALLOW}; {LEFT_OUT}", (), skipped=True)


def _each(name: str, looked: str, checked: Sequence[tuple[Network, Iterator[str]]], of: int | None = None) -> Check:
    """A check of networks by what is wrong with each; one that could not be looked at fails, whatever other checks
    say of its files."""
    failures, whole = [], 0
    for network, faults in checked:
        try:
            for fault in faults:
                failures.append(f"{network.folder}: {fault}")  # noqa: PERF401 (those before an error count)
            whole += 1
        except UserCodeError as error:  # of a network of the user's own, which no other check runs
            failures.append(f"{network.folder}: {error}")
        except InputError as error:
            failures.append(f"{network.folder}: not looked at ({_why(error)})")
        except UNFIT as error:
            failures.append(f"{network.folder}: does not hold what it should ({type(error).__name__}: {error})")
    return Check(name, f"{whole} of {of or len(checked)} networks: {looked}", tuple(failures))


def _borrowed(found: Mapping[Network, Standing]) -> str:
    """Of which pruned networks that cannot be said."""
    arms = sorted({network.arm for network in found if network.kind == "ticket" and not prunes(network)})
    return f"; not those of {', '.join(arms)}, which come from another arm" if arms else ""


def _model(settings: StudySettings, data: ConceptDataset, deep: bool) -> nn.Module:
    """A network of the run's architecture.

    Raises:
        InputError: if it cannot be built, or is of the user's own making and its code is not to be run.
    """
    if is_own(settings.model.name) and not deep:
        raise InputError("the network is made by code of your own, which only --deep runs")
    return build_model(settings.model.model_copy(update={"weights": None}), len(data.class_names), 0)


def _deep(folder: Path, forward: Forward, ready: Sequence[Network], of: int) -> Check:
    try:
        device = forward.device
    except InputError:
        made = forward.settings.training.device
        return Check("deep", f"not looked at: the evidence was made on {made}, which is not here", (), skipped=True)
    own = "g's objective, " if forward.data.concept_names else ""
    looked = f"logits, embeddings, {own}dead layers, the first maps and interventions, from the weights ({device})"
    return _each("deep", looked, [(network, deep_faults(folder, network, forward)) for network in ready], of)


def _training(folder: Path, found: dict[Network, Standing], data: ConceptDataset) -> str:
    if not data.concept_names:
        return "not those of training, whose logits are not kept"
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
    """The result tables and pictures, made again: on the machine that wrote them byte for byte."""
    if not all(state.done for state in found.values()):
        return Check("results", "not looked at: not every network stands", (), skipped=True)
    if why := other_rules(folder):
        return Check("results", "", (why,))
    try:
        files = result_files(folder, settings, data, networks)
    except DamagedError as error:
        why = f"{error.path.relative_to(folder)}: {error.why}"
        return Check("results", "", (f"{RESULTS}: cannot be made again ({why})",))
    except UNFIT as error:
        return Check("results", "", (f"{RESULTS}: cannot be made again ({type(error).__name__}: {error})",))
    places = {folder / RESULTS / name: content for name, content in files.items()}
    failures = [
        f"{path.relative_to(folder)}: {'not what the evidence gives' if path.is_file() else 'missing'}"
        for path, content in places.items()
        if strange(path) is not None or not path.is_file() or not same_content(content, read_plain(path), path.suffix)
    ]
    return Check("results", f"{len(files)} files, made again from the evidence", tuple(failures))


def _why(error: InputError) -> str:
    return error.why if isinstance(error, DamagedError) else str(error)
