"""Which images of CUB train, validate and test."""

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from sparsight.draws import generator


def official(
    labels: Int64[Tensor, " n"], trains: Bool[Tensor, " n"], validation: float, seed: int
) -> dict[str, Int64[Tensor, " _"]]:
    """The official split; of each class's training images a share, one at least, validates.

    Args:
        labels: each image's class, by its official number: a class keeps its draws when other classes leave.
        trains: whether the official split trains on it.
        validation: the share, rounded to the nearest whole number.
        seed: draws which.
    """
    sides: dict[str, list[int]] = {"train": [], "validation": [], "test": torch.where(~trains)[0].tolist()}
    for k in labels.unique().tolist():
        mine = _shuffled(torch.where((labels == k) & trains)[0], "official", seed, k)
        held = max(1, round(validation * len(mine))) if len(mine) > 1 else 0
        sides["validation"] += mine[:held]
        sides["train"] += mine[held:]
    return _sorted(sides)


def released(labels: Int64[Tensor, " n"], seed: int) -> dict[str, Int64[Tensor, " _"]]:
    """Of each class a tenth validates and a tenth tests, rounded to the nearest (half to even) whole number.

    On the 11,788 images this gives the sizes of the paper's released code, 9,422, 1,183 and 1,183; which images stand
    on which side is not known of it, and drawn here.

    Args:
        labels: as of ``official``.
        seed: draws which.
    """
    sides: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for k in labels.unique().tolist():
        mine = _shuffled(torch.where(labels == k)[0], "released", seed, k)
        tenth = max(1, round(len(mine) / 10)) if len(mine) > 2 else 0
        sides["validation"] += mine[:tenth]
        sides["test"] += mine[tenth : 2 * tenth]
        sides["train"] += mine[2 * tenth :]
    return _sorted(sides)


def _shuffled(indices: Int64[Tensor, " m"], rule: str, seed: int, label: int) -> list[int]:
    order = torch.randperm(len(indices), generator=generator("split", "cub200", rule, seed, label))
    chosen: list[int] = indices[order].tolist()
    return chosen


def _sorted(sides: dict[str, list[int]]) -> dict[str, Int64[Tensor, " _"]]:
    return {side: torch.tensor(sorted(chosen), dtype=torch.int64) for side, chosen in sides.items()}
