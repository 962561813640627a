"""The IDX files of MNIST, checked before anything is believed."""

import gzip
import io
import zlib
from math import prod
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from sparsight.errors import InputError

_BYTES = 0x08
"""IDX's code for unsigned bytes, the only numbers that MNIST's files hold."""
MOST_BYTES = 1 << 28
"""What a file may hold, unpacked; the largest of MNIST's holds 47,040,000."""


def read_idx(folder: Path, name: str, dimensions: int) -> UInt8[Tensor, "..."]:
    """One of MNIST's files (LeCun et al. 1998): bytes after a header of their kind and dimensions.

    No more is unpacked than the header promises, which may not be more than ``MOST_BYTES``.

    Args:
        folder: where the file lies, as ``train-images-idx3-ubyte``, with a dot before ``idx``, and each with ``.gz``.
        name: as ``train-images``.
        dimensions: how many the file must have.

    Raises:
        InputError: naming the file, if it is missing, cut off, longer than its header says, or of another kind.
    """
    stems = [f"{name}{mark}idx{dimensions}-ubyte" for mark in "-."]
    paths = [folder / f"{stem}{packed}" for stem in stems for packed in ("", ".gz")]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise InputError(f"{folder}: has no {stems[0]} (nor {stems[0]}.gz); give the folder of MNIST's four IDX files")
    try:
        with gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _read(path, file, dimensions)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())[:120]}); fetch it again") from None


def _read(path: Path, file: io.BufferedIOBase, dimensions: int) -> Tensor:
    header = file.read(4 + 4 * dimensions)
    if len(header) < 4 + 4 * dimensions or header[:4] != bytes((0, 0, _BYTES, dimensions)):
        raise InputError(f"{path}: not an IDX file of bytes in {dimensions} dimensions; fetch it again")
    shape = [int.from_bytes(header[at : at + 4], "big") for at in range(4, len(header), 4)]
    promised = " x ".join(map(str, shape))
    if prod(shape) > MOST_BYTES:
        raise InputError(
            f"{path}: promises {promised} bytes, more than the {MOST_BYTES >> 20} MiB that are read; fetch it again"
        )
    data = bytearray(file.read(prod(shape) + 1))
    if len(data) != prod(shape):
        found = f"more than {prod(shape)}" if len(data) > prod(shape) else len(data)
        raise InputError(f"{path}: {found} bytes for {promised}: cut off or damaged; fetch it again")
    if not data:
        return torch.zeros(shape, dtype=torch.uint8)
    return torch.frombuffer(data, dtype=torch.uint8).view(shape)
