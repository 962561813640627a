"""Weights by torchvision's names: from the local cache, or fetched once."""

import difflib
import os
from pathlib import Path
from urllib.parse import urlparse

import torch
from torchvision import models

from sparsight.errors import InputError
from sparsight.io import check_readable_file, sha256
from sparsight.models.settings import TORCHVISION

Three = tuple[float, float, float]
_SHOWN = 80


def weights_name(name: str, pretrained: str) -> str:
    """The weights' own name, of which ``DEFAULT`` is another one.

    Raises:
        InputError: if torchvision has no such weights of the network.
    """
    known = models.get_model_weights(name.removeprefix(TORCHVISION)).__members__
    if pretrained not in known:
        near = difflib.get_close_matches(pretrained, known, n=3, cutoff=0.4) or list(known)
        raise InputError(
            f"model.pretrained: {name} has no weights {pretrained[:_SHOWN]!r}; torchvision has {', '.join(near)}"
        )
    return str(known[pretrained].name)


def described(name: str, pretrained: str) -> tuple[tuple[str, ...], int]:
    """The classes of weights of that name, and the side in pixels of the images that they are evaluated on."""
    weights = models.get_model_weights(name.removeprefix(TORCHVISION))[pretrained]
    return tuple(weights.meta["categories"]), int(weights.transforms().crop_size[0])


def normalisation_of(
    name: str, pretrained: str | None
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and deviation of each channel by which images are normalised for weights of that name; for others those of
    the network's own weights."""
    known = models.get_model_weights(name.removeprefix(TORCHVISION))
    transforms = (known.DEFAULT if pretrained is None else known[pretrained]).transforms()
    (*mean,), (*std,) = transforms.mean, transforms.std
    return (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])


def usual_side(name: str) -> int:
    """The side in pixels of the images that the best of a network's own weights are evaluated on."""
    return int(models.get_model_weights(name.removeprefix(TORCHVISION)).DEFAULT.transforms().crop_size[0])


def weights_of_file(name: str, path: Path) -> str | None:
    """The name of torchvision's weights of a network that a file is, told by its SHA-256; None where it is none."""
    digits = {
        Path(urlparse(one.url).path).stem.rpartition("-")[2]: str(one.name)
        for one in models.get_model_weights(name.removeprefix(TORCHVISION))
    }
    whole = sha256(path)
    return next((known for start, known in digits.items() if start and whole.startswith(start)), None)


def pretrained_file(name: str, pretrained: str) -> Path:
    """Where torch keeps the weights of that name; they are fetched if they are not there.

    Raises:
        InputError: if they cannot be had, with their address and the place for them.
    """
    url = models.get_model_weights(name.removeprefix(TORCHVISION))[pretrained].url
    place = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name
    if not place.exists():
        _fetch(url, place)
    check_readable_file(place)  # a pipe in its place would be waited for
    return place


def _fetch(url: str, place: Path) -> None:
    digits = place.stem.rpartition("-")[2]  # torchvision's files end in the first digits of their SHA-256
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, os.fspath(place), hash_prefix=digits, progress=False)
    except (OSError, RuntimeError) as error:
        said = " ".join(str(error).split())[:120]
        raise InputError(
            f"model.pretrained: {url} cannot be fetched ({said}); fetch it elsewhere and put it to {place}, "
            "or set model.pretrained=null to start from drawn weights"
        ) from None
