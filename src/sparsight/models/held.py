"""What a user's code may change of the process that runs it: read before, and put back after.

Any number of these times may overlap, in one thread and in several. What one of them took for the state of the process
while the code of another had changed it is set right when that one ends, and ``os._exit`` is ours from the first that
begins to the last that ends.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import torch

_LOCK = threading.Lock()
_OPEN: list["Held"] = []
_LEAVE: Callable[[int], NoReturn] = os._exit
_HERE = os.getpid()


@dataclass(eq=False)
class Held:
    """What was there when a user's code began.

    Attributes:
        process: settings of the process, as ``_OF_PROCESS`` lists them.
        of_thread: those of the thread.
        thread: in which the code runs.
    """

    process: list[Any]
    of_thread: list[Any]
    thread: int = field(default_factory=threading.get_ident)


def hold() -> Held:
    """Read everything that is put back, and take ``os._exit`` away."""
    global _LEAVE, _HERE
    with _LOCK:
        if not _OPEN:
            _LEAVE, _HERE, os._exit = os._exit, os.getpid(), _stay
        _OPEN.append(Held([get() for get, _ in _OF_PROCESS], [get() for get, _ in _OF_THREAD]))
        return _OPEN[-1]


def put_back(held: Held) -> None:
    """Put back what was held, in the thread that called ``hold``; ``os._exit`` once nothing is held any more."""
    with _LOCK:
        later = [one for one in _OPEN[_OPEN.index(held) + 1 :] if one.thread != held.thread]
        _OPEN.remove(held)
        os._exit = _stay if _OPEN else _LEAVE  # type: ignore[assignment]
        for i, (get, put) in enumerate(_OF_PROCESS):
            now, before = get(), held.process[i]
            if now == before:
                continue
            put(before)
            for one in later:
                if one.process[i] == now:
                    one.process[i] = before
        for (get, put), before in zip(_OF_THREAD, held.of_thread, strict=True):
            if get() != before:
                put(before)


def _stay(status: int) -> NoReturn:
    if os.getpid() != _HERE:  # a process that was forked meanwhile ends as it would
        _LEAVE(status)
    raise SystemExit(status)


if hasattr(os, "register_at_fork"):  # a process that is forked by another thread can still end what it holds
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


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


_OF_PROCESS: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    (_filters, _put_filters),
    (_folder, _back_to),
    _stream("stdout"),
    _stream("stderr"),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (_deterministic, lambda before: torch.use_deterministic_algorithms(before[0], warn_only=before[1])),
)
"""What a user's code may change for the whole process: how it is read, and how it is set."""
_OF_THREAD: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    (np.geterr, lambda before: np.seterr(**before)),
    (torch.get_default_device, torch.set_default_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, torch.set_num_threads),
    (lambda: torch.is_autocast_enabled("cpu"), lambda before: torch.set_autocast_enabled("cpu", before)),
)
"""The same of what each thread has for itself."""
