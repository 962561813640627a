"""One measured number by arm and round: the shape that every curve and every small table of the report has."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sparsight.stats import mean, spread

NETWORK = ("seed", "repeat")


@dataclass(frozen=True)
class Point:
    """A number at one round.

    Attributes:
        round: the round.
        weights: fraction of the prunable weights, mean over the networks.
        mean: mean of ``values``.
        low: the smallest of ``values``.
        high: the largest of ``values``.
        values: one value a network (or a unit, where the spread is over units).
    """

    round: int
    weights: float
    mean: float
    low: float
    high: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Quantity:
    """A number with its meaning, for every arm and for the controls.

    Attributes:
        key: short name for files and columns.
        label: what the number is, for a reader.
        arms: the points of each arm, by rising round.
        controls: the points of each rule's retrain control; one point serves all rounds.
        constant: what one answer for every test image scores; NaN where it has no score.
    """

    key: str
    label: str
    arms: Mapping[str, tuple[Point, ...]]
    controls: Mapping[str, tuple[Point, ...]]
    constant: float = math.nan

    @property
    def empty(self) -> bool:
        """Whether no arm has a value."""
        return not any(self.arms.values())

    def at(self, arm: str, round_: int) -> Point | None:
        """The arm's point at a round."""
        return next((point for point in self.arms[arm] if point.round == round_), None)

    def control(self, rule: str, round_: int) -> Point | None:
        """The control's point for a round: its own where it has one, else the one that serves all rounds."""
        points = self.controls.get(rule, ())
        own = next((point for point in points if point.round == round_), None)
        return points[0] if own is None and len(points) == 1 else own


def select(table: pd.DataFrame, **where: object) -> pd.DataFrame:
    """The rows of ``table`` whose columns equal the given values."""
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def points(rows: pd.DataFrame, spread_over: Sequence[str] = NETWORK) -> tuple[Point, ...]:
    """Points by round: the mean within each of ``spread_over``, then mean and range over them.

    Args:
        rows: rows of one arm with ``seed``, ``repeat``, ``round``, ``weights_remaining`` and ``value``.
        spread_over: the columns whose combinations are the values of a point: networks, or units of a network.
    """
    result = []
    for round_, at_round in rows.groupby("round", sort=True):
        groups = at_round.groupby(list(spread_over), sort=True, dropna=False)["value"]
        values = [mean(group.to_numpy(dtype=float)) for _, group in groups]
        weights = mean(at_round["weights_remaining"].to_numpy(dtype=float))
        result.append(Point(int(str(round_)), weights, mean(values), *spread(values), tuple(values)))
    return tuple(result)


def quantity(
    key: str,
    label: str,
    rows: pd.DataFrame,
    rules: Mapping[str, str],
    spread_over: Sequence[str] = NETWORK,
    constant: float = math.nan,
) -> Quantity:
    """A quantity from the rows of one metric.

    Args:
        key: short name for files and columns.
        label: what the number is.
        rows: the metric's rows for all arms and controls.
        rules: the rule of each arm, in the order of the arms.
        spread_over: see :func:`points`.
        constant: what one answer for every test image scores, if it scores.
    """
    arms = {arm: points(select(rows, arm=arm), spread_over) for arm in rules}
    controls = {
        rule: points(select(rows, arm=f"retrain:{rule}"), spread_over) for rule in dict.fromkeys(rules.values())
    }
    return Quantity(key, label, arms, {rule: found for rule, found in controls.items() if found}, constant)
