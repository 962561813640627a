"""Evidence: everything measured on one network, and its files."""

from sparsight.evidence.collect import CASCADES, Evidence, NotFiniteError, collect
from sparsight.evidence.dead import dead_layers
from sparsight.evidence.explaining import TARGETS, Maps, explain
from sparsight.evidence.gathered import Told
from sparsight.evidence.in_use import (
    ConceptInUse,
    columns_digest,
    concepts_in_use,
    held_out_labels,
    learned_labels,
    merged,
    named_concepts,
    tested_labels,
    usable_concepts,
)
from sparsight.evidence.interventions import Effects, dependence, effects
from sparsight.evidence.learning import ConceptEvidence, learn_concepts
from sparsight.evidence.metrics import concept_flaw, has_concepts, numbers, scores
from sparsight.evidence.seeing import Seen, embed, see
from sparsight.evidence.settings import EvidenceSettings
from sparsight.evidence.shown import check_shown, maps_beside, shown_images
from sparsight.evidence.store import (
    EVIDENCE,
    METRICS,
    dense_prediction,
    evidence_flaws,
    evidence_origin,
    evidence_tensors,
    has_evidence,
    read_evidence,
    read_metrics,
    write_evidence,
)

__all__ = [
    "CASCADES",
    "EVIDENCE",
    "METRICS",
    "TARGETS",
    "ConceptEvidence",
    "ConceptInUse",
    "Effects",
    "Evidence",
    "EvidenceSettings",
    "Maps",
    "NotFiniteError",
    "Seen",
    "Told",
    "check_shown",
    "collect",
    "columns_digest",
    "concept_flaw",
    "concepts_in_use",
    "dead_layers",
    "dense_prediction",
    "dependence",
    "effects",
    "embed",
    "evidence_flaws",
    "evidence_origin",
    "evidence_tensors",
    "explain",
    "has_concepts",
    "has_evidence",
    "held_out_labels",
    "learn_concepts",
    "learned_labels",
    "maps_beside",
    "merged",
    "named_concepts",
    "numbers",
    "read_evidence",
    "read_metrics",
    "scores",
    "see",
    "shown_images",
    "tested_labels",
    "usable_concepts",
    "write_evidence",
]
