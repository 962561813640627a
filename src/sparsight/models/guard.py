"""Where code of a user's own is run: whatever it raises is one line, and what it changes of the process is put back.

Put back are the settings in ``held.py``. Not undone are what the code patches into other modules, threads that it
starts, environment variables, ``sys.path``, and what it draws from global generators in a forward pass.
"""

import random
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import torch

from sparsight.errors import InputError
from sparsight.models.held import hold, put_back

_SHOWN = 160
_OURS = str(Path(__file__).parents[1])
_LIBRARIES = tuple(sysconfig.get_paths()[key] for key in ("stdlib", "purelib", "platlib"))


class UserCodeError(InputError, RuntimeError):
    """Code of a user's own failed, or would have ended the process."""


class users_code:  # noqa: N801 (a context manager, named as a function)
    """Run a user's code inside this context.

    ``os._exit`` raises like ``sys.exit`` while such a context is open in any thread, in all threads, as a user's code
    may start some: a process that ended so, with whatever code, would leave no report. Contexts may be nested, and
    those of several threads may overlap in any order; when the last is left, the process is as it was.
    An exception becomes a ``UserCodeError``, but for a keyboard's interrupt, a device's full memory and an
    ``InputError``.
    """

    def __init__(self, doing: str, path: Path | None = None) -> None:
        """Name what is run.

        Args:
            doing: what is done, for the message, as ``calling net:build``.
            path: the user's file, of which the message names the line; found from the traceback if None.
        """
        self.doing, self.path = doing, path

    def __enter__(self) -> None:
        self.held = hold()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        put_back(self.held)
        if error is not None and not isinstance(error, InputError | KeyboardInterrupt | torch.OutOfMemoryError):
            raise UserCodeError(in_one_line(self.doing, error, self.path)) from error


@contextmanager
def same_draws() -> Iterator[None]:
    """Afterwards the global generators of Python, numpy and torch's CPU are in the state that they had before."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (a user's code may draw from it)
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def in_one_line(doing: str, error: BaseException, path: Path | None = None) -> str:
    """What happened, where in the user's file, and what to do."""
    where = _where(error, path)
    said = " ".join(str(error).split())[:_SHOWN]
    if isinstance(error, SystemExit):
        return f"{doing} ends the process{where} (exit code {said or 0}); take the call of exit out"
    return f"{doing} fails{where}: {type(error).__name__}{': ' if said else ''}{said}"


def _where(error: BaseException, path: Path | None) -> str:
    if isinstance(error, SyntaxError) and path is not None and error.filename == str(path) and error.lineno:
        return f" in {path}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if (one.filename == str(path) if path is not None else _is_users(one.filename))]
    if own:
        return f" in {own[-1].filename}, line {own[-1].lineno}"
    return f" in {path}" if path is not None else ""


def _is_users(file: str) -> bool:
    return not file.startswith((_OURS, *_LIBRARIES, "<")) and "site-packages" not in file
