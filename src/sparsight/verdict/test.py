"""The two tests of a metric at every round, its interval, and how many seeds would decide."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict.measured import Drifted, Levelled
from sparsight.verdict.settings import VerdictSettings
from sparsight.verdict.window import windowed

MOST_SEEDS = 10_000
POWER = 0.8
ROUNDING = 1e-12
"""A spread below this share of the values, or a floor below this, is rounding."""


@dataclass(frozen=True, eq=False)
class Tested:
    """A metric's tests round by round; the fields of `Verdict` of the same name say what they are.

    Attributes:
        valid: rounds whose values are finite in every seed.
        undefined: why a round has no test; empty where it has.
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
    seeds_needed: tuple[int | None, ...]
    seeds: int
    retrains: int


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


def _why_undefined(
    valid: Bool[np.ndarray, " r"],
    bad: Bool[np.ndarray, "s r"],
    zero_floor: Bool[np.ndarray, " r"],
    flat: Bool[np.ndarray, " r"],
) -> tuple[str, ...]:
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


def _finite(values: Float64[np.ndarray, "*k r"]) -> Float64[np.ndarray, "*k r"]:
    return np.where(np.isfinite(values), values, np.nan)


def _blank(values: Float64[np.ndarray, "*k r"], where: Bool[np.ndarray, "*k r"]) -> Float64[np.ndarray, "*k r"]:
    return np.where(where, np.nan, values)


def compare_drift(metric: Drifted, settings: VerdictSettings) -> Tested:
    """Test a ticket's drift against its controls'.

    With E the ticket's drift and F its controls' mean, *changed* tests E - F > 0. *Preserved* tests that E - F is below
    the margin, which is margin times F, or half of the way from F to the ceiling where that is less: both
    E - (1 + margin) F < 0 and E - (F + ceiling) / 2 < 0 must hold (an intersection-union test, so that no estimate of
    the floor chooses between them). Where the less of the two, at the mean floor, is below ``least_margin``, it tests
    E - F - ``least_margin`` < 0. The interval of E/F - 1 holds the ratio of the means fixed in its error, and is cut at
    what a drift can be.
    """
    s, r, j = metric.floor.shape
    E = _finite(metric.drift)
    F = _finite(metric.floor).mean(axis=2) if j else np.full((s, r), np.nan)
    bad = np.isnan(E + F)
    valid = ~bad.any(axis=0)
    drift, floor = E.mean(axis=0), F.mean(axis=0)
    zero_floor = valid & (floor <= ROUNDING)
    unit = _blank(floor, ~valid | zero_floor)
    ratio = drift / unit
    room = (metric.ceiling - unit) / 2
    allowed = np.maximum(np.minimum(settings.margin * unit, room), settings.least_margin)
    small = np.minimum(settings.margin * unit, room) < settings.least_margin
    tight = small | np.isinf(metric.ceiling)
    # E - factor F - shift, for each round its own: the change, the two parts of its absence, and the interval.
    near = 1 + np.where(small, 0.0, settings.margin)
    least = np.where(small, settings.least_margin, 0.0)
    factor = np.stack([np.ones(r), near, np.where(tight, near, 0.5), ratio])[..., None, None]
    shift = np.stack([np.zeros(r), least, np.where(tight, least, metric.ceiling / 2), np.zeros(r)])[..., None, None]
    x = windowed(E - factor * F - shift, valid, settings.window)
    flat = zero_floor | ~(x.error > ROUNDING * (drift + floor))  # rounding, or undefined
    undecidable = flat[:3].all(axis=0)
    absent = _blank(p_below(x.mean[1:3], x.error[1:3], x.df[1:3]), flat[1:3]).max(axis=0)
    half = half_width(x.error[3], x.df[3], settings.level) / unit
    return Tested(
        valid=valid,
        undefined=_why_undefined(valid, bad, zero_floor, undecidable),
        drift=drift,
        floor=floor,
        excess=ratio - 1,
        ci_low=_blank(np.maximum(ratio - half, np.minimum(metric.least / unit, ratio)) - 1, flat[3]),
        ci_high=_blank(np.minimum(ratio + half, np.maximum(metric.most / unit, ratio)) - 1, flat[3]),
        margin=allowed / unit,
        p_changed=_blank(p_below(-x.mean[0], x.error[0], x.df[0]), flat[0]),
        p_preserved=absent,
        seeds_needed=seeds_needed(_blank(x.variance[:3].max(axis=0), undecidable), allowed, settings.level),
        seeds=s,
        retrains=j,
    )


def compare_level(metric: Levelled, settings: VerdictSettings) -> Tested:
    """Test a ticket's number against the mean of its dense network's and its controls'.

    *Changed* is two-sided; *preserved* needs both one-sided tests against the absolute margin. The interval is cut
    where the ticket's number would leave what it can be.
    """
    s, r, j = metric.controls.shape
    dense = np.broadcast_to(metric.dense[:, None, None], (s, r, 1))
    reference = _finite(np.concatenate([dense, metric.controls], axis=2)).mean(axis=2)
    ticket = _finite(metric.ticket)
    x = ticket - reference
    valid = ~np.isnan(x).any(axis=0)
    mean = x.mean(axis=0)
    here = windowed(np.broadcast_to(x, (r, s, r)), valid & (j > 0), settings.window)
    size = np.abs(ticket).mean(axis=0) + np.abs(reference).mean(axis=0)
    flat = ~(here.error > ROUNDING * size)
    half = half_width(here.error, here.df, settings.level)
    margin, middle = np.full(r, metric.margin), reference.mean(axis=0)
    return Tested(
        valid=valid,
        undefined=_why_undefined(valid, np.isnan(x), np.zeros(r, dtype=bool), flat),
        drift=mean,
        floor=np.full(r, np.nan),
        excess=mean,
        ci_low=_blank(np.maximum(mean - half, np.minimum(metric.least - middle, mean)), flat),
        ci_high=_blank(np.minimum(mean + half, np.maximum(metric.most - middle, mean)), flat),
        margin=margin,
        p_changed=_blank(2 * p_below(-np.abs(mean), here.error, here.df), flat),
        p_preserved=_blank(p_below(np.abs(mean) - metric.margin, here.error, here.df), flat),
        seeds_needed=seeds_needed(_blank(here.variance, flat), margin, settings.level),
        seeds=s,
        retrains=j,
    )
