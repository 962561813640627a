"""Whether a network's weights hold numbers."""

from torch import nn
from torch.nn.parameter import is_lazy

from sparsight.errors import InputError


def check_whole(name: str, model: nn.Module) -> None:
    """Check that every parameter and buffer holds numbers.

    Raises:
        InputError: naming the first that does not: one of a lazy layer, or one without memory.
    """
    for key, value in (*model.named_parameters(), *model.named_buffers()):
        if is_lazy(value):
            raise InputError(f"{name}: {key} is of a lazy layer without a size yet; state the layer's sizes")
        if value.is_meta:
            raise InputError(f"{name}: {key} is on the meta device and holds no numbers; load the network's weights")
