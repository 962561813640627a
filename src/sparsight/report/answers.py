"""Drift of maps by what became of the answers: both right, flipped, both wrong."""

from sparsight.report.charts import CONTROL
from sparsight.report.data import ReportData
from sparsight.report.quantity import quantity, select
from sparsight.report.sheet import Sheet
from sparsight.report.tables import by_round, long_frame
from sparsight.verdict import PRIMARY

STRATA = ("both right", "flipped", "both wrong")
_WORDS = {"map_spearman": "Spearman", "map_iou_20": "top 20\u00a0%"}


def answers_sheet(data: ReportData) -> Sheet | None:
    """One table an arm: a row a round and a column a metric and fate; none where it was not recorded."""
    rules = {arm: data.rules[arm] for arm in data.arms}
    rows = select(data.drift, unit="stratum")
    own = [
        quantity(
            f"{metric}, {fate}",
            f"{_WORDS[metric]}, {fate}",
            select(rows, family=family, metric=metric, target=target, unit_id=fate),
            rules,
        )
        for family, metric, target in PRIMARY
        if metric in _WORDS
        for fate in STRATA
    ]
    shown = [one for one in own if not one.empty]
    if not shown:
        return None
    tables = tuple(by_round(shown, arm, data.rules[arm], CONTROL, 2) for arm in data.arms)
    return Sheet("answers", "Drift of maps by what became of the answers.", tables, long_frame(shown))
