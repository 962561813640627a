"""How often the verdict is wrong, and how often it finds what is there, on simulated studies.

    python benchmarks/verdict_calibration.py [--studies 500] [--seed 0]

A simulated study has S seeds, J controls a seed, rounds 1 to 14 and the six primary metrics. The drift of network n of
seed s from its dense network, in metric m at unit u (an image or class), is

    floor * (1 + a_sm) * c_u * (1 + excess_mr + b_u + e_snm + i_snmu)

    a    what the seed's dense network has of its own, shared by its tickets and controls: sd 0.2
    b    what the unit has of its own, the same in all networks: sd 0.5, mean of c b 0, so that the floor over these
         units is the stated one; c = 1 except where units are unequal
    e    what the network has of its own, the same in all units: a ticket of every round and every control is a network
    i    what is left: sd 0.5, independent
    excess   what pruning did, 0 in null studies; only tickets have it

over 100 units, with floor 0.3. *Noise* is the standard deviation, over networks trained alike, of the drift's mean over
units, in floor units: sqrt(var e + var(mean of c i)); var e follows from it. Low is 0.17, high 0.34. One network's
metrics come from one piece of evidence: e is correlated 0.6 within a family (three of concepts, two of pixels, one of
the embedding), 0.3 between families, and so is a. All are normal but where a row says otherwise. Under the null,
tickets and controls are exchangeable given the dense network.

Stresses, each alone: *heavy tails* draws e and i from Student's t with 3 df; *skewed* from an exponential distribution;
*uneven seeds* multiplies each seed's e by a factor exp(N(0, 0.5²)), scaled to the same noise on average;
*carried over* correlates a seed's tickets from round to round (0.7, first-order autoregression); *floors by seed*
has a of sd 0.5, uniform so that no floor is negative; *unequal units* has c log-normal of sigma 1 and mean 1;
*control a round* trains as many controls for each round, themselves carried over, as arms without rewinding do.
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sparsight.verdict import Drifted, Verdict, VerdictSettings, decide

FAMILIES = np.array([0, 0, 0, 1, 1, 2])
METRICS, ROUNDS, UNITS = len(FAMILIES), 14, 100
UNIT_SD, SEED_SD = 0.5, 0.2
LOW, TARGET, HIGH = 0.17, 0.25, 0.34
QUICK, CLAIM = (3, 1), (5, 2)
SETTINGS = VerdictSettings()


@dataclass(frozen=True)
class Model:
    seeds: int = 5
    retrains: int = 2
    noise: float = LOW
    floor: float = 0.3
    ceiling: float = math.inf
    excess: float = 0.0  # floor units
    moved: int = METRICS  # how many metrics have the excess
    start: int = 1  # first round that has it
    law: str = "normal"
    uneven_seeds: bool = False
    carried: float = 0.0
    floors_by_seed: bool = False
    unequal_units: bool = False
    control_a_round: bool = False


@dataclass(frozen=True)
class Study:
    units: np.ndarray  # drift of the sparsest tickets less their controls' mean, (metric, seed, unit)
    metrics: tuple[Drifted, ...]


def draw(rng: np.random.Generator, law: str, shape: tuple[int, ...]) -> np.ndarray:
    """Independent draws of mean 0 and variance 1."""
    if law == "t3":
        return rng.standard_t(3, shape) / math.sqrt(3)
    if law == "skewed":
        return rng.standard_exponential(shape) - 1
    return rng.standard_normal(shape)


def correlated(rng: np.random.Generator, law: str, shape: tuple[int, ...]) -> np.ndarray:
    """(*shape, metric): correlated 0.6 within a family, 0.3 between."""
    everything, family, own = (draw(rng, law, (*shape, k)) for k in (1, FAMILIES.max() + 1, METRICS))
    return math.sqrt(0.3) * everything + math.sqrt(0.3) * family[..., FAMILIES] + math.sqrt(0.4) * own


def carry(effects: np.ndarray, coefficient: float) -> np.ndarray:
    """Effects of shape (seed, round, ...) made a first-order autoregression over rounds of the same variance."""
    for r in range(1, effects.shape[1]):
        effects[:, r] = coefficient * effects[:, r - 1] + math.sqrt(1 - coefficient**2) * effects[:, r]
    return effects


def simulate(model: Model, rng: np.random.Generator) -> Study:
    s, j = model.seeds, model.retrains
    scale = np.ones(UNITS)
    if model.unequal_units:
        scale = np.exp(rng.standard_normal(UNITS))
        scale /= scale.mean()
    network_sd = math.sqrt(model.noise**2 - UNIT_SD**2 * (scale**2).sum() / UNITS**2)
    spread = np.exp(rng.normal(0, 0.5, (s, 1, 1)) - 0.25) if model.uneven_seeds else np.ones((s, 1, 1))
    own = SEED_SD * correlated(rng, "normal", (s,))
    if model.floors_by_seed:
        own = np.broadcast_to(rng.uniform(-0.5 * math.sqrt(3), 0.5 * math.sqrt(3), (s, 1)), (s, METRICS))
    of_unit = UNIT_SD * rng.standard_normal(UNITS)
    of_unit -= (scale * of_unit).mean()

    def networks(count: int, excess: np.ndarray | float = 0.0, coefficient: float = 0.0) -> np.ndarray:
        """Drift of ``count`` networks a seed, (seed, count, metric, unit)."""
        e = carry(correlated(rng, model.law, (s, count)), coefficient) * network_sd * spread
        i = UNIT_SD * draw(rng, model.law, (s, count, METRICS, UNITS))
        level = (1 + excess + e)[..., None] + of_unit + i
        return model.floor * (1 + own)[:, None, :, None] * scale * level

    excess = np.zeros((ROUNDS, METRICS))
    excess[model.start - 1 :, : model.moved] = model.excess
    ticket = networks(ROUNDS, excess, model.carried)
    if model.control_a_round:
        control = np.stack([networks(ROUNDS, coefficient=model.carried) for _ in range(j)], axis=2)
    else:
        control = np.broadcast_to(networks(j)[:, None], (s, ROUNDS, j, METRICS, UNITS))
    drift, floor = ticket.mean(-1), control.mean(-1)
    metrics = tuple(
        Drifted("simulated", f"metric {m}", "", "", True, drift[:, :, m], floor[..., m].copy(), model.ceiling)
        for m in range(METRICS)
    )
    return Study((ticket[:, -1] - control[:, -1].mean(1)).swapaxes(0, 1), metrics)


def verdicts(model: Model, studies: int, seed: int) -> Iterator[tuple[Study, np.ndarray]]:
    """Studies and their verdicts as an array of shape (metric, round)."""
    for stream in np.random.default_rng(seed).spawn(studies):
        study = simulate(model, stream)
        rows = decide(range(1, ROUNDS + 1), study.metrics, SETTINGS)
        table: list[list[Verdict]] = [list(rows[m * ROUNDS : (m + 1) * ROUNDS]) for m in range(METRICS)]
        yield study, np.array(table, dtype=object)


@dataclass(frozen=True)
class Outcome:
    """Shares over studies (and metrics, and rounds).

    Attributes:
        alarms: studies with a primary metric changed at any round.
        alarm: metrics changed at any round.
        found_any: studies with a moved metric found at the sparsest round.
        found: moved metrics found at the sparsest round.
        found_rounds: moved metrics and rounds found.
        early: metrics called changed at any round where they have not, among those that have such rounds.
        preserved: moved metrics and rounds preserved.
        ever_preserved: moved metrics preserved at any moved round.
        any_preserved: studies with any moved metric preserved at any moved round.
        headline: studies with every metric preserved at any moved round.
        covered: intervals that hold the truth.
    """

    studies: int
    alarms: int
    alarm: float
    found_any: float
    found: float
    found_rounds: float
    early: float
    preserved: float
    ever_preserved: float
    any_preserved: float
    headline: float
    covered: float


def measure(model: Model, studies: int, seed: int) -> Outcome:
    word = {"changed": 1, "preserved": 2, "undecided": 0}
    words = np.zeros((studies, METRICS, ROUNDS), dtype=int)
    covered = np.zeros((studies, METRICS, ROUNDS), dtype=bool)
    moved = np.zeros((METRICS, ROUNDS), dtype=bool)
    moved[: model.moved, model.start - 1 :] = True
    truth = np.where(moved, model.excess, 0.0)
    for n, (_, table) in enumerate(verdicts(model, studies, seed)):
        words[n] = [[word[v.verdict] for v in row] for row in table]
        covered[n] = [
            [v.ci_low <= true <= v.ci_high for v, true in zip(row, trues, strict=True)]
            for row, trues in zip(table, truth, strict=True)
        ]
    changed, preserved = words == 1, words == 2
    last, here = changed[:, : model.moved, -1], changed[:, moved]
    false = changed & ~moved
    there = preserved[:, : model.moved, model.start - 1 :]
    return Outcome(
        studies=studies,
        alarms=int(changed.any((1, 2)).sum()),
        alarm=float(changed.any(2).mean()),
        found_any=float(last.any(1).mean()),
        found=float(last.mean()),
        found_rounds=float(here.mean()),
        early=float(false[:, ~moved.all(1)].any(2).mean()) if not moved.all() else math.nan,
        preserved=float(there.mean()),
        ever_preserved=float(there.any(2).mean()),
        any_preserved=float(there.any((1, 2)).mean()),
        headline=float(there.all(1).any(1).mean()),
        covered=float(covered.mean()),
    )


def bootstrapped(model: Model, studies: int, seed: int, draws: int = 400) -> dict[str, tuple[float, float]]:
    """False alarms at the sparsest round of two procedures that were rejected, and of this one.

    Each takes the share of ``draws`` resampled means of ticket less control that are not above 0 as its p value.

    Returns:
        For each procedure the share of metrics with p ≤ 0.05, and of studies with such a metric.
    """
    small: dict[str, list[np.ndarray]] = {"units alone": [], "seeds, then units": [], "windowed t": []}
    for n, (study, table) in enumerate(verdicts(model, studies, seed)):
        rng = np.random.default_rng([seed, n])
        s = model.seeds
        shares = rng.multinomial(UNITS, np.full(UNITS, 1 / UNITS), draws) / UNITS
        means = study.units.mean(1) @ shares.T  # (metric, draw)
        small["units alone"].append((means <= 0).mean(1) <= SETTINGS.level)
        chosen = rng.integers(s, size=(draws, s))
        shares = rng.multinomial(UNITS, np.full(UNITS, 1 / UNITS), (draws, s)) / UNITS
        means = np.einsum("mdsu,dsu->md", study.units[:, chosen], shares) / s
        small["seeds, then units"].append((means <= 0).mean(1) <= SETTINGS.level)
        small["windowed t"].append(np.array([row[-1].p_changed for row in table]) <= SETTINGS.level)
    return {name: (float(np.mean(hits)), float(np.any(hits, axis=1).mean())) for name, hits in small.items()}


def percent(share: float) -> str:
    return f"{100 * share:6.1f}"


def false_alarms(studies: int, seed: int) -> int:
    """Prints the null studies; returns the largest count of false alarms at the four stated designs."""
    print(f"\nFalse 'changed', {studies} null studies a row (any primary metric at any round), and interval coverage")
    print(f"{'':34}{'S':>3}{'J':>3}{'noise':>7}{'studies':>9}{'%':>7}{'metrics %':>11}{'coverage %':>12}")
    worst = 0
    rows: list[tuple[str, Model]] = []
    for s, j in (QUICK, CLAIM):
        rows += [("as the model says", Model(s, j, noise)) for noise in (LOW, HIGH)]
    stresses: dict[str, dict[str, Any]] = {
        "heavy tails": {"law": "t3"},
        "skewed": {"law": "skewed"},
        "uneven seeds": {"uneven_seeds": True},
        "carried over": {"carried": 0.7},
        "floors by seed": {"floors_by_seed": True},
        "unequal units": {"unequal_units": True},
        "control a round, carried over": {"control_a_round": True, "carried": 0.7},
    }
    for name, stress in stresses.items():
        rows += [(name, replace(Model(s, j, HIGH), **stress)) for s, j in (QUICK, CLAIM)]
    for n, (name, model) in enumerate(rows):
        out = measure(model, studies, seed + n)
        if n < 4:
            worst = max(worst, out.alarms)
        print(
            f"{name:34}{model.seeds:3}{model.retrains:3}{model.noise:7.2f}{out.alarms:9}"
            f"{percent(out.alarms / studies):>7}{percent(out.alarm):>11}{percent(out.covered):>12}",
            flush=True,
        )
    return worst


def power(studies: int, seed: int) -> tuple[float, float]:
    """Prints planted changes; returns the shares of the target's studies, and of their metrics, that are found."""
    print(f"\nPower at +0.5 floor, {studies} studies a row, in %")
    print("(study: a moved metric found at the sparsest round; metric: each moved metric; rounds: each of its rounds;")
    print("false: metrics called changed at any round where they have not)")
    print(f"{'':34}{'S':>3}{'J':>3}{'noise':>7}{'study':>9}{'metric':>8}{'rounds':>8}{'false':>9}")
    target: tuple[float, float] | None = None
    plans: dict[str, dict[str, Any]] = {
        "6 metrics, all rounds": {"moved": 6},
        "6 metrics, from round 8 on": {"moved": 6, "start": 8},
        "3 metrics, from round 8 on": {"moved": 3, "start": 8},
        "1 metric, all rounds": {"moved": 1},
    }
    for name, plan in plans.items():
        for s, j, noise in (
            (*QUICK, LOW),
            (*QUICK, HIGH),
            (*CLAIM, LOW),
            (*CLAIM, TARGET),
            (*CLAIM, HIGH),
            (8, 2, TARGET),
        ):
            out = measure(replace(Model(s, j, noise, excess=0.5), **plan), studies, seed)
            if noise == TARGET and target is None:
                target = out.found_any, out.found
            print(
                f"{name:34}{s:3}{j:3}{noise:7.2f}{percent(out.found_any):>9}{percent(out.found):>8}"
                f"{percent(out.found_rounds):>8}{percent(out.early):>9}",
                flush=True,
            )
    assert target is not None
    return target


def preserving(studies: int, seed: int) -> None:
    print(f"\n'Preserved', {studies} studies a row, in %")
    print("(cells: metrics and rounds; metric: each at any round; study: any metric at any round; headline: all six at")
    print("one round; of planted changes the metrics and rounds that have it)")
    print(f"{'':34}{'S':>3}{'J':>3}{'noise':>7}{'cells':>9}{'metric':>8}{'study':>8}{'headline':>10}{'coverage':>10}")
    plans = {
        "no change": Model(),
        "at the margin, all rounds": Model(excess=0.5),
        "at the margin, from round 8 on": Model(excess=0.5, start=8),
        "at the margin, heavy tails": Model(excess=0.5, law="t3"),
        "at the margin, floors by seed": Model(excess=0.5, floors_by_seed=True),
        "a change of half the margin": Model(excess=0.25),
        "floor 0.7, ceiling 1, margin 0.15": Model(floor=0.7, ceiling=1.0, excess=0.15 / 0.7),
        "the same, floors by seed": Model(floor=0.7, ceiling=1.0, excess=0.15 / 0.7, floors_by_seed=True),
        "floor 0.03, 0.02 above it": Model(floor=0.03, excess=0.02 / 0.03),
    }
    for name, plan in plans.items():
        for s, j, noise in ((*QUICK, LOW), (*QUICK, HIGH), (*CLAIM, LOW), (*CLAIM, HIGH)):
            out = measure(replace(plan, seeds=s, retrains=j, noise=noise), studies, seed)
            print(
                f"{name:34}{s:3}{j:3}{noise:7.2f}{percent(out.preserved):>9}{percent(out.ever_preserved):>8}"
                f"{percent(out.any_preserved):>8}{percent(out.headline):>10}{percent(out.covered):>10}",
                flush=True,
            )


def rejected(studies: int, seed: int) -> None:
    print(
        f"\nOther procedures on {studies} null studies, sparsest round alone, no correction for the number of metrics,"
    )
    print("nominal 5 % a metric: false alarms in %")
    print(f"{'':34}{'S':>3}{'J':>3}{'noise':>7}{'metrics':>9}{'studies':>9}")
    for s, j, noise in ((*QUICK, LOW), (*QUICK, HIGH), (*CLAIM, LOW), (*CLAIM, HIGH)):
        for name, (metrics, any_metric) in bootstrapped(Model(s, j, noise), studies, seed).items():
            print(f"{name:34}{s:3}{j:3}{noise:7.2f}{percent(metrics):>9}{percent(any_metric):>9}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of the verdict on simulated studies.")
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.process_time()
    studies = max(options.studies, 1)
    worst = false_alarms(studies, 1000 * options.seed)
    in_study, in_metric = power(max(studies * 2 // 5, 1), 1000 * options.seed + 100)
    preserving(max(studies * 2 // 5, 1), 1000 * options.seed + 200)
    rejected(max(studies * 2 // 5, 1), 1000 * options.seed + 300)
    print(f"\nMost false alarms without stress: {worst} of {studies} (at most {35 * studies / 500:g})")
    print(
        f"Power at +0.5 floor, 5 seeds, 2 controls, noise {TARGET}, all six metrics: found in {100 * in_study:.1f} % "
        f"of studies (at least 95) and {100 * in_metric:.1f} % of metrics"
    )
    print(f"{time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
