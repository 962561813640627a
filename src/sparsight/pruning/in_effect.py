"""Whether a weight that is pruned is zero in what a network computes, and not only among its parameters.

A layer that standardises its weights in each pass, say, multiplies by other numbers than its parameter holds: a zero
there is none in effect. One pass with half of each weight at zero shows it: what goes into a product with data has to
have these zeros. So a cast, a transpose, a part, a scale, a mask and symmetric fake quantisation of a weight are fine.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from sparsight.errors import InputError
from sparsight.models import evaluating
from sparsight.pruning.prunable import prunable

_SET = 0.5
"""The share of each weight that is set to zero, drawn at random."""
_PATTERN = 4093
"""Numbers that are drawn for a weight, and repeated; a prime, so that they do not follow its rows."""
_LEFT = 0.25
"""The least share of zeros in what has these zeros, as it may be a part of a weight, or several side by side."""
_PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "convolution", "_fft_r2c", "_fft_c2c")
"""Operations that a weight's zeros go into as such, whatever the other factor, of data or not. A Fourier transform is
one: a convolution by it has the zeros of its weight."""
_DATA = "the images"  # no parameter has a space in its name


def check_in_effect(name: str, model: nn.Module, images: Float[Tensor, "b c h w"]) -> None:
    """Check that the zeros of pruned weights are zeros in the products that a network computes.

    Args:
        name: of the network, for messages.
        model: the network; its parameters and modes are left as they were found.
        images: one or more, normalised.

    Raises:
        InputError: if those of a weight are lost before it is multiplied with anything.
    """
    lost = lost_zeros(model, images)
    if lost:
        layer, _, key = lost[0].rpartition(".")
        more = f" ({len(lost) - 1} more {'is' if len(lost) == 2 else 'are'})" if len(lost) > 1 else ""
        raise InputError(
            f"model.name: {name}: {key} of layer {layer!r} ({type(model.get_submodule(layer)).__name__}) is changed in "
            f"each pass, as by weight standardisation{more}, so that a pruned weight would not be zero in effect; "
            "choose a network whose layers multiply by their weights as they are, or, in a function of your own, put "
            "torch's own layer in the place of each such layer"
        )


def lost_zeros(model: nn.Module, images: Float[Tensor, "b c h w"]) -> list[str]:
    """Names of the prunable parameters whose zeros are in no product, though something made of them is, by one pass in
    evaluation mode. Parameters and modes are left as they were found.

    The network must work on these images. Of one that torch cannot watch nothing is claimed.
    """
    names = prunable(model)
    parameters = {name: parameter for name, parameter in model.named_parameters() if name in set(names)}
    seen = _Watch(parameters, images)
    try:
        with torch.no_grad(), evaluating(model), _half_at_zero(parameters), seen:
            model(images)
    except torch.OutOfMemoryError:
        raise
    except Exception:  # the network itself works, so it is torch that cannot watch an operation, as flex_attention
        return []
    return [name for name in names if name in seen.used and name not in seen.whole]


@contextmanager
def _half_at_zero(parameters: Mapping[str, nn.Parameter]) -> Iterator[None]:
    """Half of each parameter at zero, the numbers as they were afterwards."""
    lot = torch.Generator().manual_seed(0)
    held = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    try:
        for parameter in parameters.values():
            order = torch.randperm(min(parameter.numel(), _PATTERN), generator=lot)
            zeros = (order < _SET * len(order)).repeat(1 + parameter.numel() // _PATTERN)[: parameter.numel()]
            parameter.masked_fill_(zeros.reshape(parameter.shape).to(parameter.device), 0)
        yield
    finally:
        for name, parameter in parameters.items():
            parameter.copy_(held[name])


class _Watch(TorchDispatchMode):
    """Follow weights from operation to operation, until they meet data.

    Attributes:
        used: names of the parameters of which something met data.
        whole: names of those whose zeros went into a product, or met data.
    """

    supports_higher_order_operators = (
        True  # such as cond are one operation here: of what is in them, nothing is claimed
    )

    def __init__(self, parameters: Mapping[str, nn.Parameter], images: Tensor) -> None:
        super().__init__()
        self.used: set[str] = set()
        self.whole: set[str] = set()
        self._of: dict[int, frozenset[str]] = {_memory(one): frozenset({name}) for name, one in parameters.items()}
        self._of[_memory(images)] = frozenset({_DATA})
        self._held: list[Tensor] = []  # what is made of weights is held, so that nothing else gets its memory

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [
            (one, self._of.get(_memory(one), frozenset())) for one in tree_leaves((args, kwargs)) if _is_plain(one)
        ]
        all_of = frozenset().union(*(names for _, names in given))
        weights = [(one, names) for one, names in given if names and _DATA not in names]
        meets = bool(weights) and _DATA in all_of
        product = str(getattr(func, "overloadpacket", "")).removeprefix("aten.") in _PRODUCTS
        for k, (one, names) in enumerate(weights):
            others = frozenset().union(*(other for m, (_, other) in enumerate(weights) if m != k))
            if (meets or (product and not names & others)) and _zeros(one) >= _LEFT:
                self.whole |= names
            self.used |= names if meets else frozenset()
        made = func(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            if _is_plain(one):
                self._of[_memory(one)] = frozenset({_DATA}) if _DATA in all_of else all_of
                if all_of and _DATA not in all_of:
                    self._held.append(one)
        return made


def _is_plain(one: Any) -> bool:
    return isinstance(one, Tensor) and one.layout == torch.strided and one.device.type != "meta"


def _memory(one: Tensor) -> int:
    """What views of one tensor have in common."""
    return int(one.untyped_storage()._cdata)


def _zeros(one: Tensor) -> float:
    return 1 - int(torch.count_nonzero(one)) / max(one.numel(), 1)
