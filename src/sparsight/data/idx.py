"""The IDX files of MNIST, checked before anything is believed."""

import gzip
import zlib
from math import prod
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from sparsight.errors import InputError

_BYTES = 0x08
"""IDX's code for unsigned bytes, the only numbers that MNIST's files hold."""


def read_idx(folder: Path, name: str, dimensions: int) -> UInt8[Tensor, "..."]:
    """One of MNIST's files (LeCun et al. 1998): bytes after a header of their kind and dimensions.

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
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())[:120]}); fetch it again") from None
    header = 4 + 4 * dimensions
    if len(data) < header or data[:4] != bytes((0, 0, _BYTES, dimensions)):
        raise InputError(f"{path}: not an IDX file of bytes in {dimensions} dimensions; fetch it again")
    shape = [int.from_bytes(data[at : at + 4], "big") for at in range(4, header, 4)]
    if len(data) != header + prod(shape):
        raise InputError(
            f"{path}: {len(data) - header} bytes for {' x '.join(map(str, shape))}: cut off or damaged; fetch it again"
        )
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=header).view(shape).clone()
