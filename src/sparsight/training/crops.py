"""Random resized crops: boxes drawn in the picture's own geometry, cut from pixels that are kept once."""

import math

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

TRIES = 10
ASPECT = (3 / 4, 4 / 3)


def draw_boxes(
    sizes: Int64[Tensor, "n 2"], scale: tuple[float, float], generator: torch.Generator
) -> Float[Tensor, "n 4"]:
    """A random box in each picture: left, top, width and height, as shares of the picture's width and height.

    The law of torchvision's ``RandomResizedCrop``, without its rounding to whole pixels: area uniform in ``scale``
    times the picture's, width over height log-uniform in ``ASPECT``, place uniform; the first of ``TRIES`` draws that
    fits is taken, or else the largest centre box whose shape is in ``ASPECT``. Every picture takes the same number of
    draws, whatever its shape.

    Args:
        sizes: width and height of each picture in pixels.
        scale: least and largest share of the picture's area.
        generator: on the CPU.

    References:
        Szegedy et al. Going deeper with convolutions. CVPR 2015, section 6.
    """
    n = len(sizes)
    drawn = torch.rand(n, TRIES, 4, generator=generator, dtype=torch.float64)
    width, height = sizes.double()[:, None].unbind(2)
    area = width * height * (scale[0] + (scale[1] - scale[0]) * drawn[..., 0])
    low, high = map(math.log, ASPECT)
    shape = torch.exp(low + (high - low) * drawn[..., 1])
    w, h = torch.sqrt(area * shape) / width, torch.sqrt(area / shape) / height
    fits = (w <= 1) & (h <= 1)
    first = fits.to(torch.int64).argmax(1, keepdim=True)
    boxes = torch.stack([drawn[..., 2] * (1 - w), drawn[..., 3] * (1 - h), w, h], dim=2)
    chosen = boxes.gather(1, first[:, :, None].expand(-1, -1, 4))[:, 0]
    return torch.where(fits.any(1, keepdim=True), chosen, _centre(width[:, 0] / height[:, 0])).float()


def _centre(shapes: Float[Tensor, " n"]) -> Float[Tensor, "n 4"]:
    """The largest box in the middle of a picture of this width over height whose own is in ``ASPECT``."""
    wanted = shapes.clamp(*ASPECT)
    w, h = (wanted / shapes).clamp(max=1), (shapes / wanted).clamp(max=1)
    return torch.stack([(1 - w) / 2, (1 - h) / 2, w, h], dim=1)


def cut(
    images: UInt8[Tensor, "b 3 h w"], boxes: Float[Tensor, "b 4"], size: tuple[int, int]
) -> Float[Tensor, "b 3 s t"]:
    """Each image's box, resampled to ``size`` (height, width) by a triangle filter that widens where it shrinks.

    Pillow's and torchvision's antialiased bilinear filter as two matrix products, one an axis, on the images' device.
    Values stay between 0 and 255 and are not rounded.
    """
    boxes = boxes.to(images.device)
    down = _filter(boxes[:, 1], boxes[:, 3], images.shape[2], size[0])
    across = _filter(boxes[:, 0], boxes[:, 2], images.shape[3], size[1])
    return torch.einsum("bsh,bchw,btw->bcst", down, images.float(), across)


def _filter(start: Float[Tensor, " b"], length: Float[Tensor, " b"], pixels: int, out: int) -> Float[Tensor, "b o p"]:
    """Rows of weights that sum to 1: what of each pixel goes into each pixel of the crop."""
    step = (length * pixels / out)[:, None, None]
    centre = (start * pixels)[:, None, None] + (torch.arange(out, device=start.device)[:, None] + 0.5) * step
    away = (torch.arange(pixels, device=start.device) + 0.5 - centre).abs() / step.clamp(min=1)
    weights = (1 - away).clamp(min=0)
    return weights / weights.sum(2, keepdim=True)
