"""What the noise floor is, beside the other distances that one could have taken for it."""

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.names import metric_name
from sparsight.report.quantity import select
from sparsight.report.sheet import Sheet, signed
from sparsight.report.tables import Table
from sparsight.report.text import listing, number, plain
from sparsight.stats import mean
from sparsight.verdict import PRIMARY, primary_names

KINDS = {
    "retrained": "Retrained: the floor",
    "another seed": "Another seed",
    "other images": "Same network, other images",
}
_COLUMNS = ["arms", "metric", "kind", "value"]


def floor_sheet(data: ReportData) -> Sheet | None:
    """One table for arms that share their controls and parents: mean drifts of the primary metrics."""
    whole = select(data.drift, unit="all")
    tables, numbers = [], []
    kinds = list(KINDS)[: None if data.has_concepts else -1]  # other images are those that concepts are learned on
    for arms, rule, parent in _groups(data):
        rows = []
        for family, metric, target in PRIMARY:
            if metric not in primary_names(data.has_concepts):
                continue
            own = select(whole, family=family, metric=metric, target=target)
            values = [
                _mean(select(own, arm=f"retrain:{rule}")),
                _mean(select(own, arm=f"dense:{parent}", reference_arm=f"dense:{parent}")),
                _mean(select(own, arm=f"refit:{parent}")),
            ][: len(kinds)]
            inherited = [inheritance(own, arm) for arm in arms]
            rows.append((metric_name(data, metric), *map(number, values), *(signed(v, 3) for v in inherited)))
            named = [*kinds, *(f"inheritance of {arm}" for arm in arms)]
            numbers += [
                (", ".join(arms), metric, kind, value) for kind, value in zip(named, [*values, *inherited], strict=True)
            ]
        header = ("Mean drift", *(KINDS[kind] for kind in kinds), *(f"Inheritance, {plain(arm, 40)}" for arm in arms))
        tables.append(Table(listing([plain(arm, 40) for arm in arms]), header, tuple(rows)))
    frame = pd.DataFrame(numbers, columns=_COLUMNS)
    if not frame["value"].notna().any():
        return None
    return Sheet("floor", "What the floor is: mean drifts that come without any pruning.", tuple(tables), frame)


def inheritance(own: pd.DataFrame, arm: str) -> float:
    """How much further an arm's tickets are from the controls than from their dense networks: their masks descend
    from the latter. One metric's rows; mean over the seeds, rounds and controls.
    """
    rows = select(own, arm=arm)
    apart = rows[rows["reference_arm"].astype(str).str.startswith("retrain:")]
    keys = ["seed", "round"]
    dense = rows[rows["reference_arm"].astype(str).str.startswith("dense:")].set_index(keys)["value"]
    differences = [
        float(value) - float(dense[seed, round_])
        for seed, round_, value in apart[[*keys, "value"]].itertuples(index=False, name=None)
        if (seed, round_) in dense.index
    ]
    return mean(differences)


def _groups(data: ReportData) -> list[tuple[tuple[str, ...], str, str]]:
    shared: dict[tuple[str, str], list[str]] = {}
    for arm in data.arms:
        shared.setdefault((data.rules[arm], data.parents[arm]), []).append(arm)
    return [(tuple(arms), rule, parent) for (rule, parent), arms in shared.items()]


def _mean(rows: pd.DataFrame) -> float:
    return mean(rows["value"].to_numpy(dtype=float))
