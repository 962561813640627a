"""Weights from a file, which fit exactly or are refused."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.io import read_tensors

_SHOWN = 3
# Batch norm counts its batches but reads the count in no network of ours; files of older torch versions lack it.
_COUNTER = "num_batches_tracked"


def load_weights(model: nn.Module, path: Path) -> None:
    """Replace the model's parameters and buffers by those of a safetensors file. On an error the model is unchanged.

    Floating-point values are converted to the model's own precision.

    Raises:
        InputError: if the file cannot be read, a name, shape or kind of number does not fit, or a value is not finite.
    """
    loaded = read_tensors(path)
    own = model.state_dict()
    loaded |= {name: own[name] for name in own.keys() - loaded.keys() if name.endswith(_COUNTER)}
    problems = [
        *_listed("missing", sorted(own.keys() - loaded.keys())),
        *_listed("unexpected", sorted(loaded.keys() - own.keys())),
        *_listed("of another shape", _misshapen(own, loaded)),
        *_listed("not of the model's kind of number", _other_kind(own, loaded)),
    ]
    if problems:
        raise InputError(
            f"{path}: does not fit the network: {'; '.join(problems)}; give the whole state dict of the same network "
            "with the same number of classes"
        )
    broken = sorted(name for name, value in loaded.items() if not torch.isfinite(value).all())
    if broken:
        raise InputError(f"{path}: {_listed('not a finite number in', broken)[0]}; export the weights again")
    model.load_state_dict(loaded)


def _misshapen(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} (file {tuple(loaded[name].shape)}, network {tuple(own[name].shape)})"
        for name in own
        if name in loaded and loaded[name].shape != own[name].shape
    ]


def _other_kind(own: Mapping[str, Tensor], loaded: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} ({loaded[name].dtype})"
        for name in own
        if name in loaded and loaded[name].is_floating_point() != own[name].is_floating_point()
    ]


def _listed(what: str, names: Iterable[str]) -> list[str]:
    """``["what a, b, c and 4 more"]``, or nothing where there are no names."""
    names = list(names)
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"{what} {', '.join(names[:_SHOWN])}{more}"]
