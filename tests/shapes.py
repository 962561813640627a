"""The type checker behind the shapes in signatures: beartype, which writes its code once for each signature.

Where a function is made anew in every call of another one, as hooks are, it would write the same code every time, which
took a third of a small study.
"""

from collections.abc import Callable
from typing import Any

from beartype import beartype

_CHECKS: dict[tuple[object, ...], Callable[..., Any]] = {}


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """jaxtyping hands over empty functions that have nothing but a signature: those of the same one are the same."""
    names = (function.__module__, function.__qualname__, function.__code__.co_varnames)
    key = (*names, repr(function.__annotations__), len(function.__defaults__ or ()))
    if key not in _CHECKS:
        _CHECKS[key] = beartype(function)
    return _CHECKS[key]
