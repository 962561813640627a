"""Drift of 15 rounds from stored evidence, beside scipy image by image, concept by concept and class by class."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from scipy.stats import pearsonr, spearmanr
from torch import Tensor

from benchmarks.speed.bench import Row, compare, same
from sparsight.drift import map_iou, map_spearman, value_agreement, weight_spearman

SHARE = 0.2
Round = tuple[Tensor, Tensor, Tensor]
"""Maps (n, h, w), concept values (n, c) and g's weights (k, c) of a network."""


def rows(repeats: int, quick: bool) -> Iterator[Row]:
    images, rounds, concepts, classes, side = (20, 3, 8, 5, 7) if quick else (1000, 15, 108, 200, 14)
    draw = torch.Generator().manual_seed(0)

    def network(base: Round | None) -> Round:
        shapes = (images, side, side), (images, concepts), (classes, concepts)
        noise = [torch.randn(shape, generator=draw) for shape in shapes]
        return tuple(noise) if base is None else tuple(a + 0.5 * b for a, b in zip(base, noise, strict=True))  # type: ignore[return-value]

    dense = network(None)
    tickets = [network(dense) for _ in range(rounds - 1)]

    def ours() -> list[Tensor]:
        return [found for own in tickets for found in _ours(dense, own)]

    def by_one() -> list[np.ndarray]:
        return [found for own in tickets for found in _one_by_one(dense, own)]

    apart = max(float(np.abs(a.numpy() - b).max()) for a, b in zip(ours(), by_one(), strict=True))
    yield compare(
        f"drift of maps (Spearman, IoU), values and weights: {images} images of {side} x {side}, {rounds} rounds, "
        f"{concepts} concepts, {classes} classes",
        "scipy and numpy, one by one", ours, by_one,
        target=20, faster=True, checked=same("drifts", apart, 1e-6), repeats=repeats, warm=False,
    )  # fmt: skip


def _ours(dense: Round, own: Round) -> list[Tensor]:
    return [
        map_spearman(dense[0], own[0]),
        map_iou(dense[0], own[0], SHARE),
        value_agreement(dense[1], own[1]),
        weight_spearman(dense[2], own[2]),
    ]


def _one_by_one(dense: Round, own: Round) -> list[np.ndarray]:
    first, second = ([part.double().numpy() for part in side] for side in (dense, own))
    positive = [np.maximum(side[0], 0).reshape(len(side[0]), -1) for side in (first, second)]
    overlap = []
    for a, b in zip(*positive, strict=True):
        top = math.ceil(SHARE * len(a))
        tops = [(one >= np.sort(one)[-top]) & (one > 0) for one in (a, b)]
        overlap.append(1 - (tops[0] & tops[1]).sum() / (tops[0] | tops[1]).sum())
    return [
        np.array([1 - spearmanr(a, b).statistic for a, b in zip(*positive, strict=True)]),
        np.array(overlap),
        np.array([1 - pearsonr(a, b).statistic for a, b in zip(first[1].T, second[1].T, strict=True)]),
        np.array([1 - spearmanr(a, b).statistic for a, b in zip(first[2], second[2], strict=True)]),
    ]
