"""What a model of transformers expects of its images: what its own image processor makes of some colours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from sparsight.errors import InputError

Three = tuple[float, float, float]
_COLOURS = {"black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "grey": (128, 128, 128)}
_SIDES = (480, 640)
_APART = 1e-3
"""Of the largest number: what is made of grey and what a linear map would make of it differ by less."""


@dataclass(frozen=True)
class Processed:
    """What a processor does to an image.

    Attributes:
        mean: of red, green and blue in 0..1, and so is ``std``: it takes the one away and divides by the other.
        std: the deviation.
        turned: whether blue comes first in what it gives.
        side: in pixels, of the squares that it gives whatever it is given; None where that depends on the image.
    """

    mean: Three
    std: Three
    turned: bool
    side: int | None


def processed(processor: Callable[..., Any], name: str) -> Processed:
    """Find out what an image processor does to an image.

    Args:
        processor: takes a PIL image and ``return_tensors="pt"`` and gives ``pixel_values``, (1, 3, h, w).
        name: what it is called in messages.

    Raises:
        InputError: if it fails, or does something else than take a mean away from each colour, divide by a deviation
            and change the order of colours.
    """
    made = {colour: _made(processor, value, _SIDES[0], name) for colour, value in _COLOURS.items()}
    other = _made(processor, _COLOURS["grey"], _SIDES[1], name)
    black, grey = _middle(made["black"]), _middle(made["grey"])
    scale = torch.stack([_middle(made[colour]) - black for colour in ("red", "green", "blue")])  # in by out
    size = float(scale.abs().max())
    order = scale.abs().argmax(0).tolist()
    turned = order == [2, 1, 0]
    plain = scale.flip(1) if turned else scale
    offset = black.flip(0) if turned else black
    expected = black + scale.sum(0) * (128 / 255)
    straight = bool((plain - plain.diagonal().diag()).abs().max() <= _APART * size)
    linear = bool((expected - grey).abs().max() <= _APART * max(size, float(black.abs().max())))
    if size == 0 or not straight or not linear or not bool((plain.diagonal() > 0).all()):
        raise InputError(
            f"{name}: does more to colours than to take a mean away and divide by a deviation; write a function that "
            "makes the model do it"
        )
    std = (1 / plain.diagonal()).tolist()
    mean = (-offset / plain.diagonal() + 0.0).tolist()
    same = made["grey"].shape == other.shape and other.shape[-1] == other.shape[-2]
    return Processed(
        (_short(mean[0]), _short(mean[1]), _short(mean[2])),
        (_short(std[0]), _short(std[1]), _short(std[2])),
        turned,
        int(other.shape[-1]) if same else None,
    )


def _short(value: float) -> float:
    """Six digits, which single precision holds; 0 of what rounding has left of it."""
    return 0.0 if abs(value) < 1e-7 else float(f"{value:.6g}")


def _made(processor: Callable[..., Any], colour: tuple[int, ...], side: int, name: str) -> Tensor:
    try:
        found = processor(Image.new("RGB", (side, side), colour), return_tensors="pt")["pixel_values"]
        image: Tensor = torch.as_tensor(found).double()
    except Exception as error:  # of a library, on a stranger's settings
        said = " ".join(str(error).split())[:120]
        raise InputError(f"{name}: cannot process an image ({said}); save the model's processor again") from None
    if image.ndim != 4 or image.shape[:2] != (1, 3) or not bool(image.isfinite().all()):
        raise InputError(f"{name}: makes {tuple(image.shape)} of an image, not finite (1, 3, h, w); save it again")
    return image[0]


def _middle(image: Tensor) -> Tensor:
    """The colour in the middle, around which there may be a margin."""
    return image[:, image.shape[1] // 2, image.shape[2] // 2]


def square(size: Any) -> int | None:
    """The side that a size stands for: of a number or two that are alike; None of others."""
    sides = size if isinstance(size, list) and size else [size]
    alike = all(type(one) is int and one > 0 and one == sides[0] for one in sides)
    return sides[0] if alike else None
