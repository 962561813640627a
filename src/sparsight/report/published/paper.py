"""The numbers and tables of the paper, and which run they may stand beside."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from math import log

import pandas as pd

from sparsight.report.data import ReportData

PAPER = (
    "Ghosh and Batmanghelich. Exploring the Lottery Ticket Hypothesis with Explainability Methods: Insights into "
    "Sparse Network Performance. 2023"
)
DATA_SETS = ("cub200", "ham10000")
"""The data sets that it reports on."""
CLOSE = 0.06
"""How far, as a logarithm, a run's share of weights may be from a printed one to stand beside it."""


@dataclass(frozen=True)
class Printed:
    """A number that the paper's text states (section 3.1, figure 2).

    Attributes:
        weights: share of the weights that remain.
        f, g: test accuracy of the classifier and of the concept bottleneck.
    """

    weights: float
    f: float
    g: float


FIGURE_2: Mapping[str, tuple[Printed, ...]] = {"cub200": (Printed(1.0, 0.848, 0.757), Printed(0.28, 0.48, 0.66))}
"""The two points of figure 2 that the text gives numbers for; none for HAM10000."""

FIGURES: Mapping[str, int] = {
    "Rusty Blackbird": 3,
    "Black footed Albatross": 4,
    "Brewer Blackbird": 5,
    "Least Auklet": 6,
    "Parakeet Auklet": 7,
    "Red winged Blackbird": 8,
}
"""The species whose maps the paper shows, and in which figure."""


MISPRINTED = {"Loggerhead Shriker": "Loggerhead Shrike"}
"""Names of species as the tables print them, and as the data set has them."""


@lru_cache(maxsize=1)
def top3() -> pd.DataFrame:
    """Tables 1 to 3: ``table``, ``class``, ``weights`` (a share), ``rank``, ``concept``; 432 rows.

    One class stands twice in table 3, with other concepts: its rows come in twos.
    """
    text = files("sparsight.report.published").joinpath("top3.csv").read_text(encoding="utf-8")
    found = pd.read_csv(StringIO(text))
    found["class"] = found["class"].replace(MISPRINTED)
    found["weights"] = (found.pop("weights_remaining_percent") / 100).round(3)
    return found


def data_set(data: ReportData) -> str:
    """The name of the data set that a run studies."""
    return str(data.settings.get("data", {}).get("name"))


def figures_shown(data: ReportData) -> dict[str, int]:
    """The classes of the report's pictures whose maps the paper shows, too, by the number of its figure."""
    if data_set(data) != "cub200":
        return {}
    shown = {strip.class_name for strip in data.strips}
    return {name: figure for name, figure in FIGURES.items() if name in shown}


def prints(data: ReportData) -> bool:
    """Whether the paper prints anything that can stand beside this run."""
    return data_set(data) in DATA_SETS


def nearest_round(data: ReportData, arm: str, weights: float) -> int | None:
    """The arm's round whose share of weights is as printed, within ``CLOSE``; None where there is none."""
    rows = data.accuracy[data.accuracy["arm"] == arm]
    shares = rows.groupby("round")["weights_remaining"].mean()
    away = {int(str(round_)): abs(log(share / weights)) for round_, share in shares.items() if share > 0}
    best = min(away, key=lambda round_: away[round_], default=None)
    return best if best is not None and away[best] <= CLOSE else None
