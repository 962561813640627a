"""Files that appear whole or not at all, and readers that run nothing."""

import csv
import errno
import hashlib
import io
import json
import os
import stat
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
import safetensors
import safetensors.torch
from torch import Tensor

from sparsight.errors import DamagedError, InputError
from sparsight.seals import ZEROS, seal_of, sealed

PARTIAL = ".partial"
_METADATA = (
    "sparsight"  # one key only: safetensors keeps several in no fixed order, and files are compared byte by byte
)
_OURS = {"seal", "kind"}
"""What a sealed file holds beside what was given to be written."""


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
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # a full disk is told without a name, or by the partial's
        raise
    finally:
        with suppress(OSError):  # as where the folder is none; what stays is removed by the next run
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


def write_json(path: Path, value: Any, kind: str | None = None) -> None:
    """Write ``value`` as JSON with sorted keys, so that equal values give equal bytes. NaN is written as null.

    With a ``kind`` the file, whose value must be a mapping, says what it is and is sealed.
    """
    write_bytes(path, json_bytes(value, kind))


def json_bytes(value: Any, kind: str | None = None) -> bytes:
    """What ``write_json`` writes."""
    if kind is not None:
        if not _OURS.isdisjoint(value):
            raise ValueError(f"a sealed file's own keys may not be {' or '.join(sorted(_OURS))}")
        value = {**value, "kind": kind}
    text = json.dumps(_finite(value), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    if kind is None:
        return (text + "\n").encode()
    text = text.removesuffix("\n}") + f',\n "seal": "sha256:{ZEROS.decode()}"\n}}\n'
    return sealed(text.encode(), ".json")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def read_json(path: Path, kind: str | None = None) -> Any:
    """The value in a JSON file; with a ``kind``, of a sealed file of that kind.

    Raises:
        InputError: if the file is missing or is not JSON.
        DamagedError: if it is not sealed, or of another kind.
    """
    if kind is not None:
        check_sealed(path)
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise InputError(f"{path}: not valid JSON; delete it to have it made again") from None
    if kind is None:
        return value
    if not isinstance(value, dict) or value.get("kind") != kind:
        raise DamagedError(path, f"is not the {kind} that belongs here")
    return {key: item for key, item in value.items() if key not in _OURS}


def check_sealed(path: Path) -> str:
    """The digest in a sealed file.

    Raises:
        InputError: if it cannot be read.
        DamagedError: if it is not whole.
    """
    check_readable_file(path)
    digest = seal_of(path)
    if digest is None:
        raise DamagedError(path)
    return digest


def write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Write rows as CSV (UTF-8, LF). Floats keep all their digits; NaN and None are empty cells."""
    write_bytes(path, csv_bytes(header, rows))


def csv_bytes(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> bytes:
    """What ``write_csv`` writes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if cell is None or cell != cell else cell for cell in row])
    return out.getvalue().encode()


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None, kind: str | None = None
) -> None:
    """Write named tensors as safetensors; ``metadata`` is kept as JSON. Equal input gives equal bytes.

    With a ``kind`` the file says what it is and is sealed.
    """
    write_bytes(path, tensors_bytes(tensors, metadata, kind))


def tensors_bytes(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None, kind: str | None = None
) -> bytes:
    """What ``write_tensors`` writes."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    note = json.dumps(_finite(metadata or {}), sort_keys=True)
    if kind is None:
        return bytes(safetensors.torch.save(plain, metadata={_METADATA: note}))
    if not _OURS.isdisjoint(metadata or {}):
        raise ValueError(f"a note may not hold {' or '.join(sorted(_OURS))}")
    head = json.dumps({"seal": f"sha256:{ZEROS.decode()}", "kind": kind})
    note = head[:-1] + (f", {note[1:]}" if metadata else "}")
    return sealed(safetensors.torch.save(plain, metadata={_METADATA: note}), ".safetensors")


def read_tensors(path: Path, kind: str | None = None) -> dict[str, Tensor]:
    """The named tensors of a safetensors file; with a ``kind``, of a sealed file of that kind.

    Raises:
        InputError: if the file is missing, truncated, or something else (a pickle is named as such, and not opened).
        DamagedError: if a kind is asked for, and it is not sealed, or of another kind.
    """
    check_readable_file(path)
    if kind is not None:
        _check_kind(path, kind)
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


def read_metadata(path: Path, kind: str | None = None) -> dict[str, Any]:
    """What ``write_tensors`` was given as metadata; with a ``kind``, of a sealed file of that kind, checked.

    Raises:
        DamagedError: if a kind is asked for, and it is not sealed, or of another kind.
    """
    if kind is not None:
        _check_kind(path, kind)
    return {key: value for key, value in _note(path).items() if key not in _OURS}


def _check_kind(path: Path, kind: str) -> None:
    check_sealed(path)
    if _note(path).get("kind") != kind:
        raise DamagedError(path, f"is not the {kind} that belongs here")


def _note(path: Path) -> dict[str, Any]:
    with safetensors.safe_open(path, framework="pt") as file:
        return dict(json.loads((file.metadata() or {}).get(_METADATA, "{}")))


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


_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def hold(folder: Path, *, reading: bool = False) -> Iterator[bool]:
    """Hold the lock of a run's folder; the system frees it when the process ends, however it ends.

    Args:
        folder: the run's.
        reading: go on without the lock where none can be made, as on storage that cannot be written.

    Yields:
        Whether the lock is held.

    Raises:
        InputError: if another process holds it.
        OSError: if it cannot be made.
    """
    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise InputError(
            f"{folder}: another sparsight process works on this run; wait for it or choose another --out"
        ) from None
    except OSError as error:
        if not reading or error.errno not in _READ_ONLY:
            raise
    try:
        yield lock.is_locked
    finally:
        lock.release()
