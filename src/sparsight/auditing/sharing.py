"""Models of an audit that hold the same weights in memory, so that what is changed in one is changed in the other.

All of them shared is one network twice: a shallow copy, a wrapper, a network that was pruned in place. Some of them may
be meant, as a backbone under two heads or a base under an adapter, and are evidence unless something was changed in
place, which cannot be seen afterwards.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from sparsight.models import Given

_FORMS = (torch.jit.ScriptModule, torch.fx.GraphModule)
NOTABLE = 0.01
"""Share of a model's numbers below which what it shares, as a normalisation's constants, is not worth a word."""


def one_network(first: nn.Module, second: nn.Module) -> bool:
    """Whether two models are the same object, or hold the same parameters in memory, all of them.

    TorchScript and exported graphs hold the parameters of the network that they were made of: they are its other form.
    """
    if first is second:
        return True
    if isinstance(first, _FORMS) or isinstance(second, _FORMS):
        return False
    one, other = (dict(_held(model.parameters())) or dict(_held(model.buffers())) for model in (first, second))
    return bool(one) and one.keys() == other.keys()


def share_weights(first: nn.Module, second: nn.Module) -> bool:
    """Whether two models hold some parameter in the same memory."""
    return not dict(_held(first.parameters())).keys().isdisjoint(dict(_held(second.parameters())))


def sharing_notes(models: Sequence[Given]) -> list[str]:
    """A line for each two models that share some of their weights.

    Args:
        models: under names of their own; those with the same network are passed over.
    """
    notes = []
    everything = [dict(_held((*one.model.parameters(), *one.model.buffers()))) for one in models]
    for (i, one), (j, other) in combinations(enumerate(models), 2):
        if one.model is other.model:
            continue
        both = sum(everything[j][place] for place in everything[i].keys() & everything[j].keys())
        whole = sum(everything[j].values())
        if both >= NOTABLE * whole and both:
            notes.append(
                f"CAUTION: {other.name} shares {both:,} of its {whole:,} numbers ({both / whole:.0%}) in memory with "
                f"{one.name}: what was changed there in place was changed in both, and shows as no change; "
                "copy.deepcopy before a change keeps them apart"
            )
    return notes


def _held(tensors: Iterator[Tensor] | Sequence[Tensor]) -> Iterator[tuple[tuple[str, int], int]]:
    """For each memory that tensors lie in, how many numbers of theirs; tensors without memory are left out."""
    found: dict[tuple[str, int], int] = {}
    for tensor in {id(tensor): tensor for tensor in tensors}.values():
        for plain in _inner(tensor):
            try:
                place = (str(plain.device), plain.untyped_storage().data_ptr())
            except (RuntimeError, NotImplementedError):  # of tensors that are no array of numbers
                continue
            if place[1]:
                found[place] = found.get(place, 0) + plain.numel()
    yield from found.items()


def _inner(tensor: Tensor) -> Iterator[Tensor]:
    """The plain tensors that a tensor of a class of its own consists of, as quantised numbers and their scales."""
    flatten = getattr(tensor, "__tensor_flatten__", None)
    if type(tensor) in (Tensor, nn.Parameter) or flatten is None:
        yield tensor
        return
    for name in flatten()[0]:
        inner = getattr(tensor, name)
        if isinstance(inner, torch.Tensor):
            yield from _inner(inner)
