"""What a network's decision depends on, by interventions on drawn scenes: parts, habitat and groups of concepts."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.quantity import NETWORK, Quantity, points, quantity, select
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import interval, listing, number, percent, plain
from sparsight.stats import mean, spread

ROWS = (("do_part", "part", "without: "), ("do_habitat", "all", "another habitat"), ("do_concept", "group", "other: "))


def habitat_share(data: ReportData, rules: Mapping[str, str]) -> Quantity:
    """How far another habitat moves the decision, in units of what a removed part does: one ratio a network."""
    looks = data.faithfulness
    keys = ["arm", *NETWORK, "round", "weights_remaining"]
    parts = dict(_by_network(select(looks, metric="do_part", unit="part"), keys))
    habitat = _by_network(select(looks, metric="do_habitat", unit="all"), keys)
    rows = [(*key, own / parts[key] if parts.get(key, 0.0) > 0 else math.nan) for key, own in habitat]
    ratios = pd.DataFrame(rows, columns=[*keys, "value"])
    return quantity("habitat", "Another habitat, in parts", ratios, rules)


def _by_network(rows: pd.DataFrame, keys: list[str]) -> list[tuple[tuple[object, ...], float]]:
    """Each network's mean; a repeat that is missing is a key like any other."""
    groups = rows.assign(repeat=rows["repeat"].astype("float64").fillna(-1.0)).groupby(keys, sort=False)["value"]
    return [(key, mean(own.to_list())) for key, own in groups]


def dependence_tables(data: ReportData) -> list[Table]:
    """One table an arm: what each intervention moves, by round; means and ranges over the seeds."""
    return [table for table in (_table(data, arm) for arm in data.arms) if table is not None]


def depends_sheet(data: ReportData) -> Sheet | None:
    """The same with its numbers; none where scenes cannot be drawn again."""
    tables = tuple(dependence_tables(data))
    numbers = [
        (arm, metric, name, point.round, point.weights, point.mean, point.low, point.high)
        for arm in data.arms
        for metric, name, of_one in _changed(data, arm)
        for point in points(of_one)
    ]
    columns = ["arm", "metric", "changed", "round", "weights_remaining", "mean", "low", "high"]
    caption = "How far interventions on scenes move the logits, their mean over the classes taken off."
    return Sheet("depends", caption, tables, pd.DataFrame(numbers, columns=columns)) if tables else None


def _changed(data: ReportData, arm: str) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Metric, what was changed in words, and the rows of an arm's networks."""
    own = select(data.faithfulness, arm=arm, method="intervention")
    for metric, unit, words in ROWS:
        for name, of_one in select(own, metric=metric, unit=unit).groupby("unit_id", sort=False):
            yield metric, f"{words}{name}".strip(), of_one


def _table(data: ReportData, arm: str) -> Table | None:
    own = select(data.faithfulness, arm=arm, method="intervention")
    if own.empty:
        return None
    weights = own.groupby("round")["weights_remaining"].mean()
    rows = tuple(
        (name, *(_cell(of_one, int(str(round_))) for round_ in weights.index))
        for _, name, of_one in _changed(data, arm)
    )
    return Table(arm, ("Changed", *(percent(float(share)) for share in weights)), rows)


def _cell(rows: pd.DataFrame, round_: int) -> str:
    values = select(rows, round=round_)["value"].to_list()
    return interval(mean(values), *spread(values), 2)


def dependence_sentence(data: ReportData, share: Quantity) -> str:
    """The habitat's part in the decision when dense and at the last round, for each arm; empty where none is known."""
    ends = [(arm, share.arms[arm][0], share.arms[arm][-1]) for arm in data.arms if share.arms[arm]][:7]
    parts = [
        f"{number(last.mean, 2)} times as far as a removed part under {plain(arm, 40)} (dense: {number(dense.mean, 2)})"
        for arm, dense, last in ends
    ]
    if not parts:
        return ""
    return f"At the last round another habitat moves the decision {listing(parts)}."
