"""What metrics, axes and verdicts are called on the page of an audit, and how its rows are read."""

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sparsight.report.audit.apart import apart
from sparsight.report.audit.data import AuditData
from sparsight.report.gates import in_words
from sparsight.report.measures import method_words
from sparsight.report.names import SYMBOLS, metric_words
from sparsight.report.quantity import select
from sparsight.report.sheet import signed_interval
from sparsight.report.text import enough_digits, interval, percent
from sparsight.verdict import DEFAULT

Row = Mapping[str, Any]

AXES = {
    "accuracy": "Accuracy",
    "similarity": "Similarity to the original",
    "faithfulness": "Faithfulness to what is true",
}
"""The axes in the order in which they are shown."""


def verdict_rows(data: AuditData, model: str, **where: object) -> Iterator[Row]:
    """The rows of ``verdicts`` of a model, in which other columns have the given values."""
    for row in select(data.verdicts, model=model, **where).to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def maps_words(data: AuditData) -> str:
    """What the maps are called."""
    return _maps(room(data, "saliency"))


def _maps(saliency: Mapping[str, Any]) -> str:
    return method_words(str(saliency.get("method", "gradcam")), bool(saliency.get("smooth")))


def positions(data: AuditData) -> str:
    """At how many positions maps are compared, as ``7 x 7``; empty where they are not."""
    methods = select(data.verdicts, axis="similarity", metric="map_spearman")["method"].astype(str)
    return " and ".join(dict.fromkeys(one.partition("@")[2].replace("x", " x ") for one in methods if "@" in one))


def measure_words(settings: Mapping[str, Any], metric: str) -> str:
    """A primary metric of an audit by these settings as its report calls it."""
    return metric_words(int(settings["concepts"]["top_k"]), _maps(settings["saliency"]), metric)


def short(data: AuditData, model: str, limit: int) -> str:
    """A model's name with at most so many characters, by which it can be told from the others."""
    return apart(model, (data.original, *data.models, *data.floor), limit)


def room(data: AuditData, name: str) -> Mapping[str, Any]:
    """The settings of a room; none where the audit has no such room."""
    found = data.settings.get(name)
    return found if isinstance(found, Mapping) else {}


def metric_of(data: AuditData, metric: str, target: str = "", method: str = "") -> str:
    """A metric in words."""
    k = room(data, "concepts").get("top_k", data.concepts["rank"].nunique())
    return metric_words(int(k), maps_words(data), metric, target, method)


def row_words(data: AuditData, row: Row) -> str:
    """The metric of a row of ``verdicts`` in words."""
    return metric_of(data, row["metric"], str(row["target"] or ""), str(row["method"] or ""))


def failed_gate(data: AuditData, row: Row) -> str:
    """The name of the failed gate that a verdict's reason is of; empty where it is another reason."""
    gate = _failed(data, row)
    return str(gate["name"]) if gate else ""


def reason_words(data: AuditData, row: Row) -> str:
    """Why a verdict is what it is; a gate calls a metric what the page calls it."""
    reason, gate = str(row["reason"]), _failed(data, row)
    return f"{reason.removesuffix(str(gate['reason']))}{gate_words(data, gate)}" if gate else reason


def gate_words(data: AuditData, gate: Mapping[str, Any]) -> str:
    """What a gate found, in which a metric is called what the page calls it."""
    return in_words(gate, partial(metric_of, data))


def _failed(data: AuditData, row: Row) -> Mapping[str, Any] | None:
    found = (gate for gate in data.gates if not gate["passed"] and row["metric"] in gate["voids"])
    return next((gate for gate in found if str(row["reason"]).endswith(str(gate["reason"]))), None)


def word_of(data: AuditData, row: Row) -> str:
    """A row's verdict with its sign, or the gate that stands in its place."""
    if gate := failed_gate(data, row):
        return f"{SYMBOLS['gate']} gate failed: {gate}"
    return f"{SYMBOLS.get(row['verdict'], '?')} {row['verdict']}"


def numbers_of(row: Row) -> str:
    """A row's drift, or its difference with a sign, and the interval."""
    value, low, high = (float(row[name]) for name in ("drift", "low", "high"))
    if row["axis"] != "similarity":
        return signed_interval(value, low, high, 3)
    if not (math.isfinite(low) and math.isfinite(high)):
        low = high = value
    return interval(value, low, high, enough_digits(low, high, 3))


def share_of(row: Row) -> str:
    """How much of the way to evidence with nothing in common a drift is, as an addition; empty where not known."""
    share = float(row["share"])
    return f", {percent(share)} of the way to nothing in common" if math.isfinite(share) else ""


def share_inside(data: AuditData) -> float:
    """How much of what may have been lies inside an interval: 0.9 at the default level."""
    return 1 - 2 * level(data)


def level(data: AuditData) -> float:
    """Of each test."""
    return float(room(data, "verdict").get("level", 0.05))


def margin_words(data: AuditData) -> str:
    """The margin that was asked for, as shares of the way to evidence with nothing in common; empty without."""
    found = data.settings.get("margin")
    if found is None:
        return ""
    measured = "the default share of each measure"
    if not isinstance(found, Mapping):
        return measured if found == DEFAULT else percent(float(found))
    own = [f"{percent(float(share))} for {metric_of(data, name)}" for name, share in found.items() if name != "all"]
    others = percent(float(found["all"])) if "all" in found else measured
    return f"{', '.join(own)}, and {others} for all others"
