"""The verdicts as a figure: each drift with its interval, its margin, and the floor."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sparsight.report.audit.data import AuditData
from sparsight.report.audit.words import Row, row_words, word_of
from sparsight.report.curves import quiet
from sparsight.report.svg import ARM_COLOURS, FAINT, INK, literal
from sparsight.report.text import plain

_LINE, _HEAD, _FOOT = 0.44, 0.27, 0.55
"""Inches: a row with its words above it, a line of the legend, the axis."""


def forest(data: AuditData, rows: Sequence[Row], axis: str, *, signed: bool) -> Figure:
    """A row a measure: its name and verdict above a line from end to end of the interval, with a dot at the drift.

    Args:
        data: names the metrics.
        rows: of ``verdicts``.
        axis: what the horizontal axis shows.
        signed: whether rows are differences, whose margin lies on both sides of 0.
    """
    lines = 2 if any(math.isfinite(float(row["floor"])) for row in rows) and not signed else 1
    height = _LINE * len(rows) + _HEAD * lines + _FOOT
    figure = Figure(figsize=(4.6, height))
    axes = figure.add_axes((0.03, _FOOT / height, 0.94, _LINE * len(rows) / height))
    axes.set(ylim=(len(rows) - 0.15, -0.85), xlim=_limits(rows, signed))
    handles: dict[str, Artist] = {}
    for place, row in enumerate(rows):
        _row(axes, place, row, signed, handles)
        beside = dict[str, Any](fontsize=8.5, color=INK, transform=axes.get_yaxis_transform())
        weight = "bold" if row["verdict"] == "changed" else "normal"
        axes.text(0.0, place - 0.36, plain(row_words(data, row), 46), **beside)
        axes.text(1.0, place - 0.36, plain(word_of(data, row), 22), ha="right", fontweight=weight, **beside)
    quiet(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="x", color=FAINT, alpha=0.18, linewidth=0.8)
    axes.axvline(0, color=FAINT, linewidth=1, alpha=0.5)
    axes.set_xlabel(axis, color=INK)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="upper left",
        ncols=2,
        frameon=False,
        fontsize=8.5,
        handlelength=2.2,
        labelcolor=INK,
    )
    literal(figure)
    return figure


def _row(axes: Axes, place: int, row: Row, signed: bool, handles: dict[str, Artist]) -> None:
    value, low, high, floor, margin = (float(row[name]) for name in ("drift", "low", "high", "floor", "margin"))
    what = "difference" if signed else "drift"
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [place, place], color=ARM_COLOURS[0], linewidth=2.4, solid_capstyle="butt")
        axes.plot([low, high], [place, place], "|", color=ARM_COLOURS[0], markersize=7, markeredgewidth=1.4)
    dot = axes.plot([value], [place], "o", color=ARM_COLOURS[0], markersize=6)[0]
    handles.setdefault(f"{what}, with its interval" if math.isfinite(low) else what, dot)
    if math.isfinite(margin):
        for side in (-margin, margin) if signed else (margin,):
            tick = axes.vlines(side, place - 0.24, place + 0.24, color=INK, linewidth=1.6, linestyle=(0, (1.5, 1.2)))
            handles.setdefault("margin of “preserved”", tick)
    if math.isfinite(floor) and not signed:
        mark = axes.plot([floor], [place], "D", color=INK, markersize=6, markerfacecolor="none", markeredgewidth=1.4)[0]
        handles.setdefault("floor: the original trained again", mark)


def _limits(rows: Sequence[Row], signed: bool) -> tuple[float, float]:
    names = ("drift", "low", "high", "margin", *(() if signed else ("floor",)))
    found = [value for row in rows for name in names if math.isfinite(value := float(row[name]))]
    if signed:
        most = max([abs(value) for value in found] + [0.01])
        return -1.08 * most, 1.08 * most
    low, high = min([0.0, *found]), max([*found, 0.05])
    return low - 0.03 * (high - low), high + 0.05 * (high - low)
