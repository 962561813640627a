"""The verdicts as tables: the drifts that make headlines, why each verdict is what it is, and everything else."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.gates import failed_gate, reason_words
from sparsight.report.names import SYMBOLS, metric_name, short_name
from sparsight.report.quantity import select
from sparsight.report.sheet import Sheet, signed_interval
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, percent
from sparsight.verdict import PRIMARY, primary_names


def is_primary(table: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows of ``verdict`` make headlines."""
    keys = zip(table["axis"], table["family"], table["metric"], table["target"].fillna(""), strict=True)
    found = [axis == "similarity" and tuple(rest) in PRIMARY for axis, *rest in keys]
    return pd.Series(found, index=table.index, dtype=bool)


def primary_count(data: ReportData) -> str:
    """How many metrics make headlines, in words."""
    return {6: "six", 3: "three"}[len(primary_names(data.has_concepts))]


def look_level(data: ReportData) -> float:
    """The level of the verdicts: where several looks share one, that of this look."""
    stated = data.settings.get("verdict", {}).get("level", 0.05)
    return float(data.judged.get("looks", {}).get("level", stated))


def interval_share(data: ReportData) -> str:
    """What the intervals beside verdicts hold, in per cent: both ends leave the level of this look."""
    return percent(1 - 2 * look_level(data))


def verdict_sheet(data: ReportData) -> Sheet | None:
    """One table an arm: a row a round, a column a primary metric; the numbers are those of every metric."""
    tables = [table for table in (_primary_table(data, arm) for arm in data.arms) if table is not None]
    caption = f"Verdicts: the {primary_count(data)} primary metrics as LaTeX, every metric as CSV."
    return Sheet("verdict", caption, tuple(tables), data.verdict) if tables else None


def _primary_table(data: ReportData, arm: str) -> Table | None:
    own = select(data.verdict, arm=arm)
    own = own[is_primary(own)]
    if own.empty:
        return None
    metrics = [metric for _, metric, _ in PRIMARY if (own["metric"] == metric).any()]
    rows = []
    for round_, at_round in own.groupby("round", sort=True):
        by_metric = {row["metric"]: row for row in _records(at_round)}
        cells = [_cell(data, by_metric[metric]) if metric in by_metric else NO_VALUE for metric in metrics]
        rows.append((str(round_), percent(float(at_round["weights_remaining"].iloc[0])), *cells))
    return Table(arm, ("Round", "Weights", *(short_name(data, metric) for metric in metrics)), tuple(rows))


def reason_tables(data: ReportData) -> list[Table]:
    """One table an arm: why each primary verdict is what it is."""
    tables = []
    for arm in data.arms:
        own = select(data.verdict, arm=arm)
        rows = [
            (str(row["round"]), short_name(data, row["metric"]), f"{_word(data, row)}. {_reason(data, row)}.")
            for row in sorted(_records(own[is_primary(own)]), key=lambda row: int(row["round"]))
        ]
        if rows:
            tables.append(Table(arm, ("Round", "Metric", "Verdict and reason"), tuple(rows)))
    return tables


def other_tables(data: ReportData, *, absolute: bool) -> list[Table]:
    """One table an arm of everything that makes no headline: a row a metric, a column a round.

    Args:
        data: the report's data.
        absolute: the accuracies and what is held against the truth, as differences, or else the drifts in floor units.
    """
    tables = []
    for arm in data.arms:
        own = select(data.verdict, arm=arm)
        own = own[~is_primary(own) & ((own["axis"] != "similarity") == absolute)]
        if own.empty:
            continue
        weights = own.groupby("round", sort=True)["weights_remaining"].first()
        names = list(dict.fromkeys(zip(own["family"], own["metric"], own["method"], own["target"], strict=True)))
        rows = []
        for family, metric, method, target in names:
            chosen = select(own, family=family, metric=metric, method=method, target=target)
            by_round = {int(row["round"]): _cell(data, row, 3 if absolute else 2) for row in _records(chosen)}
            words = metric_name(data, metric, str(target), str(method))
            rows.append((words, *(by_round.get(int(round_), NO_VALUE) for round_ in weights.index)))
        tables.append(Table(arm, ("Metric", *map(percent, weights)), tuple(rows)))
    return tables


def _cell(data: ReportData, row: dict[str, Any], digits: int = 2) -> str:
    """The verdict's word on one line, the excess with its interval on the next; or the gate that voids it."""
    if failed_gate(data, row["metric"], row["reason"]):
        return f"{_word(data, row)}\n"
    numbers = signed_interval(row["excess"], row["ci_low"], row["ci_high"], digits)
    return f"{_word(data, row)}\n{numbers}"


def _word(data: ReportData, row: dict[str, Any]) -> str:
    if gate := failed_gate(data, row["metric"], row["reason"]):
        return f"{SYMBOLS['gate']} gate failed: {gate}"
    return f"{SYMBOLS.get(row['verdict'], '?')} {row['verdict']}"


def _reason(data: ReportData, row: dict[str, Any]) -> str:
    return reason_words(data, row["metric"], row["reason"])


def _records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in table.to_dict("records"):
        yield {str(name): value for name, value in row.items()}
