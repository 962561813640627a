"""Whether one network's number, such as an accuracy, is that of another: for a single pair of networks."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict.measured import Word
from sparsight.verdict.reasons import apart, chance, number
from sparsight.verdict.single_exact import PairedShares
from sparsight.verdict.single_measured import LEAST_FLOOR, Estimate
from sparsight.verdict.single_units import over_units
from sparsight.verdict.test import ROUNDING

MOST_LOST = 0.05
"""Share of units that only one of two networks defines, above which nothing is said."""


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
    *,
    identical: bool = False,
    void: str = "",
) -> LevelVerdict:
    """Compare a number that is a mean over units, such as the share of images that are answered right.

    Without at least ``LEAST_FLOOR`` networks trained again the units are paired, and what can be shown is that the
    difference lies within the margin, or outside of it, on units like these: zeros and ones by exact bounds, all else
    by Student's t. With them the network is compared with these and the original: Student's t on as many degrees of
    freedom. A change is tested on two sides. Evidence that is identical is preserved.

    Args:
        original: a value a unit; NaN where undefined.
        other: the same of the other network.
        again: means of the networks trained again.
        margin: absolute.
        level: of each test.
        identical: whether all that the number is made of is the same bit for bit.
        void: why nothing may be said, if so.
    """
    pair = _difference(original, other)
    floor, nan = float(np.mean(again)) if again else math.nan, math.nan
    if not pair.units:
        return LevelVerdict(nan, nan, nan, 0, floor, margin, nan, nan, "undecided", pair.untested)
    if identical and not void:
        reason = "as the original: preserved by identity, the evidence is the same bit for bit"
        return LevelVerdict(0.0, 0.0, 0.0, pair.units, floor, margin, 1.0, 0.0, "preserved", reason)
    lost = float(np.mean(np.isnan(original) ^ np.isnan(other)))
    why = void or (f"{100 * lost:.0f} % of the units are defined in one of the two alone" if lost > MOST_LOST else "")
    if len(again) >= LEAST_FLOOR:
        known = np.array([np.nanmean(original), *again])
        return _against_floor(float(np.nanmean(other)), known, pair.units, margin, level, why)
    low, high = pair.interval(level)
    text = f"{number(abs(pair.value))} {'above' if pair.value > 0 else 'below'} the original"
    text = "as the original" if pair.value == 0 else text
    if not math.isnan(low):
        text += f" ({100 * (1 - 2 * level):g} % interval {' to '.join(apart(low, high))})"
    if why := why or pair.untested:
        return LevelVerdict(pair.value, low, high, pair.units, floor, margin, nan, nan, "undecided", f"{text}: {why}")
    preserved = max(pair.p_below(margin), pair.p_above(-margin))
    changed = min(1.0, 2 * min(pair.p_above(margin), pair.p_below(-margin)))
    word, said = _decided(changed, preserved, level, f"within {number(margin)}", f"beyond {number(margin)}")
    return LevelVerdict(pair.value, low, high, pair.units, floor, margin, changed, preserved, word, f"{text}: {said}")


def _difference(original: Float64[np.ndarray, " n"], other: Float64[np.ndarray, " n"]) -> Estimate:
    both = ~(np.isnan(original) | np.isnan(other))
    first, second = original[both], other[both]
    if np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all():
        return PairedShares(int((second > first).sum()), int((second < first).sum()), len(first))
    return over_units(second - first, -1.0, 1.0)


def _against_floor(
    value: float, known: Float64[np.ndarray, " m"], units: int, margin: float, level: float, why: str
) -> LevelVerdict:
    """The network as one more of the original and those trained again."""
    difference, spread = value - float(known.mean()), float(known.std(ddof=1))
    floor, error, df = float(known[1:].mean()), spread * math.sqrt(1 + 1 / len(known)), len(known) - 1
    side = f"{number(abs(difference))} {'above' if difference > 0 else 'below'}" if difference else "as"
    text = f"{side} the mean of the original and {df} networks trained again"
    if not spread > ROUNDING * float(np.abs(known).mean()):
        why = why or "these have the same value: there is no spread"
    if why:
        nan = math.nan
        return LevelVerdict(difference, nan, nan, units, floor, margin, nan, nan, "undecided", f"{text}: {why}")
    half = float(stdtrit(df, 1 - level)) * error
    changed = 2 * float(stdtr(df, -abs(difference) / error))
    preserved = float(stdtr(df, (abs(difference) - margin) / error))
    word, said = _decided(changed, preserved, level, f"within {number(margin)}", "more than these differ")
    low, high = difference - half, difference + half
    return LevelVerdict(difference, low, high, units, floor, margin, changed, preserved, word, f"{text}: {said}")


def _decided(changed: float, preserved: float, level: float, within: str, beyond: str) -> tuple[Word, str]:
    if preserved <= level:
        return "preserved", f"{within} ({chance(preserved)})"
    if changed <= level:
        return "changed", f"{beyond} ({chance(changed)})"
    return "undecided", f"shown to be neither {within} ({chance(preserved)}) nor {beyond} ({chance(changed)})"
