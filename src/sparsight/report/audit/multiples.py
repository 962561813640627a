"""Small multiples: a panel a class, from the original's accuracy to each model's, as far to the right as it drifted."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sparsight.report.audit.apart import apart
from sparsight.report.audit.by_class import ByClass
from sparsight.report.curves import look
from sparsight.report.svg import FAINT, INK, literal
from sparsight.report.text import plain

COLUMNS, PANELS = 3, 6
"""A figure has six panels in three columns, so that it can be read on a phone."""


def multiples(found: ByClass, original: str, labels: Sequence[str], axis: str, most: float) -> Figure:
    """The panels of some classes.

    Args:
        found: accuracies and drifts by class.
        original: name of the original.
        labels: the classes, ``PANELS`` at most.
        axis: what the drift is called.
        most: the largest drift, at the right end of every panel.
    """
    rows = math.ceil(len(labels) / COLUMNS)
    head = 0.22 * math.ceil((len(found.models) + 1) / 2) + 0.1
    height = 1.3 * rows + 0.5 + head
    figure = Figure(figsize=(4.6, height))
    grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
    figure.subplots_adjust(0.12, 0.5 / height, 0.985, 1 - (head + 0.2) / height, 0.14, 0.42)
    for axes, label in zip(grid.flat, labels, strict=False):
        _panel(axes, found, original, label)
        axes.set(xlim=(-0.06 * most, 1.1 * most), ylim=(-0.06, 1.08), yticks=[0, 0.5, 1])
    for place, axes in enumerate(grid.flat):
        axes.set_visible(place < len(labels))
        axes.tick_params(labelbottom=place + COLUMNS >= len(labels))
    figure.supxlabel(plain(axis), fontsize=9, color=INK, x=0.12, ha="left", y=0.06 / height)
    figure.supylabel("accuracy", fontsize=9, color=INK, x=0.005)
    _legend(figure, original, found.models)
    literal(figure)
    return figure


def _panel(axes: Axes, found: ByClass, original: str, label: str) -> None:
    before = found.value(original, label, "accuracy")
    for index, model in enumerate(found.models):
        drift, after = found.value(model, label, found.lead), found.value(model, label, "accuracy")
        colour, marker, dash = look(index)
        axes.plot([0, drift], [before, after], color=colour, linewidth=1.2, linestyle=dash, alpha=0.8)
        axes.plot([drift], [after], marker=marker, color=colour, markersize=5.5, linestyle="")
    axes.plot([0], [before], "o", color=INK, markerfacecolor="none", markersize=5.5)
    axes.set_title(plain(label, 20), loc="left", fontsize=8, color=INK, pad=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=7.5, length=2)
    axes.grid(color=FAINT, alpha=0.18, linewidth=0.6)
    axes.set_axisbelow(True)


def _legend(figure: Figure, original: str, models: Sequence[str]) -> None:
    """Labels are set afterwards: matplotlib leaves out those that begin with a ``_``."""
    handles = [Line2D([], [], color=INK, marker="o", markerfacecolor="none", linestyle="")]
    handles += [Line2D([], [], color=look(i)[0], marker=look(i)[1], linestyle="") for i in range(len(models))]
    blank = [str(i) for i in range(len(handles))]
    legend = figure.legend(handles, blank, loc="upper left", ncols=2, frameon=False, fontsize=8.5, handletextpad=0.2)
    for text, words in zip(legend.get_texts(), ("the original", *models), strict=True):
        text.set_text(apart(words, (original, *models), 28))
        text.set_color(INK)
