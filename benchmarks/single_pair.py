"""How often the verdict of a single pair of networks is wrong, and how often it finds what is there.

    python benchmarks/single_pair.py floor [--draws 20000] [--seed 0]

*floor*: against J networks trained again. Their drifts, and that of the network that is judged, are draws of one law
(normal, gamma or log-normal) around 0.3, 0.7 or 0.03, with a deviation of ``noise`` times that; the judged one lies
exactly at the margin, and scatters as the others do, or by the square root of how much further it is, or by as much.
The verdicts are those of ``decide_pair``, which audits use.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.special import stdtr

from sparsight.verdict import Bounded, Compared, VerdictSettings, decide_pair

SETTINGS = VerdictSettings()
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
    parser.add_argument("part", choices=("floor",))
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for line in floor(arguments.draws, arguments.seed):
        print(line, flush=True)


def floor(draws: int, seed: int) -> Iterator[str]:
    """False *preserved* at the margin and power of it, by metric; then false *changed* of six at once."""
    yield f"% of {draws} draws; at the margin, scatter as the floor's / sqrt / in proportion; nothing moved"
    yield "| margin | law, noise | J | false *preserved* | the same, floor's own scatter | *preserved*, nothing moved |"
    cases = {
        "1.5 floors of 0.3": (0.3, math.inf),
        "0.85, floor 0.7, ceiling 1": (0.7, 1.0),
        "0.05, floor 0.03": (0.03, 1.0),
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
