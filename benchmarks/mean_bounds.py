"""Bounds on means of skewed numbers that were tried beside the one in use; for benchmarks/single_pair.py.

Each is a p of "the mean is below a limit", for many samples at once, a row a sample. That of "the mean is above" is
the same of the negatives.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import stdtr

from sparsight.verdict.single_bounded import chance_to_reach

Bound = Callable[[np.ndarray, float, float, float, np.random.Generator], np.ndarray]
"""From samples, the limit, the least and the most that a number can be, and a generator."""


def student(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    n, s = x.shape[1], x.std(1, ddof=1)
    with np.errstate(all="ignore"):
        return np.where(s > 0, stdtr(n - 1, (x.mean(1) - limit) / (s / np.sqrt(n))), 1.0)


def one_more(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """Student's t with one unit more, at the far end."""
    return student(np.c_[x, np.full(len(x), most)], limit, least, most, rng)


def johnson(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """Student's t corrected for skewness (N. J. Johnson, JASA 73, 1978)."""
    n, s, off = x.shape[1], x.std(1, ddof=1), x.mean(1) - limit
    third = ((x - x.mean(1, keepdims=True)) ** 3).mean(1) * n**2 / ((n - 1) * (n - 2))
    with np.errstate(all="ignore"):
        t = (off + third / (6 * s**2 * n) + third * off**2 / (3 * s**4)) * np.sqrt(n) / s
        return np.where(s > 0, stdtr(n - 1, t), 1.0)


def hall(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """The same by a cubic that is monotone (P. Hall, JRSS B 54, 1992)."""
    n, s = x.shape[1], x.std(1, ddof=1)
    with np.errstate(all="ignore"):
        skew, w = ((x - x.mean(1, keepdims=True)) ** 3).mean(1) / s**3, (x.mean(1) - limit) / s
        t = np.sqrt(n) * (w + skew * w**2 / 3 + skew**2 * w**3 / 27 + skew / (6 * n))
        return np.where(s > 0, stdtr(n - 1, t), 1.0)


def bootstrap(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """Studentised bootstrap, 399 resamples."""
    found = []
    for one in x:
        s = one.std(ddof=1)
        again = one[rng.integers(0, len(one), (399, len(one)))]
        spread, off = again.std(1, ddof=1), again.mean(1) - one.mean()
        with np.errstate(all="ignore"):
            t = np.where(spread > 0, off / spread, np.sign(off) * np.inf)
            found.append((1 + np.sum(t <= (one.mean() - limit) / s)) / 400 if s > 0 else 1.0)
    return np.array(found)


def betting(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """Capital from bets against the limit, the mean of 4 orders (Waudby-Smith and Ramdas, JRSS B 86, 2024)."""
    rows, n = x.shape
    scaled, null = (most - x) / (most - least), (most - limit) / (most - least)
    capital, count = np.zeros(rows), np.arange(1, n + 1)
    for _ in range(4):
        y = rng.permuted(scaled, axis=1)
        mean = (0.5 + np.cumsum(y, 1)) / (count + 1)
        spread = (0.25 + np.cumsum((y - mean) ** 2, 1)) / (count + 1)
        before = np.c_[np.full(rows, 0.25), spread[:, :-1]]
        stake = np.minimum(np.sqrt(2 * np.log(20) / (n * before)), 0.9 / null)
        capital += np.exp(np.minimum(np.log1p(stake * (y - null)).sum(1), 600)) / 4
    return np.minimum(1.0, 1 / capital)


def anderson(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """Anderson's bound from a band about the distribution; p is 0 or 1 at 5 % (T. W. Anderson, 1969)."""
    n = x.shape[1]
    moved = np.sqrt(np.log(20) / (2 * n))
    weight = np.diff(np.clip(np.arange(n + 1) / n - moved, 0, None))
    return np.where((np.sort(x, 1) * weight).sum(1) + min(moved, 1.0) * most <= limit, 0.0, 1.0)


def gaffke(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """The one in use."""
    return np.array([chance_to_reach(np.append(one, most), limit) for one in x])


def twice(x: np.ndarray, limit: float, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """The same with the far end at twice the largest number seen, for numbers from 0 or up to 0."""
    ends = np.minimum(2 * np.abs(x).max(1), most) if least >= 0 else np.full(len(x), most)
    return np.array([chance_to_reach(np.append(one, end), limit) for one, end in zip(x, ends, strict=True)])


BOUNDS: dict[str, Bound] = {
    "Student's t": student,
    "one unit more": one_more,
    "Johnson": johnson,
    "Hall": hall,
    "bootstrap": bootstrap,
    "betting": betting,
    "Anderson": anderson,
    "far end at twice": twice,
    "Gaffke": gaffke,
}
