"""Does the explanation move where accuracy is lost, and would it move as far without pruning?"""

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.names import metric_name
from sparsight.report.sheet import Sheet, known, signed, signed_interval
from sparsight.report.tables import Table
from sparsight.verdict import PRIMARY

LEAST_ROUNDS = 3


def association_sheet(data: ReportData) -> Sheet | None:
    """One table an arm: mean and 90 % interval over seeds, then each seed; none where nothing is defined."""
    tables, numbers = [], []
    for arm in data.arms:
        found = data.judged.get("arms", {}).get(arm, {}).get("association", {})
        rows = []
        for metric in (metric for _, metric, _ in PRIMARY if metric in found):
            one = found[metric]
            middle, low, high = (known(one[name]) for name in ("mean", "ci_low", "ci_high"))
            by_seed = [known(value) for value in one["by_seed"]]
            if any(value == value for value in by_seed):
                rows.append((metric_name(data, metric), signed_interval(middle, low, high), *map(signed, by_seed)))
            seeds = zip(data.seeds, by_seed, strict=False)
            numbers += [(arm, metric, middle, low, high, seed, value) for seed, value in seeds]
        if rows:
            header = ("Drift", "Mean [90\u00a0% interval]", *(f"Seed {seed}" for seed in data.seeds))
            tables.append(Table(arm, header, tuple(rows)))
    columns = ["arm", "metric", "mean", "ci_low", "ci_high", "seed", "spearman"]
    caption = "Rank correlation, over rounds, of accuracy lost with drift."
    return Sheet("association", caption, tuple(tables), pd.DataFrame(numbers, columns=columns)) if tables else None


def matched_sheet(data: ReportData) -> Sheet | None:
    """The drift of an arm's ticket less that of a dense network of its accuracy; none where no arm has one."""
    tables, numbers = [], []
    for arm in data.arms:
        found = data.judged.get("matched", {}).get(arm, [])
        rows = []
        for one in found:
            middle, low, high = (known(one[name]) for name in ("difference", "ci_low", "ci_high"))
            rows.append((metric_name(data, one["metric"]), signed_interval(middle, low, high)))
            numbers.append((arm, one["arm"], one["round"], one["metric"], middle, low, high))
        if rows:
            header = ("Drift", "Beyond a dense network of its accuracy [90\u00a0% interval], floor units")
            tables.append(Table(f"{arm}, round {found[0]['round']}", header, tuple(rows)))
    columns = ["arm", "matched", "round", "metric", "difference", "ci_low", "ci_high"]
    caption = "Drift beyond that of a dense network that was stopped at the ticket's accuracy."
    return Sheet("matched", caption, tuple(tables), pd.DataFrame(numbers, columns=columns)) if tables else None
