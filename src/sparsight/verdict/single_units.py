"""What is known of a mean over the units of one pair of networks: Student's t, unless values are zeros and ones.

A spread of 0 is no certainty: it tells nothing of how far the mean would vary. Where no unit moved at all and a unit
can move so far at the most, an exact bound is left: a mean of m needs at least a share m / most of units that move.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict.test import ROUNDING


@dataclass(frozen=True)
class Student:
    """A mean with its standard error.

    Attributes:
        value: the mean.
        error: its standard error; NaN where there are fewer than two units.
        df: degrees of freedom of the error.
        units: how many there are.
        least, most: what a unit can be; intervals are cut there.
        guard: with one unit more, at ``most``; where given, it bounds the mean from above.
    """

    value: float
    error: float
    df: float
    units: int
    least: float = -math.inf
    most: float = math.inf
    guard: "Student | None" = None

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
        high = self.value + half if self.guard is None else self.guard.interval(level)[1]
        return max(self.value - half, self.least), min(high, self.most)

    def p_below(self, limit: float) -> float:
        """One-sided p of "the mean is below ``limit``"; NaN where there is no test."""
        if self.guard is not None and not self._still:
            return self.guard.p_below(limit)
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


def over_units(
    values: Float64[np.ndarray, " n"], least: float = -math.inf, most: float = math.inf, *, coarse: bool = False
) -> Student:
    """The estimate of independent units; those that are undefined are left out.

    Args:
        values: a number a unit. What is 0 but for rounding is 0.
        least, most: what a number can be.
        coarse: whether a number takes few values, most of them 0, as of short lists. Student's t calls means too small
            that rest on rare large numbers (on 30 units in 12 to 19 % instead of 5 %); one unit more, at ``most``,
            mends it.
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return Student(math.nan, math.nan, 0.0, 0, least, most)
    defined = np.where(np.abs(defined) < ROUNDING, 0.0, defined)
    error = float(defined.std(ddof=1)) / math.sqrt(len(defined)) if len(defined) > 1 else math.nan
    mean = float(defined.mean())
    flat = error <= ROUNDING * abs(mean)
    guard = over_units(np.append(defined, most), least, most) if coarse and len(defined) > 1 else None
    return Student(mean, 0.0 if flat else error, len(defined) - 1.0, len(defined), least, most, guard)


def jackknifed(value: float, left_out: Float64[np.ndarray, " g"], units: int, most: float = math.inf) -> Student:
    """The estimate of a statistic of all units at once, from its values with one of g groups of units left out each.

    References:
        B. Efron. The Jackknife, the Bootstrap and Other Resampling Plans. SIAM, 1982.
    """
    g = len(left_out)
    error = math.sqrt((g - 1) / g * float(((left_out - left_out.mean()) ** 2).sum()))
    return Student(value, error, g - 1.0, units, 0.0 if math.isfinite(most) else -math.inf, most)
