"""Gaffke's bound on a mean of numbers that lie between two known ends, whatever their law.

Take the numbers and one more, at the far end, and give them random weights that sum to 1, uniformly among all such
weights. The chance that the weighted mean reaches a limit is the one-sided p of "the mean is below the limit". Of zeros
and ones it is Clopper and Pearson's, of numbers that never moved 1 less the limit to the power of their count. That it
keeps its level for every law is a conjecture without a known counterexample.

Student's t takes what was not drawn for what is not there: of means that rest on rare large numbers it calls up to
22 % too small, at a level of 5 %.

The weights are exponential draws over their sum, so the chance is that of sum (a_i - limit) E_i >= 0 with independent
exponential E_i, which is found from the moment generating function, exp K(z) = prod 1 / (1 - (a_i - limit) z), as the
integral of exp K(z) / z over a path that crosses the real axis between 0 and the first pole. The path starts at the
saddle point of K(z) - log z and bends as the steepest descent does there: nothing oscillates, and few points suffice.

References:
    N. Gaffke. Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable.
    Mathematical Methods of Statistics 14, 2005.
    M. Phan, P. S. Thomas, E. Learned-Miller. Towards practical mean bounds for small samples. ICML 2021.
    R. Lugannani, S. Rice. Saddle point approximation for the distribution of the sum of independent random variables.
    Advances in Applied Probability 12, 1980.
"""

import math
from functools import cache

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq
from scipy.special import ndtri

_STEP, _POINTS, _LEAST = 0.1, 1000, 1e-13
_NEWTON, _CLOSE = 100, 1e-6
_PRECISION = 1e-10
_NOTHING = 1e-13
"""What is this close to the limit, beside what is furthest from it, is at the limit."""


def chance_to_reach(values: Float64[np.ndarray, " n"], limit: float) -> float:
    """Chance that a mean of ``values`` with uniformly random weights is at least ``limit``.

    Args:
        values: any numbers; those of a sample, and the far end.
        limit: what is to be reached.
    """
    c = values - limit
    if c.min() >= 0:
        return 1.0
    c = c / np.abs(c).max()
    c[np.abs(c) < _NOTHING] = 0.0
    if c.max() <= 0:
        return 0.0
    if c.min() >= 0:
        return 1.0
    if c.mean() <= 0:
        return min(max(_tail(c), 0.0), 1.0)
    return min(max(1 - _tail(-c), 0.0), 1.0)


def upper_end(values: Float64[np.ndarray, " n"], level: float) -> float:
    """The limit that a mean of ``values`` with uniformly random weights reaches with a chance of ``level``."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return high
    aim = float(ndtri(level))

    @cache
    def beyond(limit: float) -> float:
        """Nearly linear in the limit, so that few steps find its zero."""
        return float(ndtri(min(max(chance_to_reach(values, limit), 1e-300), 1 - 1e-16))) - aim

    width = float(values.std()) / math.sqrt(len(values) + 1)
    near = float(values.mean()) - aim * width
    for step in (width / 4, width):  # a normal distribution's end, at first
        around = max(low, near - step), min(high, near + step)
        if beyond(around[0]) >= 0 >= beyond(around[1]):
            low, high = around
            break
    return float(brentq(beyond, low, high, xtol=_PRECISION * (high - low)))


def _tail(c: Float64[np.ndarray, " n"]) -> float:
    """Chance that the sum of ``c`` times exponential draws is above 0, where its mean is not."""
    z = _saddle(c)
    k = c / (1 - c * z)
    width = 1 / math.sqrt(float((k * k).sum()) + 1 / z**2)
    bend = 2 / 3 * width**3 * (float((k**3).sum()) - 1 / z**3)
    k, own = width * k, width / z
    total = 0.0
    for point in range(_POINTS):
        u = (point + 0.5) * _STEP
        along = complex(bend * (math.cosh(u) - 1), math.sinh(u))
        slope = complex(bend * math.sinh(u), math.cosh(u))
        term = slope / (complex((1 - along * k).prod()) * (1 + along * own))
        total += term.imag
        if abs(term) < _LEAST:
            break
    return math.exp(-float(np.log1p(-c * z).sum())) * own / math.pi * _STEP * total


def _saddle(c: Float64[np.ndarray, " n"]) -> float:
    """Where K(z) - log z is least between 0 and the first pole; by Newton's steps, halved where they leave it."""
    low, high = 0.0, 1 / float(c.max())
    z = high / 2
    for _ in range(_NEWTON):
        k = c / (1 - c * z)
        slope = float(k.sum()) - 1 / z
        low, high = (low, z) if slope > 0 else (z, high)
        new = z - slope / (float((k * k).sum()) + 1 / z**2)
        if not low < new < high:
            new = (low + high) / 2
        close, z = abs(new - z) < _CLOSE * z, new
        if close:
            break
    return z
