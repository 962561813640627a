"""How many images of a class train, validate and test."""

import math

from sparsight.data.dataset import SPLITS
from sparsight.data.folder_settings import FolderSettings


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
