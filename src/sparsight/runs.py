"""A run's folder: where each network lies, who may work on it, and what was run."""

import importlib.metadata
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sparsight import __version__
from sparsight.config import StudySettings, difference, extended, going_on, validated
from sparsight.data import ConceptDataset, read_dataset
from sparsight.errors import DamagedError, InputError
from sparsight.io import (
    LOCK,
    PARTIAL,
    check_plain,
    check_readable_file,
    hold,
    read_json,
    read_metadata,
    remove_partial_files,
    sha256,
    sha256_plain,
    strange_places,
    tensors_bytes,
    write_bytes,
    write_json,
)
from sparsight.models import NOTES, ModelSettings, file_and_entry, initial_weights, read_state_file
from sparsight.plain import plain_files, read_plain, strange
from sparsight.seals import ZEROS, seal_of, sealed

STUDY, MANIFEST, DATA, WEIGHTS = "study.yaml", "manifest.json", "data.safetensors", "weights.safetensors"
RESULTS, REPORT = "results", "report"
REPORT_FOLDERS = ("figures", "tables")
"""Folders of a report's own."""
RESTORE = "restore it, or make the run anew in another folder"
"""The remedy where what a run was made from is no more: of every command, as few of them have a folder to choose."""
DENSE_TICKETS = "dense/*/seed-*/ticket.safetensors"
OTHER_VERSIONS = "parts of this run were made with other versions of its libraries"
"""The notice of a manifest that does not follow from data and settings."""
LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "pandas", "safetensors", "matplotlib")


@contextmanager
def open_run(folder: Path, settings: StudySettings) -> Iterator[StudySettings]:
    """Hold a run's folder, new or standing, and yield the settings to work by.

    A run that has ended is extended by more seeds, arms, rounds or retrains: what is yielded holds what stood as well,
    and ``study.yaml`` keeps the ended design until ``write_settings`` is called. One that has not ended works by what
    is asked for now alone, so that an extension by mistake can be stopped and asked for again.
    A file of initial weights is copied into a new run: a file elsewhere may change under it.

    Raises:
        InputError: before anything is written, if the folder cannot be used, holds something else, was made with
            other settings or weights, or is held by another process.
    """
    check_folder(folder, settings)
    with errors_named(folder, "mend it, and the same command goes on, or choose another --out"):
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder):
            combined = check_folder(folder, settings)
            remove_partial_files(folder)
            if not has_ended(folder):
                write_settings(folder, combined)
            weights = weights_file(folder, settings.model)
            if weights is not None and not _lies(folder / WEIGHTS):
                write_bytes(folder / WEIGHTS, weights_bytes(weights))
            yield combined


@contextmanager
def errors_named(folder: Path, remedy: str, done: str = "written") -> Iterator[None]:
    """Turn what the system says when a file below ``folder`` cannot be written, or read, into one line.

    Args:
        folder: what is named where the system names nothing.
        remedy: what to do.
        done: what is done to files in the block.

    Raises:
        InputError: naming the file, the system's reason and the remedy.
    """
    try:
        yield
    except BrokenPipeError:  # of the terminal, not of a file
        raise
    except OSError as error:
        place = error.filename or folder
        raise InputError(f"{place}: cannot be {done} ({error.strerror or error}); {remedy}") from error


def write_settings(folder: Path, settings: StudySettings) -> None:
    """Write ``study.yaml``; its last line is its seal."""
    text = yaml.safe_dump(settings.as_dict(), sort_keys=False)
    write_bytes(folder / STUDY, sealed(f"{text}# sha256:{ZEROS.decode()}\n".encode(), ".yaml"))


def standing_data(folder: Path) -> ConceptDataset | None:
    """The data set in a run's folder; None where it is missing or damaged."""
    try:
        return read_dataset(folder / DATA)
    except InputError:
        return None


def weights_file(folder: Path, model: ModelSettings) -> Path | None:
    """Where a run's initial weights are to be read: the file that is given; of weights that have a name, the run's own
    copy, or else where torch keeps what it has fetched. None where they are drawn.

    Raises:
        InputError: if weights that have a name cannot be had.
    """
    if model.pretrained is not None and kept_weights(folder) is not None:
        return folder / WEIGHTS
    return initial_weights(model)


def weights_bytes(path: Path) -> bytes:
    """A file of initial weights as it is kept in a run: its tensors, and the SHA-256 of the file.

    Raises:
        InputError: if it cannot be read.
    """
    read = read_state_file(path)
    notes = {NOTES: list(read.notes)} if read.notes else {}
    return tensors_bytes(read.tensors, {"source": _source(path), **notes}, "weights")


def _source(path: Path) -> str:
    """What tells a file of weights, and the entry of it that is named, from others."""
    file, entry = file_and_entry(path)
    check_readable_file(file)
    return sha256(file) + (f"#{entry}" if entry else "")


def has_ended(folder: Path) -> bool:
    """Whether a run has ended and its manifest is whole.

    Raises:
        InputError: if there is a manifest that may not be read.
    """
    try:
        return _lies(folder / MANIFEST) and bool(read_manifest(folder))
    except DamagedError:
        return False


def check_folder(folder: Path, settings: StudySettings) -> StudySettings:
    """The settings that a study in this folder would have; nothing is written.

    Raises:
        InputError: if the folder is not a folder, cannot be looked into, holds something else, or was made with other
            settings or weights.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: is a file; choose another --out")
        _check_parent(folder)
        stated = _lies(folder / STUDY)
        run = stated or _is_run(folder)
        entries = () if run or not folder.exists() else folder.iterdir()
        if others := [entry.name for entry in entries if not _ours(entry.name)]:
            raise InputError(f"{folder}: holds other files ({others[0][:80]}) and no run; choose another --out")
        check_places(folder)
        if run and not stated:
            raise InputError(f"{folder}: its {STUDY} is missing; restore it or choose another --out")
        if not run:
            return settings
    except OSError as error:
        raise InputError(f"{folder}: cannot be used ({error.strerror}); choose another --out") from None
    standing = read_settings(folder)
    check_settings(folder)
    changes = difference(standing, settings)
    weights = settings.model.weights
    if weights is not None and _lies(folder / WEIGHTS) and kept_weights(folder) not in (None, _source(weights)):
        changes.append(f"model.weights: {weights} has changed since")
    ended = has_ended(folder)
    judged = ended or bool(standing.study.looked)
    if judged and standing.study.looks and settings.study.looks not in ((), standing.study.looks):
        changes.append(f"study.looks: {list(standing.study.looks)}, now {list(settings.study.looks)}")
    if changes:
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        raise InputError(f"{folder}: was made with other settings ({changes[0]}{more}); choose another --out")
    return extended(standing, settings) if ended else going_on(standing, settings)


def _check_parent(folder: Path) -> None:
    """Refuse a folder that is not there and cannot be made."""
    place = next((one for one in (folder, *folder.absolute().parents) if os.path.lexists(one)), folder)
    if not place.is_dir():
        raise InputError(f"{place}: is {strange(place) or 'a file'} and no folder; choose another --out")
    if place != folder and not os.access(place, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: cannot be written (no right to write in {place}); choose another --out")


def kept_weights(folder: Path) -> str | None:
    """The SHA-256 of the file that the run's initial weights were copied from; None where there is no whole copy."""
    try:
        return str(read_metadata(folder / WEIGHTS, "weights")["source"])
    except InputError:
        return None


def _is_run(folder: Path) -> bool:
    """Whether a folder without a ``study.yaml`` holds a run: some file of ours that is whole."""
    kept = [folder / MANIFEST, folder / DATA, *folder.glob(DENSE_TICKETS)]
    return any(seal_of(path) for path in kept)


def _ours(name: str) -> bool:
    """Files that a killed start may leave before there is a ``study.yaml``."""
    return name in (LOCK, WEIGHTS) or name.endswith(PARTIAL)


def check_run(folder: Path) -> None:
    """Check that a folder is a run's, before anything in it is read: every command that takes a run opens it here.

    Raises:
        InputError: if it has no settings, or cannot be looked into, as where its name is too long for the system.
    """
    try:
        (folder / STUDY).lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last of a zero byte in the name
        raise InputError(
            f"{folder}: not a run's folder (it has no {STUDY}); give the folder that sparsight study made"
        ) from None
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{folder}: cannot be read ({why}); give the folder that sparsight study made") from None


def check_places(folder: Path) -> None:
    """Check that a run, which may itself be a link, leads nowhere else; one that is not there does not.

    Raises:
        DamagedError: if a folder of its own is a link or no folder.
        InputError: if it cannot be looked into.
    """
    try:
        flaws = strange_places(folder, REPORT, REPORT_FOLDERS)
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}); mend its permissions") from None
    if flaws:
        raise flaws[0]


def _lies(path: Path) -> bool:
    """Whether anything lies at a path, be it a link that leads nowhere."""
    return os.path.lexists(path)


def read_settings(folder: Path) -> StudySettings:
    """The settings that a run was made with.

    Raises:
        InputError: if the folder is not a run's, or its settings cannot be read.
    """
    check_run(folder)
    check_places(folder)
    path = folder / STUDY
    check_plain(path)
    if seal_of(path) is None:
        raise DamagedError(path, "damaged or edited by hand", RESTORE)
    try:
        document = yaml.safe_load(read_plain(path).decode())
    except (yaml.YAMLError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InputError(f"{path}: damaged; {RESTORE}")
    return validated(document, str(path))


def check_settings(folder: Path) -> None:
    """Check that the settings are those that the run's manifest names; a run that has not ended has none.

    Raises:
        DamagedError: if they are not.
    """
    try:
        named = read_manifest(folder).get("settings")
    except InputError:
        return
    if named is not None and named != seal_of(folder / STUDY):
        raise other_settings(folder)


def other_settings(folder: Path) -> DamagedError:
    """The error that a run's settings are whole, but not those that its files name."""
    why = "the run was made with other settings than it holds now"
    return DamagedError(folder / STUDY, why, RESTORE)


def versions() -> dict[str, str]:
    """The versions that a run's results depend on."""
    installed = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "sparsight": __version__} | installed


def machine() -> str:
    """The machine in words: processor, cores in use, system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


def forget_manifest(folder: Path) -> dict[str, Any]:
    """Remove the manifest while a run goes on, so that nobody takes half-written tables for its results.

    Returns:
        What it held; nothing where there was none or a damaged one.
    """
    try:
        earlier = read_manifest(folder)
    except InputError:
        earlier = {}
    (folder / MANIFEST).unlink(missing_ok=True)
    return earlier


def result_hashes(folder: Path, folders: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of every file that results rest on, and of theirs, by its place in the run.

    Args:
        folder: the run's.
        folders: its networks'; those of a wider study that was given up are none of its results.
    """
    files = [path for room in (*folders, RESULTS) for path in plain_files(folder / room)]
    files += [folder / name for name in (DATA, WEIGHTS) if (folder / name).exists()]
    return {str(path.relative_to(folder)): sha256_plain(path) for path in sorted(files)}


def write_manifest(
    folder: Path,
    settings: StudySettings,
    files: Mapping[str, str],
    data: ConceptDataset,
    notices: list[str],
    seconds: float,
    earlier: dict[str, Any],
) -> None:
    """Write what was run, on what, in how long, the settings' seal, and the SHA-256 of every file results rest on.

    Args:
        folder: the run's.
        settings: what was run.
        files: ``result_hashes`` of the run.
        data: what was studied.
        notices: what was dropped from the data, a line each.
        seconds: wall time of this session.
        earlier: the manifest that stood before; the wall times of sessions that ended are added up.
    """
    if earlier and earlier["versions"] != versions():
        notices = [*notices, OTHER_VERSIONS]
    document = {
        "versions": versions(),
        "machine": machine(),
        "settings": seal_of(folder / STUDY),
        "seeds": list(settings.study.seeds),
        "images": {split: len(indices) for split, indices in data.splits.items()},
        "notices": notices,
        "wall_seconds": earlier.get("wall_seconds", 0.0) + seconds,
        "files": files,
    }
    write_json(folder / MANIFEST, document, "manifest")


def add_forecast(folder: Path, forecast: Mapping[str, Any]) -> None:
    """Note in the manifest of a run that has ended what it was expected to take, and what it took."""
    write_json(folder / MANIFEST, {**read_manifest(folder), "forecast": forecast}, "manifest")


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``write_manifest`` wrote.

    Raises:
        InputError: if the run has not ended yet, or the file is damaged.
    """
    if not _lies(folder / MANIFEST):
        raise InputError(f"{folder}: the run has not ended; run its sparsight study command again to go on")
    manifest: dict[str, Any] = read_json(folder / MANIFEST, "manifest")
    if not all(isinstance(manifest.get(name), kind) for name, kind in _MANIFEST.items()):
        raise DamagedError(folder / MANIFEST)
    return manifest


_MANIFEST = {"versions": dict, "machine": str, "images": dict, "notices": list, "wall_seconds": float, "files": dict}


def check_result(folder: Path, manifest: Mapping[str, Any], name: str) -> None:
    """Check that a file is what it was when the run ended.

    Raises:
        DamagedError: if it is not.
        InputError: if it is missing.
    """
    check_plain(folder / name)
    if manifest["files"].get(name) != sha256_plain(folder / name):
        raise DamagedError(folder / name, "damaged or changed since the run ended")
