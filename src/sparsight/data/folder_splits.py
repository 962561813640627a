"""Which images of class folders train, validate and test."""

from collections.abc import Collection, Sequence

import torch
from jaxtyping import UInt8
from torch import Tensor

from sparsight.data.dataset import SPLITS
from sparsight.data.folder_groups import split_groups
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.folder_shares import counts_of
from sparsight.data.tree import Tree
from sparsight.draws import generator


def split_images(
    settings: FolderSettings,
    tree: Tree,
    digests: UInt8[Tensor, "n b"],
    unread: Collection[int],
    groups: Sequence[str] | None = None,
) -> tuple[dict[str, Tensor], int]:
    """Return indices by split, and how many copies were left out.

    Given splits keep copies on their own side; across sides the test image stays before the validation image before the
    training image. What cannot be read is no copy, and has its place, too: who mends it or does without it moves no
    other image. Images of one group, where there are groups, stand on one side.

    Args:
        settings: the shares, and the seed that draws the split.
        tree: the images.
        digests: equal for equal images (``Pictures.digests``).
        unread: places of those that cannot be read.
        groups: which images belong together.
    """
    given = bool(tree.entries) and tree.entries[0].split is not None
    rank = {split: k for k, split in enumerate(reversed(SPLITS))}
    order = sorted(range(len(tree.entries)), key=lambda i: (rank.get(tree.entries[i].split or "", 0), i))
    pixels = digests.numpy()
    first: dict[bytes, str | None] = {}
    kept = []
    for i in order:
        key = str(i).encode() if i in unread else pixels[i].tobytes()
        if key not in first or (given and first[key] == tree.entries[i].split):
            first[key] = tree.entries[i].split
            kept.append(i)
    whole = groups is not None and not given
    sides = split_groups(settings, tree, kept, groups or ()) if whole else {split: list[int]() for split in SPLITS}
    for k, name in enumerate(() if whole else tree.class_names):
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


def given_sides(tree: Tree) -> dict[str, Tensor] | None:
    """Return indices by split as the folders decide it; None where they do not."""
    if not tree.entries or tree.entries[0].split is None:
        return None
    return {
        split: torch.tensor([i for i, entry in enumerate(tree.entries) if entry.split == split], dtype=torch.int64)
        for split in SPLITS
    }
