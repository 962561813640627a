"""Simulated studies without units, many at once, and the verdict's procedure on all of them.

The procedure is written a second time here, for arrays of studies; `agrees` holds it against the
verdict's own code.

Drift of network n of seed s in metric m at round r: ``mu_r (1 + a_sm) (1 + noise e_snmr + excess)``; a and e are
correlated 0.6 within a family of metrics (three of concepts, two of pixels, one of the embedding) and 0.3 between.
Tickets and controls are exchangeable given the dense network, whose own effect a is (deviation 0.2).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtr, stdtrit

from sparsight.verdict import Drifted

FAMILIES = (0, 0, 0, 1, 1, 2)
METRICS = len(FAMILIES)
LEVEL, MARGIN, WIDTH, MU = 0.05, 0.5, 5, 0.2
MIX = np.linalg.cholesky(
    np.array(
        [[1.0 if i == j else 0.6 if x == y else 0.3 for j, y in enumerate(FAMILIES)] for i, x in enumerate(FAMILIES)]
    )
)
Array = Float64[np.ndarray, "..."]


@dataclass(frozen=True)
class Model:
    """One kind of study.

    Attributes:
        carried: correlation of a ticket with that of the round before; a random walk where it is 1.
        sequence: whether controls are sequences of their own, carried as tickets are; else one serves all rounds.
        grows: whether floor and spread grow over rounds, as the root of the round.
        ladder: noise from the first to the last round, in place of ``noise``: it grows and the floor does not.
        unlike: how many metrics, the last ones, have the ladder; the others have ``noise``.
        law: of e: normal, t3, exponential or lognormal.
        uneven: deviation of the logarithm of a seed's noise.
        floors: whether a is uniform of deviation 0.5, alike in all metrics.
        units: whether the drifts are means over 100 units of lognormal size, of which each has noise 0.5 of its own.
    """

    noise: float = 0.34
    carried: float = 0.0
    sequence: bool = False
    grows: bool = False
    ladder: tuple[float, ...] | None = None
    unlike: int = METRICS
    law: str = "normal"
    uneven: float = 0.0
    floors: bool = False
    units: bool = False


STRESSES = {
    "independent, noise 0.17": Model(0.17),
    "independent, noise 0.34": Model(),
    "independent, noise 0.6": Model(0.6),
    "tickets correlated 0.7": Model(carried=0.7),
    "tickets correlated 0.95": Model(carried=0.95),
    "a control a round": Model(sequence=True),
    "sequences, 0.7": Model(carried=0.7, sequence=True),
    "sequences, 0.9": Model(carried=0.9, sequence=True),
    "sequences, 0.95": Model(carried=0.95, sequence=True),
    "walks": Model(0.25, carried=1.0, sequence=True),
    "walks that grow": Model(0.25, carried=1.0, sequence=True, grows=True),
    "independent, growing": Model(0.25, sequence=True, grows=True),
    "heavy tails (t, 3 degrees)": Model(law="t3"),
    "skewed (exponential)": Model(law="exponential"),
    "lognormal": Model(law="lognormal"),
    "seeds of unequal noise": Model(uneven=0.7),
    "floors by seed": Model(floors=True),
    "unequal units": Model(units=True),
    "noise doubles, floor does not": Model(ladder=(0.15, 0.3), sequence=True),
}

UNLIKE = {
    f"{how}, of {words}": Model(0.2, ladder=ladder, unlike=count, sequence=True)
    for how, ladder in {
        "doubles": (0.15, 0.3),
        "grows fourfold": (0.1, 0.4),
        "fourfold in the last round": (0.1, 0.1, 0.1, 0.1, 0.4),
    }.items()
    for words, count in {"one metric": 1, "three": 3}.items()
}
"""Over five rounds; the other metrics' noise stays, and no floor grows."""


def effects(rng: np.random.Generator, law: str, n: int, s: int, r: int) -> Array:
    """(n, metric, s, r), of mean 0, variance 1 before they are correlated over metrics."""
    shape = (n, s, r, METRICS)
    if law == "t3":
        z = rng.standard_t(3, shape) / np.sqrt(3)
    elif law == "exponential":
        z = rng.standard_exponential(shape) - 1
    elif law == "lognormal":
        z = (np.exp(rng.standard_normal(shape)) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)
    else:
        z = rng.standard_normal(shape)
    return np.moveaxis(z @ MIX.T, -1, 1)


def rounds_of(rng: np.random.Generator, model: Model, n: int, s: int, r: int) -> Array:
    """Effects that are carried from round to round."""
    e = effects(rng, model.law, n, s, r)
    if model.carried == 1:
        return np.cumsum(e, -1) / np.sqrt(np.arange(1, r + 1))
    for i in range(1, r):
        e[..., i] = model.carried * e[..., i - 1] + np.sqrt(1 - model.carried**2) * e[..., i]
    return e


@dataclass(frozen=True)
class Design:
    """Seeds, controls a seed, pruned rounds."""

    seeds: int
    retrains: int
    rounds: int


def simulate(
    rng: np.random.Generator, model: Model, design: Design, n: int, arms: int = 1
) -> tuple[list[Array], Array]:
    """Drifts of each arm's tickets, (n, metric, s, r), and of the controls that all share, (n, metric, s, r, j)."""
    s, j, r = design.seeds, design.retrains, design.rounds
    a = 0.2 * effects(rng, "normal", n, s, 1)
    if model.floors:
        a = np.broadcast_to(rng.uniform(-0.5 * np.sqrt(3), 0.5 * np.sqrt(3), (n, 1, s, 1)), a.shape)
    scale = np.exp(rng.normal(0, model.uneven, (n, 1, s, 1)))
    scale = scale / np.sqrt((scale**2).mean(2, keepdims=True))
    mu = MU * (np.sqrt(np.arange(1, r + 1) / r) if model.grows else np.ones(r))
    noise = np.full((METRICS, 1, r), model.noise)
    if model.ladder:
        steps = np.linspace(0, 1, len(model.ladder))
        noise[METRICS - model.unlike :] = np.interp(np.linspace(0, 1, r), steps, model.ladder)
    shares = np.exp(rng.standard_normal((n, 1, 1, 1, 100))) if model.units else None

    def network(one: bool = False) -> Array:
        e = rounds_of(rng, model, n, s, r) if not one else effects(rng, model.law, n, s, 1).repeat(r, -1)
        drift = mu * (1 + a) * (1 + noise * scale * e)
        if shares is not None:
            spread = 0.5 * np.sqrt((shares**2).sum(-1)) / shares.sum(-1)
            own = effects(rng, "normal", n, s, 1 if one else r)
            drift = drift + mu * (1 + a) * spread * own
        return np.maximum(drift, 0.0)

    controls = np.stack([network(one=not model.sequence) for _ in range(j)], -1)
    return [network() for _ in range(arms)], controls


def spreads(x: Array, i: int, pooled: bool) -> tuple[Array, Array, Array]:
    """Mean, standard error and degrees of freedom at round i of x, (..., metric, s, r)."""
    s, r = x.shape[-2:]
    w = min(WIDTH, r)
    first = min(max(i - w // 2, 0), r - w)
    inside = x[..., first : first + w]
    v = inside.var(-2, ddof=1).mean(-1)
    share, h = inside.mean(-1).var(-1, ddof=1) / v, x[..., i].var(-1, ddof=1) / v
    if pooled:
        share, h = np.maximum(share, share.mean(-1, keepdims=True)), np.broadcast_to(h.mean(-1, keepdims=True), h.shape)
    df = (s - 1) / (share**2 + ((1 - share) ** 2 / (w - 1) if w > 1 else 0))
    more = h > 1 + 1e-9
    df = np.where(more, np.maximum(df / h, s - 1) if pooled else s - 1, df)
    return x[..., i].mean(-1), np.sqrt(v * np.where(more, h, 1) / s), df


@dataclass(frozen=True)
class Tests:
    """p values and intervals, (..., metric, r)."""

    changed: Array
    preserved: Array
    low: Array
    high: Array


def tests(E: Array, controls: Array) -> Tests:
    """Of drifts without a ceiling, whose floor is above the least margin."""
    j, F = controls.shape[-1], controls.mean(-1)
    mE, mF = E.mean(-2, keepdims=True), F.mean(-2, keepdims=True)
    unit = (mE + j * mF) / (1 + j)
    found: list[list[Array]] = [[], [], [], []]
    for i in range(E.shape[-1]):
        mean, error, df = spreads((E - F) / unit, i, True)
        found[0].append(stdtr(df, -mean / error))
        mean, error, df = spreads((E - (1 + MARGIN) * F) / unit, i, True)
        found[1].append(stdtr(df, mean / error))
        ratio = mE[..., 0, i] / mF[..., 0, i]
        _, error, df = spreads((E - ratio[..., None, None] * F) / unit, i, True)
        half = stdtrit(df, 1 - LEVEL) * error * unit[..., 0, i] / mF[..., 0, i]
        found[2].append(np.maximum(ratio - half, 0) - 1)
        found[3].append(ratio - 1 + half)
    return Tests(*(np.stack(one, -1) for one in found))


def selected(p: Array, level: Array | float) -> Array:
    """How many of the last axis Benjamini-Hochberg selects."""
    m = p.shape[-1]
    passing = np.sort(p, -1) <= np.asarray(level)[..., None] * np.arange(1, m + 1) / m
    return np.where(passing.any(-1), m - np.argmax(passing[..., ::-1], -1), 0)


def walked(p: Array, level: Array | float) -> Array:
    """From the first round on while p is at most the level."""
    level = np.broadcast_to(np.asarray(level), p.shape[:-1])[..., None]
    return np.logical_and.accumulate((p <= level) & (level > 0), -1)


def changed(p: Array, level: Array | float = LEVEL) -> Array:
    """(..., metric, r): metrics selected at the last round, walked back."""
    share = np.asarray(level) * selected(p[..., -1], level) / p.shape[-2]
    return walked(p[..., ::-1], share[..., None])[..., ::-1]


def changed_together(p: list[Array]) -> list[Array]:
    """`changed` of each arm at the level that the arms of a study share."""
    m = p[0].shape[-2]
    simes = np.stack([(np.sort(one[..., -1], -1) * m / np.arange(1, m + 1)).min(-1) for one in p], -1)
    share = LEVEL * selected(simes, LEVEL) / len(p)
    return [changed(one, np.where(simes[..., a] <= share, share, 0.0)) for a, one in enumerate(p)]


def drifted(E: Array, controls: Array) -> list[Drifted]:
    """One study as `decide` takes it."""
    return [Drifted("simulated", f"{m}", "", "", True, E[m], controls[m].copy()) for m in range(METRICS)]
