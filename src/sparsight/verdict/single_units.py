"""What is known of a mean over the units of one pair of networks, each of which lies between two known ends.

It is bounded by Gaffke's bound, which no skew misleads: Student's t calls means too small that rest on rare large
numbers, of real maps' drifts at the margin up to 20 % instead of 5 %.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr, stdtrit

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

    def _with(self, end: float) -> Float64[np.ndarray, " n"]:
        return np.array([*self.values, end])


@dataclass(frozen=True)
class Student:
    """A mean with its standard error.

    Attributes:
        value: the mean.
        error: its standard error; NaN where there are fewer than two units.
        df: degrees of freedom of the error.
        units: how many there are.
        least, most: what a unit can be; intervals are cut there.
    """

    value: float
    error: float
    df: float
    units: int
    least: float = -math.inf
    most: float = math.inf

    @property
    def untested(self) -> str:
        """Why there is no test; empty where there is one."""
        if not self.units:
            return "it is undefined on all units"
        if not self.df > 0 or math.isnan(self.error):
            return "one unit has no interval"
        if self.error == 0 and not self._still:
            return "all units have the same value, and no spread tells how far their mean would vary"
        return ""

    @property
    def _still(self) -> bool:
        return self.error == 0 and self.value == 0 and math.isfinite(self.least) and math.isfinite(self.most)

    def interval(self, level: float) -> tuple[float, float]:
        """Student's interval that leaves ``level`` on either side; NaN where it is undefined."""
        if self.untested:
            return math.nan, math.nan
        if self._still:
            moved = 1 - level ** (1 / self.units)
            return moved * self.least, moved * self.most
        half = float(stdtrit(self.df, 1 - level)) * self.error
        return max(self.value - half, self.least), min(self.value + half, self.most)

    def p_below(self, limit: float) -> float:
        """One-sided p of "the mean is below ``limit``"; NaN where there is no test."""
        return self._p(limit, self.most, 1.0)

    def p_above(self, limit: float) -> float:
        """One-sided p of "the mean is above ``limit``"; NaN where there is no test."""
        return self._p(limit, self.least, -1.0)

    def _p(self, limit: float, far: float, sign: float) -> float:
        if self.untested:
            return math.nan
        if self._still:
            moved = limit / far if far else math.inf if sign * limit > 0 else 0.0
            return float((1 - min(max(moved, 0.0), 1.0)) ** self.units)
        return float(stdtr(self.df, sign * (self.value - limit) / self.error))


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


def jackknifed(value: float, left_out: Float64[np.ndarray, " g"], units: int, most: float = math.inf) -> Student:
    """The estimate of a statistic of all units at once, from its values with one of g groups of units left out each.

    References:
        B. Efron. The Jackknife, the Bootstrap and Other Resampling Plans. SIAM, 1982.
    """
    g = len(left_out)
    error = math.sqrt((g - 1) / g * float(((left_out - left_out.mean()) ** 2).sum()))
    return Student(value, error, g - 1.0, units, 0.0 if math.isfinite(most) else -math.inf, most)
