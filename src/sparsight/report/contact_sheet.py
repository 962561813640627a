"""A picture of a data set: a row of images a class."""

import io

import numpy as np
from jaxtyping import Bool, Int64, UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sparsight.report.text import plain

COLUMNS, MOST_CLASSES, CELL = 10, 24, 0.8


def contact_sheet(
    images: UInt8[np.ndarray, "n h w 3"],
    labels: Int64[np.ndarray, " n"],
    class_names: tuple[str, ...],
    masks: Bool[np.ndarray, "n h w"] | None = None,
) -> bytes:
    """The first ten images of each class (of the first 24 classes) as PNG, the object's outline drawn on the last two.

    Args:
        images: of all splits.
        labels: class of each image.
        class_names: written before each row.
        masks: true on the object, or None.
    """
    present = [k for k in range(len(class_names)) if (labels == k).any()][:MOST_CLASSES]
    figure = Figure(figsize=(CELL * COLUMNS + 1.6, CELL * len(present)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(present), COLUMNS, squeeze=False)
    for row, k in zip(axes, present, strict=True):
        chosen = np.flatnonzero(labels == k)[:COLUMNS]
        for column, axis in enumerate(row):
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            if column < len(chosen):
                axis.imshow(images[chosen[column]])
                if masks is not None and column >= COLUMNS - 2 and masks[chosen[column]].any():
                    axis.contour(masks[chosen[column]], levels=[0.5], colors="#d81b60", linewidths=1)
        row[0].set_ylabel(plain(class_names[k], 24), rotation=0, ha="right", va="center", fontsize=9)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=160, metadata={"Software": None})
    return out.getvalue()
