"""A state dict from a file, whatever tool has written it; nothing in the file is run."""

import argparse
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparsight.errors import InputError
from sparsight.io import check_readable_file, read_metadata, read_tensors
from sparsight.models.checkpoint import taken
from sparsight.models.formats import foreign

WRAPPINGS = ("module.", "_orig_mod.")
"""What ``DataParallel`` and ``torch.compile`` put before all names."""
_WRAPPED = re.compile(r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\.")
"""What torch's and Lightning's wrappers put into names, wherever a module was wrapped."""
_ASKS_TO_RUN = re.compile(r"Unsupported (?:global|class|operand|persistent)|not an allowed global|TorchScript", re.I)
"""What torch says of a pickle that would run code, or holds more than tensors."""
_BY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files of ``torch.save`` began before they were archives: its number, pickled."""
_HEAD = 1 << 16
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_TENSOR_KINDS = ("torchao.", "torch.distributed.tensor.")
"""Packages of classes of tensors, by which a pickle of weights is told from one of a whole network."""
_SCALAR = np.float64(0).__reduce__()[0]
_ALLOWED: tuple[Any, ...] = (
    argparse.Namespace,
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    np.dtype,
    *(type(np.dtype(kind)) for kind in "?bBhHiIlLqQefdgFDUS"),
)
"""What hold values alone, and training scripts save beside weights: command-line arguments, and single numbers and
texts of numpy, as a best accuracy, under the names of either of its versions. Arrays of objects are not among them."""
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.(\d\.(?:weight|bias|running_mean|running_var))")
NOTES = "notes"
"""Where a run's copy of a file keeps what was noted of it."""


@dataclass(frozen=True, eq=False)
class StateFile:
    """What a file holds of a network.

    Attributes:
        path: of the file, or ``FILE#ENTRY``, as it was passed.
        tensors: by name; no two share memory.
        entry: which entry of a checkpoint they are; empty where the file holds nothing else.
        notes: what a reader should know of what else is in the file, and of what was done; each without a subject.
    """

    path: Path
    tensors: dict[str, Tensor]
    entry: str = ""
    notes: tuple[str, ...] = ()


def file_and_entry(path: Path) -> tuple[Path, str]:
    """The file that ``FILE#ENTRY`` stands for, and the entry of the checkpoint in it.

    A file whose name holds a ``#`` is taken whole.
    """
    text = str(path)
    if path.exists():
        return path, ""
    for at in reversed([k for k, sign in enumerate(text) if sign == "#"]):
        if text[:at] and Path(text[:at]).is_file():
            return Path(text[:at]), text[at + 1 :]
    return path, ""


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of ``read_state_file``."""
    return read_state_file(path).tensors


def read_state_file(path: Path) -> StateFile:
    """The named tensors of a safetensors file, or of a pickle (.pt, .pth) that holds tensors alone.

    Of a checkpoint the network is taken (``checkpoint.taken``), or the entry that ``FILE#ENTRY`` names: a key, keys
    with dots between them, or the start of names in a state dict. What wrappers put into names goes, and so does the
    dot that torchvision's old files of DenseNet have in some. Half precision becomes single, which holds all values.

    Raises:
        InputError: if it cannot be read, or holds something else.
    """
    file, entry = file_and_entry(path)
    check_readable_file(file)
    if _is_safetensors(file):
        tensors, below = read_tensors(file), f"{entry}." if entry else ""
        found = StateFile(path, tensors, entry, _noted(file))
    else:
        if (kind := foreign(file)) is not None:
            raise InputError(f"{file}: {kind.what}; {kind.remedy.replace('FILE', file.name, 1)}")
        network = taken(_unpickled(file), entry, file)
        below = network.below
        found = StateFile(path, network.state, entry or network.entry, network.notes)
    if not found.tensors:
        raise InputError(f"{path}: holds no tensor; export the weights again")
    tensors = found.tensors if not below else _below(below, found.tensors) or _below(below, _named(found.tensors))
    if not tensors:
        starts = " and ".join(list(dict.fromkeys(name.partition(".")[0] for name in found.tensors))[:8])
        raise InputError(f"{file}: has no entry {entry!r}; its names start with {starts}")
    return replace(found, tensors=_apart(_named(tensors)))


def _below(start: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}


def _noted(path: Path) -> tuple[str, ...]:
    """What a run's copy of a file says was noted of it; nothing of any other file."""
    try:
        notes = read_metadata(path).get(NOTES, ())
    except (ValueError, TypeError, RecursionError):  # a stranger's metadata under the same name
        return ()
    return tuple(map(str, notes)) if isinstance(notes, list) else ()


def _named(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Under the names that the network itself has, and in single precision."""
    for prefix in WRAPPINGS * 2:  # each may be outside the other
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    plain = {name: _OLD_DENSENET.sub(r"\1\2", unwrapped_name(name)) for name in state}
    if len(set(plain.values())) == len(plain):
        state = {plain[name]: tensor for name, tensor in state.items()}
    return {name: tensor.float() if _is_half(tensor) else tensor for name, tensor in state.items()}


def unwrapped_name(name: str) -> str:
    """A tensor's name without what torch's wrappers put into it."""
    return _WRAPPED.sub("", name)


def _apart(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, of which no two share memory: weights may be tied, and a run keeps each by its name."""
    seen: set[int] = set()
    for name, tensor in state.items():
        place = tensor.untyped_storage().data_ptr()
        state[name] = tensor.clone() if place in seen else tensor
        seen.add(place)
    return state


def _unpickled(path: Path) -> Mapping[Any, Any]:
    if not _is_pickle(path):
        raise InputError(
            f"{path}: neither safetensors nor a file that torch.save has written, nor another format that is "
            "known; save the network's state dict with safetensors.torch.save_file and give that file"
        )
    try:
        # Of a path torch looks at the end of the name, too.
        with path.open("rb") as file, warnings.catch_warnings(), torch.serialization.safe_globals(list(_ALLOWED)):
            warnings.simplefilter("ignore")  # that there may be errors, which are caught
            found: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a reader may raise anything on a stranger's bytes
        said = " ".join(str(error).split())
        if _ASKS_TO_RUN.search(said):
            if (kind := _GLOBAL.search(said)) and kind[1].startswith(_TENSOR_KINDS):
                raise InputError(
                    f"{path}: holds tensors of a class of its own, {kind[1][:80]}; write a function that makes the "
                    "network and loads them, and give package.module:function"
                ) from None
            raise InputError(f"{path}: {_more_than_tensors(path, said)}") from None
        raise InputError(f"{path}: not a whole pickle of tensors ({said[:120]}); write or copy it again") from None
    if not isinstance(found, Mapping):
        raise InputError(
            f"{path}: no state dict ({type(found).__name__}), whose tensors have names; save "
            "model.state_dict() in its place"
        )
    return found


def _more_than_tensors(path: Path, said: str) -> str:
    """What a pickle is that only code could load, and how its weights are saved by whoever trusts it."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    by_torch = head.startswith((b"PK\x03\x04", _BY_TORCH))
    asked = _GLOBAL.search(said)
    arrays = "numpy" in asked[1] if asked else b"numpy" in head
    what = "a pickle of more than tensors" if by_torch else "a pickle that torch.save has not written"
    named = f" (it asks for {asked[1][:80]})" if asked else ""
    opened = f"torch.load({path.name!r}, weights_only=False)" if by_torch else "what wrote it, as pickle.load"
    saved = "save the network's state dict with safetensors.torch.save_file"
    more = ", or arrays of numpy by their names with safetensors.numpy.save_file," if arrays else ""
    return (
        f"{what}{named}, which can run code when loaded; where you trust it, open it by {opened}, {saved}{more} and "
        "give that file"
    )


def _is_half(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.element_size() < 4


def _is_safetensors(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"  # after the eight bytes of its head's length, which may be any


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith((b"\x80", b"PK\x03\x04"))
