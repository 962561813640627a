"""Networks inside what torch wraps around them, and run as they are written."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

_WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel, AveragedModel)


def unwrapped(model: nn.Module) -> nn.Module:
    """The network itself of one that stands in ``DataParallel``, ``torch.compile`` or the like; its modules then have
    their own names, and hooks in them are called."""
    while True:
        inner = model.module if isinstance(model, _WRAPPERS) else getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            return model
        model = inner


@contextmanager
def eager(model: nn.Module) -> Iterator[None]:
    """Inside, what is compiled in the network runs as it is written, without which its hooks are not called."""
    compiled = any(
        getattr(module, "_compiled_call_impl", None) is not None or "_orig_mod" in module._modules
        for module in model.modules()
    )
    with torch.compiler.set_stance("force_eager") if compiled else nullcontext():
        yield


@contextmanager
def in_its_precision(model: nn.Module) -> Iterator[None]:
    """Inside, images that the network is given are cast to the precision of its weights, if that is another one."""
    values = (*model.parameters(), *model.buffers())
    own = next((value.dtype for value in values if value.is_floating_point()), torch.float32)
    if own == torch.float32:
        yield
        return
    hook = model.register_forward_pre_hook(lambda _module, inputs: tuple(one.to(own) for one in inputs))
    try:
        yield
    finally:
        hook.remove()
