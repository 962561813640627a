"""The Grad-CAM strips: image by round for every arm, as pictures of the page and as figures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparsight.report.data import Strip, StripCell
from sparsight.report.overlay import data_uri, photograph, relu, saliency
from sparsight.report.svg import INK, literal
from sparsight.report.text import number, percent, plain

ROW = 1.3
"""Height of a row of the figure in widths of a column: a picture and its two lines of text."""


@dataclass(frozen=True)
class ShownCell:
    """One network's map of one image, ready for the page."""

    round: int
    weights: str
    picture: str
    prediction: str
    right: bool
    dead: bool
    most: str


@dataclass(frozen=True)
class ShownStrip:
    """One image with its maps, ready for the page: a row an arm and method, the arm's name first, then the maps'."""

    picture: str
    width: int
    height: int
    class_name: str
    explained: str
    outlined: bool
    rows: tuple[tuple[str, str, tuple[ShownCell, ...]], ...]


def shown(strip: Strip, arms: tuple[str, ...], maps: str, beside: str | None) -> ShownStrip:
    """A strip's pictures as ``data:`` addresses and its numbers as text.

    Args:
        strip: the image and its maps.
        arms: whose maps are shown.
        maps: what they are called.
        beside: what the maps by the second method are called; None without.
    """
    picture = photograph(strip.image, strip.mask)
    height, width = picture.shape[:2]
    return ShownStrip(
        picture=data_uri(picture),
        width=width,
        height=height,
        class_name=strip.class_name,
        explained=strip.explained,
        outlined=strip.mask is not None and bool(strip.mask.any()),
        rows=tuple(
            (arm, words, tuple(_cell(strip, cell) for cell in cells[arm]))
            for arm in arms
            for words, cells in ((maps, strip.arms), (beside, strip.beside))
            if words is not None and cells.get(arm)
        ),
    )


def strip_figure(strips: tuple[Strip, ...], arm: str, maps: str, beside: str | None) -> Figure:
    """One arm's strips: a row an image and method, the photograph first, then a column a round.

    Args:
        strips: the images and their maps.
        arm: whose maps.
        maps: what they are called.
        beside: what the maps by the second method are called, whose row follows; None without.
    """
    methods = ((maps, "arms"), *([] if beside is None else [(beside, "beside")]))
    own = [
        (strip, words, getattr(strip, kind)[arm])
        for strip in strips
        for words, kind in methods
        if getattr(strip, kind).get(arm)
    ]
    columns = 1 + max(len(cells) for _, _, cells in own)
    width, height = 1.15 * columns, 1.15 * ROW * len(own) + 0.4
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, (height - 0.4) / height))
    figure.text(0.05 / width, 1 - 0.15 / height, plain(arm, 60), va="center", fontsize=9, fontweight="bold", color=INK)
    figure.text(1 - 0.05 / width, 1 - 0.15 / height, "maps scaled one by one", ha="right", va="center", fontsize=7)
    for row, (strip, words, cells) in enumerate(own):
        draw_cell(axes, row, 0, photograph(strip.image, strip.mask), "" if beside is None else words, strip.class_name)
        for column, cell in enumerate(cells, 1):
            sign = "✓" if cell.prediction == strip.class_name else "✗"
            picture = saliency(strip.image, cell.map, strip.mask)
            draw_cell(
                axes, row, column, picture, percent(cell.weights_remaining), f"{sign} {plain(cell.prediction, 18)}"
            )
            if cell.dead:
                axes.text(column + 0.5, row * ROW + 0.6, "dead map", ha="center", fontsize=7, backgroundcolor="w")
    axes.set(xlim=(0, columns), ylim=(len(own) * ROW, 0), aspect="auto")
    axes.set_axis_off()
    literal(figure)
    return figure


def draw_cell(axes: Axes, row: int, column: int, picture: np.ndarray, above: str, below: str) -> None:
    """A picture in a cell of width 1 and height ``ROW``, with a line of text above and one below."""
    height, width = np.array(picture.shape[:2]) / max(picture.shape[:2]) * 0.94
    left, top = column + (1 - width) / 2, row * ROW + 0.16 + (0.94 - height) / 2
    axes.imshow(picture, extent=(left, left + width, top + height, top), interpolation="antialiased", aspect="auto")
    middle, line = column + 0.5, dict[str, Any](ha="center", va="center", color=INK)
    axes.text(middle, row * ROW + 0.08, above, fontsize=7, **line)
    axes.text(middle, row * ROW + 1.18, plain(below, 20), fontsize=6.5, **line)


def _cell(strip: Strip, cell: StripCell) -> ShownCell:
    most = float(relu(cell.map).max(initial=0.0))
    return ShownCell(
        round=cell.round,
        weights=percent(cell.weights_remaining),
        picture=data_uri(saliency(strip.image, cell.map, strip.mask)),
        prediction=cell.prediction,
        right=cell.prediction == strip.class_name,
        dead=cell.dead,
        most="0" if most == 0 else f"{most:.2g}" if most < 100 else number(most, 0),
    )
