import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import ModelSettings, Split, build_model, split
from sparsight.saliency import (
    SaliencySettings,
    class_maps,
    closed_form_holds,
    closed_form_weights,
    dead,
    grad_cam,
    relu,
)

IMAGES = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([[0, 4], [2, 2], [4, 1]])
SUM = SaliencySettings(reduction="sum")


@pytest.fixture
def model():
    return build_model(ModelSettings(stem_stride=2), 5, 0)


class Tiny(nn.Module):
    """One 1x1 convolution with known weights, so that the maps can be written down."""

    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(1, 2, 1, bias=False)
        self.head = nn.Linear(2, 2)
        with torch.no_grad():
            self.features.weight.copy_(torch.tensor([1.0, -2.0]).view(2, 1, 1, 1))
            self.head.weight.copy_(torch.tensor([[3.0, 1.0], [0.0, -5.0]]))

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


@pytest.mark.parametrize("closed_form", [True, False])
def test_maps_by_hand(closed_form):
    image = torch.tensor([[[[1.0, 0.0, 2.0], [-1.0, 4.0, 0.0]]]])
    # Channel maps are (x, -2x); class 0 weighs them (3, 1), class 1 (0, -5): sums are x and 10x, means a sixth of that.
    expected = torch.stack([image[0, 0], 10 * image[0, 0]])[None]
    both = torch.tensor([[0, 1]])
    found = grad_cam(Tiny(), Split("features", "head"), image, both, SUM, closed_form=closed_form)
    torch.testing.assert_close(found.maps, expected)
    found = grad_cam(Tiny(), Split("features", "head"), image, both, closed_form=closed_form)
    torch.testing.assert_close(found.maps, expected / 6)
    assert found.path == ("closed form" if closed_form else "autograd")


def test_class_maps_and_weights_by_hand():
    features = torch.arange(8.0).view(1, 2, 2, 2)
    assert torch.equal(class_maps(features, torch.tensor([[[1.0, 0.0], [1.0, -1.0]]]))[0, 0], features[0, 0])
    assert torch.equal(class_maps(features, torch.tensor([[[1.0, -1.0]]])), torch.full((1, 1, 2, 2), -4.0))
    head = Tiny().head
    classes = torch.tensor([[1, 0]])
    assert torch.equal(closed_form_weights(head, classes, 6, "sum"), torch.tensor([[[0.0, -5.0], [3.0, 1.0]]]))
    assert torch.equal(closed_form_weights(head, classes, 4, "mean"), torch.tensor([[[0.0, -1.25], [0.75, 0.25]]]))


@pytest.mark.parametrize("layer", [None, "layer3", "layer2", "layer2.0.bn1", "conv1"])
def test_sum_is_mean_times_positions(model, layer):
    mean = grad_cam(model, split(model), IMAGES, CLASSES, SaliencySettings(layer=layer)).maps
    total = grad_cam(model, split(model), IMAGES, CLASSES, SaliencySettings(layer=layer, reduction="sum")).maps
    torch.testing.assert_close(total, mean * mean.shape[-1] * mean.shape[-2], rtol=1e-4, atol=1e-6)


def test_a_function_picks_targets_from_the_logits_of_the_one_pass(model):
    passes = []
    hook = model.register_forward_hook(lambda *_: passes.append(1))
    cut = split(model)
    for closed_form in (True, False):
        passes.clear()
        found = grad_cam(model, cut, IMAGES, lambda logits: logits.topk(2).indices, closed_form=closed_form)
        assert len(passes) == 1
        assert torch.equal(found.classes, found.logits.topk(2).indices)
        torch.testing.assert_close(found.logits, model.fc(found.embedding))
        given = grad_cam(model, cut, IMAGES, found.classes, closed_form=closed_form)
        assert torch.equal(found.maps, given.maps)
    hook.remove()


def test_a_map_does_not_depend_on_the_batch_or_on_the_other_targets(model):
    for layer in (None, "layer1"):
        settings = SaliencySettings(layer=layer)
        together = grad_cam(model, split(model), IMAGES, CLASSES, settings).maps
        alone = grad_cam(model, split(model), IMAGES[1:2], CLASSES[1:2, 1:], settings).maps
        torch.testing.assert_close(together[1:2, 1:], alone, rtol=1e-4, atol=1e-6)


def test_another_layer_takes_autograd_even_where_the_closed_form_holds(model):
    found = grad_cam(model, split(model), IMAGES, CLASSES, SaliencySettings(layer="layer2"), closed_form=True)
    assert found.path == "autograd"
    assert found.maps.shape == (3, 2, 16, 16)


def test_a_layer_changed_in_place_afterwards_is_seen_as_it_was(model):
    """A norm whose output an in-place ReLU overwrites: its map must differ from the one behind the ReLU."""
    seen = {}
    hook = model.layer2[0].bn1.register_forward_hook(lambda _m, _i, output: seen.setdefault("norm", output.clone()))
    found = grad_cam(model, split(model), IMAGES, CLASSES[:, :1], SaliencySettings(layer="layer2.0.bn1"))
    hook.remove()
    activation = seen["norm"].requires_grad_()
    block = model.eval().layer2[0]
    after = functional.relu(block.bn2(block.conv2(activation.relu())) + block._shortcut(before_layer2(model)))
    score = model.fc(model.layer3(after).mean((2, 3))).gather(1, CLASSES[:, :1]).sum()
    (gradient,) = torch.autograd.grad(score, activation)
    expected = (gradient.mean((2, 3), keepdim=True) * activation).sum(1)
    torch.testing.assert_close(found.maps[:, 0], expected.detach())


def before_layer2(model):
    return model.layer1(functional.relu(model.bn1(model.conv1(IMAGES))))


HOLDS = {
    "resnet8": lambda: build_model(ModelSettings(), 5, 0),
    "resnet20": lambda: build_model(ModelSettings(name="resnet20"), 5, 0),
    "resnet18": lambda: build_model(ModelSettings(name="torchvision:resnet18"), 5, 0),
    "mobilenet_v2": lambda: build_model(ModelSettings(name="torchvision:mobilenet_v2"), 5, 0),
}
FAILS = {
    "mobilenet_v3_small": Split("features", "classifier.3"),
    "densenet121": Split("features", "classifier"),
    "vgg11": Split("features", "classifier.6"),
    "convnext_tiny": Split("features", "classifier.2"),
}


@pytest.mark.parametrize("name", HOLDS)
def test_the_closed_form_holds_for(name):
    model = HOLDS[name]()
    assert closed_form_holds(model, split(model), IMAGES)


def test_the_closed_form_holds_for_a_regnet_split_by_hand():
    model = torchvision.models.regnet_y_400mf(weights=None, num_classes=5)
    assert closed_form_holds(model, Split("trunk_output", "fc"), IMAGES)


@pytest.mark.parametrize("name", FAILS)
def test_the_closed_form_does_not_hold_for(name):
    model = getattr(torchvision.models, name)(weights=None, num_classes=5)
    assert not closed_form_holds(model, FAILS[name], IMAGES)


def halve_all_but_the_highest(logits):
    return torch.where(logits == logits.amax(1, keepdim=True), logits, logits / 2)


class Bent(Tiny):
    """Widths fit the closed form, but something nonlinear stands behind the features."""

    def __init__(self, bend):
        super().__init__()
        self.bend = bend

    def forward(self, x):
        return self.bend(self.features(x), self.head)


@pytest.mark.parametrize(
    "bend",
    [
        lambda maps, head: head(functional.relu(maps, inplace=True).mean((2, 3))),
        lambda maps, head: head(maps.amax((2, 3))),
        lambda maps, head: head(functional.layer_norm(maps.mean((2, 3)), (2,))),
        lambda maps, head: head(maps.mean((2, 3))).log_softmax(1),
        lambda maps, head: head(maps[:, :, 1:].mean((2, 3))),
        lambda maps, head: 2 * head(maps.mean((2, 3))),
        lambda maps, head: head(maps.sum((2, 3))),
        lambda maps, head: halve_all_but_the_highest(head(maps.mean((2, 3)))),
    ],
)
def test_what_bends_the_closed_form_is_found_out(bend):
    images = torch.randn(4, 1, 3, 3, generator=torch.Generator().manual_seed(1))
    assert closed_form_holds(Tiny(), Split("features", "head"), images)
    assert not closed_form_holds(Bent(bend), Split("features", "head"), images)


def test_it_works_inside_inference_mode_and_on_frozen_networks(model):
    cut = split(model)
    expected = grad_cam(model, cut, IMAGES, CLASSES).maps
    model.requires_grad_(False)
    with torch.inference_mode():
        images = IMAGES * 1  # an inference tensor
        assert closed_form_holds(model, cut, images)
        assert torch.equal(grad_cam(model, cut, images, CLASSES).maps, expected)
        torch.testing.assert_close(grad_cam(model, cut, images, CLASSES, closed_form=True).maps, expected)
    assert not any(p.requires_grad for p in model.parameters())


def test_results_hold_no_graph(model):
    for closed_form in (True, False):
        found = grad_cam(model, split(model), IMAGES, CLASSES, closed_form=closed_form)
        assert not any(t.requires_grad for t in (found.maps, found.logits, found.embedding))


@pytest.mark.parametrize("layer", ["layer9", "", "layer2.0.conv3"])
def test_an_unknown_layer_gives_its_neighbours(model, layer):
    with pytest.raises(InputError, match=f"no layer '{layer}'; near are "):
        grad_cam(model, split(model), IMAGES, CLASSES, SaliencySettings(layer=layer))


def test_layers_without_positions_are_refused(model):
    with pytest.raises(InputError, match=r"'fc' gives \(3, 5\), not \(b, l, h, w\)"):
        grad_cam(model, split(model), IMAGES, CLASSES, SaliencySettings(layer="fc"))


class Aside(Tiny):
    """A branch whose output the logits ignore, and one that is used without its gradient."""

    def __init__(self):
        super().__init__()
        self.aside = nn.Conv2d(1, 2, 1)
        self.cut = nn.Conv2d(1, 2, 1)

    def forward(self, x):
        self.aside(x)
        return super().forward(x) + self.cut(x).detach().sum()


@pytest.mark.parametrize("layer", ["aside", "cut"])
def test_a_layer_that_does_not_reach_the_logits_is_refused(layer):
    with pytest.raises(InputError, match=f"layer '{layer}' does not reach the logits"):
        grad_cam(Aside(), Split("features", "head"), IMAGES[:, :1], CLASSES[:, :1] % 2, SaliencySettings(layer=layer))


@pytest.mark.parametrize("closed_form", [True, False])
@pytest.mark.parametrize(
    "targets",
    [
        torch.tensor([[0], [1], [5]]),
        torch.tensor([[0], [1], [-1]]),
        torch.tensor([0, 1, 2]),
        torch.tensor([[0], [1]]),
        torch.tensor([[0.0], [1.0], [2.0]]),
    ],
)
def test_wrong_targets(model, targets, closed_form):
    with pytest.raises(ValueError, match="target"):
        grad_cam(model, split(model), IMAGES, lambda _logits: targets, closed_form=closed_form)


def test_dead_maps_and_relu():
    maps = torch.tensor([[[-1.0, 0.0]], [[-1.0, 1e-30]], [[0.0, 0.0]]])
    assert dead(maps).tolist() == [True, False, True]
    assert dead(relu(maps)).tolist() == [True, False, True]
    assert dead(maps[:, None].repeat(1, 2, 1, 1)).tolist() == [[True, True], [False, False], [True, True]]
    assert torch.equal(relu(maps), torch.tensor([[[0.0, 0.0]], [[0.0, 1e-30]], [[0.0, 0.0]]]))
