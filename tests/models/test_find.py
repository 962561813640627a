"""Where networks of the user's own are cut."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision import models

from sparsight.errors import InputError
from sparsight.models import ModelSettings, Split, build_model, find_split, split
from sparsight.models.find import check_unknown

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
OWN = ModelSettings(name="mine:build")


class Small(nn.Module):
    """A functional ReLU and a pool between the last convolution and the head."""

    def __init__(self, functional_relu=False, depth=1):
        super().__init__()
        self.functional_relu = functional_relu
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU())
        self.body = nn.Sequential(*(nn.Conv2d(6, 6, 3) for _ in range(depth)))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.out = nn.Linear(6, 4)

    def forward(self, x):
        x = self.body(self.stem(x))
        x = functional.relu(x) if self.functional_relu else x
        return self.out(self.pool(x).flatten(1))


@pytest.mark.parametrize("functional_relu", [False, True])
def test_the_outermost_last_map_before_the_pool_is_found(functional_relu):
    assert find_split(OWN, Small(functional_relu), IMAGES) == Split("body", "out")


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_known_networks_are_cut_where_they_are_known_to_be(name):
    model = build_model(ModelSettings(name=f"torchvision:{name}"), 4, 0)
    assert find_split(OWN, model, IMAGES) == split(model)


def test_what_is_named_is_taken():
    settings = OWN.model_copy(update={"features": "stem"})
    assert find_split(settings, Small(), IMAGES) == Split("stem", "out")
    model = models.vgg11(num_classes=4)
    with pytest.raises(InputError, match=r"no average .* 'classifier.6'; .*model.features=LAYER: candidates are"):
        find_split(OWN, model, IMAGES)
    found = find_split(OWN.model_copy(update={"features": "features"}), model, IMAGES)
    assert found == Split("features", "classifier.6")
    with pytest.raises(InputError, match="no layer 'boddy'; near are body"):
        find_split(OWN.model_copy(update={"features": "boddy"}), Small(), IMAGES)
    with pytest.raises(InputError, match=r"not nn\.Linear"):
        find_split(OWN.model_copy(update={"head": "pool"}), Small(), IMAGES)


def test_a_network_is_left_as_it_was_found():
    model = Small().train()
    model.stem.eval()
    find_split(OWN, model, IMAGES)
    assert model.training
    assert not model.stem.training
    assert not any(module._forward_hooks for module in model.modules())


class Wavering(Small):
    def forward(self, x):
        return super().forward(x) + torch.rand(())


class Rounding(Small):
    """Adds up in another order each time, as a GPU's operations may."""

    share = 2e-6

    def forward(self, x):
        logits = super().forward(x)
        return logits * (1 + self.share * torch.rand(logits.shape))


class Noisy(Rounding):
    share = 1e-2


class Infinite(Small):
    def forward(self, x):
        return super().forward(x) / 0


class Auxiliary(Small):
    def forward(self, x):
        logits = super().forward(x)
        return (logits, logits) if self.training else logits


class Dropped(Small):
    def forward(self, x):
        assert not self.training, "two\nlines"
        return super().forward(x)


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (Wavering, "other logits for the same images"),
        (Noisy, "other logits for the same images"),
        (Infinite, "logits that are not finite at its first weights"),
        (Auxiliary, "gives tuple in training mode"),
        (Dropped, "fails in training on images of 3 x 64 x 64: AssertionError: two lines"),
        (lambda: Small(depth=40), "fails in evaluation on images of 3 x 64 x 64"),
    ],
)
def test_a_network_that_a_study_cannot_rest_on_is_refused(network, says):
    def make():
        torch.manual_seed(0)
        return network()

    with pytest.raises(InputError, match=says) as error:
        check_unknown(OWN, make, IMAGES, 4)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("network", [Small, Rounding])
def test_a_network_that_a_study_can_rest_on_passes(network):
    def make():
        torch.manual_seed(0)
        return network()

    check_unknown(OWN, make, IMAGES, 4)
    with pytest.raises(InputError, match="4 outputs for 5 classes"):
        check_unknown(OWN, make, IMAGES, 5)
