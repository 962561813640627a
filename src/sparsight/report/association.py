"""Does the explanation move where accuracy is lost? Rank correlations over the rounds of each seed."""

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.names import PRIMARY, metric_name
from sparsight.report.sheet import Sheet, known, signed, signed_interval
from sparsight.report.tables import Table

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
