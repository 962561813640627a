"""The standard error of a metric, whose shape over rounds is told by all primary metrics of the arm together.

The metrics of one arm are measured on the same networks. Each has a variance of its own; which share of it a seed keeps
over rounds, and whether the round at hand scatters more than its neighbours, is a property of the networks, and the
mean over metrics tells it far better than three or five seeds of one metric do.

References:
    F. E. Satterthwaite. An Approximate Distribution of Estimates of Variance Components. Biometrics Bulletin 2, 1946.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from sparsight.verdict.window import Windowed

SAME = 1e-9
"""A ratio of variances within this of 1 is 1."""


@dataclass(frozen=True, eq=False)
class Spread:
    """How well the mean over seeds is known at each round; NaN where undefined.

    Attributes:
        variance: of x between seeds at the round.
        error: standard error of the mean.
        df: degrees of freedom of ``error``, not always whole.
    """

    variance: Float64[np.ndarray, "*k r"]
    error: Float64[np.ndarray, "*k r"]
    df: Float64[np.ndarray, "*k r"]


def degrees(
    share: Float64[np.ndarray, "*k r"], width: Float64[np.ndarray, " r"], seeds: int
) -> Float64[np.ndarray, "*k r"]:
    """Satterthwaite's degrees of freedom of A + B, where A is ``share`` of it on S - 1, B on (S - 1)(w - 1)."""
    kept = 1 - share
    loss = np.divide(kept**2, width - 1, out=np.zeros_like(kept), where=np.broadcast_to(width > 1, kept.shape))
    return np.asarray((seeds - 1) / (share**2 + loss), dtype=np.float64)


def spread(
    own: Windowed,
    flat: Bool[np.ndarray, "*k r"],
    seeds: int,
    peers: Sequence[tuple[Windowed, Bool[np.ndarray, "*k r"]]],
) -> Spread:
    """The standard error and its degrees of freedom.

    ``share`` is the larger of the metric's own and of the mean over it and its peers, h the mean of ``ratio`` over
    them. The variance is that of the window, h times as large where h is above 1. The window's degrees of freedom are
    divided by h there, S - 1 at least; with no peer they are S - 1 there.

    Args:
        own: the metric's window.
        flat: where it has no spread.
        seeds: how many there are.
        peers: windows of the other metrics that are pooled with it, and where they have no spread. At each round those
            count that have a spread and the same window there.
    """
    shares, ratios = own.share.copy(), own.ratio.copy()
    counts = np.ones(own.share.shape)
    for peer, still in peers:
        use = ~still & (peer.width == own.width) & (peer.first == own.first)
        shares += np.where(use, peer.share, 0.0)
        ratios += np.where(use, peer.ratio, 0.0)
        counts += use
    share, h = np.maximum(own.share, shares / counts), ratios / counts
    more = h > 1 + SAME
    factor = np.where(more, h, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = degrees(share, own.width.astype(np.float64), seeds)
    df = np.where(more & (counts == 1), seeds - 1.0, np.maximum(df / factor, seeds - 1.0))
    variance = np.where(flat, np.nan, own.variance * factor)
    return Spread(variance, np.sqrt(variance / seeds), np.where(flat, np.nan, df))
