"""The spread between seeds at a round, estimated from the rounds around it.

A few seeds tell a variance badly. Neighbouring rounds share the seed's own deviation and bring noise of their own, so a
window of them tells both parts better; a Satterthwaite approximation gives the degrees of freedom of their sum.

References:
    F. E. Satterthwaite. An Approximate Distribution of Estimates of Variance Components. Biometrics Bulletin 2, 1946.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64


@dataclass(frozen=True, eq=False)
class Windowed:
    """Mean over seeds at each round, its standard error and degrees of freedom; NaN where undefined.

    Attributes:
        mean: of x at the round.
        variance: of x between seeds at the round, the larger of the window's and the round's own.
        error: standard error of ``mean``.
        df: degrees of freedom of ``error``, not always whole.
    """

    mean: Float64[np.ndarray, "*k r"]
    variance: Float64[np.ndarray, "*k r"]
    error: Float64[np.ndarray, "*k r"]
    df: Float64[np.ndarray, "*k r"]


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
    """Mean, standard error and degrees of freedom of x over seeds, round by round.

    With w rounds in the window of a round, A is the variance over seeds of the mean of x over the window, and B is
    (1 - 1/w) times the residual mean square of the additive seeds + rounds fit inside it. Then v = A + B with
    v² / (A² / (s-1) + B² / ((s-1)(w-1))) degrees of freedom, and the error is sqrt(max(v, variance of x at the
    round) / s). One round alone gives the paired t. The window of a round is taken over the consecutive valid rounds
    around it (`windows`).

    Args:
        tables: at ``[..., i, :, :]`` the table of x, seeds by rounds, for the test at round i; one for all may be
            broadcast.
        valid: rounds whose x is finite in every seed; the others get NaN.
        width: rounds in a window, at most.
    """
    s = tables.shape[-2]
    results = {name: np.full(tables.shape[:-2], np.nan) for name in ("mean", "variance", "error", "df")}
    if s < 2:
        return Windowed(**results)
    for rounds, nearest in windows(valid, width):
        w = nearest.shape[1]
        x = tables[..., rounds[:, None, None], np.arange(s)[:, None], nearest[:, None, :]]  # (*k, n, s, w)
        of_seed = x.mean(-1)
        here = tables[..., rounds[:, None], np.arange(s), rounds[:, None]]  # (*k, n, s)
        between = of_seed.var(-1, ddof=1)
        within, loss = np.zeros_like(between), np.zeros_like(between)
        if w > 1:
            residual = x - of_seed[..., None] - x.mean(-2, keepdims=True) + of_seed.mean(-1)[..., None, None]
            df = (s - 1) * (w - 1)
            within = (1 - 1 / w) * (residual**2).sum((-2, -1)) / df
            loss = within**2 / df
        v = between + within
        results["mean"][..., rounds] = here.mean(-1)
        results["variance"][..., rounds] = variance = np.maximum(v, here.var(-1, ddof=1))
        results["error"][..., rounds] = np.sqrt(variance / s)
        with np.errstate(invalid="ignore", divide="ignore"):  # no spread at all: no degrees of freedom
            results["df"][..., rounds] = v**2 / (between**2 / (s - 1) + loss)
    return Windowed(**results)
