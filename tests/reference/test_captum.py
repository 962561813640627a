"""Maps by Captum's attributions against Captum called by hand, and SmoothGrad against its NoiseTunnel."""

import math

import captum.attr
import pytest
import torch
from captum.attr import NoiseTunnel
from torch.nn import functional

from sparsight.models import split
from sparsight.saliency import SaliencySettings, captum_maps
from sparsight.saliency.smoothgrad import field
from tests.reference.test_gradcam import agree, lived_in
from tests.saliency.test_cams import RELU_HEAD, relu_head

IMAGES = torch.randn(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([[0, 4], [2, 2]])
WINDOWS = {
    "sliding_window_shapes": (3, math.ceil(32 / 7), math.ceil(48 / 7)),
    "strides": (3, math.ceil(32 / 14), math.ceil(48 / 14)),
}
GIVEN = {"IntegratedGradients": {}, "Saliency": {}, "InputXGradient": {}, "Occlusion": WINDOWS}
OF_MODULES = ("GuidedBackprop", "Deconvolution", "DeepLift", "LRP")


def on_the_grid(pixels):
    return functional.adaptive_avg_pool2d(pixels.detach().sum(1), (28, 28))


@pytest.mark.parametrize("name", GIVEN)
def test_attributions_of_a_function(name):
    """In double precision: single precision rounds differently in batches of another size, by 3e-5 of a difference of
    two logits (Occlusion), and a ReLU that it switches changes one of 50 gradients by a thousandth of the map."""
    model, images = lived_in("resnet8").double(), IMAGES.double()
    found = captum_maps(model, split(model), images, CLASSES, SaliencySettings(method=f"captum:{name}"))
    for target in range(2):
        by_hand = getattr(captum.attr, name)(model).attribute(images, target=CLASSES[:, target], **GIVEN[name])
        agree(found.maps[:, target], on_the_grid(by_hand))


@pytest.mark.parametrize("name", OF_MODULES)
def test_attributions_that_change_modules(name):
    images, classes = IMAGES[:, :, :, :32], CLASSES % 4
    found = captum_maps(relu_head(), RELU_HEAD, images, classes, SaliencySettings(method=f"captum:{name}"))
    for target in range(2):
        model = relu_head().eval()
        model.relu.inplace = False
        by_hand = getattr(captum.attr, name)(model).attribute(images, target=classes[:, target])
        agree(found.maps[:, target], functional.adaptive_avg_pool2d(by_hand.detach().sum(1), 28))


def test_guided_backpropagation_of_a_resnet():
    images = IMAGES[:1, :, :, :32]
    settings = SaliencySettings(method="captum:GuidedBackprop")
    model = lived_in("torchvision:resnet18")
    found = captum_maps(model, split(model), images, CLASSES[:1, :1], settings)
    by_hand = captum.attr.GuidedBackprop(model).attribute(images, target=CLASSES[:1, 0])
    agree(found.maps[:, 0], functional.adaptive_avg_pool2d(by_hand.detach().sum(1), 28))


class SameNoise(NoiseTunnel):
    """Captum's, but for where its noise comes from."""

    def _add_noise_to_input(self, image, stdev, samples):
        fields = torch.stack([field(i, image) for i in range(samples)])
        return image.repeat_interleave(samples, dim=0) + stdev * fields.repeat(len(image), 1, 1, 1)


@pytest.mark.parametrize(
    ("name", "tunnel", "samples"),
    [("Saliency", SameNoise, 5), ("InputXGradient", SameNoise, 5), ("Saliency", NoiseTunnel, 400)],
)
def test_smoothgrad(name, tunnel, samples):
    """Under the same noise the same maps. Under Captum's own, maps that are as near as two means over 400 can be."""
    model, image, label = relu_head().eval(), IMAGES[:1, :, :, :32], CLASSES[:1, :1]
    settings = SaliencySettings(method=f"captum:{name}", smooth=samples, noise=0.1)
    found = captum_maps(model, RELU_HEAD, image, label, settings).maps[:, 0]
    library = tunnel(getattr(captum.attr, name)(model))
    stdev = 0.1 * float(image.max() - image.min())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        by_hand = library.attribute(image, nt_type="smoothgrad", nt_samples=samples, stdevs=stdev, target=label[:, 0])
    expected = functional.adaptive_avg_pool2d(by_hand.detach().sum(1), 28)
    if tunnel is SameNoise:
        agree(found, expected)
        return
    raw = captum_maps(model, RELU_HEAD, image, label, settings.model_copy(update={"smooth": 0})).maps[:, 0]
    apart, moved = ((found - other).norm() / expected.norm() for other in (expected, raw))
    assert apart < 0.1
    assert apart < moved / 2
