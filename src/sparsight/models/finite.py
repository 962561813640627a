"""Weights that are no numbers, named: which tensors hold NaN or infinity, and how many of either."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

_LEARNED = ("weight", "bias", "running_mean", "running_var")
"""Last parts of the names of tensors in which infinity is a fault; elsewhere, as in a mask of attention, it may be
meant."""
_SHOWN = 3


def broken_tensors(state: Mapping[str, Tensor], parameters: Collection[str] = ()) -> dict[str, tuple[int, int]]:
    """How many values of a tensor are NaN, and how many infinite, for each tensor in which some are.

    Args:
        state: tensors by name; those of whole numbers, quantised ones and subclasses of tensors are passed over.
        parameters: names of those in which infinity is a fault whatever they are called.
    """
    found = {}
    for name, value in state.items():
        plain = type(value) in (Tensor, nn.Parameter) and (value.is_floating_point() or value.is_complex())
        if not plain or value.is_quantized or value.is_meta:
            continue
        held = _held(value)
        if bool(torch.isfinite(held).all()):
            continue
        nan = int(torch.isnan(held).sum())
        infinite = int((~torch.isfinite(held)).sum()) - nan
        learned = name in parameters or name.rpartition(".")[2] in _LEARNED
        if nan or (infinite and learned):
            found[name] = (nan, infinite)
    return found


def broken_words(state: Mapping[str, Tensor], parameters: Collection[str] = ()) -> str:
    """Name them: ``conv1.weight (3 of 432 NaN), bn1.running_var (1 of 8 infinite) and 2 more``; empty without any."""
    found = broken_tensors(state, parameters)
    parts = []
    for name, (nan, infinite) in list(found.items())[:_SHOWN]:
        kinds = [f"{count:,} of {state[name].numel():,} {kind}" for count, kind in _counts(nan, infinite)]
        parts.append(f"{name if len(name) <= 80 else f'{name[:77]}...'} ({', '.join(kinds)})")
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{', '.join(parts)}{more}"


def broken_weights(model: nn.Module) -> str:
    """The same of a network's parameters, and of its buffers that are called as a layer's statistics or weights are.

    What another buffer holds may be a place that is not filled yet; where it is used, the logits show it.
    """
    parameters = {name: value for name, value in model.named_parameters() if not nn.parameter.is_lazy(value)}
    buffers = {name: value for name, value in model.named_buffers() if name.rpartition(".")[2] in _LEARNED}
    return broken_words({**parameters, **buffers}, parameters.keys())


def _held(value: Tensor) -> Tensor:
    """The numbers that a tensor holds: of a sparse one those that are stored."""
    if value.layout == torch.strided:
        return value
    return value.coalesce().values() if value.layout == torch.sparse_coo else value.values()


def _counts(nan: int, infinite: int) -> list[tuple[int, str]]:
    return [(count, kind) for count, kind in ((nan, "NaN"), (infinite, "infinite")) if count]
