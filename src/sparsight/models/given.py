"""A trained classifier by the name that a command line gives it, whatever tool made it."""

from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import nn

from sparsight.errors import InputError
from sparsight.io import at_home
from sparsight.models.expected import Source
from sparsight.models.files import HUGGING_FACE
from sparsight.models.guard import users_code
from sparsight.models.own import build_own, own_source
from sparsight.models.settings import TIMM, TORCHVISION, is_own
from sparsight.models.weights import load_weights
from sparsight.models.wrapped import unwrapped

Normalisation = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Mean and deviation of red, green and blue in 0..1."""
IMAGENET: Normalisation = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
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
        notes: what a reader should know of how it was loaded, each without a subject.
        normalisation_source: where its normalisation comes from; None where it is that of whoever made this.
        side_source: where its side comes from.
        class_names_source: the file that its names come from, where they are not its own.
    """

    name: str
    model: nn.Module
    class_names: tuple[str, ...] | None = None
    normalisation: Normalisation | None = None
    side: int | None = None
    notes: tuple[str, ...] = ()
    normalisation_source: Source | None = None
    side_source: Source | None = None
    class_names_source: str | None = None


def given_model(name: str, num_classes: int) -> Given:
    """Load a classifier.

    - ``torchvision:NAME@WEIGHTS`` and ``timm:NAME@WEIGHTS``: weights from a file (``read_state_file``), by which the
      number of classes is found; or the name of torchvision's own, as ``IMAGENET1K_V2``. ``timm:NAME.TAG@FILE`` also
      states which of timm's weights they come from, whose images are normalised as timm knows it.
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

        return from_folder(name, at_home(name.removeprefix(HUGGING_FACE)))
    network, at, weights = name.partition("@")
    if network.startswith((TORCHVISION, TIMM)):
        if not weights:
            raise InputError(
                f"{name[:_SHOWN]}: names no weights; give {network[:_SHOWN]}@FILE"
                + (f", or torchvision's by their name, as {network}@DEFAULT" if network.startswith(TORCHVISION) else "")
            )
        from sparsight.models.library import from_library

        return from_library(name, network, weights)
    if not is_own(network) or (at and not weights):
        raise InputError(f"model {name[:_SHOWN]!r}: not a form that is known; give {_FORMS}")
    own_source(network)  # which says in one line where no such module is
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model = unwrapped(build_own(network, num_classes, None, trained=True))
    with users_code(f"model {name}: taking it in"):
        notes = load_weights(model, at_home(weights)) if weights else ()
        with suppress(NotImplementedError):  # of an exported program, whose mode is fixed
            model.eval()
    return Given(name, model, notes=notes)
