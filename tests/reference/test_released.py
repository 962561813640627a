"""The released code's maps, written again from the description with plain hooks, in training mode, image by image."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sparsight.models import ModelSettings, build_model, split
from sparsight.saliency import SaliencySettings, grad_cam, released_maps

IMAGES = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([[0, 4], [2, 2], [4, 1]])


def again(model, layer, image, label):
    """A copy of the network in training mode, one image, the loss's gradient by a backward hook."""
    model = copy.deepcopy(model).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train()
    seen = {}

    def keep(_module, _inputs, output):
        seen["activations"] = output.detach().clone().numpy()[0]
        output.register_hook(lambda gradient: seen.update(gradient=gradient.numpy()[0]))

    model.get_submodule(layer).register_forward_hook(keep)
    probabilities = model(image[None]).softmax(1)
    (-probabilities[0, label].log()).backward()
    total = np.zeros(seen["activations"].shape[1:])
    for channel, activation in enumerate(seen["activations"]):
        total += activation + seen["gradient"][channel].mean()
    total /= len(seen["activations"])
    for column in range(total.shape[1]):
        most = total[:, column].max()
        total[:, column] = total[:, column] / most if most != 0 else 0
    return total


@pytest.mark.parametrize(
    ("name", "layer"),
    [("resnet8", "layer3"), ("resnet8", "layer2"), ("torchvision:resnet18", "layer4"), ("resnet20", "layer1.0.conv1")],
)
def test_maps_are_those_of_the_description(name, layer):
    model = build_model(ModelSettings(name=name), 5, 0)
    found = released_maps(model, split(model), IMAGES, CLASSES, SaliencySettings(method="released", layer=layer))
    assert found.path == "released"
    for i, image in enumerate(IMAGES):
        for t in range(2):
            expected = again(model, layer, image, int(CLASSES[i, t]))
            np.testing.assert_allclose(found.maps[i, t].numpy(), expected, rtol=1e-3, atol=1e-5 * abs(expected).max())


def correlation(a, b):
    return float(np.corrcoef(a.flatten(), b.flatten())[0, 1])


def test_they_are_blind_to_the_class_and_grad_cam_is_not():
    model = build_model(ModelSettings(), 5, 0)
    classes = torch.tensor([[0, 1]]).expand(3, 2)
    released = released_maps(model, split(model), IMAGES, classes).maps
    cam = grad_cam(model, split(model), IMAGES, classes).maps
    for i in range(3):
        assert correlation(*released[i]) > 0.999999
        assert correlation(*cam[i]) < 0.99
