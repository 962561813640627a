"""How many parameters a trained network has, and how many of its weights are zero, in whatever form it holds them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sparsight.pruning.prunable import weight_names


@dataclass(frozen=True)
class Zeros:
    """What a network holds.

    Attributes:
        parameters: numbers in all of its parameters, each once, those in layers of int8 among them; 0 where they cannot
            be counted.
        weights: numbers in its filters and matrices, each once.
        zeros: share of these that are zero; NaN where it has none, or they cannot be read.
    """

    parameters: int
    weights: int
    zeros: float


def counted_zeros(model: nn.Module) -> Zeros:
    """Count the zeros in what can be pruned (``prunable``), as the network computes with it.

    Weights that are made anew in each pass, by ``torch.nn.utils.prune`` or a parametrization, count as they are made;
    quantised ones dequantised. Of a network without a layer that is known, as TorchScript and exported programs, all
    parameters of two and more dimensions are taken for weights.

    Args:
        model: any module; it is left as it was.
    """
    try:
        with torch.no_grad():
            own = _once(model.parameters())
            packed = [pair for module in model.modules() for pair in _packed(module)]
            found = _once(tensor for module in model.modules() for tensor in _in_use(module))
            found += [tensor for name, tensor in packed if name == "weight"]
            found = found or [one for one in own if one.ndim > 1]
            parameters = sum(one.numel() for one in (*own, *(tensor for _, tensor in packed)))
            weights, zeros = sum(one.numel() for one in found), sum(_zeros(one) for one in found)
    except Exception:  # of a stranger's class of tensors or parametrisation
        return Zeros(0, 0, math.nan)
    return Zeros(parameters, weights, zeros / weights if weights else math.nan)


def _in_use(module: nn.Module) -> Iterator[Tensor]:
    """The filters and matrices of a layer of torch's, as it computes with them."""
    for name in weight_names(module):
        value = getattr(module, name, None)
        if isinstance(value, Tensor):
            yield value


def _packed(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Those of a layer of torch's quantisation, and its biases, which it keeps where they are no parameters."""
    if type(module).__module__.startswith("torch.ao.nn"):
        for name in ("weight", "bias"):
            value = getattr(module, name, None)
            made = value() if callable(value) else None
            if isinstance(made, Tensor):
                yield name, made


def _once(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Each parameter once, however many layers share it."""
    return list({id(one): one for one in tensors}.values())


def _zeros(tensor: Tensor) -> int:
    """Zeros in a tensor of any layout or class."""
    foreign = type(tensor) not in (Tensor, nn.Parameter)
    if tensor.is_quantized or (foreign and hasattr(tensor, "dequantize")):
        tensor = tensor.dequantize()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    return tensor.numel() - int(torch.count_nonzero(tensor))
