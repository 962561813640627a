"""A run's folder: where each network lies, who may work on it, and what was run."""

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sparsight.config import StudySettings, difference, extended, validated
from sparsight.data import ConceptDataset
from sparsight.errors import InputError
from sparsight.io import check_readable_file, hold, read_json, remove_partial_files, sha256, write_bytes, write_json

STUDY, MANIFEST, DATA, RESULTS, REPORT = "study.yaml", "manifest.json", "data.safetensors", "results", "report"
LIBRARIES = ("sparsight", "torch", "torchvision", "numpy", "scipy", "pandas", "safetensors", "matplotlib")


@contextmanager
def open_run(folder: Path, settings: StudySettings) -> Iterator[StudySettings]:
    """Hold a run's folder, new or standing, and yield the settings to work by.

    A standing run is extended by more seeds, arms, rounds or retrains, so what is yielded holds what stood as well.

    Raises:
        InputError: before anything is written, if the folder cannot be used, holds something else, was made with
            other settings, or is held by another process.
    """
    combined = _combined(folder, settings)
    _make_folder(folder)
    with hold(folder):
        combined = _combined(folder, settings)
        remove_partial_files(folder)
        write_bytes(folder / STUDY, yaml.safe_dump(combined.as_dict(), sort_keys=False).encode())
        yield combined


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
    except (yaml.YAMLError, UnicodeDecodeError):
        document = None
    if not isinstance(document, dict):
        raise InputError(f"{path}: damaged; restore it or choose another --out")
    return validated(document, str(path))


def _combined(folder: Path, settings: StudySettings) -> StudySettings:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; choose another --out")
    if not (folder / STUDY).exists():
        others = [entry.name for entry in folder.iterdir() if entry.name != ".lock"] if folder.exists() else []
        if others:
            raise InputError(f"{folder}: holds other files ({others[0][:80]}) and no run; choose another --out")
        return settings
    standing = read_settings(folder)
    changes = difference(standing, settings)
    if changes:
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        raise InputError(f"{folder}: was made with other settings ({changes[0]}{more}); choose another --out")
    return extended(standing, settings)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}); choose another --out") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: not writable; choose another --out")


def versions() -> dict[str, str]:
    """The versions that a run's results depend on."""
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in LIBRARIES}


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


def write_manifest(
    folder: Path, settings: StudySettings, data: ConceptDataset, notices: list[str], seconds: float
) -> None:
    """Write what was run, on what, in how long, and the SHA-256 of every file that results rest on.

    Args:
        folder: the run's.
        settings: what was run.
        data: what was studied.
        notices: what was dropped from the data, a line each.
        seconds: wall time of this session; that of earlier sessions that ended is added.
    """
    before = read_manifest(folder)["wall_seconds"] if (folder / MANIFEST).exists() else 0.0
    rooms = ("dense", "retrain", *settings.study.arms, RESULTS)
    files = [path for room in rooms for path in (folder / room).rglob("*") if path.is_file()] + [folder / DATA]
    document = {
        "versions": versions(),
        "machine": machine(),
        "seeds": list(settings.study.seeds),
        "images": {split: len(indices) for split, indices in data.splits.items()},
        "notices": notices,
        "wall_seconds": before + seconds,
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
    return dict(read_json(folder / MANIFEST))
