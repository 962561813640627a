"""Evidence: everything measured on one network, and its files."""

from sparsight.evidence.collect import TARGETS, Evidence, Maps, Seen, collect, usable_concepts
from sparsight.evidence.dead import dead_layers
from sparsight.evidence.interventions import Effects, dependence, effects
from sparsight.evidence.settings import EvidenceSettings
from sparsight.evidence.store import (
    EVIDENCE,
    METRICS,
    MODELS,
    dense_prediction,
    evidence_flaws,
    evidence_origin,
    has_evidence,
    read_evidence,
    read_metrics,
    scores,
    write_evidence,
)

__all__ = [
    "EVIDENCE",
    "METRICS",
    "MODELS",
    "TARGETS",
    "Effects",
    "Evidence",
    "EvidenceSettings",
    "Maps",
    "Seen",
    "collect",
    "dead_layers",
    "dense_prediction",
    "dependence",
    "effects",
    "evidence_flaws",
    "evidence_origin",
    "has_evidence",
    "read_evidence",
    "read_metrics",
    "scores",
    "usable_concepts",
    "write_evidence",
]
