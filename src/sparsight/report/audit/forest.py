"""The verdicts as a figure: each drift with its interval, its margin, and the floor."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from sparsight.report.audit.data import AuditData
from sparsight.report.audit.words import Row, failed_gate, row_words, word_of
from sparsight.report.curves import quiet
from sparsight.report.names import SYMBOLS
from sparsight.report.svg import ARM_COLOURS, FAINT, INK, literal
from sparsight.report.text import plain
from sparsight.verdict import MOVED

_WIDTH, _EDGE, _SIDE = 4.6, 0.14, 0.28
"""Inches: the figure, its margin, and the axis' own, in which half of an outer tick's number has room."""

_LINE, _HEAD, _FOOT = 0.44, 0.27, 0.55
"""Inches: a row with its words above it, a line of the legend, the axis."""

_COLUMNS = 2
"""Of the legend."""

_TICK = 0.21
"""Half of a margin's line, in rows: words stand above it."""

_LETTERS = 66
"""As many as a row's words may have, its verdict among them."""


def forest(data: AuditData, rows: Sequence[Row], axis: str, *, signed: bool) -> Figure:
    """A row a measure: its name and verdict above a line from end to end of the interval, with a dot at the drift.

    Args:
        data: names the metrics.
        rows: of ``verdicts``.
        axis: what the horizontal axis shows.
        signed: whether rows are differences, whose margin lies on both sides of 0.
    """
    figure = Figure()
    axes = figure.add_subplot()
    axes.set(ylim=(len(rows) - 0.15, -0.85), xlim=_limits(rows, signed))
    places = np.arange(len(rows))
    axes.vlines(np.zeros(len(rows)), places - _TICK, places + _TICK, color=FAINT, linewidth=1, alpha=0.5)
    handles: dict[str, Artist] = {}
    beside = dict[str, Any](
        fontsize=8.5, color=INK, transform=blended_transform_factory(figure.transFigure, axes.transData)
    )
    for place, row in enumerate(rows):
        _row(axes, place, row, signed, handles)
        word = _word(data, row)
        weight = "bold" if row["verdict"] in MOVED else "normal"
        axes.text(_EDGE / _WIDTH, place - 0.36, plain(_words(data, row), _LETTERS - len(word)), **beside)
        axes.text(1 - _EDGE / _WIDTH, place - 0.36, word, ha="right", fontweight=weight, **beside)
    quiet(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="x", color=FAINT, alpha=0.18, linewidth=0.8)
    axes.set_xlabel(axis, color=INK)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="upper left",
        ncols=_COLUMNS,
        frameon=False,
        fontsize=8.5,
        handlelength=2.2,
        labelcolor=INK,
    )
    height = _LINE * len(rows) + _HEAD * math.ceil(len(handles) / _COLUMNS) + _FOOT
    figure.set_size_inches(_WIDTH, height)
    axes.set_position((_SIDE / _WIDTH, _FOOT / height, 1 - 2 * _SIDE / _WIDTH, _LINE * len(rows) / height))
    literal(figure)
    return figure


def _words(data: AuditData, row: Row) -> str:
    return row_words(data, row).replace("intersection over union", "IoU")


def _word(data: AuditData, row: Row) -> str:
    """The verdict; or the gate that stands in its place, in as few words as fit beside the measure."""
    gate = failed_gate(data, row)
    return plain(f"{SYMBOLS['gate']} gate: {gate}" if gate else word_of(data, row), 40)


def _row(axes: Axes, place: int, row: Row, signed: bool, handles: dict[str, Artist]) -> None:
    value, low, high, floor, margin = (float(row[name]) for name in ("drift", "low", "high", "floor", "margin"))
    what = "difference" if signed else "drift"
    blue = ARM_COLOURS[0]
    dot = axes.plot([value], [place], "o", color=blue, markersize=6)[0]
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [place, place], color=blue, linewidth=2.4, solid_capstyle="butt")
        axes.plot([low, high], [place, place], "|", color=blue, markersize=7, markeredgewidth=1.4)
        both = Line2D([], [], color=blue, linewidth=2.4, marker="o", markersize=6)
        handles.setdefault(f"{what}, with its interval", both)
    else:
        handles.setdefault(what, dot)
    if math.isfinite(margin):
        for side in (-margin, margin) if signed else (margin,):
            tick = axes.vlines(side, place - _TICK, place + _TICK, color=INK, linewidth=1.6, linestyle=(0, (1.5, 1.2)))
            handles.setdefault("margin", tick)
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
