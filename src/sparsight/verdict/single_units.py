"""What is known of a mean over the units of one pair of networks, each of which lies between two known ends.

It is bounded by Gaffke's bound, which no skew misleads: Student's t calls means too small that rest on rare large
numbers, of real maps' drifts at the margin up to 20 % instead of 5 %.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from sparsight.verdict.single_bounded import chance_to_reach, upper_end
from sparsight.verdict.test import ROUNDING


@dataclass(frozen=True)
class Bounded:
    """A mean of independent units.

    Attributes:
        value: the mean; NaN without units.
        values: a number a unit, sorted, so that their order changes no bit of a bound.
        least, most: what a unit can be.
    """

    value: float
    values: tuple[float, ...] = field(repr=False)
    least: float
    most: float

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.values)

    @property
    def untested(self) -> str:
        """Why there is no test; empty where there is one."""
        if not self.units:
            return "it is undefined on all units"
        return "one unit has no interval" if self.units == 1 else ""

    def interval(self, level: float) -> tuple[float, float]:
        """The means that are not rejected at ``level`` on either side; NaN where there is no test."""
        if self.untested:
            return math.nan, math.nan
        return -upper_end(-self._with(self.least), level), upper_end(self._with(self.most), level)

    def p_below(self, limit: float) -> float:
        """One-sided p of "the mean is below ``limit``"; NaN where there is no test."""
        return math.nan if self.untested else chance_to_reach(self._with(self.most), limit)

    def p_above(self, limit: float) -> float:
        """One-sided p of "the mean is above ``limit``"; NaN where there is no test."""
        return math.nan if self.untested else chance_to_reach(-self._with(self.least), -limit)

    def least_shown(self, level: float) -> float:
        """The least limit that so many units can be shown to lie below; they do where all are the least they can be."""
        return self.least + (self.most - self.least) * (1 - level ** (1 / self.units)) if self.units else math.nan

    def _with(self, end: float) -> Float64[np.ndarray, " n"]:
        return np.array([*self.values, end])


def over_units(values: Float64[np.ndarray, " n"], least: float, most: float) -> Bounded:
    """The estimate of independent units; those that are undefined are left out.

    Args:
        values: a number a unit. What is 0 but for rounding is 0.
        least, most: what a number can be; one beyond, by rounding, is that.
    """
    defined = values[~np.isnan(values)]
    defined = np.where(np.abs(defined) < ROUNDING, 0.0, defined).clip(least, most)
    mean = float(defined.mean()) if len(defined) else math.nan
    return Bounded(mean, tuple(np.sort(defined).tolist()), least, most)
