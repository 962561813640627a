"""A trained classifier by the name that a command line gives it, whatever tool made it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from sparsight.errors import InputError
from sparsight.models.files import HUGGING_FACE
from sparsight.models.guard import users_code
from sparsight.models.own import build_own, own_source
from sparsight.models.settings import TIMM, TORCHVISION, ModelSettings, is_own
from sparsight.models.state_file import read_state
from sparsight.models.weights import load_weights
from sparsight.models.wrapped import unwrapped

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation by which the networks of these libraries expect their images normalised."""
_FORMS = (
    "torchvision:NAME@WEIGHTS, timm:NAME@WEIGHTS, hf:FOLDER, package.module:function or package.module:function@WEIGHTS"
)
_SHOWN = 120


@dataclass(frozen=True, eq=False)
class Given:
    """A trained classifier, and what is known of the images that it expects.

    Attributes:
        name: as it was given.
        model: in evaluation mode, on the CPU.
        class_names: what its outputs stand for; None where that is not known.
        normalisation: mean and deviation of each channel; None where the data set's are to be taken.
        side: of its images, in pixels; None where any will do.
    """

    name: str
    model: nn.Module
    class_names: tuple[str, ...] | None = None
    normalisation: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    side: int | None = None


def given_model(name: str, num_classes: int) -> Given:
    """Load a classifier.

    - ``torchvision:NAME@WEIGHTS`` and ``timm:NAME@WEIGHTS``: weights from a file (``read_state``), by which the number
      of classes is found; or the name of torchvision's own, as ``IMAGENET1K_V2``.
    - ``hf:FOLDER``: an image classifier of transformers, saved by ``save_pretrained``.
    - ``package.module:function`` gives a network, called with ``num_classes=``; weights from a file may follow.

    Args:
        name: one of these.
        num_classes: number of classes of the data set, which own functions are called with.

    Raises:
        InputError: naming what is wrong with the name, the file or the function.
    """
    if name.startswith(HUGGING_FACE):
        from sparsight.models.hugging_face import from_folder

        return from_folder(name, Path(name.removeprefix(HUGGING_FACE)).expanduser())
    network, at, weights = name.partition("@")
    if network.startswith((TORCHVISION, TIMM)):
        if not weights:
            raise InputError(
                f"{name[:_SHOWN]}: names no weights; give {network[:_SHOWN]}@FILE"
                + (f", or torchvision's by their name, as {network}@DEFAULT" if network.startswith(TORCHVISION) else "")
            )
        return _of_library(name, network, weights)
    if not is_own(network) or (at and not weights):
        raise InputError(f"model {name[:_SHOWN]!r}: not a form that is known; give {_FORMS}")
    own_source(network)  # which says in one line where no such module is
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model = unwrapped(build_own(network, num_classes, None, trained=True))
    with users_code(f"model {name}: taking it in"):
        if weights:
            load_weights(model, Path(weights).expanduser())
        with suppress(NotImplementedError):  # of an exported program, whose mode is fixed
            model.eval()
    return Given(name, model)


def _of_library(name: str, network: str, weights: str) -> Given:
    from sparsight.models.catalogue import AUXILIARY, build_named, check_name, class_layers
    from sparsight.models.pretrained import described, normalisation_of, pretrained_file, weights_name

    check_name(network)
    path, named = Path(weights).expanduser(), None
    names: tuple[str, ...] | None = None
    side: int | None = None
    if network.startswith(TORCHVISION) and not path.exists() and "/" not in weights and "." not in weights:
        named = weights_name(network, weights)
        path = pretrained_file(network, named)
        names, side = described(network, named)
    state = read_state(path)
    heads = [layer for layer in class_layers(network, True) if not f"{layer}.".startswith(AUXILIARY)]
    weight = state.get(f"{heads[-1]}.weight") if heads else None
    if weight is None or weight.ndim < 2:
        raise InputError(f"{path}: holds no classifier ({heads[-1] if heads else 'head'}.weight); give the whole model")
    auxiliary = any(key.startswith(AUXILIARY) for key in state)
    settings = ModelSettings(name=network).model_copy(update={"auxiliary": auxiliary, "pretrained": named})
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model = build_named(settings, len(weight))
    try:
        load_weights(model, path, ignored=() if auxiliary else AUXILIARY, state=state)
    except InputError as error:
        if "of another shape" not in str(error):
            raise
        raise InputError(
            f"{str(error).partition('; give the whole')[0]}; layers of other widths, as structured pruning leaves "
            "them, need the network itself: write a function that makes it, and give package.module:function@FILE"
        ) from None
    if network.startswith(TORCHVISION):
        normalisation = normalisation_of(network, named)
    else:
        own = getattr(model, "pretrained_cfg", None) or {}
        mean, std = own.get("mean", IMAGENET[0]), own.get("std", IMAGENET[1])
        normalisation = (tuple(mean), tuple(std))
        size = own.get("input_size")
        side = size[-1] if size else None
    return Given(name, model.eval(), names, normalisation, side)
