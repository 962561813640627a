"""The data sets by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, Field

from sparsight.data.dataset import ConceptDataset
from sparsight.data.folder import FolderSettings, folder
from sparsight.data.mnist import MnistSettings, mnist
from sparsight.data.toybirds import ToyBirdsSettings, toybirds
from sparsight.errors import DamagedError
from sparsight.io import read_metadata, read_tensors, staged_tensors

DataSettings = Annotated[ToyBirdsSettings | MnistSettings | FolderSettings, Field(discriminator="name")]

DATA_SETTINGS: dict[str, type[BaseModel]] = {
    "toybirds": ToyBirdsSettings,
    "mnist": MnistSettings,
    "folder": FolderSettings,
}

DESCRIPTIONS = {
    "toybirds": "birds drawn by a program, with concepts, part masks and a habitat that can be made a shortcut",
    "mnist": "real handwritten digits, even or odd, with the ten digits as concepts: 5,000 (extra: mnist), or all "
    "70,000 from the IDX files (--data FOLDER)",
    "folder": "images of your own in class folders, with concepts from a CSV file: folder:PATH",
}


def load_dataset(settings: ToyBirdsSettings | MnistSettings | FolderSettings) -> ConceptDataset:
    """Build the data set that the settings describe; equal settings give equal pixels.

    Raises:
        InputError: if it needs something that is not there.
    """
    if isinstance(settings, FolderSettings):
        return folder(settings)
    return toybirds(settings) if isinstance(settings, ToyBirdsSettings) else mnist(settings)


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
