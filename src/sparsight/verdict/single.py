"""What a single pair of networks may claim: against a margin, or against the original trained again.

Without networks that were trained again nothing is known of chance: what is left is how far the two are apart, with
its interval over units (images, classes or concepts), and whether that lies within a margin: a share of the way to
evidence that has nothing in common.
With J of them, at least 3, E is compared with their drifts F: under "nothing happened beyond training again" the pruned
network is one more of them, so (E - mean F) / (s sqrt(1 + 1/J)) is Student's t on J - 1 degrees of freedom, for this
one original network alone. An exact rank test would need J of 19. Evidence that is the same bit for bit needs no test.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr

from sparsight.verdict.margins import Margin, share_of
from sparsight.verdict.measured import Key
from sparsight.verdict.settings import VerdictSettings
from sparsight.verdict.single_measured import BEYOND, LEAST_FLOOR, WITHIN, Compared, PairVerdict, PairWord
from sparsight.verdict.single_reasons import reason_of
from sparsight.verdict.test import ROUNDING
from sparsight.verdict.walk import select

FAR, WIDER = 2.0, 1.6
"""A limit of more floors than this is also tested by logarithms, with an error that is wider by this: it allows for
drifts whose logarithms have a longer tail below than above."""


NO_CEILING = "how far evidence with nothing in common would be apart is not known, so that no share of it is a margin"
NO_SPREAD = "all networks trained again have the same drift: there is no spread"


@dataclass(frozen=True)
class _Test:
    """Of one metric: the margin as a drift, the p of either claim, and why there is no test."""

    margin: float = math.nan
    changed: float = math.nan
    preserved: float = math.nan
    why: str = ""


def decide_pair(
    metrics: Sequence[Compared],
    settings: VerdictSettings,
    margin: Margin | None,
    void: Mapping[Key, str] | None = None,
) -> tuple[PairVerdict, ...]:
    """The verdicts of one pair, metric by metric.

    *Changed*, or without a floor *beyond the margin*, is decided over the M primary metrics at once, by
    Benjamini-Hochberg at ``settings.level``, and for every other metric by itself; *preserved*, or *within the margin*,
    at that level. Where both hold it is preserved, after a small shift. Evidence that is identical is preserved, with a
    margin, with a floor and without either.

    Args:
        metrics: measured on the pair.
        settings: levels, and margins in floor units.
        margin: shares of the way to evidence with nothing in common. Without at least ``LEAST_FLOOR`` networks trained
            again the way is that from 0, and None decides nothing; with them it is that from the floor, of which half
            is the most, and None takes the margin of ``settings``.
        void: metrics of which nothing may be said, and why.
    """
    reasons = void or {}
    tests = [_test(one, settings, margin) for one in metrics]
    p = [math.nan if one.key in reasons else test.changed for one, test in zip(metrics, tests, strict=True)]
    primary = np.array([one.primary for one in metrics], dtype=bool)
    chosen = np.array(p) <= settings.level
    if primary.any():
        chosen[primary] = select(np.array(p)[primary], settings.level)
    rows = []
    for one, test, moved in zip(metrics, tests, chosen.tolist(), strict=True):
        why = reasons.get(one.key) or test.why
        word: PairWord = "undecided"
        if not why and test.preserved <= settings.level:
            word = "preserved" if one.against_floor or one.identical else WITHIN
        elif not why and moved:
            word = "changed" if one.against_floor else BEYOND
        low, high = (one.drift.value, one.drift.value) if one.identical else one.drift.interval(settings.level)
        floor = float(np.mean(one.floor)) if one.floor else math.nan
        row = PairVerdict(one, low, high, floor, test.margin, test.changed, test.preserved, word, "")
        rows.append(replace(row, reason=reason_of(row, why, moved, 1 - 2 * settings.level)))
    return tuple(rows)


def _test(one: Compared, settings: VerdictSettings, margin: Margin | None) -> _Test:
    share = share_of(margin, one.metric)
    found = _against_floor(one, settings, share) if one.against_floor else _against_margin(one, share)
    if one.identical and not math.isnan(one.drift.value):
        return _Test(found.margin, 1.0, 0.0)
    return found


def _against_margin(one: Compared, share: float | None) -> _Test:
    if math.isnan(one.drift.value):
        return _Test(why="it is undefined on all units")
    if share is None:
        few = f"{len(one.floor)} networks trained again, and a verdict needs {LEAST_FLOOR}; no margin was set"
        return _Test(why=few if one.floor else "no margin was set, and no network trained again is given")
    if one.drift.untested or not one.has_ceiling:
        return _Test(share * one.ceiling if one.has_ceiling else math.nan, why=one.drift.untested or NO_CEILING)
    limit = share * one.ceiling
    return _Test(limit, one.drift.p_above(limit), one.drift.p_below(limit), one.drift.untested)


def _against_floor(one: Compared, settings: VerdictSettings, share: float | None) -> _Test:
    """The same against the networks trained again; the margin comes out as a drift, the floor included."""
    floor, E = np.array(one.floor), one.drift.value
    if math.isnan(E) or np.isnan(floor).any():
        return _Test(why="it is undefined on all units")
    F = float(floor.mean())
    if share is not None:
        return _share_beyond(one, floor, min(share, 0.5))
    excess, room = settings.margin * F, (one.ceiling - F) / 2
    least = min(excess, room) < settings.least_margin
    excess = settings.least_margin if least else min(excess, room)
    if not float(floor.std(ddof=1)) > ROUNDING * F:
        return _Test(F + excess, why=NO_SPREAD)

    if least:
        preserved = _p_below(E, floor, 1.0, settings.least_margin)
    else:
        preserved = _p_below(E, floor, 1 + settings.margin, 0.0)
    if not least and math.isfinite(one.ceiling):
        preserved = max(preserved, _p_below(E, floor, 0.5, one.ceiling / 2))
    return _Test(F + excess, 1 - _p_below(E, floor, 1.0, 0.0), preserved)


def _share_beyond(one: Compared, floor: Float64[np.ndarray, " j"], share: float) -> _Test:
    """The margin is a share of the way from the floor to evidence that has nothing in common."""
    F, E = float(floor.mean()), one.drift.value
    limit = (1 - share) * F + share * one.ceiling if one.has_ceiling else math.nan
    if not float(floor.std(ddof=1)) > ROUNDING * F:
        return _Test(limit, why=NO_SPREAD)
    preserved = _p_below(E, floor, 1 - share, share * one.ceiling) if one.has_ceiling else math.nan
    return _Test(limit, 1 - _p_below(E, floor, 1.0, 0.0), preserved)


def _p_below(E: float, floor: Float64[np.ndarray, " j"], factor: float, shift: float) -> float:
    """One-sided p of "E is below the limit, factor times the mean floor and shift", E being one network more.

    A network that has drifted further scatters more. At the limit it is taken to scatter by as much more as the limit
    is above the floor: with the floor's own scatter, up to 14 % of drifts of 1.5 floors would be called below them.
    So much scatter reaches down to 0 where the limit is many floors that differ much. But drifts are not below 0, and
    their logarithms scatter alike at the limit and in the floor: there, what is the smaller p of the two decides.
    """
    J, F, s = len(floor), float(floor.mean()), float(floor.std(ddof=1))
    limit = factor * F + shift
    grown = max(1.0, limit / max(F, s))
    p = float(stdtr(J - 1, (E - limit) / (s * math.sqrt(grown**2 + factor**2 / J))))
    if limit > FAR * F and floor.min() > 0:
        error = WIDER * float(np.log(floor).std(ddof=1)) * math.sqrt(1 + (factor * F / limit) ** 2 / J)
        p = min(p, float(stdtr(J - 1, math.log(E / limit) / error)) if E > 0 else 0.0)
    return p
