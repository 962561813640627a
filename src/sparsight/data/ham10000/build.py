"""HAM10000 as a data set."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

import torch
from torch import Tensor

from sparsight.data.copies import Contradictions, of_two_labels, other_than
from sparsight.data.dataset import ConceptDataset
from sparsight.data.example_pictures import with_examples
from sparsight.data.ham10000 import concepts, splits
from sparsight.data.ham10000.layout import DIAGNOSES, Lesion, read_layout
from sparsight.data.ham10000.settings import HamSettings
from sparsight.data.mask_notes import mask_notes
from sparsight.data.masks import read_masks
from sparsight.data.picture_cache import DecodingListener
from sparsight.data.pictures import read_pictures
from sparsight.data.problems import classes_without_images
from sparsight.data.size import check_size
from sparsight.data.sources import SOURCES, read_source
from sparsight.data.survey import survey, survey_notes
from sparsight.data.unreadable import without_unreadable
from sparsight.errors import InputError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as its pretrained networks expect."""
WHITE = 128
"""Grey from which on a segmentation shows the lesion."""
MOST_BYTES = 24 << 30
"""Of all images and masks; the whole set at 450 pixels, with whole pictures of 512, takes 15 GiB."""
SIDES = ("Benign", "Malignant")
MALIGNANT = ("mel", "bcc")


def read_ham(settings: HamSettings, reader: DecodingListener | None = None) -> tuple[ConceptDataset, tuple[str, ...]]:
    """What of the official files can be read, and a line for each thing that stands in the way of a study.

    The HAM10000 data set (Tschandl, Rosendahl, Kittler 2018). Images, 600 x 450 as released, and masks are cut to the
    centre square, which the released code's resizing of the short side and its centre crop keep as well: an eighth of
    the width is lost on either side. Images stand in the order of their ids.

    Raises:
        InputError: if the files are laid out otherwise, a table says what cannot be, or images and masks would take
            more than ``MOST_BYTES``.
    """
    source = read_source(settings.concepts, settings.concept_path) if settings.concepts in SOURCES else None
    layout = read_layout(settings.path)
    found, notes = _studied(layout.lesions, settings), [*layout.notes]
    if len(found) < len(layout.lesions):
        notes.append(f"{len(found):,} of {len(layout.lesions):,} images were drawn (data.images)")
    masks_there = any(lesion.mask for lesion in found)
    if settings.concepts == "masks" and not masks_there:
        raise InputError(
            f"{layout.root}: holds no segmentations (<image_id>_segmentation.png), of which data.concepts masks makes "
            "concepts; unpack HAM10000_segmentations_lesion_tschandl there, or choose derm7pt, examples or none"
        )
    lesions, diagnoses = [one.lesion_id for one in found], [one.dx for one in found]
    if settings.split == "lesion":
        sides = splits.by_lesion(lesions, diagnoses, settings.validation, settings.test, settings.seed)
    else:
        sides = splits.by_image([one.image_id for one in found], diagnoses, settings.seed)
        notes.append(_leak(lesions, sides))
    masked = settings.masks == "auto" and masks_there
    remedy = "lower data.image_size, or data.whole_size, or name fewer data.images"
    check_size(layout.root, len(found), settings.image_size, int(masked), settings.whole_size, MOST_BYTES, remedy)
    files = [one.path for one in found]
    pictures = read_pictures(files, settings.image_size, settings.whole_size, reader, settings.skip_bad, settings.span)
    problems, unread = [], dict(pictures.problems)
    masks, lacking = None, set[int]()
    if masked:
        # One in twenty-five has a palette in which 0 is white: the lesion, as it is in the others.
        read = read_masks([one.mask for one in found], pictures, WHITE, as_shown=True)
        masks, problems, unread, lacking = read.inside, read.problems, unread | read.unread, read.lacking
    elif settings.masks == "auto":
        notes.append("no segmentations: nothing is said of whether networks look at the lesion")
    readable = without_unreadable(sides, unread, [PurePath(file.name) for file in files], settings.skip_bad)
    labels, names = _labels(diagnoses, settings)
    seen = survey(pictures, files, labels, names, settings, more=_two_labels(lesions, files, labels, names))
    sides = other_than(readable.splits, seen.left_out)
    notes, problems = [*notes, *readable.notes, *seen.notes], [*readable.problems, *seen.problems, *problems]
    notes += survey_notes(pictures, [PurePath(file.name) for file in files], labels, names, sides, unread)
    if masks is not None:
        notes += mask_notes(masks, torch.cat(list(other_than(sides, lacking).values())))
    data = ConceptDataset(
        name="ham10000",
        images=pictures.images,
        labels=labels,
        concepts=torch.zeros(len(found), 0, dtype=torch.int8),
        splits=sides,
        class_names=names,
        concept_names=(),
        concept_groups=(),
        object_masks=masks,
        mean=MEAN,
        std=STD,
        flip=settings.flip,
        notes=tuple(notes),
        whole_images=pictures.whole,
        whole_sizes=None if pictures.whole is None else pictures.sizes,
    )
    if settings.concepts == "masks" and masks is not None:
        values = concepts.concepts_of(pictures.images, masks, sides["train"])
        data = replace(data, concepts=values, concept_names=(*concepts.CONCEPTS,), concept_groups=(*concepts.CONCEPTS,))
    elif source is not None:
        data, wrong = with_examples(data, source, settings, settings.seed, reader)
        problems += wrong
    return data, (*problems, *readable.explained(classes_without_images("ham10000", names, labels, sides)))


def _studied(lesions: Sequence[Lesion], settings: HamSettings) -> Sequence[Lesion]:
    if settings.images is None or settings.images >= len(lesions):
        return lesions
    ids, diagnoses = [one.lesion_id for one in lesions], [one.dx for one in lesions]
    return [lesions[i] for i in splits.subset(ids, diagnoses, settings.images, settings.seed)]


def _labels(diagnoses: Sequence[str], settings: HamSettings) -> tuple[Tensor, tuple[str, ...]]:
    if settings.target == "diagnosis":
        return torch.tensor([DIAGNOSES.index(dx) for dx in diagnoses], dtype=torch.int64), DIAGNOSES
    malignant = (*MALIGNANT, "akiec") if settings.akiec == "malignant" else MALIGNANT
    return torch.tensor([int(dx in malignant) for dx in diagnoses], dtype=torch.int64), SIDES


def _two_labels(
    lesions: Sequence[str], files: Sequence[PurePath], labels: Tensor, names: Sequence[str]
) -> Contradictions:
    """The lesions whose images stand in several classes."""
    groups: dict[str, list[int]] = {}
    for i, lesion in enumerate(lesions):
        groups.setdefault(lesion, []).append(i)
    remedy = "correct the metadata"
    return of_two_labels([*groups.values()], files, labels, names, "one lesion", remedy)


def _leak(lesions: Sequence[str], sides: dict[str, Tensor]) -> str:
    several, tested = splits.leakage(lesions, sides)
    return (
        f"split by image, as released: {several:,} of {len(set(lesions)):,} lesions stand on several sides, and "
        f"{tested:,} of {len(sides['test']):,} test images show a lesion that trains as well: accuracy leaks"
    )
