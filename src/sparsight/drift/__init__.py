"""How far two networks' evidence is apart; drift is 1 - similarity, raw values by class."""

from sparsight.drift.concepts import shared, top_k_jaccard, top_k_overlap

__all__ = ["shared", "top_k_jaccard", "top_k_overlap"]
