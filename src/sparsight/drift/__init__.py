"""How far two networks' evidence is apart; drift is 1 - similarity, raw values by class, image or concept.

Undefined is NaN, never 0. Similarities, which compare with a truth, are in ``truth`` and say so.
"""

from sparsight.drift.answers import STRATA, flips, strata
from sparsight.drift.concepts import by_group, listed, reordered, shared, top_k_jaccard, top_k_overlap
from sparsight.drift.pixels import map_iou, map_spearman, on_one_grid
from sparsight.drift.rankings import rank_biased_overlap, weight_spearman
from sparsight.drift.representation import effective_dimensions, linear_cka, linear_cka_left_out
from sparsight.drift.truth import FEWEST_VISIBLE, effect_drift, energy_against_truth, weights_against_truth
from sparsight.drift.values import value_agreement

__all__ = [
    "FEWEST_VISIBLE",
    "STRATA",
    "by_group",
    "effect_drift",
    "effective_dimensions",
    "energy_against_truth",
    "flips",
    "linear_cka",
    "linear_cka_left_out",
    "listed",
    "map_iou",
    "map_spearman",
    "on_one_grid",
    "rank_biased_overlap",
    "reordered",
    "shared",
    "strata",
    "top_k_jaccard",
    "top_k_overlap",
    "value_agreement",
    "weight_spearman",
    "weights_against_truth",
]
