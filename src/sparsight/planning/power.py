"""What a number of seeds and of controls would find: studies are simulated, and tested by the verdict's own functions.

A study has six primary metrics, correlated 0.6 within a family and 0.3 between, over the rounds of one window. Drifts,
in floor units, are 1 + seed + network: the seed's part is shared by its tickets and controls, the network's is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float64

from sparsight.draws import generator
from sparsight.verdict import LEAST_SEEDS, PRIMARY, VerdictSettings
from sparsight.verdict.pooling import spread
from sparsight.verdict.test import p_below
from sparsight.verdict.walk import select
from sparsight.verdict.window import Windowed, windowed

STUDIES = 400
"""So many are simulated: a share is known to within 5 points."""
MOST_SEEDS, MOST_RETRAINS = 20, 8
"""Larger designs are not simulated."""
_FAMILIES = np.array([family for family, _, _ in PRIMARY])
_CORRELATION = np.where(np.eye(len(PRIMARY), dtype=bool), 1.0, np.where(_FAMILIES[:, None] == _FAMILIES, 0.6, 0.3))


@dataclass(frozen=True)
class Noise:
    """Deviations of one metric's drifts, in floor units.

    Attributes:
        ticket: of a ticket, over tickets of one dense network and round.
        control: of a control, over controls of one dense network.
        seed: of what the tickets and controls of a dense network share.
    """

    ticket: float
    control: float
    seed: float


LEVELS = {"low": 0.17, "typical": 0.25, "high": 0.34}
"""Noise of networks where no run shows its own: as of the calibration in the documentation."""


def usual(noise: float, metrics: int = len(PRIMARY)) -> tuple[Noise, ...]:
    """The same noise in every metric."""
    return (Noise(noise, noise, 0.2),) * metrics


@dataclass(frozen=True)
class Chances:
    """What becomes of a study, in shares.

    Attributes:
        changed: some metric is called changed at the sparsest round, where all have moved by half a floor unit.
        preserved: all metrics are called preserved at a round, where nothing has moved.
    """

    changed: float
    preserved: float


def chances(seeds: int, retrains: int, noises: Sequence[Noise], rounds: int, settings: VerdictSettings) -> Chances:
    """The chances of a design; none where it has too few seeds or no control for a verdict.

    Args:
        seeds: at most `MOST_SEEDS`.
        retrains: controls a seed, at most `MOST_RETRAINS`.
        noises: of the primary metrics.
        rounds: pruned rounds of the study.
        settings: of the verdict.
    """
    if seeds < LEAST_SEEDS or retrains < 1 or rounds < 1:
        return Chances(0.0, 0.0)
    own, ticket, control = (part[:, :seeds] for part in _draws(len(noises), max(1, min(settings.window, rounds))))
    shared = 1 + own * np.array([noise.seed for noise in noises])
    tickets = shared + ticket * np.array([noise.ticket for noise in noises])
    floor = (shared + control[:, :, :retrains] * np.array([noise.control for noise in noises])).mean(2, keepdims=True)
    changed = _p(-1, tickets + 0.5, floor, 0.0, retrains, settings)
    preserved = _p(1, tickets, floor, settings.margin, retrains, settings)
    found = [select(p, settings.level).any() for p in changed]
    return Chances(float(np.mean(found)), float((preserved <= settings.level).all(1).mean()))


def _p(
    sign: int,
    drift: Float64[np.ndarray, "n s w m"],
    floor: Float64[np.ndarray, "n s 1 m"],
    margin: float,
    retrains: int,
    settings: VerdictSettings,
) -> Float64[np.ndarray, "n m"]:
    """One-sided p at the last round of "the mean of drift less 1 + margin floors is below 0", or above: ``sign`` -1."""
    unit = (drift.mean(1, keepdims=True) + retrains * floor.mean(1, keepdims=True)) / (1 + retrains)
    x = np.moveaxis((drift - (1 + margin) * floor) / unit, -1, 0)[:, :, None]  # (m, n, 1, s, w)
    w = drift.shape[2]
    tables = np.broadcast_to(x, (*x.shape[:2], w, *x.shape[3:]))
    windows = [windowed(own, np.ones(w, dtype=bool), settings.window) for own in tables]
    never = np.zeros(windows[0].mean.shape, dtype=bool)
    found = []
    for i, own in enumerate(windows):
        peers: list[tuple[Windowed, np.ndarray]] = [(other, never) for k, other in enumerate(windows) if k != i]
        known = spread(own, never, drift.shape[1], peers)
        found.append(p_below(sign * own.mean, known.error, known.df)[:, -1])
    return np.stack(found, axis=1)


@lru_cache(maxsize=4)
def _draws(metrics: int, rounds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard normal parts of seeds, tickets and controls: (studies, seeds, 1, rounds or controls, metrics).

    Fewer metrics are the last ones, those of images without concepts.
    """
    lot, law = generator("plan", "power"), np.linalg.cholesky(_CORRELATION[-metrics:, -metrics:])

    def part(count: int) -> np.ndarray:
        drawn = torch.randn((STUDIES, MOST_SEEDS, count, metrics), generator=lot, dtype=torch.float64).numpy()
        return np.asarray(drawn @ law.T)

    return part(1), part(rounds), part(MOST_RETRAINS)
