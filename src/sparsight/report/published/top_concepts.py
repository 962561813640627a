"""Tables 1 to 3 of the paper beside the run's: the top concepts of each class, cell by cell."""

from collections.abc import Iterator

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.measures import top_k
from sparsight.report.published.paper import nearest_round, top3
from sparsight.report.quantity import select
from sparsight.report.several import all_names
from sparsight.report.sheet import Sheet
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, number, percent, plain
from sparsight.stats import mean

PRINTED_RANKS = 3
REORDERED = "lists_reordered"
"""The metric of what the order of equal columns alone would change, were they listed apart."""
_COLUMNS = (
    *(
        "arm",
        "table",
        "class",
        "list",
        "weights_printed",
        "weights_remaining",
        "rank",
        "concept_printed",
        "concept_measured",
    ),
    *("shared_printed", "shared_measured", "shared_floor", "in_common", "shared_reordered"),
)
_KINDS = ("printed", "measured", "floor", "reordered")
_HEADER = (
    "Weights",
    "Printed",
    "Measured",
    "In common",
    "Kept, printed",
    "Kept, measured",
    "Kept by retraining",
)


def printed_change(data: ReportData, weights: float) -> float:
    """What the tables print for the run's classes: the share of a list that its dense network does not list, mean over
    the lists; NaN where they print none, or where the run's lists have another length.
    """
    printed = top3()
    printed = printed[printed["class"].isin(data.classes)]
    if top_k(data) != PRINTED_RANKS:
        return float("nan")
    lost = []
    for _, own in printed.groupby(["table", "class"], sort=False):
        both = zip(_lists(own[own["weights"] == 1]), _lists(own[own["weights"] == weights]), strict=False)
        lost += [1 - len(set(dense) & set(names)) / len(names) for dense, names in both]
    return mean(lost)


def tables_sheet(data: ReportData) -> Sheet | None:
    """One table an arm: each printed cell of a class that the run has, the run's first seed beside it.

    *Kept* is the share of a list that its own dense network lists, too: as printed, as the mean over the run's seeds,
    and for the networks that were trained again without pruning, which is the floor. *In common* is the share of the
    printed list that the run's first seed lists as well; a concept of several names is listed under each of them. Where
    equal columns were listed apart, ``shared_reordered`` would stay if their order alone changed. A class that a table
    prints twice has two lists. None where the run has no class of the paper's tables, or no concepts.
    """
    if not data.has_concepts:
        return None
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
    """How much of a class's list its dense network shares, mean over the paper's classes: printed, measured, floor; and
    how much two lists of one network would share if equal columns were listed apart, in another order.
    """
    sheet = tables_sheet(data)
    if sheet is None:
        return None
    cells = sheet.frame.drop_duplicates(["arm", "table", "class", "list", "weights_printed"])
    tables, numbers = [], []
    for arm, own in cells.groupby("arm", sort=False):
        lines = []
        for (table, weights), rows in own[own["weights_printed"] < 1].groupby(["table", "weights_printed"]):
            shares = [mean(rows[f"shared_{kind}"].to_numpy(dtype=float)) for kind in _KINDS]
            lines.append((int(str(table)), float(str(weights)), len(rows), *shares))
        lines.sort(key=lambda line: (line[0], -line[1]))
        numbers += [(arm, *line) for line in lines]
        body = tuple(
            (f"Table {line[0]}", percent(line[1]), str(line[2]), *(number(share, 2) for share in line[3:]))
            for line in lines
        )
        header = ("Where", "Weights", "Lists", "Printed", "Measured", "Retrained", "Reordered")
        if body:
            tables.append(Table(str(arm), header, body))
    if not tables:
        return None
    columns = ["arm", "table", "weights_printed", "lists", *(f"shared_{kind}" for kind in _KINDS)]
    caption = "Share of a class's top concepts that its own dense network lists too: printed, measured, retrained."
    return Sheet("published-overlap", caption, tuple(tables), pd.DataFrame(numbers, columns=columns))


def _rows(
    data: ReportData, arm: str, printed: pd.DataFrame
) -> Iterator[tuple[tuple[str, ...], list[tuple[object, ...]]]]:
    """The text of each row, and its numbers, one line a rank."""
    same_length = top_k(data) == PRINTED_RANKS
    kept = _kept(data, arm) if same_length else {}
    floor = _kept(data, f"retrain:{data.rules[arm]}") if same_length else {}
    first, names_of = select(data.concepts, arm=arm, seed=data.seeds[0]), all_names(data)
    apart = _reordered(data, arm)
    for (table, label), own in printed.groupby(["table", "class"], sort=False):
        dense = _lists(own[own["weights"] == 1])
        for weights, cell in own.groupby("weights", sort=False):
            round_ = nearest_round(data, arm, float(str(weights)))
            if round_ is None:
                continue
            rows = select(first, round=round_, **{"class": label}).sort_values("rank", kind="stable")
            measured = [str(name) for name in rows["concept"]][:PRINTED_RANKS]
            share = mean(select(data.accuracy, arm=arm, round=round_)["weights_remaining"].to_numpy(dtype=float))
            listed = {one for name in measured for one in names_of.get(name, (name,))}
            reordered = apart.get((round_, str(label)), 1.0)
            shared = kept.get((round_, str(label)), float("nan"))
            again = floor.get((round_, str(label)), floor.get((0, str(label)), float("nan")))
            for number_, names in enumerate(_lists(cell)):
                base = dense[number_] if number_ < len(dense) else dense[0]
                own_share = len(set(names) & set(base)) / len(names)
                common = len(set(names) & listed) / len(names)
                text = (
                    plain(label),
                    f"{percent(float(str(weights)))}, {percent(share)}",
                    ", ".join(names),
                    ", ".join(plain(name) for name in measured) or NO_VALUE,
                    *(number(value, 2) for value in (common, own_share, shared, again)),
                )
                yield (
                    text,
                    [
                        (
                            *(arm, table, label, number_ + 1, weights, share, rank + 1, name),
                            measured[rank] if rank < len(measured) else None,
                            *(own_share, shared, again, common, reordered),
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


def _reordered(data: ReportData, arm: str) -> dict[tuple[int, str], float]:
    """By round and class, what two lists of one network would share if equal columns were listed apart; seeds' mean.

    No entry where all columns are distinct: then nothing can change.
    """
    rows = select(data.faithfulness, arm=arm, metric=REORDERED, unit="class")
    return {
        (int(str(round_)), str(label)): 1 - mean(own["value"].to_numpy(dtype=float))
        for (round_, label), own in rows.groupby(["round", "unit_id"])
    }
