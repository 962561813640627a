"""The spread between seeds at a round, estimated from the rounds around it.

A few seeds tell a variance badly. Neighbouring rounds share the seed's own deviation and bring noise of their own, so a
window of them tells both parts better.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64


@dataclass(frozen=True, eq=False)
class Windowed:
    """What a window of rounds says of x at each round; NaN where undefined.

    Attributes:
        mean: of x at the round, over seeds.
        variance: of x between seeds, its mean over the rounds of the window.
        share: of that variance which the seeds keep over the window: the variance of a seed's mean over the window.
        ratio: variance of x at the round itself, in units of ``variance``.
        width: rounds in the window; 0 where there is none.
        first: the first of them.
    """

    mean: Float64[np.ndarray, "*k r"]
    variance: Float64[np.ndarray, "*k r"]
    share: Float64[np.ndarray, "*k r"]
    ratio: Float64[np.ndarray, "*k r"]
    width: Int64[np.ndarray, " r"]
    first: Int64[np.ndarray, " r"]


def windows(
    valid: Bool[np.ndarray, " r"], width: int
) -> list[tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, "n w"]]]:
    """For every run of consecutive valid rounds, the rounds and the rounds of each one's window.

    A window holds the ``width`` rounds nearest its round, shifted inwards at the ends of the run; a shorter run is one
    window. No window spans an invalid round.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], valid, [False]]).astype(np.int8)))
    found = []
    for start, stop in edges.reshape(-1, 2).tolist():
        w = min(width, stop - start)
        rounds = np.arange(start, stop)
        first = np.clip(rounds - w // 2, start, stop - w)
        found.append((rounds, first[:, None] + np.arange(w)))
    return found


def windowed(tables: Float64[np.ndarray, "*k r s r"], valid: Bool[np.ndarray, " r"], width: int) -> Windowed:
    """Mean and variance of x over seeds, round by round.

    With w rounds in the window of a round, the variance v is the mean of the w rounds' variances over seeds, which is
    A + B: A the variance over seeds of the mean of x over the window, B what a seed does not keep. ``share`` is A / v.
    The window of a round is taken over the consecutive valid rounds around it (`windows`).

    Args:
        tables: at ``[..., i, :, :]`` the table of x, seeds by rounds, for the test at round i; one for all may be
            broadcast.
        valid: rounds whose x is finite in every seed; the others get NaN.
        width: rounds in a window, at most.
    """
    s, r = tables.shape[-2:]
    results = {name: np.full(tables.shape[:-2], np.nan) for name in ("mean", "variance", "share", "ratio")}
    counts = {name: np.zeros(r, dtype=np.int64) for name in ("width", "first")}
    for rounds, nearest in windows(valid, width) if s > 1 else []:
        x = tables[..., rounds[:, None, None], np.arange(s)[:, None], nearest[:, None, :]]  # (*k, n, s, w)
        here = tables[..., rounds[:, None], np.arange(s), rounds[:, None]]  # (*k, n, s)
        results["mean"][..., rounds] = here.mean(-1)
        results["variance"][..., rounds] = v = x.var(-2, ddof=1).mean(-1)
        with np.errstate(invalid="ignore", divide="ignore"):  # no spread at all has no parts
            results["share"][..., rounds] = np.minimum(x.mean(-1).var(-1, ddof=1) / v, 1.0)
            results["ratio"][..., rounds] = here.var(-1, ddof=1) / v
        counts["width"][rounds], counts["first"][rounds] = nearest.shape[1], nearest[:, 0]
    return Windowed(**results, **counts)
