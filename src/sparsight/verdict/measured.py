"""What goes into a verdict, one number a network, and what comes out."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

Key = tuple[str, str, str, str]
"""Family, metric, method and target: what names a metric of an arm."""

Word = Literal["preserved", "changed", "undecided"]


@dataclass(frozen=True, eq=False)
class Drifted:
    """One similarity metric of one arm: drifts from the dense network, means over images or classes.

    Attributes:
        family, metric, method, target: name the metric.
        primary: whether it is one of those that make the headline and share the false-alarm rate.
        drift: ``E``, of each seed's ticket, rounds in order from dense to sparse.
        floor: of each seed's controls; where one control serves all rounds it is repeated. j may be 0.
        ceiling: drift of evidence that has nothing in common. A drift cannot exceed it by much, so that 1.5 times a
            high floor may be more than any network reaches: the margin is at most half of what lies between.
        most, least: the largest and the smallest drift that there can be, where intervals are cut.
    """

    family: str
    metric: str
    method: str
    target: str
    primary: bool
    drift: Float64[np.ndarray, "s r"]
    floor: Float64[np.ndarray, "s r j"]
    ceiling: float = math.inf
    most: float = math.inf
    least: float = 0.0

    def __post_init__(self) -> None:
        if self.floor.ndim != 3 or self.floor.shape[:2] != self.drift.shape:
            raise ValueError(f"{self.metric}: drift {self.drift.shape} and floor {self.floor.shape} do not fit")

    @property
    def axis(self) -> str:
        """The axis of its verdicts."""
        return "similarity"

    @property
    def key(self) -> Key:
        """What names it."""
        return self.family, self.metric, self.method, self.target


@dataclass(frozen=True, eq=False)
class Levelled:
    """One number a network, such as an accuracy, for the tickets, their dense networks and the controls.

    Attributes:
        axis: ``accuracy`` or ``faithfulness``.
        family, metric, method, target: name the metric.
        margin: absolute difference that still counts as preserved.
        ticket, dense, controls: rounds in order from dense to sparse; j may be 0.
        least, most: what the number can be; intervals are cut there.
    """

    axis: str
    family: str
    metric: str
    method: str
    target: str
    margin: float
    ticket: Float64[np.ndarray, "s r"]
    dense: Float64[np.ndarray, " s"]
    controls: Float64[np.ndarray, "s r j"]
    least: float = -math.inf
    most: float = math.inf

    def __post_init__(self) -> None:
        if self.axis not in ("accuracy", "faithfulness"):
            raise ValueError(f"{self.metric}: axis {self.axis!r} is neither accuracy nor faithfulness")
        if not self.margin > 0:
            raise ValueError(f"{self.metric}: a margin is above 0, not {self.margin}")
        shape = self.ticket.shape
        if self.controls.ndim != 3 or self.controls.shape[:2] != shape or self.dense.shape != shape[:1]:
            raise ValueError(
                f"{self.metric}: ticket {shape}, dense {self.dense.shape} and controls {self.controls.shape} do not fit"
            )

    @property
    def key(self) -> Key:
        """What names it."""
        return self.family, self.metric, self.method, self.target


@dataclass(frozen=True)
class Verdict:
    """One row of ``results/verdict.csv``, but for the arm and its weights. NaN is undefined.

    Attributes:
        round: of the tickets.
        axis: ``similarity``, ``accuracy`` or ``faithfulness``.
        family, metric, method, target: name the metric.
        drift: mean over seeds of the tickets' drift; on the other axes of ticket - mean(dense, controls).
        floor: mean over seeds of the controls' drift, which is one floor unit; NaN on the other axes.
        excess: drift / floor - 1, in floor units; on the other axes the drift, absolute.
        ci_low, ci_high: interval of the excess, 90 % at the default level.
        margin: excess that still counts as preserved, in the units of the excess.
        p_changed, p_preserved: of the two tests at this round alone.
        seeds, retrains: how many seeds, and controls a seed.
        seeds_needed: seeds that decide, in 80 % of studies, between no change and one of the margin; 10,000 stands
            for that many or more.
        seeds_needed_low, seeds_needed_high: the same by the ends of the interval of the spread, 90 % at the default
            level.
        verdict: *preserved*, *changed* or *undecided*.
        reason: one sentence.
    """

    round: int
    axis: str
    family: str
    metric: str
    method: str
    target: str
    drift: float
    floor: float
    excess: float
    ci_low: float
    ci_high: float
    margin: float
    p_changed: float
    p_preserved: float
    seeds: int
    retrains: int
    seeds_needed: int | None
    verdict: Word
    reason: str
    seeds_needed_low: int | None = None
    seeds_needed_high: int | None = None

    @property
    def key(self) -> Key:
        """What names its metric."""
        return self.family, self.metric, self.method, self.target
