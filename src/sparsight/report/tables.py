"""Tables as numbers (for CSV) and as text (for the page and for LaTeX)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sparsight.report.constant import ConstantAnswer
from sparsight.report.data import ReportData
from sparsight.report.quantity import Point, Quantity, select
from sparsight.report.text import NO_VALUE, interval, number, percent
from sparsight.stats import mean


@dataclass(frozen=True)
class Table:
    """A table as text: a header, then rows of as many cells; the first cell of a row names it."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Concept:
    """A concept in a class's list, and whether the dense network lists it for the class, too."""

    name: str
    shared: bool


@dataclass(frozen=True)
class ConceptTable:
    """The top concepts of each class under one arm and seed.

    Attributes:
        arm: the arm.
        columns: the share of weights of each round; last the control where there is one.
        rows: for each class its name and one list of concepts a column.
        shared: for each column the mean over classes of the share that the dense network lists, too
            (``share_in_common``).
    """

    arm: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[Concept, ...], ...]], ...]
    shared: tuple[float, ...]


def by_round(
    quantities: Sequence[Quantity],
    arm: str,
    rule: str,
    control: str,
    digits: int = 3,
    constant: ConstantAnswer | None = None,
) -> Table:
    """An arm's quantities, one row a round, then the control that serves all rounds; last the constant answer where
    it scores.

    Args:
        quantities: the columns.
        arm: the arm.
        rule: its rule.
        control: the name of the control's row.
        digits: decimals.
        constant: the constant answer, of which the quantities hold the scores.
    """
    shown = [quantity for quantity in quantities if not quantity.empty]
    rounds = {point.round: point.weights for quantity in shown for point in quantity.arms[arm]}
    rows = [
        (str(round_), percent(weights), *(_cell(quantity.at(arm, round_), digits) for quantity in shown))
        for round_, weights in sorted(rounds.items())
    ]
    retrained = {point.round: point.weights for quantity in shown for point in quantity.controls.get(rule, ())}
    for round_, weights in sorted(retrained.items()):
        name = control if len(retrained) == 1 else f"{control}, round {round_}"
        rows.append((name, percent(weights), *(_cell(quantity.control(rule, round_), digits) for quantity in shown)))
    if constant is not None and any(math.isfinite(quantity.constant) for quantity in shown):
        scores = (number(quantity.constant, digits) for quantity in shown)
        rows.append((constant.words(60), NO_VALUE, *scores))
    return Table(arm, ("Round", "Weights", *(quantity.label for quantity in shown)), tuple(rows))


def long_frame(quantities: Sequence[Quantity]) -> pd.DataFrame:
    """The quantities as numbers, one row an arm or control, round and quantity."""
    rows = []
    for quantity in quantities:
        controls = {f"retrain:{rule}": points for rule, points in quantity.controls.items()}
        for arm, points in (dict(quantity.arms) | controls).items():
            own = ((p.round, p.weights, quantity.key, p.mean, p.low, p.high, len(p.values)) for p in points)
            rows += [(arm, *row, quantity.constant) for row in own]
    columns = ["arm", "round", "weights_remaining", "quantity", "mean", "low", "high", "values", "constant"]
    return pd.DataFrame(rows, columns=columns)


def shared_frame(data: ReportData) -> pd.DataFrame:
    """The concepts table of the run with the column ``shared``: whether the arm's own dense network lists it, too."""
    parents = {f"retrain:{data.rules[arm]}": parent for arm, parent in data.parents.items()}
    parents |= {f"dense:{parent}": parent for parent in data.parents.values()} | dict(data.parents)
    named = data.concepts.assign(rule=data.concepts["arm"].map(parents))
    of_arms = named[named["arm"].isin(data.arms)]
    keys = ["rule", "seed", "class", "concept"]
    dense = set(select(of_arms, round=0)[keys].itertuples(index=False, name=None))
    shared = [key in dense for key in named[keys].itertuples(index=False, name=None)]
    return data.concepts.assign(shared=shared)


def shown_networks(data: ReportData, shared: pd.DataFrame, arm: str) -> list[pd.DataFrame]:
    """The rows of ``shared`` of each network whose lists an arm's table shows, all of the first seed: every round, then
    the last round of the first control, without rows where there is none.
    """
    seed = select(shared, seed=data.seeds[0])
    rounds = [rows for _, rows in select(seed, arm=arm).groupby("round")]
    retrained = select(seed, arm=f"retrain:{data.rules[arm]}")
    if len(retrained):
        first = retrained.sort_values(["repeat", "round"], ascending=[True, False], kind="stable").iloc[0]
        retrained = select(retrained, repeat=first["repeat"], round=first["round"])
    return [*rounds, retrained]


def concept_table(data: ReportData, shared: pd.DataFrame, arm: str, control: str) -> ConceptTable:
    """One arm's top concepts of each class at every round and under the first control (its last round), first seed.

    Args:
        data: the report's data.
        shared: what :func:`shared_frame` gave.
        arm: the arm.
        control: the heading of the control's column.
    """
    *rounds, control_rows = shown_networks(data, shared, arm)
    lists = [(percent(mean(rows["weights_remaining"].to_numpy(dtype=float))), rows) for rows in rounds]
    if len(control_rows):
        lists.append((control, control_rows))
    cells = [lists_by_class(rows) for _, rows in lists]
    rows = tuple((label, tuple(cell.get(label, ()) for cell in cells)) for label in data.classes)
    shares = tuple(share_in_common(cell, cells[0] if cells else {}) for cell in cells)
    return ConceptTable(arm, tuple(heading for heading, _ in lists), rows, shares)


def share_in_common(own: Mapping[str, Sequence[Concept]], first: Mapping[str, Sequence[Concept]]) -> float:
    """The share of the longer of two lists of a class that both hold, mean over the classes where one holds any.

    This is 1 less the drift ``top_k_overlap``, so that a page has one number of it.

    Args:
        own: a network's lists by class.
        first: those that they are marked as shared with.
    """
    shares = []
    for label in dict.fromkeys((*first, *own)):
        listed = own.get(label, ())
        longer = max(len(listed), len(first.get(label, ())))
        shares += [sum(concept.shared for concept in listed) / longer] if longer else []
    return mean(shares)


def lists_by_class(rows: pd.DataFrame) -> dict[str, tuple[Concept, ...]]:
    """The concepts of one network by class, in the order of ``rank``."""
    ranked = rows.sort_values("rank", kind="stable")
    return {
        str(label): tuple(
            Concept(str(name), bool(also)) for name, also in zip(own["concept"], own["shared"], strict=True)
        )
        for label, own in ranked.groupby("class", sort=False)
    }


def _cell(point: Point | None, digits: int) -> str:
    return NO_VALUE if point is None else interval(point.mean, point.low, point.high, digits)
