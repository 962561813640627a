"""Named tensors as safetensors files, and readers that run nothing."""

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from sparsight.errors import DamagedError, InputError
from sparsight.io.files import OURS, check_readable_file, check_sealed, finite, partial_file, write_bytes
from sparsight.seals import ZEROS, seal_file, sealed

_METADATA = (
    "sparsight"  # one key only: safetensors keeps several in no fixed order, and files are compared byte by byte
)
_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_TORCH = {
    np.dtype(np.int64): torch.int64,
    np.dtype(np.float32): torch.float32,
    np.dtype(np.uint8): torch.uint8,
}


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None, kind: str | None = None
) -> None:
    """Write named tensors as safetensors; ``metadata`` is kept as JSON. Equal input gives equal bytes.

    With a ``kind`` the file says what it is and is sealed.
    """
    write_bytes(path, tensors_bytes(tensors, metadata, kind))


@contextmanager
def staged_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None, kind: str
) -> Iterator[str]:
    """Write a sealed file beside ``path``, which takes its place when the block ends without an error.

    Tensors go to the disk as they lie in memory, so that those that are memory-mapped need none; the library would
    gather the whole file first. Equal input gives equal bytes.

    Yields:
        The file's digest.
    """
    plain = _plain(tensors)
    with partial_file(path) as partial:
        with partial.open("wb") as file:
            file.write(_header(plain, _noted(metadata, kind)))
            for tensor in _in_order(plain).values():
                file.write(tensor.reshape(-1).view(torch.uint8).numpy().data)
        yield seal_file(partial, path.suffix)


@contextmanager
def mapped_tensors(
    path: Path, shapes: Mapping[str, tuple[tuple[int, ...], Any]], metadata: Mapping[str, Any], kind: str
) -> Iterator[Mapping[str, np.ndarray]]:
    """Make a sealed file of tensors by filling arrays that lie in it, so that they need no memory.

    The file takes its place when the block ends without an error; after one it is removed, and what was yielded can
    still be read.

    Args:
        path: of the file.
        shapes: of the arrays, by name, each with its numpy type.
        metadata: kept as JSON.
        kind: what the file says that it is.
    """
    blank = {
        name: torch.empty(shape, dtype=_TORCH[np.dtype(dtype)], device="meta")
        for name, (shape, dtype) in shapes.items()
    }
    head = _header(blank, _noted(metadata, kind))
    with partial_file(path) as partial:
        partial.write_bytes(head)
        _reserve(partial, len(head) + sum(tensor.numel() * tensor.element_size() for tensor in blank.values()))
        arrays, start = {}, len(head)
        for name, tensor in _in_order(blank).items():
            arrays[name] = np.memmap(partial, shapes[name][1], "r+", start, shapes[name][0])
            start += tensor.numel() * tensor.element_size()
        yield arrays
        for array in arrays.values():
            array.flush()
        seal_file(partial, path.suffix)


def _reserve(path: Path, size: int) -> None:
    """Make a file so long, with room on the disk for all of it: writing to a mapped page that has none kills."""
    with path.open("rb+") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def tensors_bytes(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None, kind: str | None = None
) -> bytes:
    """What ``write_tensors`` writes."""
    data = bytes(safetensors.torch.save(_plain(tensors), metadata={_METADATA: _noted(metadata, kind)}))
    return data if kind is None else sealed(data, ".safetensors")


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _in_order(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As the format has them: widest numbers first, so that all are aligned, then by name."""
    return dict(sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])))


def _header(tensors: Mapping[str, Tensor], note: str) -> bytes:
    """The head of a safetensors file: its length, and JSON that says where each tensor lies, padded to eight bytes."""
    entries: dict[str, Any] = {"__metadata__": {_METADATA: note}}
    start = 0
    for name, tensor in _in_order(tensors).items():
        end = start + tensor.numel() * tensor.element_size()
        entries[name] = {"dtype": _DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _noted(metadata: Mapping[str, Any] | None, kind: str | None) -> str:
    """The metadata as the file keeps them, with the place of the seal where there is a kind."""
    note = json.dumps(finite(metadata or {}), sort_keys=True)
    if kind is None:
        return note
    if not OURS.isdisjoint(metadata or {}):
        raise ValueError(f"a note may not hold {' or '.join(sorted(OURS))}")
    head = json.dumps({"seal": f"sha256:{ZEROS.decode()}", "kind": kind})
    return head[:-1] + (f", {note[1:]}" if metadata else "}")


def read_tensors(path: Path, kind: str | None = None) -> dict[str, Tensor]:
    """The named tensors of a safetensors file; with a ``kind``, of a sealed file of that kind.

    Raises:
        InputError: if the file is missing, truncated, or something else (a pickle is named as such, and not opened).
        DamagedError: if a kind is asked for, and it is not sealed, or of another kind.
    """
    if kind is None:
        check_readable_file(path)
    else:
        _check_kind(path, kind)
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError) as error:
        if _looks_like_pickle(path):
            raise InputError(
                f"{path}: a pickle (.pt, .pth), which can run code when loaded; save its state dict with "
                "safetensors.torch.save_file and give that file"
            ) from None
        raise InputError(
            f"{path}: not a whole safetensors file ({_one_line(str(error))}); write or copy it again"
        ) from None


def tensor_layout(path: Path) -> dict[str, tuple[str, list[int]]]:
    """The types, as safetensors calls them, and shapes of the tensors of a whole safetensors file, by name; none of
    them is read."""
    with safetensors.safe_open(path, framework="pt") as file:
        parts = {name: file.get_slice(name) for name in sorted(file.keys())}
        return {name: (part.get_dtype(), part.get_shape()) for name, part in parts.items()}


def read_metadata(path: Path, kind: str | None = None) -> dict[str, Any]:
    """What ``write_tensors`` was given as metadata; with a ``kind``, of a sealed file of that kind, checked.

    Raises:
        DamagedError: if a kind is asked for, and it is not sealed, or of another kind.
    """
    if kind is not None:
        _check_kind(path, kind)
    return {key: value for key, value in _note(path).items() if key not in OURS}


def _check_kind(path: Path, kind: str) -> None:
    check_sealed(path)
    if _note(path).get("kind") != kind:
        raise DamagedError(path, f"is not the {kind} that belongs here")


def _note(path: Path) -> dict[str, Any]:
    with safetensors.safe_open(path, framework="pt") as file:
        return dict(json.loads((file.metadata() or {}).get(_METADATA, "{}")))


def _looks_like_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(2)
    return zipfile.is_zipfile(path) or start[:1] == b"\x80"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
