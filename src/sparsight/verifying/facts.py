"""Whether the manifest says of settings, seeds, images and notices what the run's files say."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sparsight.beforehand import few_test_images, idle_arms
from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.evidence import check_shown
from sparsight.making import check_concepts
from sparsight.models import is_own, weights_notices
from sparsight.pruning import UNPRUNED
from sparsight.runs import MANIFEST, OTHER_VERSIONS, STUDY, WEIGHTS
from sparsight.seals import seal_of
from sparsight.verifying.check import Check


def check_facts(folder: Path, manifest: Mapping[str, Any], settings: StudySettings, data: ConceptDataset) -> Check:
    """What the manifest says besides the hashes of files.

    Raises:
        InputError: if the data have too few concepts for the settings.
    """
    looked = "settings, seeds, numbers of images, notices; not its versions, machine and times"
    return Check("facts", f"{MANIFEST}: {looked}", tuple(_faults(folder, manifest, settings, data)))


def _faults(folder: Path, manifest: Mapping[str, Any], settings: StudySettings, data: ConceptDataset) -> Iterator[str]:
    if manifest.get("settings") != seal_of(folder / STUDY):
        yield f"{STUDY}: not the settings that the manifest names"
    if manifest.get("seeds") != list(settings.study.seeds):
        yield f"{MANIFEST}: its seeds are not those of the settings"
    if manifest["images"] != {split: len(indices) for split, indices in data.splits.items()}:
        yield f"{MANIFEST}: its numbers of images are not those of the data"
    # Whether too few images and idle rounds are announced depends on the program's age, not on the run.
    idle = idle_arms(settings.study.arms, settings.training, settings.pruning.rounds)
    free = {OTHER_VERSIONS, *few_test_images(data, settings.verdict.least_images), *idle}
    said = [line for line in manifest["notices"] if line not in free and not _of_network(line, settings)]
    if said != _notices(folder, settings, data):
        yield f"{MANIFEST}: its notices are not what data and settings give"


def _notices(folder: Path, settings: StudySettings, data: ConceptDataset) -> list[str]:
    """What the study noted."""
    model = settings.model
    kept = folder / WEIGHTS if model.starts_from_file and not is_own(model.name) else None
    return [
        *data.notes,
        *weights_notices(model, len(data.class_names), kept),
        *check_concepts(settings, data),
        *check_shown(data, settings.evidence.shown),
    ]


def _of_network(line: str, settings: StudySettings) -> bool:
    """Whether a notice is about what is not pruned, or the weights of a network of the user's own, which cannot be
    known without its code."""
    model = settings.model
    if line.startswith(UNPRUNED):
        return True
    named = () if model.weights is None else (f"{model.weights.name} ", f"{model.weights.name}: ")
    return is_own(model.name) and line.startswith(named)
