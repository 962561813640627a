"""Image classifiers of the library transformers, from a folder that ``save_pretrained`` has written."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from sparsight.errors import InputError
from sparsight.io import check_readable_file
from sparsight.models.given import IMAGENET, Given
from sparsight.models.image_processor import normalisation_of, side_of, square

_CONFIG, _IMAGES = "config.json", "preprocessor_config.json"
_MOST_BYTES = 1 << 24
_SHOWN = 3


class Logits(nn.Module):
    """A classifier of transformers that gives its logits alone; its images may go in with blue first."""

    def __init__(self, network: nn.Module, turned: bool = False) -> None:
        super().__init__()
        self.network = network
        self.turned = turned

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        """The logits, (b, k)."""
        logits: Tensor = self.network(pixel_values=images.flip(1) if self.turned else images).logits
        return logits


def from_folder(name: str, folder: Path) -> Given:
    """The classifier in a folder. No code from there is run, and nothing is fetched.

    Args:
        name: what it is called in messages.
        folder: with ``config.json``, weights in safetensors, and ``preprocessor_config.json`` if there is one.

    Raises:
        InputError: if transformers is not installed, or the folder holds no image classifier that can be loaded whole.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give hf:FOLDER, one that save_pretrained has written")
    config = _read(folder / _CONFIG)
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"{folder}: holds no safetensors; load the model where you trust it, and save it again by "
            "save_pretrained(FOLDER), which writes them"
        )
    with _quiet():
        transformers = _library()
        try:
            network, loading = transformers.AutoModelForImageClassification.from_pretrained(
                str(folder),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except Exception as error:  # a library may raise anything on a stranger's folder
            said = " ".join(str(error).split())[:160]
            raise InputError(f"{folder}: not an image classifier of transformers that can be loaded ({said})") from None
    drawn = sorted(map(str, (*loading["missing_keys"], *loading["mismatched_keys"])))
    if drawn:
        raise InputError(
            f"{folder}: its weights lack {', '.join(drawn[:_SHOWN])}{', ...' if len(drawn) > _SHOWN else ''}, which "
            "would be drawn at random; save the whole classifier, with its head"
        )
    labels = config.get("id2label")
    count = network.config.num_labels
    names = None
    if isinstance(labels, dict) and set(labels) == set(map(str, range(count))):
        listed = tuple(str(labels[str(k)]) for k in range(count))
        names = None if listed == tuple(f"LABEL_{k}" for k in range(count)) else listed
    normalisation, turned, side = IMAGENET, False, square(config.get("image_size"))
    if (folder / _IMAGES).is_file():
        images = _read(folder / _IMAGES)
        normalisation, turned = normalisation_of(images, folder / _IMAGES)
        side = side or side_of(images)
    return Given(name, Logits(network, turned).eval(), names, normalisation, side)


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither what transformers says and shows while it loads, nor what torch says of libraries that it imports."""
    noisy = logging.getLogger("torch.utils._pytree")
    level = noisy.level
    noisy.setLevel(logging.ERROR)
    try:
        said = _library().utils.logging
        before, shown = said.get_verbosity(), said.is_progress_bar_enabled()
        said.set_verbosity_error()
        said.disable_progress_bar()
        try:
            yield
        finally:
            said.set_verbosity(before)
            if shown:
                said.enable_progress_bar()
    finally:
        noisy.setLevel(level)


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
