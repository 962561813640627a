"""What is known of a drift that all images of a pair of networks share, as an alignment of embeddings: a jackknife.

Leaving out one image after the other shows how far the number hangs on each. A small drift is a ratio of sums, and
skewed to the right: what is said to lie below a limit is tested on its logarithm, what is said to lie above, plainly.
Either is the side that keeps its level.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict.test import ROUNDING


@dataclass(frozen=True)
class Jackknifed:
    """A drift in 0 to ``most`` with its standard error.

    Attributes:
        value: of all units.
        error: its standard error.
        log_error: that of its logarithm; NaN where the drift is 0 without some unit.
        units: how many there are.
        most: what the number can be; intervals are cut there.
    """

    value: float
    error: float
    log_error: float
    units: int
    most: float = math.inf

    @property
    def untested(self) -> str:
        """Why there is no test; empty where there is one."""
        if math.isnan(self.value):
            return "it is undefined on all units"
        if math.isnan(self.error):
            return "it is undefined where one unit is left out, which alone makes it what it is"
        if self.error <= ROUNDING and not self._still:
            return "it is the same whichever unit is left out, and no spread tells how far it would vary"
        return ""

    @property
    def _still(self) -> bool:
        return self.error <= ROUNDING and self.value <= ROUNDING

    @property
    def _df(self) -> float:
        return self.units - 1.0

    def interval(self, level: float) -> tuple[float, float]:
        """What leaves ``level`` on either side; NaN where it is undefined."""
        if self.untested:
            return math.nan, math.nan
        if self._still:
            return 0.0, 1 - level ** (1 / self.units)
        t = float(stdtrit(self._df, 1 - level))
        high = self.value + t * self.error
        if self._skewed:
            high = self.value * math.exp(min(t * self.log_error, 700.0))
        return max(self.value - t * self.error, 0.0), max(min(high, self.most), self.value)

    @property
    def _skewed(self) -> bool:
        return self.value > ROUNDING and self.log_error > 0

    def p_below(self, limit: float) -> float:
        """One-sided p of "it is below ``limit``"; NaN where there is no test."""
        if self.untested:
            return math.nan
        if self._still:
            # Of unrelated units it is 1 on average: where it is ``limit`` so large a share of all units has moved.
            return float((1 - min(max(limit, 0.0), 1.0)) ** self.units)
        if not self._skewed:
            return float(stdtr(self._df, (self.value - limit) / self.error))
        return float(stdtr(self._df, math.log(self.value / limit) / self.log_error)) if limit > 0 else 1.0

    def p_above(self, limit: float) -> float:
        """One-sided p of "it is above ``limit``"; NaN where there is no test."""
        if self.untested:
            return math.nan
        if self._still:
            return 0.0 if limit < 0 else 1.0
        return float(stdtr(self._df, (limit - self.value) / self.error))


def jackknifed(value: float, left_out: Float64[np.ndarray, " n"], most: float = math.inf) -> Jackknifed:
    """The estimate of a drift of all units at once, from its values without each of them.

    References:
        B. Efron. The Jackknife, the Bootstrap and Other Resampling Plans. SIAM, 1982.
    """
    positive = len(left_out) > 0 and value > ROUNDING and bool((left_out > ROUNDING).all())
    log_error = _error(np.log(left_out)) if positive else math.nan
    return Jackknifed(value, _error(left_out), log_error, len(left_out), most)


def _error(left_out: Float64[np.ndarray, " n"]) -> float:
    n = len(left_out)
    return math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum())) if n > 1 else math.nan
