"""The type checker behind the shapes in signatures: beartype, where there is a shape, and once for each signature.

Where a function is made anew in every call of another one, as hooks are, beartype would write the same code every time;
and of what is not an array mypy knows better. Both together took half of a small study.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jaxtyping
from beartype import beartype

_CHECKS: dict[tuple[object, ...], Callable[..., Any]] = {}


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """jaxtyping hands over empty functions that have nothing but a signature: those of the same one are the same."""
    annotations = repr(function.__annotations__)
    if "jaxtyping." not in annotations:
        return function
    names = (function.__module__, function.__qualname__, function.__code__.co_varnames)
    key = (*names, annotations, len(function.__defaults__ or ()))
    if key not in _CHECKS:
        _CHECKS[key] = beartype(function)
    return _CHECKS[key]


@contextmanager
def unchecked() -> Iterator[None]:
    """No checks inside: for what makes whole runs many times over, and is about something else."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
