"""Files that appear whole or not at all, and readers that run nothing."""

import csv
import hashlib
import io
import json
import os
import stat
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import safetensors
import safetensors.torch
from torch import Tensor

from sparsight.errors import InputError

PARTIAL = ".partial"
_METADATA = (
    "sparsight"  # one key only: safetensors keeps several in no fixed order, and files are compared byte by byte
)


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically: a reader, or a run after a crash, sees the old file or the new one.

    Missing parent folders are made. The bytes go to a file beside it, reach the disk, and are renamed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{PARTIAL}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is durable by the file system's journal
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_partial_files(folder: Path) -> None:
    """Delete what killed writers left below ``folder``. Call it only while holding the folder's lock."""
    for partial in folder.rglob(f".*{PARTIAL}"):
        partial.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON with sorted keys, so that equal values give equal bytes. NaN is written as null."""
    text = json.dumps(_finite(value), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        InputError: if the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise InputError(f"{path}: not valid JSON; delete it to have it made again") from None


def write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Write rows as CSV (UTF-8, LF). Floats keep all their digits; NaN and None are empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if cell is None or cell != cell else cell for cell in row])
    write_bytes(path, out.getvalue().encode())


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None) -> None:
    """Write named tensors as safetensors; ``metadata`` is kept as JSON. Equal input gives equal bytes."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    note = {_METADATA: json.dumps(_finite(metadata or {}), sort_keys=True)}
    write_bytes(path, safetensors.torch.save(plain, metadata=note))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a safetensors file.

    Raises:
        InputError: if the file is missing, truncated, or something else (a pickle is named as such, and not opened).
    """
    check_readable_file(path)
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError) as error:
        if _looks_like_pickle(path):
            raise InputError(
                f"{path}: a pickle (.pt, .pth), which can run code when loaded; save its state dict with "
                "safetensors.torch.save_file and give that file"
            ) from None
        raise InputError(
            f"{path}: not a whole safetensors file ({_one_line(str(error))}); write or copy it again"
        ) from None


def read_metadata(path: Path) -> dict[str, Any]:
    """What ``write_tensors`` was given as metadata."""
    with safetensors.safe_open(path, framework="pt") as file:
        note = json.loads((file.metadata() or {}).get(_METADATA, "{}"))
    return dict(note)


def _looks_like_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(2)
    return zipfile.is_zipfile(path) or start[:1] == b"\x80"


def check_readable_file(path: Path) -> None:
    """Raise InputError unless ``path`` is a regular file that can be opened for reading."""
    if "\0" in str(path):
        raise InputError(f"{str(path)!r}: not a path")
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            with path.open("rb"):
                return
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    raise InputError(f"{path}: not a file")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the lock of a run's folder; the system frees it when the process ends, however it ends.

    Raises:
        InputError: if another process holds it.
    """
    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise InputError(
            f"{folder}: another sparsight process works on this run; wait for it or choose another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()
