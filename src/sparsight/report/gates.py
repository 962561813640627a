"""The gates: the checks before any verdict, and where a failed one stands in a verdict's place."""

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
    for gate in _gates(data):
        if not gate["passed"] and metric in gate["voids"] and gate["reason"] == reason:
            return str(gate["name"])
    return ""


def gated(data: ReportData, metric: str) -> bool:
    """Whether some failed gate voids a metric, in some round at least."""
    return any(not gate["passed"] and metric in gate["voids"] for gate in _gates(data))


def failed_gates(data: ReportData) -> tuple[str, ...]:
    """What each failed gate says, and which metrics it voids."""
    return tuple(
        f"{_told(data, gate)} Not judged: {listing([metric_name(data, metric) for metric in gate['voids']])}."
        for gate in _gates(data)
        if not gate["passed"] and gate["voids"]
    )


def gates_sheet(data: ReportData) -> Sheet | None:
    """Every gate with its sentence, the failed ones first."""
    found = sorted(_gates(data), key=lambda gate: bool(gate["passed"]))
    if not found:
        return None
    rows = [
        (
            sentence(str(gate["name"])),
            "✓ passed" if gate["passed"] else "✗ failed",
            _told(data, gate),
            "all primary metrics"
            if set(gate["voids"]) >= set(primary_names(data.has_concepts))
            else listing([metric_name(data, metric) for metric in gate["voids"]] or ["–"]),
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


def _told(data: ReportData, gate: dict[str, Any]) -> str:
    """A gate's sentence, in which a metric is called what the page calls it."""
    subject, reason = str(gate["subject"]), str(gate["reason"])
    return f"{reason.replace(subject, f'“{metric_name(data, subject)}”') if subject in gate['voids'] else reason}."


def _gates(data: ReportData) -> list[dict[str, Any]]:
    return list(data.judged.get("gates", ()))
