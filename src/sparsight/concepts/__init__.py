"""Concepts in an embedding, and g, which classifies by them.

References:
    Yuksekgonul, Wang and Zou. Post-hoc Concept Bottleneck Models. ICLR 2023.
    Kim et al. Interpretability Beyond Feature Attribution: Quantitative Testing with Concept Activation Vectors.
    ICML 2018.
"""

from sparsight.concepts.bank import (
    ConceptBank,
    HeldOut,
    concept_scores,
    concept_values,
    constant_concepts,
    held_out,
    learn_bank,
    vectors_only,
)
from sparsight.concepts.pcbm import PCBM, fit_pcbm, objective, predict, resolved, shown_weights, top_concepts
from sparsight.concepts.probe import probe_logits
from sparsight.concepts.random_bank import random_bank, shuffled_labels
from sparsight.concepts.settings import ConceptSettings, Method, ValueKind

__all__ = [
    "PCBM",
    "ConceptBank",
    "ConceptSettings",
    "HeldOut",
    "Method",
    "ValueKind",
    "concept_scores",
    "concept_values",
    "constant_concepts",
    "fit_pcbm",
    "held_out",
    "learn_bank",
    "objective",
    "predict",
    "probe_logits",
    "random_bank",
    "resolved",
    "shown_weights",
    "shuffled_labels",
    "top_concepts",
    "vectors_only",
]
