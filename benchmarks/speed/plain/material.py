"""What the script works on and what it finds."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor, tensor

from sparsight.config import StudySettings
from sparsight.data import ConceptDataset

BATCH = 128
State = dict[str, Tensor]


@dataclass
class Bench:
    """The data set as tensors by split, the settings, and the tables as they grow; how long controls have taken."""

    data: ConceptDataset
    settings: StudySettings
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    control_seconds: float = 0.0

    def __post_init__(self) -> None:
        mean, std = (tensor(part).view(1, 3, 1, 1) for part in (self.data.mean, self.data.std))
        splits = self.data.splits
        self.images = {name: (self.data.images[own].float() / 255 - mean) / std for name, own in splits.items()}
        self.labels = {name: self.data.labels[own] for name, own in splits.items()}
        self.concepts = {name: self.data.concepts[own].numpy() for name, own in splits.items()}
        assert self.data.object_masks is not None
        self.masks = self.data.object_masks[splits["test"]].numpy()

    def add(self, table: str, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)


@dataclass
class Seen:
    """What is measured on one network's test images."""

    predicted: np.ndarray
    maps: dict[str, np.ndarray]
    embedding: np.ndarray
    values: np.ndarray
    rows: np.ndarray
