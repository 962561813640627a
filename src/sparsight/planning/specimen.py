"""A few images that stand for a data set, and what is known of all of it: what a calibration is made on."""

import pickle
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset
from sparsight.draws import generator
from sparsight.evidence import concepts_in_use, merged

MOST_BYTES = 32 << 20
"""What the images of a calibration's training may take, where one batch is not more already."""
MOST_STEPS = 16
_DIGITS = 16


@dataclass(frozen=True)
class Specimen:
    """What a calibrating process is sent: plain bytes, so that no file and no shared memory is made for it.

    Attributes:
        settings: the study's.
        pictures: a small data set of real images, pickled (``unpacked``).
        facts: labels, concepts and splits of all, with images that take no memory, pickled.
    """

    settings: StudySettings
    pictures: bytes
    facts: bytes


def specimen(data: ConceptDataset, settings: StudySettings, readable: Tensor) -> Specimen:
    """Take a specimen.

    Args:
        data: the data set, or a glimpse of it.
        settings: the study's.
        readable: places of images whose pixels are there, at least one.
    """
    return Specimen(settings, pickle.dumps(_pictures(data, settings, readable)), pickle.dumps(_facts(data)))


def unpacked(packed: bytes) -> ConceptDataset:
    """The data set in a specimen. Only what this program has pickled is ever given here."""
    found = pickle.loads(packed)
    assert isinstance(found, ConceptDataset)
    return found


def _pictures(data: ConceptDataset, settings: StudySettings, readable: Tensor) -> ConceptDataset:
    """Whole batches to train on, and one to look at for each other split, of as many different images as there are.

    Concepts are those in use, under labels that tell all of them apart: two images have none and every one, the next
    ones have concept c by the digits of c. So each takes its part, also where the few images would not tell it.
    """
    batch, looked = settings.training.batch_size, settings.evidence.batch_size
    a_batch = batch * sum(part[0].nbytes for part in (data.images, data.whole_images) if part is not None)
    steps = max(1, min(MOST_STEPS, MOST_BYTES // max(1, a_batch)))
    wanted = {"train": steps * batch, "validation": looked, "test": looked}
    sizes = {name: min(len(data.splits[name]), count) for name, count in wanted.items()}
    n = sum(sizes.values())
    chosen = readable[torch.linspace(0, len(readable) - 1, n).round().long()]
    chosen = chosen[torch.randperm(n, generator=generator("plan", "specimen"))]
    in_use = concepts_in_use(data)
    # Where concepts come as examples, nothing is known of the images.
    concepts = merged(data.concepts[chosen], in_use).clamp(min=0)
    concepts[:2] = torch.tensor([[0], [1]], dtype=torch.int8)
    for digit, row in enumerate(concepts[2 : 2 + _DIGITS]):
        row.copy_((torch.arange(len(in_use)) >> digit) % 2)
    return replace(
        data,
        images=data.images[chosen],
        labels=data.labels[chosen],
        concepts=concepts,
        concept_names=tuple(one.name for one in in_use),
        concept_groups=tuple(one.groups[0] for one in in_use),
        splits=dict(zip(sizes, torch.arange(n).split(list(sizes.values())), strict=True)),
        object_masks=None if data.object_masks is None else data.object_masks[chosen],
        part_masks=None if data.part_masks is None else data.part_masks[chosen],
        whole_images=None if data.whole_images is None else data.whole_images[chosen],
        whole_sizes=None if data.whole_sizes is None else data.whole_sizes[chosen],
        example_images=None,
        example_concepts=None,
        example_held_out=None,
        notes=(),
    )


def _facts(data: ConceptDataset) -> ConceptDataset:
    blank = torch.zeros(1, 1, 1, 1, dtype=torch.uint8)
    return replace(
        data,
        images=blank.expand(len(data), 3, 1, 1),
        example_images=None if data.example_images is None else blank.expand(len(data.example_images), 3, 1, 1),
        object_masks=None,
        part_masks=None,
        whole_images=None,
        whole_sizes=None,
        notes=(),
    )
