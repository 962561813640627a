"""Which images of class folders train, validate and test."""

import hashlib
import math
from collections.abc import Collection

import torch
from jaxtyping import UInt8
from torch import Tensor

from sparsight.data.dataset import SPLITS
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.tree import Tree
from sparsight.draws import generator


def split_images(
    settings: FolderSettings, tree: Tree, images: UInt8[Tensor, "n 3 s s"], unread: Collection[int]
) -> tuple[dict[str, Tensor], int]:
    """Return indices by split, and how many copies were left out.

    Given splits keep copies on their own side; across sides the test image stays before the validation image before the
    training image. What cannot be read is no copy, and has its place, too: who mends it or does without it moves no
    other image.
    """
    given = bool(tree.entries) and tree.entries[0].split is not None
    rank = {split: k for k, split in enumerate(reversed(SPLITS))}
    order = sorted(range(len(tree.entries)), key=lambda i: (rank.get(tree.entries[i].split or "", 0), i))
    first: dict[bytes, str | None] = {}
    kept = []
    for i in order:
        key = str(i).encode() if i in unread else hashlib.sha256(images[i].numpy().tobytes()).digest()
        if key not in first or (given and first[key] == tree.entries[i].split):
            first[key] = tree.entries[i].split
            kept.append(i)
    sides: dict[str, list[int]] = {split: [] for split in SPLITS}
    for k, name in enumerate(tree.class_names):
        mine = [i for i in kept if tree.entries[i].label == k]
        if given:
            for i in mine:
                sides[tree.entries[i].split or "train"].append(i)
            continue
        shuffled = torch.randperm(len(mine), generator=generator("split", "folder", settings.seed, name)).tolist()
        start = 0
        for split, count in counts_of(len(mine), settings).items():
            sides[split] += [mine[j] for j in shuffled[start : start + count]]
            start += count
    found = {split: torch.tensor(sorted(chosen), dtype=torch.int64) for split, chosen in sides.items()}
    return found, len(order) - len(kept)


def counts_of(n: int, settings: FolderSettings) -> dict[str, int]:
    """Return how many images of a class stand in each split.

    The shares rounded down, one at least where there are three images; with shares that sum to 1, training takes what
    is left.
    """
    shares = {split: getattr(settings, split) for split in SPLITS}
    counts = {split: max(1, math.floor(n * share + 1e-9)) if share else 0 for split, share in shares.items()}
    while sum(counts.values()) > max(n, 0) and any(counts.values()):
        counts[max(SPLITS, key=lambda split: counts[split])] -= 1
    if settings.train + settings.validation + settings.test > 1 - 1e-9:
        counts["train" if settings.train else "test"] += n - sum(counts.values())
    return counts
