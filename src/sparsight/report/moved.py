"""Did the network move, or the method? Explanations beside the truth, and what moved most."""

from typing import Any

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.names import SYMBOLS, short_name
from sparsight.report.quantity import select
from sparsight.report.sheet import Sheet, known, signed
from sparsight.report.tables import Table
from sparsight.report.text import number, percent, sentence

_KEYS = ["round", "metric", "explanation", "excess", "truth_metric", "truth", "truth_excess", "sentence"]


def has_truth(data: ReportData) -> bool:
    """Whether it is known what decisions depend on."""
    return bool((data.verdict["family"] == "truth").any())


def truth_sheet(data: ReportData) -> Sheet | None:
    """Where an explanation or the truth changed, one table an arm; none where neither did in any arm."""
    tables, numbers = [], []
    for arm in data.arms:
        weights = select(data.verdict, arm=arm).groupby("round")["weights_remaining"].first()
        found: list[dict[str, Any]] = sorted(
            data.judged.get("arms", {}).get(arm, {}).get("truth", ()), key=lambda one: int(one["round"])
        )
        rows = [
            (
                f"{one['round']} ({percent(float(weights.get(one['round'], float('nan'))))})",
                short_name(data, one["metric"]),
                f"{sentence(one['sentence'])}.",
                _said(one["explanation"], one["excess"]),
                _said(one["truth"], one["truth_excess"]),
            )
            for one in found
        ]
        if rows:
            header = ("Round (weights)", "Explanation", "In words", "Verdict", "Truth's verdict")
            tables.append(Table(arm, header, tuple(rows)))
        numbers += [(arm, *(one[key] for key in _KEYS)) for one in found]
    frame = pd.DataFrame(numbers, columns=["arm", *_KEYS])
    caption = "Explanations beside the interventional truth, where either changed."
    return Sheet("truth", caption, tuple(tables), frame) if tables else None


def movers_sheet(data: ReportData) -> Sheet | None:
    """What moved most beyond retraining at the last round, one table an arm."""
    tables, numbers = [], []
    for arm in data.arms:
        found: list[dict[str, Any]] = list(data.judged.get("movers", {}).get(arm, ()))
        rows = [(_called(one), number(known(one["moved"])), signed(known(one["change"]), 3)) for one in found]
        if rows:
            tables.append(Table(arm, ("What", "Moved beyond retraining", "Change"), tuple(rows)))
        numbers += [
            (arm, one["round"], one["kind"], one["name"], known(one["moved"]), known(one["change"])) for one in found
        ]
    frame = pd.DataFrame(numbers, columns=["arm", "round", "kind", "name", "moved", "change"])
    caption = "What moved most, in logits less their mean over the classes, at the last round."
    return Sheet("movers", caption, tuple(tables), frame) if tables else None


def _called(one: dict[str, Any]) -> str:
    """``part bill``; ``habitat`` where there is one alone of a kind."""
    return str(one["kind"] if one["name"] in ("", one["kind"]) else f"{one['kind']} {one['name']}")


def _said(verdict: str, excess: object) -> str:
    return f"{SYMBOLS.get(verdict, '?')} {verdict}\n{signed(known(excess))}"
