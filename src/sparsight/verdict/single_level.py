"""Whether one network's number, such as an accuracy, is that of another: for a single pair of networks."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict.measured import Word
from sparsight.verdict.reasons import chance, number
from sparsight.verdict.single import LEAST_FLOOR, over_units
from sparsight.verdict.test import ROUNDING


@dataclass(frozen=True)
class LevelVerdict:
    """A number's verdict.

    Attributes:
        difference: the network's less the original's; against networks trained again, less the mean of all of them.
        low, high: interval of the difference, over units, or against networks trained again over these; 90 % at the
            default level.
        units: how many units both have.
        floor: the mean of the networks trained again; NaN without.
        margin: absolute difference that still counts as preserved.
        p_changed, p_preserved: of the two tests; NaN where there was none.
        verdict: *preserved*, *changed* or *undecided*.
        reason: one sentence.
    """

    difference: float
    low: float
    high: float
    units: int
    floor: float
    margin: float
    p_changed: float
    p_preserved: float
    verdict: Word
    reason: str


def decide_level(
    original: Float64[np.ndarray, " n"],
    other: Float64[np.ndarray, " n"],
    again: tuple[float, ...],
    margin: float,
    level: float,
) -> LevelVerdict:
    """Compare a number that is a mean over units, such as the share of images that are answered right.

    Without networks trained again the units are paired, and what can be shown is that the difference lies within the
    margin, on images like these; that it does not is *undecided*, with its interval. With at least three of them, the
    network is compared with these and the original: Student's t on as many degrees of freedom, two-sided for a change.

    Args:
        original: a value a unit; NaN where undefined.
        other: the same of the other network.
        again: means of the networks trained again.
        margin: absolute.
        level: of each test.
    """
    pair = over_units(other - original)
    low, high = pair.interval(level)
    text = f"{number(abs(pair.value))} {'above' if pair.value > 0 else 'below'} the original"
    text = "as the original" if pair.value == 0 else text
    interval = "" if math.isnan(low) else f" ({100 * (1 - 2 * level):g} % interval {number(low)} to {number(high)})"

    def said(word: Word, changed: float, preserved: float, reason: str, difference: float = pair.value) -> LevelVerdict:
        floor = float(np.mean(again)) if again else math.nan
        return LevelVerdict(difference, low, high, pair.units, floor, margin, changed, preserved, word, reason)

    if not pair.units:
        return said("undecided", math.nan, math.nan, "it is undefined on all units")
    if not again:
        p = max(pair.p_below(margin), 1 - pair.p_below(-margin))
        if p <= level:
            return said("preserved", math.nan, p, f"{text}{interval}, within {number(margin)} ({chance(p)})")
        return said("undecided", math.nan, p, f"{text}{interval}: not shown to lie within {number(margin)}")
    if len(again) < LEAST_FLOOR:
        few = f"{len(again)} networks trained again, and a verdict needs {LEAST_FLOOR}"
        return said("undecided", math.nan, math.nan, f"{text}{interval}: {few}")
    known = np.array([np.nanmean(original), *again])
    difference, spread = float(np.nanmean(other) - known.mean()), float(known.std(ddof=1))
    if not spread > ROUNDING * float(np.abs(known).mean()):
        why = "the original and all networks trained again have the same value: there is no spread"
        return said("undecided", math.nan, math.nan, f"{text}{interval}: {why}", difference)
    error, df = spread * math.sqrt(1 + 1 / len(known)), len(known) - 1
    half = float(stdtrit(df, 1 - level)) * error
    low, high = difference - half, difference + half
    changed = 2 * float(stdtr(df, -abs(difference) / error))
    preserved = float(stdtr(df, (abs(difference) - margin) / error))
    side = "above" if difference > 0 else "below"
    text = f"{number(abs(difference))} {side} the mean of the original and {len(again)} networks trained again"
    if preserved <= level:
        return said(
            "preserved", changed, preserved, f"{text}, within {number(margin)} ({chance(preserved)})", difference
        )
    if changed <= level:
        return said("changed", changed, preserved, f"{text}, more than these differ ({chance(changed)})", difference)
    reason = (
        f"{text}: shown neither to lie within {number(margin)} ({chance(preserved)}) nor to differ ({chance(changed)})"
    )
    return said("undecided", changed, preserved, reason, difference)
