"""The two tests of a level at every round, its interval, how many seeds would decide, and what all tests share."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict.measured import Levelled
from sparsight.verdict.needed import Needed, needed
from sparsight.verdict.pooling import spread
from sparsight.verdict.settings import VerdictSettings
from sparsight.verdict.window import Windowed, windowed

ROUNDING = 1e-12
"""A spread below this share of the values, or a floor below this, is rounding."""


@dataclass(frozen=True, eq=False)
class Tested:
    """A metric's tests round by round; the fields of `Verdict` of the same name say what they are.

    Attributes:
        valid: rounds whose values are finite in every seed.
        undefined: why a round has no test; empty where it has.
        p_above, p_below: of a level, that it lies above or below minus its margin; a drift has none.
    """

    valid: Bool[np.ndarray, " r"]
    undefined: tuple[str, ...]
    drift: Float64[np.ndarray, " r"]
    floor: Float64[np.ndarray, " r"]
    excess: Float64[np.ndarray, " r"]
    ci_low: Float64[np.ndarray, " r"]
    ci_high: Float64[np.ndarray, " r"]
    margin: Float64[np.ndarray, " r"]
    p_changed: Float64[np.ndarray, " r"]
    p_preserved: Float64[np.ndarray, " r"]
    needed: tuple[Needed, ...]
    seeds: int
    retrains: int
    p_above: Float64[np.ndarray, " r"] = field(default_factory=lambda: np.empty(0))
    p_below: Float64[np.ndarray, " r"] = field(default_factory=lambda: np.empty(0))


def p_below(
    mean: Float64[np.ndarray, "*k r"], error: Float64[np.ndarray, "*k r"], df: Float64[np.ndarray, "*k r"]
) -> Float64[np.ndarray, "*k r"]:
    """One-sided p of "the mean is below 0"; of its negative, of "above"."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(stdtr(df, mean / error), dtype=np.float64)


def half_width(
    error: Float64[np.ndarray, " r"], df: Float64[np.ndarray, " r"], level: float
) -> Float64[np.ndarray, " r"]:
    """Half the width of the interval that leaves ``level`` on either side."""
    return np.asarray(stdtrit(df, 1 - level) * error, dtype=np.float64)


def still(
    window: Windowed, seeds: int, size: Float64[np.ndarray, " r"], unit: Float64[np.ndarray, " r"] | float = 1.0
) -> Bool[np.ndarray, "*k r"]:
    """Where all spread is rounding, or undefined: x of ``window`` is in units of ``unit``, ``size`` is not."""
    return np.asarray(~(np.sqrt(window.variance / seeds) * unit > ROUNDING * size))


def why_undefined(
    valid: Bool[np.ndarray, " r"],
    bad: Bool[np.ndarray, "s r"],
    zero_floor: Bool[np.ndarray, " r"],
    flat: Bool[np.ndarray, " r"],
) -> tuple[str, ...]:
    """Why a round has no test, round by round; empty where it has one."""
    reasons = []
    for i, fine in enumerate(valid):
        if not fine:
            reasons.append(f"it is undefined in {int(bad[:, i].sum())} of {len(bad)} seeds")
        elif zero_floor[i]:
            reasons.append(
                "the floor is 0: the controls do not differ from their dense networks, so nothing has a unit"
            )
        elif flat[i]:
            reasons.append("all seeds have the same value, so there is no spread to test against")
        else:
            reasons.append("")
    return tuple(reasons)


def finite(values: Float64[np.ndarray, "*k r"]) -> Float64[np.ndarray, "*k r"]:
    """The values, NaN where they are infinite."""
    return np.where(np.isfinite(values), values, np.nan)


def blank(values: Float64[np.ndarray, "*k r"], where: Bool[np.ndarray, "*k r"]) -> Float64[np.ndarray, "*k r"]:
    """The values, NaN where stated."""
    return np.where(where, np.nan, values)


def compare_level(metric: Levelled, settings: VerdictSettings) -> Tested:
    """Test a ticket's number against the mean of its dense network's and its controls'.

    *Changed* is two-sided; *preserved* needs both one-sided tests against the absolute margin. The interval is cut
    where the ticket's number would leave what it can be.
    """
    s, r, j = metric.controls.shape
    dense = np.broadcast_to(metric.dense[:, None, None], (s, r, 1))
    reference = finite(np.concatenate([dense, metric.controls], axis=2)).mean(axis=2)
    ticket = finite(metric.ticket)
    x = ticket - reference
    valid = ~np.isnan(x).any(axis=0)
    mean = x.mean(axis=0)
    window = windowed(np.broadcast_to(x, (r, s, r)), valid & (j > 0), settings.window)
    flat = still(window, s, np.abs(ticket).mean(axis=0) + np.abs(reference).mean(axis=0))
    here = spread(window, flat, s, ())
    half = half_width(here.error, here.df, settings.level)
    margin, middle = np.full(r, metric.margin), reference.mean(axis=0)
    return Tested(
        valid=valid,
        undefined=why_undefined(valid, np.isnan(x), np.zeros(r, dtype=bool), flat),
        drift=mean,
        floor=np.full(r, np.nan),
        excess=mean,
        ci_low=blank(np.maximum(mean - half, np.minimum(metric.least - middle, mean)), flat),
        ci_high=blank(np.minimum(mean + half, np.maximum(metric.most - middle, mean)), flat),
        margin=margin,
        p_changed=blank(2 * p_below(-np.abs(mean), here.error, here.df), flat),
        p_preserved=blank(p_below(np.abs(mean) - metric.margin, here.error, here.df), flat),
        needed=needed(blank(here.variance, flat), here.df, margin, settings.level),
        seeds=s,
        retrains=j,
        p_above=blank(p_below(-(mean + metric.margin), here.error, here.df), flat),
        p_below=blank(p_below(mean + metric.margin, here.error, here.df), flat),
    )
