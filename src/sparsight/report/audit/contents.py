"""An audit as JSON: what ``report.json`` holds, by the schema in ``schema.json`` beside this file."""

from dataclasses import asdict
from typing import Any

from sparsight.report.audit.data import COLUMNS, AuditData, AuditMap
from sparsight.report.jsonable import jsonable, records

FORMAT = "sparsight audit 1"


def contents(data: AuditData) -> dict[str, Any]:
    """Everything but pixels: tables as records, and what is not a finite number as None.

    Args:
        data: the audit.
    """
    tables = {name: data.classes_table if name == "classes" else getattr(data, name) for name in COLUMNS}
    found = jsonable(
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
            "tables": {name: records(table, COLUMNS[name]) for name, table in tables.items()},
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
            "void": data.void,
            "concept_names": [{"concept": name, "names": own} for name, own in data.concept_names.items()],
            "inputs": [asdict(one) for one in data.inputs],
            "constant": None if data.constant is None else asdict(data.constant),
            "facts": data.facts,
            "versions": data.versions,
        }
    )
    return dict(found)


def _map(own: AuditMap) -> dict[str, Any]:
    return {"map": own.map is not None, "prediction": own.prediction, "dead": own.dead, "moved": own.moved}
