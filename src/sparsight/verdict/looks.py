"""How the level of a verdict is spread over several looks at a study that grows by seeds.

Every look is another chance of a false claim. So the looks are planned beforehand, as numbers of seeds; of the level
``level * (seeds / most) ** 3`` may have been spent by a look with so many of at most ``most`` seeds; and each look's
own level is such that a mean of normal values crosses it there, and at no look before it, with the share that it adds.
Early looks are strict, and the last one has most of the level: a few seeds tell the tails of a t badly, and what an
early look spends is missed by the last.

References:
    P. Armitage, C. K. McPherson and B. C. Rowe. Repeated Significance Tests on Accumulating Data. Journal of the Royal
    Statistical Society A 132, 1969.
    K. K. G. Lan and D. L. DeMets. Discrete Sequential Boundaries for Clinical Trials. Biometrika 70, 1983.
    K. Kim and D. L. DeMets. Design and Analysis of Group Sequential Tests Based on the Type I Error Spending Rate
    Function. Biometrika 74, 1987.
"""

import math
from functools import lru_cache

import numpy as np
from jaxtyping import Float64
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq
from scipy.special import ndtr

STEP = 2
"""How many more seeds each look has at least."""
USUAL_MOST = 10
"""Seeds of the last look where none is stated."""
MOST_LOOKS = 20
"""As many looks may be planned."""
_STEPS = 8
"""As many steps lie between the first look and the last at most, where nobody states the looks themselves."""
_POWER = 3
_NODES = 16
"""Of the Gauss-Legendre quadrature, over every two standard deviations; twice as many change no level by 1e-12."""
_FAR = 9.0
"""Standard deviations beyond which nothing is left of a normal law."""


def planned_looks(first: int, most: int) -> tuple[int, ...]:
    """The numbers of seeds at which a study is looked at: every second from ``first`` on, and ``most``.

    Where that would be more than eight steps they are longer, (most - first) / 8 rounded up. A last step that would be
    shorter than the others is joined to the one before it: 3, 5, 7, 10.

    Args:
        first: seeds of the first look.
        most: seeds of the last look, ``first`` or more.
    """
    step = max(STEP, math.ceil((most - first) / _STEPS))
    return (first, *range(first + step, most - step + 1, step), most) if most > first else (first,)


def next_look(looks: tuple[int, ...], seeds: int) -> int | None:
    """The number of seeds of the look after that with ``seeds``; None where it was the last."""
    return next((look for look in looks if look > seeds), None)


def level_at(looks: tuple[int, ...], seeds: int, level: float) -> float:
    """The level of a look with so many seeds: that of the last planned look that needs no more of them.

    Args:
        looks: the planned numbers of seeds, rising; without any, every look has the whole level.
        seeds: of the study.
        level: that all planned looks share.
    """
    if not looks:
        return level
    reached = sum(look <= seeds for look in looks)
    return look_levels(looks, level)[max(reached, 1) - 1]


@lru_cache(maxsize=32)
def look_levels(looks: tuple[int, ...], level: float) -> tuple[float, ...]:
    """The level of each of the planned looks.

    With W the motion of a standard Brownian particle and share = seeds / most, look k has the boundary z for which
    W(share) exceeds z sqrt(share), and exceeded none of the earlier boundaries at theirs, with a probability of what
    the spending function adds. Its level is the chance of a standard normal value above z.

    Args:
        looks: the planned numbers of seeds, rising.
        level: that all of them share, one-sided.
    """
    if len(looks) == 1:
        return (level,)
    places, masses = np.zeros(1), np.ones(1)
    levels: list[float] = []
    before = 0.0
    for look, later in zip(looks, (*looks[1:], math.inf), strict=True):
        share = look / looks[-1]
        adds = level * (share**_POWER - before**_POWER)
        step = math.sqrt(share - before)
        bound = _boundary(places, masses, step, adds)
        levels.append(float(ndtr(-bound / math.sqrt(share))))
        finest = min(step, math.sqrt((later - look) / looks[-1]))
        reached, widths = _nodes(-_FAR * math.sqrt(share), bound, 2 * finest)
        away = (reached[:, None] - places) / step
        density = np.exp(-(away**2) / 2) @ masses / (step * math.sqrt(2 * math.pi))
        places, masses, before = reached, density * widths, share
    return tuple(levels)


def _nodes(low: float, high: float, width: float) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Places and weights of a quadrature from ``low`` to ``high``, by one rule in panels of at most ``width``."""
    nodes, weights = leggauss(_NODES)
    edges = np.linspace(low, high, math.ceil((high - low) / width) + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


def _boundary(places: Float64[np.ndarray, " n"], masses: Float64[np.ndarray, " n"], step: float, adds: float) -> float:
    """What is exceeded with the probability ``adds`` after a normal step from ``places``, which have ``masses``."""

    def too_many(bound: float) -> float:
        return float(masses @ ndtr((places - bound) / step)) - adds

    return float(brentq(too_many, -_FAR, _FAR, xtol=1e-14, rtol=1e-14))
