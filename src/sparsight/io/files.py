"""Files that appear whole or not at all: bytes, JSON, CSV."""

import csv
import hashlib
import io
import json
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sparsight.errors import DamagedError, InputError
from sparsight.io.cells import written_cell
from sparsight.plain import entries, open_plain, read_plain
from sparsight.seals import ZEROS, seal_of, sealed

PARTIAL = ".partial"
OURS = {"seal", "kind"}
"""What a sealed file holds beside what was given to be written."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically: a reader, or a run after a crash, sees the old file or the new one.

    Missing parent folders are made. The bytes go to a file beside it, reach the disk, and are renamed.
    """
    with partial_file(path) as partial:
        partial.write_bytes(data)


@contextmanager
def partial_file(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write to. When the block ends it reaches the disk and takes its place; after an error
    it is removed, and ``path`` is as it was. Missing parent folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{PARTIAL}")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(exist_ok=False)  # a new file: what is written through a link that lay there would go elsewhere
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if error.filename in (None, str(partial)):  # a full disk is told without a name, or by the partial's
            error.filename, error.filename2 = str(path), None
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
    for path in entries(folder) if folder.is_dir() else ():
        if path.name.startswith(".") and path.name.endswith(PARTIAL):
            path.unlink(missing_ok=True)


def write_json(path: Path, value: Any, kind: str | None = None) -> None:
    """Write ``value`` as JSON with sorted keys, so that equal values give equal bytes. NaN is written as null.

    With a ``kind`` the file, whose value must be a mapping, says what it is and is sealed.
    """
    write_bytes(path, json_bytes(value, kind))


def json_bytes(value: Any, kind: str | None = None) -> bytes:
    """What ``write_json`` writes."""
    if kind is not None:
        if not OURS.isdisjoint(value):
            raise ValueError(f"a sealed file's own keys may not be {' or '.join(sorted(OURS))}")
        value = {**value, "kind": kind}
    text = json.dumps(finite(value), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    if kind is None:
        return (text + "\n").encode()
    text = text.removesuffix("\n}") + f',\n "seal": "sha256:{ZEROS.decode()}"\n}}\n'
    return sealed(text.encode(), ".json")


def finite(value: Any) -> Any:
    """The value with null for every float that JSON cannot hold."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
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
        value = json.loads((path.read_bytes() if kind is None else read_plain(path)).decode())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: not valid JSON; delete it to have it made again") from None
    if kind is None:
        return value
    if not isinstance(value, dict) or value.get("kind") != kind:
        raise DamagedError(path, f"is not the {kind} that belongs here")
    return {key: item for key, item in value.items() if key not in OURS}


def check_sealed(path: Path) -> str:
    """The digest in a sealed file.

    Raises:
        InputError: if it cannot be read.
        DamagedError: if it is not whole, or no plain file.
    """
    check_plain(path)
    digest = seal_of(path)
    if digest is None:
        raise DamagedError(path)
    return digest


def write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Write rows as CSV (UTF-8, LF). Floats keep all their digits; NaN and None are empty cells.

    Names are written by ``written_cell``, and read back by ``read_cell``.
    """
    write_bytes(path, csv_bytes(header, rows))


def csv_bytes(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> bytes:
    """What ``write_csv`` writes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return written_cell(value)
    return "" if value is None or value != value else value


def at_home(path: str) -> Path:
    """The path with a leading ``~`` as the home folder; as it is where nobody has that home."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (pathlib's raises there)


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


def check_plain(path: Path) -> None:
    """Check that a plain file lies at ``path`` and can be opened for reading.

    Raises:
        InputError: if nothing lies there, or it cannot be opened.
        DamagedError: if something else lies there: a link, a pipe, a folder.
    """
    try:
        open_plain(path).close()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:  # a zero byte
        raise InputError(f"{str(path)!r}: not a path") from None


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the bytes of a user's file, which may be a link."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_plain(path: Path) -> str:
    """Hexadecimal SHA-256 of the bytes of a plain file.

    Raises:
        DamagedError: if something else lies there.
    """
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
