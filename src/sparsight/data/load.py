"""The data sets by name."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, Field

from sparsight.data.cub import CubSettings, read_cub
from sparsight.data.dataset import ConceptDataset
from sparsight.data.folder import read_folder
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.glimpse import Glimpse
from sparsight.data.ham10000 import HamSettings, read_ham
from sparsight.data.mnist import MnistSettings, mnist
from sparsight.data.picture_cache import DecodingListener
from sparsight.data.problems import DataError
from sparsight.data.toybirds import ToyBirdsSettings, toybirds
from sparsight.errors import DamagedError
from sparsight.io import read_metadata, read_tensors, staged_tensors

AnySettings = ToyBirdsSettings | MnistSettings | FolderSettings | CubSettings | HamSettings
DataSettings = Annotated[AnySettings, Field(discriminator="name")]

DATA_SETTINGS: dict[str, type[BaseModel]] = {
    "toybirds": ToyBirdsSettings,
    "mnist": MnistSettings,
    "folder": FolderSettings,
    "cub200": CubSettings,
    "ham10000": HamSettings,
}

DESCRIPTIONS = {
    "toybirds": "birds drawn by a program, with concepts, part masks and a habitat that can be made a shortcut",
    "mnist": "real handwritten digits, even or odd, with the ten digits as concepts: 5,000 (extra: mnist), or all "
    "70,000 from the IDX files (--data FOLDER)",
    "folder": "images of your own in class folders, with concepts from a CSV file, from example images or without: "
    "folder:PATH",
    "cub200": "Caltech-UCSD Birds 200-2011: 200 species, 108 concepts, boxes and parts, from the official folder "
    "(--data CUB_200_2011)",
    "ham10000": "HAM10000: 10,015 dermatoscopic images, benign or malignant, with lesion masks; concepts from these or "
    "from Derm7pt, from the official files (--data FOLDER)",
}

_READERS: dict[str, Callable[[Any, DecodingListener | None], tuple[ConceptDataset, tuple[str, ...]]]] = {
    "toybirds": lambda settings, reader: (toybirds(settings, reader if isinstance(reader, Glimpse) else None), ()),
    "mnist": lambda settings, reader: (mnist(settings), ()),
    "folder": read_folder,
    "cub200": read_cub,
    "ham10000": read_ham,
}
"""What reads each data set: all that can be read, and a line for each thing that stands in the way of a study."""


def load_dataset(settings: AnySettings, reader: DecodingListener | None = None) -> ConceptDataset:
    """Build the data set that the settings describe; equal settings and files give equal pixels.

    Args:
        settings: which, and how.
        reader: is told how images are decoded, where there are many.

    Raises:
        DataError: if anything in it cannot be used.
        InputError: if it needs something that is not there.
    """
    data, problems = examine(settings, reader)
    if problems:
        raise DataError(problems, check_command(settings))
    return data


def examine(settings: AnySettings, reader: DecodingListener | None = None) -> tuple[ConceptDataset, tuple[str, ...]]:
    """What of a data set can be read, and a line for each thing that stands in the way of a study.

    Raises:
        InputError: if nothing can be read.
    """
    return _READERS[settings.name](settings, reader)


def check_command(settings: AnySettings) -> str:
    """The command that lists what is wrong with a data set, by the same settings."""
    path, concepts = getattr(settings, "path", None), getattr(settings, "concepts", None)
    name = settings.name
    words = ["sparsight", "data", "check", f"folder:{path}" if name == "folder" else name]
    for option, value in (("--data", None if name == "folder" else path), ("--concepts", concepts)):
        if isinstance(value, Path):
            words += [option, str(value)]
    for key, field in type(settings).model_fields.items():
        value = getattr(settings, key)
        if key in ("name", "path") or value == field.default or (key == "concepts" and isinstance(value, Path)):
            continue
        text = json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)  # JSON is YAML, too
        plain = text.strip('"') if re.fullmatch(r'"/[\w./-]*"', text) else text
        words += ["--set", f"{key}={plain}"]
    return " ".join(map(shlex.quote, words))


@contextmanager
def staged_dataset(path: Path, data: ConceptDataset) -> Iterator[str]:
    """Write a data set beside ``path`` for worker processes to map; equal data give equal bytes.

    The file takes its place when the block ends without an error. What of the data is memory-mapped stays on the disk.

    Yields:
        The file's digest.
    """
    tensors = {f"splits/{split}": indices for split, indices in data.splits.items()}
    plain = {}
    for field in fields(data):
        value = getattr(data, field.name)
        if isinstance(value, torch.Tensor):
            tensors[field.name] = value
        elif field.name != "splits":
            plain[field.name] = value
    with staged_tensors(path, tensors, plain, "data") as digest:
        yield digest


def dataset_bytes(data: ConceptDataset) -> int:
    """What the file of a data set takes on the disk, but for its names."""
    values = [*data.splits.values(), *(getattr(data, field.name) for field in fields(data))]
    return sum(value.nbytes for value in values if isinstance(value, torch.Tensor))


def write_dataset(path: Path, data: ConceptDataset) -> None:
    """Write a data set as one safetensors file, for worker processes to map."""
    with staged_dataset(path, data):
        pass


def read_dataset(path: Path) -> ConceptDataset:
    """Read what ``write_dataset`` wrote.

    Raises:
        InputError: if the file is missing or not whole.
    """
    tensors = read_tensors(path, "data")
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in read_metadata(path).items()
    }
    splits = {name.removeprefix("splits/"): tensors.pop(name) for name in list(tensors) if name.startswith("splits/")}
    try:
        return ConceptDataset(**plain | tensors, splits=splits)
    except (TypeError, ValueError, AttributeError):
        raise DamagedError(path) from None
