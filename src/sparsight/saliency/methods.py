"""Saliency maps by the method that the settings name."""

from jaxtyping import Float
from torch import Tensor, nn

from sparsight.models import Split
from sparsight.saliency.attributions import captum_maps
from sparsight.saliency.cams import cam_maps
from sparsight.saliency.captum_class import captum_class
from sparsight.saliency.gradcam import grad_cam
from sparsight.saliency.passes import SaliencyMaps, Targets
from sparsight.saliency.released import released_maps
from sparsight.saliency.settings import CAPTUM, SaliencySettings


def check_method(settings: SaliencySettings) -> None:
    """Check that the methods in the settings can be had, before anything is made of them.

    Raises:
        InputError: if Captum is missing, has no such attribution or it needs what there is not.
    """
    for method in (settings.method, settings.beside or ""):
        if method.startswith(CAPTUM):
            captum_class(method.removeprefix(CAPTUM))


def maps_of(
    model: nn.Module,
    split: Split,
    images: Float[Tensor, "b c H W"],
    targets: Targets,
    settings: SaliencySettings,
    *,
    closed_form: bool = False,
) -> SaliencyMaps:
    """Maps of ``targets`` for every image by ``settings.method``; the methods' own functions say what they raise.

    Args:
        model: the classifier, on the device of ``images``.
        split: where its last feature map and its head are.
        images: normalised as the network expects.
        targets: classes to explain, or a function that picks them from the logits.
        settings: method and the choices in it.
        closed_form: whether Grad-CAM's closed form is known to hold (``closed_form_holds``). Other methods have none.
    """
    if settings.method.startswith(CAPTUM):
        return captum_maps(model, split, images, targets, settings)
    if settings.method == "released":
        return released_maps(model, split, images, targets, settings)
    if settings.method == "gradcam":
        return grad_cam(model, split, images, targets, settings, closed_form=closed_form)
    return cam_maps(model, split, images, targets, settings)
