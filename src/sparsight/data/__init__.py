"""Data sets behind one ``ConceptDataset``."""

from sparsight.data.dataset import ABSENT, PRESENT, SPLITS, UNKNOWN, ConceptDataset
from sparsight.data.folder import FolderSettings, read_folder
from sparsight.data.load import (
    DATA_SETTINGS,
    DESCRIPTIONS,
    DataSettings,
    load_dataset,
    read_dataset,
    staged_dataset,
    write_dataset,
)
from sparsight.data.mnist import MnistSettings
from sparsight.data.pixels import normalise
from sparsight.data.problems import DataError
from sparsight.data.toybirds import ToyBirdsSettings

__all__ = [
    "ABSENT",
    "DATA_SETTINGS",
    "DESCRIPTIONS",
    "PRESENT",
    "SPLITS",
    "UNKNOWN",
    "ConceptDataset",
    "DataError",
    "DataSettings",
    "FolderSettings",
    "MnistSettings",
    "ToyBirdsSettings",
    "load_dataset",
    "normalise",
    "read_dataset",
    "read_folder",
    "staged_dataset",
    "write_dataset",
]
