"""How many seeds would decide a metric, and how well the spread that says so is known."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64
from scipy.special import chdtri, stdtrit

MOST_SEEDS = 10_000
POWER = 0.8


@dataclass(frozen=True)
class Needed:
    """Seeds that decide; None where undefined.

    Attributes:
        seeds: by the variance as it was estimated.
        low, high: by the ends of the variance's interval.
    """

    seeds: int | None
    low: int | None
    high: int | None


@lru_cache(maxsize=8)
def _demand(level: float) -> Float64[np.ndarray, " n"]:
    """(t(1 - level) + t(power))² / S on S - 1 df, for S = 3, 4, ..., falling."""
    seeds = np.arange(3, MOST_SEEDS, dtype=np.float64)
    quantiles = stdtrit(seeds - 1, 1 - level) + stdtrit(seeds - 1, POWER)
    return np.asarray(quantiles**2 / seeds, dtype=np.float64)


def seeds_needed(
    variance: Float64[np.ndarray, " r"], margin: Float64[np.ndarray, " r"], level: float
) -> tuple[int | None, ...]:
    """The fewest seeds, at least 3, with which a one-sided test finds ``margin`` in 80 % of studies.

    S ≥ (t(1 - level) + t(0.8))² variance / margin², both quantiles on S - 1 df. `MOST_SEEDS` stands for that many or
    more, None for undefined.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        bearable = margin**2 / variance
    counts = 3 + np.searchsorted(-_demand(level), -bearable)
    return tuple(int(n) if np.isfinite(b) else None for n, b in zip(counts, bearable, strict=True))


def needed(
    variance: Float64[np.ndarray, " r"], df: Float64[np.ndarray, " r"], margin: Float64[np.ndarray, " r"], level: float
) -> tuple[Needed, ...]:
    """`seeds_needed` round by round, with an interval that leaves ``level`` on either side.

    An estimate of a variance on ν degrees of freedom is the true one times chi-square / ν, so that the true one lies
    from ν variance / χ²(1 - level; ν) to ν variance / χ²(level; ν).

    Args:
        variance: of x between seeds.
        df: of ``variance``.
        margin: what is to be found, in units of x.
        level: of the test.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = [seeds_needed(df * variance / chdtri(df, share), margin, level) for share in (level, 1 - level)]
    return tuple(Needed(*one) for one in zip(seeds_needed(variance, margin, level), *ends, strict=True))
