"""A stop that is asked for, by Ctrl-C or a signal of the system: work that takes long ends where it can go on."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_DEFAULT = (signal.default_int_handler, signal.SIG_DFL)
_SAME = 0.5
"""Seconds within which a second signal is the same stop: what starts a command may pass on what its group gets, too."""


class Stopped(KeyboardInterrupt):
    """Work was ended before its end.

    Attributes:
        number: of the signal.
        kept: what of the work is kept, in words; empty where nobody has said.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number, self.kept = number, ""

    def __reduce__(self) -> tuple[type["Stopped"], tuple[int]]:
        return type(self), (self.number,)


class _Asked:
    """What this process was asked for. Signals are the process's, so this is, too."""

    number: int | None = None
    at: float = 0.0
    patient: int = 0
    hurried: bool = True
    waiting: bytes = b""


def asked() -> int | None:
    """The signal by which a stop has been asked for; None if none was."""
    return _Asked.number


def check_stop() -> None:
    """Stop here, if that has been asked for.

    Raises:
        Stopped: then.
    """
    if _Asked.number is not None:
        raise Stopped(_Asked.number)


@contextmanager
def patient() -> Iterator[None]:
    """Work that looks for itself, by ``asked``, where it can stop: in the block the first signal only asks for it.

    Raises:
        Stopped: at the end of the block, if a stop has been asked for and nothing in the block has stopped.
    """
    _Asked.patient += 1
    try:
        yield
    finally:
        _Asked.patient -= 1
    check_stop()


@contextmanager
def heard(signals: Sequence[int] = SIGNALS, *, hurried: bool = True, waiting: str = "") -> Iterator[None]:
    """Turn signals into ``Stopped`` while the block runs; those that somebody else has taken or ignored stay theirs.

    Args:
        signals: which.
        hurried: whether a second one stops at once also what is ``patient``.
        waiting: what is printed where a stop has to wait (``say_waiting``).
    """
    mine = [one for one in signals if signal.getsignal(one) in _DEFAULT] if _main_thread() else []
    if not mine:
        yield
        return
    _Asked.number, _Asked.hurried, _Asked.waiting = None, hurried, waiting.encode()
    before = {one: signal.signal(one, _note) for one in mine}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        _Asked.number = None


def say_waiting() -> None:
    """Print, past all buffers as a signal may come within one, that a stop has been heard and has to wait."""
    if _Asked.waiting:
        os.write(2, _Asked.waiting + b"\n")


def _note(number: int, frame: FrameType | None) -> None:
    again, now = _Asked.number is not None, time.monotonic()
    if again and now - _Asked.at < _SAME:
        return
    _Asked.number, _Asked.at = _Asked.number or number, now
    if _Asked.patient and not (again and _Asked.hurried):
        say_waiting()
        return
    raise Stopped(_Asked.number)


def _main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
