"""Grad-CAM against grad-cam and Captum, raw maps, to 1e-5 of each map's largest value."""

import pytest
import torch
from captum.attr import LayerGradCam
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from sparsight.models import ModelSettings, build_model, named_module, split
from sparsight.saliency import SaliencySettings, closed_form_holds, dead, grad_cam, relu

IMAGES = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([[0, 4], [2, 2], [4, 1]])
LAYERS = {
    "resnet8": ["layer3", "layer2", "layer1", "layer3.0.conv1"],
    "resnet20": ["layer3", "layer2.1", "layer3.2.conv2"],
    "torchvision:resnet18": ["layer4", "layer2", "layer3.1.conv1"],
    "torchvision:mobilenet_v2": ["features", "features.14", "features.7.conv.2"],
}
CASES = [(name, layer) for name, layers in LAYERS.items() for layer in layers]


def lived_in(name):
    """The network with norms as after training: statistics, scales and shifts that are not 0 and 1."""
    model = build_model(ModelSettings(name=name), 5, 0).eval()
    draws = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
            norm.weight.uniform_(0.6, 1.4, generator=draws)
            norm.bias.normal_(0, 0.2, generator=draws)
            norm.running_mean.normal_(0, 0.2, generator=draws)
            norm.running_var.uniform_(0.5, 1.5, generator=draws)
    return model


def agree(found, expected):
    scale = expected.abs().amax(dim=(-2, -1), keepdim=True)
    assert (scale > 0).all()
    assert ((found - expected).abs() <= 1e-5 * scale).all()


class RawGradCAM(GradCAM):
    """The library's own maps, before it cuts, rescales and resizes them."""

    def get_cam_image(self, *args, **kwargs):
        self.raw = torch.from_numpy(super().get_cam_image(*args, **kwargs))
        return self.raw.numpy()


def by_grad_cam(model, layer, target):
    with RawGradCAM(model, [named_module(model, layer)]) as library:
        library(IMAGES, [ClassifierOutputTarget(int(k)) for k in CLASSES[:, target]])
        return library.raw


def by_captum(model, layer, target):
    library = LayerGradCam(model, named_module(model, layer))
    return library.attribute(IMAGES, target=CLASSES[:, target]).detach()[:, 0]


@pytest.mark.parametrize("reference", [by_grad_cam, by_captum])
@pytest.mark.parametrize(("name", "layer"), CASES)
def test_autograd_maps(name, layer, reference):
    model = lived_in(name)
    found = grad_cam(model, split(model), IMAGES, CLASSES, SaliencySettings(layer=layer))
    assert found.path == "autograd"
    for target in range(2):
        agree(found.maps[:, target], reference(model, layer, target))


@pytest.mark.parametrize("reference", [by_grad_cam, by_captum])
@pytest.mark.parametrize("name", LAYERS)
def test_closed_form_maps(name, reference):
    model = lived_in(name)
    assert closed_form_holds(model, split(model), IMAGES)
    found = grad_cam(model, split(model), IMAGES, CLASSES, closed_form=True)
    assert found.path == "closed form"
    for target in range(2):
        agree(found.maps[:, target], reference(model, split(model).features, target))


def test_captums_relu_is_ours():
    model = lived_in("resnet8")
    library = LayerGradCam(model, model.layer3).attribute(IMAGES, target=CLASSES[:, 0], relu_attributions=True)
    maps = relu(grad_cam(model, split(model), IMAGES, CLASSES[:, :1]).maps[:, 0])
    alive = ~dead(maps)
    assert alive.any()
    agree(maps[alive], library.detach()[alive, 0])
    assert not library[~alive].any()
