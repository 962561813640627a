"""Energy by part beside the part's area."""

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.quantity import points, select
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, interval, percent
from sparsight.stats import mean


def parts_sheet(data: ReportData) -> Sheet | None:
    """One table an arm: a row a part, its area, then the energy in it by round; none where parts are not marked."""
    energy, area = (select(data.faithfulness, metric=metric) for metric in ("part_energy", "part_area"))
    tables, numbers = [], []
    for arm in data.arms:
        own = select(energy, arm=arm)
        if own.empty:
            continue
        weights = own.groupby("round", sort=True)["weights_remaining"].mean()
        rows = []
        for name, of_part in own.groupby("unit_id", sort=False):
            size = mean(select(area, arm=arm, unit_id=name)["value"].to_numpy(dtype=float))
            found = {point.round: point for point in points(of_part)}
            cells = [
                interval(point.mean, point.low, point.high) if (point := found.get(int(round_))) else NO_VALUE
                for round_ in weights.index
            ]
            rows.append((str(name), interval(size, size, size), *cells))
            numbers += [(arm, name, p.round, p.weights, size, p.mean, p.low, p.high) for p in found.values()]
        tables.append(Table(arm, ("Part", "Area", *map(percent, weights)), tuple(rows)))
    columns = ["arm", "part", "round", "weights_remaining", "area", "mean", "low", "high"]
    caption = "Energy in each part beside the part's area."
    return Sheet("part-energy", caption, tuple(tables), pd.DataFrame(numbers, columns=columns)) if tables else None
