"""Masks: which weights are kept, how many, and what the kept ones start from."""

from sparsight.pruning.mask import Mask, full_mask, kept, largest, masked, prunable
from sparsight.pruning.rewind import is_bias, is_norm_statistic, rewind
from sparsight.pruning.schedule import count_at, prune_by_layer, prune_globally
from sparsight.pruning.scores import magnitude
from sparsight.pruning.settings import PruningSettings

__all__ = [
    "Mask",
    "PruningSettings",
    "count_at",
    "full_mask",
    "is_bias",
    "is_norm_statistic",
    "kept",
    "largest",
    "magnitude",
    "masked",
    "prunable",
    "prune_by_layer",
    "prune_globally",
    "rewind",
]
