"""A state dict from a file, whatever tool has written it; nothing in the file is run."""

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparsight.errors import InputError
from sparsight.io import check_readable_file, read_tensors

WRAPPINGS = ("module.", "_orig_mod.")
"""What ``DataParallel`` and ``torch.compile`` put before all names."""
HOLDERS = ("state_dict", "model_state_dict", "model")
"""Where a checkpoint keeps its network."""
_ASKS_TO_RUN = re.compile(r"Unsupported (?:global|class|operand|persistent)|not an allowed global|TorchScript", re.I)
"""What torch says of a pickle that would run code, or holds more than tensors."""
_SHOWN = 5
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.(\d\.(?:weight|bias|running_mean|running_var))")


def read_state(path: Path) -> dict[str, Tensor]:
    """The named tensors of a safetensors file, or of a pickle (.pt, .pth) that holds tensors alone.

    Of a checkpoint the network is taken (``HOLDERS``). ``WRAPPINGS`` before all names go, and so does the dot that
    torchvision's old files of DenseNet have in some. Weights that ``torch.nn.utils.prune`` has split into ``_orig`` and
    ``_mask`` are multiplied. Half precision becomes single, which holds all its values.

    Raises:
        InputError: if it cannot be read, or holds something else.
    """
    check_readable_file(path)
    state = _unpickled(path) if _is_pickle(path) else _safetensors(path)
    if not state:
        raise InputError(f"{path}: holds no tensor; export the weights again")
    for prefix in WRAPPINGS * 2:  # each may be outside the other
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    state = {_OLD_DENSENET.sub(r"\1\2", name): tensor for name, tensor in state.items()}
    state = _masked(state, path)
    state = {name: tensor.float() if _is_half(tensor) else tensor for name, tensor in state.items()}
    return _apart(state)


def _safetensors(path: Path) -> dict[str, Tensor]:
    with path.open("rb") as file:
        if file.read(9)[8:] != b"{":
            raise InputError(
                f"{path}: neither safetensors nor a file that torch.save has written; write or copy it again"
            )
    return read_tensors(path)


def _apart(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, of which no two share memory: weights may be tied, and a run keeps each by its name."""
    seen: set[int] = set()
    for name, tensor in state.items():
        place = tensor.untyped_storage().data_ptr()
        state[name] = tensor.clone() if place in seen else tensor
        seen.add(place)
    return state


def _unpickled(path: Path) -> dict[str, Tensor]:
    try:
        with path.open("rb") as file, warnings.catch_warnings():  # of a path torch looks at the end of the name, too
            warnings.simplefilter("ignore")  # that there may be errors, which are caught
            found: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a reader may raise anything on a stranger's bytes
        said = " ".join(str(error).split())
        if _ASKS_TO_RUN.search(said):
            raise InputError(
                f"{path}: a pickle of more than tensors, which can run code when loaded; where you trust it, save "
                "model.state_dict() with safetensors.torch.save_file and give that file"
            ) from None
        raise InputError(f"{path}: not a whole pickle of tensors ({said[:120]}); write or copy it again") from None
    held = [found[key] for key in HOLDERS if key in found] if isinstance(found, Mapping) else []
    state = next((value for value in (found, *held) if _is_state(value)), None)
    if state is None:
        keys = ", ".join(str(key)[:40] for key in list(found)[:_SHOWN]) if isinstance(found, Mapping) else ""
        holds = f"keys {keys}" if keys else type(found).__name__
        raise InputError(f"{path}: no state dict ({holds}); save model.state_dict() alone")
    odd = next((name for name, value in state.items() if value.layout != torch.strided or value.is_quantized), None)
    if odd is not None:
        raise InputError(f"{path}: {odd} is not an ordinary tensor; save it dense and not quantised")
    empty = next((name for name, value in state.items() if not _is_whole(value)), None)
    if empty is not None:
        raise InputError(
            f"{path}: {empty} is {tuple(state[empty].shape)}, and the file does not hold so many numbers; save it "
            "whole, as by contiguous()"
        )
    return {name: value.detach() for name, value in state.items()}


def _is_whole(value: Tensor) -> bool:
    """Whether each number has a place of its own in the file: neither a tensor without memory nor a value repeated."""
    return value.device.type == "cpu" and value.numel() * value.element_size() <= value.untyped_storage().nbytes()


def _is_state(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in value.items())
    )


def _masked(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The product of ``NAME_orig`` and ``NAME_mask`` as ``NAME``."""
    split = {name.removesuffix("_orig") for name in state if name.endswith("_orig")}
    pruned = {name for name in split if f"{name}_mask" in state}
    made = {}
    for name in pruned:
        weight, mask = state[f"{name}_orig"], state[f"{name}_mask"]
        if weight.shape != mask.shape:
            raise InputError(
                f"{path}: {name}_mask is {tuple(mask.shape)} and {name}_orig {tuple(weight.shape)}; export it again"
            )
        made[name] = weight * mask
    left = {
        name: value for name, value in state.items() if name.removesuffix("_orig").removesuffix("_mask") not in pruned
    }
    return left | made


def _is_half(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.element_size() < 4


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(9)
    safetensors = start[8:] == b"{"  # after the eight bytes of its head's length, which may be any
    return not safetensors and (start.startswith((b"\x80", b"PK\x03\x04")) or zipfile.is_zipfile(path))
