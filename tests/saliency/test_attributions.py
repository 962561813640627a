import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import ModelSettings, Split, build_model, split
from sparsight.saliency import GRID, SaliencySettings, captum_maps, cascade, dead, mask_energy
from tests.saliency.test_cams import RELU_HEAD, relu_head
from tests.saliency.test_untouched import CLASSES, IMAGES, fail, trace, used_network

OF_A_FUNCTION = ("IntegratedGradients", "Saliency", "InputXGradient", "Occlusion", "FeatureAblation")
OF_MODULES = ("GuidedBackprop", "Deconvolution", "DeepLift", "LRP")


def by(name, **more):
    return SaliencySettings(method=f"captum:{name}", **more)


class Linear(nn.Module):
    """Logit k is the sum of w_k x over pixels and channels, so that every attribution can be written down."""

    def __init__(self, side):
        super().__init__()
        self.features = nn.Conv2d(3, 2, 1)
        self.head = nn.Linear(3 * side * side, 2)

    def forward(self, x):
        return self.head(x.flatten(1)) + 0 * self.features(x).sum()


@pytest.mark.parametrize("name", ["InputXGradient", "IntegratedGradients", "Occlusion", "FeatureAblation"])
@pytest.mark.parametrize("side", [14, 56])
def test_of_a_linear_network_by_hand(name, side):
    """Each place's own share is w x, all channels together; those that take away a part give each of its pixels and
    channels what the whole part has, where windows overlap the mean of what they have."""
    model = Linear(side)
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    found = captum_maps(model, Split("features", "head"), images, torch.tensor([[0, 1], [1, 1]]), by(name))
    shares = (model.head.weight.detach().view(2, 1, 3, side, side) * images).sum(2)  # k b h w
    step = side // 14
    if name == "Occlusion":
        windows = functional.avg_pool2d(shares, 2 * step, step) * (2 * step) ** 2
        one = torch.ones(2, 1, 2 * step, 2 * step)
        both = windows, torch.ones_like(windows)
        added, times = (functional.conv_transpose2d(each, one, stride=step, groups=2) for each in both)
        shares = 3 * added / times
    if name == "FeatureAblation":  # three channels each carry what the whole cell does
        cells = functional.avg_pool2d(shares, side // 14) * (side // 14) ** 2
        shares = 3 * cells.repeat_interleave(side // 14, 2).repeat_interleave(side // 14, 3)
    expected = functional.adaptive_avg_pool2d(shares, min(side, GRID))
    expected = torch.stack([torch.stack([expected[0, 0], expected[1, 0]]), torch.stack([expected[1, 1]] * 2)])
    torch.testing.assert_close(found.maps, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("size", "grid"), [((32, 32), (28, 28)), ((20, 60), (20, 28)), ((28, 16), (28, 16))])
def test_maps_lie_on_a_grid_and_can_be_held_against_masks(size, grid):
    model = build_model(ModelSettings(), 4, 0)
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    found = captum_maps(model, split(model), images, CLASSES, by("Saliency"))
    assert found.maps.shape == (2, 2, *grid)
    assert found.path == "captum"
    assert not dead(found.maps).any()
    energy = mask_energy(found.maps[:, 0], torch.ones(2, *size, dtype=torch.bool))
    torch.testing.assert_close(energy, torch.ones(2))


def test_logits_and_own_predictions_are_of_evaluation_mode():
    model = build_model(ModelSettings(), 4, 0).train()
    found = captum_maps(model, split(model), IMAGES, lambda logits: logits.argmax(1, keepdim=True), by("Saliency"))
    with torch.no_grad():
        logits = model.eval()(IMAGES)
    assert torch.equal(found.logits, logits)
    assert torch.equal(found.classes[:, 0], logits.argmax(1))
    torch.testing.assert_close(model.fc(found.embedding), logits)
    with pytest.raises(ValueError, match="target"):
        captum_maps(model, split(model), IMAGES, CLASSES + 9, by("Saliency"))


@pytest.mark.parametrize("settings", [by("Saliency"), by("IntegratedGradients"), by("InputXGradient", smooth=3)])
def test_a_map_does_not_depend_on_the_batch_or_on_the_other_targets(settings):
    model, state = build_model(ModelSettings(), 4, 0), torch.get_rng_state()
    together = captum_maps(model, split(model), IMAGES, CLASSES, settings).maps
    alone = captum_maps(model, split(model), IMAGES[1:], CLASSES[1:, 1:], settings).maps
    scale = float(together.abs().max())
    torch.testing.assert_close(together[1:, 1:], alone, rtol=0, atol=1e-5 * scale)
    assert torch.equal(captum_maps(model, split(model), IMAGES, CLASSES, settings).maps, together)
    assert torch.equal(torch.get_rng_state(), state)
    twice = captum_maps(model, split(model), IMAGES, CLASSES[:, [1, 1]], settings).maps
    assert torch.equal(twice[:, 0], twice[:, 1])


@pytest.mark.parametrize("name", OF_A_FUNCTION)
def test_the_network_is_left_as_it_was_found(name):
    model = used_network()
    images, before = IMAGES.clone(), copy.deepcopy(trace(model))
    captum_maps(model, split(model), IMAGES, CLASSES, by(name, smooth=1 if name == "Saliency" else 0))
    with pytest.raises(KeyboardInterrupt):
        captum_maps(model, split(model), IMAGES, fail, by(name))
    assert trace(model) == before
    assert torch.equal(IMAGES, images)
    assert not IMAGES.requires_grad


@pytest.mark.parametrize("name", OF_MODULES)
def test_so_is_one_whose_modules_captum_changes(name):
    model = relu_head()
    model.hidden.requires_grad_(False)
    before = copy.deepcopy(trace(model))
    maps = captum_maps(model, RELU_HEAD, IMAGES, CLASSES, by(name)).maps
    assert maps.isfinite().all()
    assert maps.any()
    assert model.relu.inplace
    assert trace(model) == before


class Twice(nn.Module):
    """One module for two activations, as in torchvision's ResNets."""

    def __init__(self):
        super().__init__()
        self.net = relu_head()

    def forward(self, x):
        return self.net(self.net.relu(x))


def test_a_network_that_does_not_suit_an_attribution_is_refused_and_left_as_it_was_found():
    model = Twice()
    before = copy.deepcopy(trace(model))
    with pytest.raises(InputError, match=r"captum:DeepLift does not work with Twice: A Module ReLU") as raised:
        captum_maps(model, Split("net.features", "net.head"), IMAGES, CLASSES, by("DeepLift"))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300
    assert trace(model) == before


class Rounded(Linear):
    """As one in whole numbers: no gradient passes."""

    def forward(self, x):
        return super().forward(x.detach().round())


def test_a_network_without_gradients_is_refused_and_occlusion_explains_it():
    model, cut = Rounded(32), Split("features", "head")
    with pytest.raises(InputError, match="captum:Saliency does not work with Rounded: "):
        captum_maps(model, cut, IMAGES, CLASSES % 2, by("Saliency"))
    assert captum_maps(model, cut, IMAGES, CLASSES % 2, by("Occlusion")).maps.any()


@pytest.mark.parametrize("name", OF_MODULES)
def test_what_changes_relu_modules_needs_some(name):
    model = build_model(ModelSettings(), 4, 0)  # calls relu as a function
    with pytest.raises(InputError, match=f"captum:{name} changes what nn.ReLU modules pass back, and CifarResNet has"):
        captum_maps(model, split(model), IMAGES, CLASSES, by(name))


@pytest.mark.parametrize("settings", [by("Saliency"), by("InputXGradient", smooth=2)])
def test_the_cascade_takes_them(settings):
    model = build_model(ModelSettings(), 4, 0)
    found = cascade(model, split(model), IMAGES, CLASSES[:, 0], settings, 0)
    assert found.similarity.shape == (5, 2)
    assert found.similarity.isfinite().all()
    assert found.similarity.max() < 0.9


def test_it_works_inside_inference_mode():
    model = build_model(ModelSettings(), 4, 0)
    expected = captum_maps(model, split(model), IMAGES, CLASSES, by("Saliency")).maps
    with torch.inference_mode():
        found = captum_maps(model, split(model), IMAGES * 1, CLASSES, by("Saliency")).maps
    torch.testing.assert_close(found, expected)
