"""The parts of an audit: models and images taken in, looked at, compared, judged."""

from sparsight.auditing.again import in_python
from sparsight.auditing.arguments import check_arguments
from sparsight.auditing.asked import Images, asked, path_text, roles
from sparsight.auditing.doubts import Doubts, doubts
from sparsight.auditing.floor import check_accuracy, check_answers, check_drifts, check_weights
from sparsight.auditing.gates import floor_gates, gates
from sparsight.auditing.judge import Row, headline, level_rows, similarity, similarity_rows
from sparsight.auditing.labels import Labels, Names, labelled, read_labels
from sparsight.auditing.listening import AuditListener, Silent
from sparsight.auditing.look import Look, look, looking_at
from sparsight.auditing.material import material
from sparsight.auditing.measure import (
    Grid,
    ceilings,
    compared,
    comparing,
    drifts,
    grid_of,
    levels,
)
from sparsight.auditing.normalising import in_words, normalised, own_notes
from sparsight.auditing.order import check_order, remedy_for
from sparsight.auditing.place import check_place, write_folder
from sparsight.auditing.settings import AuditSettings, FloorSettings
from sparsight.auditing.sharing import sharing_notes
from sparsight.auditing.subject import Subject, subject_of
from sparsight.auditing.tables import accuracy_rows, class_rows, concept_rows, image_rows, inputs, map_moves, pictures
from sparsight.auditing.taking import Model, check_names, looked_at, named, of_libraries, usual_side

__all__ = [
    "AuditListener",
    "AuditSettings",
    "Doubts",
    "FloorSettings",
    "Grid",
    "Images",
    "Labels",
    "Look",
    "Model",
    "Names",
    "Row",
    "Silent",
    "Subject",
    "accuracy_rows",
    "asked",
    "ceilings",
    "check_accuracy",
    "check_answers",
    "check_arguments",
    "check_drifts",
    "check_names",
    "check_order",
    "check_place",
    "check_weights",
    "class_rows",
    "compared",
    "comparing",
    "concept_rows",
    "doubts",
    "drifts",
    "floor_gates",
    "gates",
    "grid_of",
    "headline",
    "image_rows",
    "in_python",
    "in_words",
    "inputs",
    "labelled",
    "level_rows",
    "levels",
    "look",
    "looked_at",
    "looking_at",
    "map_moves",
    "material",
    "named",
    "normalised",
    "of_libraries",
    "own_notes",
    "path_text",
    "pictures",
    "read_labels",
    "remedy_for",
    "roles",
    "sharing_notes",
    "similarity",
    "similarity_rows",
    "subject_of",
    "usual_side",
    "write_folder",
]
