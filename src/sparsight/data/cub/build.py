"""CUB-200-2011 as a data set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import torch
from torch import Tensor

from sparsight.data.copies import other_than
from sparsight.data.cub import places, splits
from sparsight.data.cub.attributes import ClassConcepts, class_majority
from sparsight.data.cub.layout import Image, Layout, read_layout, spoken_class
from sparsight.data.cub.settings import CubSettings
from sparsight.data.cub.votes import image_vote
from sparsight.data.dataset import ConceptDataset
from sparsight.data.example_pictures import with_examples
from sparsight.data.mask_notes import mask_notes
from sparsight.data.picture_cache import DecodingListener
from sparsight.data.pictures import Pictures, read_pictures
from sparsight.data.problems import classes_without_images
from sparsight.data.size import check_size
from sparsight.data.sources import read_source
from sparsight.data.survey import survey, survey_notes
from sparsight.data.unreadable import without_unreadable
from sparsight.errors import InputError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as its pretrained networks expect."""
MOST_BYTES = 24 << 30
"""Of all images and masks; the whole set at 448 pixels, with whole pictures of 512, takes 20 GiB."""


def read_cub(settings: CubSettings, reader: DecodingListener | None = None) -> tuple[ConceptDataset, tuple[str, ...]]:
    """What of the official folder can be read, and a line for each thing that stands in the way of a study.

    The Caltech-UCSD Birds 200-2011 data set (Wah et al. 2011). Images, boxes and parts are cut to the centre square.

    Raises:
        InputError: if the folder has another layout, a table says what cannot be, or images and masks would take
            more than ``MOST_BYTES``.
    """
    source = read_source("examples", settings.concept_path) if settings.concepts == "examples" else None
    layout = read_layout(settings.path)
    classes = _classes(layout, settings)
    number = {label: k for k, label in enumerate(classes)}
    images = [
        image for image, there in zip(layout.images, layout.present, strict=True) if there and image.label in number
    ]
    masks = (settings.masks != "none") + settings.parts
    remedy = "lower data.image_size, or data.whole_size, or name fewer data.classes"
    check_size(layout.root, len(images), settings.image_size, masks, settings.whole_size, MOST_BYTES, remedy)
    pictures = read_pictures(
        [layout.root / "images" / image.path for image in images],
        settings.image_size,
        settings.whole_size,
        reader,
        settings.skip_bad,
        settings.span,
    )
    labels = torch.tensor([number[image.label] for image in images], dtype=torch.int64)
    names = tuple(layout.class_names[label - 1] for label in classes)
    marked = _places(layout, settings, images, pictures)
    unread = {**pictures.problems, **marked.unread}
    readable = without_unreadable(
        _splits(images, settings), unread, [image.path for image in images], settings.skip_bad
    )
    files = [image.path for image in images]
    seen = survey(pictures, files, labels, names, settings)
    sides = other_than(readable.splits, seen.left_out)
    empty = readable.explained(classes_without_images("cub200", names, labels, sides))
    problems = [*readable.problems, *seen.problems, *empty]
    notes = [*layout.notes, *readable.notes, *seen.notes]
    notes += survey_notes(pictures, files, labels, names, sides, unread)
    if marked.masks is not None:
        notes += mask_notes(marked.masks, torch.cat(list(sides.values())))
    if len(classes) < len(layout.class_names):
        notes.append(f"{len(classes)} of {len(layout.class_names)} classes")
    found = _concepts(layout, settings)
    of_class = torch.from_numpy(found.present[[label - 1 for label in classes]]).to(torch.int8)
    data = ConceptDataset(
        name="cub200",
        images=pictures.images,
        labels=labels,
        concepts=of_class[labels],
        splits=sides,
        class_names=names,
        concept_names=found.names,
        concept_groups=found.groups,
        object_masks=marked.masks,
        part_masks=marked.part_masks,
        part_names=marked.part_names,
        mean=MEAN,
        std=STD,
        flip=settings.flip,
        notes=(*notes, *marked.notes),
        whole_images=pictures.whole,
        whole_sizes=None if pictures.whole is None else pictures.sizes,
    )
    if source is not None:
        data, wrong = with_examples(data, source, settings, settings.seed, reader)
        problems += wrong
    return data, (*problems, *marked.problems)


def _classes(layout: Layout, settings: CubSettings) -> list[int]:
    """The numbers of the classes that are studied, by number."""
    there = sorted({image.label for image, there in zip(layout.images, layout.present, strict=True) if there})
    wanted = settings.classes
    if isinstance(wanted, tuple):
        known = {layout.class_names[label - 1]: label for label in there} | {str(label): label for label in there}
        names = [spoken_class(str(name)) for name in wanted]
        if missing := [name for name in names if name not in known]:
            near = get_close_matches(missing[0], known, n=3) or [*known][:3]
            raise InputError(
                f"data.classes: no images of {missing[0]!r} in {layout.root}; there are {', '.join(near)}, ..."
            )
        there = sorted({known[name] for name in names})
    elif wanted is not None:
        if wanted > len(there):
            raise InputError(f"data.classes: {wanted} asked for, {len(there)} have images in {layout.root}")
        there = there[:wanted]
    if len(there) < 2:
        raise InputError(f"{layout.root}: images of {len(there)} class; a classifier needs two or more")
    return there


def _splits(images: Sequence[Image], settings: CubSettings) -> dict[str, Tensor]:
    labels = torch.tensor([image.label for image in images], dtype=torch.int64)
    if settings.split == "released":
        return splits.released(labels, settings.seed)
    trains = torch.tensor([image.official_train for image in images])
    return splits.official(labels, trains, settings.validation, settings.seed)


def _concepts(layout: Layout, settings: CubSettings) -> ClassConcepts:
    if settings.concepts in ("none", "examples"):
        return ClassConcepts(np.zeros((len(layout.class_names), 0), dtype=bool), (), ())
    if settings.concepts == "class-majority":
        return class_majority(layout)
    # Classes that are not studied vote by the same split, absent images by the official one: which attributes are
    # concepts is a question to all classes.
    there = [image for image, is_there in zip(layout.images, layout.present, strict=True) if is_there]
    absent = {image.number for image in layout.images} - {image.number for image in there}
    voting = [there[i].number for i in _splits(there, settings)["train"].tolist()]
    voting += [image.number for image in layout.images if image.number in absent and image.official_train]
    return image_vote(layout, np.array(voting, dtype=np.int64))


@dataclass(frozen=True)
class _Places:
    """Masks of the bird and of its parts, as a data set holds them."""

    masks: Tensor | None
    part_masks: Tensor | None
    part_names: tuple[str, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    unread: Mapping[int, str]


def _places(layout: Layout, settings: CubSettings, images: Sequence[Image], pictures: Pictures) -> _Places:
    side, sizes = settings.image_size, pictures.sizes
    folder = places.segmentation_folder(layout.root) if settings.masks in ("auto", "segmentation") else None
    if settings.masks == "segmentation" and folder is None:
        raise InputError(
            f"{layout.root / 'segmentations'}: missing; unpack the archive of segmentations there, or choose "
            "data.masks box"
        )
    found = None if folder is None else places.segmentation_masks(folder, images, pictures)
    masks, problems, unread = (None, [], {}) if found is None else (found.inside, found.problems, found.unread)
    boxed = folder is None and settings.masks != "none"
    if not (boxed or settings.parts):
        return _Places(masks, None, (), (), tuple(problems), unread)
    by_number = places.read_boxes(layout)
    boxes = torch.tensor([by_number[image.number] for image in images])
    count = places.misfits(boxes, sizes)
    note = f"{count:,} boxes reach out of their pictures; were images resized, and the tables not?"
    names, located = places.read_parts(layout, images) if settings.parts else ((), None)
    return _Places(
        places.box_masks(boxes, sizes, side) if boxed else masks,
        None if located is None else places.part_discs(located, boxes, sizes, side),
        names,
        (note,) if count > max(1, places.MOST_BEYOND * len(images)) else (),
        tuple(problems),
        unread,
    )
