"""What goes into the verdict of a single pair, one metric of it, and what comes out."""

import math
from dataclasses import dataclass
from typing import Literal

from sparsight.verdict.measured import Key
from sparsight.verdict.single_exact import PairedShares, Share
from sparsight.verdict.single_jackknife import Jackknifed
from sparsight.verdict.single_units import Bounded

Estimate = Bounded | Share | PairedShares | Jackknifed
"""A mean over units, or a number of all of them, and what may be said of it: ``value``, ``units``,
``interval``, ``p_below``, ``p_above``, and in ``untested`` why there is no test."""

PairWord = Literal["preserved", "changed", "within the margin", "beyond the margin", "undecided"]
"""*Preserved* and *changed* are said against networks trained again; without these a drift is within its margin or
beyond."""
WITHIN: PairWord = "within the margin"
BEYOND: PairWord = "beyond the margin"
KEPT: tuple[PairWord, ...] = ("preserved", WITHIN)
MOVED: tuple[PairWord, ...] = ("changed", BEYOND)

LEAST_FLOOR = 3
"""Networks trained again without which there is no verdict against them."""


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
        identical: whether all that the metric reads is the same bit for bit.
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
    identical: bool = False

    @property
    def key(self) -> Key:
        """What names it."""
        return self.family, self.metric, self.method, self.target

    @property
    def has_ceiling(self) -> bool:
        """Whether it is known how far evidence with nothing in common is apart, and that is more than nothing."""
        return 0 < self.ceiling < math.inf

    @property
    def share(self) -> float:
        """The drift as a share of the way to evidence with nothing in common; NaN where that is not known."""
        return self.drift.value / self.ceiling if self.has_ceiling else math.nan

    @property
    def against_floor(self) -> bool:
        """Whether there are networks trained again, and enough of them, to compare the drift with."""
        return len(self.floor) >= LEAST_FLOOR


@dataclass(frozen=True)
class PairVerdict:
    """A metric's verdict, with what decided.

    Attributes:
        compared: what was measured.
        low, high: interval over units, 90 % at the default level.
        floor: mean drift of the networks trained again; NaN without.
        margin: the drift that still counts as near, absolute; NaN where none is known.
        p_changed, p_preserved: of the two tests; NaN where there was none.
        verdict: with a floor *preserved*, *changed* or *undecided*; without, *within the margin*, *beyond the margin*
            or *undecided*, but *preserved* of evidence that is the same bit for bit.
        reason: one sentence.
    """

    compared: Compared
    low: float
    high: float
    floor: float
    margin: float
    p_changed: float
    p_preserved: float
    verdict: PairWord
    reason: str
