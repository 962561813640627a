"""An audit as JSON: what ``report.json`` holds, by the schema in ``schema.json`` beside this file."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sparsight.report.audit.data import COLUMNS, AuditData, AuditMap

FORMAT = "sparsight audit 1"


def contents(data: AuditData) -> dict[str, Any]:
    """Everything but pixels: tables as records, and what is not a finite number as None.

    Args:
        data: the audit.
    """
    tables = {name: data.classes_table if name == "classes" else getattr(data, name) for name in COLUMNS}
    found = _plain(
        {
            "format": FORMAT,
            "title": data.title,
            "command": data.command,
            "original": data.original,
            "models": data.models,
            "floor": data.floor,
            "classes": data.classes,
            "settings": data.settings,
            "headlines": {name: {"word": one.word, "sentence": one.sentence} for name, one in data.headlines.items()},
            "tables": {name: _records(table, COLUMNS[name]) for name, table in tables.items()},
            "gates": data.gates,
            "pictures": [
                {
                    "place": one.place,
                    "label": one.label,
                    "explained": one.explained,
                    "original": _map(one.original),
                    "models": {name: _map(own) for name, own in one.models.items()},
                }
                for one in data.pictures
            ],
            "missing": data.missing,
            "notices": data.notices,
            "facts": data.facts,
            "versions": data.versions,
        }
    )
    return dict(found)


def _records(table: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in table[names].itertuples(index=False, name=None)]


def _map(own: AuditMap) -> dict[str, Any]:
    return {"map": own.map is not None, "prediction": own.prediction, "dead": own.dead, "moved": own.moved}


def _plain(value: Any) -> Any:
    """What JSON knows; a setting of another kind as its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(own) for own in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _plain(str(value))
