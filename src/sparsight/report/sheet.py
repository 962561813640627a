"""What stands both in the page and in ``tables/``: text for readers, numbers for programs."""

import math
from dataclasses import dataclass

import pandas as pd

from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, enough_digits


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table of the report, in parts.

    Attributes:
        slug: name of its files.
        caption: what stands in it.
        tables: as text, one an arm as a rule.
        frame: the same as numbers.
    """

    slug: str
    caption: str
    tables: tuple[Table, ...]
    frame: pd.DataFrame


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign: ``+0.12``, ``−0.09``; a dash where it is not defined."""
    if not math.isfinite(value):
        return NO_VALUE
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}".replace("-", "\u2212") if rounded else f"{rounded:.{digits}f}"


def signed_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """``+0.12 [−0.05 to +0.30]``, with more digits where the ends would read alike; the value alone where the interval
    is not defined."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return signed(value, digits)
    digits = enough_digits(low, high, digits)
    return f"{signed(value, digits)} [{signed(low, digits)} to {signed(high, digits)}]"


def known(value: object) -> float:
    """A number out of JSON, where what is not defined is ``null``."""
    return float(value) if isinstance(value, int | float) else math.nan
