"""A study as JSON: what ``report.json`` holds, by the schema in ``schema.json`` beside this file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from sparsight.report.data import ReportData, Strip, StripCell
from sparsight.report.files import File
from sparsight.report.finding import finding
from sparsight.report.headline import HYPOTHESES, arm_sentence, undecidable
from sparsight.report.jsonable import jsonable, records
from sparsight.report.measures import Measures, beside_name, maps_name
from sparsight.report.overlay import relu
from sparsight.report.quantity import select
from sparsight.report.sheet import Sheet
from sparsight.report.tables import shown_networks
from sparsight.report.verdicts import is_primary
from sparsight.stats import mean

FORMAT = "sparsight study 1"
_ELSEWHERE = ("headline", "verdict", "gates")
"""Tables that the file holds in a form of their own."""
_MEASURED = ("arm", "seed", "repeat", "round", "weights_remaining")


def contents(
    data: ReportData, measured: Measures, shared: pd.DataFrame, sheets: Mapping[str, Sheet], written: Sequence[File]
) -> dict[str, Any]:
    """Everything that the page shows but pixels: raw values, and what is not a finite number as None.

    Args:
        data: the report's data.
        measured: its quantities.
        shared: the table of concepts with the column ``shared``.
        sheets: the tables with files of their own, by slug.
        written: the files beside the page.
    """
    found = jsonable(
        {
            "format": FORMAT,
            "title": data.title,
            "preset": data.preset,
            "command": data.command,
            "settings": data.settings,
            "versions": data.versions,
            "facts": data.facts,
            "notices": data.notices,
            "arms": [{"arm": arm, "rule": data.rules[arm], "parent": data.parents[arm]} for arm in data.arms],
            "seeds": data.seeds,
            "rounds": data.rounds,
            "classes": data.classes,
            "constant": None if data.constant is None else asdict(data.constant),
            "has_concepts": data.has_concepts,
            "headline": {
                "missing": undecidable(data)[0],
                "finding": finding(data, measured),
                "arms": [_arm(data, arm) for arm in data.arms],
            },
            "verdicts": records(data.verdict.assign(primary=is_primary(data.verdict))),
            "gates": data.judged.get("gates", ()),
            "accuracy": _networks(select(data.accuracy, split="test"), "split", "model", "metric", "value"),
            "dead_maps": _networks(select(data.faithfulness, metric="dead_maps"), "method", "target", "unit", "value"),
            "concepts": list(_concepts(data, shared)) if len(shared) else [],
            "tables": {slug: records(one.frame) for slug, one in sheets.items() if slug not in _ELSEWHERE},
            "pictures": [_picture(data, strip) for strip in data.strips],
            "files": [{"path": f"{one.path}{end}", "content": one.content} for one in written for end in one.suffixes],
            "results": data.results,
        }
    )
    return dict(found)


def _arm(data: ReportData, arm: str) -> dict[str, Any]:
    judged = data.judged.get("arms", {}).get(arm, {})
    hypothesis = judged.get("hypothesis")
    return {
        "arm": arm,
        "hypothesis": hypothesis if hypothesis in HYPOTHESES else "undecided",
        "sentence": arm_sentence(data, arm),
        "rounds": [{"why_winning": "", "why_explanation": {}, **one} for one in judged.get("rounds", ())],
    }


def _networks(table: pd.DataFrame, *columns: str) -> list[dict[str, Any]]:
    """Rows of single networks; those that have no repeat with None for it."""
    repeats = [None if pd.isna(repeat) else int(repeat) for repeat in table["repeat"]]
    return records(table.assign(repeat=pd.Series(repeats, index=table.index, dtype=object)), (*_MEASURED, *columns))


def _concepts(data: ReportData, shared: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The lists that the page shows, a network each; one that serves several arms once."""
    networks = [rows for arm in data.arms for rows in shown_networks(data, shared, arm) if len(rows)]
    found = {}
    for rows in networks:
        key = _networks(rows.iloc[:1])[0]
        found[key["arm"], key["repeat"], key["round"]] = (key, rows)
    for key, rows in found.values():
        lists: dict[str, list[dict[str, Any]]] = {}
        for row in records(rows.sort_values("rank", kind="stable"), ("class", "rank", "concept", "weight", "shared")):
            lists.setdefault(row.pop("class"), []).append(row)
        yield {
            **key,
            "shared": mean([float(also) for also in rows["shared"]]),
            "classes": [{"class": label, "concepts": lists[label]} for label in data.classes if label in lists],
        }


def _picture(data: ReportData, strip: Strip) -> dict[str, Any]:
    methods = ((maps_name(data), strip.arms), (beside_name(data), strip.beside))
    return {
        "class": strip.class_name,
        "explained": strip.explained,
        "maps": [
            {"arm": arm, "method": words, **_map(strip, cell)}
            for arm in data.arms
            for words, cells in methods
            if words is not None
            for cell in cells.get(arm, ())
        ],
    }


def _map(strip: Strip, cell: StripCell) -> dict[str, Any]:
    return {
        "round": cell.round,
        "weights_remaining": cell.weights_remaining,
        "prediction": cell.prediction,
        "right": cell.prediction == strip.class_name,
        "dead": cell.dead,
        "max": float(relu(cell.map).max(initial=0.0)),
    }
