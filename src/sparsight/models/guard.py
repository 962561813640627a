"""Where code of a user's own is run: whatever it raises is one line, and what it changes of the process is put back.

Put back are the settings in ``_HELD``. Not undone are what the code patches into other modules, threads that it starts,
environment variables, ``sys.path``, and what it draws from global generators in a forward pass.
"""

import os
import random
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
import torch

from sparsight.errors import InputError

_SHOWN = 160
_OURS = str(Path(__file__).parents[1])
_LIBRARIES = tuple(sysconfig.get_paths()[key] for key in ("stdlib", "purelib", "platlib"))


class UserCodeError(InputError, RuntimeError):
    """Code of a user's own failed, or would have ended the process."""


class users_code:  # noqa: N801 (a context manager, named as a function)
    """Run a user's code inside this context.

    ``os._exit`` raises there like ``sys.exit``: a process that ended so, with whatever code, would leave no report.
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
        self.held = [get() for get, _ in _HELD]
        self.leave = os._exit
        leave, here = self.leave, os.getpid()

        def stay(status: int) -> NoReturn:
            if os.getpid() != here:  # a process that was forked inside ends as it would
                leave(status)
            raise SystemExit(status)

        os._exit = stay

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os._exit = self.leave
        for before, (get, put) in zip(self.held, _HELD, strict=True):
            if get() != before:
                put(before)
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


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 (a string is compared faster)
    except OSError:
        return None


def _back_to(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _filters() -> list[Any]:
    return list(warnings.filters)


def _put_filters(before: list[Any]) -> None:
    with warnings.catch_warnings():  # leaving it makes Python look at the filters anew
        pass
    warnings.filters[:] = before  # type: ignore[index]


def _stream(name: str) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    return lambda: getattr(sys, name), lambda before: setattr(sys, name, before)


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


_HELD: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    (_filters, _put_filters),
    (_folder, _back_to),
    _stream("stdout"),
    _stream("stderr"),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (np.geterr, lambda before: np.seterr(**before)),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, torch.set_default_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (_deterministic, lambda before: torch.use_deterministic_algorithms(before[0], warn_only=before[1])),
    (lambda: torch.is_autocast_enabled("cpu"), lambda before: torch.set_autocast_enabled("cpu", before)),
)
"""What a user's code may change for the whole process: how it is read, and how it is set."""
