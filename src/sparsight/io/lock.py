"""Who may work on a run's folder."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from sparsight.errors import InputError

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
