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
from sparsight.models.expected import Source
from sparsight.models.given import IMAGENET, Given
from sparsight.models.image_processor import Processed, processed, square

_CONFIG, _IMAGES, _PROCESSOR = "config.json", "preprocessor_config.json", "processor_config.json"
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
                config=_config(transformers, folder),
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
    labels = {str(k): label for k, label in (network.config.id2label or {}).items()}
    count = network.config.num_labels
    names = None
    if set(labels) == set(map(str, range(count))):
        listed = tuple(str(labels[str(k)]) for k in range(count))
        names = None if listed == tuple(f"LABEL_{k}" for k in range(count)) else listed
    with _quiet():
        made, source = _images(transformers, folder, config, network)
    side, side_source = made.side if source.known else None, source
    if (own := square(config.get("image_size"))) is not None and side is None:
        side, side_source = own, Source(_CONFIG, known=True)
    return Given(
        name,
        Logits(network, made.turned).eval(),
        names,
        (made.mean, made.std),
        side,
        normalisation_source=source,
        side_source=None if side is None else side_source,
    )


def _config(transformers: Any, folder: Path) -> Any:
    """What describes the network. timm's own states the number of classes twice, which its wrapper does not take."""
    found = transformers.AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    arguments = getattr(found, "model_args", None)
    if isinstance(arguments, dict):
        found.model_args = {key: value for key, value in arguments.items() if key != "num_classes"}
    return found


def _images(transformers: Any, folder: Path, config: dict[str, Any], network: nn.Module) -> tuple[Processed, Source]:
    """What the classifier's own processor does to images; without one, what that of its kind of network does."""
    own = folder / _IMAGES
    timm = "pretrained_cfg" in config  # where timm and its wrapper keep it
    if own.is_file() or (folder / _PROCESSOR).is_file() or timm:
        stated = own if own.is_file() else folder / (_CONFIG if timm else _PROCESSOR)
        described = _read(stated)
        try:
            processor = transformers.AutoImageProcessor.from_pretrained(
                str(folder), config=network.config, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # a library may raise anything on a stranger's folder
            said = " ".join(str(error).split())[:120]
            raise InputError(
                f"{stated}: not an image processor of transformers that can be loaded ({said}); name one of its "
                "classes as image_processor_type there, or move the file away, and the normalisation is guessed"
            ) from None
        made = processed(processor, str(stated))
        if timm:
            inner = config.get("pretrained_cfg")
            stated_there = isinstance(inner, dict) and {"mean", "std"} <= set(inner)
            if not stated_there:
                return made, Source(f"timm's usual, because {_CONFIG} states no mean and std", known=False)
            return made, Source(f"pretrained_cfg in {_CONFIG}", known=True)
        called = type(processor).__name__
        return made, Source(stated.name if "image_mean" in described else f"{stated.name}, a {called}", known=True)
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING

    mapping: Any = IMAGE_PROCESSOR_MAPPING
    found: Any = mapping.get(type(network.config), None)
    kinds = list(found.values()) if isinstance(found, dict) else list(found or ())
    kind: Any = next((one for one in kinds if one is not None), None)
    if kind is not None:
        try:
            made = processed(kind(), kind.__name__)
            return made, Source(f"the default of {kind.__name__}, because there is no {_IMAGES}", known=False)
        except (InputError, ImportError):
            pass
    usual = Processed(*IMAGENET, turned=False, side=None)
    return usual, Source(f"ImageNet's, because there is no {_IMAGES}", known=False)


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
