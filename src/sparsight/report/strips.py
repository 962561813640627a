"""The Grad-CAM strips: image by round for every arm, as pictures of the page and as figures."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparsight.report.data import Strip, StripCell
from sparsight.report.overlay import data_uri, photograph, relu, saliency
from sparsight.report.svg import INK, literal
from sparsight.report.text import number, percent, plain


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
    """One image with its maps by arm, ready for the page."""

    picture: str
    width: int
    height: int
    class_name: str
    explained: str
    outlined: bool
    arms: tuple[tuple[str, tuple[ShownCell, ...]], ...]


def shown(strip: Strip, arms: tuple[str, ...]) -> ShownStrip:
    """A strip's pictures as ``data:`` addresses and its numbers as text."""
    picture = photograph(strip.image, strip.mask)
    height, width = picture.shape[:2]
    return ShownStrip(
        picture=data_uri(picture),
        width=width,
        height=height,
        class_name=strip.class_name,
        explained=strip.explained,
        outlined=strip.mask is not None and bool(strip.mask.any()),
        arms=tuple((arm, tuple(_cell(strip, cell) for cell in strip.arms[arm])) for arm in arms if arm in strip.arms),
    )


def strip_figure(strips: tuple[Strip, ...], arm: str) -> Figure:
    """One arm's strips: a row an image, the photograph first, then a column a round."""
    own = [strip for strip in strips if strip.arms.get(arm)]
    columns = 1 + max(len(strip.arms[arm]) for strip in own)
    figure = Figure(figsize=(1.25 * columns, 1.5 * len(own) + 0.4), layout="constrained")
    grid = figure.subplots(len(own), columns, squeeze=False)
    for row, strip in zip(grid, own, strict=True):
        for axes in row:
            axes.set_axis_off()
        _draw(row[0], photograph(strip.image, strip.mask), strip.class_name)
        for axes, cell in zip(row[1:], strip.arms[arm], strict=False):
            sign = "=" if cell.prediction == strip.class_name else "≠"
            _draw(axes, saliency(strip.image, cell.map, strip.mask), f"{sign} {plain(cell.prediction, 16)}")
            axes.set_title(percent(cell.weights_remaining), fontsize=8, color=INK, pad=2)
            if cell.dead:
                axes.text(0.5, 0.5, "dead map", transform=axes.transAxes, ha="center", fontsize=8, backgroundcolor="w")
    literal(figure)
    return figure


def _draw(axes: Axes, picture: np.ndarray, below: str) -> None:
    axes.imshow(picture, interpolation="antialiased")
    axes.text(0.5, -0.04, plain(below, 18), transform=axes.transAxes, ha="center", va="top", fontsize=7, color=INK)


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
