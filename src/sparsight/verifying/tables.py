"""Whether a result file says what another says that was made of the same evidence, perhaps on another machine.

On the machine that wrote it both are equal byte for byte. Another processor, build or number of threads adds the terms
of a sum in another order, and the last digits differ: by 1e-14 of a drift. Words, whole numbers and the places of all
must be equal on any machine.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

CLOSE = 1e-6
"""Of a number, and in absolute terms for one near 0: far above rounding, and far below what anybody reads."""
_SINGLE = 1e-5
"""The same of an array's numbers, which are kept in single precision."""


def same_content(made: bytes, stored: bytes, suffix: str) -> bool:
    """Report whether two files of one kind hold the same, up to rounding.

    Args:
        made: the bytes of one.
        stored: the bytes of the other, which may be anything.
        suffix: of their names, as ``.csv``; files of a kind that is not known must be equal byte for byte.
    """
    if made == stored or suffix not in _READERS:
        return made == stored
    try:
        return _alike(_READERS[suffix](made), _READERS[suffix](stored))
    except (ValueError, KeyError, TypeError, csv.Error, RecursionError, safetensors.SafetensorError):
        return False


def _alike(made: Any, stored: Any) -> bool:
    if isinstance(made, Tensor) and isinstance(stored, Tensor):
        return _same_array(made, stored)
    if type(made) is not type(stored):
        return False
    if isinstance(made, float):
        return math.isclose(made, stored, rel_tol=CLOSE, abs_tol=CLOSE) or (math.isnan(made) and math.isnan(stored))
    if isinstance(made, dict):
        return made.keys() == stored.keys() and all(_alike(value, stored[key]) for key, value in made.items())
    if isinstance(made, list):
        return len(made) == len(stored) and all(map(_alike, made, stored))
    return bool(made == stored)


def _same_array(made: Tensor, stored: Tensor) -> bool:
    if made.dtype != stored.dtype or made.shape != stored.shape:
        return False
    if not made.is_floating_point():
        return torch.equal(made, stored)
    return torch.allclose(made, stored, rtol=_SINGLE, atol=_SINGLE, equal_nan=True)


def _rows(data: bytes) -> list[list[float | str]]:
    return [list(map(_cell, row)) for row in csv.reader(io.StringIO(data.decode(), newline=""))]


def _cell(text: str) -> float | str:
    """A number with a point or an exponent; words and whole numbers stay text."""
    if "." not in text and "e" not in text:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _document(data: bytes) -> Any:
    return _unsealed(json.loads(data))


def _arrays(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[:8], "little")
    notes = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    return {"notes": {key: _unsealed(json.loads(note)) for key, note in notes.items()}, **safetensors.torch.load(data)}


def _unsealed(document: Any) -> Any:
    """Without the file's own hash, which differs with the last digit."""
    if isinstance(document, Mapping):
        return {key: value for key, value in document.items() if key != "seal"}
    return document


_READERS: dict[str, Callable[[bytes], Any]] = {".csv": _rows, ".json": _document, ".safetensors": _arrays}
