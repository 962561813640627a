"""Which images of HAM10000 are read, and which of them train, validate and test."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Int64
from torch import Tensor

from sparsight.draws import generator


def by_lesion(
    lesions: Sequence[str], diagnoses: Sequence[str], validation: float, test: float, seed: int
) -> dict[str, Int64[Tensor, " _"]]:
    """All images of a lesion on one side, each diagnosis by the shares as nearly as whole lesions allow.

    Of a diagnosis with three lesions or more, one at least stands on each side; with fewer, all train.

    Args:
        lesions: of each image.
        diagnoses: of each image; a lesion counts by its first image.
        validation, test: shares of a diagnosis's images.
        seed: draws which lesions.
    """
    sides: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for dx, groups in _strata(lesions, diagnoses).items():
        order = _shuffled(sorted(groups), "lesion", dx, seed)
        n = sum(map(len, groups.values()))
        for side, share, leave in (("test", test, 2), ("validation", validation, 1)):
            taken = 0
            while len(order) > leave and taken < max(1, round(share * n)) and len(groups) > 2:
                images = groups[order.pop(0)]
                sides[side] += images
                taken += len(images)
        sides["train"] += [i for lesion in order for i in groups[lesion]]
    return {side: torch.tensor(sorted(chosen), dtype=torch.int64) for side, chosen in sides.items()}


def by_image(images: Sequence[str], diagnoses: Sequence[str], seed: int) -> dict[str, Int64[Tensor, " _"]]:
    """Of each diagnosis a tenth of the images validates and a tenth tests, whichever lesions they show.

    The paper's released code trains on four fifths of the images, and both validates and tests on the last fifth; here
    that is halved, because no image may stand on two sides. Which images stand where is not known of it.

    Args:
        images: ids.
        diagnoses: of each.
        seed: draws which.
    """
    return by_lesion(images, diagnoses, 0.1, 0.1, seed)


def subset(lesions: Sequence[str], diagnoses: Sequence[str], most: int, seed: int) -> list[int]:
    """The positions of at most ``most`` images: whole lesions, of each diagnosis its share rounded down."""
    kept: list[int] = []
    for dx, groups in _strata(lesions, diagnoses).items():
        left = most * sum(map(len, groups.values())) // len(lesions)
        for lesion in _shuffled(sorted(groups), "subset", dx, seed):
            if len(groups[lesion]) <= left:
                kept += groups[lesion]
                left -= len(groups[lesion])
    return sorted(kept)


def leakage(lesions: Sequence[str], sides: Mapping[str, Int64[Tensor, " _"]]) -> tuple[int, int]:
    """How many lesions stand on more than one side, and how many test images show a lesion that trains as well."""
    shown = {side: {lesions[i] for i in chosen.tolist()} for side, chosen in sides.items()}
    several = sum(sum(lesion in shown[side] for side in sides) > 1 for lesion in set().union(*shown.values()))
    return several, sum(lesions[i] in shown["train"] for i in sides["test"].tolist())


def _strata(lesions: Sequence[str], diagnoses: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """The images of each lesion, by the diagnosis of its first image."""
    first: dict[str, str] = {}
    strata: dict[str, dict[str, list[int]]] = {}
    for i, (lesion, dx) in enumerate(zip(lesions, diagnoses, strict=True)):
        strata.setdefault(first.setdefault(lesion, dx), {}).setdefault(lesion, []).append(i)
    return dict(sorted(strata.items()))


def _shuffled(names: Sequence[str], *key: str | int) -> list[str]:
    order = torch.randperm(len(names), generator=generator("split", "ham10000", *key))
    return [names[i] for i in order.tolist()]
