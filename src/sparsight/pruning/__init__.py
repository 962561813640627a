"""Masks: which weights are kept, how many, and what the kept ones start from."""

from sparsight.pruning.in_effect import check_in_effect
from sparsight.pruning.mask import Mask, full_mask, hold_at_zero, kept, largest, masked
from sparsight.pruning.prunable import UNPRUNED, check_prunable, prunable, tied, unpruned, unpruned_notice
from sparsight.pruning.rewind import is_bias, is_norm_statistic, rewind
from sparsight.pruning.schedule import count_at, prune_by_layer, prune_globally
from sparsight.pruning.scores import magnitude
from sparsight.pruning.settings import PruningSettings
from sparsight.pruning.zeros import Zeros, counted_zeros

__all__ = [
    "UNPRUNED",
    "Mask",
    "PruningSettings",
    "Zeros",
    "check_in_effect",
    "check_prunable",
    "count_at",
    "counted_zeros",
    "full_mask",
    "hold_at_zero",
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
    "tied",
    "unpruned",
    "unpruned_notice",
]
