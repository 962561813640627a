"""torch as it is when Python starts: what is computed must not depend on the block from which it was called."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

_MIXED = ("cpu", "cuda", "mps", "xpu")


@contextmanager
def ordinary_torch() -> Iterator[None]:
    """Single precision without autocast, gradients, and the CPU as default device, while the block runs.

    A notebook may have set another default device or precision, or call from inside ``torch.autocast`` or
    ``torch.inference_mode``; the command line never does, and both must give the same numbers.
    """
    kind = torch.get_default_dtype()
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for device in _MIXED:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.callback(torch.set_default_dtype, kind)
        torch.set_default_dtype(torch.float32)
        yield
