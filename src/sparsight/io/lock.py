"""Who may work on a folder: a run's, in which the lock stands, or one that appears whole, beside which it stands."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from sparsight.errors import DamagedError, InputError
from sparsight.plain import strange

LOCK = ".lock"
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_TRIES = 10


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
        DamagedError: if something else than a plain file lies in its place.
        OSError: if it cannot be made.
    """
    lock = lock_at(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise InputError(f"{folder}: another sparsight process works on this run; wait for it to end") from None
    except OSError as error:
        if not reading or error.errno not in _READ_ONLY:
            raise
    try:
        yield lock.is_locked
    finally:
        lock.release()


@contextmanager
def hold_place(folder: Path) -> Iterator[None]:
    """Hold the place of a folder that is put there as a whole, from before the work that fills it.

    Such a folder is replaced by another of its name, so that the lock is a hidden file beside it, which goes when it is
    released, and with it the folders that were made for it, where they are empty.

    Args:
        folder: need not exist.

    Raises:
        InputError: if another process holds the place, or no lock can be made there.
    """
    place = folder.absolute()
    path = place.parent / f".{place.name}.lock"
    try:
        made = [one for one in place.parents if not one.exists()]
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquired(path)
    except filelock.Timeout:
        raise InputError(
            f"{folder}: another sparsight process is about to write this folder; wait for it or choose another --out"
        ) from None
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{folder}: cannot be written ({why}); choose another --out") from error
    try:
        yield
    finally:
        _let_go(path, lock)
        for one in made:
            with suppress(OSError):
                one.rmdir()


def _acquired(path: Path) -> filelock.BaseFileLock:
    """A lock whose file stands: one that its holder removed between our opening and locking it is no lock."""
    for _ in range(_TRIES):
        lock = lock_at(path)
        lock.acquire(blocking=False)
        if path.exists():
            return lock
        lock.release()
    raise filelock.Timeout(str(path))


def _let_go(path: Path, lock: filelock.BaseFileLock) -> None:
    """Remove a lock's file while it is held: after its release, the file at the path may be another's lock."""
    try:
        path.unlink()
    except OSError:  # of a system that does not remove open files: nor does it remove another's lock below
        lock.release()
        with suppress(OSError):
            path.unlink(missing_ok=True)
    else:
        lock.release()


def lock_at(path: Path) -> filelock.BaseFileLock:
    """A lock that is a file, to be acquired. The file is opened for writing, so that nothing else may lie there.

    Raises:
        DamagedError: if a link, a pipe or a folder does.
    """
    if (found := strange(path)) is not None:
        raise DamagedError(path, f"is {found}, not a plain file", "remove it")
    return filelock.FileLock(path)
