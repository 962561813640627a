"""SmoothGrad: an attribution averaged over copies of the image with noise.

Captum's ``NoiseTunnel`` takes its noise from torch's global generator in the order of a batch. Here the noise of copy i
is one field, drawn for i alone and laid over every image: so an image's map depends neither on its batch nor on the
device, and two networks are compared under the same noise. Under the same noise both give the same (tested).

References:
    D. Smilkov, N. Thorat, B. Kim, F. Viégas, M. Wattenberg. SmoothGrad: removing noise by adding noise.
    arXiv:1706.03825, 2017.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from sparsight.draws import generator

Attribution = Callable[[Float[Tensor, "b c H W"]], Float[Tensor, "b c H W"]]


def smoothed(attribution: Attribution, samples: int, noise: float) -> Attribution:
    """The mean of an attribution over ``samples`` noisy copies of each image; the attribution itself for none.

    Args:
        attribution: of each pixel and channel.
        samples: copies of each image.
        noise: standard deviation, as a share of the difference between the image's largest and smallest value.
    """
    if not samples:
        return attribution

    def mean(images: Tensor) -> Tensor:
        low, high = images.aminmax(dim=1, keepdim=True)
        spread = noise * (high.amax(dim=(2, 3), keepdim=True) - low.amin(dim=(2, 3), keepdim=True))
        total = torch.zeros_like(images)
        for i in range(samples):
            total += attribution(images + spread * field(i, images))
        return total / samples

    return mean


def field(index: int, images: Float[Tensor, "b c H W"]) -> Float[Tensor, "c H W"]:
    """Normal noise for the copy of this index, the same for all images of one size."""
    drawn = torch.randn(images.shape[1:], generator=generator("smoothgrad", index))
    return drawn.to(images.device, images.dtype)
