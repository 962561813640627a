"""Grad-CAM++, HiResCAM and LayerCAM against the package grad-cam: its raw maps, before it cuts and rescales them."""

import pytest
import torch
from pytorch_grad_cam import GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from sparsight.models import named_module, split
from sparsight.saliency import SaliencySettings, maps_of
from tests.reference.test_gradcam import CLASSES, IMAGES, agree, lived_in
from tests.saliency.test_cams import RELU_HEAD, relu_head

LARGE = 1e6


class _Raw:
    def get_cam_image(self, *args, **kwargs):
        self.raw = torch.from_numpy(super().get_cam_image(*args, **kwargs))
        return self.raw.numpy()


class RawHiRes(_Raw, HiResCAM):
    pass


class RawLayer(_Raw, LayerCAM):
    pass


class RawPlusPlus(_Raw, GradCAMPlusPlus):
    """Without the package's 1e-6 in the denominator, which outweighs squares of gradients of a thousandth.

    Weights of (A / c, c G) are c times those of (A, G), and with a large c what is added weighs nothing.
    """

    def get_cam_weights(self, images, layers, targets, activations, grads):
        return super().get_cam_weights(images, layers, targets, activations / LARGE, grads * LARGE) / LARGE


REFERENCES = {"gradcam++": RawPlusPlus, "hirescam": RawHiRes, "layercam": RawLayer}
PLACES = {
    "ResNet-18": (["layer4", "layer2", "layer3.1"], lambda: lived_in("torchvision:resnet18")),
    "ResNet-8": (["layer3", "layer2"], lambda: lived_in("resnet8")),
}
NEGATIVE = {"ResNet-18": "layer3.1.conv1"}
"""A layer whose activations have both signs; Grad-CAM++'s denominator has a pole there, and rounding decides."""


def by_package(model, layer, method, images, classes):
    with REFERENCES[method](model, [named_module(model, layer)]) as library:
        library(images, [ClassifierOutputTarget(int(k)) for k in classes])
        return library.raw


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("method", REFERENCES)
def test_maps_agree_to_a_hundred_thousandth_of_the_largest(name, method):
    layers, make = PLACES[name]
    model = make()
    extra = [NEGATIVE[name]] if name in NEGATIVE and method != "gradcam++" else []
    for layer in (*layers, *extra):
        found = maps_of(model, split(model), IMAGES, CLASSES, SaliencySettings(method=method, layer=layer))
        for target in range(2):
            agree(found.maps[:, target], by_package(model, layer, method, IMAGES, CLASSES[:, target]))


@pytest.mark.parametrize("method", REFERENCES)
def test_behind_a_head_with_relus(method):
    model = relu_head().eval()
    images, classes = IMAGES[:, :, :32, :32], CLASSES % 4
    found = maps_of(model, RELU_HEAD, images, classes, SaliencySettings(method=method))
    for target in range(2):
        agree(found.maps[:, target], by_package(model, "features", method, images, classes[:, target]))
