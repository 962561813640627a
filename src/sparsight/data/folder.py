"""Images of the user's own, in class folders, with concepts from a CSV file or without any."""

import math

import torch
from jaxtyping import UInt8
from torch import Tensor

from sparsight.data.copies import of_two_values, other_than
from sparsight.data.dataset import SPLITS, ConceptDataset
from sparsight.data.example_folder import read_example_folder
from sparsight.data.example_pictures import with_examples
from sparsight.data.folder_concepts import read_folder_concepts
from sparsight.data.folder_groups import read_groups
from sparsight.data.folder_masks import read_folder_masks
from sparsight.data.folder_missing import missing_images
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.folder_splits import given_sides, split_images
from sparsight.data.mask_notes import mask_notes
from sparsight.data.mirroring import mirrored_names
from sparsight.data.picture_cache import DecodingListener
from sparsight.data.pictures import read_pictures
from sparsight.data.size import check_size
from sparsight.data.survey import survey, survey_notes
from sparsight.data.tree import ignored_notes, read_tree
from sparsight.data.unreadable import without_unreadable
from sparsight.errors import InputError

MOST_BYTES = 8 << 30


def read_folder(
    settings: FolderSettings, reader: DecodingListener | None = None
) -> tuple[ConceptDataset, tuple[str, ...]]:
    """What of the folder can be read, and a line for each thing that stands in the way of a study.

    Raises:
        InputError: if the folder has another layout, or its images would not fit in memory.
    """
    needed = [split for split in SPLITS if getattr(settings, split)]
    apart = [place for place in (settings.masks, settings.concepts) if place is not None]
    tree = read_tree(settings.path, apart, needed)
    size, n = settings.image_size, len(tree.entries)
    check_size(tree.root, n, size, int(settings.masks is not None), None, MOST_BYTES, "lower data.image_size")
    files = [tree.root / entry.path for entry in tree.entries]
    pictures = read_pictures(files, size, reader=reader, keep=settings.skip_bad, span=settings.span)
    images, unread = pictures.images, dict(pictures.problems)
    problems: list[str] = []
    masks = None
    if settings.masks is not None:
        try:
            masks = read_folder_masks(settings.masks, tree, pictures)
        except InputError as error:
            problems.append(str(error))
        else:
            problems, unread = masks.problems, unread | masks.unread
    labels = torch.tensor([entry.label for entry in tree.entries], dtype=torch.int64)
    paths = [entry.path for entry in tree.entries]
    seen = survey(pictures, files, labels, tree.class_names, settings, given_sides(tree))
    concepts = read_folder_concepts(settings, tree)
    groups = read_groups(settings, tree, concepts.read)
    placed = {*unread, *seen.left_out} if seen.ranged else range(n)
    drawn, copies = split_images(settings, tree, pictures.digests, placed, None if groups is None else groups.names)
    readable = without_unreadable(drawn, unread, paths, settings.skip_bad)
    splits = other_than(readable.splits, seen.left_out)
    crossing = () if groups is None else groups.problems
    missing = readable.explained(missing_images(tree, splits, settings, groups))
    problems = [*readable.problems, *seen.problems, *problems, *crossing, *missing, *concepts.problems]
    notes = [*readable.notes, *seen.notes]
    if seen.ranged:
        notes += survey_notes(pictures, paths, labels, tree.class_names, splits, unread)
    if masks is not None:
        masked = other_than(splits, masks.lacking)
        notes += [*masks.notes, *mask_notes(masks.inside, torch.cat(list(masked.values())))]
    if copies and not seen.problems:
        notes.append(f"{_counted(copies, 'copy of an image', 'copies of images')} left out")
    notes += [*tree.notes, *ignored_notes(tree, concepts.table), *(() if groups is None else groups.notes)]
    if several := sum(count > 1 for i, count in enumerate(pictures.frames.tolist()) if i not in unread):
        notes.append(f"{_counted(several, 'file holds', 'files hold')} several frames or pages; the first was read")
    notes += concepts.notes
    if settings.flip:
        notes += mirrored_names(tree.class_names, () if concepts.read is None else concepts.read.names)
    read = None if concepts.examples is not None else concepts.read
    if read is not None:
        problems += of_two_values(seen.equal, paths, read.values, read.names, concepts.table)
    mean, std = _moments(images[splits["train" if len(splits["train"]) else "test"]])
    data = ConceptDataset(
        name=tree.root.name or "folder",
        images=images,
        labels=labels,
        concepts=torch.zeros(n, 0, dtype=torch.int8) if read is None else read.values,
        splits=splits,
        class_names=tree.class_names,
        concept_names=() if read is None else read.names,
        concept_groups=() if read is None else read.groups,
        object_masks=None if masks is None else masks.inside,
        mean=mean,
        std=std,
        flip=settings.flip,
        notes=tuple(notes),
    )
    if concepts.examples is not None:
        source = read_example_folder(concepts.examples)
        data, more = with_examples(data, source, settings, settings.seed, reader)
        problems += more
    return data, tuple(problems)


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _moments(images: UInt8[Tensor, "n 3 s s"]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and deviation of each channel, from exact sums; a channel that never changes gets one grey level."""
    count, total, squares = 0, torch.zeros(3, dtype=torch.int64), torch.zeros(3, dtype=torch.int64)
    for part in images.split(256):
        wide = part.to(torch.int64)
        total, squares = total + wide.sum((0, 2, 3)), squares + (wide * wide).sum((0, 2, 3))
        count += part.shape[0] * part.shape[2] * part.shape[3]
    if not count:
        return (0.5,) * 3, (0.25,) * 3
    mean = [t / count for t in total.tolist()]
    std = [max(math.sqrt(max(q / count - m * m, 0.0)), 1.0) for q, m in zip(squares.tolist(), mean, strict=True)]
    (a, b, c), (x, y, z) = (round(m / 255, 6) for m in mean), (round(s / 255, 6) for s in std)
    return (a, b, c), (x, y, z)
