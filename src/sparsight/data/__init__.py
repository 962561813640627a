"""Data sets behind one ``ConceptDataset``."""

from sparsight.data.cub import CubSettings
from sparsight.data.dataset import ABSENT, PRESENT, SPLITS, UNKNOWN, ConceptDataset
from sparsight.data.digest import data_digest
from sparsight.data.example_pictures import decode_examples
from sparsight.data.examples import Chosen, ConceptSource, ExampleSettings, choose_examples
from sparsight.data.folder_concepts import concepts_in
from sparsight.data.folder_settings import FolderSettings
from sparsight.data.glimpse import Glimpse, readable
from sparsight.data.ham10000 import HamSettings
from sparsight.data.load import (
    DATA_SETTINGS,
    DESCRIPTIONS,
    DataSettings,
    dataset_bytes,
    examine,
    load_dataset,
    read_dataset,
    staged_dataset,
    write_dataset,
)
from sparsight.data.mask_notes import mean_areas
from sparsight.data.mnist import MnistSettings
from sparsight.data.picture_cache import DecodingListener, cache_folder, cached_files
from sparsight.data.pictures import read_pictures
from sparsight.data.pixels import normalise, normalise_
from sparsight.data.problems import DataError
from sparsight.data.sources import SOURCES, read_source
from sparsight.data.terms import TERMS, Terms
from sparsight.data.toybirds import ToyBirdsSettings
from sparsight.data.tree import sides_of

__all__ = [
    "ABSENT",
    "DATA_SETTINGS",
    "DESCRIPTIONS",
    "PRESENT",
    "SOURCES",
    "SPLITS",
    "TERMS",
    "UNKNOWN",
    "Chosen",
    "ConceptDataset",
    "ConceptSource",
    "CubSettings",
    "DataError",
    "DataSettings",
    "DecodingListener",
    "ExampleSettings",
    "FolderSettings",
    "Glimpse",
    "HamSettings",
    "MnistSettings",
    "Terms",
    "ToyBirdsSettings",
    "cache_folder",
    "cached_files",
    "choose_examples",
    "concepts_in",
    "data_digest",
    "dataset_bytes",
    "decode_examples",
    "examine",
    "load_dataset",
    "mean_areas",
    "normalise",
    "normalise_",
    "read_dataset",
    "read_pictures",
    "read_source",
    "readable",
    "sides_of",
    "staged_dataset",
    "write_dataset",
]
