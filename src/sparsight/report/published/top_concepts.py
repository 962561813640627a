"""Tables 1 to 3 of the paper beside the run's: the top concepts of each class, cell by cell."""

from collections.abc import Iterator

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.published.paper import nearest_round, top3
from sparsight.report.quantity import select
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, number, percent, plain
from sparsight.stats import mean

_COLUMNS = (
    *("arm", "table", "class", "weights_printed", "weights_remaining", "rank", "concept_printed", "concept_measured"),
    *("shared_printed", "shared_measured", "shared_floor", "in_common"),
)
_HEADER = (
    "Weights",
    "Printed",
    "Measured",
    "In common",
    "Kept, printed",
    "Kept, measured",
    "Kept by retraining",
)


def tables_sheet(data: ReportData) -> Sheet | None:
    """One table an arm: each printed cell of a class that the run has, the run's first seed beside it.

    *Kept* is the share of a list that its own dense network lists, too: as printed, as the mean over the run's seeds,
    and for the networks that were trained again without pruning, which is the floor. *In common* is the share of the
    printed list that the run's first seed lists as well. None where the run has no class of the paper's tables.
    """
    printed = top3()
    printed = printed[printed["class"].isin(data.classes)]
    tables, numbers = [], []
    for arm in data.arms:
        rows = list(_rows(data, arm, printed))
        numbers += [one for cell in rows for one in cell[1]]
        if rows:
            tables.append(Table(arm, ("Class", *_HEADER), tuple(cell[0] for cell in rows)))
    if not tables:
        return None
    caption = "The paper's tables 1 to 3 beside this run: the top concepts of each class."
    return Sheet("published-tables", caption, tuple(tables), pd.DataFrame(numbers, columns=list(_COLUMNS)))


def overlap_sheet(data: ReportData) -> Sheet | None:
    """How much of a class's list its dense network shares, mean over the paper's classes: printed, measured, floor."""
    sheet = tables_sheet(data)
    if sheet is None:
        return None
    cells = sheet.frame.drop_duplicates(["arm", "table", "class", "weights_printed"])
    tables, numbers = [], []
    for arm, own in cells.groupby("arm", sort=False):
        lines = []
        for (table, weights), rows in own[own["weights_printed"] < 1].groupby(["table", "weights_printed"]):
            shares = [mean(rows[f"shared_{kind}"].to_numpy(dtype=float)) for kind in ("printed", "measured", "floor")]
            lines.append((int(str(table)), float(str(weights)), len(rows), *shares))
        lines.sort(key=lambda line: (line[0], -line[1]))
        numbers += [(arm, *line) for line in lines]
        body = tuple(
            (f"Table {line[0]}", percent(line[1]), str(line[2]), *(number(share, 2) for share in line[3:]))
            for line in lines
        )
        header = ("Where", "Weights", "Classes", "Printed", "Measured", "Retrained")
        if body:
            tables.append(Table(str(arm), header, body))
    columns = ["arm", "table", "weights_printed", "classes", "shared_printed", "shared_measured", "shared_floor"]
    caption = "Share of a class's top concepts that its own dense network lists too: printed, measured, retrained."
    return Sheet("published-overlap", caption, tuple(tables), pd.DataFrame(numbers, columns=columns))


def _rows(
    data: ReportData, arm: str, printed: pd.DataFrame
) -> Iterator[tuple[tuple[str, ...], list[tuple[object, ...]]]]:
    """The text of each row, and its numbers, one line a rank."""
    kept = _kept(data, arm)
    floor = _kept(data, f"retrain:{data.rules[arm]}")
    first = select(data.concepts, arm=arm, seed=data.seeds[0])
    for (table, label), own in printed.groupby(["table", "class"], sort=False):
        dense = _lists(own[own["weights"] == 1])
        for weights, cell in own.groupby("weights", sort=False):
            round_ = nearest_round(data, arm, float(str(weights)))
            if round_ is None:
                continue
            rows = select(first, round=round_, **{"class": label}).sort_values("rank", kind="stable")
            measured = [str(name) for name in rows["concept"]]
            share = mean(select(data.accuracy, arm=arm, round=round_)["weights_remaining"].to_numpy(dtype=float))
            shared = kept.get((round_, str(label)), float("nan"))
            again = floor.get((round_, str(label)), floor.get((0, str(label)), float("nan")))
            for number_, names in enumerate(_lists(cell)):
                base = dense[number_] if number_ < len(dense) else dense[0]
                own_share = len(set(names) & set(base)) / len(names)
                common = len(set(names) & set(measured)) / len(names)
                text = (
                    plain(label),
                    f"{percent(float(str(weights)))}, {percent(share)}",
                    ", ".join(names),
                    ", ".join(plain(name) for name in measured[: len(names)]) or NO_VALUE,
                    *(number(value, 2) for value in (common, own_share, shared, again)),
                )
                yield (
                    text,
                    [
                        (
                            *(arm, table, label, weights, share, rank + 1, name),
                            measured[rank] if rank < len(measured) else None,
                            *(own_share, shared, again, common),
                        )
                        for rank, name in enumerate(names)
                    ],
                )


def _lists(cell: pd.DataFrame) -> list[list[str]]:
    """The lists of a class at one share of weights; two where the paper prints the class twice."""
    ranked = cell.sort_values("rank", kind="stable")
    times = int(ranked["rank"].value_counts().max()) if len(ranked) else 0
    found: list[list[str]] = [[] for _ in range(times)]
    for _, same in ranked.groupby("rank", sort=True):
        for place, name in enumerate(same["concept"]):
            found[place].append(str(name))
    return found


def _kept(data: ReportData, arm: str) -> dict[tuple[int, str], float]:
    """By round and class, the share of the top concepts that the dense network lists, mean over seeds and repeats."""
    rows = select(data.drift, arm=arm, metric="top_k_overlap", unit="class")
    return {
        (int(str(round_)), str(label)): 1 - mean(own["value"].to_numpy(dtype=float))
        for (round_, label), own in rows.groupby(["round", "unit_id"])
    }
