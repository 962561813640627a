"""What stands for a data set's contents: a digest of its pixels, labels, concepts, masks and splits."""

import hashlib
from dataclasses import fields

from torch import Tensor

from sparsight.data.dataset import ConceptDataset


def data_digest(data: ConceptDataset) -> str:
    """SHA-256 of everything that a data set holds, in hexadecimal: equal data give equal digests."""
    found = hashlib.sha256()
    values = {field.name: getattr(data, field.name) for field in fields(data) if field.name != "splits"}
    values |= {f"splits/{split}": indices for split, indices in sorted(data.splits.items())}
    for name, value in values.items():
        if isinstance(value, Tensor):
            found.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
            found.update(value.contiguous().numpy().data)
        else:
            found.update(f"{name} {value!r}\n".encode())
    return found.hexdigest()
