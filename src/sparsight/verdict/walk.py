"""From p values of many metrics and rounds to claims that hold together.

A round's claim is made only while the walk gets there: the order is fixed beforehand, so every step may use the whole
level, and the chance that a walk makes any false claim stays at that level.

References:
    Benjamini and Hochberg. Controlling the False Discovery Rate. Journal of the Royal Statistical Society B 57, 1995.
    Benjamini and Bogomolov. Selective inference on multiple families of hypotheses. The same, 76, 2014.
    Simes. An improved Bonferroni procedure for multiple tests of significance. Biometrika 73, 1986.
    Westfall and Krishen. Optimally weighted, fixed sequence and gatekeeper multiple testing procedures. Journal of
    Statistical Planning and Inference 99, 2001.
"""

import numpy as np
from jaxtyping import Bool, Float64


def select(p: Float64[np.ndarray, " m"], rate: float) -> Bool[np.ndarray, " m"]:
    """Benjamini-Hochberg: which of m metrics are selected; an undefined p is counted among the m, never selected.

    With k selected, each has p ≤ rate k / m.
    """
    m = len(p)
    filled = np.where(np.isnan(p), 1.0, p)
    passing = np.flatnonzero(np.sort(filled) <= rate * np.arange(1, m + 1) / m)
    k = int(passing[-1]) + 1 if passing.size else 0
    return np.asarray((filled <= rate * k / m) & ~np.isnan(p)) if k else np.zeros(m, dtype=bool)


def simes(p: Float64[np.ndarray, " m"]) -> float:
    """One p of "nothing among these m": the smallest rate at which `select` selects; an undefined p counts as 1."""
    if not len(p) or np.isnan(p).all():
        return float("nan")
    ordered = np.sort(np.where(np.isnan(p), 1.0, p))
    return float((ordered * len(p) / np.arange(1, len(p) + 1)).min())


def shared(p: Float64[np.ndarray, " a"], level: float) -> Float64[np.ndarray, " a"]:
    """The level of each of a families, of which `select` selects some: level times their share, 0 for the others."""
    selected = select(p, level)
    return np.where(selected, level * selected.sum() / max(len(p), 1), 0.0)


def walk(p: Float64[np.ndarray, " r"], level: float) -> Bool[np.ndarray, " r"]:
    """From the first towards the last while p ≤ level; an undefined p stops the walk, a level of 0 starts none."""
    return np.logical_and.accumulate((p <= level) & (level > 0))


def walk_back(p: Float64[np.ndarray, " r"], valid: Bool[np.ndarray, " r"], level: float) -> Bool[np.ndarray, " r"]:
    """From the last valid round towards the first while p ≤ level; an undefined p stops the walk."""
    reached = np.zeros(len(p), dtype=bool)
    if valid.any():
        last = int(np.flatnonzero(valid)[-1])
        reached[: last + 1] = walk(p[: last + 1][::-1], level)[::-1]
    return reached
