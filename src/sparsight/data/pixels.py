"""From stored pixels to what a network takes."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from sparsight.data.dataset import ConceptDataset


def normalise(
    images: UInt8[Tensor, "b 3 h w"] | Float[Tensor, "b 3 h w"], data: ConceptDataset, device: torch.device
) -> Float[Tensor, "b 3 h w"]:
    """Pixels of 0 to 255 scaled to [0, 1], normalised by channel, in channels-last memory on the device."""
    on_device = images.to(device).to(torch.float32, memory_format=torch.channels_last, copy=True)
    mean = torch.tensor(data.mean, device=device).mul_(255).view(1, 3, 1, 1)
    std = torch.tensor(data.std, device=device).mul_(255).view(1, 3, 1, 1)
    return on_device.sub_(mean).div_(std)
