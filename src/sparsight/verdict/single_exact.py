"""Exact bounds on what is counted: a share of units, and the difference of two shares of the same units.

Student's t takes a spread of 0 for certainty and calls rare events absent: of a difference that is exactly the margin
of 0.02 it calls 55 % within it on 30 images. These bounds hold at every number of units.

References:
    Clopper and Pearson. The use of confidence or fiducial limits illustrated in the case of the binomial. Biometrika
    26, 1934.
    Berger and Boos. P values maximized over a confidence set for the nuisance parameter. JASA 89, 1994.
    McNemar. Note on the sampling error of the difference between correlated proportions or percentages. Psychometrika
    12, 1947.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64
from scipy.special import betainc, betaincinv, gammaln, xlog1py, xlogy

NUISANCE = 0.001
"""Chance that the share of units that differ lies outside of where p is maximised; it is added to p."""
_POINTS, _HALVINGS, _DEVIATIONS = 33, 20, 7.0


@dataclass(frozen=True)
class Share:
    """A share of units, with Clopper and Pearson's bounds.

    Attributes:
        count: units that are counted.
        units: how many there are.
    """

    count: int
    units: int

    @property
    def value(self) -> float:
        """The share; NaN without units."""
        return self.count / self.units if self.units else math.nan

    @property
    def untested(self) -> str:
        """Why there is no test; empty where there is one."""
        return "" if self.units else "it is undefined on all units"

    def interval(self, level: float) -> tuple[float, float]:
        """Clopper and Pearson's interval that leaves at most ``level`` on either side."""
        if not self.units:
            return math.nan, math.nan
        x, rest = self.count, self.units - self.count
        low = float(betaincinv(x, rest + 1, level)) if x else 0.0
        return low, float(betaincinv(x + 1, rest, 1 - level)) if rest else 1.0

    def least_shown(self, level: float) -> float:
        """The least limit that so many units can be shown to lie below; they do where none is counted."""
        return 1 - level ** (1 / self.units) if self.units else math.nan

    def p_below(self, limit: float) -> float:
        """Chance of so few or fewer where the share is ``limit``."""
        return float(_at_most(np.array(self.count), np.array(self.units), limit)) if self.units else math.nan

    def p_above(self, limit: float) -> float:
        """Chance of so many or more where the share is ``limit``."""
        return 1 - float(_at_most(np.array(self.count - 1), np.array(self.units), limit)) if self.units else math.nan


@dataclass(frozen=True)
class PairedShares:
    """How much larger the share of one network's units is than that of the other's: the same units, each right or not.

    p is exact given the share of units that differ, and maximised over what that may be (Berger and Boos), at
    ``_POINTS`` shares from the limit to the upper bound: at least ``NUISANCE``, and 1 where the claim is contradicted
    by all that the share may be.

    Attributes:
        gained: units that are right in the one network alone.
        lost: those that are right in the other alone.
        units: how many there are.
    """

    gained: int
    lost: int
    units: int

    @property
    def value(self) -> float:
        """The difference of the shares; NaN without units."""
        return (self.gained - self.lost) / self.units if self.units else math.nan

    @property
    def untested(self) -> str:
        """Why there is no test; empty where there is one."""
        return "" if self.units else "it is undefined on all units"

    def interval(self, level: float) -> tuple[float, float]:
        """The differences that are not rejected at ``level`` on either side."""
        if not self.units:
            return math.nan, math.nan
        return -_upper(self.lost, self.gained, self.units, level), _upper(self.gained, self.lost, self.units, level)

    def p_differ(self) -> float:
        """Two-sided p of "the shares differ": McNemar's test, exact, of the units that are right in one alone."""
        differing = self.gained + self.lost
        fewer = float(_at_most(np.array(min(self.gained, self.lost)), np.array(differing), 0.5))
        return min(1.0, 2 * fewer) if self.units else math.nan

    def p_below(self, limit: float) -> float:
        """One-sided p of "the difference is below ``limit``"."""
        return _p_below(self.gained, self.lost, self.units, limit) if self.units else math.nan

    def p_above(self, limit: float) -> float:
        """One-sided p of "the difference is above ``limit``"."""
        return _p_below(self.lost, self.gained, self.units, -limit) if self.units else math.nan


@lru_cache(maxsize=4096)
def _p_below(gained: int, lost: int, n: int, limit: float) -> float:
    """Largest chance of a difference so low or lower where it is truly ``limit``, over what may differ in all."""
    if limit >= 1:  # where the difference is 1, all units are gained
        return 1.0 if limit == 1 and gained == n else NUISANCE
    low, high = abs(limit), Share(gained + lost, n).interval(NUISANCE)[1]
    if high < low:  # so few units differ that the difference lies on the near side of the limit, whichever that is
        return NUISANCE if limit > 0 else 1.0
    differ = np.linspace(low, high, _POINTS)[:, None]
    spread = _DEVIATIONS * math.sqrt(n * 0.25 if high > 0.5 else n * high * (1 - high)) + _DEVIATIONS
    counts = np.arange(max(0, math.floor(n * low - spread)), min(n, math.ceil(n * high + spread)) + 1)[None]
    log_pmf = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
    weight = np.exp(log_pmf + xlogy(counts, differ) + xlog1py(n - counts, -differ))
    towards = np.divide(differ + limit, 2 * differ, out=np.full_like(differ, 0.5), where=differ > 0)
    # As extreme is what lies as many deviations below the limit, by the deviation that so many differing units have.
    deviation = np.sqrt(n * (np.hypot(counts / n, limit) - limit**2))
    own = math.sqrt(n * (math.hypot((gained + lost) / n, limit) - limit**2))
    if own == 0:  # nothing differs, and nothing is asked for
        return 1.0
    extreme = n * limit - (n * limit - (gained - lost)) / own * deviation
    most = np.floor((counts + extreme) / 2 + 1e-9)
    chance = (weight * _at_most(most, counts, towards)).sum(1)
    return min(1.0, float(chance.max()) + NUISANCE)


@lru_cache(maxsize=1024)
def _upper(gained: int, lost: int, n: int, level: float) -> float:
    low, high = (gained - lost) / n, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _p_below(gained, lost, n, middle) <= level else (middle, high)
    return high


def _at_most(
    count: np.ndarray, units: np.ndarray, share: float | Float64[np.ndarray, "..."]
) -> Float64[np.ndarray, "..."]:
    """Chance of at most so many of a binomial."""
    inside = (count >= 0) & (count < units)
    a, b = np.where(inside, units - count, 1), np.where(inside, count + 1, 1)
    found = betainc(a, b, np.clip(1 - np.asarray(share, dtype=np.float64), 0, 1))
    return np.asarray(np.where(inside, found, (count >= units).astype(np.float64)))
