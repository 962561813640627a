"""The images whose evidence moved most as a figure, and every image as a table."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sparsight.report.audit.data import COLUMNS, AuditData
from sparsight.report.audit.difference import difference
from sparsight.report.audit.words import maps_words, metric_of, short
from sparsight.report.overlay import photograph, saliency
from sparsight.report.quantity import select
from sparsight.report.sheet import Sheet
from sparsight.report.strips import ROW, draw_cell
from sparsight.report.svg import INK, literal
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, number, plain
from sparsight.stats import mean

MOST_PICTURES, MOST_ROWS = 12, 25


def picture_figure(data: AuditData, model: str) -> Figure | None:
    """A row an image: the image, the original's map, the model's, and what it has more and less; None without maps."""
    own = [
        (one, one.original.map, said.map, said)
        for one in data.pictures
        if (said := one.models.get(model)) is not None and said.map is not None and one.original.map is not None
    ][:MOST_PICTURES]
    if not own:
        return None
    width, height = 1.35 * 4, 1.35 * ROW * len(own) + 0.5
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, (height - 0.5) / height))
    scale = f"{maps_words(data)}, each scaled to its own maximum; difference: + orange more, − blue less"
    figure.text(
        0.05 / width, 1 - 0.15 / height, short(data, model, 60), va="center", fontsize=9, fontweight="bold", color=INK
    )
    figure.text(0.05 / width, 1 - 0.36 / height, scale, va="center", fontsize=6.5, color=INK)
    for row, (one, before, after, other) in enumerate(own):
        photo = photograph(one.image, one.mask)
        first, second = (saliency(one.image, raw, one.mask) for raw in (before, after))
        moved = difference(one.image, before, after, one.mask)[0]
        draw_cell(axes, row, 0, photo, "image", one.label)
        draw_cell(axes, row, 1, first, "original", _answer(one.original.prediction, one.label))
        draw_cell(axes, row, 2, second, "model", _answer(other.prediction, one.label))
        draw_cell(axes, row, 3, moved, "difference", f"drift {number(other.moved, 2)}")
    axes.set(xlim=(0, 4), ylim=(len(own) * ROW, 0), aspect="auto")
    axes.set_axis_off()
    literal(figure)
    return figure


def _answer(given: str, label: str) -> str:
    return f"{'✓' if given == label else '✗'} {plain(given, 18)}"


def image_sheet(data: AuditData) -> Sheet | None:
    """Of every model the images that moved most, those that both get right first; as numbers every image."""
    tables = []
    for model in data.models:
        own = select(data.images, model=model).dropna(subset=["map_spearman"])
        ranked = own.assign(right=own["stratum"] == "both right").sort_values(
            ["right", "map_spearman"], ascending=[False, False], kind="stable"
        )
        rows = [
            (*(plain(fact, 40) for fact in facts), number(spearman, 2), number(iou, 2))
            for *facts, spearman, iou in ranked[list(COLUMNS["images"][1:])].head(MOST_ROWS).itertuples(index=False)
        ]
        if rows:
            header = ("Image", "Label", "Original says", "Model says", "Answers")
            drifts = tuple(metric_of(data, metric) for metric in ("map_spearman", "map_iou_20"))
            tables.append(Table(f"Images under {short(data, model, 60)}", (*header, *drifts), tuple(rows)))
    caption = f"The {MOST_ROWS} images of each model whose maps moved most; as CSV all of them."
    return Sheet("images", caption, tuple(tables), data.images) if len(data.images) else None


def answers_sheet(data: AuditData) -> Sheet | None:
    """What became of the answers, and how far maps moved where."""
    tables, numbers = [], []
    for model in data.models:
        own = select(data.images, model=model)
        rows = []
        for stratum, of in own.groupby("stratum", sort=True):
            drift = mean(of["map_spearman"].to_numpy(dtype=np.float64))
            rows.append((str(stratum), f"{len(of):,}", number(drift) if math.isfinite(drift) else NO_VALUE))
            numbers.append((model, str(stratum), len(of), drift))
        if rows:
            tables.append(
                Table(
                    f"Answers of {short(data, model, 60)}",
                    ("Answers", "Images", f"Drift, {metric_of(data, 'map_spearman')}"),
                    tuple(rows),
                )
            )
    frame = pd.DataFrame(numbers, columns=["model", "stratum", "images", "map_spearman"])
    return Sheet("answers", "Drift of maps by what became of the answers.", tuple(tables), frame) if tables else None
