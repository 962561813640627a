"""From stored pixels to what a network takes."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from sparsight.data.dataset import ConceptDataset


def normalise(
    images: UInt8[Tensor, "b 3 h w"] | Float[Tensor, "b 3 h w"], data: ConceptDataset, device: torch.device
) -> Float[Tensor, "b 3 h w"]:
    """Pixels of 0 to 255 scaled to [0, 1], normalised by channel, in channels-last memory on the device."""
    return normalise_(images.to(device).to(torch.float32, memory_format=torch.channels_last, copy=True), data)


def normalise_(images: Float[Tensor, "b 3 h w"], data: ConceptDataset) -> Float[Tensor, "b 3 h w"]:
    """The same of images that lie in channels-last memory on their device, in place."""
    height, width = images.shape[2:]
    # Rows of pixels instead of single ones: a loop over 3 channels costs five times as much as one over a row.
    rows = images.permute(0, 2, 3, 1).view(len(images) * height, width * 3)
    mean, std = (torch.tensor(by_channel, device=images.device).mul_(255) for by_channel in (data.mean, data.std))
    rows.sub_(mean.repeat(width)).div_(std.repeat(width))
    return images
