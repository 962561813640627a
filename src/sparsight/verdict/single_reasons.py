"""Why a metric of a single pair got its verdict, in one sentence."""

import math

from sparsight.verdict.reasons import apart, chance, number
from sparsight.verdict.single_exact import Share
from sparsight.verdict.single_measured import KEPT, MOVED, Compared, PairVerdict
from sparsight.verdict.single_units import Bounded


def reason_of(row: PairVerdict, why: str, moved: bool, share: float) -> str:
    """The sentence.

    Args:
        row: all but the reason.
        why: what keeps it undecided: a failed gate, or that there is no test.
        moved: whether a change is shown, even if it is preserved.
        share: what an interval holds.
    """
    one = row.compared
    if math.isnan(one.drift.value):
        return why
    text = f"drift {number(one.drift.value)}"
    if not math.isnan(row.low):
        low, high = apart(row.low, row.high)
        text += f" ({100 * share:g} % interval {low} to {high} over {units_of(one)})"
    if why:
        return f"{text}: {why}"
    if one.identical:
        return f"{text}: preserved by identity, the evidence is the same bit for bit"
    limit = f"the margin of {number(row.margin)}"
    if one.has_ceiling:
        text += f", {percent(one.share)} of the way to nothing in common ({number(one.ceiling)})"
        limit += f", which is {percent(row.margin / one.ceiling)} of it"
    if one.against_floor:
        text += f", the original trained again {number(row.floor)} (mean of {len(one.floor)})"
        known = not math.isnan(row.margin)
        limit = f"{number(row.margin)}, which is the floor and its margin" if known else "a margin, as none is known"
    if row.verdict in KEPT:
        shift = "; a small shift, which training again does not make" if one.against_floor and moved else ""
        return f"{text}: below {limit} ({chance(row.p_preserved)}){shift}"
    if row.verdict in MOVED:
        what = "above what training again does" if one.against_floor else f"above {limit}"
        return f"{text}: {what} ({chance(row.p_changed)})"
    return (
        f"{text}: shown neither to lie below {limit} ({chance(row.p_preserved)}) nor to exceed "
        f"{'the floor' if one.against_floor else 'it'} ({chance(row.p_changed)}){_too_few(row, (1 - share) / 2)}"
    )


def _too_few(row: PairVerdict, level: float) -> str:
    """That so few units can show nothing to lie below the margin, where that is so."""
    one = row.compared
    if one.against_floor or not isinstance(one.drift, Bounded | Share):
        return ""
    least = one.drift.least_shown(level)
    return f"; no drift over {units_of(one)} can be shown to lie below {number(least)}" if least > row.margin else ""


def percent(share: float) -> str:
    """A share in per cent, as ``34 %``; below 1 % with two digits that count."""
    return f"{100 * share:.0f} %" if share == 0 or abs(share) >= 0.01 else f"{100 * share:.2g} %"


def units_of(one: Compared) -> str:
    """What a drift was averaged over: ``1,000 images``."""
    kind = "image" if one.unit == "all" else one.unit
    ending = "es" if kind == "class" else "s"
    return f"{one.drift.units:,} {kind}{ending if one.drift.units != 1 else ''}"
