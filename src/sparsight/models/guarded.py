"""A study's own network, whose code is guarded wherever it is called, and how it lies in memory."""

from typing import Any

import torch
from torch import Tensor, nn

from sparsight.models.guard import users_code

_MARK = "_sparsight_guarded"


def guarded(model: nn.Module, name: str) -> nn.Module:
    """The same network, whose forward pass is given images of its own, channel by channel in memory, and raises in one
    line.

    It becomes of a class made from its own, of the same name: parameters, modules, copies and state dicts are what they
    were. TorchScript, whose class is fixed, stays as it is.

    Args:
        model: a network of the user's own.
        name: of it, for messages.
    """
    own = type(model)
    if isinstance(model, torch.jit.ScriptModule) or hasattr(own, _MARK):
        return model

    def forward(self: nn.Module, images: Any, *others: Any, **named: Any) -> Any:
        if not isinstance(images, Tensor):
            return own.forward(self, images, *others, **named)
        given = images.clone(memory_format=torch.contiguous_format)
        with users_code(f"model.name: {name}: its forward pass on images of {' x '.join(map(str, images.shape[1:]))}"):
            return own.forward(self, given, *others, **named)

    body = {"forward": forward, "__module__": own.__module__, "__qualname__": own.__qualname__, _MARK: True}
    model.__class__ = type(own.__name__, (own,), body)
    return model


def placed(model: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, its weights in channels-last memory, but for one of the user's own: such a one may
    flatten its maps by ``view``, and may have weights of five dimensions."""
    model.to(device)
    return model if hasattr(type(model), _MARK) else model.to(memory_format=torch.channels_last)
