"""Values and tables as JSON knows them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def jsonable(value: Any) -> Any:
    """What JSON can hold: a number that is not finite as None, a value of another kind as its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    if isinstance(value, Mapping):
        return {jsonable(str(key)): jsonable(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(own) for own in value]
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return jsonable(str(value))


def records(table: pd.DataFrame, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The rows of a table as mappings, with its columns or those that are named."""
    names = [str(name) for name in (table.columns if columns is None else columns)]
    return [dict(zip(names, row, strict=True)) for row in table[names].itertuples(index=False, name=None)]
