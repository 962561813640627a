"""What a model of transformers expects of its images, by its ``preprocessor_config.json``."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparsight.errors import InputError

Three = tuple[float, float, float]
_WHITE = 255


def normalisation_of(images: Mapping[str, Any], path: Path) -> tuple[tuple[Three, Three], bool]:
    """Mean and deviation for images in 0..1, and whether channels go into the model the other way round.

    Args:
        images: the description. Pixels are taken over 255 where it does not say otherwise, and normalised where it
            says so.
        path: of it, for messages.

    Returns:
        Mean and deviation of red, green and blue; and whether blue comes first.

    Raises:
        InputError: if it asks for what cannot be done, or is no description.
    """
    if images.get("rescale_offset"):
        raise InputError(f"{path}: rescale_offset is not supported; write a function that makes the model do it")
    white = _WHITE * _number(images.get("rescale_factor", 1 / _WHITE), "rescale_factor", path)
    white = white if images.get("do_rescale", True) else float(_WHITE)
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if images.get("do_normalize"):
        mean, std = _three(images, "image_mean", path), _three(images, "image_std", path)
    if str(images.get("image_processor_type", "")).startswith("EfficientNet") and images.get("include_top", True):
        again = _three(images, "image_std", path)  # a second time
        std = (std[0] * again[0], std[1] * again[1], std[2] * again[2])
    if min(*std, white) <= 0:
        raise InputError(f"{path}: rescale_factor and image_std must be above 0; save the model's processor again")
    turned = bool(images.get("do_flip_channel_order"))
    if turned:  # they are normalised after that
        mean, std = (mean[2], mean[1], mean[0]), (std[2], std[1], std[0])
    return (_over(mean, white), _over(std, white)), turned


def side_of(images: Mapping[str, Any]) -> int | None:
    """The side in pixels of the square images that go into the model; None where it does not say so.

    Args:
        images: the description: of its crop where it cuts one, or else of its size.
    """
    return square(images.get("crop_size" if images.get("do_center_crop") else "size"))


def square(size: Any) -> int | None:
    """The side that a size stands for: of a number, two that are alike, or the shortest edge; None of others."""
    if isinstance(size, Mapping):
        size = [size["shortest_edge"]] if "shortest_edge" in size else [size.get("height"), size.get("width")]
    sides = size if isinstance(size, list) and size else [size]
    alike = all(type(one) is int and one > 0 and one == sides[0] for one in sides)
    return sides[0] if alike else None


def _over(values: Three, white: float) -> Three:
    return values[0] / white, values[1] / white, values[2] / white


def _three(images: Mapping[str, Any], key: str, path: Path) -> Three:
    value = images.get(key)
    found = value if isinstance(value, list) else [value] * 3
    if len(found) != 3:
        raise InputError(f"{path}: {key} is not three numbers; save the model's processor again")
    return _number(found[0], key, path), _number(found[1], key, path), _number(found[2], key, path)


def _number(value: Any, key: str, path: Path) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{path}: {key} is no number; save the model's processor again")
    return float(value)
