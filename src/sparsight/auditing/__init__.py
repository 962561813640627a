"""The parts of an audit: models and images taken in, looked at, compared, judged."""

from sparsight.auditing.gates import gates
from sparsight.auditing.judge import Row, headline, level_rows, similarity, similarity_rows
from sparsight.auditing.look import Look, look
from sparsight.auditing.material import material
from sparsight.auditing.measure import compared, comparing, drifts, levels
from sparsight.auditing.place import check_place, write_folder
from sparsight.auditing.settings import AuditSettings
from sparsight.auditing.subject import Subject, check_order, subject_of
from sparsight.auditing.tables import accuracy_rows, class_rows, concept_rows, image_rows, map_moves, pictures

__all__ = [
    "AuditSettings",
    "Look",
    "Row",
    "Subject",
    "accuracy_rows",
    "check_order",
    "check_place",
    "class_rows",
    "compared",
    "comparing",
    "concept_rows",
    "drifts",
    "gates",
    "headline",
    "image_rows",
    "level_rows",
    "levels",
    "look",
    "map_moves",
    "material",
    "pictures",
    "similarity",
    "similarity_rows",
    "subject_of",
    "write_folder",
]
