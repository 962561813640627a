"""From what a calibration found to what each network and the whole study take."""

import torch
from torch import Tensor

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.planning.calibrate import Parts
from sparsight.planning.clocks import Clocks
from sparsight.planning.forecast import Disk, Memory, Pace
from sparsight.planning.tables import Sample, Tables

_DENSE_ONLY = ("refit/", "gates/cascade")
_BY_SPLIT = ("train", "validation", "test")


def paces(
    parts: Parts, made: Tables, images: Clocks, data: ConceptDataset, settings: StudySettings
) -> tuple[Pace, Pace]:
    """The pace by the wall's clock, and by the processors'.

    Args:
        parts: what the calibration found.
        made: what tables and report take.
        images: to have the data set and the run's copy of it.
        data: the data set.
        settings: the study's.
    """
    n = {split: len(places) for split, places in data.splits.items()}
    examples = 0 if data.example_images is None else len(data.example_images)
    first_batch = min(settings.evidence.batch_size, n["test"])  # is passed again for layers that have died
    passes = n["train"] + n["validation"] + examples + first_batch + parts.changed
    look = parts.image * passes + parts.map * n["test"] + parts.fits
    whole = look + parts.fits_dense
    score = parts.image * n["validation"]
    wall, processor = (
        Pace(*(getattr(part, clock) for part in
               (images, parts.start, parts.step, score, look, whole, made.tables, made.report)))
        for clock in ("wall", "processor")
    )  # fmt: skip
    return wall, processor


def memory_of(parts: Parts, made: Tables, own: int | None, data: int, in_process: bool) -> Memory | None:
    """Memory of the study's processes; None where the system does not tell.

    Args:
        parts: what the calibration found.
        made: what tables and report take.
        own: of a process that has imported what a study does and no more.
        data: bytes of a data set that is held in memory rather than mapped.
        in_process: whether trainings run in the study's own process.
    """
    if own is None or parts.worker is None:
        return None
    main = own + data
    worker = max(0, parts.worker - own) if in_process else parts.worker
    return Memory(main, worker, main + made.memory + (worker if in_process else 0))


def disk_of(parts: Parts, made: Tables, data: int, facts: ConceptDataset, settings: StudySettings) -> Disk:
    """Bytes of a run's files.

    Args:
        parts: what the calibration found.
        made: what tables and report take.
        data: the run's copy of the images, and of initial weights.
        facts: the data set.
        settings: the study's.
    """
    dense = sum(_bytes(name, own, facts) for name, own in parts.arrays.items())
    only = sum(_bytes(name, own, facts) for name, own in parts.arrays.items() if name.startswith(_DENSE_ONLY))
    if "gates/cascade" in parts.arrays:  # of so many images as the settings say, not of those that were collected
        found = parts.arrays["gates/cascade"]
        wanted = min(settings.evidence.sanity, len(facts.splits["test"]))
        only += (more := found.nbytes // found.shape[2] * wanted - found.nbytes)
        dense += more
    scenes = parts.changed * len(facts.class_names) * 4  # about as many logits as pictures
    return Disk(data, parts.state, parts.mask, dense - only + scenes, dense + scenes, made.disk)


def sample_of(parts: Parts, facts: ConceptDataset) -> Sample:
    """Evidence of as many images as the data set has, made of that of the few, over and over."""
    arrays = {name: _as_many(name, own, facts) for name, own in parts.arrays.items()}
    images = len(facts.splits["test"])
    saliency = parts.metrics["saliency"]
    return Sample(arrays, arrays, {**parts.metrics, "saliency": {**saliency, "images": images}})


def _split(name: str) -> str | None:
    """The split whose images an array has a row each of; None where it has none."""
    if name.startswith("saliency/") and name != "saliency/beside":
        return "test"
    last = name.rpartition("/")[2]
    return last if last in _BY_SPLIT else None


def _as_many(name: str, own: Tensor, facts: ConceptDataset) -> Tensor:
    split = _split(name)
    return own if split is None else own[torch.arange(len(facts.splits[split])) % len(own)]


def _bytes(name: str, own: Tensor, facts: ConceptDataset) -> int:
    split = _split(name)
    return own.nbytes if split is None else own.nbytes // len(own) * len(facts.splits[split])
