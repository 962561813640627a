"""A run's folder: where each network lies, who may work on it, and what was run."""

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sparsight import __version__
from sparsight.arms import find_arm
from sparsight.config import StudySettings, difference, extended, validated
from sparsight.data import ConceptDataset
from sparsight.errors import InputError
from sparsight.io import (
    PARTIAL,
    check_readable_file,
    hold,
    read_json,
    remove_partial_files,
    sha256,
    write_bytes,
    write_json,
)

STUDY, MANIFEST, DATA, WEIGHTS = "study.yaml", "manifest.json", "data.safetensors", "weights.safetensors"
RESULTS, REPORT = "results", "report"
LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "pandas", "safetensors", "matplotlib")


@contextmanager
def open_run(folder: Path, settings: StudySettings) -> Iterator[StudySettings]:
    """Hold a run's folder, new or standing, and yield the settings to work by.

    A standing run is extended by more seeds, arms, rounds or retrains, so what is yielded holds what stood as well.
    A file of initial weights is copied into a new run: a file elsewhere may change under it.

    Raises:
        InputError: before anything is written, if the folder cannot be used, holds something else, was made with
            other settings or weights, or is held by another process.
    """
    check_folder(folder, settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder):
            combined = check_folder(folder, settings)
            remove_partial_files(folder)
            weights = settings.model.weights
            if weights is not None and not (folder / WEIGHTS).exists():
                write_bytes(folder / WEIGHTS, weights.read_bytes())
            write_bytes(folder / STUDY, yaml.safe_dump(combined.as_dict(), sort_keys=False).encode())
            yield combined
    except BrokenPipeError:  # of the terminal, not of a file
        raise
    except OSError as error:
        place = error.filename or folder
        raise InputError(
            f"{place}: cannot be written ({error.strerror or error}); mend it or choose another --out"
        ) from error


def check_folder(folder: Path, settings: StudySettings) -> StudySettings:
    """The settings that a study in this folder would have; nothing is written.

    Raises:
        InputError: if the folder is not a folder, cannot be looked into, holds something else, or was made with other
            settings or weights.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: is a file; choose another --out")
        if not (folder / STUDY).exists():
            others = [entry.name for entry in folder.iterdir() if not _ours(entry.name)] if folder.exists() else []
            if others:
                raise InputError(f"{folder}: holds other files ({others[0][:80]}) and no run; choose another --out")
            return settings
    except OSError as error:
        raise InputError(f"{folder}: cannot be used ({error.strerror}); choose another --out") from None
    standing = read_settings(folder)
    changes = difference(standing, settings)
    weights = settings.model.weights
    if weights is not None and (folder / WEIGHTS).exists():
        check_readable_file(weights)
        if sha256(weights) != sha256(folder / WEIGHTS):
            changes.append(f"model.weights: {weights} has changed since")
    if changes:
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        raise InputError(f"{folder}: was made with other settings ({changes[0]}{more}); choose another --out")
    return extended(standing, settings)


def _ours(name: str) -> bool:
    """Files that a killed start may leave before there is a ``study.yaml``."""
    return name in (".lock", WEIGHTS) or name.endswith(PARTIAL)


def read_settings(folder: Path) -> StudySettings:
    """The settings that a run was made with.

    Raises:
        InputError: if the folder is not a run's, or its settings cannot be read.
    """
    path = folder / STUDY
    if not path.exists():
        raise InputError(f"{folder}: not a run's folder (it has no {STUDY}); give the folder that sparsight study made")
    check_readable_file(path)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InputError(f"{path}: damaged; restore it or choose another --out")
    return validated(document, str(path))


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


def write_manifest(
    folder: Path,
    settings: StudySettings,
    data: ConceptDataset,
    notices: list[str],
    seconds: float,
    earlier: dict[str, Any],
) -> None:
    """Write what was run, on what, in how long, and the SHA-256 of every file that results rest on.

    Args:
        folder: the run's.
        settings: what was run.
        data: what was studied.
        notices: what was dropped from the data, a line each.
        seconds: wall time of this session.
        earlier: the manifest that stood before; the wall times of sessions that ended are added up.
    """
    rooms = ("dense", "retrain", *(find_arm(arm).folder for arm in settings.study.arms), RESULTS)
    files = [path for room in rooms for path in (folder / room).rglob("*") if path.is_file()]
    files += [folder / name for name in (DATA, WEIGHTS) if (folder / name).exists()]
    if earlier and earlier["versions"] != versions():
        notices = [*notices, "parts of this run were made with other versions of its libraries"]
    document = {
        "versions": versions(),
        "machine": machine(),
        "seeds": list(settings.study.seeds),
        "images": {split: len(indices) for split, indices in data.splits.items()},
        "notices": notices,
        "wall_seconds": earlier.get("wall_seconds", 0.0) + seconds,
        "files": {str(path.relative_to(folder)): sha256(path) for path in sorted(files)},
    }
    write_json(folder / MANIFEST, document)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``write_manifest`` wrote.

    Raises:
        InputError: if the run has not ended yet, or the file is damaged.
    """
    if not (folder / MANIFEST).exists():
        raise InputError(f"{folder}: the run has not ended; run its sparsight study command again to go on")
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or not manifest.keys() >= {
        "versions",
        "machine",
        "images",
        "notices",
        "wall_seconds",
    }:
        raise InputError(f"{folder / MANIFEST}: damaged; run the study's command again to have it made")
    return manifest
