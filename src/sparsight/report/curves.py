"""Curves over the share of weights remaining: mean line, range over the networks, each network as a faint point."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from sparsight.report.quantity import Point, Quantity
from sparsight.report.svg import ARM_COLOURS, FAINT, INK, literal
from sparsight.report.text import percent, plain

Dash = tuple[int, tuple[float, ...]]
"""Of a line: where it begins, and the lengths of strokes and gaps in turn."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""One more than there are colours: the seventh arm has the first one's colour, but not its marker."""
DASHES: tuple[Dash, ...] = ((0, ()), (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (3, 1)), (0, (8, 3)))
_CONTROL_DASHES: tuple[Dash, ...] = ((0, (7, 3)), (0, (3, 2)), (0, (7, 2, 1.5, 2)), (0, (12, 3)))
_LABELS = 7


@dataclass(frozen=True)
class Level:
    """A horizontal line to read the curves against, such as chance."""

    label: str
    value: float


@dataclass(frozen=True)
class Mark:
    """A number that is printed elsewhere, to read the curves against: at which share of the weights, and how large."""

    weights: float
    value: float


def curves(
    measured: Quantity,
    axis: str,
    *,
    controls: Mapping[str, str],
    levels: Iterable[Level] = (),
    unit: tuple[float, float] | None = (0, 1),
    points: bool = True,
    marks: Sequence[Mark] = (),
) -> Figure:
    """A chart of one quantity.

    Args:
        measured: the quantity; each arm is a curve with a colour, a marker and a dash of its own.
        axis: label of the vertical axis, with its unit.
        controls: the label of each rule whose control is drawn.
        levels: horizontal lines.
        unit: the range of the vertical axis, or None to fit it to the values.
        points: draw each value of a point, too.
        marks: what the paper prints.
    """
    figure = Figure(figsize=(4.6, 3.8), layout="constrained")
    axes = figure.add_subplot(xscale="log")
    handles, labels = [], []
    for index, (arm, own) in enumerate(measured.arms.items()):
        if own:
            handles.append(_arm(axes, own, index, points))
            labels.append(plain(arm, 40))
    shares = [point.weights for own in measured.arms.values() for point in own]
    left, right = weights_axis(axes, [*shares, *(mark.weights for mark in marks)])
    # A control is never pruned: one of a round stands where the arms of its round do.
    weights = {point.round: point.weights for own in list(measured.arms.values())[::-1] for point in own}
    for index, (rule, label) in enumerate(controls.items()):
        if own := measured.controls.get(rule, ()):
            x = [left, right] if len(own) == 1 else [weights.get(point.round, math.nan) for point in own]
            handles.append(_control(axes, own, x, _CONTROL_DASHES[index % len(_CONTROL_DASHES)]))
            labels.append(plain(label, 60))
    for level in levels:
        handles.append(axes.axhline(level.value, color=FAINT, linewidth=1.2, linestyle=(0, (1, 2.5))))
        labels.append(plain(level.label, 60))
    if marks:
        x, y = [mark.weights for mark in marks], [mark.value for mark in marks]
        handles += axes.plot(x, y, "*", color=INK, markersize=13, markerfacecolor="none", markeredgewidth=1.4)
        labels.append("printed in the paper")
    axes.set_ylabel(axis, color=INK)
    if unit:
        axes.set_ylim(unit[0] - 0.03 * (unit[1] - unit[0]), unit[1] + 0.03 * (unit[1] - unit[0]))
    quiet(axes)
    legend(figure, handles, labels)
    literal(figure)
    return figure


def look(index: int) -> tuple[str, str, Dash]:
    """Colour, marker and dash of an arm, by its place in the study."""
    return (
        ARM_COLOURS[index % len(ARM_COLOURS)],
        MARKERS[index % len(MARKERS)],
        DASHES[index % len(DASHES)],
    )


def _arm(axes: Axes, own: tuple[Point, ...], index: int, points: bool) -> Artist:
    colour, marker, dash = look(index)
    x = [point.weights for point in own]
    axes.fill_between(x, [p.low for p in own], [p.high for p in own], color=colour, alpha=0.13, linewidth=0)
    if points:
        scatter = [(point.weights, value) for point in own for value in point.values]
        axes.plot(*zip(*scatter, strict=True), marker, color=colour, alpha=0.35, markersize=3.5, markeredgewidth=0)
    (line,) = axes.plot(
        x, [p.mean for p in own], color=colour, linestyle=dash, marker=marker, linewidth=2, markersize=6
    )
    return line


def _control(axes: Axes, own: tuple[Point, ...], x: list[float], dash: Dash) -> Artist:
    """One point serves all rounds, so that it is a level; several are a curve."""
    times = len(x) if len(own) == 1 else 1
    mean, low, high = ([getattr(point, name) for point in own] * times for name in ("mean", "low", "high"))
    axes.fill_between(x, low, high, color=FAINT, alpha=0.16, linewidth=0)
    (line,) = axes.plot(x, mean, color=INK, linewidth=1.5, linestyle=dash)
    return line


def weights_axis(axes: Axes, weights: list[float]) -> tuple[float, float]:
    """Weights remaining fall from left to right, on a logarithmic axis: equal steps for equal shares pruned."""
    known = sorted({round(w, 6) for w in weights if math.isfinite(w) and w > 0}, reverse=True) or [1.0]
    most, least = known[0], known[-1]
    margin = (most / least) ** 0.04 if most > least else 1.2
    axes.set_xlim(most * margin, least / margin)
    step = math.log(most / least) / _LABELS
    ticks = [most]
    for weight in known[1:-1]:
        if math.log(ticks[-1] / weight) >= 0.99 * step and math.log(weight / least) >= 0.99 * step:
            ticks.append(weight)
    ticks += [least] if least < most else []
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([percent(tick).rstrip("\u00a0%") for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("weights remaining (%, log scale)", color=INK)
    return most * margin, least / margin


def quiet(axes: Axes) -> None:
    """Two spines, faint lines to read values by, the page's ink."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=10)
    axes.grid(axis="y", color=FAINT, alpha=0.18, linewidth=0.8)
    axes.set_axisbelow(True)


def legend(figure: Figure, handles: Sequence[Artist | tuple[Artist, ...]], labels: list[str]) -> None:
    """A legend above the chart. Labels are set afterwards: matplotlib leaves out those that begin with a ``_``.

    Of several artists with one label each has its piece of the sample.
    """
    if not handles:
        return
    blank = [str(index) for index in range(len(handles))]
    columns = 2 if max(map(len, labels)) <= 24 else 1
    figure.set_figheight(3.4 + 0.2 * math.ceil(len(labels) / columns))
    legend = figure.legend(
        cast("list[Artist]", list(handles)),  # matplotlib takes tuples, which its types do not say
        blank,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        handlelength=3.2,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.4)},
    )
    for text, label in zip(legend.get_texts(), labels, strict=True):
        text.set_text(label)
        text.set_color(INK)
