"""Evidence: everything measured on one network, and its files."""

from sparsight.evidence.collect import TARGETS, Evidence, Maps, Seen, collect, usable_concepts
from sparsight.evidence.settings import EvidenceSettings
from sparsight.evidence.store import dense_prediction, has_evidence, read_evidence, read_metrics, write_evidence

__all__ = [
    "TARGETS",
    "Evidence",
    "EvidenceSettings",
    "Maps",
    "Seen",
    "collect",
    "dense_prediction",
    "has_evidence",
    "read_evidence",
    "read_metrics",
    "usable_concepts",
    "write_evidence",
]
