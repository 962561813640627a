"""What a single pair of networks may claim: against a margin, or against the original trained again.

Without networks that were trained again nothing is known of chance: what is left is how far the two are apart on images
like these, with its interval over units (images, classes or concepts), and whether that lies within a margin that the
reader has set. With J of them, at least 3, E is compared with their drifts F: under "nothing happened beyond training
again" the pruned network is one more of them, so (E - mean F) / (s sqrt(1 + 1/J)) is Student's t on J - 1 degrees of
freedom, for this one original network alone. An exact rank test would need J of 19.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict.measured import Word
from sparsight.verdict.reasons import chance, number
from sparsight.verdict.settings import VerdictSettings
from sparsight.verdict.test import ROUNDING
from sparsight.verdict.walk import select

LEAST_FLOOR = 3
"""Networks trained again without which there is no verdict against them."""


@dataclass(frozen=True)
class Estimate:
    """A mean over units with its standard error.

    Attributes:
        value: the mean.
        error: its standard error; 0 where all units agree, NaN where there are fewer than two.
        df: degrees of freedom of the error.
        units: how many there are.
    """

    value: float
    error: float
    df: float
    units: int

    def interval(self, level: float) -> tuple[float, float]:
        """Student's interval that leaves ``level`` on either side; NaN where it is undefined."""
        if not self.df > 0 or math.isnan(self.error):
            return math.nan, math.nan
        half = float(stdtrit(self.df, 1 - level)) * self.error
        return self.value - half, self.value + half

    def p_below(self, limit: float) -> float:
        """One-sided p of "the mean is below ``limit``". Where all units agree there is no doubt: 0 or 1."""
        if not self.df > 0 or math.isnan(self.error) or math.isnan(self.value):
            return math.nan
        if self.error == 0:
            return 0.0 if self.value < limit else 1.0
        return float(stdtr(self.df, (self.value - limit) / self.error))


def over_units(values: Float64[np.ndarray, " n"]) -> Estimate:
    """The estimate of independent units; those that are undefined are left out."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return Estimate(math.nan, math.nan, 0.0, 0)
    error = float(defined.std(ddof=1)) / math.sqrt(len(defined)) if len(defined) > 1 else math.nan
    return Estimate(float(defined.mean()), error, len(defined) - 1.0, len(defined))


def jackknifed(value: float, left_out: Float64[np.ndarray, " g"], units: int) -> Estimate:
    """The estimate of a statistic of all units at once, from its values with one of g groups of units left out each.

    References:
        B. Efron. The Jackknife, the Bootstrap and Other Resampling Plans. SIAM, 1982.
    """
    g = len(left_out)
    error = math.sqrt((g - 1) / g * float(((left_out - left_out.mean()) ** 2).sum()))
    return Estimate(value, error, g - 1.0, units)


@dataclass(frozen=True)
class Compared:
    """One metric of a pair of networks.

    Attributes:
        family, metric, method, target: name it.
        primary: whether it makes the headline.
        unit: what it was averaged over: ``image``, ``class``, ``concept``, or ``all`` for what is one number of all.
        drift: of the pair.
        floor: drifts of the original from each network trained again.
        ceiling: drift of evidence that has nothing in common.
    """

    family: str
    metric: str
    method: str
    target: str
    primary: bool
    unit: str
    drift: Estimate
    floor: tuple[float, ...] = ()
    ceiling: float = math.inf


@dataclass(frozen=True)
class PairVerdict:
    """A metric's verdict, with what decided.

    Attributes:
        compared: what was measured.
        low, high: interval over units, 90 % at the default level.
        floor: mean drift of the networks trained again; NaN without.
        margin: the drift that still counts as preserved, absolute; NaN where none is known.
        p_changed, p_preserved: of the two tests; NaN where there was none.
        verdict: *preserved*, *changed* or *undecided*.
        reason: one sentence.
    """

    compared: Compared
    low: float
    high: float
    floor: float
    margin: float
    p_changed: float
    p_preserved: float
    verdict: Word
    reason: str


def decide_pair(
    metrics: Sequence[Compared], settings: VerdictSettings, margin: float | None, void: Sequence[str] = ()
) -> tuple[PairVerdict, ...]:
    """The verdicts of one pair, metric by metric.

    *Changed* is decided over the M primary metrics at once, by Benjamini-Hochberg at ``settings.level``, and for every
    other metric by itself; *preserved* at that level. Where both hold it is preserved, after a small shift.

    Args:
        metrics: measured on the pair.
        settings: levels, and margins in floor units.
        margin: absolute. Without networks trained again it is what drift is compared with, and None decides nothing;
            with them it is the excess over the floor that still counts as preserved, and None takes that of
            ``settings``.
        void: metrics of which nothing may be said, each as ``metric: reason``.
    """
    reasons = dict(line.split(": ", 1) for line in void)
    tests = [_against_floor(one, settings, margin) if one.floor else _against_margin(one, margin) for one in metrics]
    p = np.array([math.nan if one.metric in reasons else test[1] for one, test in zip(metrics, tests, strict=True)])
    primary = np.array([one.primary for one in metrics], dtype=bool)
    chosen = np.array(p <= settings.level)
    if primary.any():
        chosen[primary] = select(p[primary], settings.level)
    rows = []
    for one, (allowed, changed, preserved, undefined), moved in zip(metrics, tests, chosen.tolist(), strict=True):
        why = reasons.get(one.metric) or undefined
        word: Word = "undecided"
        if not why and preserved <= settings.level:
            word = "preserved"
        elif not why and moved:
            word = "changed"
        low, high = one.drift.interval(settings.level)
        row = PairVerdict(
            compared=one,
            low=low,
            high=high,
            floor=float(np.mean(one.floor)) if one.floor else math.nan,
            margin=allowed,
            p_changed=changed,
            p_preserved=preserved,
            verdict=word,
            reason="",
        )
        rows.append(_with_reason(row, why, moved, 1 - 2 * settings.level))
    return tuple(rows)


def _against_margin(one: Compared, margin: float | None) -> tuple[float, float, float, str]:
    """Margin, p of a drift above it, p of one below it, and why there is no test."""
    if math.isnan(one.drift.value):
        return math.nan, math.nan, math.nan, "it is undefined on all units"
    if margin is None:
        return math.nan, math.nan, math.nan, "no margin was set, and no network trained again is given"
    below = one.drift.p_below(margin)
    why = "one unit has no interval" if math.isnan(below) else ""
    return margin, 1 - below, below, why


def _against_floor(one: Compared, settings: VerdictSettings, margin: float | None) -> tuple[float, float, float, str]:
    """The same against the networks trained again; the margin comes out as a drift, the floor included."""
    floor, E = np.array(one.floor), one.drift.value
    if math.isnan(E) or np.isnan(floor).any():
        return math.nan, math.nan, math.nan, "it is undefined on all units"
    J, F = len(floor), float(floor.mean())
    if J < LEAST_FLOOR:
        return math.nan, math.nan, math.nan, f"{J} networks trained again, and a verdict needs {LEAST_FLOOR}"
    s = float(floor.std(ddof=1))
    if not s > ROUNDING * F:
        return math.nan, math.nan, math.nan, "all networks trained again have the same drift: there is no spread"

    def p_below(factor: float, shift: float) -> float:
        return float(stdtr(J - 1, (E - factor * F - shift) / (s * math.sqrt(1 + factor**2 / J))))

    changed = 1 - p_below(1.0, 0.0)
    if margin is not None:
        return F + margin, changed, p_below(1.0, margin), ""
    room = (one.ceiling - F) / 2
    if min(settings.margin * F, room) < settings.least_margin:
        return F + settings.least_margin, changed, p_below(1.0, settings.least_margin), ""
    preserved = p_below(1 + settings.margin, 0.0)
    if math.isfinite(one.ceiling):
        preserved = max(preserved, p_below(0.5, one.ceiling / 2))
    return F + min(settings.margin * F, room), changed, preserved, ""


def _with_reason(row: PairVerdict, why: str, moved: bool, share: float) -> PairVerdict:
    one = row.compared
    text = f"drift {number(one.drift.value)}"
    if not math.isnan(row.low):
        text += f" ({100 * share:g} % interval {number(row.low)} to {number(row.high)} over {_units(one)})"
    if why:
        return _said(row, f"{text}: {why}" if not math.isnan(one.drift.value) else why)
    limit = f"the margin of {number(row.margin)}"
    if one.floor:
        text += f", the original trained again {number(row.floor)} (mean of {len(one.floor)})"
        limit = f"{number(row.margin)}, which is the floor and its margin"
    if row.verdict == "preserved":
        shift = "; a small shift, which training again does not make" if one.floor and moved else ""
        return _said(row, f"{text}: below {limit} ({chance(row.p_preserved)}){shift}")
    if row.verdict == "changed":
        what = "above what training again does" if one.floor else f"above {limit}"
        return _said(row, f"{text}: {what} ({chance(row.p_changed)})")
    return _said(
        row,
        f"{text}: shown neither to lie below {limit} ({chance(row.p_preserved)}) nor to exceed "
        f"{'the floor' if one.floor else 'it'} ({chance(row.p_changed)})",
    )


def _units(one: Compared) -> str:
    kind = "image" if one.unit == "all" else one.unit
    ending = "es" if kind == "class" else "s"
    return f"{one.drift.units:,} {kind}{ending if one.drift.units != 1 else ''}"


def _said(row: PairVerdict, reason: str) -> PairVerdict:
    return PairVerdict(**{**row.__dict__, "reason": reason})
