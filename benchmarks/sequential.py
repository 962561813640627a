"""Calibration of planned looks on simulated studies that grow by seeds.

    python benchmarks/sequential.py [--studies 2000]

A study has at most ten seeds, five rounds of tickets, and six metrics that are correlated 0.6 within a family and 0.3
between. Drifts are ``0.2 * size * (1 + seed + noise * own)``: the seed's part is shared by tickets and controls, and
``own`` is a network's. *Walk*: tickets and controls are sequences whose rounds are sums of what came before, and the
spread grows with the floor. Tests, selection, walks and levels are those of the product (``sparsight.verdict``).

Each row is one way of looking: one look at the whole level, looks as ``--until-decided`` plans them, and the same looks
at the whole level each, which is what nobody should do. A study stops at the first look where a metric has changed, or
all six are preserved in every round. *False changed*: nothing has moved, and a metric is called changed at any round of
any look. *False preserved*: every metric has moved by the margin, and one is called preserved at any round of any look;
by metric. *Changed*: all have moved by half a floor unit. *Preserved*: nothing has moved. *Seeds*: the mean number when
a study stops.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np

from sparsight.verdict import Drifted, VerdictSettings, look_levels, planned_looks
from sparsight.verdict.drifts import compare_drifts
from sparsight.verdict.walk import select, walk, walk_back

MOST, ROUNDS, METRICS = 10, 5, 6
FAMILIES = np.array([0, 0, 0, 1, 1, 2])
SETTINGS = VerdictSettings()
LAW = np.linalg.cholesky(np.where(np.eye(6, dtype=bool), 1.0, np.where(FAMILIES[:, None] == FAMILIES, 0.6, 0.3)))
"""Of the metrics' correlations."""


@dataclass(frozen=True)
class Model:
    """How studies are drawn.

    Attributes:
        retrains: controls a seed.
        noise: deviation of a network's drift, in floor units.
        walk: whether tickets and controls are sequences, whose spread grows as the floor does.
    """

    retrains: int
    noise: float
    walk: bool = False


def effects(rng: np.random.Generator, studies: int, count: int) -> np.ndarray:
    """(studies, metrics, seeds, count), of unit variance."""
    return np.moveaxis(rng.standard_normal((studies, MOST, count, METRICS)) @ LAW.T, -1, 1)


def simulate(model: Model, excess: float, studies: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Drifts of tickets and of controls, (studies, metrics, seeds, rounds)."""
    numbers = np.arange(1, ROUNDS + 1)
    size = np.sqrt(numbers / ROUNDS) if model.walk else np.ones(ROUNDS)

    def networks() -> np.ndarray:
        drawn = effects(rng, studies, ROUNDS)
        return drawn.cumsum(-1) / np.sqrt(numbers) if model.walk else drawn

    def control() -> np.ndarray:
        return networks() if model.walk else np.repeat(effects(rng, studies, 1), ROUNDS, axis=-1)

    seed = 1 + 0.2 * effects(rng, studies, 1)
    floor = np.mean([control() for _ in range(model.retrains)], axis=0)
    return 0.2 * size * (seed + excess + model.noise * networks()), 0.2 * size * (seed + model.noise * floor)


def p_values(model: Model, drift: np.ndarray, floor: np.ndarray, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each study's first seeds: p of changed and of preserved, (studies, metrics, rounds)."""
    changed, preserved = np.full((2, len(drift), METRICS, ROUNDS), np.nan)
    for n, (own, controls) in enumerate(zip(drift[:, :, :seeds], floor[:, :, :seeds, :, None], strict=True)):
        metrics = [
            Drifted("simulated", f"metric {m}", "", "", True, own[m], np.repeat(controls[m], model.retrains, axis=2))
            for m in range(METRICS)
        ]
        tests = compare_drifts(metrics, SETTINGS, range(METRICS))
        changed[n] = [one.p_changed for one in tests]
        preserved[n] = [one.p_preserved for one in tests]
    return changed, preserved


def claims(changed: np.ndarray, preserved: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether any metric has changed at any round, (studies,); whether each is preserved at any, (studies, metrics);
    and whether all are in all, (studies,)."""
    valid = np.ones(ROUNDS, dtype=bool)
    moved = np.zeros(len(changed), dtype=bool)
    for n, p in enumerate(changed):
        chosen = select(p[:, -1], level)
        share = level * chosen.sum() / METRICS
        moved[n] = any(walk_back(own, valid, share).any() for own in p[chosen])
    kept = np.array([[walk(own, level) for own in p] for p in preserved])
    return moved, kept.any(2), kept.all((1, 2))


@dataclass(frozen=True)
class Outcome:
    """What became of studies that were looked at in one way, in shares; ``seeds`` is a mean, when they stopped."""

    moved: float
    ever_moved: float
    ever_kept: float
    kept: float
    seeds: float


def outcome(tables: dict[int, tuple[np.ndarray, np.ndarray]], looks: tuple[int, ...], levels: list[float]) -> Outcome:
    found = [claims(*tables[look], level) for look, level in zip(looks, levels, strict=True)]
    moved, each, kept = (np.array(part) for part in zip(*found, strict=True))
    stops = moved | kept
    stops[-1] = True
    at, studies = stops.argmax(0), np.arange(stops.shape[1])
    return Outcome(
        moved=moved[at, studies].mean(),
        ever_moved=moved.any(0).mean(),
        ever_kept=each.any(0).mean(),
        kept=kept[at, studies].mean(),
        seeds=np.array(looks)[at].mean(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of planned looks on simulated studies.")
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.process_time()
    looks = planned_looks(3, MOST)
    ways: dict[str, tuple[tuple[int, ...], list[float]]] = {
        f"{seeds} seeds": ((seeds,), [SETTINGS.level]) for seeds in looks if seeds != 7
    }
    ways["planned looks"] = (looks, list(look_levels(looks, SETTINGS.level)))
    ways["the same, 5 % each"] = (looks, [SETTINGS.level] * len(looks))
    print(f"{options.studies} studies a row, in %; looks at {looks}")
    print(f"{'':26}{'':20}{'false':>10}{'false':>12}{'changed,':>10}{'seeds':>7}{'preserved,':>12}{'seeds':>7}")
    print(f"{'studies':26}{'looks':20}{'changed':>10}{'preserved':>12}{'+0.5':>10}{'':>7}{'no change':>12}{'':>7}")
    models = {"noise 0.17": Model(1, 0.17), "noise 0.34": Model(1, 0.34), "walk, noise 0.25": Model(1, 0.25, walk=True)}
    rng = np.random.default_rng(options.seed)
    for name, model in {f"J = {j}, {name}": m for j in (1, 2) for name, m in models.items()}.items():
        own = Model(int(name[4]), model.noise, model.walk)
        drawn = {excess: simulate(own, excess, options.studies, rng) for excess in (0.0, SETTINGS.margin)}
        tables = {excess: {n: p_values(own, *pair, n) for n in looks} for excess, pair in drawn.items()}
        for words, (numbers, levels) in ways.items():
            same, moved = (outcome(tables[excess], numbers, levels) for excess in (0.0, SETTINGS.margin))
            print(
                f"{name:26}{words:20}{100 * same.ever_moved:10.1f}{100 * moved.ever_kept:12.1f}"
                f"{100 * moved.moved:10.1f}{moved.seeds:7.1f}{100 * same.kept:12.1f}{same.seeds:7.1f}",
                flush=True,
            )
    print(f"{time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
