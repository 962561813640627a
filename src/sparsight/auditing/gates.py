"""What must hold before anything is said of a model's evidence."""

from collections.abc import Iterator

import numpy as np

from sparsight.auditing.look import EXPLAINED, Look
from sparsight.auditing.settings import AuditSettings
from sparsight.data import ConceptDataset
from sparsight.verdict import CONCEPTS, MAPS, Gate, dead_maps, few_images, primary_names, random_labels


def gates(original: Look, other: Look, settings: AuditSettings, data: ConceptDataset) -> Iterator[Gate]:
    """Images enough, maps that are alive, concepts that are told better than shuffled labels.

    Whether maps depend on what was learned is not looked at: that needs networks whose layers are randomised.
    """
    limits = settings.verdict
    yield few_images(
        "the test images", len(data.splits["test"]), limits.least_images, primary_names(bool(data.concept_names))
    )
    both = (original, other)
    shares = {one.name: float(one.maps.dead[:, EXPLAINED].double().mean()) for one in both if one.maps is not None}
    if shares:
        yield dead_maps(settings.saliency.method, shares, limits.most_dead, MAPS)
    learned = [one.concepts for one in both if one.concepts is not None]
    if learned:
        told = np.concatenate([one.held_out.auroc.numpy() for one in learned])
        shuffled = np.concatenate([one.controls.shuffled_auroc.numpy() for one in learned])
        yield random_labels(settings.concepts.method, told, shuffled, CONCEPTS)
