"""Figure 2 of the paper: accuracy against the weights left, measured and printed."""

from sparsight.report.curves import Mark
from sparsight.report.data import ReportData
from sparsight.report.published.paper import FIGURE_2, data_set


def printed_marks(data: ReportData, model: str) -> tuple[Mark, ...]:
    """The points of figure 2 that the text gives numbers for, of the classifier ``f`` or the bottleneck ``g``."""
    return tuple(Mark(one.weights, getattr(one, model)) for one in FIGURE_2.get(data_set(data), ()))
