import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sparsight.errors import InputError
from sparsight.models import ModelSettings, Split, build_model, split
from sparsight.saliency import SaliencySettings, cam_maps, cascade, closed_form_holds, grad_cam, maps_of
from sparsight.saliency.cams import grad_cam_plus_plus, hires_cam, layer_cam
from tests.saliency.test_untouched import CLASSES, IMAGES, fail, trace, used_network

METHODS = ("gradcam++", "hirescam", "layercam")


class ReluHead(nn.Module):
    """Two hidden layers behind the feature map, without biases: the gradient differs from place to place."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, stride=4), nn.ReLU())
        self.hidden = nn.Linear(6 * 8 * 8, 16, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(16, 4, bias=False)

    def forward(self, x):
        return self.head(self.relu(self.hidden(self.features(x).flatten(1))))


RELU_HEAD = Split("features", "head")


def relu_head():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return ReluHead()


def test_formulas_by_hand():
    features = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    gradient = torch.tensor([[[[0.5, -1.0]], [[1.0, 2.0]]]])
    assert hires_cam(features, gradient).tolist() == [[[2.5, -3.0]]]
    assert layer_cam(features, gradient).tolist() == [[[2.5, 0.0]]]
    # Sums of activations are 4 and 2; shares relu(g) / (2 + sum g): .5 / 4 and 0; 1 / 4 and 2 / 6.
    first, second = 1 / 8, 1 / 4 + 1 / 3
    expected = torch.tensor([[[first + 2 * second, 3 * first]]])
    torch.testing.assert_close(grad_cam_plus_plus(features, gradient), expected)


def test_a_place_where_alpha_has_no_value_weighs_nothing():
    features, gradient = torch.tensor([[[[-2.0, 0.0]]]]), torch.tensor([[[[1.0, 3.0]]]])
    expected = -2 * (3 / (2 - 6))  # the first place has 2 + sum(A) G = 0
    assert grad_cam_plus_plus(features, gradient).tolist() == [[[expected, 0.0]]]


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 0.5, 4.0, 1e3]))
def test_what_scaling_does(seed, scale):
    draws = torch.Generator().manual_seed(seed)
    features = torch.rand(2, 4, 3, 5, generator=draws, dtype=torch.float64)  # as behind a ReLU
    gradient = torch.randn(2, 4, 3, 5, generator=draws, dtype=torch.float64)
    for formula in (hires_cam, layer_cam):  # logits that are larger make larger maps, and no other ones
        torch.testing.assert_close(formula(features, scale * gradient), scale * formula(features, gradient))
    torch.testing.assert_close(layer_cam(features, gradient.abs()), hires_cam(features, gradient.abs()))
    plus = grad_cam_plus_plus(features, gradient)
    torch.testing.assert_close(grad_cam_plus_plus(scale * features, gradient / scale), plus)
    most = torch.einsum("bl,blhw->bhw", gradient.clamp(min=0).sum((2, 3)) / 2, features)  # alpha is a half at most
    assert (plus >= 0).all()
    assert (plus <= most * (1 + 1e-5)).all()
    small = 1e-6 * gradient
    torch.testing.assert_close(grad_cam_plus_plus(features, small), 1e-6 * most, rtol=1e-4, atol=0)


def test_hirescam_is_grad_cam_where_the_head_is_linear_on_the_average():
    model = build_model(ModelSettings(), 4, 0)
    assert closed_form_holds(model, split(model), IMAGES)
    found = cam_maps(model, split(model), IMAGES, CLASSES, SaliencySettings(method="hirescam"))
    expected = grad_cam(model, split(model), IMAGES, CLASSES, closed_form=True)
    torch.testing.assert_close(found.maps, expected.maps)
    assert found.path == "autograd"
    torch.testing.assert_close(found.logits, expected.logits)
    torch.testing.assert_close(found.embedding, expected.embedding)


def test_hirescam_adds_up_to_the_logit_and_grad_cam_does_not_where_the_gradient_varies():
    """Euler: a head of linear layers and ReLUs without biases is the sum of activation times gradient."""
    model = relu_head()
    found = cam_maps(model, RELU_HEAD, IMAGES, CLASSES, SaliencySettings(method="hirescam"))
    torch.testing.assert_close(found.maps.sum((2, 3)), found.logits.gather(1, CLASSES))
    averaged = grad_cam(model, RELU_HEAD, IMAGES, CLASSES).maps.sum((2, 3))
    assert ((averaged - found.logits.gather(1, CLASSES)).abs() > 1e-3).any()


@pytest.mark.parametrize("method", METHODS)
def test_one_pass_and_a_map_that_is_its_own(method):
    model, settings = relu_head(), SaliencySettings(method=method)
    passes = []
    hook = model.register_forward_hook(lambda *_: passes.append(1))
    found = maps_of(model, RELU_HEAD, IMAGES, lambda logits: logits.topk(2).indices, settings, closed_form=True)
    hook.remove()
    assert len(passes) == 1
    assert torch.equal(found.classes, found.logits.topk(2).indices)
    assert not any(tensor.requires_grad for tensor in (found.maps, found.logits, found.embedding))
    alone = maps_of(model, RELU_HEAD, IMAGES[1:], found.classes[1:, 1:], settings).maps
    torch.testing.assert_close(found.maps[1:, 1:], alone)


def test_methods_differ():
    model = relu_head()
    maps = [
        maps_of(model, RELU_HEAD, IMAGES, CLASSES, SaliencySettings(method=method)).maps
        for method in ("gradcam", *METHODS)
    ]
    for i, one in enumerate(maps):
        assert all(not torch.allclose(one / one.abs().max(), other / other.abs().max()) for other in maps[:i])


@pytest.mark.parametrize("method", METHODS)
def test_the_network_is_left_as_it_was_found(method):
    model = used_network()
    before = copy.deepcopy(trace(model))
    for layer in (None, "layer1.0.bn2"):
        maps_of(model, split(model), IMAGES, CLASSES, SaliencySettings(method=method, layer=layer))
    assert trace(model) == before
    with pytest.raises(KeyboardInterrupt):
        maps_of(model, split(model), IMAGES, fail, SaliencySettings(method=method))
    for layer, said in (("no", "has no layer 'no'"), ("fc", "not \\(b, l, h, w\\)")):
        with pytest.raises(InputError, match=said):
            maps_of(model, split(model), IMAGES, CLASSES, SaliencySettings(method=method, layer=layer))
    assert trace(model) == before


@pytest.mark.parametrize("method", METHODS)
def test_the_cascade_takes_them(method):
    model = build_model(ModelSettings(), 4, 0)
    settings = SaliencySettings(method=method)
    found = cascade(model, split(model), IMAGES, CLASSES[:, 0], settings, 0)
    assert found.similarity.shape == (5, 2)
    assert found.similarity.isfinite().any()
