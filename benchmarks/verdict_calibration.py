"""How often the verdict is wrong, and how often it finds what is there, on simulated studies.

    python benchmarks/verdict_calibration.py [--studies 2000] [--seed 0]

Most tables are of studies of `verdict_stresses`, thousands at once. The table of rejected procedures, which resample
units, is of studies with units, S seeds, J controls a seed, rounds 1 to 14 and the six primary metrics. There the drift
of network n of seed s from its dense network, in metric m at unit u (an image or class), is

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
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr
from verdict_stresses import (
    LEVEL,
    MARGIN,
    STRESSES,
    UNLIKE,
    Design,
    Model,
    changed,
    changed_together,
    drifted,
    simulate,
    spreads,
    tests,
    walked,
)

from sparsight.verdict import Arm, Drifted, Verdict, VerdictSettings, decide, decide_arms

FAMILIES = np.array([0, 0, 0, 1, 1, 2])
METRICS, ROUNDS, UNITS = len(FAMILIES), 14, 100
UNIT_SD, SEED_SD = 0.5, 0.2
LOW, TARGET, HIGH = 0.17, 0.25, 0.34
QUICK, CLAIM = (3, 1), (5, 2)
SETTINGS = VerdictSettings()


@dataclass(frozen=True)
class UnitModel:
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


def simulate_units(model: UnitModel, rng: np.random.Generator) -> Study:
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


def verdicts(model: UnitModel, studies: int, seed: int) -> Iterator[tuple[Study, np.ndarray]]:
    """Studies and their verdicts as an array of shape (metric, round)."""
    for stream in np.random.default_rng(seed).spawn(studies):
        study = simulate_units(model, stream)
        rows = decide(range(1, ROUNDS + 1), study.metrics, SETTINGS)
        table: list[list[Verdict]] = [list(rows[m * ROUNDS : (m + 1) * ROUNDS]) for m in range(METRICS)]
        yield study, np.array(table, dtype=object)


def bootstrapped(model: UnitModel, studies: int, seed: int, draws: int = 400) -> dict[str, tuple[float, float]]:
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


SIZES = ((3, 1), (3, 2), (5, 1), (5, 2), (8, 2))
FEW = ((3, 1), (5, 2))


def cells(rounds: tuple[int, ...]) -> Iterator[tuple[str, Design]]:
    for r in rounds:
        for s, j in SIZES if r in (5, 14) else FEW:
            for name in STRESSES:
                yield name, Design(s, j, r)


def stressed(studies: int, seed: int, rounds: tuple[int, ...]) -> float:
    """Prints null studies and studies at the margin; returns the largest rate of false *changed*."""
    print(
        f"\n{studies} studies a row, in %. False: a null study says of some metric at some round that it has changed."
    )
    print(
        "Power: of studies whose drifts are all 1.5 times as large, so many say that of the sparsest round. Preserved:"
    )
    print(
        "metrics and rounds of null studies; at the margin: of drifts 1.5 times as large, metrics at any round. Cover:"
    )
    print("90 % intervals that hold the truth, null and at the margin")
    print(
        f"{'':34}{'S':>3}{'J':>3}{'R':>4}{'false':>8}{'power':>8}{'preserved':>11}{'at margin':>11}{'cover':>8}{'':>8}"
    )
    worst: dict[str, float] = {}
    for n, (name, design) in enumerate(cells(rounds)):
        rng = np.random.default_rng([seed, n])
        (E,), controls = simulate(rng, STRESSES[name], design, studies)
        null, more = tests(E, controls), tests(1.5 * E, controls)
        false = float(changed(null.changed).any((1, 2)).mean())
        worst[name] = max(worst.get(name, 0.0), false)
        at_margin = float(walked(more.preserved, LEVEL).any(-1).mean())
        cover = [float(((one.low <= at) & (one.high >= at)).mean()) for one, at in ((null, 0.0), (more, MARGIN))]
        print(
            f"{name:34}{design.seeds:3}{design.retrains:3}{design.rounds:4}{percent(false):>8}"
            f"{percent(float(changed(more.changed)[..., -1].any(1).mean())):>8}"
            f"{percent(float(walked(null.preserved, LEVEL).mean())):>11}{percent(at_margin):>11}"
            f"{percent(cover[0]):>8}{percent(cover[1]):>8}",
            flush=True,
        )
    for name, rate in worst.items():
        print(f"worst of {name}: {percent(rate)}")
    return max(worst.values())


def of_arms(studies: int, seed: int) -> None:
    print(f"\nFalse 'changed' of some arm, {studies} null studies a row, 5 rounds, in %: each arm alone, and together")
    print(f"{'':4}{'S':>3}{'J':>3}{'arms':>6}{'alone':>8}{'together':>10}{'one moved: found alone, together':>42}")
    for s, j in FEW:
        rng = np.random.default_rng([seed, s])
        E, controls = simulate(rng, Model(), Design(s, j, 5), studies, arms=17)
        p = [tests(one, controls).changed for one in E]
        moved = tests(1.5 * E[0], controls).changed
        for arms in (1, 2, 4, 9, 17):
            alone = np.any([changed(one).any((1, 2)) for one in p[:arms]], axis=0).mean()
            both = np.any([one.any((1, 2)) for one in changed_together(p[:arms])], axis=0).mean()
            found = changed(moved).any((1, 2)).mean(), changed_together([moved, *p[1:arms]])[0].any((1, 2)).mean()
            print(
                f"{'':4}{s:3}{j:3}{arms:6}{percent(float(alone)):>8}{percent(float(both)):>10}"
                f"{percent(float(found[0])):>30}{percent(float(found[1])):>10}",
                flush=True,
            )


def of_metrics(studies: int, seed: int) -> None:
    print(f"\nMetrics of unlike noise, {studies} null studies, 5 rounds, in %: any is said to have changed; cover: the")
    print("last metric's intervals at the last round that hold the truth; at the margin: it is preserved at any round")
    print(f"{'noise':40}{'S':>3}{'J':>3}{'false':>8}{'cover':>8}{'at margin':>11}")
    for n, (name, model) in enumerate(UNLIKE.items()):
        for s, j in (*FEW, (8, 2)):
            (E,), controls = simulate(np.random.default_rng([seed, n]), model, Design(s, j, 5), studies)
            null, more = tests(E, controls), tests(1.5 * E, controls)
            cover = (null.low[:, -1, -1] <= 0) & (null.high[:, -1, -1] >= 0)
            print(
                f"{name:40}{s:3}{j:3}{percent(float(changed(null.changed).any((1, 2)).mean())):>8}"
                f"{percent(float(cover.mean())):>8}"
                f"{percent(float(walked(more.preserved, LEVEL)[:, -1].any(-1).mean())):>11}",
                flush=True,
            )


def winning(studies: int, seed: int) -> None:
    print(
        f"\n{studies} studies a row whose every round loses exactly the margin of 0.02, in %: a round is said to win,"
    )
    print("or lose, by its own interval and by the walk; then: nothing is lost, and all rounds are said to win")
    print(f"{'':4}{'S':>3}{'J':>3}{'R':>4}{'sd':>6}{'corr':>6}{'own':>8}{'win':>8}{'lose':>8}{'all win':>9}")
    for s, j in FEW:
        for r in (5, 14):
            for sd in (0.01, 0.02):
                for carried in (0.0, 0.7):
                    rng = np.random.default_rng([seed, s, r, round(1000 * sd), round(10 * carried)])
                    e = rng.standard_normal((studies, s, r))
                    for i in range(1, r):
                        e[..., i] = carried * e[..., i - 1] + math.sqrt(1 - carried**2) * e[..., i]
                    others = sd * rng.standard_normal((studies, s, 1 + j)).mean(-1, keepdims=True)
                    x = sd * e - others
                    found = [spreads(x, i, False) for i in range(r)]
                    mean, error, df = (np.stack([one[k] for one in found], -1) for k in range(3))
                    wins, loses = stdtr(df, -mean / error), stdtr(df, mean / error)  # 0.02 lost, against -0.02
                    even = stdtr(df, -(mean + 0.02) / error)
                    rates = [
                        (wins <= LEVEL).any(-1).mean(),
                        walked(wins, LEVEL).any(-1).mean(),
                        walked(loses[..., ::-1], LEVEL).any(-1).mean(),
                        walked(even, LEVEL).all(-1).mean(),
                    ]
                    print(
                        f"{'':4}{s:3}{j:3}{r:4}{sd:6.2f}{carried:6.1f}"
                        + "".join(percent(float(x)).rjust(8) for x in rates),
                        flush=True,
                    )


def agrees(seed: int, studies: int = 2) -> None:
    """Raises where the arrays of `verdict_stresses` and the code that studies use differ in a word or a number."""
    relative = VerdictSettings(least_margin=0)
    checked = 0
    for n, (name, design) in enumerate(cells((1, 2, 5, 14))):
        E, controls = simulate(np.random.default_rng([seed, n, 1]), STRESSES[name], design, studies, arms=3)
        E[1] = 1.5 * E[1]
        mine = [tests(one, controls) for one in E]
        together = changed_together([one.changed for one in mine])
        rounds = range(1, design.rounds + 1)
        for k in range(studies):
            arms = [Arm(rounds, drifted(one[k], controls[k])) for one in E]
            for a, found in enumerate(decide_arms(arms, relative)):
                rows = np.array(found.verdicts, dtype=object).reshape(METRICS, -1)
                for field, values in (
                    ("p_changed", mine[a].changed),
                    ("p_preserved", mine[a].preserved),
                    ("ci_low", mine[a].low),
                    ("ci_high", mine[a].high),
                ):
                    np.testing.assert_allclose(
                        [[getattr(v, field) for v in row] for row in rows], values[k], rtol=1e-7, atol=1e-12
                    )
                words = np.where(changed(mine[a].changed)[k], "changed", "undecided")
                words = np.where(walked(mine[a].preserved, LEVEL)[k], "preserved", words)
                np.testing.assert_array_equal([[v.verdict for v in row] for row in rows], words)
                held = {(str(m), int(r)) for m, r in zip(*np.nonzero(together[a][k]), strict=True)}
                assert {(key[1], number - 1) for key, number in found.together.changed} == held
                checked += rows.size
    print(f"\nThe arrays agree with decide_arms in {checked} words and their numbers")


def rejected(studies: int, seed: int) -> None:
    print(
        f"\nOther procedures on {studies} null studies, sparsest round alone, no correction for the number of metrics,"
    )
    print("nominal 5 % a metric: false alarms in %")
    print(f"{'':34}{'S':>3}{'J':>3}{'noise':>7}{'metrics':>9}{'studies':>9}")
    for s, j, noise in ((*QUICK, LOW), (*QUICK, HIGH), (*CLAIM, LOW), (*CLAIM, HIGH)):
        for name, (metrics, any_metric) in bootstrapped(UnitModel(s, j, noise), studies, seed).items():
            print(f"{name:34}{s:3}{j:3}{noise:7.2f}{percent(metrics):>9}{percent(any_metric):>9}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of the verdict on simulated studies.")
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, nargs="+", default=[1, 2, 3, 5, 14])
    options = parser.parse_args()
    start = time.process_time()
    studies = max(options.studies, 1)
    agrees(options.seed)
    of_arms(studies, options.seed + 1)
    winning(studies, options.seed + 2)
    of_metrics(studies, options.seed + 4)
    worst = stressed(studies, options.seed + 3, tuple(options.rounds))
    rejected(max(studies // 10, 1), 1000 * options.seed + 300)
    print(
        f"\nMost false 'changed': {100 * worst:.1f} % (5 % within the binomial error of {studies} studies is at most "
        f"{100 * (0.05 + 2.05 * math.sqrt(0.05 * 0.95 / studies)):.1f} %)"
    )
    print(f"{time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
