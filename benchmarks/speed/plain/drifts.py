"""How far one network's evidence is from another's."""

from typing import Any

import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.speed.plain.material import Bench, Seen

SHARE = 0.2


def drifts(bench: Bench, dense: Seen, own: Seen) -> list[tuple[str, str, float]]:
    """How far a network's evidence is from the dense network's: means over images, concepts or classes."""
    found = []
    for target in own.maps:
        first, second = (side.maps[target].reshape(len(side.predicted), -1) for side in (dense, own))
        found.append(
            ("map_spearman", target, _mean(1 - _correlated(rankdata(first, axis=1), rankdata(second, axis=1))))
        )
        tops = [side >= np.quantile(side, 1 - SHARE, axis=1, keepdims=True) for side in (first, second)]
        overlap = (tops[0] & tops[1]).sum(1) / (tops[0] | tops[1]).sum(1)
        found.append(("map_iou_20", target, _mean(1 - overlap)))
    found.append(("value_agreement", "", _mean(1 - _correlated(dense.values.T, own.values.T))))
    pairs = list(zip(dense.rows, own.rows, strict=True))
    found.append(("weight_spearman", "", _mean([1 - spearmanr(a, b).statistic for a, b in pairs])))
    k = bench.settings.concepts.top_k
    shared = [len(set(np.argsort(-a)[:k]) & set(np.argsort(-b)[:k])) / k for a, b in pairs]
    found.append(("top_k_overlap", "", 1 - _mean(shared)))
    first, second = (side.embedding.astype(float) - side.embedding.mean(0, dtype=float) for side in (dense, own))
    aligned = [_hsic(a, b) for a, b in ((first, second), (first, first), (second, second))]
    found.append(("linear_cka", "", 1 - float(aligned[0] / np.sqrt(aligned[1] * aligned[2]))))
    found.append(("flips", "", float((dense.predicted != own.predicted).mean())))
    return found


def _hsic(first: np.ndarray, second: np.ndarray) -> float:
    """n (n - 3) times the unbiased estimate (Song et al. 2012) of centred embeddings."""
    n, norms = len(first), [np.square(side).sum(1) for side in (first, second)]
    sums = norms[0].sum() * norms[1].sum() / ((n - 1) * (n - 2))
    return float(np.square(first.T @ second).sum() - n / (n - 2) * (norms[0] @ norms[1]) + sums)


def _correlated(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each row; NaN where one is constant."""
    first, second = (side - side.mean(1, keepdims=True) for side in (first, second))
    with np.errstate(invalid="ignore"):
        return (first * second).sum(1) / np.sqrt((first**2).sum(1) * (second**2).sum(1))


def _mean(values: Any) -> float:
    return float(np.nanmean(values))
