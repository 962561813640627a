"""The drift beyond retraining by weights remaining, a chart a primary metric: mean, 90 % interval, and the margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparsight.report.curves import legend, look, quiet, weights_axis
from sparsight.report.data import ReportData
from sparsight.report.quantity import select
from sparsight.report.svg import FAINT, INK, literal
from sparsight.report.text import plain
from sparsight.report.verdicts import is_primary
from sparsight.verdict import PRIMARY

_ROOM = 0.75
"""How far an interval may stretch the chart beyond what is drawn anyway, as a share of that."""

_MOST_BARS = 24
"""Of more bars than these one sees only a fence; the bands are left."""


@dataclass(frozen=True)
class Step:
    """The excess at one round, in floor units: mean, interval, and the margin up to which it counts as preserved."""

    weights: float
    mean: float
    low: float
    high: float
    margin: float


def excesses(data: ReportData, arms: Sequence[str]) -> dict[str, dict[str, tuple[Step, ...]]]:
    """The steps of each primary metric that has any, by arm."""
    table = data.verdict[is_primary(data.verdict)]
    found = {metric: {arm: _steps(select(table, arm=arm, metric=metric)) for arm in arms} for _, metric, _ in PRIMARY}
    return {
        metric: own
        for metric, own in found.items()
        if any(math.isfinite(step.mean) for steps in own.values() for step in steps)
    }


def _steps(rows: pd.DataFrame) -> tuple[Step, ...]:
    columns = ["weights_remaining", "excess", "ci_low", "ci_high", "margin"]
    ordered = rows.sort_values("round", kind="stable")[columns].astype(float)
    return tuple(Step(*values) for values in ordered.itertuples(index=False, name=None))


def excess_figure(own: dict[str, tuple[Step, ...]], title: str) -> Figure:
    """The chart of one metric.

    Args:
        own: the steps by arm.
        title: what the metric is called.
    """
    figure = Figure(figsize=(4.6, 3.8), layout="constrained")
    axes = figure.add_subplot(xscale="log")
    steps = [step for of_arm in own.values() for step in of_arm]
    bottom, top = limits(steps)
    weights_axis(axes, [step.weights for step in steps])
    axes.set_ylim(bottom, top)
    axes.set_autoscale_on(False)
    zero = axes.axhline(0, color=INK, linewidth=1.3, linestyle=(0, (7, 3)))
    handles: list[Artist | tuple[Artist, ...]] = [
        _arm(axes, steps, i, len(own)) for i, steps in enumerate(own.values()) if steps
    ]
    labels = [plain(arm, 40) for arm, steps in own.items() if steps]
    handles.append(zero)
    labels.append("as far as retraining")
    if margin := _margin(axes, own):
        handles.append(margin)
        labels.append("margin of “preserved”")
    axes.set_ylabel("excess drift (floor units)", color=INK)
    axes.set_title(plain(title), loc="left", fontsize=10.5, fontweight="bold", color=INK)
    quiet(axes)
    legend(figure, handles, labels)
    literal(figure)
    return figure


def limits(steps: Sequence[Step]) -> tuple[float, float]:
    """The range of the vertical axis: all means, 0 and the margin; of the intervals what leaves those readable."""

    def defined(*values: float) -> list[float]:
        return [value for value in values if math.isfinite(value)]

    fixed = [0.0, *(value for step in steps for value in defined(step.mean, step.margin))]
    low, high = min(fixed), max(fixed)
    span = max(high - low, 0.5)
    lows = [low, *(value for step in steps for value in defined(step.low))]
    highs = [high, *(value for step in steps for value in defined(step.high))]
    bottom, top = max(min(lows), low - _ROOM * span), min(max(highs), high + _ROOM * span)
    return bottom - 0.06 * span, top + 0.06 * span


def clipped(steps: Sequence[Step]) -> bool:
    """Whether an interval goes on beyond the chart."""
    bottom, top = limits(steps)
    return any(step.low < bottom or step.high > top for step in steps)


def banded(steps: Sequence[Step]) -> bool:
    """Whether an interval is known anywhere."""
    return any(math.isfinite(step.low) and math.isfinite(step.high) for step in steps)


def _arm(axes: Axes, steps: tuple[Step, ...], index: int, arms: int) -> Artist:
    """Line, band and bars of one arm, a little beside the others' so that the bars do not hide each other."""
    colour, marker, dash = look(index)
    shift = _shift(axes, index, arms)
    x = [step.weights * shift for step in steps]
    axes.fill_between(x, [s.low for s in steps], [s.high for s in steps], color=colour, alpha=0.12, linewidth=0)
    if arms * len(steps) <= _MOST_BARS:
        axes.vlines(x, [s.low for s in steps], [s.high for s in steps], color=colour, alpha=0.6, linewidth=1.4)
    bottom, top = axes.get_ylim()
    for edge, sign, out in (
        (bottom, 6, [step.low < bottom for step in steps]),  # 6 and 7: carets that stand on the edge
        (top, 7, [step.high > top for step in steps]),
    ):
        beyond = [place for place, is_out in zip(x, out, strict=True) if is_out]
        point = 7 if sign == 6 else 6  # the caret points away from the chart
        axes.plot(beyond, [edge] * len(beyond), marker=point, color=colour, markersize=8, linestyle="", clip_on=False)
    (line,) = axes.plot(
        x, [s.mean for s in steps], color=colour, linestyle=dash, marker=marker, linewidth=2, markersize=6
    )
    return line


def _shift(axes: Axes, index: int, arms: int) -> float:
    """The factor on an arm's weights: all arms together take a twentieth of the axis at most."""
    left, right = axes.get_xlim()
    return float((right / left) ** (0.012 * (index - (arms - 1) / 2)))


def _margin(axes: Axes, own: dict[str, tuple[Step, ...]]) -> tuple[Artist, ...]:
    """One line where all arms and rounds have one margin, else one an arm in its colour; none where none is known."""
    dots = (0, (1, 2))
    known = {round(step.margin, 6) for steps in own.values() for step in steps if math.isfinite(step.margin)}
    if len(known) == 1:
        return (axes.axhline(known.pop(), color=FAINT, linewidth=1.6, linestyle=dots),)
    return tuple(
        axes.plot(
            [step.weights for step in steps],
            [step.margin for step in steps],
            color=look(index)[0],
            linewidth=1.6,
            linestyle=dots,
            marker="_",
        )[0]
        for index, steps in enumerate(own.values())
        if any(math.isfinite(step.margin) for step in steps)
    )
