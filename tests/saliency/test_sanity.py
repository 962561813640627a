import copy

import pytest
import torch
from scipy.stats import spearmanr
from torch import nn
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import ModelSettings, Split, build_model, split
from sparsight.saliency import SaliencySettings, cascade, grad_cam
from sparsight.saliency.sanity import randomised, stages
from tests.saliency.test_untouched import IMAGES, trace, used_network

GRADCAM, RELEASED = SaliencySettings(), SaliencySettings(method="released")
TARGETS = torch.tensor([3, 1])


def squares(n):
    """A bright square somewhere, red, green or blue by class."""
    draws = torch.Generator().manual_seed(1)
    labels = torch.arange(n) % 3
    images = 0.5 * torch.randn(n, 3, 32, 32, generator=draws)
    for i, (y, x) in enumerate(torch.randint(0, 20, (n, 2), generator=draws).tolist()):
        images[i, labels[i], y : y + 12, x : x + 12] += 3
    return images, labels


@pytest.fixture(scope="module")
def trained():
    """A small network that tells the squares, and 48 images."""
    model = build_model(ModelSettings(), 3, 0)
    images, labels = squares(48)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(25):
        optimiser.zero_grad()
        functional.cross_entropy(model(images), labels).backward()
        optimiser.step()
    model.eval()
    with torch.no_grad():
        assert (model(images).argmax(1) == labels).float().mean() > 0.95
    return model, images, labels


def mean_by_stage(trained, settings, seeds=4):
    model, images, labels = trained
    found = [cascade(model, split(model), images, labels, settings, seed).similarity for seed in range(seeds)]
    return torch.stack(found).mean(dim=(0, 2))


def test_grad_cam_of_a_trained_network_falls_at_once(trained):
    similarity = mean_by_stage(trained, GRADCAM)
    assert similarity.isfinite().all(), "signed maps are defined for every image"
    assert (similarity.abs() < 0.4).all()


def test_released_maps_do_not_see_the_head_and_fall_with_the_features(trained):
    """They show the activations: another classifier leaves them as they are, other features do not."""
    similarity = mean_by_stage((trained[0], trained[1][:18], trained[2][:18]), RELEASED, seeds=2)
    assert similarity[0] > 0.999
    assert similarity[-1] < 0.5


@pytest.mark.parametrize("settings", [GRADCAM, RELEASED, SaliencySettings(layer="layer2")], ids=lambda s: str(s.layer))
def test_the_network_is_left_as_it_was_found(settings):
    model = used_network()
    images, before = IMAGES.clone(), copy.deepcopy(trace(model))
    found = cascade(model, split(model), images, TARGETS, settings, 0)
    assert trace(model) == before
    assert torch.equal(images, IMAGES)
    assert found.similarity.shape == (5, 2)
    with pytest.raises(InputError):
        cascade(model, split(model), images, TARGETS, settings.model_copy(update={"layer": "no"}), 0)
    with pytest.raises(ValueError, match="target"):
        cascade(model, split(model), images, TARGETS + 9, settings, 0)
    assert trace(model) == before


@pytest.mark.parametrize("layer", [None, "layer2"])
def test_each_stage_by_hand(layer):
    """The stage's weights put in by name, Grad-CAM by autograd, and scipy's correlation."""
    model = build_model(ModelSettings(), 4, 0).eval()
    settings = SaliencySettings(layer=layer)
    fresh = randomised(model, 5).state_dict()

    def maps(network):
        return grad_cam(network, split(model), IMAGES, TARGETS[:, None], settings).maps[:, 0].flatten(1).numpy()

    found = cascade(model, split(model), IMAGES, TARGETS, settings, 5)
    changed = copy.deepcopy(model)
    for stage, prefixes in enumerate((["fc"], ["layer3"], ["layer2"], ["layer1"], ["conv1", "bn1"])):
        state = changed.state_dict()
        for name in state:
            if name.split(".")[0] in prefixes:
                state[name] = fresh[name]
        changed.load_state_dict(state)
        pairs = zip(maps(model), maps(changed), strict=True)
        expected = torch.tensor([spearmanr(a, b).statistic for a, b in pairs]).double()
        torch.testing.assert_close(found.similarity[stage], expected, rtol=0, atol=1e-3)  # float32 rounding swaps ranks
    assert all(torch.equal(value, fresh[name]) for name, value in changed.state_dict().items())


def test_draws_depend_on_the_seed_alone():
    model = build_model(ModelSettings(), 4, 0)
    first, other = (cascade(model, split(model), IMAGES, TARGETS, GRADCAM, seed).similarity for seed in (0, 1))
    torch.rand(5)
    assert torch.equal(first, cascade(model, split(model), IMAGES, TARGETS, GRADCAM, 0).similarity)
    assert not torch.equal(first, other)


def test_nothing_learned_is_left(trained):
    model = trained[0]
    state = torch.get_rng_state()
    fresh = randomised(model, 0)
    assert torch.equal(torch.get_rng_state(), state)
    for module in fresh.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert not module.bias.any()
            assert not module.running_mean.any()
            assert (module.running_var == 1).all()
            assert module.num_batches_tracked == 0
    for old, new in zip(model.parameters(), fresh.parameters(), strict=True):
        assert old.ndim == 1 or not (old == new).any()


class Scaled(nn.Module):
    """A module that holds a parameter itself and has no way to reset it."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.arange(50.0))
        self.conv = nn.Conv2d(3, 50, 3)

    def forward(self, x):
        return self.conv(x) * self.scale[:, None, None]


def test_parameters_without_a_reset_are_shuffled():
    fresh = randomised(Scaled(), 0)
    assert not torch.equal(fresh.scale, torch.arange(50.0))
    assert torch.equal(fresh.scale.sort().values, torch.arange(50.0))


def test_a_constant_map_has_no_correlation():
    model = build_model(ModelSettings(), 4, 0)
    with torch.no_grad():
        model.fc.weight.zero_()
    assert cascade(model, split(model), IMAGES, TARGETS, GRADCAM, 0).similarity.isnan().all()


@pytest.mark.parametrize(
    ("name", "count"),
    [("resnet8", 5), ("resnet20", 11), ("torchvision:resnet50", 18), ("torchvision:mobilenet_v2", 20)],
)
def test_stages_are_blocks_from_the_head_to_the_stem(name, count):
    model = build_model(ModelSettings(name=name), 4, 0)
    found = stages(model, split(model))
    names = list(found)
    assert len(found) == count
    assert names[0] == split(model).head
    assert names[-1] in ("conv1", "features.0")
    learned = [name for name, module in model.named_modules() if any(True for _ in module.parameters(recurse=False))]
    assert sorted(name for group in found.values() for name in group) == sorted(learned), "each layer in one stage"


def test_stages_of_a_resnet_by_hand():
    model = build_model(ModelSettings(), 4, 0)
    assert stages(model, split(model)) == {
        "fc": ("fc",),
        **{f"layer{i}.0": tuple(f"layer{i}.0.{n}" for n in ("conv1", "bn1", "conv2", "bn2")) for i in (3, 2, 1)},
        "conv1": ("conv1", "bn1"),
    }


def test_a_deep_networks_neighbours_go_together():
    model = build_model(ModelSettings(name="torchvision:resnet101"), 4, 0)
    found = stages(model, split(model))
    assert list(found)[:3] == ["fc", "layer4.1", "layer3.22"]
    assert len(found) == 1 + 34 / 2
    assert {name.split(".")[1] for name in found["layer4.1"]} == {"1", "2"}


class Wrapped(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.head_first = nn.Linear(64, 4)
        self.net = net
        self.net.fc = nn.Identity()

    def forward(self, x):
        return self.head_first(self.net(x))


def test_a_wrapped_network_is_opened_and_the_head_comes_first():
    model = Wrapped(build_model(ModelSettings(), 4, 0))
    cut = Split("net.layer3", "head_first")
    assert list(stages(model, cut)) == ["head_first", "net.layer3.0", "net.layer2.0", "net.layer1.0", "net.conv1"]
    assert cascade(model, cut, IMAGES, TARGETS, GRADCAM, 0).similarity.shape == (5, 2)
