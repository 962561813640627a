"""Networks inside what torch wraps around them, and run as they are written."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

_LIBRARIES = ("torchvision.", "timm.", "transformers.", "sparsight.models.")
_WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel, AveragedModel)


def unwrapped(model: nn.Module) -> nn.Module:
    """The network itself of one that stands in ``DataParallel``, ``torch.compile`` or the like; its modules then have
    their own names, and hooks in them are called."""
    while True:
        inner = model.module if isinstance(model, _WRAPPERS) else getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def is_of_library(model: nn.Module) -> bool:
    """Whether a network is of a class of torchvision, timm, transformers or ours, which take images however they lie in
    memory."""
    return type(unwrapped(model)).__module__.startswith(_LIBRARIES)


@contextmanager
def eager(model: nn.Module) -> Iterator[None]:
    """Inside, what is compiled in the network runs as it is written, without which its hooks are not called."""
    compiled = any(
        getattr(module, "_compiled_call_impl", None) is not None or "_orig_mod" in module._modules
        for module in model.modules()
    )
    with torch.compiler.set_stance("force_eager") if compiled else nullcontext():
        yield
