"""Image classifiers of the library transformers, from a folder that ``save_pretrained`` has written."""

import json
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.io import check_readable_file
from sparsight.models.given import IMAGENET, Given

_CONFIG, _IMAGES = "config.json", "preprocessor_config.json"
_MOST_BYTES = 1 << 24
_PLAIN = 3


class Logits(nn.Module):
    """A classifier of transformers that gives its logits alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        """The logits, (b, k)."""
        logits: Tensor = self.network(pixel_values=images).logits
        return logits


def from_folder(name: str, folder: Path) -> Given:
    """The classifier in a folder. No code from there is run, and nothing is fetched.

    Args:
        name: what it is called in messages.
        folder: with ``config.json``, weights in safetensors, and ``preprocessor_config.json`` if there is one.

    Raises:
        InputError: if transformers is not installed, or the folder holds no image classifier that can be loaded.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give hf:FOLDER, one that save_pretrained has written")
    config = _read(folder / _CONFIG)
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"{folder}: holds no safetensors; load the model where you trust it, and save it again by "
            "save_pretrained(FOLDER), which writes them"
        )
    transformers = _library()
    transformers.utils.logging.set_verbosity_error()
    try:
        network = transformers.AutoModelForImageClassification.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except Exception as error:  # a library may raise anything on a stranger's folder
        said = " ".join(str(error).split())[:160]
        raise InputError(f"{folder}: not an image classifier of transformers that can be loaded ({said})") from None
    labels = config.get("id2label")
    count = network.config.num_labels
    names = None
    if isinstance(labels, dict) and set(labels) == set(map(str, range(count))):
        listed = tuple(str(labels[str(k)]) for k in range(count))
        names = None if listed == tuple(f"LABEL_{k}" for k in range(count)) else listed
    images = _read(folder / _IMAGES) if (folder / _IMAGES).is_file() else {}
    mean, std = (_three(images.get(key)) for key in ("image_mean", "image_std"))
    side = config.get("image_size")
    return Given(
        name,
        Logits(network).eval(),
        names,
        IMAGENET if mean is None or std is None else (mean, std),
        side if isinstance(side, int) else None,
    )


def _three(value: Any) -> tuple[float, float, float] | None:
    numbers = [float(one) for one in value] if isinstance(value, list) else []
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == _PLAIN else None


def _read(path: Path) -> dict[str, Any]:
    check_readable_file(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise InputError(f"{path}: not a description of a model in JSON; save the model again") from None
    return found if isinstance(found, dict) else {}


def _library() -> Any:
    try:
        import transformers
    except ImportError:
        raise InputError("hf: needs transformers: pip install 'sparsight[transformers]'") from None
    return transformers
