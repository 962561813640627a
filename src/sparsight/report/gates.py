"""The gates: the checks before any verdict, and where a failed one stands in a verdict's place."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.names import metric_name
from sparsight.report.sheet import Sheet, known
from sparsight.report.tables import Table
from sparsight.report.text import listing, sentence
from sparsight.verdict import primary_names

_COLUMNS = ["name", "subject", "value", "limit", "passed", "voids", "reason"]


def failed_gate(data: ReportData, metric: str, reason: str) -> str:
    """The name of the failed gate that a verdict's reason is of; empty where it is another reason."""
    gate = _failed(data, metric, reason)
    return str(gate["name"]) if gate else ""


def reason_words(data: ReportData, metric: str, reason: str) -> str:
    """A verdict's reason, in which a gate calls a metric what the page calls it."""
    gate = _failed(data, metric, reason)
    return in_words(gate, partial(metric_name, data)) if gate else reason


def _failed(data: ReportData, metric: str, reason: str) -> dict[str, Any] | None:
    found = (gate for gate in _gates(data) if not gate["passed"] and metric in gate["voids"])
    return next((gate for gate in found if gate["reason"] == reason), None)


def gated(data: ReportData, metric: str) -> bool:
    """Whether some failed gate voids a metric, in some round at least."""
    return any(not gate["passed"] and metric in gate["voids"] for gate in _gates(data))


def failed_gates(data: ReportData) -> tuple[str, ...]:
    """What each failed gate says, and which metrics it voids."""
    words = partial(metric_name, data)
    return tuple(
        f"{gate_words(gate, words)} Not judged: {listing([words(metric) for metric in gate['voids']])}."
        for gate in _gates(data)
        if not gate["passed"] and gate["voids"]
    )


def gates_sheet(data: ReportData) -> Sheet | None:
    """Every gate with its sentence, the failed ones first."""
    return sheet_of_gates(_gates(data), primary_names(data.has_concepts), partial(metric_name, data))


def sheet_of_gates(
    gates: Sequence[Mapping[str, Any]], primary: Sequence[str], words: Callable[[str], str]
) -> Sheet | None:
    """The gates as a table, the failed ones first; none where there are none.

    Args:
        gates: the fields of ``sparsight.verdict.Gate``.
        primary: the metrics that make headlines.
        words: what the page calls a metric.
    """
    found = sorted(gates, key=lambda gate: bool(gate["passed"]))
    if not found:
        return None
    rows = [
        (
            sentence(str(gate["name"])),
            "✓ passed" if gate["passed"] else "✗ failed",
            gate_words(gate, words),
            "all primary metrics"
            if set(gate["voids"]) >= set(primary)
            else listing([words(metric) for metric in gate["voids"]] or ["–"]),
        )
        for gate in found
    ]
    numbers = [
        (
            *(gate["name"], gate["subject"], known(gate["value"]), known(gate["limit"])),
            *(bool(gate["passed"]), " ".join(gate["voids"]), gate["reason"]),
        )
        for gate in found
    ]
    table = Table("Passed or failed", ("Gate", "Outcome", "What was found", "It guards"), tuple(rows))
    return Sheet("gates", "The checks before any verdict.", (table,), pd.DataFrame(numbers, columns=_COLUMNS))


def gate_words(gate: Mapping[str, Any], words: Callable[[str], str]) -> str:
    """A gate's sentence, in which a metric is called what the page calls it."""
    return f"{in_words(gate, words)}."


def in_words(gate: Mapping[str, Any], words: Callable[[str], str]) -> str:
    """The same without its full stop."""
    subject, reason = str(gate["subject"]), str(gate["reason"])
    return reason.replace(subject, f"“{words(subject)}”") if subject in gate["voids"] else reason


def _gates(data: ReportData) -> list[dict[str, Any]]:
    return list(data.judged.get("gates", ()))
