"""Whether one network's number, such as an accuracy, is that of another: for a single pair of networks."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr

from sparsight.verdict.reasons import apart, chance, number
from sparsight.verdict.single_exact import PairedShares
from sparsight.verdict.single_measured import BEYOND, LEAST_FLOOR, WITHIN, Estimate, PairWord
from sparsight.verdict.single_units import over_units
from sparsight.verdict.test import ROUNDING

MOST_LOST = 0.05
"""Share of units that only one of two networks defines, above which nothing is said."""


@dataclass(frozen=True)
class LevelVerdict:
    """A number's verdict.

    Attributes:
        difference: the network's less the original's.
        low, high: interval of the difference over units, 90 % at the default level; within what it can be beside the
            original's number.
        units: how many units both have.
        floor: the mean of the retrained networks; NaN without.
        margin: absolute difference that still counts as preserved.
        p_changed, p_preserved: of the two tests; NaN where there was none.
        verdict: against a floor *preserved*, *changed* or *undecided*; against the margin alone *within the margin*,
            *beyond the margin* or *undecided*, but *preserved* by identity and *changed* by a loss that McNemar's test
            shows.
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
    verdict: PairWord
    reason: str


@dataclass(frozen=True)
class _Tested:
    """What the tests of a change and of none give, what either would show, and what they compared, if not the pair."""

    changed: float
    preserved: float
    within: str
    beyond: str
    where: str = ""


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
    """Compare a number in 0..1 that is a mean over units, such as the share of images that are answered right.

    Without at least ``LEAST_FLOOR`` retrained networks, or where these and the original all have one value, the units
    are paired, and what can be shown is that the difference lies within the margin, or outside of it, on units like
    these: zeros and ones by exact bounds, all else by Gaffke's. With them the network is compared with these and the
    original: Student's t on as many degrees of freedom. A change is tested on two sides. Evidence that is identical is
    preserved.

    A loss of zeros and ones is a fact of this pair, which no floor excuses: where McNemar's exact test shows it at
    ``level``, it is *changed*, unless it is shown to lie within the margin.

    Args:
        original: a value a unit; NaN where undefined.
        other: the same of the other network.
        again: means of the retrained networks.
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
    low, high = _possible(pair.interval(level), float(np.mean(original[~(np.isnan(original) | np.isnan(other))])))
    text = f"{number(abs(pair.value))} {'above' if pair.value > 0 else 'below'} the original"
    text = "as the original" if pair.value == 0 else text
    if not math.isnan(low):
        text += f" ({100 * (1 - 2 * level):g} % interval {' to '.join(apart(low, high))})"
    lost = float(np.mean(np.isnan(original) ^ np.isnan(other)))
    why = void or (f"{100 * lost:.0f} % of the units are defined in one of the two alone" if lost > MOST_LOST else "")
    tested = None if why else _against_floor(float(np.nanmean(other)), float(np.nanmean(original)), again, margin)
    if tested is None and (why := why or pair.untested):
        return LevelVerdict(pair.value, low, high, pair.units, floor, margin, nan, nan, "undecided", f"{text}: {why}")
    tested = tested or _against_margin(pair, margin)
    word, said = _decided(tested, level, floor=bool(tested.where))
    changed = tested.changed
    if word != "changed" and (p := _p_lost(pair)) <= level < _p_within(pair, margin):
        word, changed = "changed", p
        said = f"a loss by the exact test of pairs ({chance(p)}); {said}"
    return LevelVerdict(
        pair.value, low, high, pair.units, floor, margin, changed, tested.preserved, word, f"{text}: {said}"
    )


def _difference(original: Float64[np.ndarray, " n"], other: Float64[np.ndarray, " n"]) -> Estimate:
    both = ~(np.isnan(original) | np.isnan(other))
    first, second = original[both], other[both]
    if np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all():
        return PairedShares(int((second > first).sum()), int((second < first).sum()), len(first))
    return over_units(second - first, -1.0, 1.0)


def _possible(interval: tuple[float, float], original: float) -> tuple[float, float]:
    """An interval of a difference, cut where the other number would leave 0..1."""
    low, high = interval
    return float(np.maximum(low, -original)), float(np.minimum(high, 1 - original))


def _p_lost(pair: Estimate) -> float:
    """Of a loss, by McNemar's test; 1 where there is none, or units are no zeros and ones."""
    return pair.p_differ() if isinstance(pair, PairedShares) and pair.value < 0 else 1.0


def _p_within(pair: Estimate, margin: float) -> float:
    return max(pair.p_below(margin), pair.p_above(-margin))


def _against_margin(pair: Estimate, margin: float) -> _Tested:
    beyond = min(1.0, 2 * min(pair.p_above(margin), pair.p_below(-margin)))
    return _Tested(beyond, _p_within(pair, margin), f"within {number(margin)}", f"beyond {number(margin)}")


def _against_floor(value: float, original: float, again: tuple[float, ...], margin: float) -> _Tested | None:
    """The network as one more of the original and the retrained ones; None without enough of these, or a spread."""
    if len(again) < LEAST_FLOOR:
        return None
    known = np.array([original, *again])
    difference, spread, df = value - float(known.mean()), float(known.std(ddof=1)), len(known) - 1
    if not spread > ROUNDING * float(np.abs(known).mean()):
        return None
    error = spread * math.sqrt(1 + 1 / len(known))
    side = f"{number(abs(difference))} {'above' if difference > 0 else 'below'}" if difference else "at"
    return _Tested(
        changed=2 * float(stdtr(df, -abs(difference) / error)),
        preserved=float(stdtr(df, (abs(difference) - margin) / error)),
        within=f"within {number(margin)}",
        beyond="more than these differ",
        where=f"{side} the mean of the original and {df} networks trained again: ",
    )


def _decided(tested: _Tested, level: float, *, floor: bool) -> tuple[PairWord, str]:
    within = f"{tested.within} ({chance(tested.preserved)})"
    beyond = f"{tested.beyond} ({chance(tested.changed)})"
    if tested.preserved <= level:
        return "preserved" if floor else WITHIN, f"{tested.where}{within}"
    if tested.changed <= level:
        return "changed" if floor else BEYOND, f"{tested.where}{beyond}"
    return "undecided", f"{tested.where}shown to be neither {within} nor {beyond}"
