"""Arguments of Python calls, checked like a command line's flags: one line states which is wrong, and how."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsight.errors import InputError

_SHOWN = 60


def shown(value: Any) -> str:
    """A value in a message: short, and with its kind where that is not plain from it."""
    text = " ".join(repr(value).split())
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return text if isinstance(value, str | int | float | None) else f"{type(value).__name__} {text}"


def check_kind(name: str, value: Any, kinds: type | tuple[type, ...], words: str) -> None:
    """Check that an argument is of a kind.

    Args:
        name: of the argument.
        value: what was passed.
        kinds: classes that will do.
        words: what to give, for the message.

    Raises:
        InputError: if it is of another one.
    """
    if not isinstance(value, kinds):
        raise InputError(f"{name}: {shown(value)} will not do; give {words}")


def check_truth(name: str, value: Any) -> None:
    """Check that an argument is True or False.

    Raises:
        InputError: if it is neither.
    """
    check_kind(name, value, bool, "True or False")


def check_path(name: str, value: Any, *, optional: bool = True) -> None:
    """Check that an argument is a path, as text or ``pathlib.Path``, or None where it may be left out.

    Raises:
        InputError: if it is neither, or empty.
    """
    if optional and value is None:
        return
    check_kind(name, value, (str, Path), "a path, as text or pathlib.Path" + (", or None" if optional else ""))
    if isinstance(value, str) and (not value.strip() or "\0" in value):
        raise InputError(f"{name}: {shown(value)} is no path; give one" + (", or None" if optional else ""))


def check_whole(name: str, value: Any, least: int, *, optional: bool = True) -> None:
    """Check that an argument is a whole number, Python's or numpy's, of ``least`` or more, or None where that may be.

    Raises:
        InputError: if it is not.
    """
    if optional and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(
            f"{name}: {shown(value)} will not do; give a whole number of {least} or more"
            + (", or None" if optional else "")
        )


def check_seconds(name: str, value: Any) -> None:
    """Check that an argument is a span of time: a finite number of seconds, 0 or more.

    Raises:
        InputError: if it is not.
    """
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        raise InputError(f"{name}: {shown(value)} will not do; give a number of seconds, 0 or more")


def check_methods(name: str, value: Any, methods: Iterable[str]) -> None:
    """Check that an argument has methods of these names, or is None.

    Raises:
        InputError: naming those that it lacks.
    """
    lacking = [one for one in methods if not callable(getattr(value, one, None))]
    if value is not None and (lacking or isinstance(value, type)):
        what = "is a class" if isinstance(value, type) else f"lacks {', '.join(lacking)}"
        raise InputError(f"{name}: {shown(value)} {what}; give an object with these methods, or None")


def several(name: str, value: Any, single: tuple[type, ...], words: str) -> Sequence[Any]:
    """One thing, or several in an order, as a list.

    Args:
        name: of the argument.
        value: one of ``single``; or a list, a tuple or a generator of them.
        single: the classes of one.
        words: what one is, for the message.

    Raises:
        InputError: if it is neither, or holds something else.
    """
    if isinstance(value, single):
        return [value]
    if isinstance(value, dict | set | frozenset | bytes) or not isinstance(value, Iterable):
        raise InputError(f"{name}: {shown(value)} will not do; give {words}, or a list of them")
    found = list(value)
    for place, one in enumerate(found):
        check_kind(f"{name}[{place}]", one, single, words)
    return found
