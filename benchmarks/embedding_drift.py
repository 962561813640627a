"""Linear CKA by its usual and its debiased estimate, and how often a jackknife's 90 % interval misses the truth.

Y = aX + bZ, where X and Z are independent embeddings of one covariance and a² + b² = 1, so that the drift over all
images that there could be is 1 - a². Besides normal ones of a falling and of a flat spectrum, embeddings that say
nothing but one of so many classes, the worst case for a number of dimensions: the fewest pairs of images have anything
in common.

    python benchmarks/embedding_drift.py
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from sparsight.drift import effective_dimensions, linear_cka, linear_cka_left_out
from sparsight.verdict import jackknifed

STUDIES = {30: 400, 100: 400, 200: 120, 500: 100}
"""Pairs of networks by number of images."""
Draw = Callable[[int, torch.Generator], Tensor]


def normal(width: int, flat: bool) -> Draw:
    """Normal embeddings of one spectrum."""
    spread = (torch.ones(width) if flat else 1 / torch.arange(1, width + 1)).sqrt()
    return lambda n, draws: torch.randn(n, width, generator=draws) * spread


def classes(count: int) -> Draw:
    """A 1 in the column of a class at random."""
    return lambda n, draws: torch.eye(count)[torch.randint(count, (n,), generator=draws)]


def usual(x: Tensor, y: Tensor) -> float:
    """The drift by the estimate that counts each image's alignment with itself."""
    x, y = (side.double() - side.double().mean(0) for side in (x, y))
    gram, other = x @ x.T, y @ y.T
    return float(1 - (gram * other).sum() / (gram.norm() * other.norm()))


def row(name: str, draw: Draw, n: int, true: float, studies: int) -> str:
    """A line of the table."""
    draws, found = torch.Generator().manual_seed(n), []
    for _ in range(studies):
        x, z = draw(n, draws), draw(n, draws)
        y = math.sqrt(1 - true) * x + math.sqrt(true) * z
        one = jackknifed(linear_cka(x, y), linear_cka_left_out(x, y).numpy(), 2.0)
        low, high = one.interval(0.05)
        found.append((usual(x, y), one.value, low > true, high < true, effective_dimensions(x), bool(one.untested)))
    biased, value, below, above, filled, without = np.array(found).T
    pairs = n * (n - 1) / 2 / np.median(filled)
    return (
        f"{name:18s} {n:4d} images, {np.median(filled):5.0f} dimensions, {pairs:7.1f} pairs each, true {true:.2f}: "
        f"usual {biased.mean():.3f}, debiased {np.nanmean(value):.3f} (deviation {np.nanstd(value):.3f}), truth "
        f"above {100 * above.mean():.1f} %, below {100 * below.mean():.1f} %, none {100 * without.mean():.1f} %"
    )


def main() -> None:
    """Print the tables."""
    for width in (64, 512, 2048):
        for flat in (False, True):
            for n, studies in STUDIES.items():
                for true in (0.5, 0.1, 0.02) if n < 200 else (0.1,):
                    name = f"{width}, {'flat' if flat else '1/i'}"
                    print(row(name, normal(width, flat), n, true, studies), flush=True)
    for n, counts in ((30, (10, 20, 45, 90, 200)), (100, (50, 100, 250, 500, 1000, 2000))):
        for count in counts:
            for true in (0.5, 0.1):
                print(row(f"{count} classes", classes(count), n, true, 300), flush=True)


if __name__ == "__main__":
    main()
