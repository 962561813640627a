"""How often the verdict of a single pair of networks is wrong, and how often it finds what is there.

    python benchmarks/single_pair.py floor [--draws 20000] [--seed 0]
    sparsight study benchmarks/pair_bank.yaml --out runs/pair-bank
    python benchmarks/single_pair.py units --bank runs/pair-bank [--draws 2000] [--only BOUND ...]

*floor*: against J networks trained again. Their drifts, and that of the network that is judged, are draws of one law
(normal, gamma or log-normal) around 0.3, 0.7 or 0.03, with a deviation of ``noise`` times that; the judged one lies
exactly at the margin, and scatters as the others do, or by the square root of how much further it is, or by as much.
The verdicts are those of ``decide_pair``, which audits use.

*units*: means over units at exactly the limit, and a limit of 1.5 times the mean, or of the mean by 1.5: how often each
bound of ``mean_bounds`` says "below" and "above". Units are drawn from laws, and from the drifts of a bank: of 4,000
images' maps and 45 concepts' values, between a network and one that was trained again.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mean_bounds import BOUNDS
from safetensors.torch import load_file
from scipy.special import stdtr

from sparsight.drift import map_iou, map_spearman, value_agreement
from sparsight.evidence import TARGETS
from sparsight.verdict import Bounded, Compared, VerdictSettings, decide_pair

SETTINGS = VerdictSettings()
UNITS = (12, 30, 100, 200, 2000)
Draw = Callable[..., np.ndarray]
JS, NOISES, GROWTHS = (3, 8, 19), (0.1, 0.17, 0.34), (0.0, 0.5, 1.0)
LAWS: dict[str, Callable[[np.random.Generator, float, float, Any], np.ndarray]] = {
    "normal": lambda rng, mean, sd, size: mean + sd * rng.standard_normal(size),
    "gamma": lambda rng, mean, sd, size: rng.gamma((mean / sd) ** 2, sd**2 / mean, size),
    "log-normal": lambda rng, mean, sd, size: (
        mean * np.exp(math.sqrt(_log(mean, sd)) * rng.standard_normal(size) - _log(mean, sd) / 2)
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("floor", "units"))
    parser.add_argument("--draws", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--only", nargs="+", choices=BOUNDS, default=list(BOUNDS))
    asked = parser.parse_args()
    if asked.part == "floor":
        lines = floor(asked.draws or 20_000, asked.seed)
    else:
        lines = units(asked.draws or 2000, asked.seed, asked.bank, asked.only)
    for line in lines:
        print(line, flush=True)


def floor(draws: int, seed: int) -> Iterator[str]:
    """False *preserved* at the margin and power of it, by metric; then false *changed* of six at once."""
    yield f"% of {draws} draws; at the margin, scatter as the floor's / sqrt / in proportion; nothing moved"
    yield "| margin | law, noise | J | false *preserved* | the same, floor's own scatter | *preserved*, nothing moved |"
    cases = {
        "1.5 floors of 0.3": (0.3, math.inf),
        "0.85, floor 0.7, ceiling 1": (0.7, 1.0),
        "0.05, floor 0.03": (0.03, 1.0),
        "0.022, floor 0.002": (0.002, math.inf),
    }
    for name, (mean, ceiling) in cases.items():
        limit = mean + min(max(SETTINGS.margin * mean, SETTINGS.least_margin), (ceiling - mean) / 2)
        for law, noise in [*(("normal", noise) for noise in NOISES), ("gamma", 0.34), ("log-normal", 0.34)]:
            for J in JS:
                rng = np.random.default_rng([seed, J, int(1000 * mean), int(100 * noise)])
                again = LAWS[law](rng, mean, noise * mean, (draws, J))
                own = [LAWS[law](rng, limit, noise * mean * (limit / mean) ** g, draws) for g in GROWTHS]
                still = LAWS[law](rng, mean, noise * mean, draws)
                now = [100 * _preserved(one, again, ceiling) for one in [*own, still]]
                before = [100 * float(np.mean(_own_scatter(one, again, ceiling) <= 0.05)) for one in [*own, still]]
                cells = (" / ".join(f"{x:.1f}" for x in part) for part in (now[:3], before[:3], (now[3], before[3])))
                yield f"| {name} | {law}, {noise} | {J} | {' | '.join(cells)} |"
    yield "| law, noise | J | six metrics, correlated 0 / 0.5 / 0.9: any *changed* | each by itself |"
    for law, noise in (("normal", 0.34), ("log-normal", 0.1), ("log-normal", 0.34)):
        for J in JS:
            found = [_any_changed(law, noise, J, rho, draws // 10, seed) for rho in (0.0, 0.5, 0.9)]
            yield (
                f"| {law}, {noise} | {J} | "
                + " | ".join(" / ".join(f"{100 * x[i]:.1f}" for x in found) for i in (0, 1))
                + " |"
            )


def units(draws: int, seed: int, bank: Path | None, only: list[str]) -> Iterator[str]:
    """For each law and number of units: false "below" and "above" at the mean, and true ones, by bound."""
    yield f"% of {draws}: below, above at the mean; below 1.5 times the mean, above the mean by 1.5"
    yield "| units | n | " + " | ".join(only) + " |"
    laws: dict[str, tuple[Draw, float]] = {
        "beta(0.3, 2.7), to 2": (lambda rng, size: rng.beta(0.3, 2.7, size), 2.0),
        "log-normal, cut at 2": (lambda rng, size: np.minimum(rng.lognormal(-3.1, 1.2, size), 2.0), 2.0),
        "lists of three": (lambda rng, size: rng.choice([0, 0.5, 0.8, 1.0], size, p=[0.845, 0.1, 0.025, 0.03]), 1.0),
        "90 % zeros": (lambda rng, size: (rng.random(size) < 0.1) * rng.uniform(0.2, 1, size), 1.0),
        "zeros and ones": (lambda rng, size: (rng.random(size) < 0.1) * 1.0, 1.0),
        "small, 3 % ones": (lambda rng, size: np.where(rng.random(size) < 0.03, 1.0, rng.uniform(0, 0.1, size)), 2.0),
    }
    for name, values, most in _real(bank) if bank else ():
        laws[name] = ((lambda rng, size, values=values: rng.choice(values, size)), most)
    for name, (law, most) in laws.items():
        mean = float(law(np.random.default_rng(1), 4_000_000).mean())
        for n in UNITS:
            rng = np.random.default_rng([seed, n])
            x, cells = law(rng, (draws, n)), []
            for bound in only:
                if bound == "bootstrap" and n > 200:
                    cells.append("-")
                    continue
                below = (BOUNDS[bound](x, limit, 0.0, most, rng) for limit in (mean, 1.5 * mean))
                above = (BOUNDS[bound](-x, -limit, -most, 0.0, rng) for limit in (mean, mean / 1.5))
                rates = [100 * float(np.mean(p <= 0.05)) for pair in zip(below, above, strict=True) for p in pair]
                cells.append("{:.1f}, {:.1f}; {:.0f}, {:.0f}".format(*rates))
            yield f"| {name} | {n} | {' | '.join(cells)} |"


def _real(run: Path) -> Iterator[tuple[str, np.ndarray, float]]:
    """Drifts between the bank's dense network and the one that was trained again, and the most they can be."""
    one, two = (load_file(next(run.glob(f"{role}/**/evidence.safetensors"))) for role in ("dense", "retrain"))
    maps = [side["saliency/maps"][:, TARGETS.index("dense")] for side in (one, two)]
    values = [side["embedding/test"].double() @ side["bank/Q"].double().T for side in (one, two)]
    drifts = {
        "map Spearman": map_spearman(maps[0], maps[1]),
        "map IoU": map_iou(maps[0], maps[1]),
        "concepts": value_agreement(values[0], values[1]),
    }
    for name, drift in drifts.items():
        found = drift.double().numpy()
        yield name, found[~np.isnan(found)], 1.0 if name == "map IoU" else 2.0


def _preserved(drift: np.ndarray, again: np.ndarray, ceiling: float) -> float:
    rows = (
        decide_pair([_known(E, F, "map_spearman", ceiling)], SETTINGS, None)[0].p_preserved
        for E, F in zip(drift.tolist(), again.tolist(), strict=True)
    )
    return float(np.mean([p <= SETTINGS.level for p in rows]))


def _own_scatter(drift: np.ndarray, again: np.ndarray, ceiling: float) -> np.ndarray:
    """p of *preserved* if the judged network were taken to scatter as those of the floor do."""
    J, F, s = again.shape[1], again.mean(1), again.std(1, ddof=1)

    def p(factor: float, shift: float) -> np.ndarray:
        return np.asarray(stdtr(J - 1, (drift - factor * F - shift) / (s * math.sqrt(1 + factor**2 / J))))

    least = np.minimum(SETTINGS.margin * F, (ceiling - F) / 2) < SETTINGS.least_margin
    half = p(0.5, ceiling / 2) if math.isfinite(ceiling) else np.zeros_like(F)
    return np.where(least, p(1.0, SETTINGS.least_margin), np.maximum(p(1 + SETTINGS.margin, 0.0), half))


def _any_changed(law: str, noise: float, J: int, rho: float, pairs: int, seed: int) -> tuple[float, float]:
    """How often any of six metrics is *changed* where none has moved; and how often one of them by itself."""
    rng = np.random.default_rng([seed, J, int(100 * rho), int(100 * noise)])
    shared, own = rng.standard_normal((pairs, J + 1, 1)), rng.standard_normal((pairs, J + 1, 6))
    z = math.sqrt(rho) * shared + math.sqrt(1 - rho) * own
    s2 = _log(1.0, noise)
    values = 0.3 * (np.exp(math.sqrt(s2) * z - s2 / 2) if law == "log-normal" else 1 + noise * z)
    any_, each = 0, 0
    for one in values:
        rows = decide_pair([_known(one[0, m], tuple(one[1:, m]), f"m{m}", math.inf) for m in range(6)], SETTINGS, None)
        any_ += any(row.verdict == "changed" for row in rows)
        each += sum(row.p_changed <= SETTINGS.level for row in rows)
    return any_ / pairs, each / 6 / pairs


def _known(drift: float, again: Any, metric: str, ceiling: float) -> Compared:
    """A metric whose mean over units is known, as tests against a floor take it."""
    return Compared(
        "f", metric, "", "", True, "image", Bounded(float(drift), (float(drift),), 0.0, 2.0), tuple(again), ceiling
    )


def _log(mean: float, sd: float) -> float:
    return math.log1p((sd / mean) ** 2)


if __name__ == "__main__":
    main()
