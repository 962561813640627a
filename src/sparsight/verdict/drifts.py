"""The two tests of every drift of an arm, round by round, and its intervals."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from sparsight.verdict.measured import Drifted
from sparsight.verdict.needed import needed
from sparsight.verdict.pooling import SAME, Spread, spread
from sparsight.verdict.settings import VerdictSettings
from sparsight.verdict.test import (
    ROUNDING,
    Tested,
    blank,
    finite,
    half_width,
    p_below,
    still,
    why_undefined,
)
from sparsight.verdict.window import Windowed, windowed


@dataclass(frozen=True, eq=False)
class _Tables:
    """One metric before its spread is known; the tables are of the change, two of its absence, and the interval.

    Attributes:
        metric: what was measured.
        bad: seeds and rounds where a value is undefined.
        drift, floor: means over seeds.
        unit: mean drift over tickets and controls, in which the tables are.
        allowed: the margin, as a drift.
        window: of the four tables.
        flat: where a table has no spread.
    """

    metric: Drifted
    bad: Bool[np.ndarray, "s r"]
    drift: Float64[np.ndarray, " r"]
    floor: Float64[np.ndarray, " r"]
    unit: Float64[np.ndarray, " r"]
    allowed: Float64[np.ndarray, " r"]
    window: Windowed
    flat: Bool[np.ndarray, "4 r"]


def compare_drifts(
    metrics: Sequence[Drifted], settings: VerdictSettings, pooled: Collection[int] = ()
) -> tuple[Tested, ...]:
    """Test the drifts of an arm's tickets against their controls'.

    With E the ticket's drift and F its controls' mean, *changed* tests E - F > 0. *Preserved* tests that E - F is below
    the margin, which is margin times F, or half of the way from F to the ceiling where that is less: both
    E - (1 + margin) F < 0 and E - (F + ceiling) / 2 < 0 must hold (an intersection-union test, so that no estimate of
    the floor chooses between them). Where the less of the two, at the mean floor, is below ``least_margin``, it tests
    E - F - ``least_margin`` < 0. The interval of E/F - 1 holds the ratio of the means fixed in its error, and is cut at
    what a drift can be. All differences are in units of the mean drift of their own round, tickets and controls alike
    (each network counts once), because what drifts further scatters more.

    Args:
        metrics: of one arm.
        settings: margins, level and window.
        pooled: places of the metrics whose spreads are estimated together (`pooling`); the others stand alone.
    """
    tables = [_tables(metric, settings) for metric in metrics]
    found = []
    for i, own in enumerate(tables):
        peers = [(tables[k].window, tables[k].flat) for k in pooled if k != i] if i in pooled else []
        found.append(_tested(own, spread(own.window, own.flat, len(own.bad), peers), settings))
    return tuple(found)


def _tables(metric: Drifted, settings: VerdictSettings) -> _Tables:
    s, r, j = metric.floor.shape
    E = finite(metric.drift)
    F = finite(metric.floor).mean(axis=2) if j else np.full((s, r), np.nan)
    bad = np.isnan(E + F)
    drift, floor = E.mean(axis=0), F.mean(axis=0)
    usable = ~bad.any(axis=0) & (floor > ROUNDING)
    one = blank(floor, ~usable)
    unit = (np.maximum(drift, 0.0) + j * one) / (1 + j)
    room = (metric.ceiling - one) / 2
    small = np.minimum(settings.margin * one, room) < settings.least_margin
    tight = small | np.isinf(metric.ceiling)
    # E - factor F - shift, for each round its own: the change, the two parts of its absence, and the interval.
    near = 1 + np.where(small, 0.0, settings.margin)
    least = np.where(small, settings.least_margin, 0.0)
    factor = np.stack([np.ones(r), near, np.where(tight, near, 0.5), drift / one])[..., None, None]
    shift = np.stack([np.zeros(r), least, np.where(tight, least, metric.ceiling / 2), np.zeros(r)])[..., None, None]
    window = windowed((E - factor * F - shift) / unit, usable, settings.window)
    return _Tables(
        metric=metric,
        bad=bad,
        drift=drift,
        floor=floor,
        unit=unit,
        allowed=np.maximum(np.minimum(settings.margin * one, room), settings.least_margin),
        window=window,
        flat=still(window, s, drift + floor, unit),
    )


def _tested(own: _Tables, x: Spread, settings: VerdictSettings) -> Tested:
    metric, flat, mean = own.metric, own.flat, own.window.mean
    valid = np.asarray(~own.bad.any(axis=0))
    zero_floor = valid & (own.floor <= ROUNDING)
    floor = blank(own.floor, ~valid | zero_floor)
    ratio = own.drift / floor
    undecidable = np.asarray(flat[:3].all(axis=0))
    half = half_width(x.error[3], x.df[3], settings.level) * own.unit / floor
    variance = blank(x.variance[:3], flat[:3])
    held = np.where(np.isnan(variance), 0.0, variance)
    largest = (held >= held.max(axis=0) * (1 - SAME)).argmax(axis=0), np.arange(held.shape[1])
    most = np.where(undecidable, np.nan, held[largest]) * own.unit**2
    return Tested(
        valid=valid,
        undefined=why_undefined(valid, own.bad, zero_floor, undecidable),
        drift=own.drift,
        floor=own.floor,
        excess=ratio - 1,
        ci_low=blank(np.maximum(ratio - half, np.minimum(metric.least / floor, ratio)) - 1, flat[3]),
        ci_high=blank(np.minimum(ratio + half, np.maximum(metric.most / floor, ratio)) - 1, flat[3]),
        margin=own.allowed / floor,
        p_changed=blank(p_below(-mean[0], x.error[0], x.df[0]), flat[0]),
        p_preserved=blank(p_below(mean[1:3], x.error[1:3], x.df[1:3]), flat[1:3]).max(axis=0),
        needed=needed(most, x.df[largest], own.allowed, settings.level),
        seeds=len(own.bad),
        retrains=metric.floor.shape[2],
    )
