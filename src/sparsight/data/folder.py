"""Images of the user's own, in class folders, with concepts from a CSV file or without any."""

import hashlib
import math
from collections.abc import Collection
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import UInt8
from pydantic import Field, field_validator, model_validator
from torch import Tensor

from sparsight.data.concept_table import read_concepts
from sparsight.data.dataset import SPLITS, ConceptDataset
from sparsight.data.example_folder import read_example_folder
from sparsight.data.example_pictures import with_examples
from sparsight.data.examples import ExampleSettings
from sparsight.data.folder_masks import read_folder_masks
from sparsight.data.listing import expanded
from sparsight.data.pictures import DecodingListener, read_pictures
from sparsight.data.size import check_size
from sparsight.data.tree import Tree, read_tree
from sparsight.data.unreadable import without_unreadable
from sparsight.draws import generator
from sparsight.errors import InputError

MOST_BYTES = 8 << 30
CONCEPTS = "concepts.csv"
_SHOWN = 5
NO_CONCEPTS = (
    "no concepts: accuracy, maps and embeddings are studied alone; a CSV file of image,<concept>,... or "
    "class,<concept>,..., named by --concepts FILE, adds them"
)


class FolderSettings(ExampleSettings):
    """Where the images lie and how they are split; paths are taken from the working directory.

    Attributes:
        path: a folder of class folders, or of train, validation (or val) and test with class folders in them.
        image_size: side of the square images in pixels.
        train, validation, test: shares of each class, where the folders do not decide. A study needs some of each; an
            audit without concepts takes all images to test on.
        seed: draws the split.
        concepts: a CSV file (see ``read_concepts``), or a folder of example images (see ``read_example_folder``); by
            default ``concepts.csv`` in the folder, and none without it.
        masks: a folder laid out as ``path`` with a mask for every image, under any lossless format's extension; or a
            COCO JSON file (see ``read_coco``).
        flip: whether a mirrored image keeps its class and concepts.
    """

    name: Literal["folder"] = "folder"
    path: Path
    image_size: int = Field(default=64, ge=8, le=1024)
    train: float = Field(default=0.6, ge=0, lt=1)
    validation: float = Field(default=0.2, ge=0, lt=1)
    test: float = Field(default=0.2, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    concepts: Path | None = None
    masks: Path | None = None
    flip: bool = True

    @field_validator("path", "concepts", "masks")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else expanded(path)

    @model_validator(mode="after")
    def _shares(self) -> "FolderSettings":
        if self.train + self.validation + self.test > 1 + 1e-9:
            raise ValueError("train, validation and test are shares; their sum must not exceed 1")
        return self


def read_folder(
    settings: FolderSettings, reader: DecodingListener | None = None
) -> tuple[ConceptDataset, tuple[str, ...]]:
    """What of the folder can be read, and a line for each thing that stands in the way of a study.

    Raises:
        InputError: if the folder has another layout, or its images would not fit in memory.
    """
    needed = [split for split in SPLITS if getattr(settings, split)]
    tree = read_tree(settings.path, settings.masks, needed)
    size, n = settings.image_size, len(tree.entries)
    check_size(tree.root, n, size, int(settings.masks is not None), None, MOST_BYTES, "lower data.image_size")
    files = [tree.root / entry.path for entry in tree.entries]
    pictures = read_pictures(files, size, reader=reader, keep=settings.skip_bad)
    images, unread = pictures.images, dict(pictures.problems)
    problems: list[str] = []
    masks = None
    if settings.masks is not None:
        try:
            masks = read_folder_masks(settings.masks, tree, size, pictures.sizes)
        except InputError as error:
            problems.append(str(error))
        else:
            problems, unread = masks.problems, unread | masks.unread
    drawn, copies = _splits(settings, tree, images, unread)
    readable = without_unreadable(drawn, unread, [entry.path for entry in tree.entries], settings.skip_bad)
    splits = readable.splits
    problems = [*readable.problems, *problems, *readable.explained(_missing(tree, splits, settings))]
    notes = readable.notes + (masks.notes if masks is not None else [])
    if copies:
        notes.append(f"{copies} {'copy of an image' if copies == 1 else 'copies of images'} left out")
    if tree.ignored:
        are = "file or folder that is no image was" if tree.ignored == 1 else "files or folders that are no images were"
        notes.append(f"{tree.ignored} {are} ignored")
    if tree.hidden:
        listed = ", ".join(str(one.relative_to(tree.root))[:80] for one in tree.hidden[:_SHOWN])
        others = ", ..." if len(tree.hidden) > _SHOWN else ""
        notes.append(f"folders with images whose names start with a dot are no classes: {listed}{others}; rename them")
    if several := sum(count > 1 for i, count in enumerate(pictures.frames.tolist()) if i not in unread):
        hold = "file holds" if several == 1 else "files hold"
        notes.append(f"{several} {hold} several frames or pages; the first was read")
    values = torch.zeros(n, 0, dtype=torch.int8)
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    table = settings.concepts or tree.root / CONCEPTS
    shown = settings.concepts is not None and table.is_dir()
    if settings.concepts is None and not (table.exists() or table.is_symlink()):
        notes.append(NO_CONCEPTS)
    elif not shown:
        try:
            read = read_concepts(table, tree)
        except InputError as error:
            problems.append(str(error))
        else:
            values, names, groups = read.values, read.names, read.groups
            if read.unnamed:
                notes.append(f"{read.unnamed} images have no line in {table.name}; their concepts are unknown")
    mean, std = _moments(images[splits["train" if len(splits["train"]) else "test"]])
    data = ConceptDataset(
        name=tree.root.name or "folder",
        images=images,
        labels=torch.tensor([entry.label for entry in tree.entries], dtype=torch.int64),
        concepts=values,
        splits=splits,
        class_names=tree.class_names,
        concept_names=names,
        concept_groups=groups,
        object_masks=None if masks is None else masks.inside,
        mean=mean,
        std=std,
        flip=settings.flip,
        notes=tuple(notes),
    )
    if shown:
        data, more = with_examples(data, read_example_folder(table), settings, settings.seed, reader)
        problems += more
    return data, tuple(problems)


def _splits(
    settings: FolderSettings, tree: Tree, images: UInt8[Tensor, "n 3 s s"], unread: Collection[int]
) -> tuple[dict[str, Tensor], int]:
    """Indices by split, and how many copies were left out. Given splits keep copies on their own side; across sides
    the test image stays before the validation image before the training image. What cannot be read is no copy, and
    has its place, too: who mends it or does without it moves no other image.
    """
    given = bool(tree.entries) and tree.entries[0].split is not None
    rank = {split: k for k, split in enumerate(reversed(SPLITS))}
    order = sorted(range(len(tree.entries)), key=lambda i: (rank.get(tree.entries[i].split or "", 0), i))
    first: dict[bytes, str | None] = {}
    kept = []
    for i in order:
        key = str(i).encode() if i in unread else hashlib.sha256(images[i].numpy().tobytes()).digest()
        if key not in first or (given and first[key] == tree.entries[i].split):
            first[key] = tree.entries[i].split
            kept.append(i)
    sides: dict[str, list[int]] = {split: [] for split in SPLITS}
    for k, name in enumerate(tree.class_names):
        mine = [i for i in kept if tree.entries[i].label == k]
        if given:
            for i in mine:
                sides[tree.entries[i].split or "train"].append(i)
            continue
        shuffled = torch.randperm(len(mine), generator=generator("split", "folder", settings.seed, name)).tolist()
        start = 0
        for split, count in _counts(len(mine), settings).items():
            sides[split] += [mine[j] for j in shuffled[start : start + count]]
            start += count
    found = {split: torch.tensor(sorted(chosen), dtype=torch.int64) for split, chosen in sides.items()}
    return found, len(order) - len(kept)


def _counts(n: int, settings: FolderSettings) -> dict[str, int]:
    """Images of a class by split: the shares rounded down, one at least where there are three; with shares that sum to
    1, training takes what is left.
    """
    shares = {split: getattr(settings, split) for split in SPLITS}
    counts = {split: max(1, math.floor(n * share + 1e-9)) if share else 0 for split, share in shares.items()}
    while sum(counts.values()) > max(n, 0) and any(counts.values()):
        counts[max(SPLITS, key=lambda split: counts[split])] -= 1
    if settings.train + settings.validation + settings.test > 1 - 1e-9:
        counts["train" if settings.train else "test"] += n - sum(counts.values())
    return counts


def _missing(tree: Tree, splits: dict[str, Tensor], settings: FolderSettings) -> list[str]:
    problems = []
    wanted = {split: chosen for split, chosen in splits.items() if getattr(settings, split)}
    for k, name in enumerate(tree.class_names):
        empty = [s for s, chosen in wanted.items() if not any(tree.entries[i].label == k for i in chosen.tolist())]
        if empty:
            problems.append(
                f"{tree.root}: class {name!r} has no image for {', '.join(empty)}; a class needs one in each"
            )
    return problems


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
