"""What a single pair of networks may claim: against a margin, or against the original trained again.

Without networks that were trained again nothing is known of chance: what is left is how far the two are apart, with
its interval over units (images, classes or concepts), and whether that lies within a margin that the reader has set.
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

from sparsight.verdict.measured import Key, Word
from sparsight.verdict.settings import VerdictSettings
from sparsight.verdict.single_measured import LEAST_FLOOR, Compared, PairVerdict
from sparsight.verdict.single_reasons import reason_of
from sparsight.verdict.test import ROUNDING
from sparsight.verdict.walk import select

FAR, WIDER = 2.0, 1.6
"""A limit of more floors than this is also tested by logarithms, with an error that is wider by this: it allows for
drifts whose logarithms have a longer tail below than above."""


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
    margin: float | None,
    void: Mapping[Key, str] | None = None,
) -> tuple[PairVerdict, ...]:
    """The verdicts of one pair, metric by metric.

    *Changed* is decided over the M primary metrics at once, by Benjamini-Hochberg at ``settings.level``, and for every
    other metric by itself; *preserved* at that level. Where both hold it is preserved, after a small shift. Evidence
    that is identical is preserved, with a margin, with a floor and without either.

    Args:
        metrics: measured on the pair.
        settings: levels, and margins in floor units.
        margin: absolute. Without at least ``LEAST_FLOOR`` networks trained again it is what drift is compared with, and
            None decides nothing; with them it is the excess over the floor that still counts as preserved, and None
            takes that of ``settings``. No margin reaches beyond what evidence with nothing in common has.
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
        word: Word = "undecided"
        if not why and test.preserved <= settings.level:
            word = "preserved"
        elif not why and moved:
            word = "changed"
        low, high = (one.drift.value, one.drift.value) if one.identical else one.drift.interval(settings.level)
        floor = float(np.mean(one.floor)) if one.floor else math.nan
        row = PairVerdict(one, low, high, floor, test.margin, test.changed, test.preserved, word, "")
        rows.append(replace(row, reason=reason_of(row, why, moved, 1 - 2 * settings.level)))
    return tuple(rows)


def _test(one: Compared, settings: VerdictSettings, margin: float | None) -> _Test:
    found = _against_floor(one, settings, margin) if one.against_floor else _against_margin(one, margin)
    if one.identical and not math.isnan(one.drift.value):
        return _Test(found.margin, 1.0, 0.0)
    return found


def _against_margin(one: Compared, margin: float | None) -> _Test:
    if math.isnan(one.drift.value):
        return _Test(why="it is undefined on all units")
    if margin is None:
        few = f"{len(one.floor)} networks trained again, and a verdict needs {LEAST_FLOOR}; no margin was set"
        return _Test(why=few if one.floor else "no margin was set, and no network trained again is given")
    limit = min(margin, one.ceiling)
    return _Test(limit, one.drift.p_above(limit), one.drift.p_below(limit), one.drift.untested)


def _against_floor(one: Compared, settings: VerdictSettings, margin: float | None) -> _Test:
    """The same against the networks trained again; the margin comes out as a drift, the floor included."""
    floor, E = np.array(one.floor), one.drift.value
    if math.isnan(E) or np.isnan(floor).any():
        return _Test(why="it is undefined on all units")
    F = float(floor.mean())
    room = (one.ceiling - F) / 2
    excess = settings.margin * F if margin is None else margin
    least = margin is None and min(excess, room) < settings.least_margin
    excess = settings.least_margin if least else min(excess, room)
    if not float(floor.std(ddof=1)) > ROUNDING * F:
        return _Test(F + excess, why="all networks trained again have the same drift: there is no spread")

    if least or margin is not None:
        preserved = _p_below(E, floor, 1.0, settings.least_margin if margin is None else margin)
    else:
        preserved = _p_below(E, floor, 1 + settings.margin, 0.0)
    if not least and math.isfinite(one.ceiling):
        preserved = max(preserved, _p_below(E, floor, 0.5, one.ceiling / 2))
    return _Test(F + excess, 1 - _p_below(E, floor, 1.0, 0.0), preserved)


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
